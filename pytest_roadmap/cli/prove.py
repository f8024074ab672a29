"""``roadmap prove``: show that every check can fail."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator

    from pytest_roadmap.domain.controls import Proof
    from pytest_roadmap.proving.case import Case
    from pytest_roadmap.proving.plan import TaskPlan

    Runner = Callable[[Path, Sequence[Case], int], Generator[tuple[Case, Proof, str]]]

INTERRUPTED, BROKEN_OFF, UNUSABLE = 2, 22, 30


def register(subparsers: Any) -> None:
    """Add the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "prove",
        help="run every scenario healthy and once per negative control",
        description="Runs each scenario on the embedded cloud unchanged (it must pass) and once"
        " per control of its *.controls.yaml (it must end in the stated word, at the stated step)."
        " Exit status: 0 all proven; 20 a control survived, failed elsewhere, a guard broke, a"
        " Then step has no control, or the lock is out of date; 22 a case could not be judged;"
        " 30 a feature, a controls file or the lock cannot be used; 2 interrupted.",
    )
    parser.add_argument("tasks", nargs="*", metavar="TASK", help="task ids (default: all)")
    parser.add_argument(
        "--jobs",
        type=_jobs,
        default=os.cpu_count() or 1,
        metavar="N",
        help="how many cases run at a time (%(default)s)",
    )
    parser.add_argument(
        "--write", action="store_true", help="write what was proven to .roadmap/controls.lock.json"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="one line a case")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(run=run)


def _jobs(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of cases, 1 or more")
    return int(text)


def run(args: argparse.Namespace, runner: Runner | None = None) -> int:
    """Prove, print the table, and return the exit status.

    Args:
        args: of the command.
        runner: runs the cases; on embedded clouds, side by side, when not given.
    """
    from pytest_roadmap.cli._proof import known_tasks  # noqa: PLC0415 - only for this command
    from pytest_roadmap.proving.plan import PlanError, plan_tasks, read_lock  # noqa: PLC0415

    root = Path.cwd()
    try:
        plans = plan_tasks(root, known_tasks(root), args.tasks)
        read_lock(root)
        proofs, ended = _run(root, plans, args, runner)
        return _conclude(root, plans, proofs, ended, args)
    except PlanError as error:
        for line in str(error).splitlines():
            print(f"roadmap prove: {line}", file=sys.stderr)
        return UNUSABLE


def _run(
    root: Path, plans: Sequence[TaskPlan], args: argparse.Namespace, runner: Runner | None
) -> tuple[list[Proof], int | None]:
    """The judgements so far, and why there are no more of them."""
    from pytest_roadmap.cli._progress import Progress  # noqa: PLC0415
    from pytest_roadmap.proving.runner import ProvingError, run_cases  # noqa: PLC0415

    cases = [case for plan in plans for case in plan.cases()]
    out = sys.stdout if args.format == "text" else None
    progress = Progress(cases, out, sys.stderr, verbose=args.verbose)
    proofs: list[Proof] = []
    why, ended = "", None
    try:
        with (
            _interrupted_by_sigterm(),
            closing((runner or run_cases)(root, cases, args.jobs)) as found,
        ):
            for case, proof, printed in found:
                proofs.append(proof)
                progress.judged(case, proof, printed)
    except KeyboardInterrupt:
        why, ended = "interrupted", INTERRUPTED
    except ProvingError as error:
        why, ended = str(error), BROKEN_OFF
    progress.erase()
    if ended is None and len(proofs) < len(cases):
        why, ended = "the runner left cases out", BROKEN_OFF
    if ended is not None:
        print(f"roadmap prove: {why}; {len(proofs)} of {len(cases)} cases judged", file=sys.stderr)
    return proofs, ended


def _conclude(
    root: Path,
    plans: Sequence[TaskPlan],
    proofs: Sequence[Proof],
    ended: int | None,
    args: argparse.Namespace,
) -> int:
    from pytest_roadmap.cli._proof import conclude, table  # noqa: PLC0415

    if args.format == "text":
        print(table(plans, proofs), flush=True)
    conclusion = conclude(root, plans, proofs, ended, write=args.write)
    if args.format == "json":
        print(json.dumps(conclusion.as_json(), ensure_ascii=False))
    else:
        print(conclusion.text())
    return conclusion.exit_code


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """Ending a CI job is like Ctrl-C: what was done is said, and nothing is left behind."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
