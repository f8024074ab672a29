"""The Databricks REST APIs of the embedded cloud, one file per area."""
