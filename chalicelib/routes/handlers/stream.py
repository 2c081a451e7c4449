"""Records of the control table's stream, as Lambda hands them over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def own_entry(record: Mapping[str, Any], region: str) -> Mapping[str, Any] | None:
    """The item of a new entry of a log, as DynamoDB writes it; None for anything else.

    Each region hears the whole of a global table: the home region of the meeting acts on it.
    """
    image: Mapping[str, Any] = record.get("dynamodb", {}).get("NewImage") or {}
    is_entry = record.get("eventName") == "INSERT" and image.get("sk", {}).get("S", "").startswith("EVT#")
    return image if is_entry and image["region"]["S"] == region else None
