"""The readable evidence file: front matter of rules d.1, then event lines or generated tables.

The front matter is YAML in which every value is also JSON, so that a person, a YAML reader and
``parse`` (which needs no YAML reader and is quick) agree about it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pytest_roadmap.domain.canonical import utc_text
from pytest_roadmap.domain.event_line import CallFigures
from pytest_roadmap.domain.evidence import ProvenControls, Record, ScenarioResult
from pytest_roadmap.domain.outcome import Outcome

#: Facts that have a place of their own in the front matter; others stand under ``facts``.
_NAMED_FACTS = ("derived_before", "principal", "inputs", "resources", "attestations", "allure")
_LISTS = ("scenarios", "inputs", "resources")
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


class GarbledError(Exception):
    """The bytes are no evidence file of ours; the sentence says where."""


def front_matter(record: Record, schema: str, calls: CallFigures) -> dict[str, Any]:
    """The fields of the front matter in the order of rules d.1, redaction count aside."""
    facts = dict(record.facts)
    named = {key: facts.pop(key) for key in _NAMED_FACTS if facts.get(key) is not None}
    environment: dict[str, Any] = {"name": record.environment, "kind": record.kind}
    if record.state_id is not None:
        environment["state_id"] = record.state_id
    identity = facts.get("environment")
    if _adds_to(identity, environment):
        environment |= facts.pop("environment")
    return {
        "schema": schema,
        "record_id": record.record_id,
        "task": record.task_id,
        "dod_digest": record.dod_digest,
        "scenarios": [_scenario(result) for result in record.scenarios],
        "derived_before": named.get("derived_before"),
        "environment": environment,
        "principal": named.get("principal"),
        "runner": dict(record.runner),
        "time": {"started": utc_text(record.started), "ended": utc_text(record.ended)},
        "calls": {
            "count": calls.count,
            "mutating": calls.mutating,
            "request_ids_digest": calls.request_ids_digest,
        },
        "inputs": named.get("inputs"),
        "resources": named.get("resources"),
        "attestations": named.get("attestations"),
        "allure": named.get("allure"),
        "facts": facts,
    }


def _adds_to(identity: Any, environment: Mapping[str, Any]) -> bool:
    """Whether a probed identity names this very environment and says more about it."""
    return (
        isinstance(identity, Mapping)
        and len(identity) > len(("name", "kind"))
        and "state_id" not in identity
        and all(identity.get(key) == environment[key] for key in ("name", "kind"))
    )


def record_of(fields: Mapping[str, Any]) -> Record:
    """The record that front matter describes.

    Raises:
        GarbledError: a field is missing or of the wrong type.
    """
    try:
        environment = dict(fields["environment"])
        facts = dict(fields.get("facts") or {})
        facts |= {key: fields[key] for key in _NAMED_FACTS if fields.get(key) is not None}
        name, kind = environment.pop("name"), environment.pop("kind")
        state_id = environment.pop("state_id", None)
        if environment:
            facts["environment"] = {"name": name, "kind": kind, **environment}
        task_id = _text(fields["task"])
        return Record(
            record_id=_text(fields["record_id"]),
            task_id=task_id,
            dod_digest=_text(fields["dod_digest"]),
            environment=_text(name),
            kind=_text(kind),
            state_id=None if state_id is None else _text(state_id),
            started=_moment(fields["time"]["started"]),
            ended=_moment(fields["time"]["ended"]),
            scenarios=_results(fields["scenarios"], task_id),
            runner=dict(fields["runner"]),
            facts=facts,
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise GarbledError(f"its front matter is incomplete: {error!r}") from error


def render(fields: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], kind: str) -> str:
    """The whole text of the file; ``kind`` is ``log`` or ``md``."""
    head = "---\n" + "".join(_field(key, value) for key, value in fields.items()) + "---\n"
    if kind == "md":
        return head + _tables(fields, lines)
    return head + "".join(in_yaml_and_json(line) + "\n" for line in lines)


def parse(text: str) -> dict[str, Any]:
    """The front matter of a file.

    Raises:
        GarbledError: there is none of ours.
    """
    if not text.startswith("---\n"):
        raise GarbledError("it has no front matter")
    head, found, _ = text[4:].partition("\n---\n")
    if not found:
        raise GarbledError("its front matter has no end")
    fields: dict[str, Any] = {}
    for line in head.split("\n"):
        _parse_line(line, fields)
    return fields


def in_yaml_and_json(value: Any) -> str:
    """JSON on one line that a YAML reader reads as the same value."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=once_each)


