"""Who may open a recording, what can be opened of it, and where it lies as it ages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from chalicelib.domain.composition import Composition, Layout, films_of
from chalicelib.domain.identifiers import RecordingId
from chalicelib.domain.participant import Participant
from chalicelib.domain.permissions import Caller, LinkCaller, ParticipantCaller, UserCaller
from chalicelib.domain.recording import Recording
from chalicelib.domain.recording_links import opens

MediaKind = Literal["mp4", "hls", "thumbnails", "trackFiles", "tracks", "manifest"]
StorageClass = Literal["standard", "infrequent", "archive"]

_TRACK_FILE = re.compile(
    r"(\d{16})-(\d{1,12})-([a-z]+_[a-z0-9]+)-(microphone|camera|screen|screen_audio)-([a-z]+_[a-z0-9]+)\.mkv"
)
# What a bearer of a link for watching may open: the film, and not what it was made of.
WATCHED: frozenset[MediaKind] = frozenset({"mp4", "hls", "thumbnails"})
# From the moment when it is given out.
LINK_LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True)
class Opened:
    """A link, or several of one request, that somebody was given."""

    recording: RecordingId
    at: datetime
    # As `requested_by` of a recording.
    by: str
    kinds: tuple[str, ...]
    expires_at: datetime
    request_id: str
    # The address that the request came from.
    source: str | None = None


@dataclass(frozen=True)
class StorageAges:
    """After how many days objects move to a cheaper class; both ways of reading stay immediate."""

    infrequent_days: int = 30
    archive_days: int = 90


def is_named(recording: Recording, caller: Caller, me: Participant | None, visited: bool) -> bool:
    """Whether the recording's access names the caller.

    Args:
        me: The participant that the caller's token names, as it is now.
        visited: Whether the caller, signed in, was in the meeting.
    """
    access = recording.access
    if isinstance(caller, LinkCaller):
        return opens(recording.links, caller.link, caller.at)
    if isinstance(caller, UserCaller):
        return caller.user in access.users or (access.participants and visited)
    if isinstance(caller, ParticipantCaller) and me is not None and me.joined_at is not None:
        return access.participants and me.state not in ("removed", "denied")
    return False


def storage_class_of(recording: Recording, ages: StorageAges, now: datetime) -> StorageClass | None:
    """Where its objects are, by the rules of the bucket; None without any object."""
    if recording.ended_at is None or recording.state == "deleted" or not recording.takes:
        return None
    age = now - recording.ended_at
    if age >= timedelta(days=ages.archive_days):
        return "archive"
    return "infrequent" if age >= timedelta(days=ages.infrequent_days) else "standard"


def film_of(recording: Recording, layout: Layout | None) -> Composition | None:
    """The newest file of a layout, or of any; None if none is made."""
    return _newest([one for one in films_of(recording.compositions) if one.state == "done"], layout)


def growing_film_of(recording: Recording, layout: Layout | None) -> Composition | None:
    """A film whose first minute is made, and the rest not yet; None if there is none."""
    films = films_of(recording.compositions)
    running = [one for one in films if one.state == "running" and one.progress > 0]
    return _newest(running, layout)


def joined_tracks_of(recording: Recording) -> Composition | None:
    """The newest files of whole tracks; None if there are none yet."""
    made = [one for one in recording.compositions if one.kind == "tracks" and one.state == "done"]
    return made[-1] if made else None


@dataclass(frozen=True)
class TrackFile:
    """A whole track in one file, as the key of its object tells of it (docs/recording.md)."""

    track: str
    participant: str
    source: str
    started_at: datetime
    duration: timedelta


def read_track_file(name: str) -> TrackFile | None:
    """What the last part of a key says; None for what is no such file."""
    found = _TRACK_FILE.fullmatch(name)
    if found is None:
        return None
    start_us, duration_ms, participant, source, track = found.groups()
    started = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(start_us))
    return TrackFile(track, participant, source, started, timedelta(milliseconds=int(duration_ms)))


def growing_playlist(film: Composition) -> str:
    """The key of what can be watched of a film while it grows: composers write it with the first minute."""
    return f"{film.output}hls/master.m3u8"


def _newest(films: Sequence[Composition], layout: Layout | None) -> Composition | None:
    fitting = [one for one in films if layout in (None, one.layout)]
    return fitting[-1] if fitting else None
