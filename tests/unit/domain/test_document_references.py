"""Where the links of documents lead, and whether old Phases are explained."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_roadmap.adapters.document.markdown import read_markdown
from pytest_roadmap.domain.markdown import slugs
from pytest_roadmap.domain.outcome import AssetMissingError
from pytest_roadmap.domain.ports import Document
from pytest_roadmap.domain.references import (
    Library,
    alignment_document,
    alignment_problems,
    broken_links,
    external_links,
    measured_alignment,
    phase_problems,
    read_texts,
    workstream_problems,
)
from pytest_roadmap.domain.roadmap import Roadmap
from tests.unit.domain_cases import task

_ROADMAP_PATH = ".roadmap/plan.md"
_ROADMAP_TEXT = """\
### 3.1 WS-SEC (Access)

### 3.2 WS-MON (Alerts)

## 6) Legacy Phase ↔ Workstream 매핑

| Legacy Phase | Workstream 매핑 | 비고 |
|---|---|---|
| Phase 11 | WS-SEC | x |

## 7) 참조

- `docs/a.md`
- `docs/b.md`
"""


class Files:
    """Documents in memory."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts

    def read(self, path: str) -> Document:
        """The text of this very path."""
        if path not in self.texts:
            raise AssetMissingError(path, "not tracked")
        return Document(path, path, self.texts[path].encode(), "0")


def library(a: str, b: str = "# B\n\n## 2. Part\n") -> Library:
    """A repository with the roadmap and two core documents."""
    texts = {_ROADMAP_PATH: _ROADMAP_TEXT, "docs/a.md": a, "docs/b.md": b}
    tasks = tuple(
        replace(task(name), workstream=f"WS-{name[:3]}", source_doc=f"`docs/{source}.md`")
        for name, source in (("SEC-001", "a"), ("MON-001", "b"))
    )
    return Library(Files(texts), read_markdown, Roadmap(tasks), _ROADMAP_PATH)


def test_the_core_documents_are_those_the_roadmap_lists() -> None:
    """The list under the references, in its order."""
    assert library("").core() == ("docs/a.md", "docs/b.md")


@pytest.mark.parametrize(
    "link",
    ["b.md", "b.md#2-part", "b.md#2", "#here", "../.roadmap/plan.md#sec-001", "https://x.example"],
)
def test_a_link_to_what_is_there_holds(link: str) -> None:
    """Files, slugs, section numbers, anchors of HTML and tasks of the roadmap can be linked to."""
    made = library(f'<a id="here"></a>\n\n[x]({link})\n')
    assert broken_links(made, made.read("docs/a.md")) == ()


@pytest.mark.parametrize(
    "link",
    ["c.md", "B.md", "b.md#2-parts", "b.md#3", "#gone", "../../x.md", "../.roadmap/plan.md#sec-9"],
)
def test_a_link_to_what_is_not_there_is_broken(link: str) -> None:
    """Another case, an old anchor and a path out of the repository are nothing to lead to."""
    made = library(f"[x]({link})\n")
    assert len(broken_links(made, made.read("docs/a.md"))) == 1


def test_links_in_code_are_none_and_external_ones_are_told_apart() -> None:
    """An external link is neither broken nor followed."""
    made = library("`[x](gone.md)`\n\n```\n[x](gone.md)\n```\n\n<https://x.example>\n")
    read = made.read("docs/a.md")
    assert (broken_links(made, read), external_links(read)) == ((), ("https://x.example",))


@pytest.mark.parametrize(
    ("anchor", "fine"),
    [
        ("#31-ws-sec-access", True),
        ("#SEC-001", True),
        ("#3.1", True),
        ("#32-ws-mon-alerts", False),
        ("#phase-11", False),
        ("", False),
    ],
)
def test_a_document_links_to_a_workstream_it_is_a_source_of(anchor: str, *, fine: bool) -> None:
    """The file alone, a Phase or a foreign workstream is not enough."""
    made = library(f"[x](../.roadmap/plan.md{anchor})\n")
    assert (workstream_problems(made, made.read("docs/a.md")) == ()) is fine


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("After Phase 11 it runs.", True),
        ("After Phase 9, see [it](../.roadmap/plan.md#sec-001).", True),
        ("After Phase\n9, see [it](../.roadmap/plan.md#sec-001).", True),
        ("Phase 9 ended. See [it](../.roadmap/plan.md#sec-001).", False),
        ("After Phase 9, see [it](b.md).", False),
        ("Phase 10~11", False),
        ("Phase 11~1", False),
        ("`Phase 9`", True),
    ],
)
def test_an_old_phase_is_explained_by_the_map_or_a_link_in_its_sentence(
    text: str, *, fine: bool
) -> None:
    """A link in the next sentence explains nothing."""
    made = library(text)
    assert (phase_problems(made, made.read("docs/a.md")) == ()) is fine


def test_alignment_evidence_holds_until_a_document_changes() -> None:
    """Counts and digests are those measured now, for exactly the core documents."""
    made = library("[x](b.md)\n")
    measured = measured_alignment(made, read_texts(made, made.core()).texts)
    record = read_markdown(alignment_document("2026-02-12", measured))
    later = library("[y](b.md)\n")
    now = measured_alignment(later, read_texts(later, later.core()).texts)
    assert alignment_problems(record, measured) == ()
    assert len(alignment_problems(record, now)) == 1
    assert alignment_problems(record, {"docs/a.md": measured["docs/a.md"]})
    assert alignment_problems(record, {**measured, "docs/c.md": ("0", "0", "x")})
    assert alignment_problems(None, measured)


def test_documents_that_cannot_be_read_are_named() -> None:
    """An absent document and an empty list are problems, not silence."""
    made = library("")
    assert len(read_texts(made, ["docs/a.md", "docs/z.md"]).problems) == 1
    assert read_texts(made, []).problems


def test_a_slug_keeps_hangul_and_drops_punctuation() -> None:
    """As GitHub does."""
    found = tuple(slugs(["6) Legacy Phase ↔ Workstream 매핑", "A b", "A b"]))
    assert found == ("6-legacy-phase--workstream-매핑", "a-b", "a-b-1")
