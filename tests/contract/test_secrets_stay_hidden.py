"""A whole run of SEC-004, and a search for the secret values in everything it leaves."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from pytest_roadmap.domain.controls import Change
from pytest_roadmap.proving.world import World

ROOT = Path(__file__).parents[2]
KEYS = ("db-pw", "dod-canary")


@pytest.fixture(scope="module")
def one_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(ROOT, tmp_path_factory.mktemp("world"))
    yield world
    world.stop()


@pytest.fixture
def world(one_world: World) -> World:
    """A world as a run finds it."""
    one_world.reset()
    return one_world


def values(world: World) -> set[str]:
    """What the pipeline principal reads at this moment."""
    token = str(world.connection["tokens"]["pipeline_sp"])
    found = set()
    for key in KEYS:
        path = f"/api/2.0/secrets/get?scope=kv-scope&key={key}"
        answer = world._send("databricks_url", "GET", path, None, token)
        found.add(base64.b64decode(answer["value"]).decode())
    return found


def spellings(value: str) -> set[bytes]:
    """Plain, URL-encoded, and base64 wherever the value may start in a longer text."""
    found = {value.encode(), quote(value, safe="").encode()}
    for lead in range(3):
        encoded = base64.b64encode(b"\0" * lead + value.encode())
        found.add(encoded[4 if lead else 0 : -4])
    return found


def run(world: World, folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """pytest on the scenarios of SEC-004, as loud as it can be."""
    command = [
        *(sys.executable, "-m", "pytest", "features", "-m", "SEC-004", "-p", "no:cacheprovider"),
        *("--roadmap-embedded-url", str(world.connection["databricks_url"])),
        *("--alluredir", str(folder / "allure"), "--junitxml", str(folder / "junit.xml")),
        *("--log-level=DEBUG", f"--log-file={folder / 'run.log'}", "-vv", "--showlocals"),
        *("--force-mutation", *arguments),
    ]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=120)


def leaks(world: World, folder: Path, secret: set[str], printed: bytes) -> list[str]:
    """Where a value stands in what was printed or written."""
    evidence = Path(str(world.connection["work_dir"])) / "evidence"
    files = [path for root in (folder, evidence) for path in root.rglob("*") if path.is_file()]
    assert any(path.is_relative_to(evidence) for path in files)
    assert any(path.is_relative_to(folder / "allure") for path in files)
    texts = [("output", printed), *((str(path), path.read_bytes()) for path in files)]
    needles = [needle for value in secret for needle in spellings(value)]
    return [name for name, text in texts if any(needle in text for needle in needles)]


both = pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["one", "xdist"])


@both
def test_no_file_of_a_run_holds_a_secret(
    world: World, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """Evidence, Allure, JUnit, log and output of a healthy run are free of every value."""
    before = values(world)

    done = run(world, tmp_path, *arguments)

    after = values(world)
    assert b"4 passed" in done.stdout
    assert len(before | after) == 3
    assert leaks(world, tmp_path, before | after, done.stdout + done.stderr) == []


@both
def test_a_value_the_service_shows_is_found_and_not_repeated(
    world: World, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """The scenario fails, and the message that showed the value is written without it."""
    before = values(world)
    world.apply(Change("fault", "secret-shown-in-error:after=1,count=1"))

    done = run(world, tmp_path, "-k", "S2", *arguments)

    assert b"1 failed" in done.stdout
    assert leaks(world, tmp_path, before, done.stdout + done.stderr) == []
