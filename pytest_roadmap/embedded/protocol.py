"""uvicorn with two small changes: a handle on the connection, and no signal handling of its own."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Generator


class TransportProtocol(H11Protocol):
    """Puts the transport into ``scope["state"]``, so that a fault can drop the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the transport of this connection."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class QuietServer(uvicorn.Server):
    """Leaves signals to the process that runs two servers."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Do nothing: ``server.py`` handles signals for both servers."""
        yield
