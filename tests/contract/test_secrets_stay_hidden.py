"""Whole runs, and a search for planted secrets in everything they leave."""

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
#: What people leave where it does not belong: the secret part, and the address it stands in.
SAS = "Zm9vYmFyYmF6cXV4cGxhbnRlZFNhc1NpZw"
WEBHOOK = "T0PLANTED1/B0PLANTED2/pLaNtEdWeBhOoKsEcReT"
SAS_URL = f"https://stdataembedded.dfs.core.windows.net/landing?sv=2024-11-04&sp=rl&sig={SAS}"
WEBHOOK_URL = f"https://hooks.slack.com/services/{WEBHOOK}"
INVENTORY = ".specs/handoff/inventory.yaml"


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


def tokens(world: World) -> set[str]:
    """What everybody signs in with."""
    return {*map(str, world.connection["tokens"].values()), str(world.connection["admin_token"])}


def spellings(value: str) -> set[bytes]:
    """Plain, URL-encoded, and base64 wherever the value may start in a longer text."""
    found = {value.encode(), quote(value, safe="").encode()}
    for lead in range(3):
        encoded = base64.b64encode(b"\0" * lead + value.encode())
        found.add(encoded[4 if lead else 0 : -4])
    return found


def run(
    world: World, folder: Path, *arguments: str, tasks: str = "SEC-004"
) -> subprocess.CompletedProcess[bytes]:
    """pytest on the scenarios of some tasks, as loud as it can be."""
    command = [
        *(sys.executable, "-m", "pytest", "features", "-m", tasks, "-p", "no:cacheprovider"),
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


def write_in_documents(world: World) -> None:
    """Put both addresses where a difference is shown, and into a row that is quoted."""
    row = "full_name: cred-data,"
    for path, old, new in (
        (INVENTORY, '"https://stdataembedded.dfs.core.windows.net"', f'"{SAS_URL}"'),
        (INVENTORY, '"https://ADB-7405610928374650.10.azuredatabricks.net"', f'"{WEBHOOK_URL}"'),
        ("grants.yaml", row, f'{row} via: "{SAS_URL} {WEBHOOK_URL}",'),
    ):
        world.apply(Change("document", {"path": path, "replace": old, "with": new}))


def write_in_comments(world: World) -> None:
    """Let the service itself answer with both addresses."""
    for path in ("catalogs/main", "schemas/main.silver", "external-locations/loc-landing"):
        body = {"comment": f"{SAS_URL} {WEBHOOK_URL}"}
        call = {"method": "PATCH", "path": f"/api/2.1/unity-catalog/{path}", "body": body}
        world.apply(Change("databricks", call))


@both
def test_addresses_that_carry_a_secret_are_shown_without_it(
    world: World, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """A SAS signature and a webhook, in documents that failing steps quote."""
    write_in_documents(world)

    done = run(world, tmp_path, *arguments, tasks="SEC-001 or SEC-003")

    printed = done.stdout + done.stderr
    assert b"failed" in done.stdout
    assert b"[redacted:sas]" in printed
    assert b"[redacted:webhook" in printed
    assert leaks(world, tmp_path, {SAS, WEBHOOK, *tokens(world)}, printed) == []


@both
def test_what_the_service_says_beside_the_point_is_not_repeated(
    world: World, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """Comments of catalog, schema and location hold them, and nobody asked for comments."""
    write_in_comments(world)

    done = run(world, tmp_path, *arguments, tasks="SEC-001 or SEC-003")

    assert b"failed" not in done.stdout
    printed = done.stdout + done.stderr
    assert leaks(world, tmp_path, {SAS, WEBHOOK, *tokens(world)}, printed) == []
