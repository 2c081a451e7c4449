"""Links for watching, which hosts hand to people without an account: made, listed, taken back."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta

from chalicelib.domain.events import Change
from chalicelib.domain.identifiers import LinkId, RandomBytes, new_token
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.permissions import Caller
from chalicelib.domain.recording import Recording
from chalicelib.domain.recording_changes import linked
from chalicelib.domain.recording_links import (
    MOST_LINKS,
    SECRET_PREFIX,
    WatchLink,
    link_id,
    with_link,
    without_link,
)
from chalicelib.errors import LimitReachedError, RecordingGoneError
from chalicelib.services.recordings import Recordings, Requester


@dataclass(frozen=True)
class NewLink:
    """A link as it is told once: its secret is kept nowhere."""

    link: WatchLink
    secret: str
    url: str


class RecordingLinks:
    def __init__(self, recordings: Recordings, random_bytes: RandomBytes, app_url: str) -> None:
        self._recordings = recordings
        self._random_bytes = random_bytes
        self._app_url = app_url

    def make(self, by: Requester, name: str, lasts: timedelta, key: str | None) -> NewLink:
        """A link that opens the film until it ends. One that the same key made before ends with this one.

        Raises:
            LimitReachedError: The recording has as many as it may.
            RecordingGoneError: It was deleted.
        """
        secret = f"{SECRET_PREFIX}{new_token(self._random_bytes)}{new_token(self._random_bytes)}"
        request = hashlib.sha256(json.dumps([by.name, key]).encode()).hexdigest() if key is not None else None
        link = WatchLink(link_id(secret), by.name, by.now, by.now + lasts, request)

        def decide(meeting: Meeting, recording: Recording) -> Change:
            if recording.state in ("deleting", "deleted"):
                raise RecordingGoneError("This recording was deleted.")
            links = with_link(recording.links, link)
            if len(links) > MOST_LINKS:
                raise LimitReachedError(f"A recording has {MOST_LINKS} links at most: take some back.")
            return linked(meeting, recording, links, by.now)

        _, recording = self._recordings.apply(by, name, "link_recording", decide)
        # What follows # is sent to no server: it is in no log.
        return NewLink(link, secret, f"{self._app_url}/recordings/{recording.id}#{secret}")

    def of(self, caller: Caller, name: str) -> tuple[WatchLink, ...]:
        """Those that were made and not taken back; some may have ended."""
        return self._recordings.authorise(caller, name, "link_recording")[0].links

    def take_back(self, by: Requester, name: str, link: str) -> None:
        """Nobody gets anything by it any more; what they have was given for five minutes at most."""

        def decide(meeting: Meeting, recording: Recording) -> Change:
            return linked(meeting, recording, without_link(recording.links, LinkId(link)), by.now)

        self._recordings.apply(by, name, "link_recording", decide)
