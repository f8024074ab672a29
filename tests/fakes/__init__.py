"""Fakes behind the ports."""
