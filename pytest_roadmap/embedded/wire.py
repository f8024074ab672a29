"""Requests, replies and routes of the embedded services, free of any web framework."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_roadmap.embedded.errors import InvalidParameterError

if TYPE_CHECKING:
    from pytest_roadmap.embedded.cloud import Cloud
    from pytest_roadmap.embedded.state import Principal

MAX_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: JSON ``body``, or raw ``content``; neither gives an empty answer."""

    status: int = 200
    body: Any = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``path`` holds the values of the route's ``{names}``."""

    method: str
    route_path: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, Any]
    content: bytes
    headers: Mapping[str, str]
    principal: Principal

    def text(self, name: str) -> str:
        """A required string of the body.

        Raises:
            InvalidParameterError: absent, empty or not a string.
        """
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise InvalidParameterError(f"Missing required field: {name}")
        return value

    def optional_text(self, name: str, default: str = "") -> str:
        """An optional string of the body.

        Raises:
            InvalidParameterError: present but not a string.
        """
        value = self.body.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise InvalidParameterError(f"Field {name} must be a string")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """An optional boolean of the body.

        Raises:
            InvalidParameterError: present but not a boolean.
        """
        value = self.body.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise InvalidParameterError(f"Field {name} must be a boolean")
        return value

    def argument(self, name: str) -> str:
        """A required query parameter.

        Raises:
            InvalidParameterError: absent or empty.
        """
        value = self.query.get(name, "")
        if not value:
            raise InvalidParameterError(f"Missing required parameter: {name}")
        return value


Handler = Callable[["Cloud", Call], "Reply | dict[str, Any]"]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and path template with the query and body names it knows.

    ``{name}`` matches one segment, ``{name*}`` the rest of the path. ``body=None`` takes any body.
    ``locked`` handlers run with the cloud's lock held. ``open`` routes need no token.
    """

    method: str
    template: str
    handler: Handler
    query: tuple[str, ...] = ()
    body: tuple[str, ...] | None = ()
    locked: bool = True
    open: bool = False


def _compile(template: str) -> re.Pattern[str]:
    pattern = re.escape(template).replace(r"\{", "{").replace(r"\}", "}").replace(r"\*", "*")
    pattern = re.sub(r"\{(\w+)\*\}", r"(?P<\1>.+)", pattern)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern) + r"\Z")


class Router:
    """Finds the route of a request; the first that matches wins."""

    def __init__(self, routes: tuple[Route, ...] | list[Route]) -> None:
        self._routes = [(route, _compile(route.template)) for route in routes]

    def match(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route and the values of its names, or None."""
        for route, pattern in self._routes:
            found = pattern.match(path) if route.method == method else None
            if found:
                return route, found.groupdict()
        return None


def check_names(route: Route, query: Mapping[str, str], body: Mapping[str, Any]) -> None:
    """Refuse a query parameter or body field the route does not know.

    The real services ignore most of them; ignoring here would look like support.

    Raises:
        InvalidParameterError: names the route and what is unknown.
    """
    unknown = sorted(set(query) - set(route.query))
    if unknown:
        raise InvalidParameterError(
            f"{route.method} {route.template}: parameter {', '.join(unknown)} is not supported by "
            "the embedded cloud"
        )
    if route.body is None:
        return
    unknown = sorted(set(body) - set(route.body))
    if unknown:
        raise InvalidParameterError(
            f"{route.method} {route.template}: field {', '.join(unknown)} is not supported by the "
            "embedded cloud"
        )


def page(
    items: list[dict[str, Any]], query: Mapping[str, str], *, size_name: str = "max_results"
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of a list and the token of the next.

    ``max_results`` 0 means the server's own page size; absent means everything (the deprecated
    unpaginated form). Tokens are opaque to the client.

    Raises:
        InvalidParameterError: a size that is no number from 0 to 1000, or a foreign token.
    """
    size = page_size(query, size_name)
    start = page_start(query.get("page_token", ""))
    end = len(items) if size is None else start + size
    return items[start:end], (page_token(end) if end < len(items) else None)


def page_size(query: Mapping[str, str], name: str = "max_results") -> int | None:
    """The page size asked for; None when absent."""
    text = query.get(name)
    if text is None:
        return None
    if not text.isdigit() or int(text) > MAX_PAGE:
        raise InvalidParameterError(f"{name} must be a number from 0 to {MAX_PAGE}, not {text!r}")
    return int(text) or MAX_PAGE


def page_token(position: int) -> str:
    """The opaque token of a position."""
    return f"cGFnZQ.{position:x}"


def page_start(token: str) -> int:
    """The position of a token; 0 for none.

    Raises:
        InvalidParameterError: not one of ours.
    """
    if not token:
        return 0
    match = re.fullmatch(r"cGFnZQ\.([0-9a-f]{1,8})", token)
    if match is None:
        raise InvalidParameterError("Invalid page token.")
    return int(match.group(1), 16)


def with_page(name: str, items: list[dict[str, Any]], token: str | None) -> dict[str, Any]:
    """A list answer; the token is absent on the last page."""
    return {name: items, **({"next_page_token": token} if token else {})}


def millis(moment: Any) -> int:
    """Epoch milliseconds, as Unity Catalog writes times."""
    return int(moment.timestamp() * 1000)
