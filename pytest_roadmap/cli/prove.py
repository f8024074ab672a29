"""``roadmap prove``: show that every check can fail."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_roadmap.domain.controls import Proof
    from pytest_roadmap.proving.plan import TaskPlan
    from pytest_roadmap.proving.worker import Case

PROVED, SURVIVED, INTERRUPTED, BROKEN_OFF, UNUSABLE = 0, 20, 2, 22, 30


def register(subparsers: Any) -> None:
    """Add the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "prove",
        help="run every scenario healthy and once per negative control",
        description="Runs each scenario on the embedded cloud unchanged (it must pass) and once"
        " per control of its *.controls.yaml (it must end in the stated word, at the stated step)."
        " Exit status: 0 all proven; 20 a control survived, failed elsewhere, a guard broke, a"
        " Then step has no control, or the lock is out of date; 22 a case could not be judged;"
        " 30 a feature or controls file cannot be used.",
    )
    parser.add_argument("tasks", nargs="*", metavar="TASK", help="task ids (default: all)")
    parser.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="how many cases run at a time (%(default)s)",
    )
    parser.add_argument(
        "--write", action="store_true", help="write what was proven to .roadmap/controls.lock.json"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prove, print the table, and return the exit status."""
    from pytest_roadmap.cli._proof import known_tasks  # noqa: PLC0415 - only for this command
    from pytest_roadmap.proving.plan import PlanError, plan_tasks, read_lock  # noqa: PLC0415

    root = Path.cwd()
    try:
        plans = plan_tasks(root, known_tasks(root), args.tasks)
        read_lock(root)
    except PlanError as error:
        print(f"roadmap prove: {error}", file=sys.stderr)
        return UNUSABLE
    cases = [case for plan in plans for case in plan.cases()]
    proofs, ended = _run(root, cases, args.jobs, quiet=args.format == "json")
    return _conclude(root, plans, proofs, ended, args)


def _run(
    root: Path, cases: Sequence[Case], jobs: int, *, quiet: bool
) -> tuple[list[Proof], int | None]:
    """The judgements so far, and why there are no more of them."""
    from pytest_roadmap.proving.runner import ProvingError, run_cases  # noqa: PLC0415

    proofs: list[Proof] = []
    try:
        for case, proof, printed in run_cases(root, cases, jobs):
            proofs.append(proof)
            name = case.control.control_id if case.control else case.scenario_id
            if not quiet:
                print(f"[{len(proofs)}/{len(cases)}] {name}: {proof.word}", flush=True)
            if not proof.good:
                print(f"{name}: {proof.reason}\n{printed}", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print(f"interrupted after {len(proofs)} of {len(cases)} cases", file=sys.stderr)
        return proofs, INTERRUPTED
    except ProvingError as error:
        print(f"roadmap prove: {error}", file=sys.stderr)
        return proofs, BROKEN_OFF
    return proofs, None


def _conclude(
    root: Path,
    plans: Sequence[TaskPlan],
    proofs: Sequence[Proof],
    ended: int | None,
    args: argparse.Namespace,
) -> int:
    from pytest_roadmap.cli._proof import conclude, table  # noqa: PLC0415

    conclusion = conclude(root, plans, proofs, ended, write=args.write)
    if args.format == "json":
        print(json.dumps(conclusion.as_json(), ensure_ascii=False))
    else:
        print(table(plans, proofs))
        print(conclusion.text())
    return conclusion.exit_code
