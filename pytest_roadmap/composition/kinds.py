"""What an environment may bind: the embedded one this machine, a real one never."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_roadmap.adapters.environment import KindRules
from pytest_roadmap.composition.options import EMBEDDED
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.identity import EMBEDDED_TENANT


def rules_of(kind: str) -> KindRules:
    """The rules for environment files of a kind."""
    return _EMBEDDED if kind == EMBEDDED else _REAL


def _real_only(environment: Environment) -> Iterator[str]:
    if str(environment.get("azure.tenant_id", "")).lower() == EMBEDDED_TENANT:
        yield "azure.tenant_id: the tenant of the embedded cloud is no real tenant"
    if environment.get("documents.today") is not None:
        yield "documents.today: a fixed date is for the embedded environment only"
    if environment.get("documents.root", ".") != ".":
        yield "documents.root: expected ., the repository that holds the document"


_EMBEDDED = KindRules(scratch="build/embedded/", local=True)
_REAL = KindRules(further=_real_only)
