"""What a run makes of registered blockers and waivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plugin.conftest import scenario

if TYPE_CHECKING:
    from tests.plugin.conftest import Inner

BLOCKER = (
    "- {{task: SEC-002, code: licence, condition: none bought, owner: Infra, "
    "since: 2020-01-01, review_by: {until}}}\n"
)
WAIVER = """\
- id: W-1
  gate: G1
  task: SEC-002
  scope: []
  reason: the freeze ends only next month
  risk: not known
  compensation: looked at every week
  requested_by: {role: Ops, name: kim}
  approved_by: [{role: Platform, name: lee, attestation: AT-1}]
  created: 2026-01-01
  expires: 2026-02-01
"""


def features(inner: Inner, last: str) -> None:
    """Both tasks of G1; the last step of SEC-002 is given."""
    for task_id, step in (("SEC-001", "Then it holds"), ("SEC-002", last)):
        inner.feature(
            task_id,
            scenario(1, "Given a start", step),
            scenario(2, "Given a start", step, sub=2),
        )


def test_a_registered_blocker_blocks_what_has_no_verdict(inner: Inner) -> None:
    """The gate names the code and its owner."""
    features(inner, 'Then it ends "pending"')
    inner.write(".roadmap/blockers.yaml", BLOCKER.format(until="2999-01-01"))
    result = inner.run("-q", "-m", "G1")
    result.stdout.fnmatch_lines(["SEC-002 *Blocked BLOCKED*licence (owner Infra)*"])
    result.stdout.fnmatch_lines(["G1 EMBEDDED BLOCKED (21): *"])
    assert result.ret == 21


def test_a_verdict_outweighs_a_registered_blocker(inner: Inner) -> None:
    """The check ran and passed, whatever people registered."""
    features(inner, "Then it holds")
    inner.write(".roadmap/blockers.yaml", BLOCKER.format(until="2999-01-01"))
    assert inner.run("-q", "-m", "G1").ret == 0


def test_an_overdue_blocker_is_ignored_and_reported(inner: Inner) -> None:
    """Nobody reviewed it in time."""
    features(inner, 'Then it ends "pending"')
    inner.write(".roadmap/blockers.yaml", BLOCKER.format(until="2020-02-01"))
    result = inner.run("-q", "-m", "G1")
    result.stdout.fnmatch_lines(["BLOCK_STALE SEC-002: licence of Infra *2020-02-01*"])
    assert result.ret == 22


def test_an_invalid_waiver_is_ignored_and_reported(inner: Inner) -> None:
    """The waived check still runs and shows its true outcome."""
    features(inner, "Then it fails")
    inner.write(".roadmap/waivers.yaml", WAIVER)
    result = inner.run("-q", "-m", "G1")
    result.stdout.fnmatch_lines(
        ["WAIVER_INVALID W-1 (SEC-002): *EXPIRED: it expired on 2026-02-01*"]
    )
    assert result.ret == 20


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("blockers.yaml", BLOCKER.format(until="soon"), "[[]1].review_by: must be a date*"),
        ("waivers.yaml", WAIVER.replace("G1", "G7"), "[[]1].gate: G7 is no gate of the policy"),
    ],
)
def test_a_bad_file_ends_the_run_before_anything_runs(
    inner: Inner, name: str, text: str, told: str
) -> None:
    """File and key in one sentence, and no record."""
    features(inner, "Then it holds")
    inner.write(f".roadmap/{name}", text)
    result = inner.run("-q")
    result.stdout.fnmatch_lines([f"*{name}: {told}"])
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert not inner.evidence()
