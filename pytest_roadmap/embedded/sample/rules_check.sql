-- Every rule has one current version.

SELECT rule_id, COUNT(*) AS versions FROM main.silver.dim_rule_scd2
WHERE is_current GROUP BY rule_id HAVING COUNT(*) > 1;
