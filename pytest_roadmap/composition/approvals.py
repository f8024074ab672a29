"""Who approved a waiver, as the attestations of a project's repository show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_roadmap.adapters.environment.rules import ATTESTATIONS
from pytest_roadmap.adapters.repository import time_added
from pytest_roadmap.domain.ports import AttestationVerdict, Clock
from pytest_roadmap.domain.waiver import PURPOSE, Approval, WaiverEntry

if TYPE_CHECKING:
    from pathlib import Path

#: An approval belongs to a gate and to no environment; one bound to an environment is refused.
_NO_ENVIRONMENT = ""


def waiver_approvals(root: Path, clock: Clock) -> Approval:
    """How to ask for the approval of a waiver in the repository at ``root``.

    Without a usable ``signers.yaml`` nothing is approved, and the verdict says so.
    """

    def approval(entry: WaiverEntry) -> AttestationVerdict:
        from pytest_roadmap.adapters.evidence.attest import (  # noqa: PLC0415 (crypto when needed)
            RepositoryAttestations,
        )
        from pytest_roadmap.adapters.evidence.signers import (  # noqa: PLC0415
            SignerRegistry,
            SignersError,
        )

        signers = root / ATTESTATIONS["signers"]
        if not signers.is_file():
            sentence = f"there is no {ATTESTATIONS['signers']}: nobody is registered to approve"
            return AttestationVerdict(problems=(sentence,))
        try:
            registry = SignerRegistry.load(signers)
        except SignersError as error:
            return AttestationVerdict(problems=(str(error),))
        return RepositoryAttestations(
            root / ATTESTATIONS["dir"],
            registry,
            clock,
            environment=_NO_ENVIRONMENT,
            added_at=lambda path: time_added(root, path),
        ).verify(
            PURPOSE,
            tuple(approver.role for approver in entry.approved_by),
            subject_digest=entry.subject_digest,
            task=entry.task_id,
            gate=entry.gate,
        )

    return approval
