"""Read ``.roadmap/policy.yaml``, refusing what it does not know."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_roadmap.adapters.strict_yaml import MAX_BYTES, YamlProblemError, load_yaml
from pytest_roadmap.domain.policy import (
    DEFAULT_PRIORITIES,
    REAL_KINDS,
    GatePolicy,
    Policy,
    PriorityPolicy,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

SCHEMA = "roadmap-policy/1"
_REQUIRED = (
    "schema",
    "gates",
    "task_id_pattern",
    "required_kinds",
    "freshness",
    "waivers",
    "qa",
    "attestation",
    "protected_branch",
)
_OPTIONAL = ("task_kinds", "priorities", "slots")
_GATE_KEYS = (
    "requires",
    "never_waive",
    "signature_required",
    "signoff_task",
    "signoff_roles",
    "waiver_approvers",
    "conditions",
)
_FRESHNESS_KEYS = (
    "l1_document_d",
    "weekly_d",
    "monthly_d",
    "state_gate_d",
    "state_done_d",
    "event_gate_d",
    "event_done_d",
    "one_off_gate_d",
)
_WAIVER_KEYS = ("max_per_gate", "max_days", "max_renewals")
_QA_KEYS = ("dedupe_threshold", "subtask_threshold", "subtask_min_tokens", "allow_untracked")
_SLOT = re.compile(r"(?!\d{8}_)[A-Za-z0-9][A-Za-z0-9_-]{0,120}\.(?:log|md)", re.ASCII)
_SEVERITIES = ("blocker", "critical", "normal", "minor", "trivial")


class PolicyError(Exception):
    """The policy file cannot be used: which file, which key, and one sentence why."""

    def __init__(self, file: str, key: str, sentence: str) -> None:
        super().__init__(f"{file}: {key}: {sentence}" if key else f"{file}: {sentence}")
        self.file = file
        self.key = key
        self.sentence = sentence


def read_policy(path: Path) -> Policy:
    """The policy of the file.

    Raises:
        PolicyError: the file is missing, unreadable, not of the schema, or names a key, gate or
            environment kind nobody knows, or its gates require one another in a circle.
    """
    return _Reader(str(path), _load(path)).policy()


def _load(path: Path) -> object:
    file = str(path)
    try:
        if not path.is_file():
            raise PolicyError(file, "", "there is no such policy file")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise PolicyError(file, "", f"the file cannot be read: {error}") from error
    try:
        return load_yaml(content)
    except YamlProblemError as error:
        raise PolicyError(file, "", f"the file is not the YAML we read: {error}") from error


class _Reader:
    """Turns the plain YAML value into a `Policy`, or raises at the first thing that is wrong."""

    def __init__(self, file: str, content: object) -> None:
        self._file = file
        self._root = self._mapping("", content)

    def policy(self) -> Policy:
        self._keys("", self._root, _REQUIRED, _OPTIONAL)
        if self._root["schema"] != SCHEMA:
            raise self._error("schema", f"must be {SCHEMA}")
        pattern = self._pattern()
        attestation = self._root["attestation"]
        policy = Policy(
            gates=self._gates(),
            task_id_pattern=pattern,
            required_kinds=self._kinds("required_kinds"),
            task_kinds=self._kinds("task_kinds") if "task_kinds" in self._root else {},
            freshness=self._numbers("freshness", self._root["freshness"], _FRESHNESS_KEYS),
            waivers=self._numbers("waivers", self._root["waivers"], _WAIVER_KEYS),
            qa=self._qa(),
            attestation_expiry_d=self._numbers("attestation", attestation, ("default_expiry_d",))[
                "default_expiry_d"
            ],
            protected_branch=self._text("protected_branch", self._root["protected_branch"]),
            priorities=self._priorities(),
            slots=self._each("slots", self._slot) if "slots" in self._root else {},
        )
        if not policy.required_kinds:
            raise self._error("required_kinds", "names no verification level")
        for task_id, key in policy.named_tasks().items():
            if not policy.is_task_id(task_id):
                raise self._error(key, f"{task_id!r} is not a task id of task_id_pattern")
        return policy

    def _error(self, key: str, sentence: str) -> PolicyError:
        return PolicyError(self._file, key, sentence)

    def _mapping(self, key: str, value: object) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise self._error(key, "must be a mapping")
        for name in value:
            if not isinstance(name, str):
                raise self._error(key, f"the key {name!r} must be text")
        return value

    def _keys(
        self,
        key: str,
        value: Mapping[str, Any],
        required: tuple[str, ...],
        optional: tuple[str, ...] = (),
    ) -> None:
        prefix = f"{key}." if key else ""
        for name in value:
            if name not in required and name not in optional:
                raise self._error(f"{prefix}{name}", "is not a key the policy knows")
        for name in required:
            if name not in value:
                raise self._error(f"{prefix}{name}", "is missing")

    def _text(self, key: str, value: object) -> str:
        if not isinstance(value, str) or not value.strip():
            raise self._error(key, "must be text")
        return value

    def _flag(self, key: str, value: object) -> bool:
        if not isinstance(value, bool):
            raise self._error(key, "must be true or false")
        return value

    def _number(self, key: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self._error(key, "must be a whole number, not negative")
        return value

    def _texts(self, key: str, value: object) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise self._error(key, "must be a list")
        texts = tuple(self._text(key, item) for item in value)
        if len(set(texts)) < len(texts):
            raise self._error(key, "names something twice")
        return texts

    def _numbers(self, key: str, value: object, names: tuple[str, ...]) -> dict[str, int]:
        mapping = self._mapping(key, value)
        self._keys(key, mapping, names)
        return {name: self._number(f"{key}.{name}", mapping[name]) for name in names}

    def _each(self, key: str, read: Callable[[str, str, object], Any]) -> dict[str, Any]:
        entries = self._mapping(key, self._root[key])
        return {name: read(f"{key}.{name}", name, value) for name, value in entries.items()}

    def _pattern(self) -> str:
        text = self._text("task_id_pattern", self._root["task_id_pattern"])
        try:
            re.compile(text, re.ASCII)
        except (re.error, RecursionError, OverflowError) as error:
            raise self._error("task_id_pattern", f"is not a regular expression: {error}") from error
        return text

    def _kinds(self, key: str) -> dict[str, tuple[str, ...]]:
        return self._each(key, self._kind_list)

    def _kind_list(self, key: str, _name: str, value: object) -> tuple[str, ...]:
        kinds = self._texts(key, value)
        unknown = [kind for kind in kinds if kind not in REAL_KINDS]
        if unknown or not kinds:
            raise self._error(key, f"must name kinds out of {', '.join(REAL_KINDS)}")
        return kinds

    def _qa(self) -> dict[str, Any]:
        qa = self._mapping("qa", self._root["qa"])
        self._keys("qa", qa, _QA_KEYS, ("backlog",))
        numbers = {name: self._number(f"qa.{name}", qa[name]) for name in _QA_KEYS[:-1]}
        return {
            **numbers,
            "allow_untracked": self._texts("qa.allow_untracked", qa["allow_untracked"]),
            "backlog": self._backlog(qa.get("backlog", {"tag": "", "after": []})),
        }

    def _backlog(self, value: Any) -> dict[str, Any]:
        """The tag of what waits in the backlog, and the tasks that go first."""
        backlog = self._mapping("qa.backlog", value)
        self._keys("qa.backlog", backlog, ("tag", "after"))
        if not isinstance(backlog["tag"], str):
            raise self._error("qa.backlog.tag", "must be text")
        after = self._texts("qa.backlog.after", backlog["after"])
        return {"tag": backlog["tag"], "after": after}

    def _slot(self, key: str, _name: str, value: object) -> str:
        slot = self._text(key, value)
        if not _SLOT.fullmatch(slot):
            raise self._error(key, "must be the name of a .md or .log file, without date or folder")
        return slot

    def _priorities(self) -> Mapping[str, PriorityPolicy]:
        if "priorities" not in self._root:
            return dict(DEFAULT_PRIORITIES)
        priorities = self._each("priorities", self._priority)
        if not priorities:
            raise self._error("priorities", "names no priority")
        return priorities

    def _priority(self, key: str, _name: str, value: object) -> PriorityPolicy:
        entry = self._mapping(key, value)
        self._keys(key, entry, ("waivable", "severity"))
        severity = self._text(f"{key}.severity", entry["severity"])
        if severity not in _SEVERITIES:
            raise self._error(f"{key}.severity", f"must be one of {', '.join(_SEVERITIES)}")
        return PriorityPolicy(self._flag(f"{key}.waivable", entry["waivable"]), severity)

    def _gates(self) -> dict[str, GatePolicy]:
        gates: dict[str, GatePolicy] = self._each("gates", self._gate)
        if not gates:
            raise self._error("gates", "names no gate")
        for gate in gates.values():
            for needed in gate.requires:
                if needed not in gates:
                    raise self._error(
                        f"gates.{gate.name}.requires", f"{needed!r} is not a gate of this policy"
                    )
        self._refuse_circle(gates)
        return gates

    def _gate(self, key: str, name: str, value: object) -> GatePolicy:
        entry = self._mapping(key, value)
        self._keys(key, entry, ("requires",), _GATE_KEYS)
        signoff_task = entry.get("signoff_task")
        return GatePolicy(
            name=name,
            requires=self._texts(f"{key}.requires", entry["requires"]),
            never_waive=self._texts(f"{key}.never_waive", entry.get("never_waive", [])),
            signature_required=self._flag(
                f"{key}.signature_required", entry.get("signature_required", False)
            ),
            signoff_task=None
            if signoff_task is None
            else self._text(f"{key}.signoff_task", signoff_task),
            signoff_roles=self._texts(f"{key}.signoff_roles", entry.get("signoff_roles", [])),
            waiver_approvers=self._texts(
                f"{key}.waiver_approvers", entry.get("waiver_approvers", [])
            ),
            conditions=self._conditions(f"{key}.conditions", entry.get("conditions", {})),
        )

    def _conditions(self, key: str, value: object) -> dict[str, tuple[str, ...]]:
        """The tasks of each named condition; a condition that no task shows would always hold."""
        found = {
            name: self._texts(f"{key}.{name}", tasks)
            for name, tasks in self._mapping(key, value).items()
        }
        for name, tasks in found.items():
            if not tasks:
                raise self._error(f"{key}.{name}", "names no task")
        return found

    def _refuse_circle(self, gates: Mapping[str, GatePolicy]) -> None:
        settled: set[str] = set()
        while len(settled) < len(gates):
            ready = [
                gate.name
                for gate in gates.values()
                if gate.name not in settled and settled.issuperset(gate.requires)
            ]
            if not ready:
                circle = ", ".join(name for name in gates if name not in settled)
                raise self._error("gates", f"these gates require one another in a circle: {circle}")
            settled.update(ready)
