"""``roadmap signoff``: the document by which people approve a gate."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from pytest_roadmap.cli._place import add_document

_USAGE = 2
_REFUSED = 20
_INVALID = 30
_EPILOG = """\
the way to an approved gate:
  roadmap signoff G1                    writes .agents/logs/verification/<day>_gate_g1_signoff.md
  people meet and fill in section 7     date, participants, decision, conditions
  roadmap attest gate-approved --gate G1 --task SEC-008 --role Platform --person kim@corp \\
      --subject .agents/logs/verification/<day>_gate_g1_signoff.md --key file:~/roadmap.pem
                                        once for each role the policy names, each by another person
  roadmap signoff G1 --record           adds the entry to the approval log
  git add .agents .roadmap && git commit
  roadmap verify <the document>         recomputes every figure in it

The same records give the same sections 1 to 6. A document that people have decided on is never
rewritten: once the records differ, the next review gets a document of its own.

exit status: 0 written, 2 the request is wrong, 20 not approvable yet (the sentences say why),
30 a file of the project cannot be used
"""


def register(commands: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "signoff",
        help="write the sign-off document of a gate, or record its approval",
        description="Writes what the records say about a gate, its sign-off task left out, with\n"
        "room for the decision and the signatures. Only records are read: nothing is run.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("gate", help="name of the gate, such as G1")
    parser.add_argument("--lang", choices=("ko", "en"), default=None, help="ko (default) or en")
    parser.add_argument(
        "--record", action="store_true", help="enter the signed approval into its log"
    )
    parser.add_argument(
        "--roadmap-env",
        metavar="NAME",
        help="embedded: the records of an embedded run, in that run's repository",
    )
    parser.add_argument(
        "--embedded-dir",
        type=Path,
        metavar="DIR",
        help="where the embedded run wrote (default: build/embedded)",
    )
    add_document(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write or record, or say in one sentence a line why not."""
    from pytest_roadmap.cli._signoff import UnknownGateError  # noqa: PLC0415 - for this command
    from pytest_roadmap.cli._signoff_files import NotApprovableError, act  # noqa: PLC0415
    from pytest_roadmap.cli._signoff_place import place_in  # noqa: PLC0415
    from pytest_roadmap.cli._standing import UnusableProjectError  # noqa: PLC0415

    if args.roadmap_env not in (None, "embedded"):
        print(
            f"roadmap signoff: --roadmap-env {args.roadmap_env}: a gate counts the records of all"
            " real environments; leave it out, or give embedded",
            file=sys.stderr,
        )
        return _USAGE
    place = place_in(Path.cwd(), args.roadmap_env, args.embedded_dir, args.document)
    if not place.root.is_dir():
        print(f"roadmap signoff: no embedded run has left {place.root}", file=sys.stderr)
        return _USAGE
    try:
        print(act(place, args.gate, place.now(), language=args.lang, record=args.record))
    except UnknownGateError as error:
        print(f"roadmap signoff: {error}", file=sys.stderr)
        return _USAGE
    except UnusableProjectError as error:
        print(*(f"roadmap signoff: {each}" for each in error.sentences), sep="\n", file=sys.stderr)
        return _INVALID
    except NotApprovableError as error:
        print(*(f"roadmap signoff: {each}" for each in error.sentences), sep="\n", file=sys.stderr)
        return _REFUSED
    return 0
