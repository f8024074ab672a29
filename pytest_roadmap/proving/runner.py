"""Runs the cases of a proof side by side and hands over each judgement as it falls."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from pytest_roadmap.domain.controls import Proof
from pytest_roadmap.proving.worker import Case, open_desk, run_case

WORK_DIR = Path("build") / "embedded" / "prove"


class ProvingError(Exception):
    """The proof broke off: no world could be opened, or a worker died."""


def run_cases(root: Path, cases: Sequence[Case], jobs: int) -> Iterator[tuple[Case, Proof, str]]:
    """Each case with its judgement and pytest's last words, in the order in which they end.

    Args:
        root: the project; the workers write below ``build/embedded/prove``.
        cases: what to run; each starts from a fresh world.
        jobs: how many run at a time, each with a server of its own.

    Raises:
        ProvingError: a worker could not start, or ended.
    """
    work_dir = root / WORK_DIR / str(os.getpid())
    pool = ProcessPoolExecutor(
        max_workers=max(1, min(jobs, len(cases))),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=open_desk,
        initargs=(root, work_dir),
    )
    waiting: dict[Future[tuple[Proof, str]], Case] = {
        pool.submit(run_case, case): case for case in cases
    }
    try:
        for done in as_completed(waiting):
            proof, printed = done.result()
            yield waiting[done], proof, printed
    except BrokenProcessPool as error:
        raise ProvingError(
            "a worker ended early: its embedded cloud did not start, or the process was killed"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        shutil.rmtree(work_dir, ignore_errors=True)
