"""``roadmap serve``: the embedded cloud on its own, for any client."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

_USAGE = 4
_POLL_S = 0.2


def register(subparsers: Any) -> None:
    """Add the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "serve",
        help="run the embedded cloud, with its repository and people, until Ctrl-C",
        description="Starts a fresh embedded cloud and prints one JSON line: its URLs, tokens,"
        " state and repository. It listens on this machine only.",
    )
    parser.add_argument("--port", type=_port, default=0, help="of the Databricks side (any)")
    parser.add_argument(
        "--latency-ms", type=_milliseconds, default=0, metavar="N", help="added to every answer"
    )
    parser.add_argument(
        "--faults", default="", metavar="ID,...", help="faults that are on from the beginning"
    )
    parser.add_argument(
        "--state-dir", type=Path, metavar="DIR", help="where it writes (build/embedded/serve)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted; 0 then, 4 if the server cannot start, 1 if it ends by itself."""
    from pytest_roadmap.composition import CompositionError, start_embedded  # noqa: PLC0415
    from pytest_roadmap.composition.cloud import WORK_DIR  # noqa: PLC0415

    root = Path.cwd()
    work_dir = args.state_dir or root / WORK_DIR / "serve"
    faults = [name for name in (part.strip() for part in args.faults.split(",")) if name]
    ended = _EndRequest()
    try:
        cloud = start_embedded(
            root,
            work_dir,
            port=args.port,
            faults=faults,
            latency_ms=args.latency_ms,
        )
    except (CompositionError, OSError) as error:
        print(f"roadmap serve: {error}", file=sys.stderr)
        return _USAGE
    try:
        print(json.dumps(cloud.connection, ensure_ascii=False), flush=True)
        while not ended.asked:
            if cloud.process.poll() is not None:
                print("roadmap serve: the embedded cloud ended by itself", file=sys.stderr)
                return 1
            time.sleep(_POLL_S)
    finally:
        cloud.stop()
    return 0


class _EndRequest:
    """Becomes true on Ctrl-C and on SIGTERM; a second Ctrl-C interrupts at once."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        if self.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = True


def _port(text: str) -> int:
    number = _whole(text)
    if number > 65535:  # noqa: PLR2004 (the largest port)
        raise argparse.ArgumentTypeError(f"{text} is no port")
    return number


def _milliseconds(text: str) -> int:
    return _whole(text)


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)
