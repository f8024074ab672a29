"""An audit is complete, fresh and compared field by field."""

import copy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pytest_roadmap.domain.assets import Asset, AssetField
from pytest_roadmap.domain.audit import (
    LOGIN_MARKER,
    AuditDifferences,
    compare,
    confirmation_problems,
    coverage_problems,
    read_independently,
    require_login,
    run_problems,
)
from pytest_roadmap.domain.observation import Observation
from pytest_roadmap.domain.outcome import BlockedError
from tests.fakes.world import NOW, WORKSPACE_ID, audit_run

GUID = "ebedded0-0000-4000-8000-0000000000a2"
ALL_RULES = ("guid_case", "trailing_slash", "host_case")
ASSETS = (
    Asset("uc", "embedded", "main", "Infra", "p", "c", (AssetField("owner", "park", True),)),
    Asset(
        "service_principal",
        "embedded",
        GUID,
        "Infra",
        "p",
        "c",
        (AssetField("active", True, True), AssetField("note", "x", False)),
    ),
)
KINDS = {asset.kind for asset in ASSETS}


def output(**changed: Any) -> Any:
    """What a truthful script writes."""
    return {
        "collected_at": (NOW + timedelta(minutes=1)).isoformat(),
        "workspace_id": WORKSPACE_ID,
        "sections": {
            "uc": [{"identifier": "main", "fields": {"owner": "park"}}],
            "service_principal": [{"identifier": GUID, "fields": {"active": True}}],
        },
    } | changed


def altered(path: Any, value: Any) -> Any:
    """The truthful output with one value replaced."""
    data = copy.deepcopy(output())
    node = data["sections"]
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return data


def words(data: Any, rules: Any = ALL_RULES) -> Any:
    """The words of the differences of one output."""
    return [d.word for d in compare(ASSETS, audit_run(data), rules).differences]


def test_a_truthful_run_has_nothing_against_it() -> None:
    """Complete, fresh, here, and equal to the inventory."""
    comparison = compare(ASSETS, audit_run(output()), ALL_RULES)
    assert run_problems(audit_run(output()), KINDS, WORKSPACE_ID) == ()
    assert comparison.differences == ()
    assert coverage_problems(ASSETS, comparison) == ()


@pytest.mark.parametrize(
    ("run", "part"),
    [
        (audit_run(output(), exit_code=1), "exit status 1"),
        (audit_run(None, output_problem="no JSON"), "no JSON"),
        (audit_run(output(collected_at=(NOW - timedelta(days=1)).isoformat())), "collected at"),
        (audit_run(output(collected_at=(NOW + timedelta(days=1)).isoformat())), "collected at"),
        (audit_run(output(collected_at="2026-03-01T12:01:00")), "time zone"),
        (audit_run(output(workspace_id="1")), "'1'"),
        (audit_run(output(), secrets_found=("token",)), "show a secret"),
        (audit_run(output(), log=" "), "log is empty"),
        (audit_run({}), "no section"),
        (audit_run([]), "no object"),
        (audit_run(altered(("uc",), [])), "is empty"),
        (audit_run(altered(("uc",), [{"identifier": "main"}])), "no identifier and fields"),
    ],
)
def test_a_run_that_proves_nothing_says_why(run: Any, part: Any) -> None:
    """Failed, unreadable, stale, foreign, leaking, silent or partial runs are each named."""
    assert any(part in problem for problem in run_problems(run, KINDS, WORKSPACE_ID))


def test_a_missing_section_is_named() -> None:
    """Each kind of the inventory needs its section."""
    data = output()
    del data["sections"]["uc"]
    assert run_problems(audit_run(data), KINDS, WORKSPACE_ID) == ("no section uc",)


def test_a_script_without_login_blocks() -> None:
    """The script's own marker is a block; without failing it is only text."""
    run = audit_run(output(), exit_code=4, log=LOGIN_MARKER)
    with pytest.raises(BlockedError, match="access_not_granted"):
        require_login(run)
    assert require_login(replace(run, exit_code=0)).exit_code == 0


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (altered(("uc",), []), ["missing"]),
        (altered(("uc", 0, "identifier"), "main2"), ["missing", "unexpected"]),
        (altered(("uc", 0, "fields"), {"owner": "kim"}), ["changed"]),
        (altered(("uc", 0, "fields"), {}), ["changed"]),
        (altered(("service_principal", 0, "fields"), {"active": "true"}), ["changed"]),
        (altered(("uc",), output()["sections"]["uc"] * 2), ["unexpected"]),
        (altered(("cluster",), [{"identifier": "c", "fields": {}}]), ["unexpected"]),
    ],
)
def test_each_difference_has_its_word(data: Any, expected: Any) -> None:
    """Missing, unexpected, changed, of another type, twice, or of an unlisted kind."""
    assert words(data) == expected


