"""Python tasks on the embedded cloud: notebooks and files, as the principal of the run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from databricks.sdk.service.jobs import RunLifeCycleState, RunOutput

from tests.contract.embedded_cloud import PIPELINE, RunningCloud
from tests.contract.embedded_jobs import (
    attempts,
    ended,
    finished,
    make_job,
    notebook_task,
    put_file,
    result,
    rows,
    start,
    until,
    wait_for,
)


def _output(cloud: RunningCloud, source: str, **settings: object) -> RunOutput:
    """What a notebook of this source leaves."""
    run = finished(cloud, make_job(cloud, notebook_task(cloud, "note", source), **settings))
    task = attempts(run, "note")[0].run_id
    assert task is not None
    return cloud.client("admin").jobs.get_run_output(task)


def _exit(cloud: RunningCloud, source: str, **settings: object) -> object:
    """What a notebook gives to exit, which is JSON here."""
    output = _output(cloud, source, **settings)
    assert output.error is None, output.error_trace
    assert output.notebook_output is not None
    return json.loads(str(output.notebook_output.result))


def test_a_notebook_reads_its_parameters_and_tables_and_exits_with_a_value(
    cloud: RunningCloud,
) -> None:
    """Job parameters are widgets; rows have positions, names and types."""
    found = _exit(
        cloud,
        "import json\n"
        "row = spark.sql('SELECT 1 AS n, CAST(2.50 AS DECIMAL(9,2)) AS d, :x AS x,"
        " DATE\\'2026-02-01\\' AS day', args={'x': 'it'}).first()\n"
        "seen = [row[0], str(row.d), row['x'], row.day.year, sorted(row.asDict())]\n"
        "dbutils.notebook.exit(json.dumps([dbutils.widgets.get('run_id'), seen]))\n",
        parameters=[{"name": "run_id", "default": "r7"}],
    )
    assert found == ["r7", [1, "2.50", "it", 2026, ["d", "day", "n", "x"]]]


def test_a_notebook_is_the_principal_of_the_run_and_its_writes_name_the_run(
    cloud: RunningCloud,
) -> None:
    """current_user() in Python and SQL, userName and job in the table's history."""
    source = (
        "import json\n"
        "spark.sql(\"INSERT INTO main.ops.pipeline_state (pipeline_name) VALUES ('note')\")\n"
        "sql = spark.sql('SELECT current_user()').first()[0]\n"
        "dbutils.notebook.exit(json.dumps([current_user(), sql]))\n"
    )
    assert _exit(cloud, source) == [PIPELINE, PIPELINE]
    run = next(iter(cloud.client("admin").jobs.list_runs(expand_tasks=True)))
    written = rows(cloud, "DESCRIBE HISTORY main.ops.pipeline_state LIMIT 1")[0]
    assert written[3] == PIPELINE
    job = json.loads(str(written[6]))
    task = (run.tasks or [])[0]
    assert (job["jobRunId"], job["runId"]) == (str(run.run_id), str(task.run_id))


def test_a_statement_without_privilege_fails_the_notebook_in_the_services_words(
    cloud: RunningCloud,
) -> None:
    """The output has error and trace."""
    output = _output(cloud, "spark.sql('SELECT * FROM main._private.salaries')\n")
    assert "INSUFFICIENT_PERMISSIONS" in str(output.error)
    assert "Traceback" in str(output.error_trace)


def test_a_secret_reaches_the_notebook_and_no_output(cloud: RunningCloud) -> None:
    """Printed or raised, its value is redacted; without READ there is none."""
    source = "value = dbutils.secrets.get('kv-scope', 'db-pw')\nprint('got', value, len(value))\n"
    output = _output(cloud, source)
    assert str(output.logs).startswith("got [REDACTED] ")
    raised = _output(cloud, source + "raise ValueError(value)\n")
    assert (raised.error, raised.logs and "[REDACTED]" in raised.logs) == (
        "ValueError: [REDACTED]",
        True,
    )
    cloud.client("admin").secrets.delete_acl("kv-scope", PIPELINE)
    assert "PERMISSION_DENIED" in str(_output(cloud, source).error)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("1 / 0\n", "ZeroDivisionError"),
        ("def broken(:\n", "SyntaxError"),
        ("import sys\nsys.exit(3)\n", "SystemExit: 3"),
        ("import os\nos._exit(1)\n", "exited unresponsively"),
        ("dbutils.widgets.get('absent')\n", "InputWidgetNotDefined"),
        ("spark.sql('SELECT 1').write\n", "unsupported by the embedded cloud"),
    ],
)
def test_whatever_ends_a_notebook_badly_fails_the_task(
    cloud: RunningCloud, source: str, error: str
) -> None:
    """An exception, bad syntax, an exit status, a lost process, what this cloud lacks."""
    output = _output(cloud, source)
    assert error in str(output.error)
    assert output.notebook_output is None


def test_the_process_of_a_notebook_holds_no_token(cloud: RunningCloud) -> None:
    """Neither in its arguments nor in its environment."""
    found = _exit(
        cloud,
        "import json, os, pathlib\n"
        "line = pathlib.Path('/proc/self/cmdline').read_bytes().decode()\n"
        "dbutils.notebook.exit(json.dumps([line, dict(os.environ)]))\n",
    )
    text = json.dumps(found)
    assert all(token not in text for token in cloud.connection["tokens"].values())
    assert cloud.connection["admin_token"] not in text
    assert not [name for name in found[1] if "DATABRICKS" in name or "TOKEN" in name]  # type: ignore[index]


def test_a_cancelled_notebook_is_killed(cloud: RunningCloud, tmp_path: Path) -> None:
    """Its process does not outlive the run."""
    mark = tmp_path / "pid"
    source = (
        "import os, time\nspark.sql('SELECT 1')\n"
        f"open({str(mark)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)\n"
    )
    run_id = start(cloud, make_job(cloud, notebook_task(cloud, "note", source)))
    wait_for(cloud, run_id, RunLifeCycleState.RUNNING)
    until(lambda: mark.exists() and mark.read_text())
    cloud.client("admin").jobs.cancel_run(run_id)
    assert result(ended(cloud, run_id)) == "CANCELED"
    assert not Path(f"/proc/{mark.read_text()}").exists()


def test_a_python_file_gets_its_arguments(cloud: RunningCloud) -> None:
    """With references replaced; what it prints is its log."""
    path = put_file(cloud, "main.py", "import sys\nprint(sys.argv[1:], current_user())\n")
    task = {
        "task_key": "file",
        "spark_python_task": {"python_file": path, "parameters": ["--x", "{{task.name}}"]},
    }
    run = finished(cloud, make_job(cloud, task))
    found = attempts(run, "file")[0].run_id
    assert found is not None
    logs = cloud.client("admin").jobs.get_run_output(found).logs
    assert logs == f"['--x', 'file'] {PIPELINE}\n"
