"""The world of a proof on the embedded cloud, and whole runs of ``roadmap prove``."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_roadmap.composition.cloud import WORK_DIR
from pytest_roadmap.domain.controls import Change
from pytest_roadmap.proving.world import ChangeError, World

ROOT = Path(__file__).parents[2]
INVENTORY = ".specs/handoff/inventory.yaml"
SILVER = "/api/2.1/unity-catalog/permissions/schema/main.silver"
PIPELINE = "ebedded0-0000-4000-8000-0000000000a2"
COMMAND = [
    sys.executable,
    "-c",
    "import sys; from pytest_roadmap.cli import main; sys.exit(main())",
]


@pytest.fixture(scope="module")
def one_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(ROOT, tmp_path_factory.mktemp("world"))
    yield world
    world.stop()


@pytest.fixture
def world(one_world: World) -> World:
    """A world as a case finds it."""
    one_world.reset()
    return one_world


def admin(world: World, name: str, body: Any = None) -> dict[str, Any]:
    token = str(world.connection["admin_token"])
    return world._send("databricks_url", "GET", f"/_embedded/{name}", body, token)


def grants(world: World) -> list[Any]:
    token = str(world.connection["tokens"]["admin"])
    answer = world._send("databricks_url", "GET", SILVER, None, token)
    return sorted(
        (each["principal"], *sorted(each["privileges"])) for each in answer["privilege_assignments"]
    )


def files(world: World) -> dict[str, bytes]:
    """The working tree and where its branch stands."""
    return {
        path.relative_to(world.repository).as_posix(): path.read_bytes()
        for path in world.repository.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(world.repository).parts
    } | {"HEAD": (world.repository / ".git/refs/heads/main").read_bytes()}


def refused(world: World, kind: str, body: Any) -> str:
    with pytest.raises(ChangeError) as problem:
        world.apply(Change(kind, body))
    return str(problem.value)


def test_a_reset_puts_the_server_back(world: World) -> None:
    """A grant revoked in SQL and one given by a call."""
    before = grants(world)
    world.apply(Change("sql", f"REVOKE MODIFY ON SCHEMA main.silver FROM `{PIPELINE}`"))
    add = {"changes": [{"principal": "outsider@embedded.example", "add": ["SELECT"]}]}
    world.apply(Change("databricks", {"method": "PATCH", "path": SILVER, "body": add}))
    changed = grants(world)

    world.reset()

    assert changed != before
    assert grants(world) == before


def test_a_reset_puts_the_repository_back(world: World) -> None:
    """Replaced, written, removed and committed files, and what people did."""
    before = files(world)
    old = "schema: "
    for body in (
        {
            "path": INVENTORY,
            "replace": before_line(before, old),
            "with": "schema: x",
            "commit": True,
        },
        {"path": "new.txt", "content": "가"},
        {"path": "audit_cloud_state.sh", "remove": True},
    ):
        world.apply(Change("document", body))
    changed = files(world)

    world.reset()

    assert changed["new.txt"] == "가".encode()
    assert "audit_cloud_state.sh" not in changed
    assert {name for name in before if changed.get(name) != before[name]} == {
        "HEAD",
        INVENTORY,
        "audit_cloud_state.sh",
    }
    assert files(world) == before


def before_line(found: dict[str, bytes], start: str) -> str:
    lines = found[INVENTORY].decode().splitlines()
    return next(line for line in lines if line.startswith(start))


def test_a_reset_undoes_what_people_did(world: World) -> None:
    """Their signatures and their commit."""
    before = files(world)
    world.apply(Change("act", {"name": "handoff-lock", "variant": "one-role"}))
    changed = files(world)

    world.reset()

    assert len(changed) == len(before) - 1
    assert files(world) == before


def test_a_reset_ends_faults_and_forgets_records(world: World) -> None:
    """Two faults add up; after the reset there is none, in the next change neither."""
    evidence = Path(world.connection["work_dir"]) / "evidence"
    evidence.mkdir()
    world.apply(Change("fault", "grant-pages-of-one"))
    world.apply(Change("fault", "wrong-workspace"))
    both = json.dumps(admin(world, "faults")["active"])

    world.reset()
    world.apply(Change("fault", "wrong-workspace"))

    assert "grant-pages-of-one" in both
    assert "wrong-workspace" in both
    assert "grant-pages-of-one" not in json.dumps(admin(world, "faults")["active"])
    assert not evidence.exists()


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("databricks", {"method": "GET", "path": "/api/2.1/no-such-route"}, "answered 404"),
        ("azure", {"method": "GET", "path": "/subscriptions/none"}, "answered 4"),
        ("sql", "REVOKE MODIFY ON SCHEMA main.absent FROM `x`", "ended FAILED"),
        ("fault", "no-such-fault", "no-such-fault"),
        ("act", {"name": "no-such-act"}, "no act 'no-such-act'; known are handoff-lock"),
        ("act", {"name": "handoff-lock", "variant": "x"}, "no variant 'x'; known are"),
        ("document", {"path": INVENTORY, "replace": "absent", "with": ""}, "stands 0 times"),
        ("document", {"path": INVENTORY, "replace": "a", "with": ""}, "expected once"),
        ("document", {"path": "absent.md", "remove": True}, "absent.md"),
        ("document", {"path": "../outside", "content": ""}, "leaves the repository"),
        ("document", {"path": "no/such/folder", "content": ""}, "no/such/folder"),
    ],
)
def test_a_change_that_cannot_be_made_is_an_error(
    world: World, kind: str, body: Any, words: str
) -> None:
    """A control whose change did nothing would prove nothing."""
    assert words in refused(world, kind, body)


def test_an_act_on_documents_that_do_not_allow_it_is_an_error(world: World) -> None:
    """What an earlier change of the same control left there."""
    changelog = next(path for path in files(world) if "changelog" in path)
    world.apply(Change("document", {"path": changelog, "content": "entries: []\n"}))

    assert "do not allow it" in refused(
        world, "act", {"name": "changelog", "variant": "first-removed"}
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project with one feature, one control that is killed and one that is not."""
    (tmp_path / ".roadmap").mkdir()
    (tmp_path / "features").mkdir()
    for name in (".roadmap/implementation_roadmap.md", ".roadmap/policy.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("pyproject.toml", "conftest.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(
        ROOT / "steps", tmp_path / "steps", ignore=shutil.ignore_patterns("__pycache__")
    )
    text = (ROOT / "features/sec/SEC-001.feature").read_text("utf-8")
    first = text[: text.index("  @S2 ")]
    (tmp_path / "features/SEC-001.feature").write_text(first, "utf-8")
    step = 'Then "handoff inventory" is complete and well-formed'
    tbd = {"path": INVENTORY, "replace": "identifier: main.gold", "with": "identifier: TBD"}
    harmless = {"path": "README.md", "content": "x"}
    controls = [
        control("N1", "an identifier is TBD", {"document": tbd}, step),
        control("N2", "the readme is another one", {"document": harmless}, step),
        control("N3", "nothing can be done", {"fault": "no-such-fault"}, step),
    ]
    content = yaml.safe_dump({"schema": "roadmap-controls/1", "controls": controls})
    (tmp_path / "features/SEC-001.controls.yaml").write_text(content, "utf-8")
    return tmp_path


def control(name: str, breaks: str, change: Any, step: str) -> dict[str, Any]:
    return {
        "id": f"SEC-001.S1.{name}",
        "scenario": "SEC-001.S1",
        "breaks": breaks,
        "change": [change],
        "expect": "fail",
        "step": step,
    }


def start(project: Path, *words: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "prove", *words],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )


