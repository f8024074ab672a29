"""``roadmap attest``: a person answers, with a signature, for what no machine can check."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_USAGE = 2
_REFUSED = 20
_INVALID = 30
_MAX_DAYS = 3650
_EXAMPLES = """\
first time, with a key of your own (an OpenSSH Ed25519 key without passphrase will do as well):
  roadmap attest --new-key ~/roadmap.pem --person kim@corp --role Platform
  roadmap attest --print-signer --key file:~/.ssh/id_ed25519 --person kim@corp --role Platform
  Both print the entry for .roadmap/signers.yaml; Platform reviews the change.

then:
  roadmap attest handoff-lock --role Platform --person kim@corp --task SEC-001 \\
      --environment dev --subject .specs/handoff/inventory.yaml --key file:~/roadmap.pem
  git add .roadmap/attestations && git commit

a waiver (its approved_by may be [] until then; write the printed id into it afterwards):
  roadmap attest waiver-approved --waiver W-2026-003 --role Platform --person kim@corp \\
      --key file:~/roadmap.pem

The digest of the subject ignores line ends and Unicode forms and nothing else: change the file
and the attestation no longer counts. Two roles need two persons, each with a key of their own.
roadmap verify tells which attestations hold.

exit status: 0 written, 2 the request is wrong, 20 refused (the key, the person, or stated
already), 30 the policy, the document or signers.yaml cannot be read
"""


def register(commands: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "attest",
        help="sign an attestation or an approval",
        description="Signs a statement about one file of the repository and writes it below\n"
        ".roadmap/attestations. Run it in the project's folder. Private keys are read only.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("purpose", nargs="?", help="what for, such as handoff-lock, gate-approved")
    _add_signer(parser)
    _add_content(parser)
    parser.set_defaults(run=run)


def _add_signer(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("who signs")
    group.add_argument("--person", type=_word, help="as signers.yaml names them")
    group.add_argument("--role", type=_word, help="the role they speak in")
    group.add_argument("--key", metavar="REF", help="env:NAME or file:PATH; Ed25519")
    modes = group.add_mutually_exclusive_group()
    modes.add_argument(
        "--print-signer", action="store_true", help="print the key's entry for signers.yaml, only"
    )
    modes.add_argument(
        "--new-key",
        type=Path,
        metavar="PATH",
        help="make a key in a new file outside the repository, and print its entry, only",
    )


def _add_content(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is stated")
    group.add_argument("--subject", type=Path, metavar="FILE", help="the file that is attested")
    group.add_argument(
        "--waiver",
        type=_word,
        metavar="ID",
        help="with waiver-approved: the entry of .roadmap/waivers.yaml, in place of --subject,"
        " --task and --gate",
    )
    group.add_argument("--task", type=_word, metavar="ID", help="the task that asks for it")
    group.add_argument("--gate", type=_word, metavar="G", help="the gate it is for")
    group.add_argument("--environment", type=_word, metavar="NAME", help="only for this one")
    group.add_argument("--decision", choices=("approve", "reject"), default="approve")
    group.add_argument(
        "--condition",
        action="append",
        default=[],
        type=_word,
        metavar="TEXT",
        help="an open condition; until it is met and signed anew, the approval does not count",
    )
    group.add_argument("--statement", default="", metavar="TEXT", help="in your own words")
    group.add_argument(
        "--event-at", type=_moment, metavar="TIME", help="of the event, 2026-03-01T09:00:00Z"
    )
    group.add_argument(
        "--expires-d", type=_days, metavar="DAYS", help="valid for (default: the policy's)"
    )


def run(args: argparse.Namespace) -> int:
    """Sign, or say in one sentence why not."""
    from pytest_roadmap.adapters.document import PolicyError  # noqa: PLC0415 - only for this command
    from pytest_roadmap.adapters.evidence.files import EvidenceError  # noqa: PLC0415
    from pytest_roadmap.adapters.evidence.keys import SigningKeyError  # noqa: PLC0415
    from pytest_roadmap.adapters.evidence.signers import SignersError  # noqa: PLC0415
    from pytest_roadmap.adapters.evidence.signing import AttestationRefusedError  # noqa: PLC0415
    from pytest_roadmap.cli._attesting import WrongRequestError  # noqa: PLC0415

    try:
        print(_done(args, Path.cwd(), datetime.now(UTC)))
    except WrongRequestError as error:
        return _refuse(error, _USAGE)
    except (AttestationRefusedError, SigningKeyError, EvidenceError) as error:
        return _refuse(error, _REFUSED)
    except (PolicyError, SignersError) as error:
        return _refuse(error, _INVALID)
    return 0


def _done(args: argparse.Namespace, root: Path, now: datetime) -> str:
    from pytest_roadmap.cli._attesting import (  # noqa: PLC0415 - imports cryptography
        WrongRequestError,
        attest_in,
        load_key,
        make_key,
        signer_text,
    )

    if not (args.print_signer or args.new_key):
        written = attest_in(root, args, now)
        return _told(written.path.relative_to(root), written.attestation)
    if args.purpose:
        raise WrongRequestError("--print-signer and --new-key sign nothing: leave the purpose out")
    if not (args.person and args.role):
        raise WrongRequestError("the entry for signers.yaml needs --person and --role")
    key = make_key(args.new_key, root) if args.new_key else load_key(args.key, root)
    return signer_text(key, args.person, args.role, now)


def _told(path: Path, attestation: Any) -> str:
    until = f"until {attestation.expires_at:%Y-%m-%d}" if attestation.expires_at else "no expiry"
    bound = [each for each in (attestation.task, attestation.gate, attestation.environment) if each]
    signed = f"{attestation.decision} by {attestation.person} as {attestation.role}, {until}"
    scope = f", for {', '.join(bound)}" if bound else ""
    lines = [
        f"{path.as_posix()}: {attestation.attestation_id}, {signed}",
        f"subject {attestation.subject_name} {attestation.subject_digest}{scope}",
    ]
    if attestation.decision != "approve" or attestation.conditions:
        lines.append("it does not count as an approval: rejected, or under an open condition")
    return "\n".join(lines)


def _refuse(error: Exception, status: int) -> int:
    print(f"roadmap attest: {error}", file=sys.stderr)
    return status


def _word(text: str) -> str:
    """Text that says something and hides nothing."""
    word = text.strip()
    if not word or not word.isprintable():
        raise argparse.ArgumentTypeError(f"{text!a} is empty or has characters that nobody sees")
    return word


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is no time with its zone (2026-03-01T09:00:00Z)")


def _days(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text[:9]) <= _MAX_DAYS:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 1 to {_MAX_DAYS}")
