"""The acceptance harness: no task is Done without evidence."""

__version__ = "0.1.0"
