"""Runs the cases of a proof side by side and hands over each judgement as it falls."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import traceback
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

from pytest_roadmap.composition.extra import missing_packages
from pytest_roadmap.domain.controls import Proof, not_judged
from pytest_roadmap.proving.case import Case
from pytest_roadmap.proving.worker import DeskError, open_desk, run_case

WORK_DIR = Path("build") / "embedded" / "prove"
_STOP_LIMIT_S = 5.0
_Result = tuple[Proof, str]


class ProvingError(Exception):
    """The proof broke off: no world could be opened or put back, or a worker died."""


def run_cases(root: Path, cases: Sequence[Case], jobs: int) -> Generator[tuple[Case, Proof, str]]:
    """Each case with its judgement and pytest's last words, in the order in which they end.

    Left early, it ends its workers and their servers at once. Nothing stays on disk.

    Args:
        root: the project; the workers write below ``build/embedded/prove``.
        cases: what to run; each starts from a fresh world.
        jobs: how many run at a time, each with a server of its own.

    Raises:
        ProvingError: a worker could not start, or ended.
    """
    if missing := missing_packages():
        raise ProvingError(
            f"the embedded cloud needs {', '.join(missing)}, which this Python does not have:"
            " run pip install 'pytest-roadmap[embedded]'"
        )
    _sweep(root / WORK_DIR)
    work_dir = root / WORK_DIR / str(os.getpid())
    pool = ProcessPoolExecutor(
        max_workers=max(1, min(jobs, len(cases))),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=open_desk,
        initargs=(root, work_dir),
    )
    others = set(multiprocessing.active_children())
    finished = False
    try:
        with _deaf_to(signal.SIGINT):  # the workers inherit it: it is this process that ends them
            waiting = {pool.submit(run_case, case): case for case in cases}
        for done in as_completed(waiting):
            yield waiting[done], *_result(done, waiting[done])
        finished = True
    finally:
        with _deaf_to(signal.SIGINT, signal.SIGTERM):
            if not finished:
                _end(set(multiprocessing.active_children()) - others)
            pool.shutdown(wait=True, cancel_futures=True)
            shutil.rmtree(work_dir, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Take away what killed proofs left; each wrote to a folder named by its process id."""
    for left in folder.glob("[0-9]*"):
        try:
            os.kill(int(left.name), 0)  # asks only whether it is there
        except ProcessLookupError:
            shutil.rmtree(left, ignore_errors=True)
        except (PermissionError, ValueError, OverflowError):
            continue


def _result(done: Future[_Result], case: Case) -> _Result:
    error = done.exception()
    if error is None:
        return done.result()
    if isinstance(error, DeskError):
        raise ProvingError(str(error)) from error
    if isinstance(error, BrokenProcessPool):
        raise ProvingError("a worker was killed, or could not start") from error
    reason = f"the harness broke: {type(error).__name__}: {error}"
    printed = "".join(traceback.format_exception(error))
    return not_judged(case.scenario_id, case.control, reason), printed


def _end(workers: set[BaseProcess]) -> None:
    """Let each stop its server; whoever does not is killed, which its server notices."""
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.join(_STOP_LIMIT_S)
        if worker.is_alive():
            worker.kill()


@contextmanager
def _deaf_to(*numbers: signal.Signals) -> Iterator[None]:
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
