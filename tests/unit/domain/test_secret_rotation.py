"""The rules of secret versions, and of a rotation that was just made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.hidden import HiddenText
from pytest_roadmap.domain.outcome import AccessRefusedError, InconclusiveError
from pytest_roadmap.domain.ports import RotatedSecret, SecretVersion
from pytest_roadmap.domain.secret_rotation import (
    Rotator,
    SecretHistory,
    rotation_problems,
)
from pytest_roadmap.domain.secrets import SecretPolicy
from tests.fakes.world import NOW, FakeWorkspace

DAY = timedelta(days=1)
POLICY = SecretPolicy("db-pw", rotation_days=90, min_days_to_expiry=14, overlap_days=7)
OLD = SecretVersion("1", enabled=False, created_on=NOW - 100 * DAY, expires_on=NOW - 10 * DAY)
NEW = SecretVersion("2", enabled=True, created_on=NOW - 20 * DAY, expires_on=NOW + 70 * DAY)


def problems(*versions: SecretVersion) -> tuple[str, ...]:
    return rotation_problems(SecretHistory(POLICY, versions), NOW)


def test_a_secret_that_was_rotated_in_time_has_no_problem() -> None:
    """In any order, and also when its only version is younger than the period."""
    assert problems(OLD, NEW) == problems(NEW, OLD) == problems(NEW) == ()


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        ((), "no enabled version"),
        ((replace(NEW, enabled=False),), "no enabled version"),
        ((OLD, replace(NEW, created_on=NOW - 91 * DAY)), "rotated 91 days ago"),
        (
            (replace(OLD, enabled=True, expires_on=NOW + 70 * DAY), replace(NEW, enabled=False)),
            "100",
        ),
        ((OLD, replace(NEW, expires_on=None)), "never expires"),
        ((OLD, replace(NEW, expires_on=NOW + 13 * DAY)), "less than 14 days"),
        ((OLD, replace(NEW, not_before=NOW + DAY)), "not valid before"),
        ((replace(NEW, created_on=NOW - 90 * DAY),), "single version"),
        ((replace(OLD, enabled=True), NEW), "2 enabled versions"),
    ],
)
def test_what_leaves_the_policy_is_named(versions: tuple[SecretVersion, ...], said: str) -> None:
    """Each rule has its sentence; disabled versions prove no age."""
    assert any(said in text for text in problems(*versions))


def test_two_enabled_versions_may_overlap_for_a_while() -> None:
    """The new version is younger than the overlap."""
    fresh = replace(NEW, created_on=NOW - 2 * DAY)
    assert problems(replace(NEW, version="1"), replace(fresh, version="2")) == ()


@dataclass
class FakeVault:
    """A vault with a canary, read through the scope of ``workspace``."""

    workspace: FakeWorkspace
    held: dict[str, SecretVersion] = field(default_factory=dict)
    lands: bool = True
    keeps_expiry: bool = True
    refuses: bool = False

    def versions(self, name: str) -> tuple[SecretVersion, ...]:
        assert name in ("canary", "db-pw")
        return tuple(self.held.values())

    def rotate(self, name: str, expires_on: datetime) -> RotatedSecret:
        if self.refuses:
            raise AccessRefusedError(name, "no right to set")
        if self.lands:
            self.workspace.secrets["kv-scope"][name] = "the new value"
        expiry = expires_on if self.keeps_expiry else None
        self.held["2"] = SecretVersion("2", enabled=True, created_on=NOW, expires_on=expiry)
        return RotatedSecret("2", HiddenText("the new value"))

    def disable(self, name: str, version: str) -> None:
        self.held[version] = replace(self.held[version], enabled=False)


def stage(canary: str = "canary") -> tuple[FakeVault, Rotator]:
    workspace = FakeWorkspace(secrets={"kv-scope": {"canary": "the old value"}})
    vault = FakeVault(workspace, {"1": replace(NEW, version="1")})
    bindings = {
        "scope": "kv-scope",
        "canary_key": canary,
        "propagation_s": 3,
        "keys": [{"name": "db-pw"}],
    }
    environment = Environment("embedded", "embedded", {"secrets": bindings}, "embedded.yaml")
    clock, pause = ticking()
    return vault, Rotator(vault, workspace, environment, clock, pause)


def ticking() -> tuple[Callable[[], datetime], Callable[[], None]]:
    """A clock, and a pause that moves it by a second."""
    moment = [NOW]

    def pause() -> None:
        moment[0] += timedelta(seconds=1)

    return lambda: moment[0], pause


def test_a_rotation_that_reaches_the_workload_retires_the_old_version() -> None:
    """All facts hold, and the versions are named."""
    vault, rotator = stage()
    done = rotator.rotate()
    assert set(done.facts.values()) == {True}
    assert (done.old_version, done.new_version) == ("1", "2")
    assert vault.held["1"].enabled is False


def test_a_workload_that_keeps_the_old_value_ends_the_wait_and_keeps_the_old_version() -> None:
    """What is still in use is not switched off."""
    vault, rotator = stage()
    vault.lands = False
    done = rotator.rotate()
    assert (done.new_value_seen, done.old_disabled, done.seconds) == (False, False, 3.0)
    assert vault.held["1"].enabled is True


def test_a_new_version_without_expiry_is_seen() -> None:
    """What was asked for is not what is stored."""
    vault, rotator = stage()
    vault.keeps_expiry = False
    assert rotator.rotate().expiry_set is False


def test_only_a_secret_of_its_own_is_ever_rotated() -> None:
    """A canary that pipelines use is left alone."""
    vault, rotator = stage(canary="db-pw")
    with pytest.raises(InconclusiveError, match="unsafe_rotation"):
        rotator.rotate()
    assert set(vault.held) == {"1"}


def test_a_refused_rotation_stays_a_refusal() -> None:
    """The right to rotate belongs to Infra: the scenario is blocked, not failed."""
    vault, rotator = stage()
    vault.refuses = True
    with pytest.raises(AccessRefusedError):
        rotator.rotate()


def test_a_canary_without_a_version_cannot_be_rotated() -> None:
    """There is nothing whose replacement could be seen."""
    vault, rotator = stage()
    vault.held.clear()
    with pytest.raises(InconclusiveError, match="no_canary"):
        rotator.rotate()
