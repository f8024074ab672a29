"""What people do in the embedded environment, and how they may do it wrongly.

Each act has a healthy variant (the empty one) and variants that a control can ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from pytest_roadmap.domain.ports import Clock
from pytest_roadmap.rehearsal.alignment import ALIGNMENT, withdraw_alignment, write_alignment
from pytest_roadmap.rehearsal.configuration import CONFIGURATION_ACTS
from pytest_roadmap.rehearsal.gate_acts import GATE_ACTS, Perform
from pytest_roadmap.rehearsal.handover import (
    ATTESTATIONS,
    CHANGELOG,
    PURPOSE,
    SIGNERS,
    Signature,
    locked_at,
    relock,
    sign_and_alter,
    sign_lock,
)
from pytest_roadmap.rehearsal.history import commit_all
from pytest_roadmap.rehearsal.people import person
from pytest_roadmap.rehearsal.procedures import ROTATION, sign_rotation, withdraw_rotation

_HOUR = timedelta(hours=1)
_VALID = timedelta(days=90)


class UnknownActError(Exception):
    """No such act, or no such way to do it."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where people act: the generated repository, their keys, and the time."""

    repository: Path
    keys: Path
    now: datetime


def act(repository: Path, keys: Path, clock: Clock, name: str, variant: str = "") -> None:
    """Let people do the act anew, in one of its ways, and commit what they leave.

    Raises:
        UnknownActError: the act or the variant does not exist; nothing was done.
    """
    variants = _ACTS.get(name)
    if variants is None:
        raise UnknownActError(f"no act {name!r}; known are {', '.join(_ACTS)}")
    perform = variants.get(variant)
    if perform is None:
        raise UnknownActError(f"{name} has no variant {variant!r}; known are {', '.join(variants)}")
    now = clock()
    perform(Scene(repository, keys, now))
    commit_all(repository, f"{name} {variant}".strip(), now)


def known_acts() -> Mapping[str, tuple[str, ...]]:
    """Every act with its variants."""
    return {name: tuple(variants) for name, variants in _ACTS.items()}


def signatures(lock_time: datetime) -> tuple[Signature, Signature]:
    """How Platform and DataEng sign: soon after the lock, two persons, for 90 days."""
    return (
        Signature("seo.platform", "Platform", lock_time + _HOUR, _VALID),
        Signature("yun.data", "DataEng", lock_time + 2 * _HOUR, _VALID),
    )


def _forget(scene: Scene) -> None:
    for path in (scene.repository / ATTESTATIONS).glob(f"*_{PURPOSE}_*.dsse.json"):
        path.unlink()


def _sign(scene: Scene, *given: Signature) -> None:
    _forget(scene)
    for number, signature in enumerate(given, 1):
        sign_lock(scene.repository, scene.keys, number, signature)


def _asked(scene: Scene) -> tuple[Signature, Signature]:
    """The two signatures of the lock, never later than now."""
    platform, data = signatures(locked_at(scene.repository))
    return (
        replace(platform, signed_at=min(platform.signed_at, scene.now)),
        replace(data, signed_at=min(data.signed_at, scene.now)),
    )


def _both(scene: Scene) -> None:
    _sign(scene, *_asked(scene))


def _one_role(scene: Scene) -> None:
    _sign(scene, _asked(scene)[0])


def _same_key(scene: Scene) -> None:
    platform, data = _asked(scene)
    _sign(scene, platform, replace(data, key_of=platform.alias))


def _same_person(scene: Scene) -> None:
    platform, data = _asked(scene)
    _sign(scene, replace(platform, alias="han.both"), replace(data, alias="han.both"))


def _expired(scene: Scene) -> None:
    platform, data = _asked(scene)
    _sign(scene, platform, replace(data, expires_in=(scene.now - data.signed_at) / 2))


def _wrong_role(scene: Scene) -> None:
    platform, data = _asked(scene)
    _sign(scene, platform, replace(data, alias="ops.kim"))


def _early(scene: Scene) -> None:
    platform, data = _asked(scene)
    _sign(scene, platform, replace(data, signed_at=data.signed_at - timedelta(days=1)))


def _altered(scene: Scene) -> None:
    platform, data = _asked(scene)
    _sign(scene, platform)
    sign_and_alter(scene.repository, scene.keys, 2, data)


def _other_environment(scene: Scene) -> None:
    platform, data = _asked(scene)
    _sign(scene, platform, replace(data, environment="prod"))


def _other_task(scene: Scene) -> None:
    platform, data = _asked(scene)
    _sign(scene, platform, replace(data, task="CUT-001"))


def _rejected(scene: Scene) -> None:
    platform, data = _asked(scene)
    _sign(scene, platform, replace(data, decision="reject"))


