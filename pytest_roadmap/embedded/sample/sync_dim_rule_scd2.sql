-- Close the versions of rules that a newer version replaced.

MERGE INTO main.silver.dim_rule_scd2 t USING (
  SELECT rule_id, MAX(rule_version) AS newest, MAX(effective_from) AS since
  FROM main.silver.dim_rule_scd2 GROUP BY rule_id
) s
ON t.rule_id = s.rule_id
WHEN MATCHED AND t.is_current AND t.rule_version < s.newest THEN UPDATE SET
  is_current = FALSE, effective_to = s.since;
