"""A probe object is written, listed, read back and removed where the location points to."""

from typing import Any

import pytest

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.external_location import (
    content_problems,
    left_over,
    missing_locations,
    refusal_problems,
)
from pytest_roadmap.domain.location_probe import probe_bound_locations
from pytest_roadmap.domain.location_routes import Prober
from pytest_roadmap.domain.ports import Identity, Privilege, ServicePrincipal, StatementResult
from pytest_roadmap.domain.privileges import read_matrix
from tests.fakes.world import DONE, PIPELINE, REFUSED, WORKSPACE_ID, FakeAzure, FakeWorkspace

LANDING = "abfss://landing@stdata.dfs.core.windows.net"
ARCHIVE = "abfss://archive@stdata.dfs.core.windows.net"
EMPTY = StatementResult("s", "SUCCEEDED", ("path",))
MATRIX = read_matrix(
    [
        {
            "principal": "pipeline_sp",
            "securable_type": "external_location",
            "full_name": "loc",
            "required": ["READ_FILES", "WRITE_FILES"],
        }
    ],
    "pipeline_sp",
)


def environment(*locations: Any) -> Any:
    """The bindings of some locations; the writable one is ``loc``."""
    rows = locations or (location(),)
    bindings = {
        "external_locations": list(rows),
        "principals": {"pipeline_sp": {"application_id": PIPELINE}},
    }
    return Environment("embedded", "embedded", bindings, "embedded.yaml")


def location(**changed: Any) -> Any:
    """One row of ``external_locations``."""
    return {"name": "loc", "url": LANDING + "/", "read_only": False} | changed


class Lake:
    """A storage account behind SQL: answers LIST and read_files from what was written."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.azure = FakeAzure()

    def answer(self, statement: Any) -> Any:
        for start, result in self.answers.items():
            if statement.startswith(start):
                return result
        if statement.startswith("LIST"):
            return EMPTY if self.azure.removed else DONE
        if statement.startswith("SELECT * FROM read_files"):
            return StatementResult("s", "SUCCEEDED", ("v",), (("42",),))
        return None


def observer(**changed: Any) -> Any:
    """A harness that sees the location as it is bound."""
    answer = {"url": LANDING + "/", "read_only": False} | changed
    return FakeWorkspace(
        securables={("external_location", "loc"): answer},
        effective={
            ("external_location", "loc", PIPELINE): (Privilege(PIPELINE, "WRITE_FILES"),),
        },
        principals={PIPELINE: ServicePrincipal(PIPELINE, "sp", True, ())},
    )


def subject(lake: Any, **changed: Any) -> Any:
    """The pipeline principal on a lake."""
    identity = Identity(PIPELINE, PIPELINE, WORKSPACE_ID, "https://w")
    return FakeWorkspace(**({"identity": identity, "answers": lake.answer} | changed))


def probe(lake: Any = None, watching: Any = None, bound: Any = None, acting: Any = None) -> Any:
    """The reports of one probe."""
    lake = lake or Lake()
    prober = Prober(acting or subject(lake), watching or observer(), lake.azure, "wh", "42")
    return probe_bound_locations(prober, bound or environment(), MATRIX, "pipeline_sp")


def test_what_is_written_is_listed_read_and_removed() -> None:
    """The healthy path leaves no problem and no object."""
    lake = Lake()
    reports = probe(lake)
    assert content_problems(reports) == ()
    assert refusal_problems(reports) == ()
    assert left_over(reports) == ()
    assert lake.azure.removed == ["stdata/landing/_dod_probe/42"]


@pytest.mark.parametrize(
    ("lake", "part"),
    [
        (
            Lake(INSERT=REFUSED),
            "writing failed: PERMISSION_DENIED no (credential check: WRITE FAIL",
        ),
        (Lake(LIST=REFUSED), "listing failed"),
        (Lake(LIST=EMPTY), "is empty"),
        (Lake(SELECT=StatementResult("s", "SUCCEEDED", ("v",), (("old",),))), "read back ['old']"),
        (Lake(SELECT=REFUSED), "read back []"),
    ],
)
def test_a_probe_that_is_not_read_back_says_why(lake: Any, part: Any) -> None:
    """Write, listing and content are each judged; the diagnosis is attached."""
    assert any(part in problem for problem in content_problems(probe(lake)))


@pytest.mark.parametrize(
    ("watching", "part"),
    [
        (observer(url=ARCHIVE), "the service points it to"),
        (observer(read_only=True), "says the opposite"),
    ],
)
def test_a_location_that_is_not_as_bound_is_named(watching: Any, part: Any) -> None:
    """Another container or another mode than the environment says."""
    assert any(part in problem for problem in content_problems(probe(watching=watching)))


def test_the_credential_of_the_location_is_compared_where_bound() -> None:
    """A bound credential name must be the one in use."""
    bound = environment(location(credential_name="cred-data"))
    assert any("cred-data" in p for p in content_problems(probe(bound=bound)))
    watching = observer(credential_name="cred-data")
    assert content_problems(probe(bound=bound, watching=watching)) == ()


def test_a_write_without_any_grant_is_a_problem() -> None:
    """Behaviour must agree with the grants that are listed."""
    watching = observer()
    watching.effective.clear()
    assert any("no grant of WRITE_FILES" in p for p in content_problems(probe(watching=watching)))


@pytest.mark.parametrize(
    "changed", [{"identity": FakeWorkspace().identity}, {"refuses_identity": True}]
)
def test_probing_as_somebody_else_proves_nothing(changed: Any) -> None:
    """The credential must really be the subject's."""
    lake = Lake()
    reports = probe(lake, acting=subject(lake, **changed))
    assert any("probed as" in problem for problem in content_problems(reports))


