"""``roadmap verify``: does what lies in the repository hold, without any network?"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_roadmap.adapters.evidence.signers import SignerRegistry
    from pytest_roadmap.adapters.evidence.verifying import Bench, Verified

_SIGNERS = Path(".roadmap/signers.yaml")
_FOLDERS = (Path(".agents/logs/verification"), Path(".roadmap/attestations"))
_PASS = 0
_FAIL = 20
_INCOMPLETE = 22
_INVALID = 30
_VERDICTS = {_PASS: "PASS", _FAIL: "FAIL", _INCOMPLETE: "INCOMPLETE", _INVALID: "INVALID"}
_WORDS = """\
one line a file, beginning with the rule's name:
  ok               it holds and may count
  superseded       the same role has attested the same anew
  EMBEDDED_ONLY    made in the embedded environment: named, and never counted
  TAMPERED         file, statement and signature of a record do not fit together
  SIGNATURE        an attestation is not signed by the person it names
  SUBJECT_CHANGED  the attested file is another text today
  SIGNOFF          a sentence of a sign-off document does not hold; the reason says which
  EXPIRED, NOT_APPROVED, ATTESTATION, UNUSABLE, CLOCK    as the sentence says
  INTERRUPTED, SCHEMA, UNPROVEN, UNCHECKED, MISSING      cannot be judged here

exit status: 0 something holds and nothing fails, 20 fails, 22 something cannot be judged or
nothing is there, 30 tampered evidence or a broken signers.yaml
"""


def register(commands: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "verify",
        help="verify evidence, envelopes and attestations, offline",
        description="Recomputes digests and checks schemas, statements and signatures. Run it in\n"
        "the project's folder: subjects of attestations are files below it.",
        epilog=_WORDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help=f"files or folders (default: {' and '.join(map(str, _FOLDERS))})",
    )
    parser.add_argument(
        "--signers",
        type=Path,
        metavar="FILE",
        help=f"who may sign (default: {_SIGNERS}); name an embedded run's own to check its records",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print one line a file and the verdict; its exit status."""
    from pytest_roadmap.adapters.evidence.signers import SignersError  # noqa: PLC0415 (crypto)

    try:
        bench = _bench(args.signers, Path.cwd())
    except SignersError as error:
        print(f"roadmap verify: {error}", file=sys.stderr)
        return _INVALID
    found = tuple(_verified(args.paths, bench))
    for item in found:
        print(_shown(f"{item.word:<16} {item.path}: {item.reason}"))
    status = _status(found)
    print(f"{_VERDICTS[status]} ({status}): {_counted(found)}")
    return status


def _bench(signers: Path | None, root: Path) -> Bench:
    from pytest_roadmap.adapters.evidence.signers import SignerRegistry  # noqa: PLC0415 (crypto)
    from pytest_roadmap.adapters.evidence.verifying import Bench  # noqa: PLC0415
    from pytest_roadmap.adapters.repository import time_added  # noqa: PLC0415

    registry: SignerRegistry | None = None
    if signers is not None or os.path.lexists(_SIGNERS):
        registry = SignerRegistry.load(signers or _SIGNERS)
    return Bench(
        repository=root,
        now=datetime.now(UTC),
        signers=registry,
        embedded_signers=registry if signers is not None else None,
        added_at=lambda path: time_added(root, path),
    )


def _verified(paths: Iterable[Path], bench: Bench) -> Iterator[Verified]:
    from pytest_roadmap.adapters.evidence.verifying import Effect, Verified  # noqa: PLC0415

    asked = tuple(dict.fromkeys(paths))
    for path in asked or _FOLDERS:
        try:
            names = os.listdir(path) if path.is_dir() else None  # noqa: PTH208 (names only)
            there = os.path.lexists(path)
        except OSError as error:
            yield Verified(path, "MISSING", f"cannot be read: {error.strerror}", Effect.OPEN)
            continue
        if names is not None:
            yield from _of(path, [name for name in names if not name.startswith(".")], bench)
        elif there:
            yield from _of_file(path, bench)
        elif asked:
            yield Verified(path, "MISSING", "there is no such file", Effect.OPEN)


def _of(folder: Path, names: list[str], bench: Bench) -> Iterator[Verified]:
    from pytest_roadmap.adapters.evidence.verifying import (  # noqa: PLC0415
        is_attestation_name,
        is_evidence_name,
        verify_attestations,
        verify_evidence,
    )
    from pytest_roadmap.composition.signoffs import is_signoff_name  # noqa: PLC0415

    for name in sorted(filter(is_signoff_name, names)):
        yield from _signoff(folder / name)
    evidence = [each for each in names if is_evidence_name(each) and not is_signoff_name(each)]
    attestations = [name for name in names if is_attestation_name(name)]
    if evidence:
        yield from verify_evidence(folder, evidence, bench)
    if attestations:
        yield from verify_attestations(folder, attestations, bench)


def _signoff(path: Path) -> Iterator[Verified]:
    """One line for each sentence of a sign-off document that does not hold."""
    from pytest_roadmap.adapters.evidence.verifying import Effect, Verified  # noqa: PLC0415
    from pytest_roadmap.cli._place import DOCUMENT  # noqa: PLC0415
    from pytest_roadmap.cli._signoff import UnknownGateError  # noqa: PLC0415
    from pytest_roadmap.cli._signoff_files import signoff_problems  # noqa: PLC0415
    from pytest_roadmap.cli._signoff_place import place_of_file  # noqa: PLC0415
    from pytest_roadmap.cli._standing import UnusableProjectError  # noqa: PLC0415

    place = place_of_file(path, DOCUMENT)
    try:
        problems = signoff_problems(place, path, place.now())
    except (UnknownGateError, UnusableProjectError) as error:
        yield Verified(path, "UNPROVEN", str(error), Effect.OPEN)
        return
    for problem in problems:
        yield Verified(path, "SIGNOFF", problem, Effect.FAILS)
    if problems:
        return
    if place.base is not None:
        reason = "approved in the embedded environment: it proves the procedure, never the gate"
        yield Verified(path, "EMBEDDED_ONLY", reason, Effect.ASIDE)
        return
    reason = "its figures, decision, signatures and log hold"
    yield Verified(path, "ok", reason, Effect.HOLDS)


def _of_file(path: Path, bench: Bench) -> Iterator[Verified]:
    from pytest_roadmap.adapters.evidence.verifying import Effect, Verified  # noqa: PLC0415

    found = tuple(_of(path.parent, [path.name], bench))
    yield from found
    if not found:
        reason = "it is no evidence file, envelope or attestation of a roadmap"
        yield Verified(path, "SCHEMA", reason, Effect.OPEN)


def _status(found: Iterable[Verified]) -> int:
    from pytest_roadmap.adapters.evidence.verifying import Effect  # noqa: PLC0415

    effects = {item.effect for item in found}
    if Effect.INVALID in effects:
        return _INVALID
    if Effect.FAILS in effects:
        return _FAIL
    return _PASS if Effect.HOLDS in effects and Effect.OPEN not in effects else _INCOMPLETE


def _counted(found: tuple[Verified, ...]) -> str:
    if not found:
        return "nothing to verify was found"
    words = [item.word for item in found]
    return ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))


def _shown(text: str) -> str:
    """The text without characters that would move or colour a terminal."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )
