"""What ``roadmap prove`` says while it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from pytest_roadmap.domain.outcome import Outcome

if TYPE_CHECKING:
    from pytest_roadmap.domain.controls import Proof
    from pytest_roadmap.proving.case import Case

_ERASE = "\r\x1b[K"


class Progress:
    """One line a task when its last case has ended; failures in full as they happen.

    On a terminal a counter moves below. ``verbose`` gives one line a case instead.
    """

    def __init__(
        self, cases: Sequence[Case], out: TextIO | None, err: TextIO, *, verbose: bool = False
    ) -> None:
        """Without ``out`` only failures are told."""
        self._out, self._err, self._verbose = out, err, verbose
        self._live = out is not None and out.isatty() and not verbose
        self._total = len(cases)
        self._planned = Counter(map(_task, cases))
        self._done: Counter[str] = Counter()
        self._good: Counter[str] = Counter()

    def judged(self, case: Case, proof: Proof, printed: str) -> None:
        """A case has ended."""
        task = _task(case)
        self._done[task] += 1
        self._good[task] += proof.good
        self.erase()
        if not proof.good:
            told = printed if proof.observed.outcome is not Outcome.PASS else ""
            text = f"{case.name}: {proof.word}: {proof.reason}\n{told}".rstrip()
            print(text, file=self._err, flush=True)
        if self._verbose and proof.good:
            self._say(f"{self._count()} {case.name}: {proof.word}")
        if not self._verbose and self._done[task] == self._planned[task]:
            self._say(f"{task}: {self._good[task]} of {self._planned[task]} cases as they should")
        if self._live and self._out is not None:
            self._out.write(f"{self._count()} {case.name}")
            self._out.flush()

    def erase(self) -> None:
        """Take the counter away, so that something else can be printed."""
        if self._live and self._out is not None:
            self._out.write(_ERASE)
            self._out.flush()

    def _count(self) -> str:
        return f"[{self._done.total()}/{self._total}]"

    def _say(self, line: str) -> None:
        if self._out is not None:
            print(line, file=self._out, flush=True)


def _task(case: Case) -> str:
    return case.scenario_id.rpartition(".")[0]
