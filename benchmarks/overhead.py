"""What this plugin costs: CPU time and peak memory against pytest-bdd + allure-pytest-bdd.

    python benchmarks/overhead.py [--sizes 500 5000] [--rounds 3] [--work build/benchmark]

Generates one project of N scenarios with three steps each, in two dresses: as a roadmap for this
plugin (Allure results and evidence on), and as an ordinary pytest-bdd project. The rivals run in a
virtual environment of their own below the work directory, with the same versions of pytest and
pytest-bdd. Runs are interleaved; CPU time is user + system of the whole child process, and the
median of the rounds counts. A work directory in memory (``--work /dev/shm/benchmark``) leaves the
disk out.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from itertools import pairwise
from pathlib import Path

PER_FEATURE = 4
OURS = "pytest-roadmap"
RIVAL = "pytest-bdd + allure-pytest-bdd"
ALONE = "pytest-bdd alone"
#: Plugins of pytest that take part in the runs of this plugin.
TAKING_PART = {"pytest-bdd", "allure_pytest", "roadmap"}

POLICY = """\
schema: roadmap-policy/1
gates:
  G1:
    requires: []
    never_waive: []
    signature_required: false
    signoff_roles: []
    waiver_approvers: []
task_id_pattern: '^BEN-\\d{4}$'
required_kinds: {L1: [dev, rehearsal, prod]}
task_kinds: {}
freshness:
  l1_document_d: 35
  weekly_d: 8
  monthly_d: 35
  state_gate_d: 7
  state_done_d: 30
  event_gate_d: 45
  event_done_d: 90
  one_off_gate_d: 30
waivers: {max_per_gate: 2, max_days: 45, max_renewals: 1}
qa: {dedupe_threshold: 50, subtask_threshold: 80, subtask_min_tokens: 4, allow_untracked: []}
attestation: {default_expiry_d: 90}
protected_branch: main
"""

HEADER = (
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

STEPS = """\
from pytest_bdd import given, parsers, then, when


@given(parsers.parse('the number "{number:d}"'), target_fixture="number")
def the_number(number):
    return number


@when("it is doubled", target_fixture="result")
def it_is_doubled(number):
    return number * 2

"""
OUR_THEN = """
@then(parsers.parse('the result is "{wanted:d}"'))
def the_result_is(result, wanted, expect):
    expect.equal("the result is the double", wanted, result)
"""
RIVAL_THEN = """
@then(parsers.parse('the result is "{wanted:d}"'))
def the_result_is(result, wanted):
    assert wanted == result
"""


@dataclass(frozen=True)
class Run:
    """What one run of pytest used: CPU seconds, and peak resident memory in MiB."""

    cpu: float
    memory: float


@dataclass(frozen=True)
class Variant:
    """One way to run the scenarios, and how many results it must leave behind."""

    name: str
    project: Path
    command: tuple[str, ...]
    results: Path | None


def task_ids(count: int) -> Iterator[tuple[str, range]]:
    """Each task with the numbers of its scenarios."""
    for index, first in enumerate(range(0, count, PER_FEATURE)):
        yield f"BEN-{index:04d}", range(first, min(first + PER_FEATURE, count))


def feature_text(task_id: str, numbers: range) -> str:
    """The feature of one task; both dresses hold the same text."""
    lines = [f"@{task_id}", f"Feature: Doubling {task_id}", f"  numbers of {task_id} double", ""]
    for place, number in enumerate(numbers, start=1):
        lines += [
            f"  @S{place} @sub-{place} @RO @required",
            f"  Scenario: Number {number} doubles",
            f"    {place}) double {number}",
            "",
            f'    Given the number "{number}"',
            "    When it is doubled",
            f'    Then the result is "{number * 2}"',
            "",
        ]
    return "\n".join(lines)


def document_text(count: int) -> str:
    """The roadmap document of our dress."""
    lines = [
        "# Roadmap",
        "",
        "### 3.1 WS-BEN (Benchmark)",
        "",
        "| " + " | ".join(HEADER) + " |",
        "|" + "---|" * len(HEADER),
    ]
    for task_id, numbers in task_ids(count):
        parts = "<br>".join(f"{n}) double {number}" for n, number in enumerate(numbers, start=1))
        slot = f"`.agents/logs/verification/20260212_{task_id.lower().replace('-', '_')}.log`"
        dod = f"numbers of {task_id} double"
        cells = (task_id, "NotStarted", "P1", "-", "`.specs/benchmark.md`", dod, "L1", slot)
        lines.append("| " + " | ".join((*cells, "Platform", "G1", parts)) + " |")
    return "\n".join(lines) + "\n"


def generate(root: Path, count: int, *, roadmap: bool) -> None:
    """Write one dress of the project."""
    shutil.rmtree(root, ignore_errors=True)
    folder = root / "features" / "ben"
    folder.mkdir(parents=True)
    tags = ["RO", "required"]
    tags += [f"{kind}{n}" for n in range(1, PER_FEATURE + 1) for kind in ("S", "sub-")]
    for task_id, numbers in task_ids(count):
        text = feature_text(task_id, numbers)
        (folder / f"{task_id}.feature").write_text(text, encoding="utf-8")
        tags.append(task_id)
    if roadmap:
        (root / ".roadmap").mkdir()
        document = root / ".roadmap" / "implementation_roadmap.md"
        document.write_text(document_text(count), encoding="utf-8")
        (root / ".roadmap" / "policy.yaml").write_text(POLICY, encoding="utf-8")
        (root / "conftest.py").write_text(STEPS + OUR_THEN, encoding="utf-8")
        (root / "pytest.ini").write_text("[pytest]\ntestpaths = features\n", encoding="utf-8")
    else:
        (root / "conftest.py").write_text(STEPS + RIVAL_THEN, encoding="utf-8")
        module = 'from pytest_bdd import scenarios\n\nscenarios("features")\n'
        (root / "test_features.py").write_text(module, encoding="utf-8")
        markers = "".join(f"    {tag}\n" for tag in tags)
        (root / "pytest.ini").write_text(f"[pytest]\nmarkers =\n{markers}", encoding="utf-8")


def rival_python(work: Path) -> Path:
    """The interpreter of the rivals' environment, made by pip at first."""
    home = work / "rival-venv"
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
        wanted = [f"{name}=={metadata.version(name)}" for name in ("pytest", "pytest-bdd")]
        wanted.append(f"allure-pytest-bdd=={metadata.version('allure-pytest')}")
        subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
    return python


