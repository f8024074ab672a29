-- Pipeline B: whole days of the business dates that a window touched, and their reconciliation.
-- Parameters: run_id, mode, window_start, window_end (half-open), all texts.

MERGE INTO main.gold.daily_account_summary t USING (
  SELECT CAST(event_ts AS DATE) AS business_date, account_id, COUNT(*) AS txn_count,
         CAST(SUM(amount) AS DECIMAL(28,2)) AS total_amount
  FROM main.silver.txn
  WHERE CAST(event_ts AS DATE) IN (
    SELECT CAST(event_ts AS DATE) FROM main.silver.txn
    WHERE ingest_ts >= CAST(:window_start AS TIMESTAMP)
      AND ingest_ts < CAST(:window_end AS TIMESTAMP))
  GROUP BY CAST(event_ts AS DATE), account_id
) s
ON t.business_date = s.business_date AND t.account_id = s.account_id
WHEN MATCHED AND (t.txn_count <> s.txn_count OR t.total_amount <> s.total_amount) THEN UPDATE SET
  txn_count = s.txn_count, total_amount = s.total_amount, run_id = :run_id,
  _updated_at = current_timestamp()
WHEN NOT MATCHED THEN INSERT
  (business_date, account_id, txn_count, total_amount, run_id, _updated_at)
  VALUES (s.business_date, s.account_id, s.txn_count, s.total_amount, :run_id,
          current_timestamp());

MERGE INTO main.gold.recon_result t USING (
  SELECT v.*, CASE WHEN v.source_value = v.target_value THEN 'PASS' ELSE 'FAIL' END AS status
  FROM (
    SELECT 'row_count' AS check_name, a.n AS source_value, b.n AS target_value
    FROM (SELECT CAST(COUNT(*) AS STRING) AS n FROM main.silver.txn) a
    CROSS JOIN (SELECT CAST(SUM(txn_count) AS STRING) AS n FROM main.gold.daily_account_summary) b
    UNION ALL
    SELECT 'amount_sum' AS check_name, a.n AS source_value, b.n AS target_value
    FROM (SELECT CAST(CAST(SUM(amount) AS DECIMAL(28,2)) AS STRING) AS n FROM main.silver.txn) a
    CROSS JOIN (SELECT CAST(CAST(SUM(total_amount) AS DECIMAL(28,2)) AS STRING) AS n
                FROM main.gold.daily_account_summary) b) v
) s
ON t.run_id = :run_id AND t.check_name = s.check_name
WHEN MATCHED AND (t.source_value <> s.source_value OR t.target_value <> s.target_value)
  THEN UPDATE SET source_value = s.source_value, target_value = s.target_value,
  status = s.status, run_ts = current_timestamp()
WHEN NOT MATCHED THEN INSERT (run_id, check_name, source_value, target_value, status, run_ts)
  VALUES (:run_id, s.check_name, s.source_value, s.target_value, s.status, current_timestamp());

MERGE INTO main.ops.pipeline_state t USING (
  SELECT 'B' AS pipeline_name, CAST(:window_end AS TIMESTAMP) AS window_end
) s
ON t.pipeline_name = s.pipeline_name
WHEN MATCHED THEN UPDATE SET
  last_watermark = GREATEST(t.last_watermark, s.window_end), last_run_id = :run_id,
  last_status = 'SUCCESS', updated_at = current_timestamp()
WHEN NOT MATCHED THEN INSERT (pipeline_name, last_watermark, last_run_id, last_status, updated_at)
  VALUES (s.pipeline_name, s.window_end, :run_id, 'SUCCESS', current_timestamp());
