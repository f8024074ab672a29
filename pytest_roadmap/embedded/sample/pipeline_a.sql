-- Pipeline A: hold the source rows of a window to the current rules.
-- Parameters: run_id, mode, window_start, window_end (half-open), all texts.

MERGE INTO main.silver.bad_records t USING (
  SELECT b.txn_id, b.account_id, b.amount, b.event_ts, b.ingest_ts, r.rule_id, r.severity
  FROM main.bronze.raw_txn b CROSS JOIN main.silver.dim_rule_scd2 r
  WHERE b.ingest_ts >= CAST(:window_start AS TIMESTAMP)
    AND b.ingest_ts < CAST(:window_end AS TIMESTAMP)
    AND r.is_current
    AND ((r.rule_id = 'R001' AND b.amount IS NULL) OR (r.rule_id = 'R002' AND b.amount > 9000)
         OR (r.rule_id = 'R003' AND b.account_id IS NULL))
) s
ON t.txn_id = s.txn_id AND t.rule_id = s.rule_id AND t.ingest_ts = s.ingest_ts
WHEN NOT MATCHED THEN INSERT
  (txn_id, account_id, amount, event_ts, ingest_ts, rule_id, severity, run_id, detected_at)
  VALUES (s.txn_id, s.account_id, s.amount, s.event_ts, s.ingest_ts, s.rule_id, s.severity,
          :run_id, current_timestamp());

MERGE INTO main.silver.dq_status t USING (
  SELECT c.*, CASE WHEN c.bad_count = 0 THEN 'PASS' WHEN c.severity = 'CRITICAL' THEN 'FAIL'
                   ELSE 'WARN' END AS status,
         CAST(:window_start AS TIMESTAMP) AS window_start,
         CAST(:window_end AS TIMESTAMP) AS window_end
  FROM (
    SELECT r.rule_id, r.severity, COUNT(b.txn_id) AS checked_count,
           COUNT(CASE WHEN (r.rule_id = 'R001' AND b.amount IS NULL)
                        OR (r.rule_id = 'R002' AND b.amount > 9000)
                        OR (r.rule_id = 'R003' AND b.account_id IS NULL)
                      THEN b.txn_id END) AS bad_count
    FROM main.silver.dim_rule_scd2 r LEFT JOIN main.bronze.raw_txn b
      ON b.ingest_ts >= CAST(:window_start AS TIMESTAMP)
     AND b.ingest_ts < CAST(:window_end AS TIMESTAMP)
    WHERE r.is_current
    GROUP BY r.rule_id, r.severity) c
) s
ON t.run_id = :run_id AND t.source_table = 'bronze.raw_txn' AND t.rule_id = s.rule_id
WHEN MATCHED AND (t.severity <> s.severity OR t.checked_count <> s.checked_count
                  OR t.bad_count <> s.bad_count OR t.window_start <> s.window_start
                  OR t.window_end <> s.window_end) THEN UPDATE SET
  severity = s.severity, checked_count = s.checked_count, bad_count = s.bad_count,
  status = s.status, window_start = s.window_start, window_end = s.window_end,
  run_ts = current_timestamp()
WHEN NOT MATCHED THEN INSERT
  (run_id, source_table, rule_id, severity, checked_count, bad_count, status, window_start,
   window_end, run_ts)
  VALUES (:run_id, 'bronze.raw_txn', s.rule_id, s.severity, s.checked_count, s.bad_count,
          s.status, s.window_start, s.window_end, current_timestamp());

MERGE INTO main.ops.pipeline_state t USING (
  SELECT 'A' AS pipeline_name, CAST(:window_end AS TIMESTAMP) AS window_end
) s
ON t.pipeline_name = s.pipeline_name
WHEN MATCHED THEN UPDATE SET
  last_watermark = GREATEST(t.last_watermark, s.window_end), last_run_id = :run_id,
  last_status = 'SUCCESS', updated_at = current_timestamp()
WHEN NOT MATCHED THEN INSERT (pipeline_name, last_watermark, last_run_id, last_status, updated_at)
  VALUES (s.pipeline_name, s.window_end, :run_id, 'SUCCESS', current_timestamp());
