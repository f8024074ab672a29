"""The api-version of every Azure call, in one place.

Source: call catalogue, section 2. Those marked *to confirm* there (A-SUB, A-STG, A-HEALTH and the
storage version) have not yet been exercised on a real subscription.
"""

from __future__ import annotations

from types import MappingProxyType

API_VERSIONS = MappingProxyType(
    {
        "A-SUB": "2022-12-01",
        "A-DBX": "2024-05-01",
        "A-DIAG": "2021-05-01-preview",
        "A-DIAGCAT": "2021-05-01-preview",
        "A-LAW": "2025-07-01",
        "A-SQR": "2023-12-01",
        "A-HEALTH": "2024-02-01",
        "A-SUPP": "2021-08-08",
        "A-AG": "2023-01-01",
        "A-AGTEST": "2023-01-01",
        "A-ALERT": "2019-05-05-preview",
        "A-WB": "2023-06-01",
        "A-ROLE": "2022-04-01",
        "A-KVM": "2026-05-15",
        "A-STG": "2023-05-01",
    }
)

#: ``x-ms-version`` of the storage endpoint (A-DFS).
STORAGE_VERSION = "2023-11-03"
