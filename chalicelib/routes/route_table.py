"""Which resource a path names: fixed segments before variables, a trailing slash ignored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Match:
    resource: str
    parameters: dict[str, str]


class RouteTable:
    """Resources by path pattern, such as /v1/meetings/{meeting}."""

    def __init__(self, resources: Iterable[str]) -> None:
        ranked = sorted(resources, key=_specificity)
        self._patterns = [(resource, _segments(resource)) for resource in ranked]

    def match(self, path: str) -> Match | None:
        """Find the resource of an encoded path; variables keep their percent-encoding."""
        parts = _segments(path)
        for resource, pattern in self._patterns:
            parameters = _bind(pattern, parts)
            if parameters is not None:
                return Match(resource, parameters)
        return None


def _segments(path: str) -> list[str]:
    if len(path) > 1 and path.endswith("/"):
        path = path[:-1]
    return path.split("/")[1:]


def _specificity(resource: str) -> list[tuple[int, str]]:
    return [(_rank(segment), segment) for segment in _segments(resource)]


def _rank(segment: str) -> int:
    if segment.endswith("+}"):
        return 2
    return 1 if segment.startswith("{") else 0


def _bind(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    parameters: dict[str, str] = {}
    for index, segment in enumerate(pattern):
        if segment.endswith("+}"):
            rest = "/".join(parts[index:])
            return {**parameters, segment[1:-2]: rest} if rest else None
        if index >= len(parts):
            return None
        if segment.startswith("{"):
            # An empty segment is no value: /meetings//join names nothing.
            if not parts[index]:
                return None
            parameters[segment[1:-1]] = parts[index]
        elif segment != parts[index]:
            return None
    return parameters if len(parts) == len(pattern) else None
