"""The project repository as the steps see it: tracked documents, and the audit script."""

from pytest_roadmap.adapters.repository.audit import AuditScript
from pytest_roadmap.adapters.repository.bundle import BundleTool
from pytest_roadmap.adapters.repository.documents import GitRepository
from pytest_roadmap.adapters.repository.git import GitError, git_top_level, time_added

__all__ = ["AuditScript", "BundleTool", "GitError", "GitRepository", "git_top_level", "time_added"]
