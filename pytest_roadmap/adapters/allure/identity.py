"""Names of Allure results that stay the same from run to run, so that links can be cited.

The address of a result inside a report is ``#`` and the MD5 of its uuid. The uuid therefore says
which scenario, row and environment a result belongs to, and not which run: the run is the report,
which is kept per record under an address of its own.
"""

from __future__ import annotations

import hashlib
import uuid

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:pytest-roadmap:allure-result:v1")


def scenario_key(scenario_id: str, row: str = "") -> str:
    """``SEC-003.S1``, or ``SEC-003.S1[row]`` for one row of an outline."""
    return f"{scenario_id}[{row}]" if row else scenario_id


def result_uuid(environment: str, key: str) -> str:
    """The uuid of a scenario's result in one environment; the key includes the row."""
    return str(uuid.uuid5(_NAMESPACE, f"{environment}/{key}"))


def history_id(key: str) -> str:
    """What Allure compares across runs: the scenario and row, not the names of outline columns."""
    return hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()


def result_anchor(environment: str, key: str) -> str:
    """The address of a result inside an Allure report: ``#<md5 of the uuid>``."""
    return "#" + history_id(result_uuid(environment, key))