def once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose keys are all different, for readers differ about which of two counts.

    Raises:
        ValueError: a key is given twice.
    """
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _parse_line(line: str, fields: dict[str, Any]) -> None:
    try:
        if line.startswith("  - "):
            next(reversed(fields.values())).append(_json(line[4:]))
            return
        key, found, value = line.partition(":")
        if not found or not key.isidentifier() or key in fields:
            raise GarbledError(f"its front matter has the line {line[:80]!r}")
        fields[key] = _json(value) if value.strip() else []
    except (ValueError, AttributeError, StopIteration, RecursionError) as error:
        raise GarbledError(f"its front matter has the line {line[:80]!r}") from error


def _field(key: str, value: Any) -> str:
    if key in _LISTS and isinstance(value, list) and value:
        return f"{key}:\n" + "".join(f"  - {in_yaml_and_json(item)}\n" for item in value)
    return f"{key}: {in_yaml_and_json(value)}\n"


def _scenario(result: ScenarioResult) -> dict[str, Any]:
    return {
        "id": result.scenario_id,
        "sub": list(result.sub_tasks),
        "mode": list(result.modes),
        "outcome": str(result.outcome),
        "reason": result.reason,
        "attested": result.attested,
        "started": utc_text(result.started),
        "ended": utc_text(result.ended),
        "feature_digest": result.feature_digest,
        "controls": controls_fields(result.controls),
        "title": result.title,
        "required": result.required,
        "detail": result.detail,
        "owner": result.owner,
        "failed_step": result.failed_step,
    }


def controls_fields(controls: ProvenControls) -> dict[str, Any]:
    """What a record says about the proven controls of a scenario."""
    return {"count": controls.count, "proven_at": controls.proven_at}


def _controls(item: Any) -> ProvenControls:
    """Of a record that says nothing about them, nothing is proven."""
    if item is None:
        return ProvenControls()
    proven_at = item["proven_at"]
    return ProvenControls(_whole(item["count"]), None if proven_at is None else _text(proven_at))


def _results(items: Iterable[Mapping[str, Any]], task_id: str) -> tuple[ScenarioResult, ...]:
    """The results of a record: of its own task, and of each scenario one."""
    found: dict[str, ScenarioResult] = {}
    for item in items:
        result = _result(item)
        if not result.scenario_id.startswith(f"{task_id}."):
            raise ValueError(f"{result.scenario_id} is no scenario of {task_id}")
        if result.scenario_id in found:
            raise ValueError(f"{result.scenario_id} stands there twice")
        found[result.scenario_id] = result
    return tuple(found.values())


def _result(item: Mapping[str, Any]) -> ScenarioResult:
    return ScenarioResult(
        scenario_id=_text(item["id"]),
        title=_text(item["title"]),
        sub_tasks=tuple(_whole(number) for number in item["sub"]),
        modes=tuple(_text(mode) for mode in item["mode"]),
        required=_truth(item["required"]),
        outcome=Outcome(item["outcome"]),
        reason=_text(item["reason"]),
        detail=_text(item["detail"]),
        owner=_text(item["owner"]),
        failed_step=_text(item["failed_step"]),
        started=_moment(item["started"]),
        ended=_moment(item["ended"]),
        feature_digest=_text(item["feature_digest"]),
        attested=_truth(item["attested"]),
        controls=_controls(item.get("controls")),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no whole number")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError(f"the time {value!r} has no zone")
    return moment.astimezone(UTC)


_MARKDOWN = re.compile(r"([\\`*_\[\]|~#!])")
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def cell(value: Any) -> str:
    """A value as the text of one table cell: no Markdown, HTML, line break or hidden character."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = (
        text.replace("\r\n", "\n").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    )
    text = _MARKDOWN.sub(r"\\\1", text)
    text = text.replace("\n", "<br>")
    return _INVISIBLE.sub(lambda found: f"U+{ord(found[0]):04X}", text)


def _tables(fields: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> str:
    scenarios = [
        (item["id"], item["title"], item["outcome"], item["reason"], item["detail"])
        for item in fields["scenarios"]
    ]
    calls = [
        tuple(
            line.get(key, "")
            for key in (
                *("t", "scenario", "step", "call", "method", "path", "status"),
                *("request_id", "ms", "response_digest"),
            )
        )
        for line in lines
        if line.get("kind") == "call"
    ]
    claims = [
        (
            *(line["scenario"], line["step"], line.get("claim", "")),
            *(line.get("expected", ""), line.get("observed", "")),
            "yes" if line.get("holds") else "no",
        )
        for line in lines
        if line.get("kind") == "assertion"
    ]
    return "".join(
        (
            f"\n# {cell(fields['task'])}\n",
            _table("Scenarios", ("scenario", "title", "outcome", "reason", "detail"), scenarios),
            _table(
                "Claims", ("scenario", "step", "claim", "expected", "observed", "holds"), claims
            ),
            _table(
                "Calls",
                (
                    *("t", "scenario", "step", "call", "method", "path", "status"),
                    *("request id", "ms", "response digest"),
                ),
                calls,
            ),
            _events(lines),
        )
    )


def _events(lines: Sequence[Mapping[str, Any]]) -> str:
    """Every event in full; a JSON object on a line of its own can never end the fence."""
    if not lines:
        return ""
    body = "".join(_visible(in_yaml_and_json(line)) + "\n" for line in lines)
    return f"\n## Events\n\n```json\n{body}```\n"


def _visible(text: str) -> str:
    """JSON that means the same without a hidden character or a sign that could begin HTML."""
    text = text.replace("<", "\\u003c")
    return _INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _table(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    body = [f"| {' | '.join(cell(item) for item in row)} |\n" for row in rows]
    if not body:
        return f"\n## {title}\n\nNone.\n"
    rule = f"|{'---|' * len(header)}\n"
    return f"\n## {title}\n\n| {' | '.join(header)} |\n{rule}{''.join(body)}"
