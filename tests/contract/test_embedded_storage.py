"""Volumes, files, external locations and the storage account behind them."""

from __future__ import annotations

import io

import pytest
from databricks.sdk.errors import AlreadyExists, NotFound, PermissionDenied

from tests.contract.embedded_cloud import (
    ACCOUNT,
    LANDING,
    PIPELINE,
    UC,
    RunningCloud,
    error_of,
)

VOLUME = "/Volumes/main/ops/probe_volume"
PROBE = f"{LANDING}_dod_probe/p1"
WRITE = f"INSERT OVERWRITE DIRECTORY '{PROBE}' USING CSV SELECT 'p1' AS v"
READ = f"SELECT * FROM read_files('{PROBE}', format => 'csv', schema => 'v STRING')"  # noqa: S608 - a constant path


def test_a_file_comes_back_as_written_until_it_is_deleted(cloud: RunningCloud) -> None:
    """C-FILES from upload to delete."""
    files = cloud.client("harness").files
    files.upload(f"{VOLUME}/_dod_probe/a b.txt", io.BytesIO(b"\x00content"), overwrite=False)
    contents = files.download(f"{VOLUME}/_dod_probe/a b.txt").contents
    assert contents is not None
    with contents:
        assert contents.read() == b"\x00content"
    assert files.get_metadata(f"{VOLUME}/_dod_probe/a b.txt").content_length == 8
    entries = list(files.list_directory_contents(f"{VOLUME}/_dod_probe"))
    assert [(e.name, e.is_directory, e.file_size) for e in entries] == [("a b.txt", False, 8)]
    with pytest.raises(AlreadyExists):
        files.upload(f"{VOLUME}/_dod_probe/a b.txt", io.BytesIO(b"x"), overwrite=False)
    files.delete(f"{VOLUME}/_dod_probe/a b.txt")
    with pytest.raises(NotFound):
        files.get_metadata(f"{VOLUME}/_dod_probe/a b.txt")
    files.delete_directory(f"{VOLUME}/_dod_probe")


def test_reading_a_volume_does_not_allow_writing_it(cloud: RunningCloud) -> None:
    """READ VOLUME and WRITE VOLUME are separate, and both need the USE chain."""
    client = cloud.client("pipeline_sp")
    with pytest.raises(PermissionDenied, match="READ VOLUME"):
        list(client.files.list_directory_contents(VOLUME))
    cloud.grant("volume", "main.ops.probe_volume", PIPELINE, "READ_VOLUME")
    assert list(client.files.list_directory_contents(VOLUME)) == []
    with pytest.raises(PermissionDenied, match="WRITE VOLUME"):
        client.files.upload(f"{VOLUME}/x", io.BytesIO(b"x"))
    cloud.revoke("schema", "main.ops", PIPELINE, "USE_SCHEMA")
    with pytest.raises(PermissionDenied, match="USE SCHEMA"):
        list(client.files.list_directory_contents(VOLUME))


def test_the_path_route_works_for_who_holds_the_file_privileges(cloud: RunningCloud) -> None:
    """SEC-003.S3 healthy: write, list and read through the external location."""
    assert cloud.sql("pipeline_sp", WRITE)["status"]["state"] == "SUCCEEDED"
    assert cloud.sql("pipeline_sp", READ)["result"]["data_array"] == [["p1"]]


def test_without_write_files_the_write_is_refused(cloud: RunningCloud) -> None:
    """SEC-003.S3.N1 is a revoke by the administrator."""
    cloud.revoke("external_location", "loc-landing", PIPELINE, "WRITE_FILES")
    assert "WRITE FILES" in cloud.sql("pipeline_sp", WRITE)["status"]["error"]["message"]


def test_a_read_only_location_refuses_the_write_unless_the_service_is_broken(
    cloud: RunningCloud,
) -> None:
    """SEC-003.S3.N2 is a PATCH, N6 the fault ``write-accepted-on-read-only``."""
    body = {"read_only": True}
    path = f"{UC}/external-locations/loc-landing"
    assert cloud.rest("admin", "PATCH", path, body).status_code == 200
    assert "read only" in cloud.sql("pipeline_sp", WRITE)["status"]["error"]["message"]
    cloud.faults("write-accepted-on-read-only")
    assert cloud.sql("pipeline_sp", WRITE)["status"]["state"] == "SUCCEEDED"


