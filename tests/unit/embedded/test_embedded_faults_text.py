"""Faults as text: the command line and the admin endpoint read them the same way."""

from __future__ import annotations

import pytest

from pytest_roadmap.embedded.faults import (
    FAULTS,
    UnknownFaultError,
    activate,
    parse_fault,
    split_faults,
    use,
)
from pytest_roadmap.embedded.seed import build_state


def test_a_comma_starts_a_fault_or_a_parameter() -> None:
    """``a,b:x=1,y=2,c`` are three faults."""
    text = "stale-read, throttle:route=/api/2.1,count=2,error-500,"
    assert split_faults(text) == ("stale-read", "throttle:route=/api/2.1,count=2", "error-500")


def test_a_count_runs_out() -> None:
    """A used-up fault is no longer active."""
    state = build_state()
    state.faults = activate(["throttle:count=1"])
    fault = state.fault("throttle")
    assert fault is not None
    use(fault)
    assert state.fault("throttle") is None


def test_one_fault_may_be_on_several_times_with_other_parameters() -> None:
    """Each is found by its parameters."""
    state = build_state()
    texts = [f"privilege-not-enforced:privilege={name}" for name in ("SELECT", "MODIFY")]
    state.faults = activate(texts)
    assert state.fault("privilege-not-enforced", privilege="MODIFY") is not None
    assert state.fault("privilege-not-enforced", privilege="USE_SCHEMA") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nope",
        "throttle:",
        "throttle:x=1",
        "throttle:count=-1",
        "throttle:count=x",
        "slow-responses:ms=x",
    ],
)
def test_what_is_not_a_fault_is_refused(text: str) -> None:
    """Only the bare ``id:`` is read as the id."""
    if text == "throttle:":
        assert parse_fault(text).parameters == {}
        return
    with pytest.raises(UnknownFaultError):
        parse_fault(text)


def test_every_fault_says_what_it_does_and_names_no_task() -> None:
    """A fault is a behaviour of the service."""
    for kind in FAULTS.values():
        assert len(kind.description) > 20
        assert not any(task in kind.description for task in ("SEC-", "MON-", "CUT-", "GOV-"))