def closed(**changed: Any) -> Any:
    """The location bound and seen as read-only."""
    return {"bound": environment(location(read_only=True)), "watching": observer(read_only=True)}


def test_a_read_only_location_refuses_and_can_still_be_listed() -> None:
    """A refusal for lack of permission is what is wanted; nothing is removed then."""
    lake = Lake(INSERT=REFUSED)
    reports = probe(lake, **closed())
    assert content_problems(reports) == ()
    assert refusal_problems(reports) == ()
    assert lake.azure.removed == []


def test_a_read_only_location_that_accepts_is_found_out_and_cleaned() -> None:
    """An accepted write fails the refusal and is removed."""
    lake = Lake()
    reports = probe(lake, **closed())
    assert refusal_problems(reports) == ("loc: the write was accepted",)
    assert lake.azure.removed


def test_another_error_is_no_refusal() -> None:
    """A parse error on the read-only location shows nothing."""
    broken = StatementResult("s", "FAILED", error_code="PARSE_SYNTAX_ERROR")
    (problem,) = refusal_problems(probe(Lake(INSERT=broken), **closed()))
    assert "not for lack of permission" in problem


def test_a_location_without_agreed_write_must_refuse() -> None:
    """Without WRITE_FILES in the matrix a writable location refuses too."""
    bound = environment(location(name="other", url=ARCHIVE))
    watching = observer()
    watching.securables["external_location", "other"] = {"url": ARCHIVE}
    assert refusal_problems(probe(bound=bound, watching=watching))


def test_what_cannot_be_removed_is_left_over() -> None:
    """A refused removal, or one that removed nothing, is named."""
    refusing = Lake()
    refusing.azure.delete_refused = True
    assert left_over(probe(refusing))
    assert left_over(probe(Lake(LIST=DONE)))


def test_a_location_that_does_not_exist_is_missing() -> None:
    """A 404 is an answer; it is not probed."""
    watching = observer()
    watching.securables.clear()
    reports = probe(watching=watching)
    assert missing_locations(reports) == ("external_location loc",)
    assert content_problems(reports)


def test_no_location_at_all_is_no_success() -> None:
    """Judging nothing is a problem."""
    assert content_problems(())


def volume(**changed: Any) -> Any:
    """A location that is reached through a volume."""
    row = location(access_via="volume", volume="main.ops.probe", probe_prefix="p", **changed)
    watching = observer()
    watching.securables["volume", "main.ops.probe"] = {"storage_location": LANDING + "/probe"}
    return {"bound": environment(row), "watching": watching}


def test_a_volume_is_probed_through_files() -> None:
    """Upload, listing, download and removal, inside the location."""
    world = volume()
    lake = Lake()
    acting = subject(lake)
    reports = probe(lake, acting=acting, **world)
    assert content_problems(reports) == ()
    assert left_over(reports) == ()
    assert acting.files == {}


def test_a_volume_outside_of_its_location_is_named() -> None:
    """Writes that land elsewhere prove nothing about the location."""
    world = volume()
    world["watching"].securables["volume", "main.ops.probe"] = {"storage_location": ARCHIVE}
    assert any("outside" in problem for problem in content_problems(probe(**world)))


def test_a_volume_that_does_not_exist_goes_nowhere() -> None:
    """What is bound is not there: the probe fails, it does not break off."""
    world = volume()
    del world["watching"].securables["volume", "main.ops.probe"]
    assert any("goes to nowhere" in problem for problem in content_problems(probe(**world)))


def test_a_volume_that_refuses_is_refused() -> None:
    """403 of the Files API is a refusal, wanted or not."""
    lake = Lake()
    acting = subject(lake, refused_paths=("/Volumes/main/ops/probe",))
    assert any(
        "writing failed" in p for p in content_problems(probe(lake, acting=acting, **volume()))
    )
