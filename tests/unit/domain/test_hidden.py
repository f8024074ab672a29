"""Texts that never show themselves."""

from __future__ import annotations

from pytest_roadmap.domain.hidden import HiddenText


def test_a_hidden_text_shows_nothing_of_itself() -> None:
    """Representation, format and text of it, alone or in a container, are the same for all."""
    hidden = HiddenText("s3cret-value")
    assert {repr(hidden), str(hidden), f"{hidden}", repr([hidden])[1:-1]} == {"<hidden>"}


def test_hidden_texts_can_be_compared_and_measured() -> None:
    """Equality is by content; nothing else is equal to one."""
    assert HiddenText("a") == HiddenText("a")
    assert HiddenText("a") != HiddenText("b")
    assert HiddenText("a") != "a"
    assert len({HiddenText("a"), HiddenText("a")}) == 1
    assert len(HiddenText("abc")) == 3
