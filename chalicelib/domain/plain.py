"""Frozen values as plain JSON and back, without loss: what an event says of a value is the value.

Keys are the fields' names in camelCase; times are RFC 3339 in UTC with microseconds, spans are seconds and
say so in their key. A field marked SECRET is in the log but never in what the API or a webhook shows; one
marked FLEETING is in neither: it says how things stand at a moment, and changes without an event.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

SECRET: Mapping[str, bool] = {"secret": True}
FLEETING: Mapping[str, bool] = {"fleeting": True}

_Value = TypeVar("_Value")
# Types are a handful and their fields never change: read once.
_kinds_by_type: dict[type[Any], dict[str, Any]] = {}


def plain_of(value: Any, names: Collection[str] | None = None) -> dict[str, Any]:
    """The fields of a value, or of those only that are named."""
    kinds = _kinds(type(value))
    return {
        key_of(name, kind): _encoded(getattr(value, name))
        for name, kind in kinds.items()
        if names is None or name in names
    }


def value_of(kind: type[_Value], plain: Mapping[str, Any]) -> _Value:
    return kind(**fields_of(kind, plain))


def fields_of(kind: type[Any], plain: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that `plain` tells of, as arguments for the value or for its replacement."""
    return {
        name: _decoded(hint, plain[key])
        for name, hint in _kinds(kind).items()
        if (key := key_of(name, hint)) in plain
    }


def secret_keys(kind: type[Any]) -> frozenset[str]:
    secret = {field.name for field in dataclasses.fields(kind) if field.metadata.get("secret")}
    return frozenset(key_of(name, hint) for name, hint in _kinds(kind).items() if name in secret)


def key_of(name: str, kind: Any) -> str:
    first, *rest = name.split("_")
    key = first + "".join(word.capitalize() for word in rest)
    return f"{key}Seconds" if _bare(kind) is timedelta else key


def _kinds(kind: type[Any]) -> dict[str, Any]:
    kinds = _kinds_by_type.get(kind)
    if kinds is None:
        hints = get_type_hints(kind)
        kept = [field.name for field in dataclasses.fields(kind) if not field.metadata.get("fleeting")]
        kinds = _kinds_by_type[kind] = {name: hints[name] for name in kept}
    return kinds


def _bare(kind: Any) -> Any:
    """A type without its None."""
    if get_origin(kind) in (Union, types.UnionType):
        return next(choice for choice in get_args(kind) if choice is not type(None))
    return kind


def _encoded(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        return int(seconds) if seconds.is_integer() else seconds
    if dataclasses.is_dataclass(value):
        return plain_of(value)
    if isinstance(value, Mapping):
        return {key: _encoded(entry) for key, entry in value.items()}
    if isinstance(value, (tuple, list)):
        return [_encoded(entry) for entry in value]
    if isinstance(value, (set, frozenset)):
        return sorted(_encoded(entry) for entry in value)
    return value


def _decoded(kind: Any, plain: Any) -> Any:
    kind = _bare(kind)
    if plain is None:
        return None
    if isinstance(kind, NewType):
        return plain
    if kind is datetime:
        return datetime.fromisoformat(plain)
    if kind is timedelta:
        return timedelta(seconds=plain)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return value_of(kind, plain)
    origin = get_origin(kind)
    if origin in (tuple, frozenset):
        return origin(_decoded_each(get_args(kind)[0], plain))
    return plain


def _decoded_each(kind: Any, plain: Iterable[Any]) -> list[Any]:
    return [_decoded(kind, entry) for entry in plain]
