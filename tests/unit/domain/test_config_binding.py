"""Configuration against measured values: what is covered, what differs, what is a secret."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_roadmap.domain.config_binding import (
    compare_configuration,
    coverage_problems,
    describe,
    missing_sources,
    secret_problems,
)
from pytest_roadmap.domain.config_sources import Measurements
from pytest_roadmap.domain.outcome import BlockedError, InconclusiveError
from pytest_roadmap.domain.ports import UnreadableDocumentError
from tests.fakes.world import NOW
from tests.unit.domain.config_cases import (
    COMMON,
    DEV,
    MAP,
    ROWS,
    URL,
    VALUES,
    azure,
    compared,
    environment,
    repository,
    with_values,
    workspace,
)


def without_row(path: str) -> dict[str, Any]:
    """The values with one row taken out of the map."""
    rows = [row for row in VALUES[MAP]["rows"] if row["config_path"] != path]
    return VALUES | {MAP: VALUES[MAP] | {"rows": rows}}


def test_a_right_configuration_is_covered_and_differs_nowhere() -> None:
    """Every row but the reference is compared with a measured value."""
    comparison = compared()
    (claim,) = comparison.claims()
    assert claim.problems == ()
    assert claim.compared == len(ROWS) - 1
    assert coverage_problems(comparison) == ()
    assert secret_problems(comparison) == ()
    assert missing_sources(comparison) == ()
    assert len(comparison.references) == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (with_values(COMMON, catalog=None), "catalog stands in no file"),
        (with_values(DEV, cluster_id="c-1"), "cluster_id is not in the map"),
        (with_values(DEV, catalog="prod"), "overrides catalog 'main' with 'prod'"),
        (without_row("base_path"), "no base path is compared"),
        (with_values(DEV, landing=f"{URL}other"), "landing is not in the map"),
        (VALUES | {DEV: UnreadableDocumentError("line 2: stands twice")}, "stands twice"),
        (VALUES | {DEV: ["a"]}, "expected keys with values"),
    ],
)
def test_what_is_not_compared_is_named(values: Any, said: str) -> None:
    """An absent key, an unmapped one, a hidden one, an area without a row, an unreadable file."""
    assert any(said in problem for problem in coverage_problems(compared(values)))


def test_an_override_by_the_measured_value_is_fine() -> None:
    """Only a value that was not measured may not hide another one."""
    values = with_values(DEV, catalog="main")
    values[COMMON]["catalog"] = "draft"
    assert coverage_problems(compared(values)) == ()


def test_an_optional_key_may_be_absent_and_must_be_right_where_it_stands() -> None:
    """``required: false`` waives the key, not its value."""
    values = with_values(COMMON, catalog=None)
    values[MAP]["rows"][2]["required"] = False
    assert compared(values).differences == ()
    for wrong in ("other", True, 1.5, "", ["main"], {"name": "main"}):
        values[COMMON]["catalog"] = wrong
        assert len(compared(values).differences) == 1


@pytest.mark.parametrize("path", ["targets[0].catalog", '"a.b".catalog'])
def test_a_mapped_key_in_a_list_or_with_a_dot_is_compared(path: str) -> None:
    """An optional row for it must not hide what stands there."""
    held = [{"catalog": "other"}] if path.startswith("targets") else {"catalog": "other"}
    values = with_values(
        DEV, **{path.removesuffix(".catalog").strip('"').removesuffix("[0]"): held}
    )
    row = {"config_path": path, "observed": "uc.catalog", "comparator": "exact"}
    values[MAP]["rows"].append(row | {"required": False})
    (line,) = compared(values).differences
    assert (line.row.config_path, line.configured, line.file) == (path, "other", DEV)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            with_values(COMMON, host="https://other"),
            "host is 'https://other' (configs/common.yaml)",
        ),
        (with_values(COMMON, catalog="Main"), "not 'main' as measured for uc.catalog"),
        (with_values(COMMON, catalog=None), "catalog is None, not 'main'"),
        (with_values(DEV, base_path=URL.replace("landing", "raw")), "not inside"),
        (with_values(DEV, location={"name": "loc-landing"}), "location is None"),
    ],
)
def test_a_difference_shows_both_values(values: Any, said: str) -> None:
    """The key, its file, the configured and the measured value, and what was measured."""
    comparison = compared(values)
    (claim,) = comparison.claims()
    (problem,) = claim.problems
    assert said in problem
    assert problem == describe(comparison.differences[0])


def test_what_the_platform_does_not_know_differs_and_is_missing() -> None:
    """Whoever asks decides whether it was handed over."""
    seen = workspace()
    del seen.securables["catalog", "main"]
    comparison = compared(seen=seen)
    assert missing_sources(comparison) == ("uc.catalog",)
    assert len(comparison.differences) == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (with_values(COMMON, secret="a value"), "secret names no secret"),
        (with_values(COMMON, secret="{{secrets/kv-scope/x}}"), "holds no key x"),
        (with_values(COMMON, secret={"scope": "kv-scope", "key": "x"}), "holds no key x"),
        (with_values(COMMON, note="{{secrets/kv-scope}}"), "note holds a reference that names no"),
        (with_values(COMMON, db={"password": "plain"}), "db.password is a literal"),
    ],
)
def test_a_secret_that_is_no_existing_reference_is_named(values: Any, said: str) -> None:
    """Mapped or not, in text or in two fields; differences do not speak of secrets."""
    comparison = compared(values)
    assert any(said in problem for problem in secret_problems(comparison))
    assert comparison.differences == ()


def test_the_fact_of_a_record_holds_no_literal_secret() -> None:
    """A mapped secret that stands there itself is told as no reference."""
    fact = compared(with_values(COMMON, secret="plain-text-value")).as_fact()
    assert "plain-text-value" not in str(fact)
    assert [file["path"] for file in fact["files"]] == [COMMON, DEV, MAP]
    assert fact["at"] == "2026-03-01T12:00:00Z"


@pytest.mark.parametrize("secret", ["dapi" + "0123456789abcdef" * 2, "aB3" * 16])
def test_a_secret_under_a_mapped_key_is_not_shown(secret: str) -> None:
    """Neither in the difference nor in the record nor as an override."""
    values = with_values(DEV, catalog=secret)
    comparison = compared(values)
    told = [*coverage_problems(comparison), describe(comparison.differences[0])]
    assert "looks like a secret" in told[-1]
    assert secret not in f"{told}{comparison.as_fact()}{secret_problems(comparison)}"


@pytest.mark.parametrize("path", [COMMON, MAP])
def test_a_file_that_is_not_there_blocks(path: str) -> None:
    """Files and map alike: nobody has written them yet."""
    with pytest.raises(BlockedError, match="missing_binding"):
        compared(VALUES | {path: None})


@pytest.mark.parametrize(
    "problem", [UnreadableDocumentError("config_map.yaml: line 1: no"), {"rows": []}]
)
def test_a_map_that_is_none_cannot_judge(problem: Any) -> None:
    """The harness has nothing to go by; the sentence begins with the file."""
    with pytest.raises(InconclusiveError, match=r"config_map.yaml: "):
        compared(VALUES | {MAP: problem})


def test_a_file_that_is_no_text_is_a_problem_of_the_file() -> None:
    """Not UTF-8: said, not raised."""
    held = repository()
    held.contents[DEV] = b"\xff"
    at = Measurements(environment(), workspace(), azure())
    comparison = compare_configuration(held, at, NOW)
    assert len(comparison.unreadable) == 1
    assert replace(comparison, files=()).unreadable == ()
