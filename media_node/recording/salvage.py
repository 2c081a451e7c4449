"""A take whose state cannot be gone on with: what it has left is brought away all the same.

Its recorder died while the disk took nothing, or the disk has spoilt the state: which numbers are taken is
not known any more. What can be read of it is kept, and numbers go on far above all that may have been given,
so that nothing that is stored is written over. Verification finds that place in the chain.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import structlog

from media_node.errors import ManifestError
from media_node.recording.spool import (
    STATE,
    TORN,
    journals_of,
    lines_of,
    page_of,
    read_state,
    replace_or_raise,
)
from media_node.recording.take import Take, TakeIdentity

log = structlog.get_logger()


def salvage(folder: Path, identity: TakeIdentity, now_seconds: int) -> None:
    """Give a take's folder a state that can be gone on with; dying meanwhile leaves it broken.

    Args:
        now_seconds: Since 1970. Segments and pages are numbered from it: a track has less than one a second.

    Raises:
        OSError: The disk takes nothing.
    """
    take = _readable(folder, identity)
    tracks = {track for path in folder.glob("*.json") if (track := _track_of(path)) is not None}
    take.number_from(now_seconds, tracks)
    (folder / TORN).touch()
    replace_or_raise(folder / STATE, json.dumps(take.to_json()).encode())
    for journal in journals_of(folder):
        journal.unlink()
    (folder / TORN).unlink()
    log.warning("take_salvaged", recording=identity.recording, prefix=identity.prefix)


def _readable(folder: Path, identity: TakeIdentity) -> Take:
    """The take as far as its files tell."""
    take = Take(identity)
    with contextlib.suppress(ManifestError, OSError):
        take = read_state(folder / STATE, identity)
    for journal in journals_of(folder):
        # An older one is in the state already.
        for line in lines_of(journal) if page_of(journal) >= take.page else ():
            with contextlib.suppress(ManifestError):
                take.replay(line)
    return take


def _track_of(path: Path) -> str | None:
    try:
        described = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    track = described.get("track") if isinstance(described, dict) else None
    return track if isinstance(track, str) else None
