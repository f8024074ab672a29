"""Environment files ``.roadmap/environments/<name>.yaml``: read, checked, never executed."""

from pytest_roadmap.adapters.environment.reading import (
    EnvironmentFileError,
    parse_environment,
    read_environment,
)
from pytest_roadmap.adapters.environment.rules import KindRules, RulesOfKind

__all__ = [
    "EnvironmentFileError",
    "KindRules",
    "RulesOfKind",
    "parse_environment",
    "read_environment",
]
