-- Rejected rows are kept for a year.

DELETE FROM main.silver.bad_records WHERE detected_at < CAST('2025-02-01T00:00:00Z' AS TIMESTAMP);
