"""What a scenario did and saw, as events in order: calls and assertions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Event:
    """One line of evidence: a call that was made, or a claim that was judged.

    ``kind`` is ``call`` or ``assertion``. ``body`` holds, for a call: call (catalogue code),
    method, path, request, status, request_id, ms, response, ids; for an assertion: claim,
    expected, observed, holds. Values are plain JSON. Redaction happens when evidence is written.
    """

    t: datetime
    scenario: str
    step: str
    kind: str
    #: Not yet redacted, so no traceback may show it.
    body: Mapping[str, Any] = field(repr=False)


class CallRecorder(Protocol):
    """Where an adapter reports each call it made."""

    def call(self, **body: Any) -> None:
        """Record one call; see ``Event`` for the keys."""


@dataclass
class Recorder:
    """Collects the events of one scenario; the plugin moves ``step`` along."""

    scenario: str
    now: Callable[[], datetime]
    step: str = ""
    events: list[Event] = field(default_factory=list, repr=False)
    #: Facts for the record: environment and principal as probed, input digests, resources.
    facts: dict[str, Any] = field(default_factory=dict, repr=False)

    def call(self, **body: Any) -> None:
        """Record one service call."""
        self._add("call", body)

    def assertion(self, claim: str, expected: Any, observed: Any, *, holds: bool) -> None:
        """Record one judged claim."""
        self._add(
            "assertion",
            {"claim": claim, "expected": expected, "observed": observed, "holds": holds},
        )

    def _add(self, kind: str, body: Mapping[str, Any]) -> None:
        self.events.append(Event(self.now(), self.scenario, self.step, kind, dict(body)))


#: Sees the headers of one answer and the address that gave them, and may end the scenario.
AnswerCheck = Callable[[Recorder, Mapping[str, str], str], None]


@dataclass(frozen=True)
class Expect:
    """Judges claims for a step: every claim becomes an event, a false one fails the step."""

    recorder: Recorder

    def equal(self, claim: str, expected: Any, observed: Any) -> None:
        """The observed value is the expected one.

        Raises:
            AssertionError: they differ; the message names the claim and both values.
        """
        holds = expected == observed
        self.recorder.assertion(claim, expected, observed, holds=holds)
        if not holds:
            raise AssertionError(f"{claim}: expected {expected!r}, observed {observed!r}")

    def none(self, claim: str, problems: tuple[str, ...] | list[str]) -> None:
        """Nothing speaks against the claim.

        Raises:
            AssertionError: there are problems; the message lists them, one a line.
        """
        listed = list(problems)
        self.recorder.assertion(claim, [], listed, holds=not listed)
        if listed:
            raise AssertionError(claim + ", but:\n" + "\n".join(f"  - {p}" for p in listed))

    def at_least(self, claim: str, minimum: int, observed: int) -> None:
        """The observed count reaches the minimum.

        Raises:
            AssertionError: it does not.
        """
        holds = observed >= minimum
        self.recorder.assertion(claim, f">= {minimum}", observed, holds=holds)
        if not holds:
            raise AssertionError(f"{claim}: expected at least {minimum}, observed {observed}")
