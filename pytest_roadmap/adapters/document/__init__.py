"""The roadmap document, the policy file and the feature files, read into plain values."""

from pytest_roadmap.adapters.document.policy import PolicyError, read_policy
from pytest_roadmap.adapters.document.reader import (
    RoadmapReading,
    read_roadmap,
    read_roadmap_file,
)

__all__ = ["PolicyError", "RoadmapReading", "read_policy", "read_roadmap", "read_roadmap_file"]
