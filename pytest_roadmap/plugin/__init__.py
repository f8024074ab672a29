"""The pytest plugin: roadmap features as tests, their outcomes as status and verdicts."""
