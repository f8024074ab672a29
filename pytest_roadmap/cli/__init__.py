"""The ``roadmap`` command."""
