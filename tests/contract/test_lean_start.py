"""What starting and collecting cost: no cloud SDK, no embedded engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = "azure databricks msal requests duckdb sqlglot starlette uvicorn trustme jsonschema"


def test_starting_and_collecting_imports_no_cloud_sdk() -> None:
    """``pytest --collect-only`` stays quick, and works where the clouds are out of reach."""
    code = (
        "import sys, pytest\n"
        "status = pytest.main(['--collect-only', '-q', '-m', 'SEC-003'])\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        f"print(sorted(loaded & set({HEAVY!r}.split())))\n"
        "sys.exit(status)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "SEC-003.S1" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"
