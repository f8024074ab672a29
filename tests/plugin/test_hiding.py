"""What looks like a secret stands neither in pytest's output nor in its JUnit file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plugin.conftest import scenario

if TYPE_CHECKING:
    from tests.plugin.conftest import Inner

SAS = "Zm9vYmFyYmF6cXV4cGxhbnRlZFNhc1NpZw"
KEY = "MC4CAQAwBQYDK2VwBCIEIPlantedPlantedPlanted"
STEPS = f"""

from pytest_roadmap.domain.outcome import BlockedError as _Blocked

ADDRESS = "https://example.org/a?sv=1&sig={SAS}"
PEM = "-----BEGIN PRIVATE KEY-----\\n{KEY}\\n-----END PRIVATE KEY-----"


@then("an address is shown")
def _():
    local = ADDRESS
    print(local)
    assert local == "other"


@then("a key is shown over several lines")
def _():
    assert PEM == "other", PEM


@then("a reason holds an address")
def _():
    raise _Blocked("missing_binding", "a.b", ADDRESS, "Platform")
"""


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("an address is shown", 1),
        ("a key is shown over several lines", 1),
        ("a reason holds an address", 0),
    ],
)
def test_a_report_shows_no_secret(inner: Inner, step: str, words: int) -> None:
    """Traceback, locals, captured output, reason and the summary; the rest stays readable."""
    conftest = (inner.root / "conftest.py").read_text(encoding="utf-8")
    inner.write("conftest.py", conftest + STEPS)
    inner.feature("SEC-001", scenario(1, f"Then {step}"))

    result = inner.run_apart("-vv", "--showlocals", "-rA", "--junitxml=junit.xml")
    shown = "\n".join(result.outlines + result.errlines)
    written = (inner.root / "junit.xml").read_text(encoding="utf-8")

    assert "[redacted:" in shown
    assert SAS not in shown + written
    assert KEY not in shown + written
    assert (f"{words} failed" in shown) is bool(words)


def test_a_report_without_secrets_stays_as_it_is(inner: Inner) -> None:
    """Nothing is replaced where nothing is found."""
    inner.feature("SEC-001", scenario(1, "Then it fails"))

    result = inner.run_apart("-q")

    result.stdout.fnmatch_lines(["*assert 1 + 1 == 3*"])
    assert "[redacted" not in result.stdout.str()
