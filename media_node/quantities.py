"""Identifiers and clocks that cross the node's module boundaries."""

import os
from datetime import UTC, datetime
from typing import Literal, NewType

MeetingId = NewType("MeetingId", str)
ParticipantId = NewType("ParticipantId", str)
TrackId = NewType("TrackId", str)
# The mid of one receiving m-line of a client's offer.
SlotId = NewType("SlotId", str)
Mid = NewType("Mid", str)
# Seconds on the monotonic clock.
Instant = NewType("Instant", float)

# Tests of a connection belong to no meeting; the plane has them as one of this prefix.
TEST_PREFIX = "tst_"

MediaKind = Literal["audio", "video"]
Source = Literal["microphone", "camera", "screen", "screen_audio"]

KIND_BY_SOURCE: dict[Source, MediaKind] = {
    "microphone": "audio",
    "camera": "video",
    "screen": "video",
    "screen_audio": "audio",
}


# 26 letters of lower-case base32 (RFC 4648) hold the 128 random bits of an identifier, and two more. Each is
# cut from a random byte of its own: `base64` makes them in Python, bit by bit.
LETTERS = 26
_LETTER_BY_BYTE = b"abcdefghijklmnopqrstuvwxyz234567" * 8


def new_identifier(prefix: str) -> str:
    """`prefix` and a random number in base32, such as `trk_…`."""
    return prefix + os.urandom(LETTERS).translate(_LETTER_BY_BYTE).decode()


def format_time(when: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
