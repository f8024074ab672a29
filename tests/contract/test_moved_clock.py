"""A cloud whose clock was moved on: whoever measures in it measures in its time."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pytest_roadmap.composition import RunOptions, connect_embedded, open_run, start_embedded
from pytest_roadmap.domain.audit import read_measured, unusable
from pytest_roadmap.domain.recording import Recorder

ROOT = Path(__file__).parents[2]
DAY_S = 86_400


def test_the_audit_script_measures_in_the_time_of_a_moved_cloud(tmp_path: Path) -> None:
    """What was collected after the clock was moved by a day is as new as the harness expects."""
    cloud = start_embedded(ROOT, tmp_path)
    try:
        url = str(cloud.connection["databricks_url"])
        request = urllib.request.Request(  # noqa: S310 (the loopback address of the cloud)
            f"{url}/_embedded/clock",
            data=json.dumps({"advance_s": DAY_S}).encode(),
            headers={"Authorization": f"Bearer {cloud.connection['admin_token']}"},
            method="POST",
        )
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
        connection = cloud.connection | {
            "clock_offset_s": connect_embedded(url, ROOT)["clock_offset_s"]
        }
        document = ROOT / ".roadmap" / "implementation_roadmap.md"
        options = RunOptions(root=ROOT, document=document, environment="embedded")
        run = open_run(options, connection)
        found = run.ports(Recorder("SEC-002.S1", run.clock)).audit.run()
    finally:
        cloud.stop()
    at = read_measured(found.output).collected_at
    assert unusable(found) == ()
    assert at is not None
    assert at > datetime.now(UTC) + timedelta(hours=23)
