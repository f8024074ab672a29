"""A local HTTP server that answers from a script and keeps what it was asked."""

from __future__ import annotations

import json
import ssl
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pytest_roadmap.domain.outcome import InconclusiveError
from pytest_roadmap.domain.recording import Recorder


@dataclass(frozen=True)
class Reply:
    """One answer; ``drop`` closes the connection without any."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class FakeServer:
    """Answers ``METHOD /path`` from its script; the last reply of a script repeats."""

    def __init__(self, url: str, ca_file: str | None) -> None:
        self.url = url
        self.ca_file = ca_file
        self.asked: list[Asked] = []
        self._script: dict[str, list[Reply]] = defaultdict(list)

    def on(self, route: str, *replies: Reply) -> None:
        self._script[route] = list(replies)

    def requests(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        replies = self._script.get(f"{asked.method} {asked.path}")
        if not replies:
            return Reply(404, {"error_code": "NOT_FOUND", "message": f"no route {asked.path}"})
        return replies.pop(0) if len(replies) > 1 else replies[0]


class QuietServer(ThreadingHTTPServer):
    """Says nothing of clients that went away."""

    daemon_threads = True

    def handle_error(self, *_arguments: Any) -> None:
        return


@contextmanager
def fake_server(tls_folder: Path | None = None) -> Iterator[FakeServer]:
    """A running server on the loopback address, with TLS when a folder for the CA is given."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            parts = urlsplit(self.path)
            asked = Asked(
                self.command, parts.path, parts.query, dict(self.headers), self.rfile.read(length)
            )
            reply = fake.answer(asked)
            if reply.drop:
                self.close_connection = True
                return
            content = (
                reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            )
            kind = "application/octet-stream" if isinstance(reply.body, bytes) else None
            headers = {"Content-Type": kind or "application/json", **reply.headers}
            self.send_response(reply.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815

        def log_message(self, *_arguments: Any) -> None:
            return

    server = QuietServer(("127.0.0.1", 0), Handler)
    ca_file = _with_tls(server, tls_folder) if tls_folder else None
    scheme = "https" if tls_folder else "http"
    fake = FakeServer(f"{scheme}://127.0.0.1:{server.server_address[1]}", ca_file)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _with_tls(server: ThreadingHTTPServer, folder: Path) -> str:
    import trustme  # noqa: PLC0415 (only with TLS)

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    return str(ca_file)


def accept(_recorder: Recorder, _headers: Mapping[str, str], _where: str) -> None:
    """Take every answer."""


def refuse(_recorder: Recorder, headers: Mapping[str, str], where: str) -> None:
    """Take no answer that is marked as a stranger's.

    Raises:
        InconclusiveError: it is.
    """
    if headers.get("x-stranger"):
        raise InconclusiveError("identity", f"a stranger at {where}")
