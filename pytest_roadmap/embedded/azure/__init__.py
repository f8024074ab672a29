"""The Azure side of the embedded cloud: Resource Manager and storage."""
