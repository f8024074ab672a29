"""The people of the embedded environment, and the repository they keep."""

from pytest_roadmap.rehearsal.acts import UnknownActError, act, known_acts
from pytest_roadmap.rehearsal.gate_signoff import review_gate
from pytest_roadmap.rehearsal.repository import generate_repository

__all__ = ["UnknownActError", "act", "generate_repository", "known_acts", "review_gate"]
