"""What people in a meeting make their node send, foretold: the measure in which nodes are filled.

One unit is 1 Mbit/s out of a node. Somebody receives the loudest three voices, one picture as large as the
window and the others small; who comes to a meeting of a thousand receives no more than in one of eleven. A
node reports what it really sends in the same unit.
"""

from __future__ import annotations

from typing import Literal

Media = Literal["video", "audio"]

UNIT_BPS = 1_000_000
# Opus with its headers, and the audio slots of a client.
VOICE_BPS, VOICES = 40_000, 3
# 720p, and 180p beside it, in the video slots of a client.
LARGE_PICTURE_BPS, SMALL_PICTURE_BPS, PICTURES = 1_200_000, 150_000, 10


def egress_units(people: int, media: Media) -> int:
    """Units that so many people need at one node, at least one."""
    others = max(people - 1, 1)
    bps = VOICE_BPS * min(others, VOICES)
    if media == "video":
        bps += LARGE_PICTURE_BPS + SMALL_PICTURE_BPS * (min(others, PICTURES) - 1)
    return -(-people * bps // UNIT_BPS)
