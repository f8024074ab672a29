"""What a run records beside its results: proven controls, configuration, signatures."""

from __future__ import annotations

import hashlib

from tests.plugin.conftest import Inner, scenario
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
