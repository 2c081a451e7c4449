"""Links to what was recorded: given to hosts and to those whom the recording names, and written down.

A link is a query that a signature of the media edge (CloudFront, or localcloud in its place) covers: it opens
what lies under one prefix, for five minutes. The log entry is written before the link is given.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.domain.composition import Composition, Layout
from chalicelib.domain.permissions import Caller, LinkCaller
from chalicelib.domain.recording import Recording
from chalicelib.domain.recording_access import (
    LINK_LIFETIME,
    WATCHED,
    MediaKind,
    Opened,
    TrackFile,
    film_of,
    growing_film_of,
    growing_playlist,
    joined_tracks_of,
    read_track_file,
)
from chalicelib.domain.recording_objects import track_files_prefix
from chalicelib.errors import ForbiddenError, RecordingGoneError
from chalicelib.services.protocols import MediaLinks, RecordingObjects, RecordingStore
from chalicelib.services.recordings import Recordings, Requester


@dataclass(frozen=True)
class Link:
    url: str
    expires_at: datetime


@dataclass(frozen=True)
class Segment:
    """A piece of a track, playable alone."""

    track: str
    link: Link
    size_bytes: int


@dataclass(frozen=True)
class JoinedTrack:
    """A whole track in one file."""

    about: TrackFile
    link: Link
    size_bytes: int


@dataclass(frozen=True)
class Media:
    """What can be opened of a recording; what is not there, or was not asked for, is None or empty."""

    recording: Recording
    # What was asked for, as far as the caller may have it.
    kinds: frozenset[MediaKind]
    expires_at: datetime
    film: Composition | None
    # By name: mp4, hls, thumbnails, sprite, chapters, chat, waveform.
    link_by_name: dict[str, Link] = field(default_factory=dict)
    # None: nobody had tracks joined, or it is not done yet.
    track_files: tuple[JoinedTrack, ...] | None = None
    tracks: tuple[Segment, ...] = ()
    manifest: tuple[Link, ...] = ()
    # Where the next page of tracks begins.
    mark: str | None = None


FILM_KINDS: dict[MediaKind, tuple[str, ...]] = {
    "mp4": ("mp4", "chapters", "chat", "waveform"),
    "hls": ("hls",),
    "thumbnails": ("thumbnails", "sprite"),
}
# A day of pages; a recording has no more.
MOST_PAGES = 10_000


class RecordingMedia:
    def __init__(
        self,
        recordings: Recordings,
        store: RecordingStore,
        objects: RecordingObjects,
        links: MediaLinks,
    ) -> None:
        self._recordings = recordings
        self._store = store
        self._objects = objects
        self._links = links

    def open(
        self,
        by: Requester,
        name: str,
        kinds: Collection[MediaKind],
        layout: Layout | None,
        limit: int,
        after: str | None,
    ) -> Media:
        """Links to what was recorded, each entered in the log.

        Args:
            layout: Of the film; without it the newest film.
            limit: How many files and segments of tracks.
            after: The mark that the page of tracks before ended with.

        Raises:
            RecordingGoneError: It was deleted.
            ForbiddenError: A link is for the film alone.
        """
        recording, _ = self._recordings.authorise(by.caller, name, "open_recording")
        if recording.state in ("deleting", "deleted"):
            raise RecordingGoneError("This recording was deleted.")
        if isinstance(by.caller, LinkCaller):
            kinds = WATCHED & set(kinds)
            if not kinds:
                raise ForbiddenError("A link for watching opens the film, and not what it was made of.")
        expires = by.now + LINK_LIFETIME
        named = tuple(sorted(kinds))
        self._store.note_opened(
            Opened(recording.id, by.now, by.name, named, expires, by.request_id, by.source)
        )
        film = film_of(recording, layout) or growing_film_of(recording, layout)
        query = self._links.query(film.output, expires) if film is not None else ""
        wanted = {one for kind in kinds for one in FILM_KINDS.get(kind, ())}
        files: list[JoinedTrack] | None = None
        mark: str | None = None
        if "trackFiles" in kinds:
            files, mark = self._track_files(recording, expires, limit, after)
        tracks: list[Segment] = []
        room = limit - len(files or ())
        if "tracks" in kinds and mark is None and room > 0:
            tracks, mark = self._tracks(recording, expires, room, after)
        return Media(
            recording=recording,
            kinds=frozenset(kinds),
            expires_at=expires,
            film=film,
            link_by_name=self._film_links(film, wanted, query, expires),
            track_files=tuple(files) if files is not None else None,
            tracks=tuple(tracks),
            manifest=tuple(self._pages(recording, expires) if "manifest" in kinds else ()),
            mark=mark,
        )

    def log(
        self, caller: Caller, name: str, limit: int, before: str | None
    ) -> tuple[list[Opened], str | None]:
        """Who was given links, newest first; also of a recording that was deleted."""
        recording, _ = self._recordings.authorise(caller, name, "see_recording_access")
        return self._store.opened(recording.id, limit, before)

    def _film_links(
        self, film: Composition | None, wanted: Collection[str], query: str, expires: datetime
    ) -> dict[str, Link]:
        if film is None:
            return {}
        if film.files is None:
            # Of a film that grows there is nothing else yet.
            keys = {"hls": growing_playlist(film)} if "hls" in wanted else {}
        else:
            keys = {name: getattr(film.files, name) for name in wanted}
        links = {
            name: self._link(key, query, expires)
            for name, key in sorted(keys.items())
            if key is not None and name != "hls"
        }
        if keys.get("hls") is not None:
            # A player follows what playlists name by itself: what opens it goes along in the path.
            url = self._links.path_url(film.output, keys["hls"], expires)
            links |= {"hls": Link(url, expires)} if url is not None else {}
        return links

    def _track_files(
        self, recording: Recording, expires: datetime, limit: int, after: str | None
    ) -> tuple[list[JoinedTrack] | None, str | None]:
        """Files come before segments: their keys sort before those of takes."""
        made = joined_tracks_of(recording)
        if made is None:
            return None, None
        prefix = track_files_prefix(made)
        if after is not None and after >= f"{prefix}~":
            return [], None
        page = self._objects.page(prefix, after, limit + 1)
        query = self._links.query(prefix, expires)
        found = [
            JoinedTrack(about, self._link(one.key, query, expires), one.size_bytes)
            for one in page[:limit]
            if (about := read_track_file(one.key.removeprefix(prefix))) is not None
        ]
        # A page that is full may be followed by segments.
        return found, page[limit - 1].key if len(page) >= limit else None

    def _tracks(
        self, recording: Recording, expires: datetime, limit: int, after: str | None
    ) -> tuple[list[Segment], str | None]:
        found: list[Segment] = []
        for take in sorted(recording.takes, key=lambda one: one.prefix):
            # Objects are listed in the order of their keys, and prefixes are in that order as well.
            if after is not None and after >= f"{take.prefix}~":
                continue
            page = self._objects.page(f"{take.prefix}trk_", after, limit + 1 - len(found))
            query = self._links.query(take.prefix, expires) if page else ""
            for one in page:
                track = one.key.removeprefix(take.prefix).split("/")[0]
                found.append(Segment(track, self._link(one.key, query, expires), one.size_bytes))
                if len(found) == limit:
                    last = one.key
            if len(found) > limit:
                return found[:limit], last
        return found, None

    def _pages(self, recording: Recording, expires: datetime) -> list[Link]:
        links: list[Link] = []
        for take in sorted(recording.takes, key=lambda one: one.prefix):
            query = self._links.query(take.prefix, expires)
            pages = self._objects.page(f"{take.prefix}pages/", None, MOST_PAGES)
            links += [self._link(one.key, query, expires) for one in pages]
        return links

    def _link(self, key: str, query: str, expires: datetime) -> Link:
        return Link(f"{self._links.url(key)}?{query}", expires)
