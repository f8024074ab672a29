"""Each rule of d.4 that holds a record against its surroundings, broken one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.evidence import ProvenControls, Record
from pytest_roadmap.domain.identity import EMBEDDED_TENANT
from pytest_roadmap.domain.outcome import Outcome
from pytest_roadmap.domain.provenance import (
    Asked,
    Reach,
    Surroundings,
    attestation_ids,
    input_digests,
    resource_changes,
    shortcomings,
)
from pytest_roadmap.domain.validity import Failure, Unjudged, ValidityFailure
from tests.unit.domain_cases import record as made

COMMIT = "c" * 40
HOST = "https://adb-1.1.azuredatabricks.net"
BINDINGS: dict[str, Any] = {
    "workspace": {"host": HOST, "workspace_id": "1"},
    "azure": {"tenant_id": "t-1", "subscription_id": "s-1"},
    "auth": {"harness": {"client_id": "app-1"}},
}
PROD = Environment("prod", "prod", BINDINGS, ".roadmap/environments/prod.yaml")
AROUND = Surroundings(
    environments={"prod": PROD},
    commits={COMMIT: Reach(reached=True)},
    inputs={"a.md": "11"},
    proven={"A-1.S1": 3},
    attestations={"AT-1": "", "AT-2": "EXPIRED: it expired"},
)
LIVE = Asked(("prod", "rehearsal"), documents_only=False)
DOCUMENTS = Asked(("prod",), documents_only=True)
FACTS: dict[str, Any] = {
    "environment": {
        "name": "prod",
        "kind": "prod",
        "tenant_id": "t-1",
        "subscription_id": "s-1",
        "workspace_id": "1",
        "workspace_host": HOST,
        "probe": {"arm_request_id": "a", "databricks_request_id": "d"},
    },
    "principal": {"app_id": "app-1"},
    "tls": {"hosts": ["https://management.azure.com", HOST], "authorities": "default"},
    "inputs": [{"path": "a.md", "sha256": "sha256:11"}],
}


def valid(**changes: Any) -> Record:
    """A record of a live platform that breaks no rule."""
    record = made(1, {"A-1.S1": "pass"}, kind="prod")
    scenarios = (replace(record.scenarios[0], controls=ProvenControls(3, COMMIT)),)
    base: dict[str, Any] = {
        "scenarios": scenarios,
        "runner": {"git_commit": COMMIT, "tree_clean": True},
        "facts": FACTS,
    }
    return replace(record, **(base | changes))


def facts(**changes: Any) -> Record:
    """The same with other facts; None leaves one out."""
    found = {key: value for key, value in (FACTS | changes).items() if value is not None}
    return valid(facts=found)


def environment(**changes: Any) -> Record:
    """The same as another platform would have answered."""
    return facts(environment=FACTS["environment"] | changes)


def words(record: Record, asked: Asked = LIVE, around: Surroundings = AROUND) -> list[str]:
    """The failure words, in the order of the rules."""
    found = shortcomings(record, asked, around)
    return [str(each.failure) if isinstance(each, ValidityFailure) else "?" for each in found]


def test_a_record_that_breaks_no_rule_counts() -> None:
    """On a live platform, and for documents."""
    assert not shortcomings(valid(), LIVE, AROUND)
    assert not shortcomings(facts(environment=None, tls=None), DOCUMENTS, AROUND)


def test_another_kind_of_environment_does_not_count() -> None:
    """The kinds that do are named."""
    (failure,) = shortcomings(valid(), Asked(("dev", "rehearsal"), documents_only=False), AROUND)

    assert isinstance(failure, ValidityFailure)
    assert failure.failure is Failure.KIND
    assert failure.reason.endswith("only dev, rehearsal")


@pytest.mark.parametrize(
    "record",
    [
        environment(tenant_id="t-2"),
        environment(subscription_id="s-2"),
        environment(workspace_id="2"),
        environment(workspace_host="https://adb-2.2.azuredatabricks.net"),
        environment(probe={"databricks_request_id": "d"}),
        environment(probe={"arm_request_id": "a", "databricks_request_id": ""}),
        environment(probe=None),
        facts(environment=None),
        facts(environment="prod"),
        facts(principal={"app_id": "app-2"}),
        facts(embedded_answer=True),
        facts(tls=None),
        facts(tls={"hosts": [], "authorities": "default"}),
        facts(tls={"hosts": [HOST], "authorities": "REQUESTS_CA_BUNDLE"}),
        facts(tls={"hosts": ["https://example.org"], "authorities": "default"}),
        facts(tls={"hosts": [HOST.replace("https", "http")], "authorities": "default"}),
        facts(tls={"hosts": ["https://azuredatabricks.net.example.org"], "authorities": "default"}),
        facts(tls={"hosts": [7], "authorities": "default"}),
        facts(tls="default"),
    ],
)
def test_a_platform_that_was_not_proven_is_no_platform(record: Record) -> None:
    """Bindings, live probes, hosts and certificates: each alone is enough."""
    assert set(words(record)) == {"IDENTITY"}


def test_the_tenant_of_the_embedded_cloud_is_nobodys() -> None:
    """Even where a file binds it."""
    azure = {"tenant_id": EMBEDDED_TENANT, "subscription_id": "s-1"}
    bound = replace(PROD, bindings=BINDINGS | {"azure": azure})
    around = replace(AROUND, environments={"prod": bound})

    assert words(environment(tenant_id=EMBEDDED_TENANT), around=around) == ["IDENTITY"]


def test_an_environment_nobody_bound_is_not_known() -> None:
    """The missing file is named, or what is wrong with it."""
    for unusable, expected in (({}, "there is no .roadmap/"), ({"prod": "line 2: no"}, "line 2")):
        around = replace(AROUND, environments={}, unusable=unusable)
        (failure,) = shortcomings(valid(), LIVE, around)
        assert isinstance(failure, ValidityFailure)
        assert (failure.failure, expected in failure.reason) == (Failure.IDENTITY, True)


def test_the_file_of_the_environment_decides_its_kind() -> None:
    """Not the record."""
    around = replace(AROUND, environments={"prod": replace(PROD, kind="dev")})
    assert "IDENTITY" in words(valid(), around=around)


def test_documents_that_touched_a_platform_need_its_proof() -> None:
    """A comparison with live values is only as good as the platform that gave them."""
    assert words(facts(environment=None), DOCUMENTS) == ["IDENTITY"]


@pytest.mark.parametrize(
    "runner",
    [
        {"git_commit": COMMIT, "tree_clean": False},
        {"git_commit": COMMIT},
        {"git_commit": None, "tree_clean": True},
        {"git_commit": "d" * 40, "tree_clean": True},
    ],
)
def test_code_that_no_reviewer_can_see_proves_nothing(runner: Mapping[str, Any]) -> None:
    """Uncommitted, unknown or unnamed."""
    assert words(valid(runner=runner)) == ["UNTRACKED_CODE"]


def test_a_commit_outside_of_the_protected_branch_does_not_count() -> None:
    """Its sentence is told."""
    around = replace(AROUND, commits={COMMIT: Reach(reached=False, sentence="not on main")})
    (failure,) = shortcomings(valid(), LIVE, around)
    assert failure == ValidityFailure(Failure.UNTRACKED_CODE, "A-1: not on main")


def test_a_commit_that_cannot_be_judged_is_not_judged_bad() -> None:
    """The command that would tell is told."""
    around = replace(AROUND, commits={COMMIT: Reach(reached=None, sentence="run 'git fetch'")})
    assert shortcomings(valid(), LIVE, around) == (Unjudged("A-1: run 'git fetch'"),)


@pytest.mark.parametrize(
    ("controls", "proven"),
    [
        (ProvenControls(), {"A-1.S1": 3}),
        (ProvenControls(3, None), {"A-1.S1": 3}),
        (ProvenControls(3, COMMIT), {}),
    ],
)
def test_a_scenario_without_proven_controls_is_not_admitted(
    controls: ProvenControls, proven: Mapping[str, int]
) -> None:
    """Neither then nor now."""
    record = valid()
    record = replace(record, scenarios=(replace(record.scenarios[0], controls=controls),))
    assert words(record, around=replace(AROUND, proven=proven)) == ["CONTROLS_UNPROVEN"]


def test_a_scenario_without_a_verdict_needs_no_controls() -> None:
    """It says nothing about the deliverable."""
    record = valid()
    open_one = replace(record.scenarios[0], controls=ProvenControls(), outcome=Outcome.BLOCKED)
    assert not words(replace(record, scenarios=(open_one,)))


@pytest.mark.parametrize("inputs", [{}, {"a.md": "22"}])
def test_a_changed_document_voids_what_was_said_of_it(inputs: Mapping[str, str]) -> None:
    """Or one that is gone; a live record rests on the platform."""
    around = replace(AROUND, inputs=inputs)
    assert words(valid(), DOCUMENTS, around) == ["INPUT_CHANGED"]
    assert not words(valid(), LIVE, around)


@pytest.mark.parametrize("inputs", [None, [], ["a.md"], "a.md"])
def test_documents_that_are_not_named_were_not_judged(inputs: Any) -> None:
    """Nothing unmeasured counts."""
    assert words(facts(inputs=inputs), DOCUMENTS) == ["INPUT_CHANGED"]


@pytest.mark.parametrize("stated", [["AT-2"], ["AT-1", "AT-3"], ["AT-2", "AT-1"]])
def test_every_attestation_that_a_record_rests_on_must_hold(stated: list[str]) -> None:
    """Expired, revoked or gone: the record rests on nothing."""
    assert words(facts(attestations=stated)) == ["ATTESTATION"]


def test_an_attested_scenario_names_its_attestations() -> None:
    """It rests on something that can be looked up."""
    record = valid()
    record = replace(record, scenarios=(replace(record.scenarios[0], attested=True),))
    assert words(record) == ["ATTESTATION"]
    assert not words(replace(record, facts=FACTS | {"attestations": ["AT-1"]}))


def test_what_a_record_names_is_read_leniently() -> None:
    """Only the rules judge it."""
    assert input_digests(facts(inputs=[{"path": "b", "sha256": "22"}, 7])) == (("b", "22"),)
    assert attestation_ids(facts(attestations=("AT-1",))) == ("AT-1",)


RULE = "/subscriptions/s/providers/Microsoft.Insights/scheduledQueryRules/r"


def seen(number: int, *stamps: str, name: str = RULE, **changes: Any) -> Record:
    """A record that saw a resource in these versions; a greater number is older."""
    resources = [{"id": name, "etag": each, "modified_at": None} for each in stamps]
    record = made(number, {"A-1.S1": "pass"}, kind="prod", age=timedelta(hours=number))
    return replace(record, facts={"resources": resources}, **changes)


def test_a_rule_that_changed_since_makes_the_record_stale_at_once() -> None:
    """A later record of the same environment saw it; the later one stands."""
    newer, older = seen(1, "v2"), seen(2, "v1")
    found = resource_changes([older, newer])
    assert list(found) == [older.record_id]
    assert found[older.record_id].failure is Failure.RESOURCE_CHANGED


@pytest.mark.parametrize(
    "records",
    [
        (seen(1, "v1"), seen(2, "v1")),
        (seen(1, "v2"), seen(2, "v1", "v2")),
        (seen(1, "v2", environment="dev"), seen(2, "v1")),
        (seen(1, "v2", name="/x/vaults/v"), seen(2, "v1", name="/x/vaults/v")),
        (replace(seen(1), facts={"resources": [7]}), seen(2, "v1")),
    ],
)
def test_a_resource_that_did_not_change_voids_nothing(records: tuple[Record, ...]) -> None:
    """Changed by the record itself, elsewhere, or none of those that are watched."""
    assert resource_changes(records) == {}
