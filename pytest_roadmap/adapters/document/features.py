"""Read one feature file into plain values, and name what would make it green for nothing."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gherkin.dialect import Dialect
from gherkin.errors import CompositeParserException, ParserError
from gherkin.parser import Parser

from pytest_roadmap.domain.feature import (
    MODES,
    FeatureProblem,
    FeatureText,
    ScenarioText,
    StepText,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

__all__ = [
    "MODES",
    "FeatureProblem",
    "FeatureReading",
    "FeatureText",
    "ScenarioText",
    "StepText",
    "lint_feature",
    "read_feature",
    "read_feature_file",
]

_FLAGS = ("required", "two-phase")
_NO_KEYWORD = frozenset({"the", "they", "them", "than", "an", "any", "who", "where", "were"})
_ALIKE = 0.75


@dataclass(frozen=True, slots=True)
class FeatureReading:
    """A feature file and its problems; ``feature`` is None when it is no Gherkin.

    ``document`` is what gherkin-official made of it, so that nobody has to parse it again.
    """

    feature: FeatureText | None
    problems: tuple[FeatureProblem, ...]
    document: Mapping[str, Any] = field(default_factory=dict)


def read_feature_file(path: Path, known_task_ids: Collection[str]) -> FeatureReading:
    """Read and lint the feature file of this path; an unreadable file is a problem too."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        return _refused("UNREADABLE", f"the feature file cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        return _refused("NOT_UTF8", "the feature file is not UTF-8")
    return read_feature(text, str(path), known_task_ids)


def read_feature(text: str, path: str, known_task_ids: Collection[str]) -> FeatureReading:
    """Read and lint the text of one feature file.

    Args:
        text: the whole file.
        path: where it stands, for the reader's reports.
        known_task_ids: the task ids of the roadmap.
    """
    try:
        document: Mapping[str, Any] = Parser().parse(text)
    except ParserError as error:
        each_error = error.errors if isinstance(error, CompositeParserException) else (error,)
        return FeatureReading(None, tuple(_syntax(each) for each in each_error))
    if "feature" not in document:
        return _refused("NO_FEATURE", "the file holds no feature")
    node = document["feature"]
    feature = _feature(node, path, known_task_ids)
    return FeatureReading(feature, tuple(_lint(node, feature, known_task_ids)), document)


def lint_feature(source: Path | str, known_task_ids: Collection[str]) -> tuple[FeatureProblem, ...]:
    """The problems of a feature, given as a path or as its text."""
    if isinstance(source, Path):
        return read_feature_file(source, known_task_ids).problems
    return read_feature(source, "", known_task_ids).problems


def _refused(code: str, message: str) -> FeatureReading:
    return FeatureReading(None, (FeatureProblem(0, code, message),))


def _syntax(error: Exception) -> FeatureProblem:
    location: Mapping[str, int] = getattr(error, "location", None) or {}
    sentence = str(error).split("): ", 1)[-1]
    return FeatureProblem(location.get("line", 0), "SYNTAX", f"this is no Gherkin: {sentence}")