def left(session: int) -> list[str]:
    """The processes of a proof that do not end by themselves soon (one tracks its semaphores)."""
    for _ in range(100):
        found = list(
            filter(None, (running(entry, session) for entry in Path("/proc").glob("[0-9]*")))
        )
        if not found:
            break
        time.sleep(0.05)
    return found


def running(entry: Path, session: int) -> str | None:
    """The command of a process of this session, None for any other."""
    try:
        fields = (entry / "stat").read_text().rpartition(")")[2].split()
        command = (entry / "cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return command if int(fields[3]) == session and fields[0] != "Z" else None


def folders(project: Path) -> list[Path]:
    """Where the workers of a proof wrote."""
    return list((project / WORK_DIR / "prove").iterdir())


def test_a_surviving_control_is_named(project: Path) -> None:
    """Exit status 20; the killed one is counted, the one that could not be made is open.

    What a killed proof left is taken away.
    """
    (project / WORK_DIR / "prove" / "999999999" / "repository").mkdir(parents=True)
    process = start(project, "--jobs", "1")
    out, err = process.communicate(timeout=120)

    assert process.returncode == 20
    assert "SEC-001.S1.N2: survived: passed although the readme is another one" in err
    assert "SEC-001.S1.N3: not judged: the change could not be made" in err
    assert "SEC-001.S1    yes      1/3     0/0     1/2" in out
    assert "Traceback" not in out + err
    assert (left(process.pid), folders(project)) == ([], [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_proof_leaves_nothing(project: Path, number: signal.Signals) -> None:
    """Ctrl-C reaches every process of the terminal, SIGTERM the first one only."""
    process = start(project, "--jobs", "1", "-v")
    assert process.stdout is not None
    process.stdout.readline()

    if number is signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    out, err = process.communicate(timeout=20)

    assert process.returncode == 2
    assert "SEC-001.S1    yes" in out
    assert "interrupted; 1 of 4 cases judged" in err
    assert "Traceback" not in out + err
    assert (left(process.pid), folders(project)) == ([], [])


def test_a_killed_proof_leaves_no_process(project: Path) -> None:
    """Its workers and their servers notice."""
    process = start(project, "--jobs", "1", "-v")
    assert process.stdout is not None
    process.stdout.readline()

    process.kill()
    process.communicate(timeout=20)

    assert left(process.pid) == []


def test_a_cloud_that_cannot_start_is_one_sentence(project: Path) -> None:
    """Exit status 22; here a file stands where its folder must be."""
    (project / WORK_DIR).mkdir(parents=True)
    (project / WORK_DIR / "prove").write_text("")
    process = start(project, "--jobs", "1")
    out, err = process.communicate(timeout=60)

    assert process.returncode == 22
    assert "0 of 4 cases judged" in err
    assert "Traceback" not in out + err
    assert len(err.splitlines()) == 1
