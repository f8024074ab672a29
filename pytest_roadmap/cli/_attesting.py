"""What ``roadmap attest`` does: read the project, take the key, sign or refuse."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from pytest_roadmap.adapters.document import PolicyError, read_policy, read_roadmap_file
from pytest_roadmap.adapters.document.registers import RegisterError
from pytest_roadmap.adapters.document.signoff import read_signoff
from pytest_roadmap.adapters.document.waivers import read_waivers
from pytest_roadmap.adapters.evidence.attest import create_attestation
from pytest_roadmap.adapters.evidence.keys import (
    generate_key,
    load_signing_key,
    public_key_pem,
    write_private_key,
)
from pytest_roadmap.adapters.evidence.signers import SignerRegistry, signer_entry
from pytest_roadmap.adapters.evidence.signing import (
    AttestationRefusedError,
    Subject,
    attest,
    file_subject,
    with_own_id,
)
from pytest_roadmap.cli._place import DOCUMENT
from pytest_roadmap.domain.signoff import PURPOSE as GATE_APPROVED
from pytest_roadmap.domain.waiver import PURPOSE as WAIVER_APPROVED

if TYPE_CHECKING:
    from pytest_roadmap.adapters.evidence.keys import CryptoSigner
    from pytest_roadmap.domain.attestation import Attestation
    from pytest_roadmap.domain.policy import Policy
    from pytest_roadmap.domain.roadmap import Roadmap

ATTESTATIONS = Path(".roadmap/attestations")
SIGNERS = Path(".roadmap/signers.yaml")
WAIVERS = Path(".roadmap/waivers.yaml")
_POLICY = Path(".roadmap/policy.yaml")
_ENVIRONMENTS = Path(".roadmap/environments")
_EMBEDDED = "embedded"


class WrongRequestError(Exception):
    """The request itself is wrong; the sentence says what is expected."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written and where."""

    path: Path
    attestation: Attestation


def make_key(path: Path, root: Path) -> CryptoSigner:
    """A new Ed25519 key in a new file outside the repository, readable by its owner only.

    Raises:
        WrongRequestError: the path lies in the repository. SigningKeyError: it cannot be written.
    """
    try:
        target = path.expanduser().absolute()
        folder = target.parent.resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise WrongRequestError(f"--new-key {str(path)!r} is no usable path") from error
    repository = _repository(root.resolve())
    if folder.is_relative_to(repository):
        raise WrongRequestError(
            f"--new-key {path} lies in the repository {repository}; a private key belongs outside"
        )
    key = generate_key()
    write_private_key(folder / target.name, key)
    return key


def signer_text(key: CryptoSigner, person: str, role: str, now: datetime) -> str:
    """The entry of ``signers.yaml`` for the key: public half only."""
    since = now.replace(microsecond=0)  # as attestations are dated: valid in its first second
    entry = signer_entry(person, [role], public_key_pem(key), since)
    return yaml.dump([entry], Dumper=_Readable, sort_keys=False, allow_unicode=True).rstrip("\n")


def load_key(reference: str | None, root: Path) -> CryptoSigner:
    """The key of ``--key``.

    Raises:
        WrongRequestError: none was named. SigningKeyError: it cannot be used.
    """
    if reference is None:
        raise WrongRequestError("--key is missing: env:NAME or file:PATH of an Ed25519 key")
    return load_signing_key(reference, root)


def attest_in(root: Path, args: argparse.Namespace, now: datetime) -> Written:
    """Sign what the options say and write it below ``.roadmap/attestations``.

    Raises:
        WrongRequestError, AttestationRefusedError, SigningKeyError, EvidenceError: nothing was
            written. PolicyError, SignersError: the project's files are broken.
    """
    about = "waiver" if args.purpose == WAIVER_APPROVED else "subject"
    for option in ("role", "person", about):
        if not getattr(args, option):
            raise WrongRequestError(f"--{option} is missing")
    policy = read_policy(root / _POLICY)
    attestation = _attestation(root, policy, _with_scope(root, policy, args), now)
    key = load_key(args.key, root)
    if not (root / SIGNERS).exists():
        raise AttestationRefusedError(
            f"there is no {SIGNERS}: nobody is registered; --print-signer prints the entry of a key"
        )
    registry = SignerRegistry.load(root / SIGNERS)
    return Written(attest(root / ATTESTATIONS, attestation, key, registry), attestation)


def _attestation(
    root: Path, policy: Policy, args: argparse.Namespace, now: datetime
) -> Attestation:
    subject = args.subject
    if not isinstance(subject, Subject):
        _check_scope(root, policy, args)
        subject = file_subject(root, subject, args.purpose or "")
        if args.purpose == GATE_APPROVED:
            _check_signoff(root / subject.name, args.gate)
    days = args.expires_d or policy.attestation_expiry_d
    try:
        made = create_attestation(
            attestation_id="new",
            purpose=args.purpose or "",
            subject_name=subject.name,
            subject_digest=subject.digest,
            role=args.role,
            person=args.person,
            signed_at=now.astimezone(UTC).replace(microsecond=0),
            expires_in=timedelta(days=days),
            decision=args.decision,
            task=args.task,
            gate=args.gate,
            environment=args.environment,
            conditions=tuple(args.condition),
            statement=args.statement,
            event_at=args.event_at,
        )
    except ValueError as error:
        raise WrongRequestError(str(error)) from error
    return with_own_id(made)


def _with_scope(root: Path, policy: Policy, args: argparse.Namespace) -> argparse.Namespace:
    """The options, with subject, task and gate of the waiver that they name."""
    if not args.waiver:
        return args
    if args.purpose != WAIVER_APPROVED:
        raise WrongRequestError(f"--waiver belongs to {WAIVER_APPROVED}")
    for option in ("subject", "task", "gate", "environment"):
        if getattr(args, option):
            raise WrongRequestError(f"--{option}: the waiver says what it is about, leave it out")
    try:
        entries = read_waivers(root / WAIVERS, _roadmap(root, policy).by_id, policy.gates)
    except RegisterError as error:
        raise PolicyError(str(root / WAIVERS), error.key, error.sentence) from error
    for entry in entries:
        if entry.waiver_id == args.waiver:
            subject = Subject(f"waiver {entry.waiver_id}", entry.subject_digest)
            scope = {"subject": subject, "task": entry.task_id, "gate": entry.gate}
            return argparse.Namespace(**{**vars(args), **scope})
    known = ", ".join(entry.waiver_id for entry in entries) or "none"
    raise WrongRequestError(f"{args.waiver} is not in {WAIVERS}; known: {known}")


def _check_scope(root: Path, policy: Policy, args: argparse.Namespace) -> None:
    """What it is bound to must exist, or nobody would ever ask for it."""
    if args.purpose == "gate-approved" and not args.gate:
        raise WrongRequestError("gate-approved is bound to a gate: add --gate")
    if args.gate and args.gate not in policy.gates:
        raise WrongRequestError(f"{args.gate} is no gate; known are {', '.join(policy.gates)}")
    if args.environment and args.environment != _EMBEDDED:
        known = sorted(path.stem for path in (root / _ENVIRONMENTS).glob("*.yaml"))
        if args.environment not in known:
            raise WrongRequestError(
                f"{args.environment!r} is no environment of this project; "
                f"known are {', '.join([*known, _EMBEDDED])}"
            )
    if args.task:
        _check_task(root, policy, args.task)


def _check_signoff(path: Path, gate: str) -> None:
    """A gate is approved by its sign-off document, once the meeting has decided."""
    signoff = read_signoff(path.read_text("utf-8"))
    if signoff.gate != gate:
        raise WrongRequestError(
            f"--subject {path.name} is no sign-off document of {gate}: roadmap signoff {gate} "
            "writes it"
        )
    if signoff.problems or signoff.decision is None:
        told = signoff.problems[0] if signoff.problems else "section 7: nobody has decided yet"
        raise WrongRequestError(f"--subject {path.name}: {told}")


def _check_task(root: Path, policy: Policy, task_id: str) -> None:
    if task_id not in _roadmap(root, policy).by_id:
        raise WrongRequestError(f"{task_id} is no task of {DOCUMENT}")


def _roadmap(root: Path, policy: Policy) -> Roadmap:
    roadmap = read_roadmap_file(root / DOCUMENT, policy).roadmap
    if roadmap is None:
        raise PolicyError(str(DOCUMENT), "", "it cannot be read; see roadmap check")
    return roadmap


def _repository(root: Path) -> Path:
    """The git work tree around the folder, or the folder itself."""
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            return folder
    return root


class _Readable(yaml.SafeDumper):
    """Writes text of several lines as a block, as people write keys."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Readable.add_representer(str, _text)
