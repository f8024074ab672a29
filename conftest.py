"""The steps of every feature; everything else comes from the plugin."""

pytest_plugins = [
    "steps.environment",
    "steps.documents",
    "steps.attestations",
    "steps.assets",
    "steps.audit",
    "steps.privileges",
    "steps.jobs",
    "steps.access",
    "steps.secrets",
    "steps.configuration",
    "steps.pipelines",
    "steps.gates",
    "steps.governance",
]
