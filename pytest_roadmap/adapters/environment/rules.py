"""Rules over several keys of an environment file that a schema cannot say."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.identity import EMBEDDED_TENANT

EVIDENCE_ROOT = ".agents/logs/verification"
ATTESTATIONS = {"dir": ".roadmap/attestations", "signers": ".roadmap/signers.yaml"}
EMBEDDED_ROOT = "build/embedded/"


def rule_problems(bindings: Mapping[str, Any], *, expected_name: str | None) -> Iterator[str]:
    """One sentence for each rule that the bindings break."""
    env = bindings["env"]
    if expected_name is not None and env["name"] != expected_name:
        yield f"env.name: expected {expected_name}, the name of the file, found {env['name']}"
    environment = Environment(env["name"], env["kind"], bindings, "")
    yield from _fixed_paths(environment)
    yield from _hosts(environment)
    yield from _modes(environment)
    if env["kind"] != "embedded":
        yield from _real_only(environment)


def _fixed_paths(environment: Environment) -> Iterator[str]:
    embedded = environment.kind == "embedded"
    fixed = {"evidence.root": EVIDENCE_ROOT}
    fixed |= {f"attestations.{key}": value for key, value in ATTESTATIONS.items()}
    for key, expected in fixed.items():
        value = environment.get(key)
        if value is None or (value == expected and (not embedded or key != "evidence.root")):
            continue
        if embedded and str(value).startswith(EMBEDDED_ROOT):
            continue
        wanted = f"a path below {EMBEDDED_ROOT}" if embedded else f"{expected}, a fixed path"
        yield f"{key}: expected {wanted}, found {value}"


def _hosts(environment: Environment) -> Iterator[str]:
    if environment.kind == "embedded":
        return
    keys = ["workspace.host", "azure.authority"]
    keys += [f"azure.endpoints.{name}" for name in environment.get("azure.endpoints") or {}]
    for key in keys:
        value = environment.get(key)
        if value is None:
            continue
        if urlsplit(str(value)).scheme != "https":
            yield f"{key}: expected https for an environment of kind {environment.kind}"
        elif is_loopback(str(value)):
            yield f"{key}: a local server is no environment of kind {environment.kind}"


def _modes(environment: Environment) -> Iterator[str]:
    for mode in environment.get("safety.allow") or ():
        reason = environment.hard_limit(str(mode))
        if reason:
            yield f"safety.allow: {reason}; remove {mode}"


def _real_only(environment: Environment) -> Iterator[str]:
    if str(environment.get("azure.tenant_id", "")).lower() == EMBEDDED_TENANT:
        yield "azure.tenant_id: the tenant of the embedded cloud is no real tenant"
    if environment.get("documents.today") is not None:
        yield "documents.today: a fixed date is for the embedded environment only"
    if environment.get("documents.root", ".") != ".":
        yield "documents.root: expected ., the repository that holds the document"


def is_loopback(url: str) -> bool:
    """Whether the host of a URL is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified
