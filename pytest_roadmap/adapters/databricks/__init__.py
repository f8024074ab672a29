"""The workspace port on databricks-sdk. Importing this package imports no SDK."""

from pytest_roadmap.adapters.databricks.connection import (
    Limits,
    WorkspaceConnection,
    connect_workspace,
)
from pytest_roadmap.adapters.databricks.workspace import DatabricksWorkspace, WorkspaceProfile

__all__ = [
    "DatabricksWorkspace",
    "Limits",
    "WorkspaceConnection",
    "WorkspaceProfile",
    "connect_workspace",
]
