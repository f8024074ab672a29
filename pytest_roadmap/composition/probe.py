"""The live proof of who asks and where, before anything is judged (C-WHO and A-SUB)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from pytest_roadmap.adapters.azure import Azure
from pytest_roadmap.adapters.databricks import DatabricksWorkspace
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.identity import IDENTITY_KEYS, ProbedIdentity, identity_problems
from pytest_roadmap.domain.outcome import BlockedError, InconclusiveError
from pytest_roadmap.domain.recording import Recorder


@dataclass(frozen=True)
class IdentityProbe:
    """``IdentityPort``; the clients are built only when nothing is missing."""

    environment: Environment
    recorder: Recorder
    workspace: Callable[[], DatabricksWorkspace]
    azure: Callable[[], Azure]

    def probe(self) -> ProbedIdentity:
        """See ``IdentityPort``."""
        require_identity(self.environment)
        profile = self.workspace().profile()
        subscription = str(self.environment.require("azure.subscription_id"))
        answer = self.azure().answer("A-SUB", f"/subscriptions/{subscription}")
        found = answer.body if isinstance(answer.body, dict) else {}
        probed = ProbedIdentity(
            user_name=profile.identity.user_name,
            application_id=profile.identity.application_id,
            object_id=profile.object_id,
            display_name=profile.display_name,
            workspace_id=profile.identity.workspace_id,
            workspace_host=profile.identity.host,
            tenant_id=str(found.get("tenantId", "")),
            subscription_id=str(found.get("subscriptionId", "")),
            arm_request_id=answer.request_id,
            databricks_request_id=profile.request_id,
        )
        self._note(probed)
        problems = identity_problems(self.environment, probed)
        if problems:
            raise InconclusiveError("identity", "; ".join(problems))
        return probed

    def _note(self, probed: ProbedIdentity) -> None:
        self.recorder.facts["environment"] = {
            "name": self.environment.name,
            "kind": self.environment.kind,
            "tenant_id": probed.tenant_id,
            "subscription_id": probed.subscription_id,
            "workspace_id": probed.workspace_id,
            "workspace_host": probed.workspace_host,
            "bindings_digest": bindings_digest(self.environment),
            "probe": {
                "arm_request_id": probed.arm_request_id,
                "databricks_request_id": probed.databricks_request_id,
            },
        }
        self.recorder.facts["principal"] = {
            "object_id": probed.object_id,
            "app_id": probed.application_id,
            "kind": "service_principal" if probed.application_id else "user",
            "display": probed.display_name,
        }


def require_identity(environment: Environment) -> None:
    """Nothing, if every binding of the identity is there.

    Raises:
        BlockedError: it names all that are missing; nothing was built or called.
    """
    missing = [key for key in IDENTITY_KEYS if environment.get(key) is None]
    if missing:
        names = ", ".join(missing)
        raise BlockedError(
            "missing_binding", names, f"set {names} in {environment.source}", "Platform"
        )


def bindings_digest(environment: Environment) -> str:
    """``sha256:…`` of the bindings, independent of key order and layout of the file."""
    text = json.dumps(
        environment.bindings, sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
