-- Pipeline C: rejected rows by day and rule, for the business dates that a window touched.
-- Parameters: run_id, mode, window_start, window_end (half-open), all texts.

MERGE INTO main.gold.dq_trend t USING (
  SELECT CAST(event_ts AS DATE) AS business_date, rule_id, COUNT(*) AS bad_count
  FROM main.silver.bad_records
  WHERE CAST(event_ts AS DATE) IN (
    SELECT CAST(event_ts AS DATE) FROM main.silver.bad_records
    WHERE ingest_ts >= CAST(:window_start AS TIMESTAMP)
      AND ingest_ts < CAST(:window_end AS TIMESTAMP))
  GROUP BY CAST(event_ts AS DATE), rule_id
) s
ON t.business_date = s.business_date AND t.rule_id = s.rule_id
WHEN MATCHED AND t.bad_count <> s.bad_count THEN UPDATE SET
  bad_count = s.bad_count, run_id = :run_id, _updated_at = current_timestamp()
WHEN NOT MATCHED THEN INSERT (business_date, rule_id, bad_count, run_id, _updated_at)
  VALUES (s.business_date, s.rule_id, s.bad_count, :run_id, current_timestamp());

MERGE INTO main.ops.pipeline_state t USING (
  SELECT 'C' AS pipeline_name, CAST(:window_end AS TIMESTAMP) AS window_end
) s
ON t.pipeline_name = s.pipeline_name
WHEN MATCHED THEN UPDATE SET
  last_watermark = GREATEST(t.last_watermark, s.window_end), last_run_id = :run_id,
  last_status = 'SUCCESS', updated_at = current_timestamp()
WHEN NOT MATCHED THEN INSERT (pipeline_name, last_watermark, last_run_id, last_status, updated_at)
  VALUES (s.pipeline_name, s.window_end, :run_id, 'SUCCESS', current_timestamp());
