"""Jobs run as one principal because it is set and deployed so, with all that they start."""

from typing import Any

import pytest

from pytest_roadmap.domain.bundle_port import BundleSummary
from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.job_identity import read_job_identity, require_jobs
from pytest_roadmap.domain.outcome import AccessRefusedError, BlockedError, InconclusiveError
from pytest_roadmap.domain.ports import Identity, ServicePrincipal
from pytest_roadmap.domain.privileges import Subject
from pytest_roadmap.domain.run_identity import (
    IdentityReading,
    bundle_problems,
    cluster_problems,
    excess_levels,
    identity_problems,
    levels_of,
    owner_problems,
    principal_problems,
    source_problems,
)
from tests.fakes.world import PIPELINE, READER, WORKSPACE_ID, FakeWorkspace

USER = "choi@embedded.example"
PATHS = ("/jobs/note", "/jobs/main.py", "/jobs/b.sql", "/jobs/loop", "/jobs/x.whl")
TASKS: list[dict[str, Any]] = [
    {"task_key": "n", "notebook_task": {"notebook_path": PATHS[0]}, "existing_cluster_id": "c1"},
    {"task_key": "p", "spark_python_task": {"python_file": PATHS[1]}, "existing_cluster_id": "c1"},
    {"task_key": "s", "sql_task": {"file": {"path": PATHS[2], "source": "WORKSPACE"}}},
    {"task_key": "g", "notebook_task": {"notebook_path": "/in/git", "source": "GIT"}},
    {"task_key": "d", "spark_python_task": {"python_file": "abfss://c@a/x.py"}},
    {
        "task_key": "f",
        "for_each_task": {"task": {"task_key": "l", "notebook_task": {"notebook_path": PATHS[3]}}},
    },
    {
        "task_key": "w",
        "libraries": [
            {"whl": PATHS[4]},
            {"jar": "/Volumes/main/x.jar"},
            {"pypi": {"package": "x"}},
        ],
    },
    {"task_key": "r", "run_job_task": {"job_id": 2}},
    {"task_key": "l", "pipeline_task": {"pipeline_id": "pl"}},
]


def job(job_id: int, tasks: Any = (), runs_as: str = PIPELINE, **settings: Any) -> dict[str, Any]:
    """A job as the service answers it."""
    run_as = {"service_principal_name": PIPELINE}
    deployment = {"kind": "BUNDLE"}
    return {
        "job_id": job_id,
        "run_as_user_name": runs_as,
        "settings": {
            "name": f"job {job_id}",
            "tasks": list(tasks),
            "run_as": run_as,
            "deployment": deployment,
            **settings,
        },
    }


def acl(level: str, **who: str) -> dict[str, Any]:
    """One entry of a permission list."""
    return {**who, "all_permissions": [{"permission_level": level}]}


def world(*, child: Any = None, **settings: Any) -> FakeWorkspace:
    """Job 1 starts job 2, which starts job 1 again; everything runs as the principal."""
    back = [{"task_key": "b", "run_job_task": {"job_id": 1}}]
    return FakeWorkspace(
        identity=Identity(PIPELINE, PIPELINE, WORKSPACE_ID, "https://w"),
        jobs={1: job(1, TASKS, **settings), 2: child or job(2, back)},
        object_acls={
            ("jobs", "1"): (acl("IS_OWNER", service_principal_name=PIPELINE),),
            ("clusters", "c1"): (acl("CAN_RESTART", group_name="grp-etl"),),
        },
        pipelines={"pl": {"run_as_user_name": PIPELINE}},
        objects={path: {"path": path} for path in PATHS},
        principals={PIPELINE: ServicePrincipal(PIPELINE, "sp", True, ("grp-etl",))},
    )


def bundle(run_as: Any = None, **changed: Any) -> BundleSummary:
    """The summary of a bundle that deploys job 1."""
    deployed = {1: {"run_as": run_as or {"service_principal_name": PIPELINE.upper()}}}
    return BundleSummary("dev", **({"mode": "production", "jobs": deployed} | changed))


def reading(fake: FakeWorkspace, summary: BundleSummary | None = None) -> IdentityReading:
    """What is read about job 1."""
    return IdentityReading((read_job_identity(fake, "A", 1),), summary or bundle())


