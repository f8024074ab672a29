-- Pipeline SILVER: the newest accepted version of each transaction of a window.
-- Parameters: run_id, mode, window_start, window_end (half-open), all texts.

MERGE INTO main.silver.txn t USING (
  SELECT txn_id, account_id, amount, event_ts, ingest_ts FROM (
    SELECT b.*, ROW_NUMBER() OVER (PARTITION BY txn_id ORDER BY ingest_ts DESC, src_file DESC) rn
    FROM main.bronze.raw_txn b
    WHERE b.ingest_ts >= CAST(:window_start AS TIMESTAMP)
      AND b.ingest_ts < CAST(:window_end AS TIMESTAMP)
      AND NOT EXISTS (SELECT 1 FROM main.silver.bad_records q
                      WHERE q.txn_id = b.txn_id AND q.ingest_ts = b.ingest_ts
                        AND q.severity = 'CRITICAL')) x
  WHERE rn = 1
) s
ON t.txn_id = s.txn_id
WHEN MATCHED AND s.ingest_ts > t.ingest_ts THEN UPDATE SET account_id = s.account_id,
  amount = s.amount, event_ts = s.event_ts, ingest_ts = s.ingest_ts, run_id = :run_id,
  _updated_at = current_timestamp()
WHEN NOT MATCHED THEN INSERT
  (txn_id, account_id, amount, event_ts, ingest_ts, run_id, _updated_at)
  VALUES (s.txn_id, s.account_id, s.amount, s.event_ts, s.ingest_ts, :run_id, current_timestamp());

MERGE INTO main.ops.pipeline_state t USING (
  SELECT 'SILVER' AS pipeline_name, CAST(:window_end AS TIMESTAMP) AS window_end
) s
ON t.pipeline_name = s.pipeline_name
WHEN MATCHED THEN UPDATE SET
  last_watermark = GREATEST(t.last_watermark, s.window_end), last_run_id = :run_id,
  last_status = 'SUCCESS', updated_at = current_timestamp()
WHEN NOT MATCHED THEN INSERT (pipeline_name, last_watermark, last_run_id, last_status, updated_at)
  VALUES (s.pipeline_name, s.window_end, :run_id, 'SUCCESS', current_timestamp());
