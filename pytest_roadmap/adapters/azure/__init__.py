"""The Azure port on one thin ARM client. Importing this package imports no SDK."""

from pytest_roadmap.adapters.azure.api_versions import API_VERSIONS
from pytest_roadmap.adapters.azure.client import AzureConnection, AzureEndpoints, AzureLimits
from pytest_roadmap.adapters.azure.credentials import LoopbackCredential
from pytest_roadmap.adapters.azure.resources import Azure
from pytest_roadmap.adapters.azure.vault import KeyVault, VaultConnection

__all__ = [
    "API_VERSIONS",
    "Azure",
    "AzureConnection",
    "AzureEndpoints",
    "AzureLimits",
    "KeyVault",
    "LoopbackCredential",
    "VaultConnection",
]
