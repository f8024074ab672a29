"""Reading tracked documents, and running the audit script."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pytest_roadmap.adapters.repository import AuditScript, GitRepository
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import AssetMissingError, BlockedError, InconclusiveError
from pytest_roadmap.domain.ports import AuditRun, UnreadableDocumentError
from pytest_roadmap.domain.recording import Recorder
from pytest_roadmap.domain.redaction import Redactor

BINDINGS: dict[str, Any] = {
    "handoff": {"inventory": "docs/inventory.yaml", "lock_attestation": "docs/lock.yaml"},
    "documents": {"monitoring_plan": "docs/plan.md", "calendars": {"gameday": "docs/g.ics"}},
    "cutover": {"metadata_file": "docs/plan.md"},
}
AUDIT = {"audit": {"script": "audit.sh", "args": ["one"], "output": "build/out.json"}}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "docs").mkdir(parents=True)
    (root / "docs/inventory.yaml").write_text("version: 1\nat: 2026-01-01\n")
    (root / "docs/plan.md").write_text("# 계획\n", encoding="utf-8")
    (root / "docs/lock.yaml").write_text("a: 1\na: 2\n")
    (root / "docs/schema.json").write_text('{"type": "object", "required": ["kind"]}')
    (root / "docs/link.yaml").symlink_to("inventory.yaml")
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    (root / "docs/untracked.yaml").write_text("a: 1\n")
    return root


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


def repository(tree: Path, bindings: Mapping[str, Any] = BINDINGS) -> GitRepository:
    environment = Environment("dev", "dev", bindings, "dev.yaml")
    return GitRepository(tree, environment, Recorder("X.S1", lambda: datetime.now(UTC)))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("handoff inventory", "docs/inventory.yaml"),
        ("handoff lock attestation", "docs/lock.yaml"),
        ("monitoring plan", "docs/plan.md"),
        ("cutover metadata", "docs/plan.md"),
    ],
)
def test_a_document_is_found_by_the_name_steps_use(tree: Path, name: str, path: str) -> None:
    """Names are keys of the environment file with spaces."""
    assert repository(tree).document(name).path == path


def test_the_roadmap_needs_no_binding(tree: Path) -> None:
    """The run knows its document; steps call it by its name."""
    environment = Environment("dev", "dev", BINDINGS, "dev.yaml")
    recorder = Recorder("X.S1", lambda: datetime.now(UTC))
    port = GitRepository(tree, environment, recorder, roadmap_path="docs/plan.md")
    assert port.document("roadmap").path == "docs/plan.md"


def test_records_are_the_tracked_files_of_their_folder(tree: Path) -> None:
    """The newest, by its name, is the last; what git does not track is no record."""
    (tree / "reviews").mkdir()
    for name in ("20260201_b.md", "20260101_a.md"):
        (tree / "reviews" / name).write_text(name)
    git(tree, "add", "reviews")
    (tree / "reviews/20260301_c.md").write_text("c")
    port = repository(tree, {"documents": {"records": {"gov_006": "reviews"}}})
    found = [document.path for document in port.records("GOV-006")]
    assert found == ["reviews/20260101_a.md", "reviews/20260201_b.md"]


def test_records_without_a_folder_block_by_their_key(tree: Path) -> None:
    """The reason names the key that has to be set."""
    with pytest.raises(BlockedError, match=r"missing_binding\(documents.records.game_day\)"):
        repository(tree).records("game-day")


def test_a_document_nobody_bound_blocks_by_its_key(tree: Path) -> None:
    """The reason names the key that has to be set."""
    with pytest.raises(BlockedError, match=r"missing_binding\(handoff.changelog\)"):
        repository(tree).document("handoff changelog")


@pytest.mark.parametrize(
    "path",
    [
        "docs/absent.yaml",
        "docs/untracked.yaml",
        "docs/Inventory.yaml",
        "docs/link.yaml",
        "docs",
        "docs/*.yaml",
        "../tree/docs/plan.md",
        "/etc/passwd",
        ".git/config",
        "docs/../docs/plan.md",
        "",
    ],
)
def test_only_a_tracked_file_of_that_exact_name_is_read(tree: Path, path: str) -> None:
    """Untracked, differently spelt, linked and outside files are not there."""
    with pytest.raises(AssetMissingError):
        repository(tree).read(path)


def test_a_linked_folder_does_not_lead_outside(tree: Path, tmp_path: Path) -> None:
    """A tracked file whose folder was replaced by a link is not the tracked file."""
    outside = tmp_path / "outside"
    (tree / "docs").rename(outside)
    (tree / "docs").symlink_to(outside)

    with pytest.raises(AssetMissingError, match="symbolic link"):
        repository(tree).read("docs/plan.md")


def test_a_file_missing_from_the_working_tree_is_missing(tree: Path) -> None:
    """Tracked is not enough: the document has to be there."""
    (tree / "docs/plan.md").unlink()

    with pytest.raises(AssetMissingError, match="absent from the working tree"):
        repository(tree).read("docs/plan.md")


def test_a_git_directory_of_the_caller_is_not_obeyed(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inside a git hook ``GIT_DIR`` names another repository."""
    monkeypatch.setenv("GIT_DIR", "/nowhere")

    assert repository(tree).read("docs/plan.md").text == "# 계획\n"


