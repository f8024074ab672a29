"""Which cases a proof has, what keeps it from being planned, and when its lock is outdated."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pytest_roadmap.adapters.repository.lock_file import LOCK
from pytest_roadmap.adapters.repository.sources import package_digest, steps_digest
from pytest_roadmap.proving.plan import PlanError, TaskPlan, plan_tasks, read_lock, write_lock
from tests.unit.cli.projects import GOOD_FEATURE
from tests.unit.proving.projects import CONTROLS, FOLDER, add_feature, control

TASKS = ("SEC-001", "SEC-002")


def plan(root: Path) -> TaskPlan:
    (found,) = plan_tasks(root, TASKS, ())
    return found


def refusal(root: Path, *wanted: str) -> str:
    with pytest.raises(PlanError) as refused:
        plan_tasks(root, TASKS, wanted)
    return str(refused.value)


def test_each_scenario_runs_healthy_and_once_per_control(tmp_path: Path) -> None:
    """In the order of the files."""
    add_feature(tmp_path)

    names = [case.name for case in plan(tmp_path).cases()]

    assert names == [
        "SEC-001.S1 unchanged",
        "SEC-001.S2 unchanged",
        *(each["id"] for each in CONTROLS),
    ]


def test_an_and_after_a_then_judges_too(tmp_path: Path) -> None:
    """What follows a Given does not; a later When ends the judging."""
    steps = ("Given x", "And x2", "Then a", "And a2", "But a3", "When y", "And y2", "Then z")
    add_feature(tmp_path, text=GOOD_FEATURE.replace("Then a", "\n    ".join(steps)))

    assert plan(tmp_path).scenarios[0].then_steps == ("Then a", "And a2", "But a3", "Then z")


def test_a_wanted_task_without_feature_is_said(tmp_path: Path) -> None:
    """So is a task that does not exist at all."""
    add_feature(tmp_path)

    assert refusal(tmp_path, "SEC-002", "SEC-999").splitlines() == [
        "SEC-002: no usable feature below features/",
        "SEC-999: no task of the roadmap",
    ]


def test_a_project_without_features_proves_nothing(tmp_path: Path) -> None:
    """Never a pass over nothing."""
    assert "no feature" in refusal(tmp_path)


def test_a_feature_without_controls_file_is_refused_with_its_path(tmp_path: Path) -> None:
    """The line can be followed from the project's folder."""
    add_feature(tmp_path).with_suffix(".controls.yaml").unlink()

    assert refusal(tmp_path).startswith("features/sec/SEC-001.controls.yaml: is missing")


def test_every_problem_has_its_own_line_with_the_path(tmp_path: Path) -> None:
    """Of the format and of what the controls name."""
    add_feature(tmp_path, [control("SEC-001.S1.N1", "Then x"), control("SEC-001.S3.N1", "Then a")])

    lines = refusal(tmp_path).splitlines()

    assert [line.split(": ")[0] for line in lines] == ["features/sec/SEC-001.controls.yaml"] * 2


def test_a_feature_with_problems_is_refused_with_line_and_code(tmp_path: Path) -> None:
    """As the lint says them."""
    add_feature(tmp_path, text="@SEC-001\nFeature: x\n  Scenario: y\n    Then a\n")

    assert refusal(tmp_path).startswith("features/sec/SEC-001.feature:3: ")


def test_two_features_of_one_task_are_refused(tmp_path: Path) -> None:
    """One would overwrite what the lock says of the other."""
    add_feature(tmp_path)
    add_feature(tmp_path, name="again")

    assert refusal(tmp_path) == "SEC-001: 2 features of this task"


@pytest.mark.parametrize("text", ["no feature at all", GOOD_FEATURE.replace("SEC-001", "SEC-002")])
def test_what_is_wrong_with_other_tasks_does_not_matter(tmp_path: Path, text: str) -> None:
    """One who works on a task can prove it alone."""
    add_feature(tmp_path)
    add_feature(tmp_path, [], text=text, name="SEC-002")

    (found,) = plan_tasks(tmp_path, TASKS, ["SEC-001"])

    assert found.task_id == "SEC-001"
    assert refusal(tmp_path)


