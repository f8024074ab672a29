"""The quality checks of a roadmap: what each finds, as plain findings."""