@pytest.mark.parametrize(
    "properties",
    [{"networkAcls": {"defaultAction": "Deny"}}, {"publicNetworkAccess": "Disabled"}],
)
def test_a_closed_storage_firewall_refuses_path_and_clean_up_alike(
    cloud: RunningCloud, properties: dict[str, object]
) -> None:
    """SEC-003.S3.N3 is a PATCH of the storage account."""
    changed = cloud.arm("admin", "PATCH", ACCOUNT, {"properties": properties})
    assert changed.status_code == 200
    error = cloud.sql("pipeline_sp", WRITE)["status"]["error"]
    assert "AuthorizationFailure: 403" in error["message"]
    results = cloud.client("harness").storage_credentials.validate(
        storage_credential_name="cred-data", external_location_name="loc-landing"
    )
    assert {r.result.value for r in results.results or [] if r.result} == {"FAIL"}
    path = "/_dfs/stdataembedded/landing/_dod_probe/p1"
    assert cloud.azure("harness", "DELETE", path, recursive="true").status_code == 403


def test_a_credential_without_a_data_role_is_refused_by_the_storage(cloud: RunningCloud) -> None:
    """The role assignment of the access connector is what lets the credential in."""
    listed = cloud.arm(
        "admin",
        "GET",
        f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments",
        version="2022-04-01",
    ).json()["value"]
    (own,) = [r for r in listed if r["properties"]["principalId"].endswith("c1")]
    assert cloud.arm("admin", "DELETE", own["id"], version="2022-04-01").status_code == 200
    error = cloud.sql("pipeline_sp", WRITE)["status"]["error"]
    assert "AuthorizationPermissionMismatch" in error["message"]


def test_reads_can_be_stale(cloud: RunningCloud) -> None:
    """SEC-003.S3.N4: the content is another than the one written."""
    cloud.faults("stale-read:content=older")
    cloud.sql("pipeline_sp", WRITE)
    assert cloud.sql("pipeline_sp", READ)["result"]["data_array"] == [["older"]]


def test_a_moved_location_or_a_redirect_leaves_the_recorded_url_empty(
    cloud: RunningCloud,
) -> None:
    """SEC-003.S3.N5 by the fault: the write succeeds, LIST at the recorded URL shows nothing."""
    target = "abfss://elsewhere@stdataembedded.dfs.core.windows.net/"
    cloud.faults(f"location-redirect:location=loc-landing,to={target}")
    assert cloud.sql("pipeline_sp", WRITE)["status"]["state"] == "SUCCEEDED"
    listed = cloud.sql("pipeline_sp", f"LIST '{PROBE}'")
    assert not listed.get("result", {}).get("data_array")
    held = cloud.admin("GET", "state")["storage"]
    assert [url for url in held if url.startswith(f"{target}_dod_probe/p1/")]


def test_an_external_location_can_be_pointed_elsewhere(cloud: RunningCloud) -> None:
    """A PATCH of ``url`` moves it; the path it covered is then covered by nothing."""
    target = "abfss://elsewhere@stdataembedded.dfs.core.windows.net/"
    path = f"{UC}/external-locations/loc-landing"
    assert cloud.rest("admin", "PATCH", path, {"url": target}).json()["url"] == target
    assert "external location" in cloud.sql("pipeline_sp", WRITE)["status"]["error"]["message"]


@pytest.mark.parametrize("url", [LANDING, f"{LANDING}sub/", f"{LANDING}./sub//deep"])
def test_overlapping_locations_are_refused(cloud: RunningCloud, url: str) -> None:
    """Locations never cover each other."""
    body = {"name": "loc-new", "url": url, "credential_name": "cred-data"}
    answer = cloud.rest("admin", "POST", f"{UC}/external-locations", body)
    assert error_of(answer) == (400, "INVALID_PARAMETER_VALUE")
    assert "LOCATION_OVERLAP" in answer.json()["message"]


def test_a_location_on_a_missing_container_needs_skip_validation(cloud: RunningCloud) -> None:
    """The credential is tried when a location is made; then it can be listed and deleted."""
    body = {
        "name": "loc-new",
        "url": "abfss://nowhere@stdataembedded.dfs.core.windows.net/",
        "credential_name": "cred-data",
    }
    path = f"{UC}/external-locations"
    assert cloud.rest("admin", "POST", path, body).status_code == 404
    made = cloud.rest("admin", "POST", path, {**body, "skip_validation": True})
    assert made.json()["name"] == "loc-new"
    assert cloud.rest("admin", "DELETE", f"{path}/loc-new").status_code == 200


def test_the_probe_directory_is_removed_through_the_storage_endpoint(cloud: RunningCloud) -> None:
    """A-DFS: recursive delete as the harness; then the path is not found."""
    cloud.sql("pipeline_sp", WRITE)
    path = "/_dfs/stdataembedded/landing/_dod_probe/p1"
    assert cloud.azure("harness", "DELETE", path).status_code == 409
    assert cloud.azure("harness", "DELETE", path, recursive="true").status_code == 200
    gone = cloud.azure("harness", "DELETE", path, recursive="true")
    assert (gone.status_code, gone.headers["x-ms-error-code"]) == (404, "PathNotFound")
    assert cloud.azure("pipeline_sp", "DELETE", path, recursive="true").status_code == 403
