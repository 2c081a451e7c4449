"""Identifiers: a prefix and 128 random bits in lower-case base32 (RFC 4648); and codes people can type."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from typing import NewType

MeetingId = NewType("MeetingId", str)
MeetingCode = NewType("MeetingCode", str)
ParticipantId = NewType("ParticipantId", str)
NodeId = NewType("NodeId", str)
KeyId = NewType("KeyId", str)
UserId = NewType("UserId", str)
EventId = NewType("EventId", str)
WebhookEndpointId = NewType("WebhookEndpointId", str)
RecordingId = NewType("RecordingId", str)
JobId = NewType("JobId", str)
LinkId = NewType("LinkId", str)
Tenant = NewType("Tenant", str)

RandomBytes = Callable[[int], bytes]

_ID = re.compile(r"[a-z]+_[a-z2-7]{26}")
_CODE = re.compile(r"[a-z]{3}-[a-z]{4}-[a-z]{3}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def new_id(prefix: str, random_bytes: RandomBytes) -> str:
    return f"{prefix}_{new_token(random_bytes)}"


def new_token(random_bytes: RandomBytes) -> str:
    """128 random bits, as in ids: for names that nobody can guess."""
    return base64.b32encode(random_bytes(16)).decode().rstrip("=").lower()


def new_code(random_bytes: RandomBytes) -> MeetingCode:
    """Ten letters, each as likely as the others: bytes from 234 on are drawn again (234 = 9 x 26)."""
    letters = ""
    while len(letters) < 10:
        letters += "".join(_LETTERS[byte % 26] for byte in random_bytes(16) if byte < 234)
    return MeetingCode(f"{letters[:3]}-{letters[3:7]}-{letters[7:10]}")


def derived_id(prefix: str, *parts: str) -> str:
    """The same for the same parts: what a repeated request with an idempotency key made before."""
    digest = hashlib.sha256(json.dumps(parts).encode()).digest()[:16]
    return f"{prefix}_{base64.b32encode(digest).decode().rstrip('=').lower()}"


def is_id(text: str, prefix: str) -> bool:
    return text.startswith(f"{prefix}_") and _ID.fullmatch(text) is not None


def is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None
