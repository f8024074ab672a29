"""Rules over several keys of an environment file that a schema cannot say."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pytest_roadmap.domain.environment import Environment

EVIDENCE_ROOT = ".agents/logs/verification"
ATTESTATIONS = {"dir": ".roadmap/attestations", "signers": ".roadmap/signers.yaml"}


def _nothing(_environment: Environment) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True)
class KindRules:
    """What an environment of one kind may bind; the defaults allow the least.

    ``scratch`` is the folder its records stay below (empty: at their fixed paths only),
    ``local`` whether hosts may be on this machine and without TLS, ``further`` gives one sentence
    for each rule of the kind itself that is broken.
    """

    scratch: str = ""
    local: bool = False
    further: Callable[[Environment], Iterable[str]] = _nothing


#: The rules of a kind by its name.
RulesOfKind = Callable[[str], KindRules]


def rule_problems(
    bindings: Mapping[str, Any], *, expected_name: str | None, rules_of: RulesOfKind
) -> Iterator[str]:
    """One sentence for each rule that the bindings break."""
    env = bindings["env"]
    if expected_name is not None and env["name"] != expected_name:
        yield f"env.name: expected {expected_name}, the name of the file, found {env['name']}"
    environment = Environment(env["name"], env["kind"], bindings, "")
    rules = rules_of(env["kind"])
    yield from _fixed_paths(environment, rules.scratch)
    if not rules.local:
        yield from _hosts(environment)
    yield from _modes(environment)
    yield from rules.further(environment)


def _fixed_paths(environment: Environment, scratch: str) -> Iterator[str]:
    fixed = {"evidence.root": EVIDENCE_ROOT}
    fixed |= {f"attestations.{key}": value for key, value in ATTESTATIONS.items()}
    for key, expected in fixed.items():
        value = environment.get(key)
        if value is None or (value == expected and (not scratch or key != "evidence.root")):
            continue
        if scratch and str(value).startswith(scratch):
            continue
        wanted = f"a path below {scratch}" if scratch else f"{expected}, a fixed path"
        yield f"{key}: expected {wanted}, found {value}"


def _hosts(environment: Environment) -> Iterator[str]:
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


def is_loopback(url: str) -> bool:
    """Whether the host of a URL is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified
