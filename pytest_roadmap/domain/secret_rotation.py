"""What must hold of the versions of a secret, and of a rotation that was just made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pytest_roadmap.domain.environment import Environment
from pytest_roadmap.domain.hidden import HiddenText
from pytest_roadmap.domain.outcome import AccessRefusedError, InconclusiveError
from pytest_roadmap.domain.ports import Clock, SecretsPort, SecretVersion, VaultPort
from pytest_roadmap.domain.secrets import SecretPolicy

_CANARY_DAYS = 90
_PROPAGATION_S = 300
_SEVERAL = 2


@dataclass(frozen=True, slots=True)
class SecretHistory:
    """The versions of one required secret, in any order."""

    policy: SecretPolicy
    versions: tuple[SecretVersion, ...]


def list_histories(vault: VaultPort, policies: Sequence[SecretPolicy]) -> tuple[SecretHistory, ...]:
    """The versions of each secret (A-KVD)."""
    return tuple(SecretHistory(policy, vault.versions(policy.name)) for policy in policies)


def rotation_problems(history: SecretHistory, now: datetime) -> tuple[str, ...]:
    """Where age and expiry of a secret leave the policy."""
    return tuple(f"{history.policy.name} {problem}" for problem in _problems(history, now))


def _problems(history: SecretHistory, now: datetime) -> Iterator[str]:
    policy = history.policy
    dated = [(v.created_on, v) for v in history.versions if v.created_on is not None]
    enabled = sorted(((at, v.version, v) for at, v in dated if v.enabled), reverse=True)
    if not enabled:
        yield f"has no enabled version with a date among {len(history.versions)}"
        return
    created, name, newest = enabled[0]
    period = timedelta(days=policy.rotation_days)
    if now - created > period:
        days = (now - created).days
        yield f"was rotated {days} days ago (version {name}), allowed are {policy.rotation_days}"
    yield from _validity_problems(newest, policy, now)
    if len(dated) < _SEVERAL and now - dated[0][0] >= period:
        yield "has a single version that is not younger than the rotation period"
    overlap = timedelta(days=policy.overlap_days)
    settled = [version for at, version, _ in enabled if now - at > overlap]
    if len(settled) > 1:
        yield f"has {len(settled)} enabled versions beyond the overlap of {policy.overlap_days} d"


def _validity_problems(newest: SecretVersion, policy: SecretPolicy, now: datetime) -> Iterator[str]:
    if newest.expires_on is None:
        yield f"never expires (version {newest.version})"
    elif newest.expires_on < now + timedelta(days=policy.min_days_to_expiry):
        yield (
            f"expires on {newest.expires_on.date()},"
            f" less than {policy.min_days_to_expiry} days from now"
        )
    if newest.not_before is not None and newest.not_before > now:
        yield f"is not valid before {newest.not_before.date()}"


@dataclass(frozen=True, slots=True)
class Rotation:
    """A rotation of the canary as seen by vault and workload; values are compared, not kept."""

    canary: str
    old_version: str
    new_version: str
    value_changed: bool
    new_value_seen: bool
    seconds: float
    expiry_set: bool
    old_listed: bool
    old_disabled: bool
    read_after_disabling: bool

    @property
    def facts(self) -> dict[str, bool]:
        """What must all be true."""
        return {
            "value_changed": self.value_changed,
            "workload_sees_new_value": self.new_value_seen,
            "new_version_expires": self.expiry_set,
            "old_version_still_listed": self.old_listed,
            "old_version_disabled": self.old_disabled,
            "read_succeeds_without_old_version": self.read_after_disabling,
        }


@dataclass(frozen=True, slots=True)
class Rotator:
    """Who rotates, who reads, and how time passes."""

    vault: VaultPort
    subject: SecretsPort
    environment: Environment
    clock: Clock
    pause: Callable[[], None]

    def rotate(self) -> Rotation:
        """Rotate the canary, wait until the subject reads the new value, retire the old version.

        Raises:
            InconclusiveError: the canary is also a required secret, or has no version to replace.
            AccessRefusedError: the harness may not set the canary.
        """
        scope = str(self.environment.require("secrets.scope"))
        canary = str(self.environment.require("secrets.canary_key"))
        if canary in {str(row.get("name")) for row in self.environment.get("secrets.keys") or ()}:
            raise InconclusiveError("unsafe_rotation", f"{canary} is also in secrets.keys")
        old = self._newest(canary)
        before = self.subject.secret_value(scope, canary)
        started = self.clock()
        made = self.vault.rotate(canary, started + timedelta(days=_CANARY_DAYS))
        seen = self._wait_for(scope, canary, made.value)
        seconds = (self.clock() - started).total_seconds()
        listed = {v.version: v for v in self.vault.versions(canary)}
        if seen:
            self.vault.disable(canary, old.version)
        retired = {v.version: v for v in self.vault.versions(canary)}.get(old.version)
        new = listed.get(made.version)
        return Rotation(
            canary=canary,
            old_version=old.version,
            new_version=made.version,
            value_changed=before != made.value,
            new_value_seen=seen,
            seconds=seconds,
            expiry_set=new is not None and new.expires_on is not None,
            old_listed=old.version in listed,
            old_disabled=retired is not None and not retired.enabled,
            read_after_disabling=seen and self._reads(scope, canary, made.value),
        )

    def _newest(self, canary: str) -> SecretVersion:
        enabled = [v for v in self.vault.versions(canary) if v.enabled and v.created_on]
        if not enabled:
            raise InconclusiveError("no_canary", f"{canary} has no enabled version to rotate")
        return max(enabled, key=lambda v: (v.created_on is not None, v.created_on, v.version))

    def _wait_for(self, scope: str, canary: str, value: HiddenText) -> bool:
        limit = float(self.environment.get("secrets.propagation_s", _PROPAGATION_S))
        deadline = self.clock() + timedelta(seconds=limit)
        while not self._reads(scope, canary, value):
            if self.clock() >= deadline:
                return False
            self.pause()
        return True

    def _reads(self, scope: str, canary: str, value: HiddenText) -> bool:
        try:
            return self.subject.secret_value(scope, canary) == value
        except AccessRefusedError:
            return False
