"""What the README promises a newcomer."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[3]
TRY = "python3.11 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e '.[embedded]'"
TEST = "python3.11 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e '.[test]'"


def commands() -> list[str]:
    """The lines of the README's shell blocks."""
    lines: list[str] = []
    inside = False
    for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            inside = line == "```sh"
        elif inside:
            lines.append(line)
    return lines


def test_the_readme_opens_with_two_commands_that_do_all_the_set_up() -> None:
    """One runs gate G1, the other the tests; each makes its own environment first."""
    assert commands()[:2] == [
        f"{TRY} && .venv/bin/pytest -m G1",
        f"{TEST} && .venv/bin/pytest tests",
    ]


def test_ci_runs_the_test_command_of_the_readme() -> None:
    """A promise that CI does not keep is none."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert commands()[1] in [line.strip() for line in script]