def test_what_is_set_deployed_and_in_force_has_no_problem() -> None:
    """Every claim holds, and a ring of jobs is followed once."""
    read = reading(world())
    assert [each.job_id for each in read.family] == [1, 2]
    assert list(identity_problems(read, PIPELINE.upper())) == []
    assert list(owner_problems(read, ())) == []
    assert list(bundle_problems(read, PIPELINE, "production")) == []
    assert list(source_problems(read, world(), PIPELINE)) == []
    assert list(cluster_problems(read, world(), Subject(PIPELINE, ("grp-etl",)))) == []
    assert principal_problems(world(), PIPELINE) == ()


def test_what_a_job_runs_is_found_in_every_kind_of_task() -> None:
    """Loops are looked into; what lies in git or in storage has no workspace permission."""
    found = read_job_identity(world(), "A", 1)
    assert set(found.sources) == set(PATHS)
    assert found.clusters == ("c1",)
    assert found.as_facts()["runs_as"] == PIPELINE


@pytest.mark.parametrize(
    ("fake", "said"),
    [
        (world(runs_as=USER), f"A runs as {USER}"),
        (world(run_as={}), "A sets run_as to nothing"),
        (world(run_as={"user_name": USER}), f"A sets run_as to {USER}"),
        (world(run_as={"service_principal_name": READER}), f"A sets run_as to {READER}"),
        (world(child=job(2, runs_as=USER)), f"A > job 2 runs as {USER}"),
    ],
)
def test_another_identity_is_named_with_its_job(fake: FakeWorkspace, said: str) -> None:
    """Effective and explicit identity are judged apart; of a child only the effective one."""
    assert any(said in problem for problem in identity_problems(reading(fake), PIPELINE))


def test_a_child_need_not_say_what_it_runs_as() -> None:
    """Its own setting may be absent, as long as it runs as the principal."""
    quiet = job(2, run_as={})
    assert list(identity_problems(reading(world(child=quiet)), PIPELINE)) == []


def test_a_pipeline_object_has_an_identity_of_its_own() -> None:
    """It may run as its creator although the job runs as the principal, or not exist."""
    fake = world()
    fake.pipelines = {"pl": {"run_as_user_name": USER}}
    assert f"its pipeline pl runs as {USER}" in next(identity_problems(reading(fake), PIPELINE))
    fake.pipelines = {}
    assert "nobody, for it does not exist" in next(identity_problems(reading(fake), PIPELINE))


def test_a_job_belongs_to_a_service_principal_or_a_shared_account() -> None:
    """A user owns no job unless the binding lists the account; somebody has to own it."""
    fake = world()
    fake.object_acls["jobs", "1"] = (
        acl("CAN_VIEW", user_name="x"),
        acl("IS_OWNER", user_name=USER),
    )
    assert f"owned by {USER}" in next(owner_problems(reading(fake), ()))
    assert list(owner_problems(reading(fake), [USER.upper()])) == []
    fake.object_acls["jobs", "1"] = (acl("IS_OWNER", user_name=None),)  # type: ignore[arg-type]
    assert "owned by nobody that has a name" in next(owner_problems(reading(fake), ()))
    fake.object_acls["jobs", "1"] = (acl("IS_OWNER", group_name="grp-ops"),)
    assert "owned by grp-ops" in next(owner_problems(reading(fake), ()))
    fake.object_acls.clear()
    assert list(owner_problems(reading(fake), ())) == ["A has no owner"]


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        (bundle(problem="broken"), "cannot be summarised for target dev: broken"),
        (bundle(mode="development"), "is of mode development, not production"),
        (bundle(jobs={}), "deploys no job 1 to dev"),
        (bundle({"user_name": USER}), f"the bundle says run_as {USER}"),
        (bundle({"service_principal_name": "sp"}), "the bundle says run_as sp"),
    ],
)
def test_a_bundle_that_would_revert_the_identity_is_named(
    summary: BundleSummary, said: str
) -> None:
    """The next deployment counts as much as what is deployed."""
    found = list(bundle_problems(reading(world(), summary), PIPELINE, "production"))
    assert len(found) == 1
    assert said in found[0]


def test_a_job_that_was_made_by_hand_is_named() -> None:
    """Its settings would not come back with the next deployment."""
    found = list(bundle_problems(reading(world(deployment=None)), PIPELINE, ""))
    assert found == ["A is deployed by hand, not from the bundle"]


def test_what_the_principal_cannot_read_is_named() -> None:
    """It looks itself; an object that is hidden from it is as good as absent."""
    blind = world()
    del blind.objects[PATHS[0]]
    found = list(source_problems(reading(world()), blind, PIPELINE))
    assert len(found) == 1
    assert f"may not read {PATHS[0]}" in found[0]


