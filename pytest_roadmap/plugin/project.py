"""The roadmap project that a run belongs to, read when the first feature needs it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_roadmap.domain.gate import CheckResult
from pytest_roadmap.domain.quality.finding import has_errors
from pytest_roadmap.domain.roadmap import CyclicDependencyError, Roadmap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_roadmap.domain.effective import RegisteredBlocker
    from pytest_roadmap.domain.policy import Policy
    from pytest_roadmap.domain.task import Task
    from pytest_roadmap.domain.waiver import WaiverEntry
    from pytest_roadmap.plugin.options import RoadmapOptions

POLICY = ".roadmap/policy.yaml"
BLOCKERS = ".roadmap/blockers.yaml"
WAIVERS = ".roadmap/waivers.yaml"
DEDUPE = ".roadmap/dedupe.yaml"
SOURCE_ITEMS = ".roadmap/source_items.yaml"
SIGNERS = ".roadmap/signers.yaml"


class UnreadableProjectError(Exception):
    """A file of the project cannot be used; the message has one line for each problem."""


@dataclass(frozen=True)
class Plans:
    """The roadmap, its policy, and what people registered about its tasks."""

    roadmap: Roadmap
    policy: Policy
    blockers: tuple[RegisteredBlocker, ...] = ()
    waivers: tuple[WaiverEntry, ...] = ()

    def markers(self, task: Task) -> tuple[str, ...]:
        """The markers that the document gives to every scenario of a task."""
        return (
            task.task_id,
            task.target_gate,
            *workstream_markers(task),
            task.priority,
            task.verification_level,
        )

    @cached_property
    def running_order(self) -> tuple[Task, ...]:
        """Every task after those it depends on, a gate's sign-off task after all its gate counts.

        ``depends_on`` of these tasks says what comes first in a run and nothing else.
        """
        first: dict[str, tuple[str, ...]] = {}
        for name, gate in self.policy.gates.items():
            if gate.signoff_task in self.roadmap.by_id:
                own = str(gate.signoff_task)
                first[own] = tuple(
                    task.task_id
                    for task in self.roadmap.counted(name)
                    if task.task_id != own
                    and own not in self.roadmap.transitive_dependencies(task.task_id)
                )
        waiting = Roadmap(
            tuple(
                replace(task, depends_on=first.get(task.task_id, task.depends_on))
                for task in self.roadmap.tasks
            )
        )
        try:
            return waiting.ordered()
        except CyclicDependencyError:  # two sign-off tasks that would wait for each other
            return self.roadmap.ordered()

    def all_markers(self) -> Iterator[tuple[str, str]]:
        """Every marker with what it selects."""
        for task in self.roadmap.tasks:
            yield task.task_id, f"scenarios of task {task.task_id}"
        for gate in self.policy.gates:
            yield gate, f"scenarios of tasks that gate {gate} waits for"
        named = (name for task in self.roadmap.tasks for name in workstream_markers(task))
        for workstream in dict.fromkeys(named):
            yield workstream, f"scenarios of workstream {workstream}"
        for priority in self.policy.priorities:
            yield priority, f"scenarios of tasks of priority {priority}"
        for level in self.policy.levels:
            yield level, f"scenarios of tasks verified at level {level}"


def workstream_markers(task: Task) -> tuple[str, ...]:
    """The workstream as words that ``-m`` accepts: its code, and the prefix of its task ids."""
    code = "_".join(task.workstream.split())
    prefix = task.task_id.rpartition("-")[0]
    return tuple(dict.fromkeys(name for name in (code, prefix) if name))


class Project:
    """The document, the policy, and where features belong."""

    def __init__(self, options: RoadmapOptions) -> None:
        self.options = options
        self._sound = False

    @cached_property
    def plans(self) -> Plans:
        """The roadmap, its policy, the registered blockers and waivers.

        Raises:
            UnreadableProjectError: one of them, or another register beside them, cannot be used.
        """
        from pytest_roadmap.adapters.document.policy import (  # noqa: PLC0415 - where a roadmap runs
            PolicyError,
            read_policy,
        )
        from pytest_roadmap.adapters.document.reader import read_roadmap_file  # noqa: PLC0415

        root = self.options.root
        try:
            policy = read_policy(root / POLICY)
        except PolicyError as error:
            raise UnreadableProjectError(str(error)) from error
        reading = read_roadmap_file(self.options.document, policy)
        if reading.roadmap is None:
            document = self.options.document.name
            lines = [
                f"{document}:{finding.line}: {finding.code}: {finding.message}"
                for finding in reading.findings
            ]
            raise UnreadableProjectError("\n".join(lines))
        self._sound = not has_errors(reading.findings)
        return self._registered(reading.roadmap, policy)

    def _registered(self, roadmap: Roadmap, policy: Policy) -> Plans:
        """The plans, once every register of the project has been read."""
        from pytest_roadmap.adapters.document.blockers import read_blockers  # noqa: PLC0415
        from pytest_roadmap.adapters.document.dedupe import read_dedupe  # noqa: PLC0415
        from pytest_roadmap.adapters.document.item_mapping import read_mapping  # noqa: PLC0415
        from pytest_roadmap.adapters.document.registers import RegisterError  # noqa: PLC0415
        from pytest_roadmap.adapters.document.waivers import read_waivers  # noqa: PLC0415

        root, tasks = self.options.root, roadmap.by_id
        try:
            blockers = read_blockers(root / BLOCKERS, tasks)
            waivers = read_waivers(root / WAIVERS, tasks, policy.gates)
            read_dedupe(root / DEDUPE)
            read_mapping(root / SOURCE_ITEMS)
        except RegisterError as error:
            raise UnreadableProjectError(str(error)) from error
        _check_signers(root / SIGNERS)
        return Plans(roadmap, policy, blockers, waivers)

    def qa04(self) -> CheckResult:
        """Whether the document's tasks are complete; asked after the roadmap was read."""
        return CheckResult.PASS if self._sound else CheckResult.FAIL

    def holds_feature(self, path: Path) -> bool:
        """Whether the file is a feature of the roadmap."""
        return path.suffix == ".feature" and path.is_relative_to(self.options.features)

    def feature_path(self, task: Task) -> Path:
        """Where the feature of a task belongs: ``features/sec/SEC-003.feature``."""
        folder = task.task_id.partition("-")[0].lower()
        return self.options.features / folder / f"{task.task_id}.feature"


def _check_signers(path: Path) -> None:
    """Whoever may sign must be readable before anything runs; an absent file names nobody."""
    if not path.exists():
        return
    from pytest_roadmap.adapters.evidence.signers import (  # noqa: PLC0415 - imports cryptography
        SignerRegistry,
        SignersError,
    )

    try:
        SignerRegistry.load(path)
    except SignersError as error:
        raise UnreadableProjectError(str(error)) from error
