"""Gate holes: tasks of a gate that no later gate needs through its own tasks (rules b.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.domain.quality.finding import Finding, Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_roadmap.domain.policy import Policy
    from pytest_roadmap.domain.roadmap import Roadmap

CHECK = "gates"


def check_gates(roadmap: Roadmap, policy: Policy) -> Iterator[Finding]:
    """A warning for each task that later gates know only through the gate it belongs to."""
    for gate in policy.gates:
        later = [each for each in policy.gates if gate in policy.transitive_requires(each)]
        needed = {task.task_id for each in later for task in roadmap.counted(each)}
        for task in roadmap.own(gate) if later else ():
            if task.task_id not in needed:
                message = f"no task of {', '.join(later)} needs it; only {gate} itself holds it"
                yield Finding(CHECK, "GATE_HOLE", Level.WARNING, task.task_id, task.line, message)
