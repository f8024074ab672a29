"""The server process: two listeners on the loopback address, one cloud.

It prints one JSON line when both listen. It ends on SIGTERM or SIGINT, and with its parent: when
standard input is a pipe (or ``--exit-with-parent`` is given) and that pipe closes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import json
import os
import secrets
import signal
import socket
import ssl
import stat
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded import seed
from pytest_roadmap.embedded.cloud import Cloud
from pytest_roadmap.embedded.faults import UnknownFaultError, activate, split_faults

if TYPE_CHECKING:
    from collections.abc import Sequence

    import uvicorn
    from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"
_FAILED = 1


class StartError(Exception):
    """The server cannot start; the message says why."""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What the command line says. Ports 0 are chosen by the system."""

    host: str = LOOPBACK
    port: int = 0
    azure_port: int = 0
    state_dir: Path | None = None
    faults: tuple[str, ...] = ()
    latency_ms: int = 0
    exit_with_parent: bool = False


def parse_arguments(argv: Sequence[str] | None = None) -> ServerOptions:
    """The options of ``python -m pytest_roadmap.embedded``."""
    parser = argparse.ArgumentParser(prog="python -m pytest_roadmap.embedded")
    parser.add_argument("--host", default=LOOPBACK, help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="Databricks side, http")
    parser.add_argument("--azure-port", type=int, default=0, help="Azure side, https")
    parser.add_argument("--state-dir", type=Path, help="where certificate and files go")
    parser.add_argument("--faults", default="", help="fault ids, comma separated")
    parser.add_argument("--latency-ms", type=int, default=0, help="added to every answer")
    parser.add_argument("--exit-with-parent", action="store_true", help="end when stdin closes")
    found = parser.parse_args(argv)
    return ServerOptions(
        found.host,
        found.port,
        found.azure_port,
        found.state_dir,
        split_faults(found.faults),
        found.latency_ms,
        found.exit_with_parent,
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on a loopback address.

    Raises:
        StartError: not a loopback address, or the port cannot be had.
    """
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise StartError(f"{host} is not a loopback address; the embedded cloud stays on this host")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named so that asyncio recognises TCP and switches Nagle off (40 ms a call).
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(128)
    except (OSError, OverflowError) as error:
        found.close()
        raise StartError(f"cannot listen on {host}:{port}: {error}") from error
    return found


def state_directory(wanted: Path | None) -> Path:
    """The directory of this server's files, made if needed; by default below ``build/embedded``."""
    if wanted is None:
        base = Path("build") / "embedded"
        base.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix="state-", dir=base)).resolve()
    wanted.mkdir(parents=True, exist_ok=True)
    return wanted.resolve()


def make_certificate(directory: Path) -> tuple[ssl.SSLContext, Path]:
    """A fresh authority, a certificate for this host, and the file clients have to trust."""
    import trustme  # noqa: PLC0415 - imported by the server process only

    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    leaf = authority.issue_cert("localhost", LOOPBACK, "::1", key_type=trustme.KeyType.ECDSA)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    ca_file = directory / "ca.pem"
    ca_file.write_bytes(authority.cert_pem.bytes())
    return context, ca_file


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read; it is never wider open, not even for a moment."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def connection_line(cloud: Cloud, urls: tuple[str, str], ca_file: Path) -> dict[str, Any]:
    """What a client needs to connect."""
    return {
        "databricks_url": urls[0],
        "azure_url": urls[1],
        "ca_file": str(ca_file),
        "workspace_id": str(cloud.state.workspace_id),
        "warehouse_id": seed.WAREHOUSE,
        "tokens": seed.tokens_by_role(cloud.state),
        "admin_token": cloud.admin_token,
        "state_id": cloud.state_id,
        "clock_offset_s": cloud.state.clock_offset_s,
    }


def make_cloud(options: ServerOptions) -> Cloud:
    """A freshly seeded cloud with the faults of the command line.

    Raises:
        StartError: an unknown fault.
    """
    cloud = Cloud(seed.build_state(), admin_token=f"embedded-admin-{secrets.token_urlsafe(24)}")
    try:
        cloud.state.faults = activate(options.faults)
    except UnknownFaultError as error:
        raise StartError(str(error)) from error
    return cloud