def test_outside_a_repository_nothing_can_be_judged(tmp_path: Path) -> None:
    """Where git cannot tell what is tracked, the document is not called missing."""
    with pytest.raises(InconclusiveError, match="git"):
        repository(tmp_path).read("docs/plan.md")


def test_what_was_read_is_an_input_of_the_record(tree: Path) -> None:
    """Path and digest, once each."""
    recorder = Recorder("X.S1", lambda: datetime.now(UTC))
    port = GitRepository(tree, Environment("dev", "dev", BINDINGS, "dev.yaml"), recorder)

    document = port.read("docs/plan.md")
    port.document("monitoring plan")

    assert recorder.facts["inputs"] == [{"path": "docs/plan.md", "sha256": document.sha256}]


def test_dates_in_yaml_stay_what_people_wrote(tree: Path) -> None:
    """A date is text, so that digests and comparisons are over the text."""
    port = repository(tree)

    loaded = port.load_yaml(port.document("handoff inventory"))

    assert loaded == {"version": 1, "at": "2026-01-01"}


def test_a_duplicate_key_makes_a_document_unreadable(tree: Path) -> None:
    """The sentence names the file and the line."""
    port = repository(tree)

    with pytest.raises(UnreadableDocumentError, match=r"docs/lock.yaml: line 2"):
        port.load_yaml(port.read("docs/lock.yaml"))


def test_aliases_that_multiply_are_refused(tree: Path) -> None:
    """A small file must not swell to millions of values."""
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (tree / "docs/lock.yaml").write_text("\n".join(lines))
    port = repository(tree)

    with pytest.raises(UnreadableDocumentError, match="aliases"):
        port.load_yaml(port.read("docs/lock.yaml"))


def test_a_schema_says_what_is_missing(tree: Path) -> None:
    """One sentence for each problem, with its place."""
    found = repository(tree).schema_problems({"a": 1}, "docs/schema.json")

    assert found == ("$: 'kind' is a required property",)


def test_a_schema_that_points_elsewhere_is_a_problem(tree: Path) -> None:
    """No reference is followed over the network."""
    (tree / "docs/schema.json").write_text('{"$ref": "https://example.org/schema.json"}')

    (found,) = repository(tree).schema_problems({}, "docs/schema.json")

    assert "refers to what is not in it" in found


def audit(
    tree: Path,
    script: str,
    *,
    timeout_s: float = 10.0,
    variables: Mapping[str, str] | None = None,
    executable: bool = True,
    secrets: tuple[str, ...] = (),
) -> AuditRun:
    path = tree / "audit.sh"
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(0o755 if executable else 0o644)
    git(tree, "add", "audit.sh")
    return AuditScript(
        tree,
        Environment("dev", "dev", AUDIT, "dev.yaml"),
        Recorder("X.S1", lambda: datetime.now(UTC)),
        lambda: datetime.now(UTC),
        Redactor(secrets),
        credentials=lambda: variables or {},
        timeout_s=timeout_s,
    ).run()


def test_the_script_gets_its_arguments_and_its_output_is_read(tree: Path) -> None:
    """Exit code, log and parsed output come back."""
    run = audit(tree, 'echo "got $1"; echo "{\\"a\\": 1}" > "$AUDIT_OUTPUT"\n')

    assert (run.exit_code, run.log, run.output) == (0, "got one\n", {"a": 1})


