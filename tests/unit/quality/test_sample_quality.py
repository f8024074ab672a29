"""The generated repository passes QA-01 to QA-05, and each of them notices what breaks it."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pytest_roadmap.composition.quality import QualityReport, judge_quality
from pytest_roadmap.domain.gate import CheckResult
from pytest_roadmap.rehearsal import generate_repository

ROOT = Path(__file__).parents[3]
CONNECTION = {
    "databricks_url": "http://127.0.0.1:8001",
    "azure_url": "https://127.0.0.1:8002",
    "warehouse_id": "wh-embedded-1",
}
ROADMAP = ".roadmap/implementation_roadmap.md"
PLAN = ".specs/cloud/cloud_migration_rebuild_plan.md"
MONITORING = ".specs/ops/azure_monitoring_integration_plan.md"
ITEM = "<!-- item: AMI-M1-01 --> <!-- roadmap: MON-001 -->"
DOD = "`audit_cloud_state.sh`로 자산 실측값 수집 후 handoff 목록과 불일치 0건"
CORE = (
    "Core Execution Alerts 4종(Job failure, success delay, retry exhausted, cluster start/timeout)"
    " 생성 완료"
)
SCOPE = "Key Vault Secret Scope 접근 검증 및 rotation 절차 확인"
#: Check, case of rules c.6, code, file, text and what stands there instead.
BROKEN = [
    ("QA-01", "N1", "UNMAPPED", MONITORING, ITEM, ""),
    ("QA-01", "N2", "MULTI_MAPPED", MONITORING, "roadmap: MON-001", "roadmap: MON-001, SEC-002"),
    ("QA-01", "N3", "UNKNOWN_TASK", MONITORING, "roadmap: MON-001", "roadmap: MON-099"),
    ("QA-01", "N5", "ORPHAN_TASK", MONITORING, "- [ ] 진단로그 Log Analytics 연결 " + ITEM, ""),
    ("QA-02", "N3", "SAME_DOD", ROADMAP, CORE, DOD),
    ("QA-02", "N4", "CANDIDATE_OPEN", ROADMAP, CORE, SCOPE),
    ("QA-02", "N5", "ADJUDICATION_STALE", ROADMAP, "분리 유지 |", "분리하여 유지 |"),
    ("QA-02", "N6", "DUPLICATE", ".roadmap/dedupe.yaml", "verdict: distinct", "verdict: duplicate"),
    ("QA-03", "N2", "REF_PATH", ROADMAP, "`configs/dev.yaml`, `", "`configs/Dev.yaml`, `"),
    ("QA-03", "N4", "REF_SECTION", PLAN, "## 12.1 Order", "## 12.9 Order"),
    ("QA-03", "N5", "REF_TAG", MONITORING, "## 4. M3 Workbook", "## 4. Workbook"),
    ("QA-03", "N6", "REF_TAG", ".specs/decision_open_items.md", "| D-018 |", "| D-999 |"),
    ("QA-04", "N1", "PLACEHOLDER", ROADMAP, f"| {DOD} |", "| TBD |"),
    ("QA-05", "N1", "PHASE_UNMAPPED", ROADMAP, "## 7) 참조", "Phase 14 이후\n\n## 7) 참조"),
    ("QA-05", "N4", "PHASE_TARGET", ROADMAP, "WS-MON(M4), WS-GOV |", "WS-MON(M4), WS-OPS |"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    now = datetime.now(UTC)
    folder = tmp_path_factory.mktemp("base")
    return generate_repository(folder, CONNECTION, lambda: now, root=ROOT)


@pytest.fixture
def repository(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    return Path(shutil.copytree(made, tmp_path / "repository", symlinks=True))


def judge(repository: Path) -> QualityReport:
    return judge_quality(repository, repository / ROADMAP)


def edit(repository: Path, path: str, old: str, new: str) -> None:
    text = (repository / path).read_text("utf-8")
    assert text.count(old) == 1
    (repository / path).write_text(text.replace(old, new), "utf-8")


def test_the_generated_repository_passes_every_check(made: Path) -> None:
    """Its documents, mappings and adjudications belong to the roadmap as it is."""
    report = judge(made)

    assert report.findings == ()
    assert list(report.results) == [f"QA-0{number}" for number in range(1, 6)]
    assert set(report.results.values()) == {CheckResult.PASS}


@pytest.mark.parametrize(
    ("check", "code", "path", "old", "new"),
    [(check, *rest) for check, _, *rest in BROKEN],
    ids=[f"{each[0]}.{each[1]}" for each in BROKEN],
)
def test_what_breaks_it_fails_its_check(
    repository: Path, check: str, code: str, path: str, old: str, new: str
) -> None:
    """The controls of rules c.6, each found by its own check."""
    edit(repository, path, old, new)

    report = judge(repository)

    assert report.results[check] is CheckResult.FAIL
    assert code in {each.code for each in report.findings if each.check == check}


def test_a_missing_source_document_is_no_pass(repository: Path) -> None:
    """QA-01 cannot tell, and QA-03 names the path."""
    (repository / MONITORING).unlink()

    report = judge(repository)

    assert report.results["QA-01"] is CheckResult.INCONCLUSIVE
    assert report.results["QA-03"] is CheckResult.FAIL


def test_a_closed_item_alone_is_a_warning(repository: Path) -> None:
    """Control N6 of QA-01 keeps the pass."""
    edit(repository, MONITORING, "- [ ] 진단로그", "- [x] 진단로그")

    assert judge(repository).results["QA-01"] is CheckResult.PASS


def test_names_that_are_no_mention_pass(repository: Path) -> None:
    """Control N5 of QA-05: file names and section numbers are no phases."""
    edit(repository, ROADMAP, "## 7) 참조", "phase7_x.md, cloud rebuild 12/12.1\n\n## 7) 참조")

    assert judge(repository).results["QA-05"] is CheckResult.PASS


@pytest.mark.parametrize("name", ["dedupe.yaml", "source_items.yaml"])
def test_an_unreadable_register_fails_its_check(repository: Path, name: str) -> None:
    """Named with the file."""
    (repository / ".roadmap" / name).write_text("- {", "utf-8")

    report = judge(repository)

    assert CheckResult.FAIL in report.results.values()
    assert any(each.file == f".roadmap/{name}" for each in report.findings)


@pytest.mark.parametrize("name", ["policy.yaml", "implementation_roadmap.md"])
def test_what_cannot_be_read_at_all_fails(repository: Path, name: str) -> None:
    """No other check is asked then, which is no pass either."""
    (repository / ".roadmap" / name).write_bytes(b"\xff\x00")

    report = judge(repository)

    assert report.results == {"QA-04": CheckResult.FAIL}
    assert report.findings


def test_a_heading_that_was_renumbered_is_suggested(repository: Path) -> None:
    """By the title that the number had when it was committed; it stays an error."""
    edit(repository, PLAN, "## 12.1 Order of the checks", "## 13 Order of all the checks")

    found = [each.message for each in judge(repository).findings if each.code == "REF_SECTION"]

    assert found
    assert all("its heading may be #13 (Order of all the checks) now" in each for each in found)


def test_a_title_that_is_gone_is_not_suggested(repository: Path) -> None:
    """No other heading is taken for it."""
    edit(repository, PLAN, "## 12.1 Order of the checks", "## 13 Xyzzy")

    found = [each.message for each in judge(repository).findings if each.code == "REF_SECTION"]

    assert found
    assert not any("may be" in each for each in found)


def test_a_name_composed_in_another_way_is_the_same_file(repository: Path) -> None:
    """macOS keeps the letters of a file name apart (NFD); the document writes them whole."""
    apart = "\u1100\u1161.md"
    (repository / ".specs" / apart).write_text("# A\n", "utf-8")
    subprocess.run(["git", "add", ".specs"], cwd=repository, check=True)
    edit(repository, ROADMAP, "`.specs/data_contract.md` |", "`.specs/\uac00.md` |")

    assert not [each for each in judge(repository).findings if each.code == "REF_PATH"]
