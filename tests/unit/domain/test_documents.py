"""Documents of the handover are read, locked, or say why not."""

from dataclasses import replace
from typing import Any

import pytest

from pytest_roadmap.domain.documents import (
    INVENTORY,
    load_inventory,
    read_document,
    read_locked_document,
    require_handed_over,
    template_problems,
)
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.grant_matrix import bound_matrix_problems, load_matrix
from pytest_roadmap.domain.handoff import canonical_digest, lock_problems
from pytest_roadmap.domain.outcome import BlockedError, InconclusiveError
from pytest_roadmap.domain.ports import UnreadableDocumentError
from tests.fakes.world import NOW, FakeRepository

CONTENT, TEMPLATE = b"assets: []\n", b"{}"


def repository(**values: Any) -> Any:
    """A repository whose inventory is locked; ``values`` replace what YAML gives by name."""
    digest = canonical_digest(CONTENT)
    entry = {
        "version": "1.0.0",
        "at": NOW.isoformat(),
        "author": "park",
        "reason": "first",
        "digest": digest,
    }
    lock = {
        "version": "1.0.0",
        "at": NOW.isoformat(),
        "digest": digest,
        "template_digest": canonical_digest(TEMPLATE),
    }
    return FakeRepository(
        contents={
            INVENTORY: CONTENT,
            "handoff schema": TEMPLATE,
            "handoff lock attestation": b"lock",
            "handoff changelog": b"changelog",
        },
        values={
            INVENTORY: {"assets": []},
            "handoff lock attestation": lock,
            "handoff changelog": {"entries": [entry]},
        }
        | values,
    )


def test_a_locked_inventory_is_read_as_locked() -> None:
    """Content, lock, changelog and template are found by the name of the document."""
    locked = read_locked_document(repository(), INVENTORY)
    assert lock_problems(locked) == ()
    assert locked.locked_at == NOW


@pytest.mark.parametrize(
    "name", ["handoff schema", "handoff lock attestation", "handoff changelog"]
)
def test_a_file_that_is_not_there_is_no_lock(name: Any) -> None:
    """An absent template, lock or changelog is a problem, not an error."""
    world = repository()
    del world.contents[name]
    locked = read_locked_document(world, INVENTORY)
    assert lock_problems(locked)


def test_a_lock_that_cannot_be_read_is_no_lock() -> None:
    """Broken YAML counts as not there."""
    world = repository(**{"handoff lock attestation": UnreadableDocumentError("line 1")})
    assert read_locked_document(world, INVENTORY).locked_at is None


def test_a_document_says_itself_why_it_cannot_be_read() -> None:
    """Absent or broken is the deliverable's own fault; not bound or empty blocks."""
    assert read_document(repository(), INVENTORY).problems == ()
    broken = repository(**{INVENTORY: UnreadableDocumentError("line 3: not YAML")})
    assert read_document(broken, INVENTORY).problems == ("line 3: not YAML",)
    assert read_document(FakeRepository(), INVENTORY).problems
    for world in (FakeRepository(unbound=[INVENTORY]), FakeRepository({INVENTORY: b" \n"})):
        with pytest.raises(BlockedError, match="missing_binding"):
            read_document(world, INVENTORY)


def test_an_empty_inventory_has_not_been_handed_over() -> None:
    """Neither its assets nor its lock can be judged."""
    empty = FakeRepository({INVENTORY: b""})
    with pytest.raises(BlockedError):
        load_inventory(empty)
    with pytest.raises(BlockedError):
        read_locked_document(empty, INVENTORY)


def test_the_template_is_the_schema_beside_the_document() -> None:
    """Its own words are the problems; without one there is nothing to follow."""
    world = repository()
    world.problems = ("$.assets: too short",)
    read = read_document(world, INVENTORY)
    assert template_problems(world, read) == ("$.assets: too short",)
    del world.contents["handoff schema"]
    assert template_problems(world, read) == ("there is no template to follow",)


def test_a_missing_asset_blocks_only_while_the_inventory_is_a_draft() -> None:
    """Once locked, a missing asset is for the Then to judge."""
    require_handed_over(repository(), ["key_vault kv"])
    draft = repository(**{"handoff lock attestation": None})
    require_handed_over(draft, [])
    with pytest.raises(BlockedError, match="asset_not_handed_over"):
        require_handed_over(draft, ["key_vault kv"])


def environment(**changed: Any) -> Any:
    """Bindings of a matrix with one catalog, one schema and one location."""
    bindings = {
        "grants_matrix": "grants.yaml",
        "uc": {"catalog": "main", "schemas": {"silver": "silver", "probe": "probe"}},
        "external_locations": [{"name": "loc", "read_only": True}],
    }
    return Environment("embedded", "embedded", bindings | changed, "embedded.yaml")


def rows(*names: Any) -> Any:
    """Rows of the pipeline principal."""
    return [
        {"principal": "pipeline_sp", "securable_type": kind, "full_name": name}
        for kind, name in names
    ]


def test_the_matrix_of_a_principal_is_read_and_settles_what_is_bound() -> None:
    """Every bound thing but the probe schema needs a row."""
    listed = rows(("catalog", "main"), ("schema", "main.silver"), ("external_location", "loc"))
    world = FakeRepository({"grants.yaml": b"x"}, {"grants.yaml": listed})
    matrix = load_matrix(world, environment(), "pipeline_sp")
    assert bound_matrix_problems(matrix, environment()) == ()
    assert bound_matrix_problems(matrix[:1], environment())


@pytest.mark.parametrize(
    ("world", "error"),
    [
        (FakeRepository(), BlockedError),
        (FakeRepository({"grants.yaml": b"x"}, {"grants.yaml": []}), BlockedError),
        (FakeRepository({"grants.yaml": b"x"}, {"grants.yaml": {}}), InconclusiveError),
        (
            FakeRepository({"grants.yaml": b"x"}, {"grants.yaml": UnreadableDocumentError("x")}),
            InconclusiveError,
        ),
    ],
)
def test_a_matrix_that_is_not_there_blocks_and_a_broken_one_cannot_judge(
    world: Any, error: Any
) -> None:
    """Absent or empty: blocked. Unreadable: inconclusive."""
    with pytest.raises(error):
        load_matrix(world, environment(), "pipeline_sp")


def test_an_unbound_matrix_or_location_blocks() -> None:
    """The reason names the key."""
    with pytest.raises(BlockedError, match="grants_matrix"):
        load_matrix(FakeRepository(), environment(grants_matrix=""), "pipeline_sp")
    with pytest.raises(BlockedError, match="external_locations"):
        bound_matrix_problems((), environment(external_locations=[]))


@pytest.mark.parametrize("name", [INVENTORY, "handoff schema"])
def test_no_lock_fits_a_text_that_is_not_utf_8(name: Any) -> None:
    """It has no digest, not even for a lock that repeats the words that say so."""
    world = repository()
    world.contents[name] = "목록".encode("utf-16")
    broken = read_locked_document(world, INVENTORY)
    assert lock_problems(broken)
    assert broken.lock is not None
    forged = replace(broken.lock, digest=broken.digest, template_digest=broken.template_digest)
    assert any("no digest" in p for p in lock_problems(replace(broken, lock=forged)))