def serve(options: ServerOptions) -> None:
    """Serve until told to end.

    Raises:
        StartError: the server cannot start.
    """
    cloud = make_cloud(options)
    sockets = (listen(options.host, options.port), listen(options.host, options.azure_port))
    directory = state_directory(options.state_dir)
    context, ca_file = make_certificate(directory)
    ports = tuple(item.getsockname()[1] for item in sockets)
    name = f"[{options.host}]" if ":" in options.host else options.host
    urls = (f"http://{name}:{ports[0]}", f"https://{name}:{ports[1]}")
    connection = connection_line(cloud, urls, ca_file)
    applications = _applications(cloud, options, connection)
    _load_rows(cloud)
    line = json.dumps(connection)
    write_private(directory / "server.json", line + "\n")
    asyncio.run(_run(applications, sockets, context, line, watch_parent=_has_parent_pipe(options)))


def _applications(
    cloud: Cloud, options: ServerOptions, connection: dict[str, Any]
) -> tuple[ASGIApp, ASGIApp]:
    from pytest_roadmap.embedded.application import Side, build  # noqa: PLC0415 - web frameworks
    from pytest_roadmap.embedded.azure import front as azure  # noqa: PLC0415
    from pytest_roadmap.embedded.databricks.front import Front  # noqa: PLC0415

    latency = options.latency_ms / 1000
    databricks = Side(cloud, Front().service(), latency, connection)
    return build(databricks), build(Side(cloud, azure.service(), latency))


def _load_rows(cloud: Cloud) -> None:
    from pytest_roadmap.embedded.databricks.statements import service_of  # noqa: PLC0415 - sqlglot
    from pytest_roadmap.embedded.seed_tables import TABLES  # noqa: PLC0415

    engine = service_of(cloud).engine
    for full_name, _, rows in TABLES:
        engine.load(full_name, rows)


def _has_parent_pipe(options: ServerOptions) -> bool:
    if options.exit_with_parent:
        return True
    try:
        return stat.S_ISFIFO(os.fstat(0).st_mode)
    except OSError:
        return False


async def _run(
    applications: tuple[ASGIApp, ASGIApp],
    sockets: tuple[socket.socket, socket.socket],
    context: ssl.SSLContext,
    line: str,
    *,
    watch_parent: bool,
) -> None:
    servers = [_server(applications[0], None), _server(applications[1], context)]
    loop = asyncio.get_running_loop()

    def end() -> None:
        for server in servers:
            server.should_exit = server.force_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    tasks = [
        asyncio.create_task(server.serve(sockets=[sock]))
        for server, sock in zip(servers, sockets, strict=True)
    ]
    while not all(server.started for server in servers):  # noqa: ASYNC110 - uvicorn has no event
        await asyncio.sleep(0.005)
    print(line, flush=True)  # noqa: T201 - the line is the interface
    if watch_parent:
        threading.Thread(target=_wait_for_parent, args=(loop, end), daemon=True).start()
    await asyncio.gather(*tasks)


def _wait_for_parent(loop: asyncio.AbstractEventLoop, end: Any) -> None:
    while os.read(0, 4096):
        pass
    with contextlib.suppress(RuntimeError):  # the loop may be gone already
        loop.call_soon_threadsafe(end)


def _server(application: ASGIApp, context: ssl.SSLContext | None) -> uvicorn.Server:
    import uvicorn  # noqa: PLC0415 - imported by the server process only

    from pytest_roadmap.embedded.protocol import QuietServer, TransportProtocol  # noqa: PLC0415

    config = uvicorn.Config(
        application,
        http=TransportProtocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        ssl_context_factory=(lambda _config, _default: context) if context else None,
    )
    return QuietServer(config)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the server; 0 when it ended as asked, 1 when it could not start."""
    try:
        serve(parse_arguments(argv))
    except StartError as error:
        print(f"embedded cloud: {error}", file=sys.stderr)  # noqa: T201 - the reason, for people
        return _FAILED
    return 0