def test_the_process_environment_of_the_run_stays_outside(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only PATH, HOME, LANG and the bound login reach the script."""
    monkeypatch.setenv("ARM_CLIENT_SECRET", "not-for-scripts")

    run = audit(tree, "env\n", variables={"DATABRICKS_HOST": "https://adb-1"})

    assert "DATABRICKS_HOST=https://adb-1" in run.log
    assert "ARM_CLIENT_SECRET" not in run.log


def test_a_secret_in_the_log_is_named_and_not_kept(tree: Path) -> None:
    """The log is redacted; the kind of what was found is reported."""
    run = audit(tree, "echo token=hunter2-hunter2\n", secrets=("hunter2-hunter2",))

    assert "hunter2" not in run.log
    assert "known secret" in run.secrets_found


def test_a_failing_script_is_an_answer(tree: Path) -> None:
    """A non-zero exit code with partial output is judged by the step."""
    run = audit(tree, 'echo "{" > "$AUDIT_OUTPUT"; exit 3\n')

    assert run.exit_code == 3
    assert "not JSON" in run.output_problem


def test_a_script_that_writes_nothing_has_no_output(tree: Path) -> None:
    """An absent output file is a problem, not an empty audit."""
    assert "cannot be read" in audit(tree, "true\n").output_problem


def test_a_hanging_script_is_killed_with_its_children(tree: Path) -> None:
    """Nothing the script started may outlive its limit."""
    with pytest.raises(InconclusiveError, match="audit_timeout"):
        audit(tree, "(sleep 1; touch survived) & sleep 30\n", timeout_s=0.3)
    time.sleep(1.2)
    assert not (tree / "survived").exists()


def test_what_runs_on_in_the_background_is_not_waited_for(tree: Path) -> None:
    """The run ends with the script itself, and takes along what it left behind."""
    begun = time.monotonic()
    run = audit(tree, "(sleep 5; touch survived) & echo done\n")

    assert (run.exit_code, run.log) == (0, "done\n")
    assert time.monotonic() - begun < 4
    assert not (tree / "survived").exists()


def test_a_flood_of_output_is_cut_short(tree: Path) -> None:
    """Neither memory nor disk is at the mercy of the script."""
    with pytest.raises(InconclusiveError, match="audit_log_too_large"):
        audit(tree, "yes\n")


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '{"a": {"b": 1, "b": 1}}', '{"a": NaN}'])
def test_output_that_readers_understand_differently_is_not_read(tree: Path, text: str) -> None:
    """Of a key that stands twice JSON keeps the last; NaN equals nothing, not even itself."""
    run = audit(tree, f"""printf '%s' '{text}' > "$AUDIT_OUTPUT"\n""")

    assert run.output is None
    assert "not JSON" in run.output_problem


def test_a_secret_in_the_output_is_named(tree: Path) -> None:
    """The output stays on disk, so it is scanned as the log is."""
    script = 'echo ok; printf \'{"t": "hunter2-hunter2"}\' > "$AUDIT_OUTPUT"\n'

    assert audit(tree, script, secrets=("hunter2-hunter2",)).secrets_found == ("known secret",)


def test_an_owner_in_the_output_is_no_secret(tree: Path) -> None:
    """People own assets, and the platform names them by their mail address."""
    script = 'echo ok; printf \'{"owner": "infra.park@example.com"}\' > "$AUDIT_OUTPUT"\n'

    assert audit(tree, script).secrets_found == ()


def test_an_output_that_is_no_file_is_not_waited_for(tree: Path) -> None:
    """A named pipe has no end."""
    run = audit(tree, 'rm -f "$AUDIT_OUTPUT"; mkfifo "$AUDIT_OUTPUT"\n')

    assert "is no file" in run.output_problem


def test_a_script_that_cannot_be_executed_is_a_missing_tool(tree: Path) -> None:
    """Rules a.1, fault 5."""
    with pytest.raises(BlockedError, match=r"missing_tool\(audit.sh\)"):
        audit(tree, "true\n", executable=False)


def commit(root: Path, message: str) -> None:
    """Commit everything as it stands."""
    git(root, "add", "--all")
    git(root, "-c", "user.name=n", "-c", "user.email=e@x", "commit", "--quiet", "-m", message)


def test_the_last_change_of_a_file_is_its_own_commit(tree: Path) -> None:
    """A later commit of another file does not count; the working tree holds just what it holds."""
    commit(tree, "first")
    first = repository(tree).last_change("docs/plan.md")
    (tree / "docs/lock.yaml").write_text("b: 1\n")
    commit(tree, "second")

    found = repository(tree).last_change("docs/plan.md")

    assert found == first
    assert found.clean
    assert found.committed_at is not None
    assert repository(tree).last_change("docs/lock.yaml").commit != first.commit


def test_a_change_that_git_was_told_to_overlook_is_seen(tree: Path) -> None:
    """Contents are compared, not the index's opinion of them."""
    commit(tree, "first")
    git(tree, "update-index", "--assume-unchanged", "docs/plan.md")
    (tree / "docs/plan.md").write_text("# other\n")

    assert not repository(tree).last_change("docs/plan.md").clean


def test_a_file_that_was_never_committed_has_no_change(tree: Path) -> None:
    """Tracked and not committed: no commit, no time, not clean."""
    commit(tree, "first")
    (tree / "docs/new.yaml").write_text("a: 1\n")
    git(tree, "add", "--all")

    found = repository(tree).last_change("docs/new.yaml")

    assert (found.commit, found.committed_at, found.clean) == ("", None, False)


def test_the_last_change_of_a_path_outside_is_refused(tree: Path) -> None:
    """A path that leaves the repository is no document; without a commit git cannot tell."""
    with pytest.raises(AssetMissingError):
        repository(tree).last_change("../secret")
    with pytest.raises(InconclusiveError):
        repository(tree).last_change("docs/plan.md")
