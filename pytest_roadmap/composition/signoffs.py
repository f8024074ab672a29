"""The sign-off documents of a repository: found, read, and held against who signed them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pytest_roadmap.adapters.document.signoff import read_signoff
from pytest_roadmap.adapters.environment.rules import ATTESTATIONS, EVIDENCE_ROOT
from pytest_roadmap.adapters.repository import GitError, time_added
from pytest_roadmap.adapters.repository.git import run_git
from pytest_roadmap.domain.canonical import sha256_of
from pytest_roadmap.domain.policy import GatePolicy
from pytest_roadmap.domain.ports import AttestationVerdict, Clock
from pytest_roadmap.domain.signoff import (
    PURPOSE,
    Approval,
    ApprovalEntry,
    SignedBy,
    SignoffText,
)

_NAME = re.compile(r"(\d{8})_gate_([a-z0-9_-]+)_signoff(?:_r(\d{1,6}))?\.md", re.ASCII)


def is_signoff_name(name: str) -> bool:
    """Whether a file is named like a sign-off document."""
    return _NAME.fullmatch(name) is not None


def signoff_name(gate: str, day: datetime, repeat: int = 1) -> str:
    """``<yyyymmdd>_gate_<g>_signoff.md``, from the second of a day on with ``_r2``."""
    again = f"_r{repeat}" if repeat > 1 else ""
    return f"{day:%Y%m%d}_gate_{gate.lower()}_signoff{again}.md"


@dataclass(frozen=True, slots=True)
class FoundSignoff:
    """A sign-off document with its file."""

    path: Path
    text: str
    signoff: SignoffText


@dataclass(frozen=True, slots=True)
class SignoffFolder:
    """The sign-off documents of one repository and one environment.

    ``environment`` is the name that attestations may be bound to; "" for none.
    """

    root: Path
    environment: str
    clock: Clock

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self.root / EVIDENCE_ROOT

    @property
    def _signers(self) -> Path:
        return self.root / ATTESTATIONS["signers"]

    def files(self, gate: str) -> tuple[Path, ...]:
        """The documents of a gate, the newest last."""
        named = ((path, _NAME.fullmatch(path.name)) for path in self.folder.glob("*_signoff*.md"))
        own = [(path, name) for path, name in named if name and name[2] == gate.lower()]
        ordered = sorted(own, key=lambda each: (each[1][1], int(each[1][3] or 1)))
        return tuple(path for path, _name in ordered)

    def newest(self, gate: str) -> FoundSignoff | None:
        """The newest document of a gate."""
        found = self.files(gate)
        return self.read(found[-1]) if found else None

    def read(self, path: Path) -> FoundSignoff:
        """One document; bytes that are no text show as what they are not."""
        text = path.read_bytes().decode("utf-8", "replace")
        return FoundSignoff(path, text, read_signoff(text))

    def approval(self, signoff: SignoffText, policy: GatePolicy) -> Approval:
        """What the attestations over this text amount to."""
        from pytest_roadmap.adapters.evidence.attest import (  # noqa: PLC0415 (crypto when needed)
            RepositoryAttestations,
        )
        from pytest_roadmap.adapters.evidence.signers import (  # noqa: PLC0415
            SignerRegistry,
            SignersError,
        )

        signers = self._signers
        if not signers.is_file():
            sentence = f"there is no {ATTESTATIONS['signers']}: nobody is registered to sign"
            return Approval(AttestationVerdict(problems=(sentence,)))
        try:
            registry = SignerRegistry.load(signers)
        except SignersError as error:
            return Approval(AttestationVerdict(problems=(str(error),)))
        attestations = RepositoryAttestations(
            self.root / ATTESTATIONS["dir"],
            registry,
            self.clock,
            environment=self.environment,
            added_at=lambda path: time_added(self.root, path),
        )
        verdict = attestations.verify(
            PURPOSE,
            policy.signoff_roles,
            subject_digest=signoff.checklist_digest,
            task=policy.signoff_task,
            gate=signoff.gate,
            not_before=signoff.not_before,
        )
        found, _unreadable = attestations.read()
        signed = (
            SignedBy(
                item.candidate.attestation.attestation_id,
                item.candidate.attestation.role,
                item.candidate.attestation.person,
                item.candidate.attestation.signed_at,
                sha256_of(item.path.read_bytes()),
            )
            for item in found
            if item.candidate.attestation.attestation_id in verdict.valid
        )
        return Approval(verdict, tuple(sorted(signed, key=lambda each: each.signed_at)))

    def vacant_roles(self, policy: GatePolicy) -> tuple[str, ...]:
        """The roles that must sign and that nobody in a readable signers file holds now."""
        from pytest_roadmap.adapters.evidence.signers import (  # noqa: PLC0415 (crypto when needed)
            SignerRegistry,
            SignersError,
        )

        if not self._signers.is_file():
            return policy.signoff_roles
        try:
            registry = SignerRegistry.load(self._signers)
        except SignersError:
            return ()
        now = self.clock()
        return tuple(r for r in policy.signoff_roles if not registry.role_holders(r, now))

    def earlier_entries(self, gate: str) -> tuple[ApprovalEntry, ...]:
        """The log entries of every commit, oldest first, each once.

        Raises:
            GitError: the history cannot be read.
        """
        entries: dict[tuple[int, str], ApprovalEntry] = {}
        for commit, path in self._committed(gate):
            content = run_git(self.root, "show", f"{commit}:{path}")
            signoff = read_signoff(content.decode("utf-8", "replace"))
            entries |= {(each.version, str(each)): each for each in signoff.entries}
        return tuple(entries.values())

    def _committed(self, gate: str) -> Iterator[tuple[str, str]]:
        """Commit and path of every version of the gate's documents, oldest first."""
        pattern = f"{EVIDENCE_ROOT}/*_gate_{gate.lower()}_signoff*.md"
        listed = run_git(
            self.root,
            *("log", "--reverse", "--format=%x00%H", "--name-only", "--diff-filter=AM"),
            *("--", f":(glob){pattern}"),
        )
        for part in listed.decode("utf-8", "replace").split("\0")[1:]:
            commit, *paths = part.split()
            yield from ((commit, path) for path in paths)


def project_commit(root: Path) -> str:
    """The newest commit that changed more than evidence and attestations; "" without one.

    Signing and recording make commits of their own, which leave what was judged as it is.
    """
    apart = (f":(exclude){EVIDENCE_ROOT}", f":(exclude){ATTESTATIONS['dir']}")
    try:
        return run_git(root, "log", "-1", "--format=%H", "--", ".", *apart).decode().strip()
    except GitError:
        return ""
