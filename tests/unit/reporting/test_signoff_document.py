"""The sign-off document: what it shows, whatever the records hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from pytest_roadmap.adapters.document.markdown import read_markdown
from pytest_roadmap.adapters.document.signoff import (
    approvals_block,
    decision_block,
    read_signoff,
)
from pytest_roadmap.domain.gate import GateDecision, Verdict
from pytest_roadmap.domain.gate_rows import GateRow
from pytest_roadmap.domain.ports import AttestationVerdict
from pytest_roadmap.domain.signoff import (
    APPROVE,
    Approval,
    ApprovalEntry,
    Condition,
    Decision,
    SignedBy,
)
from pytest_roadmap.domain.signoff_text import (
    APPROVALS,
    DECISION,
    figures_of,
    sections_of,
    signed_digest,
    with_block,
)
from pytest_roadmap.domain.status import Dependencies, Derived, DerivedTask, Flag
from pytest_roadmap.domain.task import Status
from pytest_roadmap.reporting.markdown import escaped, link
from pytest_roadmap.reporting.signoff import (
    BlockerLine,
    CheckLine,
    CountedRecord,
    SignoffFacts,
    WaiverLine,
    document,
)
from pytest_roadmap.reporting.words import WORDS
from tests.unit.domain_cases import effective, record, task

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOBODY = Approval(AttestationVerdict())
HOSTILE = "a | b\n## 7. `x` <script> [y](z) \x1b[31m"


def facts(**changed: object) -> SignoffFacts:
    derived = Derived(Status.BLOCKED, (Flag.BLOCKED,))
    results = tuple(effective({"A-1.S1": "pass", "A-1.S2": "blocked"}).values())
    row = GateRow(DerivedTask(task("A-1"), derived, Dependencies.DONE, results), True, "x")
    decision = GateDecision("G1", Verdict.BLOCKED, f"blocked: {HOSTILE}", (row,), horizon=NOW)
    made = record(1, {"A-1.S1": "pass"}, task_id="A-1")
    made = replace(made, facts={"allure": {"report_url": "https://r.example.org/1/"}})
    plain = SignoffFacts(
        decision=decision,
        definition=HOSTILE,
        signoff_task="A-9",
        roles=("Infra", "Ops"),
        conditions={"권한": ("A-1",)},
        commit="0" * 40,
        roadmap_digest="sha256:1",
        environments=(("embedded", "embedded"),),
        plugin_version="1",
        records={"A-1": CountedRecord(made, "a_1.log", "sha256:" + "2" * 64)},
        blockers=(BlockerLine("A-1", "licence", HOSTILE, "2026-01-01", "2026-04-01", 3),),
        waivers=(
            WaiverLine(
                *("W-1", "A-1", HOSTILE, "weekly", ("lee (Platform)",)),
                *(date(2026, 4, 1), ("AT-1",)),
                used=False,
                note=HOSTILE,
            ),
        ),
        checks=(CheckLine("QA-01", "pass", 0, (HOSTILE,)),),
        reproduce=("roadmap signoff G1",),
        packages={"x": "1"},
    )
    return replace(plain, **changed)  # type: ignore[arg-type]


def page(given: SignoffFacts | None = None, language: str = "ko", written: str = "") -> str:
    return document(
        given or facts(),
        language,
        decision_text=written,
        entries=(),
        approval=NOBODY,
        generated=NOW,
    )


def test_both_languages_have_the_same_words() -> None:
    """No heading is missing in either."""
    assert WORDS["ko"].keys() == WORDS["en"].keys()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_section_of_embedded_records_begins_with_the_mark(language: str) -> None:
    """Nobody can quote a section without it."""
    for section in sections_of(page(language=language)).values():
        body = section[section.index("## ") :].split("\n", 3)
        assert body[2].startswith("> **EMBEDDED**: ")


def test_records_of_real_environments_bear_no_mark() -> None:
    """They are the evidence."""
    assert "EMBEDDED" not in page(facts(environments=(("prod", "prod"),)))


def test_what_records_hold_cannot_change_the_document() -> None:
    """No text of theirs opens a section, a row, a link or a tag."""
    text = page()
    signoff = read_signoff(text)
    assert signoff.problems == ()
    headings = [each.text for each in read_markdown(text).headings]
    assert len([each for each in headings if each[:1].isdigit()]) == 9
    assert "<script>" not in text
    assert "\x1b" not in text


def test_the_same_facts_give_the_same_bytes() -> None:
    """And when it was written shows in the appendix alone."""
    later = document(
        facts(),
        "ko",
        decision_text="",
        entries=(),
        approval=NOBODY,
        generated=NOW.replace(year=2027),
    )
    assert page() == page()
    assert figures_of(later) == figures_of(page())


def test_the_document_reads_back_as_it_was_written() -> None:
    """Gate, verdict, horizon, decision and log."""
    decision = Decision(
        date(2026, 3, 1),
        APPROVE,
        (("Infra", "a: b"), ("Ops", '"c"')),
        (Condition("x # y", "Ops", "2026-04-01"),),
    )
    entry = ApprovalEntry("G1", 1, "sha256:" + "a" * 64, ("sha256:" + "b" * 64,), NOW)
    text = with_block(page(), DECISION, decision_block(decision))
    found = read_signoff(with_block(text, APPROVALS, approvals_block((entry,))))
    assert (found.gate, found.verdict, found.horizon, found.generated) == (
        "G1",
        "BLOCKED",
        NOW,
        NOW,
    )
    assert (found.decision, found.entries, found.problems) == (decision, (entry,), ())


def test_signatures_do_not_change_what_is_signed() -> None:
    """Nor does the log: both come after the signing."""
    by = SignedBy("AT-1", "Infra", "a@corp", NOW, "sha256:1")
    signed = document(
        facts(),
        "ko",
        decision_text="",
        entries=(ApprovalEntry("G1", 1, "sha256:1", (), NOW),),
        approval=Approval(AttestationVerdict(), (by,)),
        generated=NOW,
    )
    assert signed_digest(signed.encode()) == signed_digest(page().encode())
    assert "a@corp" in signed


@pytest.mark.parametrize(
    ("block", "content", "told"),
    [
        (DECISION, "decision: maybe\n", "must be one of approve"),
        (DECISION, "decision: approve\nmeeting_date: soon\n", "must be a day"),
        (DECISION, "decision: approve\nwho: x\n", "unknown key who"),
        (DECISION, "decision: [\n", "the block decision"),
        (
            DECISION,
            "decision: approve\nmeeting_date: 2026-03-01\nparticipants: [x]\n",
            "participants must be a list of {role, name}",
        ),
        (APPROVALS, "- {gate: G1}\n", "entry 1 of the log must have"),
        (APPROVALS, "x: 1\n", "entry 1 of the log must have"),
    ],
)
def test_what_people_wrote_wrongly_is_named(block: str, content: str, told: str) -> None:
    """In one sentence, with its section."""
    (problem,) = read_signoff(with_block(page(), block, content)).problems
    assert problem.startswith("section 7: ")
    assert told in problem


def test_a_document_without_its_parts_says_which_are_missing() -> None:
    """Sections, first line and blocks."""
    problems = " ".join(read_signoff("# nothing\n").problems)
    assert "sections 1 to 9" in problems
    assert "first line" in problems
    assert "```yaml decision" in problems


@pytest.mark.parametrize(
    "address", ["", "javascript:x", "https://a/ b", "file:///etc", "http://a)"]
)
def test_only_a_plain_web_address_becomes_a_link(address: str) -> None:
    """Whatever a record says."""
    assert link("SEC-001", address) == "SEC-001"


def test_text_is_shown_as_it_is() -> None:
    """On one line, without acting as Markdown."""
    assert escaped("a|b\n*c* <d>") == r"a\|b \*c\* \<d\>"
