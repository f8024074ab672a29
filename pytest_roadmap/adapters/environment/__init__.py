"""Environment files ``.roadmap/environments/<name>.yaml``: read, checked, never executed."""

from pytest_roadmap.adapters.environment.reading import (
    EnvironmentFileError,
    parse_environment,
    read_environment,
)

__all__ = ["EnvironmentFileError", "parse_environment", "read_environment"]