def _revoked(scene: Scene) -> None:
    """DataEng signs with a key that had been revoked before."""
    _both(scene)
    path, address = scene.repository / SIGNERS, person("yun.data").address
    entries = yaml.safe_load(path.read_bytes())
    when = locked_at(scene.repository).astimezone(UTC).isoformat()
    changed = [e | {"revoked_at": when} if e["person"] == address else e for e in entries]
    path.write_text(yaml.safe_dump(changed, sort_keys=False, allow_unicode=True), encoding="utf-8")


def _unsigned(scene: Scene) -> None:
    _forget(scene)


def _relock(scene: Scene) -> None:
    """The inventory as it stands becomes the next version, locked and signed now."""
    relock(scene.repository, scene.now, scene.now)
    _both(scene)


def _relock_after_audit(scene: Scene) -> None:
    """The next version is locked at a time that no audit has reached yet."""
    relock(scene.repository, scene.now, scene.now + _HOUR)


Entries = list[dict[str, Any]]


def _rewrite(change: Callable[[Entries, datetime], None]) -> Callable[[Scene], None]:
    """An act that edits the entries of the changelog and nothing else."""

    def perform(scene: Scene) -> None:
        path = scene.repository / CHANGELOG
        document = yaml.safe_load(path.read_bytes())
        change(document["entries"], scene.now)
        text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
        path.write_text(text, encoding="utf-8")

    return perform


def _middle_removed(entries: Entries, _now: datetime) -> None:
    del entries[1]


def _first_removed(entries: Entries, _now: datetime) -> None:
    del entries[0]


def _not_higher(entries: Entries, _now: datetime) -> None:
    entries[1]["version"] = entries[0]["version"]


def _in_the_future(entries: Entries, now: datetime) -> None:
    entries[1]["at"] = (now + timedelta(days=1)).isoformat(timespec="seconds")


def _out_of_order(entries: Entries, _now: datetime) -> None:
    entries[0]["at"], entries[1]["at"] = entries[1]["at"], entries[0]["at"]


def _without_author(entries: Entries, _now: datetime) -> None:
    entries[1]["author"] = ""


def _unlocked_version(entries: Entries, now: datetime) -> None:
    newest = entries[-1]
    at = now.isoformat(timespec="seconds")
    changed = {"version": "9.0.0", "at": at, "prev_digest": newest["digest"]}
    entries.append(newest | changed)


def _aligned(scene: Scene) -> None:
    write_alignment(scene.repository, scene.now)


def _aligned_but_one(scene: Scene) -> None:
    write_alignment(scene.repository, scene.now, left_out=1)


def _not_aligned(scene: Scene) -> None:
    withdraw_alignment(scene.repository)


def _procedure_signed(scene: Scene) -> None:
    sign_rotation(scene.repository, scene.keys, scene.now)


def _procedure_unsigned(scene: Scene) -> None:
    withdraw_rotation(scene.repository)


def _procedure_expired(scene: Scene) -> None:
    before = scene.now - _VALID
    sign_rotation(scene.repository, scene.keys, before, expires_in=_VALID / 2)


def _procedure_wrong_role(scene: Scene) -> None:
    sign_rotation(scene.repository, scene.keys, scene.now, alias="ops.kim")


def _of_others() -> Mapping[str, Mapping[str, Callable[[Scene], None]]]:
    def on_stage(perform: Perform) -> Callable[[Scene], None]:
        return lambda scene: perform(scene.repository, scene.keys, scene.now)

    return {
        name: {variant: on_stage(perform) for variant, perform in variants.items()}
        for name, variants in {**GATE_ACTS, **CONFIGURATION_ACTS}.items()
    }


_ACTS: Mapping[str, Mapping[str, Callable[[Scene], None]]] = {
    PURPOSE: {
        "": _both,
        "none": _unsigned,
        "one-role": _one_role,
        "same-key": _same_key,
        "same-person": _same_person,
        "expired": _expired,
        "wrong-role": _wrong_role,
        "revoked": _revoked,
        "early": _early,
        "altered": _altered,
        "other-environment": _other_environment,
        "other-task": _other_task,
        "rejected": _rejected,
    },
    ROTATION: {
        "": _procedure_signed,
        "none": _procedure_unsigned,
        "expired": _procedure_expired,
        "wrong-role": _procedure_wrong_role,
    },
    ALIGNMENT: {"": _aligned, "six-of-seven": _aligned_but_one, "none": _not_aligned},
    "inventory-lock": {"": _relock, "after-audit": _relock_after_audit},
    "changelog": {
        "middle-removed": _rewrite(_middle_removed),
        "first-removed": _rewrite(_first_removed),
        "not-higher": _rewrite(_not_higher),
        "in-the-future": _rewrite(_in_the_future),
        "out-of-order": _rewrite(_out_of_order),
        "without-author": _rewrite(_without_author),
        "unlocked-version": _rewrite(_unlocked_version),
    },
    **_of_others(),
}
