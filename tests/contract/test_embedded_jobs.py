"""Job definitions on the embedded cloud: made, read, listed, changed, by who may."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import (
    BadRequest,
    InvalidParameterValue,
    PermissionDenied,
    ResourceDoesNotExist,
)
from databricks.sdk.service.jobs import (
    CronSchedule,
    JobAccessControlRequest,
    JobPermissionLevel,
    JobSettings,
    PauseStatus,
)

from tests.contract.embedded_cloud import HARNESS, INFRA, OUTSIDER, PIPELINE, RunningCloud
from tests.contract.embedded_jobs import AS_PIPELINE, make_job, sql_task, update

if TYPE_CHECKING:
    from collections.abc import Callable

ADMIN = "admin@embedded.example"


def _create(cloud: RunningCloud, role: str, **settings: object) -> int:
    answer = cloud.rest(role, "POST", "/api/2.2/jobs/create", {"name": "own", **settings})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["job_id"])


def test_a_job_is_given_back_as_it_was_made(cloud: RunningCloud) -> None:
    """Explicit run_as, deployment of a bundle, parameters and tasks are settings."""
    bundle = {"kind": "BUNDLE", "metadata_file_path": "/Shared/.bundle/metadata.json"}
    parameters = [{"name": "run_id", "default": "none"}]
    job_id = make_job(
        cloud,
        sql_task(cloud, "only", "SELECT 1"),
        deployment=bundle,
        edit_mode="UI_LOCKED",
        parameters=parameters,
    )
    found = cloud.client("admin").jobs.get(job_id)
    assert found.settings is not None
    assert found.run_as_user_name == PIPELINE
    assert found.settings.run_as is not None
    assert found.settings.run_as.service_principal_name == PIPELINE
    assert found.settings.deployment is not None
    assert found.settings.deployment.as_dict() == bundle
    assert [item.as_dict() for item in found.settings.parameters or []] == parameters
    assert [task.task_key for task in found.settings.tasks or []] == ["only"]


def test_a_job_without_run_as_runs_as_its_owner_and_says_nothing_explicit(
    cloud: RunningCloud,
) -> None:
    """The effective identity and the setting are two things."""
    job_id = _create(cloud, "pipeline_sp")
    found = cloud.client("pipeline_sp").jobs.get(job_id)
    assert found.run_as_user_name == PIPELINE
    assert found.settings is not None
    assert found.settings.run_as is None


def test_a_new_owner_is_whom_a_job_without_run_as_runs_as(cloud: RunningCloud) -> None:
    """Documented for workspaces with access control."""
    job_id = _create(cloud, "admin")
    row = JobAccessControlRequest(user_name=INFRA, permission_level=JobPermissionLevel.IS_OWNER)
    cloud.client("admin").jobs.update_permissions(str(job_id), access_control_list=[row])
    assert cloud.client("admin").jobs.get(job_id).run_as_user_name == INFRA


@pytest.mark.parametrize(
    ("role", "run_as"),
    [
        ("operator", {"service_principal_name": PIPELINE}),
        ("operator", {"user_name": INFRA}),
        ("pipeline_sp", {"service_principal_name": HARNESS}),
    ],
)
def test_run_as_needs_the_right_to_act_through_that_identity(
    cloud: RunningCloud, role: str, run_as: dict[str, str]
) -> None:
    """The role Service Principal User, or for a user workspace administration."""
    body = {"name": "x", "run_as": run_as}
    answer = cloud.rest(role, "POST", "/api/2.2/jobs/create", body)
    assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED")


@pytest.mark.parametrize(
    "run_as",
    [
        {"service_principal_name": "sp-pipeline"},
        {"user_name": PIPELINE},
        {"user_name": "nobody@embedded.example"},
        {},
        {"user_name": INFRA, "service_principal_name": PIPELINE},
    ],
)
def test_run_as_names_one_existing_principal_by_its_own_name(
    cloud: RunningCloud, run_as: dict[str, str]
) -> None:
    """A display name or the wrong kind is no principal."""
    body = {"name": "x", "run_as": run_as or {"group_name": "admins"}}
    answer = cloud.rest("admin", "POST", "/api/2.2/jobs/create", body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_who_holds_nothing_on_a_job_neither_reads_nor_lists_it(cloud: RunningCloud) -> None:
    """403 for the one, an empty list for the other."""
    job_id = make_job(cloud)
    jobs = cloud.client("outsider").jobs
    assert list(jobs.list(name="contract")) == []
    with pytest.raises(PermissionDenied):
        jobs.get(job_id)


def test_the_levels_of_a_job_build_on_each_other(cloud: RunningCloud) -> None:
    """Viewing is not running, running is not changing."""
    job_id = make_job(cloud)
    jobs = cloud.client("outsider").jobs
    for level, refused in (
        (JobPermissionLevel.CAN_VIEW, ("run", "change")),
        (JobPermissionLevel.CAN_MANAGE_RUN, ("change",)),
        (JobPermissionLevel.CAN_MANAGE, ()),
    ):
        row = JobAccessControlRequest(user_name=OUTSIDER, permission_level=level)
        cloud.client("admin").jobs.update_permissions(str(job_id), access_control_list=[row])
        assert jobs.get(job_id).job_id == job_id
        _expect(partial(jobs.run_now, job_id), refused="run" in refused)
        change = partial(jobs.update, job_id, new_settings=JobSettings(description="new"))
        _expect(change, refused="change" in refused)


def _expect(act: Callable[[], object], *, refused: bool) -> None:
    if not refused:
        act()
        return
    with pytest.raises(PermissionDenied):
        act()


def test_permissions_name_the_owner_and_the_administrators(cloud: RunningCloud) -> None:
    """Administrators hold CAN_MANAGE by inheritance."""
    job_id = make_job(cloud)
    found = cloud.client("admin").jobs.get_permissions(str(job_id)).access_control_list or []
    held = {
        (row.user_name or row.group_name, level.permission_level, level.inherited)
        for row in found
        for level in row.all_permissions or []
    }
    assert held == {
        (ADMIN, JobPermissionLevel.IS_OWNER, False),
        ("admins", JobPermissionLevel.CAN_MANAGE, True),
    }


def test_setting_permissions_replaces_all_rows_but_an_owner_stays(cloud: RunningCloud) -> None:
    """An object is never without owner, and never owned by a group."""
    job_id = str(make_job(cloud))
    jobs = cloud.client("admin").jobs
    row = JobAccessControlRequest(user_name=OUTSIDER, permission_level=JobPermissionLevel.CAN_VIEW)
    jobs.set_permissions(job_id, access_control_list=[row])
    rows = jobs.get_permissions(job_id).access_control_list or []
    assert {row.user_name for row in rows} == {OUTSIDER, ADMIN, None}
    group = JobAccessControlRequest(
        group_name="grp-ops", permission_level=JobPermissionLevel.IS_OWNER
    )
    with pytest.raises(BadRequest, match="Groups can not be owners"):
        jobs.set_permissions(job_id, access_control_list=[group])


def test_jobs_are_found_by_their_exact_name_whatever_its_case(cloud: RunningCloud) -> None:
    """A part of the name does not match."""
    job_id = make_job(cloud, name="Pipeline-A")
    jobs = cloud.client("admin").jobs
    assert [job.job_id for job in jobs.list(name="pipeline-a")] == [job_id]
    assert list(jobs.list(name="pipeline")) == []


def test_listing_jobs_follows_pages_and_shows_tasks_when_asked(cloud: RunningCloud) -> None:
    """Three jobs in pages of two; lists leave the tasks out by default."""
    made = {make_job(cloud, sql_task(cloud, "t", "SELECT 1"), name=f"p{n}") for n in range(3)}
    jobs = cloud.client("admin").jobs
    assert made <= {job.job_id for job in jobs.list(limit=2)}
    brief = next(iter(jobs.list(name="p1"))).settings
    full = next(iter(jobs.list(name="p1", expand_tasks=True))).settings
    assert brief is not None
    assert full is not None
    assert not brief.tasks
    assert [task.task_key for task in full.tasks or []] == ["t"]


def test_update_replaces_a_field_whole_and_merges_tasks_by_key(cloud: RunningCloud) -> None:
    """A schedule without pause status is unpaused; other tasks stay."""
    first = sql_task(cloud, "first", "SELECT 1")
    second = sql_task(cloud, "second", "SELECT 2")
    job_id = make_job(cloud, first, second)
    changed = {**second, "description": "changed"}
    cron = {"quartz_cron_expression": "0 0 1 * * ?", "timezone_id": "UTC"}
    update(cloud, job_id, {"tasks": [changed], "schedule": cron})
    found = cloud.client("admin").jobs.get(job_id).settings
    assert found is not None
    assert [(t.task_key, t.description) for t in found.tasks or []] == [
        ("first", None),
        ("second", "changed"),
    ]
    assert found.schedule is not None
    assert found.schedule.pause_status is PauseStatus.UNPAUSED


def test_a_removed_field_and_a_removed_task_are_gone(cloud: RunningCloud) -> None:
    """Removal needs fields_to_remove."""
    tasks = [sql_task(cloud, key, "SELECT 1") for key in ("first", "second")]
    job_id = make_job(cloud, *tasks)
    jobs = cloud.client("admin").jobs
    jobs.update(job_id, fields_to_remove=["run_as", "tasks/second"])
    found = jobs.get(job_id)
    assert found.run_as_user_name == ADMIN
    assert found.settings is not None
    assert [task.task_key for task in found.settings.tasks or []] == ["first"]


def test_reset_leaves_only_what_it_was_given(cloud: RunningCloud) -> None:
    """Nothing of the old settings stays."""
    job_id = make_job(cloud, description="old")
    schedule = CronSchedule("0 0 1 * * ?", "UTC", PauseStatus.PAUSED)
    cloud.client("admin").jobs.reset(job_id, new_settings=JobSettings(schedule=schedule))
    found = cloud.client("admin").jobs.get(job_id).settings
    assert found is not None
    assert found.schedule == schedule
    assert (found.name, found.description, found.run_as) == ("Untitled", None, None)


def test_a_deleted_job_does_not_exist(cloud: RunningCloud) -> None:
    """The SDK reads the service's sentence."""
    job_id = make_job(cloud)
    cloud.client("admin").jobs.delete(job_id)
    with pytest.raises(ResourceDoesNotExist):
        cloud.client("admin").jobs.get(job_id)


