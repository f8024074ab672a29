"""A local cloud that speaks the wire protocols of Databricks and Azure. See ``server.py``."""
