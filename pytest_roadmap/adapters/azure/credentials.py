"""The credential of a service on this machine: a local token and nothing else.

It has only ``get_token``, so that no code path of azure-identity, and with it no real token, can
ever reach a local server.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

_LIFETIME_S = 3600


class LoopbackCredential:
    """Answers every scope with the one token the local service handed out."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        """The local token, valid for an hour."""
        from azure.core.credentials import AccessToken  # noqa: PLC0415 (vendor)

        return AccessToken(self._token, int(time.time()) + _LIFETIME_S)
