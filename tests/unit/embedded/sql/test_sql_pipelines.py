"""The central statement of the pipelines and the check queries, on rows worked out by hand."""

from __future__ import annotations

import pytest

from tests.unit.embedded.sql.world import PIPELINE, Parameter, World

MERGE = """
MERGE INTO silver.txn t USING (
  SELECT txn_id, amount, ingest_ts FROM (
    SELECT b.*, ROW_NUMBER() OVER (PARTITION BY txn_id ORDER BY ingest_ts DESC, src_file DESC) rn
    FROM bronze.raw_txn b WHERE b.ingest_ts >= :ws AND b.ingest_ts < :we AND NOT EXISTS (
      SELECT 1 FROM silver.bad_records q WHERE q.txn_id = b.txn_id AND q.ingest_ts = b.ingest_ts
      AND q.severity = 'CRITICAL')) x WHERE rn = 1) s
ON t.txn_id = s.txn_id
WHEN MATCHED AND s.ingest_ts > t.ingest_ts THEN UPDATE SET amount = s.amount,
     ingest_ts = s.ingest_ts, run_id = :run_id, _updated_at = :now
WHEN NOT MATCHED THEN INSERT (txn_id, amount, ingest_ts, run_id, _updated_at)
     VALUES (s.txn_id, s.amount, s.ingest_ts, :run_id, :now)
"""
WINDOW: dict[str, Parameter] = {
    "ws": ("2026-02-01T00:00:00Z", "TIMESTAMP"),
    "we": ("2026-02-02T00:00:00Z", "TIMESTAMP"),
    "run_id": "r1",
    "now": ("2026-02-02T01:00:00Z", "TIMESTAMP"),
}
FINGERPRINT = (
    "SELECT COUNT(*) n, CAST(SUM(CAST(conv(substr(sha2(concat_ws('~', "
    "coalesce(cast(txn_id as string),'<null>'), coalesce(cast(amount as string),'<null>'), "
    "coalesce(cast(ingest_ts as string),'<null>')),256),1,15),16,10) AS DECIMAL(38,0))) AS STRING)"
    " f FROM silver.txn"
)


@pytest.fixture
def pipelines(world: World) -> World:
    """Source rows: a correction, a rejected row, a row at the upper bound, a late file."""
    for name, columns in (
        (
            "bronze.raw_txn",
            "txn_id STRING, amount DECIMAL(18,2), ingest_ts TIMESTAMP, src_file STRING",
        ),
        (
            "silver.txn",
            (
                "txn_id STRING, amount DECIMAL(18,2), ingest_ts TIMESTAMP, run_id STRING, "
                "_updated_at TIMESTAMP"
            ),
        ),
        ("silver.bad_records", "txn_id STRING, ingest_ts TIMESTAMP, severity STRING"),
    ):
        world.run(f"CREATE OR REPLACE TABLE main.{name} ({columns})")
    world.run(
        "INSERT INTO main.bronze.raw_txn VALUES "
        "('a', 1.00, '2026-02-01T01:00:00Z', 'f1'), ('a', 2.00, '2026-02-01T02:00:00Z', 'f1'), "
        "('b', 3.00, '2026-02-01T01:00:00Z', 'f1'), ('b', 4.00, '2026-02-01T01:00:00Z', 'f2'), "
        "('c', NULL, '2026-02-01T03:00:00Z', 'f1'), ('d', 5.00, '2026-02-02T00:00:00Z', 'f1'), "
        "('e', 6.00, '2026-02-01T23:59:59.999999Z', 'f1')"
    )
    world.run(
        "INSERT INTO main.silver.bad_records VALUES ('c', '2026-02-01T03:00:00Z', 'CRITICAL')"
    )
    return world


def test_the_window_is_half_open_and_the_newest_row_wins(pipelines: World) -> None:
    """a takes its correction, b the later file, c is rejected, d waits, e is in."""
    assert pipelines.run(MERGE, PIPELINE, **WINDOW) == [["3", "0", "0", "3"]]
    found = pipelines.run("SELECT txn_id, amount, run_id FROM silver.txn ORDER BY txn_id")
    assert found == [["a", "2.00", "r1"], ["b", "4.00", "r1"], ["e", "6.00", "r1"]]


def test_the_same_run_again_changes_nothing(pipelines: World) -> None:
    """The second run touches no row, makes no version and keeps the fingerprint."""
    pipelines.run(MERGE, PIPELINE, **WINDOW)
    before = pipelines.run(FINGERPRINT, PIPELINE)
    versions = len(pipelines.state.tables["main.silver.txn"].versions)
    assert pipelines.run(MERGE, PIPELINE, **WINDOW) == [["0", "0", "0", "0"]]
    assert pipelines.run(FINGERPRINT, PIPELINE) == before
    assert len(pipelines.state.tables["main.silver.txn"].versions) == versions


def test_the_fingerprint_sees_a_duplicated_pair(pipelines: World) -> None:
    """SUM of hashes changes when two equal rows are added; XOR would not."""
    pipelines.run(MERGE, PIPELINE, **WINDOW)
    before = pipelines.run(FINGERPRINT)[0][1]
    for _ in range(2):
        pipelines.run("INSERT INTO silver.txn SELECT * FROM silver.txn WHERE txn_id = 'a'")
    assert pipelines.run(FINGERPRINT)[0][1] != before
    duplicates = (
        "SELECT COUNT(*) FROM (SELECT txn_id FROM silver.txn GROUP BY txn_id HAVING COUNT(*) > 1)"
    )
    assert pipelines.run(duplicates) == [["1"]]


def test_ratio_and_state_queries_translate(pipelines: World) -> None:
    """Q-CRIT divides integers as doubles; Q-STATE counts whole seconds."""
    ratio = (
        "SELECT SUM(bad)/NULLIF(SUM(checked),0) FROM VALUES (1, 800), (0, 200) AS t(bad, checked)"
    )
    assert pipelines.run(ratio) == [["0.001"]]
    lag = "SELECT timestampdiff(SECOND, max(ingest_ts), :now) FROM bronze.raw_txn"
    assert pipelines.run(lag, now=("2026-02-02T01:00:00.5Z", "TIMESTAMP")) == [["3600"]]
