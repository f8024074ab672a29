"""The attestations of one repository, read when a step asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pytest_roadmap.adapters.environment.rules import ATTESTATIONS
from pytest_roadmap.adapters.repository import time_added
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.outcome import BlockedError, InconclusiveError
from pytest_roadmap.domain.ports import AttestationVerdict, Clock


@dataclass(frozen=True)
class BoundAttestations:
    """``AttestationPort`` over the folder and the signers file that the environment names."""

    root: Path
    environment: Environment
    clock: Clock

    def verify(
        self,
        purpose: str,
        roles: Sequence[str],
        *,
        subject_digest: str,
        task: str | None = None,
        gate: str | None = None,
        not_before: datetime | None = None,
    ) -> AttestationVerdict:
        """Judge all attestations of that purpose; see ``AttestationPort``.

        Raises:
            BlockedError: there is no signers file. InconclusiveError: it is broken.
        """
        from pytest_roadmap.adapters.evidence.attest import (  # noqa: PLC0415 (crypto when needed)
            RepositoryAttestations,
        )
        from pytest_roadmap.adapters.evidence.signers import (  # noqa: PLC0415
            SignerRegistry,
            SignersError,
        )

        signers = self._path("signers")
        if not signers.is_file():
            detail = f"there is no {signers.name}: register who may sign"
            raise BlockedError("missing_binding", "attestations.signers", detail, "Platform")
        try:
            registry = SignerRegistry.load(signers)
        except SignersError as error:
            raise InconclusiveError("signers_broken", str(error)) from error
        return RepositoryAttestations(
            self._path("dir"),
            registry,
            self.clock,
            environment=self.environment.name,
            added_at=lambda path: time_added(self.root, path),
        ).verify(
            purpose,
            roles,
            subject_digest=subject_digest,
            task=task,
            gate=gate,
            not_before=not_before,
        )

    def _path(self, name: str) -> Path:
        return self.root / str(self.environment.get(f"attestations.{name}") or ATTESTATIONS[name])
