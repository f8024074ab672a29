"""How reading a roadmap grows: time at 10,000 against 1,000 tasks, and peak memory.

Run ``python benchmarks/document_scale.py``; each size is measured in a process of its own. It
prints the CPU times in seconds, their ratio (10 is linear) and the peak memory in MB.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from pytest_roadmap.adapters.document import read_policy, read_roadmap

PROJECT = Path(__file__).parents[1]
SMALL, LARGE = 1_000, 10_000
ROUNDS = 3
COLUMNS = (
    "task_id",
    "status",
    "priority",
    "depends_on",
    "source_doc",
    "dod",
    "verification_level",
    "evidence_path",
    "owner",
    "target_gate",
    "세부 태스크",
)


def chain(count: int) -> bytes:
    """A document of tasks each of which depends on the one before it."""
    lines = ["### 3.1 WS-SEC (Security)", "", f"| {' | '.join(COLUMNS)} |", "|" + "---|" * 11]
    lines += [
        f"| SEC-{number:05d} | NotStarted | P0 | "
        f"{f'SEC-{number - 1:05d}' if number else '-'} | `.specs/plan.md#12.1`, `.specs/b.md` | "
        "`silver.dq_status` 권한 검증 통과 완료 조건을 충족하고 기록 | L3 | "
        f"`.agents/logs/verification/20260212_sec_{number}.log` | DataEng + Infra | G1 | "
        "1) 템플릿 확정<br>2) 자산 수집<br>3) 잠금 기록 |"
        for number in range(count)
    ]
    return "\n".join(lines).encode()


def measure(count: int) -> None:
    """Print the best time of some rounds and the peak memory of this process."""
    policy = replace(
        read_policy(PROJECT / ".roadmap" / "policy.yaml"), task_id_pattern=r"^SEC-\d+$"
    )
    content = chain(count)
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        reading = read_roadmap(content, policy)
        best = min(best, time.process_time() - started)
        if reading.roadmap is None or len(reading.roadmap.ordered()) != count:
            raise SystemExit(f"the chain of {count} tasks was not read")
    print(best, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    """Measure both sizes and print the ratio."""
    figures = []
    for count in (SMALL, LARGE):
        done = subprocess.run(
            [sys.executable, __file__, str(count)], check=True, capture_output=True, text=True
        )
        seconds, megabytes = map(float, done.stdout.split())
        figures.append(seconds)
        print(f"{count:>6} tasks: {seconds:.3f} s of CPU, peak {megabytes:.0f} MB")
    print(f"ratio of time {figures[1] / figures[0]:.1f} for {LARGE // SMALL} times the tasks")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(int(sys.argv[1]))
    else:
        main()