def test_changing_what_a_job_does_leaves_its_run_as_alone_for_a_manager(
    cloud: RunningCloud,
) -> None:
    """Only a new run_as asks for the role."""
    job_id = make_job(cloud)
    row = JobAccessControlRequest(
        user_name=OUTSIDER, permission_level=JobPermissionLevel.CAN_MANAGE
    )
    cloud.client("admin").jobs.update_permissions(str(job_id), access_control_list=[row])
    jobs = cloud.client("outsider").jobs
    jobs.update(job_id, new_settings=JobSettings(description="mine now"))
    settings = JobSettings.from_dict({"run_as": {"service_principal_name": HARNESS}})
    with pytest.raises(PermissionDenied, match="Service Principal User"):
        jobs.update(job_id, new_settings=settings)


def test_what_this_cloud_does_not_execute_is_refused_by_name(cloud: RunningCloud) -> None:
    """Kept silently it would look like support."""
    condition = {"op": "EQUAL_TO", "left": "1", "right": "1"}
    task = {"task_key": "if", "condition_task": condition}
    for body in ({"tasks": [task]}, {"git_source": {"git_url": "x"}}):
        answer = cloud.rest("admin", "POST", "/api/2.1/jobs/create", {**AS_PIPELINE, **body})
        assert answer.status_code == 400
        assert "is not supported by the embedded cloud" in answer.json()["message"]


