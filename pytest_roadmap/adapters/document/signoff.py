"""Reads a sign-off document: what it states, what was decided, and its approval log."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from pytest_roadmap.adapters.strict_yaml import YamlProblemError, load_yaml
from pytest_roadmap.domain.canonical import utc_text
from pytest_roadmap.domain.signoff import (
    DECISIONS,
    ApprovalEntry,
    Condition,
    Decision,
    SignoffText,
)
from pytest_roadmap.domain.signoff_text import (
    APPROVALS,
    DECISION,
    SECTIONS,
    blocks_of,
    figures_of,
    section_numbers,
    sections_of,
)

_MARK = re.compile(
    r"<!-- roadmap-signoff/1 gate=(\S+) lang=(ko|en) verdict=(\w+) commit=(\S+) horizon=(\S+) -->"
)
_GENERATED = re.compile(r"<!-- generated (\S+) -->")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def mark(gate: str, language: str, verdict: str, commit: str, horizon: datetime | None) -> str:
    """The line by which a program knows the document."""
    newest = utc_text(horizon) if horizon else "none"
    return (
        f"<!-- roadmap-signoff/1 gate={gate} lang={language} verdict={verdict} commit={commit} "
        f"horizon={newest} -->"
    )


def read_signoff(text: str) -> SignoffText:
    """The document in plain values; whatever cannot be read is a sentence of ``problems``."""
    problems: list[str] = []
    numbers, blocks = section_numbers(text), blocks_of(text)
    if numbers != SECTIONS:
        problems.append(f"it must have the sections 1 to 9 once each, it has {', '.join(numbers)}")
    head = _MARK.search(text)
    if head is None:
        problems.append("its first line, which names gate and verdict, is missing or was changed")
    problems.extend(
        f"section 7: the block ```yaml {name} is missing"
        for name in (DECISION, APPROVALS)
        if name not in blocks
    )
    generated = _GENERATED.search(sections_of(text).get("9", ""))
    decision_text = blocks.get(DECISION, "")
    return SignoffText(
        gate=head[1] if head else "",
        language=head[2] if head else "ko",
        figures=figures_of(text),
        verdict=head[3] if head else "",
        commit=head[4] if head else "",
        horizon=_moment(head[5]) if head else None,
        generated=_moment(generated[1]) if generated else None,
        decision=_decision(decision_text, problems),
        decision_text=decision_text,
        entries=_entries(blocks.get(APPROVALS, ""), problems),
        problems=tuple(problems),
    )


def decision_block(decision: Decision) -> str:
    """A decision as people write it into section 7."""
    lines = [f"meeting_date: {decision.met_on}", f"decision: {decision.decision}", "participants:"]
    lines += [
        f"  - {{role: {_quoted(role)}, name: {_quoted(name)}}}"
        for role, name in decision.participants
    ]
    lines.append("conditions:" + ("" if decision.conditions else " []"))
    for each in decision.conditions:
        owner, due = _quoted(each.owner), _quoted(each.due)
        lines.append(f"  - {{text: {_quoted(each.text)}, owner: {owner}, due: {due}}}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def approvals_block(entries: Iterable[ApprovalEntry]) -> str:
    """The approval log as it stands in section 7."""
    lines: list[str] = []
    for entry in entries:
        lines += [
            f"- gate: {entry.gate}",
            f"  version: {entry.version}",
            f"  checklist_digest: {entry.checklist_digest}",
            "  attestation_digests:",
            *(f"    - {digest}" for digest in entry.attestation_digests),
            f"  at: {utc_text(entry.at)}",
        ]
    return "\n".join(lines) + "\n" if lines else "[]\n"


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def _loaded(text: str, name: str, problems: list[str]) -> Any:
    try:
        return load_yaml(text.encode())
    except YamlProblemError as error:
        problems.append(f"section 7: the block {name}: {error}")
        return None


def _decision(text: str, problems: list[str]) -> Decision | None:
    """The decision; None while the form is empty, and a problem where it is half filled."""
    found = _loaded(text, "decision", problems)
    if not isinstance(found, Mapping) or not any(found.values()):
        return None
    unknown = set(found) - {"meeting_date", "decision", "participants", "conditions"}
    if unknown:
        problems.append(f"section 7: the decision has the unknown key {min(unknown)}")
        return None
    word = found.get("decision")
    if word not in DECISIONS:
        problems.append(f"section 7: the decision must be one of {', '.join(DECISIONS)}")
        return None
    try:
        met_on = date.fromisoformat(str(found.get("meeting_date")))
    except ValueError:
        problems.append("section 7: meeting_date must be a day such as 2026-03-01")
        return None
    participants = _rows(found.get("participants"), ("role", "name"), "participants", problems)
    conditions = _rows(found.get("conditions"), ("text", "owner", "due"), "conditions", problems)
    return Decision(
        met_on,
        str(word),
        tuple((row["role"], row["name"]) for row in participants),
        tuple(Condition(row["text"], row["owner"], row["due"]) for row in conditions),
    )


def _rows(
    value: Any, keys: tuple[str, ...], name: str, problems: list[str]
) -> list[dict[str, str]]:
    rows = value or []
    if not isinstance(rows, list) or not all(
        isinstance(row, Mapping) and set(row) == set(keys) for row in rows
    ):
        problems.append(f"section 7: {name} must be a list of {{{', '.join(keys)}}}")
        return []
    return [{key: str(row[key] or "").strip() for key in keys} for row in rows]


def _entries(text: str, problems: list[str]) -> tuple[ApprovalEntry, ...]:
    rows = _loaded(text, "approvals", problems) or []
    entries: list[ApprovalEntry] = []
    for number, row in enumerate(rows if isinstance(rows, list) else [None], 1):
        entry = _entry(row)
        if entry is None:
            problems.append(
                f"section 7: entry {number} of the log must have gate, version, checklist_digest, "
                "attestation_digests and at"
            )
            continue
        entries.append(entry)
    return tuple(entries)


def _entry(row: Any) -> ApprovalEntry | None:
    if not isinstance(row, Mapping):
        return None
    at, version = _moment(str(row.get("at"))), row.get("version")
    digests = row.get("attestation_digests")
    named = [row.get("checklist_digest"), *(digests if isinstance(digests, list) else [None])]
    if at is None or not isinstance(version, int) or not row.get("gate"):
        return None
    if not all(isinstance(each, str) and _DIGEST.fullmatch(each) for each in named):
        return None
    return ApprovalEntry(
        str(row["gate"]), version, str(named[0]), tuple(str(each) for each in named[1:]), at
    )
