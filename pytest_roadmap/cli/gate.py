"""``roadmap gate``: is the gate open, judged by the records of real environments alone?"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from pytest_roadmap.cli._place import NoSuchPlaceError, add_at, add_document, place_of

if TYPE_CHECKING:
    from pytest_roadmap.cli._place import Place
    from pytest_roadmap.domain.gate import GateConditions

_USAGE = 2
_INVALID = 30
_EPILOG = """\
exit status (the first that holds):
  30  INVALID     policy, document, evidence, blockers, waivers or signers cannot be used
  20  FAIL        a counted, unwaived task fails, or a quality check does
  21  BLOCKED     a counted, unwaived task is blocked
  22  INCOMPLETE  a counted, unwaived task is not Done, or something was not asked
   0  PASS_WITH_WAIVERS (10 with --no-waivers), PASS
   2  there is no such gate, or no such commit

A gate also waits for the gates it requires. Tasks marked * belong to another gate and are
depended on. Run the checks of an environment with pytest -m G1 --roadmap-env NAME.
"""


def register(commands: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "gate",
        help="judge a gate by the records of real environments",
        description="Judge a gate of .roadmap/policy.yaml. Only records are read: nothing is run,"
        "\nno service is asked, and embedded records do not count.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("gate", help="name of the gate, such as G1")
    add_document(parser)
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text")
    parser.add_argument(
        "--no-waivers", action="store_true", help="end with 10 where waivers were needed"
    )
    parser.add_argument(
        "--require-signoff",
        action="store_true",
        help="open only with a valid sign-off document (see roadmap signoff)",
    )
    add_at(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the report and return its exit status."""
    try:
        with place_of(args.at, args.document) as place:
            return _run(args, place)
    except NoSuchPlaceError as error:
        print(f"roadmap gate: {error}", file=sys.stderr)
        return _USAGE


def _run(args: argparse.Namespace, place: Place) -> int:
    from pytest_roadmap.cli._standing import (  # noqa: PLC0415 - only for this command
        UnusableProjectError,
        read_standing,
    )
    from pytest_roadmap.domain.standing import Occasion  # noqa: PLC0415

    try:
        project = read_standing(place.document, place.root, place.now, Occasion.GATE)
    except UnusableProjectError as error:
        return _invalid(args, error.sentences)
    if args.gate not in project.policy.gates:
        known = ", ".join(project.policy.gates)
        print(f"roadmap gate: {args.gate!r} is no gate; choose from {known}", file=sys.stderr)
        return _USAGE
    from pytest_roadmap.cli._gate import as_lines, as_plain, judge_gate  # noqa: PLC0415

    also = _signoff(place, args.gate) if args.require_signoff else None
    report = judge_gate(project, args.gate, place.document, no_waivers=args.no_waivers, also=also)
    if args.format == "json":
        print(json.dumps(as_plain(report), ensure_ascii=False, indent=2))
    else:
        print("\n".join(as_lines(report, markdown=args.format == "markdown")))
    return report.exit_code


def _signoff(place: Place, gate: str) -> GateConditions:
    """What keeps the gate from being signed off, as something that is still open."""
    from pytest_roadmap.cli._signoff_files import newest_problems  # noqa: PLC0415 - if asked
    from pytest_roadmap.cli._signoff_place import SignoffPlace  # noqa: PLC0415
    from pytest_roadmap.domain.gate import GateConditions as Asked  # noqa: PLC0415

    problems = newest_problems(SignoffPlace(place.root, place.document), gate, place.now)
    return Asked(qa={}, open=tuple(f"sign-off: {each}" for each in problems))


def _invalid(args: argparse.Namespace, sentences: tuple[str, ...]) -> int:
    if args.format == "json":
        plain = {
            "gate": args.gate,
            "verdict": "INVALID",
            "exit_code": _INVALID,
            "reason": "; ".join(sentences),
        }
        print(json.dumps(plain, ensure_ascii=False, indent=2))
    else:
        print("\n".join([*sentences[:-1], f"{args.gate} INVALID ({_INVALID}): {sentences[-1]}"]))
    return _INVALID
