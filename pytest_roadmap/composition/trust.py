"""Which hosts a run went to, and who vouched for their certificates, as facts of its record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_roadmap.domain.trusted_hosts import DEFAULT_AUTHORITIES

if TYPE_CHECKING:
    from pytest_roadmap.domain.recording import Recorder

#: Variables that replace the authorities of requests, which both SDK families build on.
#: Source: https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification
_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_NOBODY = "nobody (skip_verify)"


def note_host(
    recorder: Recorder, address: str, environ: Mapping[str, str], *, verified: bool = True
) -> None:
    """Add the host of an address to the facts of a scenario.

    Args:
        recorder: of the scenario.
        address: scheme and host; no redirect leads away from it.
        environ: may name other authorities than the default ones.
        verified: whether certificates are checked at all.
    """
    parts = urlsplit(address)
    replaced = next((name for name in _VARIABLES if environ.get(name)), None)
    tls = recorder.facts.setdefault("tls", {"hosts": [], "authorities": DEFAULT_AUTHORITIES})
    if not verified or replaced:
        tls["authorities"] = _NOBODY if not verified else replaced
    origin = f"{parts.scheme}://{parts.netloc}"
    if origin not in tls["hosts"]:
        tls["hosts"].append(origin)
