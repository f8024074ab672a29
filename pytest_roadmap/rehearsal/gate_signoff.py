"""How people approve a gate: they write its document, meet, sign one after another, and log it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pytest_roadmap.adapters.document.policy import read_policy
from pytest_roadmap.adapters.document.signoff import (
    approvals_block,
    decision_block,
    read_signoff,
)
from pytest_roadmap.adapters.evidence.attest import create_attestation, sign_attestation
from pytest_roadmap.adapters.evidence.keys import generate_key
from pytest_roadmap.adapters.evidence.signing import file_subject, with_own_id
from pytest_roadmap.domain.gate import Verdict
from pytest_roadmap.domain.ports import Clock
from pytest_roadmap.domain.signoff import (
    APPROVE,
    APPROVE_WITH_WAIVERS,
    PURPOSE,
    ApprovalEntry,
    Decision,
    SignoffText,
)
from pytest_roadmap.domain.signoff_text import APPROVALS, DECISION, with_block
from pytest_roadmap.rehearsal.handover import ATTESTATIONS
from pytest_roadmap.rehearsal.history import commit_all
from pytest_roadmap.rehearsal.people import PEOPLE, load_key, person

_FOLDER = ".agents/logs/verification"
_POLICY = ".roadmap/policy.yaml"
_LIMIT_S = 60


@dataclass(frozen=True, slots=True)
class GateSignature:
    """What one person does when asked to sign: as whom, in which role, and how."""

    alias: str
    role: str
    registered: bool = True
    conditions: tuple[str, ...] = ()


class NotWrittenError(ValueError):
    """The command did not do what people asked it for; the message has its own words."""


def review_gate(repository: Path, keys: Path, clock: Clock, gate: str) -> None:
    """Approve the gate unless people have decided on it already; only an open gate is approved.

    Raises:
        NotWrittenError: the document could not be written or the approval not be recorded.
    """
    known = documents(repository, gate)
    if known and read_signoff(known[-1].read_text("utf-8")).decision is not None:
        return
    signoff = meet(repository, gate, clock())
    if signoff is not None:
        sign(repository, keys, gate, usual(repository, gate), clock())
        record(repository, gate)
    commit_all(repository, f"Review {gate}", clock())


def documents(repository: Path, gate: str) -> list[Path]:
    """The sign-off documents of a gate, the newest last."""
    return sorted((repository / _FOLDER).glob(f"*_gate_{gate.lower()}_signoff*.md"))


def usual(repository: Path, gate: str) -> tuple[GateSignature, ...]:
    """Everybody whose role is asked for, each a person of their own."""
    roles = read_policy(repository / _POLICY).gates[gate].signoff_roles
    return tuple(
        GateSignature(next(who.alias for who in PEOPLE if role in who.roles), role)
        for role in roles
    )


def meet(repository: Path, gate: str, now: datetime) -> SignoffText | None:
    """Write the document, and the meeting's decision into it; None where nothing was approved."""
    command(repository, gate)
    path = documents(repository, gate)[-1]
    text = path.read_text("utf-8")
    signoff = read_signoff(text)
    words = {Verdict.PASS: APPROVE, Verdict.PASS_WITH_WAIVERS: APPROVE_WITH_WAIVERS}
    decided = words.get(Verdict(signoff.verdict))
    if decided is None:
        return None
    present = [(each.role, person(each.alias).address) for each in usual(repository, gate)]
    decision = Decision(now.date(), decided, tuple(present))
    path.write_text(with_block(text, DECISION, decision_block(decision)), encoding="utf-8")
    return read_signoff(path.read_text("utf-8"))


def sign(
    repository: Path, keys: Path, gate: str, given: Sequence[GateSignature], now: datetime
) -> None:
    """Sign the newest document of the gate, one after another, once it is there."""
    policy = read_policy(repository / _POLICY)
    path = documents(repository, gate)[-1]
    written = read_signoff(path.read_text("utf-8")).not_before or now
    subject = file_subject(repository, path, PURPOSE)
    for each in given:
        made = create_attestation(
            attestation_id="new",
            purpose=PURPOSE,
            subject_name=subject.name,
            subject_digest=subject.digest,
            role=each.role,
            person=person(each.alias).address,
            signed_at=max(now.replace(microsecond=0), written),
            task=policy.gates[gate].signoff_task,
            gate=gate,
            environment="embedded",
            conditions=each.conditions,
            statement="the checklist was reviewed as it stands",
        )
        key = load_key(keys, each.alias) if each.registered else generate_key()
        sign_attestation(repository / ATTESTATIONS, with_own_id(made), key)


def record(repository: Path, gate: str) -> None:
    """Enter the approval into the log."""
    command(repository, gate, "--record")


def command(repository: Path, gate: str, *options: str) -> str:
    """What ``roadmap signoff`` prints.

    Raises:
        NotWrittenError: it refused.
    """
    asked = [sys.executable, "-P", "-m", "pytest_roadmap.cli", "signoff", gate, *options]
    asked += ["--roadmap-env", "embedded", "--embedded-dir", str(repository.parent)]
    try:
        done = subprocess.run(
            asked, cwd=repository, capture_output=True, text=True, timeout=_LIMIT_S, check=True
        )
    except subprocess.CalledProcessError as error:
        raise NotWrittenError(f"roadmap signoff {gate}: {error.stderr.strip()}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotWrittenError(f"roadmap signoff {gate}: {error}") from error
    return done.stdout


def withdraw(repository: Path, gate: str) -> None:
    """Nobody has met about the gate yet."""
    for path in (
        *documents(repository, gate),
        *(repository / ATTESTATIONS).glob(f"*_{PURPOSE}_*.dsse.json"),
    ):
        path.unlink()


def rewrite_log(repository: Path, gate: str, change: timedelta, *, forget: bool = False) -> None:
    """Move the time of the newest entry, or write another approval over it."""
    path = documents(repository, gate)[-1]
    text = path.read_text("utf-8")
    entries = list(read_signoff(text).entries)
    newest = entries[-1]
    digests = () if forget else newest.attestation_digests
    entries[-1] = ApprovalEntry(
        newest.gate, newest.version, newest.checklist_digest, digests, newest.at + change
    )
    path.write_text(with_block(text, APPROVALS, approvals_block(entries)), encoding="utf-8")