def test_a_look_under_another_identity_proves_nothing() -> None:
    """The credential bound for the principal has to be its own."""
    fake = world()
    fake.identity = FakeWorkspace().identity
    found = list(source_problems(reading(world()), fake, PIPELINE))
    assert found == [f"its credential is that of roadmap-reader, not of {PIPELINE}"]


def test_a_cluster_that_the_principal_may_not_restart_is_named() -> None:
    """A group of another principal does not help."""
    found = list(cluster_problems(reading(world()), world(), Subject(PIPELINE)))
    assert found == ["cluster c1: the principal may not restart it"]


def test_a_cluster_that_the_principal_may_do_more_with_is_named() -> None:
    """To manage it is more than a job needs."""
    fake = world()
    fake.object_acls["clusters", "c1"] = (acl("CAN_MANAGE", service_principal_name=PIPELINE),)
    found = list(cluster_problems(reading(world()), fake, Subject(PIPELINE)))
    assert found == ["cluster c1: the principal holds CAN_MANAGE, which is more than to use it"]


def test_levels_reach_a_principal_through_its_groups_and_its_own_name() -> None:
    """What goes beyond using an object is an excess, by its kind."""
    subject = Subject(PIPELINE, ("grp-etl",))
    entries = [
        acl("CAN_USE", service_principal_name=PIPELINE.upper()),
        acl("CAN_MANAGE", group_name="grp-etl"),
        acl("IS_OWNER", user_name=USER),
    ]
    assert levels_of(entries, subject) == {"CAN_USE", "CAN_MANAGE"}
    assert excess_levels("warehouses", entries, subject) == ("CAN_MANAGE",)
    assert excess_levels("clusters", [acl("CAN_RESTART", group_name="grp-etl")], subject) == ()
    everybody = [acl("CAN_MANAGE", group_name="users")]
    assert excess_levels("warehouses", everybody, Subject(PIPELINE)) == ("CAN_MANAGE",)


def test_a_principal_that_is_absent_or_switched_off_runs_nothing() -> None:
    """Both are said in a sentence."""
    off = FakeWorkspace(principals={PIPELINE: ServicePrincipal(PIPELINE, "sp", False, ())})
    assert principal_problems(off, PIPELINE) == (f"service principal {PIPELINE} is not active",)
    absent = principal_problems(FakeWorkspace(), PIPELINE)
    assert absent == (f"the workspace has no service principal {PIPELINE}",)


def environment(**jobs: Any) -> Environment:
    """Bindings of jobs."""
    return Environment("dev", "dev", {"jobs": jobs}, "dev.yaml")


def test_each_alias_leads_to_a_job_of_its_own() -> None:
    """The ids are given back by alias."""
    found = require_jobs(world(), environment(A={"id": 1}, B={"id": 2}), ("A", "B"))
    assert found == {"A": 1, "B": 2}


@pytest.mark.parametrize(
    ("bound", "reason"),
    [
        ({"id": 9}, "asset_not_handed_over(jobs.B)"),
        ({"name": "nothing"}, "asset_not_handed_over(jobs.B)"),
        ({"id": 1}, "missing_binding(jobs.B.id)"),
        ({}, "missing_binding(jobs.B.id)"),
    ],
)
def test_an_alias_without_a_job_of_its_own_blocks(bound: Any, reason: str) -> None:
    """Absent, unbound, or bound to the job of another alias."""
    with pytest.raises(BlockedError) as blocked:
        require_jobs(world(), environment(A={"id": 1}, B=bound), ("A", "B"))
    assert blocked.value.reason == reason


def test_an_id_and_a_name_that_lead_to_different_jobs_settle_nothing() -> None:
    """The job was renamed, or the id is that of another one."""
    bound = environment(A={"id": 1, "name": "job 1"}, B={"id": 2, "name": "job 1"})
    assert require_jobs(world(), bound, ("A",)) == {"A": 1}
    with pytest.raises(InconclusiveError, match=r"jobs\.B\.id is 2, a job named job 2"):
        require_jobs(world(), bound, ("B",))


def test_a_refused_look_at_a_job_is_no_absence() -> None:
    """The harness itself lacks the right; that is told apart from a job that is not there."""

    class Refusing(FakeWorkspace):
        def job(self, job_id: int) -> Any:
            raise AccessRefusedError(f"job {job_id}", "no CAN_VIEW")

    with pytest.raises(AccessRefusedError):
        require_jobs(Refusing(), environment(A={"id": 1}), ("A",))
