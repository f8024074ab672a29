"""Whether the platform that answers is the one the environment file names (rules d.4 IDENTITY)."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_roadmap.domain.environment import Environment

#: The tenant of every embedded cloud; no real environment may name it or answer with it.
EMBEDDED_TENANT = "ebedded0-0000-4000-8000-000000000001"

#: What must be bound before anything is asked.
IDENTITY_KEYS = (
    "workspace.host",
    "workspace.workspace_id",
    "azure.tenant_id",
    "azure.subscription_id",
)


@dataclass(frozen=True, slots=True)
class ProbedIdentity:
    """What the two probes answered; the request ids are the proof that they were live."""

    user_name: str
    application_id: str | None
    object_id: str
    display_name: str
    workspace_id: str
    workspace_host: str
    tenant_id: str
    subscription_id: str
    arm_request_id: str = ""
    databricks_request_id: str = ""


def identity_problems(environment: Environment, probed: ProbedIdentity) -> tuple[str, ...]:
    """One sentence for each binding that the live platform contradicts, and for the wrong kind."""
    bound_host = str(environment.get("workspace.host", "")).rstrip("/")
    rows = (
        ("workspace.workspace_id", environment.get("workspace.workspace_id"), probed.workspace_id),
        ("workspace.host", bound_host, probed.workspace_host.rstrip("/")),
        ("azure.tenant_id", environment.get("azure.tenant_id"), probed.tenant_id),
        ("azure.subscription_id", environment.get("azure.subscription_id"), probed.subscription_id),
    )
    problems = [
        f"{key} is bound to {bound}, but the platform answers as {observed or 'nothing'}"
        for key, bound, observed in rows
        if str(bound).casefold() != observed.casefold()
    ]
    client_id = environment.get("auth.harness.client_id")
    if client_id and not _same(client_id, probed.application_id or ""):
        signed_in = probed.application_id or f"the user {probed.user_name}"
        problems.append(
            f"auth.harness.client_id is bound to {client_id}, but the harness is signed in as"
            f" {signed_in}: sign in as that application, or leave the key out"
        )
    if (environment.kind == "embedded") != _same(probed.tenant_id, EMBEDDED_TENANT):
        problems.append(
            f"the environment is of kind {environment.kind}, but the tenant is {probed.tenant_id}"
        )
    return tuple(problems)


def _same(left: object, right: str) -> bool:
    return str(left).casefold() == right.casefold()
