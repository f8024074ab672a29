"""Whether a scenario may run now (rules a.5, a.8 and g.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.domain.outcome import BlockedError, NotRunError
from pytest_roadmap.domain.permission import freeze_at, refused_mode
from pytest_roadmap.domain.task import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from pytest_roadmap.domain.environment import Environment
    from pytest_roadmap.domain.status import DerivedTask
    from pytest_roadmap.plugin.items import PlannedScenario
    from pytest_roadmap.plugin.options import RoadmapOptions


class Admission:
    """Lets a scenario run, or ends it with the word that says why not.

    Args:
        environment: opens the environment; only asked by scenarios that change something.
        derived: the derived status of every task, from the records so far.
        unfinished_before: the key of a scenario that must end first and has not, or "".
        now: the present moment.
    """

    def __init__(
        self,
        options: RoadmapOptions,
        *,
        environment: Callable[[], Environment],
        derived: Callable[[], Mapping[str, DerivedTask]],
        unfinished_before: Callable[[PlannedScenario], str],
        now: Callable[[], datetime],
    ) -> None:
        self._options = options
        self._environment = environment
        self._derived = derived
        self._unfinished_before = unfinished_before
        self._now = now

    def admit(self, planned: PlannedScenario) -> None:
        """Return if the scenario may run now.

        Raises:
            NotRunError: a mode is not permitted, or something has to come first.
            BlockedError: a change freeze holds.
        """
        if earlier := self._unfinished_before(planned):
            raise NotRunError(f"waiting({earlier})", f"{earlier} has not ended in this run")
        if planned.mutates:
            self._refuse_mode(planned)
        forced = self._options.force_mutation and not self._options.respect_deps
        if self._options.respect_deps or (planned.mutates and not forced):
            self._refuse_waiting(planned)

    def _refuse_mode(self, planned: PlannedScenario) -> None:
        environment = self._environment()
        allow = environment.get("safety.allow") or ()
        mode = refused_mode(planned.text.modes, environment.kind, allow, environment.get)
        if mode is not None:
            raise NotRunError(
                f"not_permitted({mode})",
                f"safety.allow in {environment.source} does not permit {mode}",
            )
        reference = freeze_at(environment.get("freeze") or (), self._now().date())
        if reference is not None:
            raise BlockedError("freeze", reference, f"change freeze {reference}", owner="Platform")

    def _refuse_waiting(self, planned: PlannedScenario) -> None:
        derived = self._derived()
        for task_id in planned.task.depends_on:
            if derived[task_id].status is not Status.DONE:
                advice = (
                    "--respect-deps skips it"
                    if self._options.respect_deps
                    else "--force-mutation runs it all the same"
                )
                raise NotRunError(
                    f"waiting({task_id})",
                    f"{task_id} is {derived[task_id].status}, not Done; {advice}",
                )