def variants(work: Path, count: int) -> tuple[Variant, ...]:
    """The three ways to run, over freshly generated projects."""
    ours, rival = work / f"roadmap-{count}", work / f"plain-{count}"
    generate(ours, count, roadmap=True)
    generate(rival, count, roadmap=False)
    found = {point.name for point in metadata.entry_points(group="pytest11")}
    blocked = [part for name in sorted(found - TAKING_PART) for part in ("-p", f"no:{name}")]
    common = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
    other = str(rival_python(work))
    return (
        Variant(
            OURS,
            ours,
            (sys.executable, *common, *blocked),
            ours / "build" / "embedded" / "allure-results",
        ),
        Variant(RIVAL, rival, (other, *common, "--alluredir", "results"), rival / "results"),
        Variant(ALONE, rival, (other, *common, "-p", "no:allure_pytest_bdd"), None),
    )


def measure(variant: Variant, count: int) -> Run:
    """Run once.

    Raises:
        SystemExit: it did not end well, or left another number of results than scenarios.
    """
    for leftover in ("build", "results"):
        shutil.rmtree(variant.project / leftover, ignore_errors=True)
    log = variant.project / "output.txt"
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # or nobody would find compiled modules
    with log.open("wb") as output:
        process = subprocess.Popen(
            variant.command,
            cwd=variant.project,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    left = len(list(variant.results.glob("*-result.json"))) if variant.results else count
    if process.returncode != 0 or left != count:
        print(log.read_text(encoding="utf-8")[-4000:])
        raise SystemExit(
            f"{variant.name}: exit status {process.returncode}, {left} results of {count}"
        )
    return Run(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def compare(work: Path, count: int, rounds: int) -> dict[str, Run]:
    """The median of each way to run, after one round that warms caches up."""
    runs: dict[str, list[Run]] = {}
    ways = variants(work, count)
    for number in range(rounds + 1):
        for variant in ways[number % len(ways) :] + ways[: number % len(ways)]:
            run = measure(variant, count)
            if number:
                runs.setdefault(variant.name, []).append(run)
    return {
        name: Run(
            statistics.median(run.cpu for run in found),
            statistics.median(run.memory for run in found),
        )
        for name, found in runs.items()
    }


def report(count: int, medians: dict[str, Run]) -> None:
    """Print the figures and how they relate."""
    print(f"\n{count} scenarios of 3 steps, {-(-count // PER_FEATURE)} tasks")
    for name in (OURS, RIVAL, ALONE):
        run = medians[name]
        print(f"  {name:32} CPU {run.cpu:7.2f} s   peak {run.memory:7.1f} MiB")
    for name in (RIVAL, ALONE):
        cpu = medians[OURS].cpu / medians[name].cpu
        memory = medians[OURS].memory / medians[name].memory
        print(f"  ratio to {name:32} CPU {cpu:5.2f}   memory {memory:5.2f}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the sizes asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[500, 5000], metavar="N")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=Path("build/benchmark"))
    options = parser.parse_args(arguments)
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    measured = {count: compare(work, count, options.rounds) for count in options.sizes}
    for count, medians in measured.items():
        report(count, medians)
    sizes = sorted(measured)
    for small, large in pairwise(sizes):
        growth = measured[large][OURS].cpu / measured[small][OURS].cpu
        print(f"\n{large / small:.0f} times the scenarios take {growth:.1f} times the CPU")


if __name__ == "__main__":
    main()
