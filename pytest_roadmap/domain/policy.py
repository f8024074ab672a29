"""What the project's policy file says: gates, levels, priorities and limits."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_roadmap.domain.task import Task

REAL_KINDS = ("dev", "rehearsal", "prod")


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """What one gate asks beyond its own tasks.

    ``conditions`` gives, for each condition that the gate's definition names, the tasks that
    show it.
    """

    name: str
    requires: tuple[str, ...] = ()
    never_waive: tuple[str, ...] = ()
    signature_required: bool = False
    signoff_task: str | None = None
    signoff_roles: tuple[str, ...] = ()
    waiver_approvers: tuple[str, ...] = ()
    conditions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PriorityPolicy:
    """Whether a task of this priority may be waived, and its severity in reports."""

    waivable: bool
    severity: str


DEFAULT_PRIORITIES: Mapping[str, PriorityPolicy] = {
    "P0": PriorityPolicy(waivable=False, severity="blocker"),
    "P1": PriorityPolicy(waivable=True, severity="critical"),
    "P2": PriorityPolicy(waivable=True, severity="normal"),
}
"""The priorities of a policy file that has no ``priorities`` key."""


@dataclass(frozen=True)
class Policy:
    """The policy of one project; ``gates`` and ``priorities`` keep the order of the file.

    ``required_kinds`` maps a verification level to the environment kinds that count for it;
    ``task_kinds`` overrides it per task. Limits ending in ``_d`` are days.
    """

    gates: Mapping[str, GatePolicy]
    task_id_pattern: str
    required_kinds: Mapping[str, tuple[str, ...]]
    task_kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    freshness: Mapping[str, int] = field(default_factory=dict)
    waivers: Mapping[str, int] = field(default_factory=dict)
    qa: Mapping[str, Any] = field(default_factory=dict)
    attestation_expiry_d: int = 90
    protected_branch: str = "main"
    priorities: Mapping[str, PriorityPolicy] = field(
        default_factory=lambda: dict(DEFAULT_PRIORITIES)
    )
    #: Evidence file without date, by task, for tasks whose evidence path is their own source.
    slots: Mapping[str, str] = field(default_factory=dict)

    @property
    def levels(self) -> tuple[str, ...]:
        """The verification levels, in the order of the file."""
        return tuple(self.required_kinds)

    @cached_property
    def _id_pattern(self) -> re.Pattern[str]:
        return re.compile(self.task_id_pattern, re.ASCII)

    def is_task_id(self, text: str) -> bool:
        """Whether the whole text is a task id; digits are ASCII digits only."""
        return self._id_pattern.fullmatch(text) is not None

    def transitive_requires(self, gate: str) -> frozenset[str]:
        """Every gate that must have passed before this one, itself not included."""
        found: set[str] = set()
        pending = list(self.gates[gate].requires)
        while pending:
            name = pending.pop()
            if name not in found:
                found.add(name)
                pending.extend(self.gates[name].requires)
        return frozenset(found)

    @cached_property
    def _reachable(self) -> Mapping[str, frozenset[str]]:
        return {gate: self.transitive_requires(gate) | {gate} for gate in self.gates}

    def may_depend(self, gate: str, on: str) -> bool:
        """Whether a task of ``gate`` may depend on a task of gate ``on`` (own or required)."""
        return on in self._reachable[gate]

    def required_kinds_of(self, task: Task) -> tuple[str, ...]:
        """The environment kinds whose records count for this task (rules a.7)."""
        return self.task_kinds.get(task.task_id) or self.required_kinds[task.verification_level]

    def named_tasks(self) -> Mapping[str, str]:
        """Every task id the policy names, with the key that names it first."""
        named: dict[str, str] = {}
        for gate in self.gates.values():
            for task_id in gate.never_waive:
                named.setdefault(task_id, f"gates.{gate.name}.never_waive")
            if gate.signoff_task is not None:
                named.setdefault(gate.signoff_task, f"gates.{gate.name}.signoff_task")
            for condition, task_ids in gate.conditions.items():
                for task_id in task_ids:
                    named.setdefault(task_id, f"gates.{gate.name}.conditions.{condition}")
        for task_id in self.task_kinds:
            named.setdefault(task_id, f"task_kinds.{task_id}")
        for task_id in self.slots:
            named.setdefault(task_id, f"slots.{task_id}")
        for task_id in self.qa.get("backlog", {}).get("after", ()):
            named.setdefault(task_id, "qa.backlog.after")
        return named