def _tags(node: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(tag["name"].removeprefix("@") for tag in node.get("tags", ()))


def _text(description: str) -> str:
    return "\n".join(line.strip() for line in description.strip().splitlines())


def _numbers(tags: Iterable[str], prefix: str) -> tuple[int, ...]:
    digits = (tag.removeprefix(prefix) for tag in tags if tag.startswith(prefix))
    return tuple(int(each) for each in digits if _is_number(each))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and not text.startswith("0") and len(text) < 6  # noqa: PLR2004 - ids stay short


def _feature(node: Mapping[str, Any], path: str, known_task_ids: Collection[str]) -> FeatureText:
    tags = _tags(node)
    named = [tag for tag in tags if tag in known_task_ids]
    task_id = named[0] if len(named) == 1 else ""
    background = [step for each in _of_kind(node, "background") for step in _steps(each)]
    return FeatureText(
        task_id=task_id,
        path=path,
        title=node["name"],
        tags=tags,
        description=_text(node["description"]),
        scenarios=tuple(_scenario(each, task_id) for each in _of_kind(node, "scenario")),
        background=tuple(background),
        line=node["location"]["line"],
    )


def _of_kind(node: Mapping[str, Any], kind: str) -> Iterator[Mapping[str, Any]]:
    """The scenarios, backgrounds or rules of a feature, those inside its rules included."""
    for child in node["children"]:
        if kind in child:
            yield child[kind]
        if "rule" in child:
            yield from _of_kind(child["rule"], kind)


def _steps(node: Mapping[str, Any]) -> tuple[StepText, ...]:
    return tuple(
        StepText(
            step["keyword"].strip(), step["text"], step["location"]["line"], step["keywordType"]
        )
        for step in node["steps"]
    )


def _scenario(node: Mapping[str, Any], task_id: str) -> ScenarioText:
    tags = _tags(node)
    numbers = _numbers(tags, "S")
    rows = [len(examples.get("tableBody", ())) for examples in node["examples"]]
    return ScenarioText(
        scenario_id=f"{task_id}.S{numbers[0]}" if task_id and len(numbers) == 1 else "",
        title=node["name"],
        tags=tags,
        description=_text(node["description"]),
        sub_tasks=_numbers(tags, "sub-"),
        modes=tuple(mode for mode in MODES if mode in tags),
        required="required" in tags,
        two_phase="two-phase" in tags,
        rows=sum(rows) if rows else None,
        line=node["location"]["line"],
        steps=_steps(node),
    )


def _lint(
    node: Mapping[str, Any], feature: FeatureText, known_task_ids: Collection[str]
) -> Iterator[FeatureProblem]:
    yield from _lint_feature_tags(feature, known_task_ids)
    yield from _lint_descriptions(node)
    if not feature.scenarios:
        yield FeatureProblem(feature.line, "NO_SCENARIO", "the feature holds no scenario")
    yield from _lint_names(feature)
    for rule in _of_kind(node, "rule"):
        for tag in _tags(rule):
            line = rule["location"]["line"]
            yield FeatureProblem(line, "UNKNOWN_TAG", f"@{tag}: a Rule carries no tags here")
    outlines = _outline_keywords(node["language"])
    for scenario, each in zip(feature.scenarios, _of_kind(node, "scenario"), strict=True):
        yield from _lint_scenario_tags(scenario)
        yield from _lint_examples(scenario, each, outlines)
        if not scenario.steps:
            yield FeatureProblem(
                scenario.line,
                "NO_STEPS",
                f"scenario {scenario.title!r} has no step of its own and would pass for nothing",
            )


def _lint_feature_tags(
    feature: FeatureText, known_task_ids: Collection[str]
) -> Iterator[FeatureProblem]:
    known = [tag for tag in feature.tags if tag in known_task_ids]
    if not feature.tags:
        yield FeatureProblem(feature.line, "NO_TASK", "no feature tag names the task")
    if len(known) > 1:
        named = ", ".join(known)
        yield FeatureProblem(
            feature.line, "MANY_TASKS", f"a feature belongs to one task, not to {named}"
        )
    for tag in feature.tags:
        if tag not in known_task_ids:
            yield FeatureProblem(
                feature.line, "UNKNOWN_TASK", f"@{tag} is not a task of the roadmap"
            )


def _lint_descriptions(node: Mapping[str, Any]) -> Iterator[FeatureProblem]:
    """Description lines that were meant as steps: a misspelt keyword turns a step into text."""
    keywords = _step_keywords(node["language"])
    for kind in ("background", "scenario"):
        for part in _of_kind(node, kind):
            for line in part["description"].splitlines():
                word = _meant_keyword(line, keywords)
                if word:
                    yield FeatureProblem(
                        part["location"]["line"],
                        "MISSPELT_STEP",
                        f"{line.strip()!r} is description, not a step: did you mean {word!r}?",
                    )


def _step_keywords(language: str) -> tuple[str, ...]:
    dialect = Dialect.for_name(language)
    if dialect is None:
        return ()
    groups = (
        dialect.given_keywords,
        dialect.when_keywords,
        dialect.then_keywords,
        dialect.and_keywords,
        dialect.but_keywords,
    )
    words = {word.strip() for group in groups for word in group}
    return tuple(sorted(word for word in words if len(word) > 2 and word.isascii()))  # noqa: PLR2004 - shorter words resemble anything


def _meant_keyword(line: str, keywords: tuple[str, ...]) -> str | None:
    words = line.split()
    if len(words) < 2 or not words[0][0].isalpha():  # noqa: PLR2004 - a keyword and something after it
        return None
    first = words[0].rstrip(":,").casefold()
    if first in _NO_KEYWORD:
        return None
    by_folded = {keyword.casefold(): keyword for keyword in keywords}
    close = difflib.get_close_matches(first, by_folded, n=1, cutoff=_ALIKE)
    return by_folded[close[0]] if close else None


def _lint_names(feature: FeatureText) -> Iterator[FeatureProblem]:
    titles: dict[str, int] = {}
    numbers: dict[str, int] = {}
    for scenario in feature.scenarios:
        first = titles.setdefault(scenario.title, scenario.line)
        if first != scenario.line:
            yield FeatureProblem(
                scenario.line,
                "DUPLICATE_SCENARIO",
                f"scenario {scenario.title!r} stands at line {first} too; the last would hide it",
            )
        for number in _numbers(scenario.tags, "S"):
            first = numbers.setdefault(f"S{number}", scenario.line)
            if first != scenario.line:
                yield FeatureProblem(
                    scenario.line, "DUPLICATE_NUMBER", f"@S{number} stands at line {first} too"
                )


def _lint_scenario_tags(scenario: ScenarioText) -> Iterator[FeatureProblem]:
    numbers = _numbers(scenario.tags, "S")
    if len(numbers) != 1:
        yield FeatureProblem(
            scenario.line,
            "NO_NUMBER" if not numbers else "MANY_NUMBERS",
            f"scenario {scenario.title!r} needs exactly one tag @S<number>",
        )
    for tag in scenario.tags:
        if tag in MODES or tag in _FLAGS or _numbers((tag,), "S") or _numbers((tag,), "sub-"):
            continue
        yield FeatureProblem(
            scenario.line, "UNKNOWN_TAG", f"@{tag} is not a tag a scenario can carry"
        )
    if len(set(scenario.tags)) < len(scenario.tags):
        yield FeatureProblem(scenario.line, "DUPLICATE_TAG", "a tag stands twice on this scenario")


def _lint_examples(
    scenario: ScenarioText, node: Mapping[str, Any], outlines: Collection[str]
) -> Iterator[FeatureProblem]:
    for examples in node["examples"]:
        line = examples["location"]["line"]
        if not examples.get("tableBody"):
            yield FeatureProblem(
                line, "NO_EXAMPLES", f"the Examples of {scenario.title!r} have no row"
            )
        for tag in _tags(examples):
            yield FeatureProblem(line, "UNKNOWN_TAG", f"@{tag}: Examples carry no tags here")
    if node["keyword"] in outlines and not node["examples"]:
        yield FeatureProblem(
            scenario.line, "NO_EXAMPLES", f"the outline {scenario.title!r} has no Examples"
        )


def _outline_keywords(language: str) -> frozenset[str]:
    dialect = Dialect.for_name(language)
    if dialect is None:
        return frozenset()
    return frozenset(dialect.scenario_outline_keywords) - frozenset(dialect.scenario_keywords)