def test_a_pipeline_has_an_identity_of_its_own(cloud: RunningCloud) -> None:
    """It runs as its creator until somebody who may says otherwise."""
    body = {"name": "silver", "catalog": "main", "schema": "silver"}
    made = cloud.rest("admin", "POST", "/api/2.0/pipelines", body).json()["pipeline_id"]
    pipelines = cloud.client("admin").pipelines
    assert pipelines.get(made).run_as_user_name == ADMIN
    change = {**body, "run_as": {"service_principal_name": PIPELINE}}
    assert cloud.rest("admin", "PUT", f"/api/2.0/pipelines/{made}", change).status_code == 200
    assert pipelines.get(made).run_as_user_name == PIPELINE
    with pytest.raises(PermissionDenied):
        cloud.client("outsider").pipelines.get(made)
    assert made in [item.pipeline_id for item in pipelines.list_pipelines()]


def test_a_bad_job_id_is_an_invalid_parameter(cloud: RunningCloud) -> None:
    """Text is no id."""
    answer = cloud.rest("admin", "GET", "/api/2.2/jobs/get?job_id=abc")
    assert answer.status_code == 400
    with pytest.raises(InvalidParameterValue):
        list(cloud.client("admin").jobs.list(limit=1000))


SEEDED = 510000000000101
OWN = {"user_name": OUTSIDER, "permission_level": "CAN_MANAGE"}
EMPTY_FILE = {"path": "/Shared/pipelines/pipeline_a.sql", "format": "RAW", "overwrite": True}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/api/2.2/jobs/get?job_id={SEEDED}", None),
        ("GET", f"/api/2.2/jobs/runs/list?job_id={SEEDED}", None),
        ("POST", "/api/2.2/jobs/run-now", {"job_id": SEEDED}),
        ("POST", "/api/2.2/jobs/update", {"job_id": SEEDED, "new_settings": {"name": "x"}}),
        ("POST", "/api/2.2/jobs/reset", {"job_id": SEEDED, "new_settings": {}}),
        ("POST", "/api/2.2/jobs/delete", {"job_id": SEEDED}),
        ("POST", "/api/2.2/jobs/runs/cancel-all", {"job_id": SEEDED}),
        ("GET", f"/api/2.0/permissions/jobs/{SEEDED}", None),
        ("PATCH", f"/api/2.0/permissions/jobs/{SEEDED}", {"access_control_list": [OWN]}),
        ("PUT", f"/api/2.0/permissions/jobs/{SEEDED}", {"access_control_list": [OWN]}),
        ("POST", "/api/2.0/workspace/import", {"path": "/Shared/mine", "format": "RAW"}),
        ("POST", "/api/2.0/workspace/mkdirs", {"path": "/mine"}),
    ],
)
def test_an_outsider_is_refused_on_a_seeded_job(
    cloud: RunningCloud, method: str, path: str, body: object
) -> None:
    """403 each time, and the job stays as it was."""
    before = cloud.client("admin").jobs.get(SEEDED)
    answer = cloud.rest("outsider", method, path, body)
    assert answer.status_code == 403, answer.text
    assert cloud.client("admin").jobs.get(SEEDED) == before


def test_an_outsider_cannot_replace_a_file_it_does_not_see(cloud: RunningCloud) -> None:
    """Its content stays; to the outsider it does not exist."""
    before = cloud.client("admin").workspace.export(str(EMPTY_FILE["path"]))
    answer = cloud.rest("outsider", "POST", "/api/2.0/workspace/import", EMPTY_FILE)
    assert answer.status_code == 404
    assert cloud.client("admin").workspace.export(str(EMPTY_FILE["path"])) == before


def test_the_harness_starts_a_seeded_job_and_changes_nothing_of_it(cloud: RunningCloud) -> None:
    """The pipelines are its to run, not to redefine."""
    jobs = cloud.client("harness").jobs
    assert jobs.get(SEEDED).run_as_user_name == PIPELINE
    jobs.run_now(SEEDED)
    assert next(iter(jobs.list_runs(job_id=SEEDED))).creator_user_name == HARNESS
    with pytest.raises(PermissionDenied):
        jobs.update(SEEDED, new_settings=JobSettings(description="mine"))
