"""The six outcome words of a scenario, and how a step ends a scenario with one of them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Outcome(StrEnum):
    """How a scenario ended (rules a.1)."""

    PASS = "pass"  # noqa: S105 (a word, no password)
    FAIL = "fail"
    BLOCKED = "blocked"
    PENDING = "pending"
    INCONCLUSIVE = "inconclusive"
    NOT_RUN = "not_run"

    @property
    def conclusive(self) -> bool:
        """Whether the deliverable was judged."""
        return self in (Outcome.PASS, Outcome.FAIL)


_WORST_FIRST = (
    Outcome.FAIL,
    Outcome.BLOCKED,
    Outcome.INCONCLUSIVE,
    Outcome.PENDING,
    Outcome.NOT_RUN,
    Outcome.PASS,
)


def worst_outcome(outcomes: Iterable[Outcome]) -> Outcome:
    """The worst word of several rows; of nothing, ``not_run``: an unmeasured row is no pass."""
    present = set(outcomes)
    return next((word for word in _WORST_FIRST if word in present), Outcome.NOT_RUN)


class ScenarioStopError(Exception):
    """A step ends its scenario with a word other than pass or fail.

    ``reason`` is the machine-readable part, such as ``missing_binding(uc.catalog)``; ``detail``
    is a sentence for people that says what to do.
    """

    outcome: Outcome = Outcome.INCONCLUSIVE

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class BlockedError(ScenarioStopError):
    """An external precondition is unmet; ``owner`` is the role that can meet it."""

    outcome = Outcome.BLOCKED

    def __init__(self, code: str, subject: str, detail: str = "", owner: str = "") -> None:
        super().__init__(f"{code}({subject})" if subject else code, detail)
        self.code = code
        self.owner = owner


class PendingError(ScenarioStopError):
    """Armed and not yet due, or a required attestation is still missing."""

    outcome = Outcome.PENDING


class InconclusiveError(ScenarioStopError):
    """The check itself could not judge: harness, network, throttling, partial answer."""

    outcome = Outcome.INCONCLUSIVE


class NotRunError(ScenarioStopError):
    """Not executed here: ``not_permitted(<mode>)`` or ``waiting(<task or scenario>)``."""

    outcome = Outcome.NOT_RUN


class AccessRefusedError(Exception):
    """A service answered 401 or 403 to the identity that asked.

    Uncaught, it is the harness identity that was refused: the scenario ends
    ``blocked(access_not_granted)``. A step that acts as a subject catches it and judges.
    """

    def __init__(self, resource: str, message: str, *, code: str = "", status: int = 403) -> None:
        super().__init__(f"{resource}: {message}")
        self.resource = resource
        self.code = code
        self.status = status


class AssetMissingError(Exception):
    """A service answered 404 for ``resource``. A step judges whose deliverable that is."""

    def __init__(self, resource: str, message: str = "") -> None:
        super().__init__(f"{resource}: {message or 'not found'}")
        self.resource = resource