def test_only_declared_normalisations_apply() -> None:
    """A GUID in other case differs unless ``guid_case`` is declared."""
    data = altered(("service_principal", 0, "identifier"), GUID.upper())
    assert words(data) == []
    assert words(data, ("trailing_slash",)) == ["missing", "unexpected"]


def test_lists_are_sets_only_where_declared() -> None:
    """The order of a list matters unless the inventory says otherwise."""
    ordered = (AssetField("zones", ["a", "b"], True),)
    asset = replace(ASSETS[0], fields=ordered)
    data = altered(("uc", 0, "fields"), {"zones": ["b", "a"]})
    assert compare([asset], audit_run(data), ()).differences[0].word == "changed"
    loose = replace(asset, fields=(replace(ordered[0], as_set=True),))
    assert [d.word for d in compare([loose], audit_run(data), ()).differences] == ["unexpected"]


def test_a_comparison_of_nothing_is_not_zero_differences() -> None:
    """An empty output differs nowhere and covers nothing; neither does an empty inventory."""
    comparison = compare(ASSETS, audit_run({}), ALL_RULES)
    assert comparison.differences == ()
    assert len(coverage_problems(ASSETS, comparison)) > len(ASSETS)
    assert coverage_problems((), compare((), audit_run(output()), ()))


def test_a_failed_run_covers_nothing() -> None:
    """Values of a run that failed do not count as compared now."""
    comparison = compare(ASSETS, audit_run(output(), exit_code=1), ALL_RULES)
    assert coverage_problems(ASSETS, comparison)


def observed(owner: Any = "park") -> Any:
    """The same assets as read through the SDK."""
    fields = ({"owner": owner}, {"active": True})
    return read_independently(
        [
            Observation(asset, asset.identifier, "p", values)
            for asset, values in zip(ASSETS, fields, strict=True)
        ],
        workspace_id=WORKSPACE_ID,
    )


def confirm(
    first: Any = None, second: Any = None, independent: Any = None, locked_at: Any = NOW
) -> Any:
    """The problems of a confirmation that is healthy where nothing else is given."""
    later = (NOW + timedelta(minutes=1, seconds=30)).isoformat()
    runs = (
        audit_run(output() if first is None else first),
        audit_run(second or output(collected_at=later)),
    )
    return confirmation_problems(
        ASSETS, runs, independent or observed(), locked_at=locked_at, rules=ALL_RULES
    )


def test_two_runs_and_an_independent_reading_confirm_each_other() -> None:
    """Equal values, in order, after the lock."""
    assert confirm() == ()


@pytest.mark.parametrize(
    ("problems", "part"),
    [
        (confirm(independent=observed("kim")), "independently 'kim'"),
        (confirm(second=output()), "not after"),
        (confirm(second=altered(("uc", 0, "fields"), {"owner": "kim"})), "repeated run"),
        (confirm(second=altered(("uc",), [])), "0 measured by the script"),
        (confirm(first={}), "does not say when"),
        (confirm(locked_at=NOW + timedelta(hours=1)), "audit again"),
        (confirm(locked_at=None), "not locked"),
        (confirm(first=output(workspace_id="1")), "another workspace"),
    ],
)
def test_what_is_not_confirmed_says_why(problems: Any, part: Any) -> None:
    """Another value, order, count, time or place is no confirmation."""
    assert any(part in problem for problem in problems)


def test_an_asset_that_does_not_exist_is_no_independent_value() -> None:
    """A 404 leaves an empty section, so it cannot agree with the script."""
    gone = read_independently([Observation(ASSETS[0], found=False)], workspace_id=WORKSPACE_ID)
    assert gone.sections == {"uc": ()}


def test_the_differences_of_two_runs_are_told_run_by_run() -> None:
    """The lock first, then each run: what differs, and what was left out."""
    runs = {"first": audit_run(output()), "repeated": audit_run({})}
    claims = tuple(AuditDifferences(ASSETS, ("edited",), runs, ()).claims())
    assert [bool(claim.problems) for claim in claims] == [True, False, False, False, True]
    assert "repeated run left nothing out" in claims[-1].text
    assert claims[1].compared > 0
    assert claims[-1].compared == 0
