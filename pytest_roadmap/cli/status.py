"""``roadmap status``: what evidence says about every task."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from pytest_roadmap.cli._place import NoSuchPlaceError, add_at, add_document, place_of

if TYPE_CHECKING:
    from pytest_roadmap.cli._place import Place
    from pytest_roadmap.cli._standing import ProjectStanding

_USAGE = 2
_INVALID = 30


def register(commands: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "status",
        help="derive the status of every task from the records of real environments",
        description="Derive the status of every task from the records below "
        ".agents/logs/verification and the registered blockers (.roadmap/blockers.yaml), and put "
        "it beside the declared one. Nothing is run and nothing is written. Embedded records are "
        "left out. Exit status: 0 derived, whatever the words; 2 there is no such commit; "
        "30 a file of the project cannot be used.",
    )
    add_document(parser)
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text")
    add_at(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the table and return the exit status."""
    try:
        with place_of(args.at, args.document) as place:
            return _run(args, place)
    except NoSuchPlaceError as error:
        print(f"roadmap status: {error}", file=sys.stderr)
        return _USAGE


def _run(args: argparse.Namespace, place: Place) -> int:
    from pytest_roadmap.cli._standing import (  # noqa: PLC0415 - only for this command
        UnusableProjectError,
        read_standing,
    )

    try:
        project = read_standing(place.document, place.root, place.now)
    except UnusableProjectError as error:
        print(f"roadmap status: {error}", file=sys.stderr)
        return _INVALID
    if args.format == "json":
        print(json.dumps(_plain(project), ensure_ascii=False, indent=2))
    else:
        print("\n".join(_lines(project, markdown=args.format == "markdown")))
    return 0


def _plain(project: ProjectStanding) -> dict[str, Any]:
    from pytest_roadmap.cli._tables import plain_task  # noqa: PLC0415

    return {
        "roadmap_digest": project.roadmap.digest,
        "embedded_records_ignored": project.embedded_records,
        "remarks": list(project.remarks),
        "tasks": [plain_task(found) for found in project.tasks],
    }


def _lines(project: ProjectStanding, *, markdown: bool) -> list[str]:
    from pytest_roadmap.cli._tables import (  # noqa: PLC0415
        markdown_table,
        status_cells,
        text_table,
    )

    rows = [status_cells(found, project.without_feature) for found in project.tasks]
    lines = markdown_table(rows) if markdown else text_table(rows)
    words = [found.status.value for found in project.tasks]
    counts = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))
    notes = [
        *project.remarks,
        f"{project.embedded_records} embedded record(s) ignored",
        f"{len(words)} tasks: {counts}",
    ]
    return [*lines, "", *(f"- {note}" for note in notes)] if markdown else [*lines, *notes]
