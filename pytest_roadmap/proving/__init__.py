"""Proves that the checks can fail: every scenario healthy, and once per negative control."""
