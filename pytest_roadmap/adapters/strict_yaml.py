"""YAML as plain JSON values, refusing what would silently change or swell a document."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

MAX_BYTES = 4 << 20
#: How many values a document may hold once its aliases are followed.
MAX_NODES = 200_000


class YamlProblemError(ValueError):
    """The text is not the YAML subset we read; one sentence, with the line where there is one."""


class _StrictLoader(yaml.SafeLoader):
    """``SafeLoader`` with the plain scalars of YAML 1.2, and duplicate keys refused."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 (signature of PyYAML)
        seen: set[Hashable] = set()
        for key_node, _value in node.value:
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, str | int | float | bool):
                raise YamlProblemError(f"line {line}: a key must be a plain value, not {key!r}")
            if key in seen:
                raise YamlProblemError(f"line {line}: the key {key!r} stands twice")
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


_TAG = "tag:yaml.org,2002:"
# 12:30 is no number, "no" is no boolean, 0123 is no octal and a date stays the text that people
# wrote: evidence and digests are over what stands there.
_PLAIN = {
    f"{_TAG}bool": (re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), "tTfF"),
    f"{_TAG}null": (re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    f"{_TAG}int": (re.compile(r"^[-+]?(?:0|[1-9][0-9]{0,17})$"), "-+0123456789"),
    f"{_TAG}float": (
        re.compile(r"^[-+]?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,18}(?:[eE][-+]?[0-9]{1,2})?$"),
        "-+0123456789",
    ),
}
_StrictLoader.yaml_implicit_resolvers = {}  # those of YAML 1.1 are not inherited
for _tag, (_pattern, _first) in _PLAIN.items():
    _StrictLoader.add_implicit_resolver(_tag, _pattern, list(_first))


def load_yaml(content: bytes) -> Any:
    """The one document as plain values; dates and times stay text.

    Raises:
        YamlProblemError: not UTF-8, too large, not YAML, several documents, a duplicate key, a
            custom tag, or aliases that multiply beyond ``MAX_NODES``.
    """
    if len(content) > MAX_BYTES:
        raise YamlProblemError(f"larger than {MAX_BYTES} bytes")
    try:
        text = content.decode("utf-8-sig")
        node = yaml.compose(text, Loader=_StrictLoader)
        _count(node, {}, ())
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 (a SafeLoader)
    except UnicodeDecodeError as error:
        raise YamlProblemError(f"not UTF-8 at byte {error.start}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise YamlProblemError(f"line {line}: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise YamlProblemError(" ".join(str(error).split())) from error
    except RecursionError as error:
        raise YamlProblemError("nested too deeply") from error


def _count(node: yaml.Node | None, known: dict[int, int], path: tuple[int, ...]) -> int:
    """Values below a node with every alias followed."""
    if node is None:
        return 1
    if isinstance(node, yaml.ScalarNode):
        _check_scalar(node)
        return 1
    if node.tag not in (f"{_TAG}map", f"{_TAG}seq"):
        raise YamlProblemError(f"line {node.start_mark.line + 1}: the tag {node.tag} is not read")
    if id(node) in path:
        raise YamlProblemError("an alias points at a value that contains it")
    if id(node) not in known:
        inside = (*path, id(node))
        known[id(node)] = 1 + sum(_count(child, known, inside) for child in _children(node))
    if known[id(node)] > MAX_NODES:
        raise YamlProblemError(f"more than {MAX_NODES} values once aliases are followed")
    return known[id(node)]


def _check_scalar(node: yaml.ScalarNode) -> None:
    line = node.start_mark.line + 1
    pattern = _PLAIN.get(node.tag)
    if pattern is None and node.tag != f"{_TAG}str":
        raise YamlProblemError(f"line {line}: the tag {node.tag} is not read")
    if pattern is not None and not pattern[0].match(node.value):
        raise YamlProblemError(f"line {line}: the text does not fit its tag {node.tag}")
    if any("\ud800" <= char <= "\udfff" for char in node.value):
        raise YamlProblemError(f"line {line}: write the character itself, not a surrogate escape")


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [item for pair in node.value for item in pair]
    return list(node.value)
