"""``roadmap sync``: bring the declared statuses of the document up to what evidence says."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_roadmap.cli._place import add_document

if TYPE_CHECKING:
    from pytest_roadmap.domain.sync import SyncPlan

_REFUSED = 20
_INVALID = 30


def register(commands: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "sync",
        help="show, or write, derived statuses into the document",
        description="Print the patch that puts derived statuses into the document; with --write, "
        "make it. Only status cells change, every other byte stays. Done is written only on valid "
        "evidence. A row that would have to move to another table stays, and is named. The patch "
        "goes to the standard output, remarks to the standard error: roadmap sync | git apply "
        "works. Exit status: 0 shown or written, 20 the edit was refused, 30 a file of the "
        "project cannot be used.",
    )
    add_document(parser)
    parser.add_argument("--write", action="store_true", help="change the document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the patch, write it if asked, and return the exit status."""
    from pytest_roadmap.adapters.document.editing import (  # noqa: PLC0415 - only for this command
        StatusEditError,
        edit_statuses,
    )
    from pytest_roadmap.cli._patch import replace_file, unified_patch  # noqa: PLC0415
    from pytest_roadmap.cli._standing import (  # noqa: PLC0415
        UnusableProjectError,
        read_standing,
    )
    from pytest_roadmap.domain.sync import plan_sync  # noqa: PLC0415

    document: Path = args.document
    try:
        project = read_standing(document, Path.cwd(), datetime.now(UTC))
        before = document.read_bytes()
        plan = plan_sync(project.rows, project.standing)
        after = edit_statuses(before, plan.changes, project.policy)
        print(unified_patch(before, after, document.as_posix()), end="")
        if args.write and after != before:
            replace_file(document, before, after)
    except UnusableProjectError as error:
        print(f"roadmap sync: {error}", file=sys.stderr)
        return _INVALID
    except (StatusEditError, OSError) as error:
        print(f"roadmap sync: nothing was written: {error}", file=sys.stderr)
        return _REFUSED
    _conclude(plan, document, written=args.write)
    return 0


def _conclude(plan: SyncPlan, document: Path, *, written: bool) -> None:
    for sentence in plan.kept:
        print(sentence, file=sys.stderr)
    did = "written" if written else "to write (--write does it)"
    print(
        f"{document}: {len(plan.changes)} status(es) {did}, {len(plan.kept)} kept", file=sys.stderr
    )