class TestTheKey:
    """The digests a lock entry stands for."""

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        root = tmp_path / "build" / "__pycache__" / ".hidden"
        add_feature(root)
        (root / "steps").mkdir()
        (root / "steps" / "a.py").write_text("A = 1\n")
        (root / "conftest.py").write_text("\n")
        return root

    def test_it_is_the_same_in_another_place(self, root: Path, tmp_path: Path) -> None:
        """Wherever the checkout lies, even below a folder that would not count inside."""
        shutil.copytree(root, tmp_path / "elsewhere")

        assert plan(root).key == plan(tmp_path / "elsewhere").key

    @pytest.mark.parametrize(
        "name",
        [
            "README.md",
            "tests/test_a.py",
            "build/x",
            "features/sec/notes.md",
            "steps/__pycache__/a.pyc",
            "steps/.a.py.swp",
            "steps/a.py~",
            ".roadmap/implementation_roadmap.md",
        ],
    )
    def test_what_takes_no_part_in_the_proof_does_not_change_it(
        self, root: Path, name: str
    ) -> None:
        """Documents, tests, builds, caches, what editors leave."""
        before = plan(root).key
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")

        assert plan(root).key == before

    def test_another_feature_does_not_change_it(self, root: Path) -> None:
        """Each task has its own."""
        before = plan(root).key
        text = GOOD_FEATURE.replace("SEC-001", "SEC-002")
        controls = [control("SEC-002.S1.N1", "Then a")]
        add_feature(root, controls, text=text, name="SEC-002")

        first, second = plan_tasks(root, TASKS, ())

        assert first.key == before != second.key

    @pytest.mark.parametrize(
        "name",
        [FOLDER / "SEC-001.feature", FOLDER / "SEC-001.controls.yaml", "conftest.py", "steps/a.py"],
    )
    def test_what_takes_part_changes_it(self, root: Path, name: str) -> None:
        """Even in a comment: nobody has to judge whether it matters."""
        before = plan(root).key
        path = root / name
        path.write_bytes(path.read_bytes() + b"# x\n")

        assert plan(root).key != before

    def test_a_new_step_file_changes_it(self, root: Path) -> None:
        """It could hold a step of the same text."""
        before = steps_digest(root)
        (root / "steps" / "b.py").write_text("")

        assert steps_digest(root) != before

    def test_the_commands_do_not_change_it_but_all_below_does(self, tmp_path: Path) -> None:
        """A proof runs nothing of ``cli``."""
        (tmp_path / "cli").mkdir()
        (tmp_path / "domain").mkdir()
        empty = package_digest(tmp_path)
        (tmp_path / "cli" / "a.py").write_text("x")
        assert package_digest(tmp_path) == empty

        (tmp_path / "domain" / "cli").mkdir()
        (tmp_path / "domain" / "cli" / "a.py").write_text("x")
        assert package_digest(tmp_path) != empty


class TestTheLockFile:
    """``.roadmap/controls.lock.json``."""

    def test_none_is_an_empty_one(self, tmp_path: Path) -> None:
        """Before the first proof."""
        assert read_lock(tmp_path) == {}

    def test_what_is_written_is_read(self, tmp_path: Path) -> None:
        """And nothing else is left beside it."""
        (tmp_path / LOCK).parent.mkdir()
        lock = {"schema": "roadmap-controls-lock/1", "tasks": {"SEC-001": {"key": "가"}}}

        write_lock(tmp_path, lock)

        assert read_lock(tmp_path) == lock
        assert [path.name for path in (tmp_path / LOCK).parent.iterdir()] == [LOCK.name]

    @pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b"{}", b"[" * 100_000])
    def test_a_broken_one_is_refused_with_a_way_out(self, tmp_path: Path, content: bytes) -> None:
        """One sentence, with the file."""
        (tmp_path / LOCK).parent.mkdir()
        (tmp_path / LOCK).write_bytes(content)

        with pytest.raises(PlanError) as refused:
            read_lock(tmp_path)

        assert str(refused.value).startswith(f"{LOCK}: ")
        assert "delete it" in str(refused.value)

    def test_one_that_cannot_be_written_is_said(self, tmp_path: Path) -> None:
        """There is no folder for it."""
        with pytest.raises(PlanError, match="cannot be written"):
            write_lock(tmp_path, {})


def test_what_is_given_comes_before_every_case_of_its_scenario(tmp_path: Path) -> None:
    """Healthy or not; the other scenarios know nothing of it."""
    path = add_feature(tmp_path).with_suffix(".controls.yaml")
    path.write_text(path.read_text("utf-8") + "given: {SEC-001.S2: [{scenario: SEC-001.S1}]}\n")

    given = {case.name: [each.body for each in case.given] for case in plan(tmp_path).cases()}

    assert given["SEC-001.S2 unchanged"] == given["SEC-001.S2.N1"] == ["SEC-001.S1"]
    assert given["SEC-001.S1 unchanged"] == []


def test_something_given_before_no_scenario_is_refused(tmp_path: Path) -> None:
    """It would never be made."""
    path = add_feature(tmp_path).with_suffix(".controls.yaml")
    path.write_text(path.read_text("utf-8") + "given: {SEC-001.S9: [{act: {name: x}}]}\n")

    assert "given: the feature has no SEC-001.S9" in refusal(tmp_path)
