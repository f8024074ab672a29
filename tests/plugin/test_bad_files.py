"""A file that people wrote badly ends a run in one sentence, before anything is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plugin.conftest import scenario

if TYPE_CHECKING:
    from tests.plugin.conftest import Inner

SIGNER = """\
- person: ops.kim@corp
  roles: [Ops]
  key_id: "1"
  public_key: none
  valid_from: 2026-01-01T00:00:00Z
  valid_until: 2027-01-01T00:00:00Z
  revoked_at: null
"""
DEDUPE = """\
- pair: [SEC-001, MON-001]
  verdict: same
  reason: x
  reviewer: {role: DataEng, name: a}
  date: 2026-01-01
  digest: {SEC-001: a, MON-001: b}
"""
#: File, its text, and what the sentence says: the key or line, and what is expected there.
BAD = [
    ("policy.yaml", "schema: roadmap-policy/1\n", "policy.yaml: gates*missing*"),
    ("policy.yaml", "gates: {\n", "policy.yaml: *line 2: *"),
    ("blockers.yaml", "- {task: SEC-001}\n", "blockers.yaml: [[]1].code: is missing"),
    ("waivers.yaml", "a: b\n", "waivers.yaml: must be a list of entries"),
    ("dedupe.yaml", DEDUPE, "dedupe.yaml: [[]1].verdict: must be one of distinct, duplicate"),
    ("source_items.yaml", "- {item: A}\n", "source_items.yaml: [[]1].task: is missing"),
    ("signers.yaml", "a: b\n", "signers.yaml: it must be a list of signers"),
    ("signers.yaml", SIGNER, "signers.yaml: [[]0].*key*"),
]


@pytest.mark.parametrize(("name", "text", "told"), BAD)
def test_a_bad_file_of_the_project_ends_the_run(
    inner: Inner, name: str, text: str, told: str
) -> None:
    """File and key in one sentence; no scenario begins and no record is written."""
    inner.feature("SEC-001", scenario(1, "Given a start", "Then it holds"))
    inner.write(f".roadmap/{name}", text)

    result = inner.run("-q")

    result.stdout.fnmatch_lines([f"*{told}"])
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert inner.evidence() == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("schema: roadmap-environment/1\nenv: {name: dev}\n", "*dev.yaml: env*kind*"),
        (
            "schema: roadmap-environment/1\nenv: {name: dev, kind: dev}\nsaftey: {}\n",
            "*dev.yaml: *unknown key saftey*",
        ),
        ("schema: [\n", "*dev.yaml: *line 2*"),
    ],
)
def test_a_bad_environment_file_ends_the_run(inner: Inner, text: str, told: str) -> None:
    """It is a wrong use of the command line: the environment it names cannot be used."""
    inner.feature("SEC-001", scenario(1, "Given a start", "Then it holds"))
    inner.write(".roadmap/environments/dev.yaml", text)

    result = inner.run("-q", "--roadmap-env", "dev")

    result.stderr.fnmatch_lines([told])
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert inner.evidence() == []
