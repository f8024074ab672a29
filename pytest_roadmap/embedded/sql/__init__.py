"""Databricks SQL on DuckDB: classified, authorised, translated, executed."""
