"""What a run records beside its results: proven controls, configuration, signatures."""

from __future__ import annotations

import hashlib

import pytest

from pytest_roadmap.adapters.evidence.reading import load_folder
from pytest_roadmap.domain.validity import REAL_SCHEMA
from tests.plugin.conftest import DEV, Inner, scenario
from tests.unit.cli.provable import LOCK, prove, publish


def test_a_record_names_the_configuration_it_was_made_with(inner: Inner) -> None:
    """The policy is always part of it."""
    inner.feature("SEC-001", scenario(1))

    inner.run("-k", "SEC-001")

    (record,) = inner.evidence()
    policy = hashlib.sha256((inner.root / ".roadmap" / "policy.yaml").read_bytes()).hexdigest()
    assert record["runner"]["configuration"] == {"policy.yaml": f"sha256:{policy}"}


def test_a_record_counts_the_controls_that_the_lock_proves(inner: Inner) -> None:
    """With the commit that brought the lock; a broken lock proves nothing and stops no run."""
    feature = inner.feature("SEC-001", scenario(1))
    prove(inner.root, ["SEC-001.S1"], feature.relative_to(inner.root).as_posix())
    commit = publish(inner.root)

    inner.run("-k", "SEC-001")
    (inner.root / LOCK).write_text("{", "utf-8")
    inner.run("-k", "SEC-001")

    found = [record["scenarios"][0]["controls"] for record in inner.evidence()]
    assert found == [{"count": 1, "proven_at": commit}, {"count": 0, "proven_at": None}]


def test_a_scenario_that_rests_on_signatures_says_so(inner: Inner) -> None:
    """The step names what it found valid; the report shows it apart."""
    conftest = inner.root / "conftest.py"
    signed = (
        "@then('people signed it')\n"
        "def _signed(recorder): recorder.facts['attestations'] = ['AT-1']\n"
    )
    inner.write("conftest.py", conftest.read_text("utf-8") + signed)
    inner.feature("SEC-001", scenario(1, "Given a start", "Then people signed it"))

    inner.run("-k", "SEC-001")

    (record,) = inner.evidence()
    assert (record["scenarios"][0]["attested"], record["attestations"]) == (True, ["AT-1"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_real_record_keeps_the_allure_results_it_speaks_of(
    inner: Inner, workers: tuple[str, ...]
) -> None:
    """Beside it and under its id, whoever wrote them; an embedded one proves no task."""
    inner.write(".roadmap/environments/dev.yaml", DEV)
    publish(inner.root)
    inner.feature("SEC-001", scenario(1), scenario(2))

    inner.run("-k", "SEC-001", "--roadmap-env", "dev", *workers)

    folder = inner.root / ".agents" / "logs" / "verification"
    loaded = load_folder(folder, REAL_SCHEMA)
    (record,) = loaded.records
    kept = sorted(path.name for path in (folder / "allure" / record.record_id).iterdir())
    assert kept == sorted(f"{each}-result.json" for each in record.facts["allure"]["result_uuids"])
    assert (len(kept), loaded.problems) == (2, ())


def test_a_real_run_says_which_of_its_records_do_not_count(inner: Inner) -> None:
    """It would be no PASS at the gate, so it is none here; an embedded run proves checks only."""
    inner.write(".roadmap/environments/dev.yaml", DEV)
    publish(inner.root)
    inner.feature("SEC-001", scenario(1), scenario(2))

    result = inner.run("-k", "SEC-001", "--roadmap-env", "dev")

    result.stdout.fnmatch_lines(
        [
            "*= roadmap records =*",
            "records do not count yet: IDENTITY SEC-001: no live probe *",
            "records do not count yet: UNTRACKED_CODE SEC-001: * had changes *",
            "records do not count yet: CONTROLS_UNPROVEN SEC-001: *SEC-001.S1* (and 1 more)",
        ]
    )
    assert "do not count" not in inner.run("-k", "SEC-001").stdout.str()


def test_a_lock_that_cannot_be_read_proves_nothing_of_a_real_run(inner: Inner) -> None:
    """The run ends with its verdict all the same."""
    inner.write(".roadmap/environments/dev.yaml", DEV)
    inner.feature("SEC-001", scenario(1))
    (inner.root / LOCK).write_text("{", "utf-8")
    publish(inner.root)

    result = inner.run("-k", "SEC-001", "--roadmap-env", "dev")

    result.stdout.fnmatch_lines(
        ["records do not count yet: CONTROLS_UNPROVEN *controls.lock.json: *"]
    )
