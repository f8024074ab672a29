"""A check that waits for a decision is blocked until the list says that it is closed."""

import pytest

from pytest_roadmap.adapters.document.markdown import read_markdown
from pytest_roadmap.domain.decisions import decision_row, require_decided
from pytest_roadmap.domain.outcome import BlockedError
from tests.fakes.world import FakeRepository

LIST = """# Decisions

| who | why |
|---|---|
| D-018 | no table of decisions |

| ID | Status | Owner |
|---|---|---|
| D-017 | open | Ops |
| D-018 | {status} | Infra |
"""


def repository(status: str) -> FakeRepository:
    """A repository whose list gives D-018 this status."""
    return FakeRepository({"decision list": LIST.format(status=status).encode()})


def test_a_closed_decision_holds_nothing_up() -> None:
    """Columns are found by their names, whatever their case."""
    require_decided(repository("Closed"), read_markdown, "D-018")
    row = decision_row(read_markdown(LIST.format(status="closed")), "D-018")
    assert row == {"id": "D-018", "status": "closed", "owner": "Infra"}


@pytest.mark.parametrize(
    ("decision", "status", "said"),
    [
        ("D-018", "open", "its status is open"),
        ("D-018", "", "its status is empty"),
        ("D-099", "closed", "the list does not name it"),
    ],
)
def test_a_decision_that_is_not_closed_blocks(decision: str, status: str, said: str) -> None:
    """The reason names the decision, the sentence what to do."""
    with pytest.raises(BlockedError, match=said) as blocked:
        require_decided(repository(status), read_markdown, decision)
    assert blocked.value.reason == f"decision_open({decision})"
    assert blocked.value.owner == ("Infra" if decision == "D-018" else "")


def test_without_a_list_nothing_is_decided() -> None:
    """An absent file is a missing binding, not a closed decision."""
    with pytest.raises(BlockedError, match=r"missing_binding\(documents\.decision_list\)"):
        require_decided(FakeRepository(), read_markdown, "D-018")
