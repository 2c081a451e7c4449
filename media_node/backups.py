"""What this node records of meetings that other nodes have, as their second recorder.

Recordings ask for taps by a recording's name; here is the link behind each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

import aiohttp
import structlog

from media_node.quantities import MeetingId
from media_node.recording.standing import Standing
from media_node.relay.link import Link, Source
from media_node.relay.mirror import Mirror, OpenPlane
from media_node.transport.certificate import Certificate

log = structlog.get_logger()

# What a closed tap still holds goes out within this.
LAST_BYTES_SECONDS = 2.0


class Backups:
    """The links of one node, by the recording that each is for."""

    def __init__(
        self, certificate: Certificate, open_plane: OpenPlane, monotonic: Callable[[], float]
    ) -> None:
        self._certificate = certificate
        self._open_plane = open_plane
        self._monotonic = monotonic
        self._link_by_place: dict[MeetingId, Link] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def follow(self, place: MeetingId, source: Source, http: aiohttp.ClientSession) -> None:
        """Go to where a meeting is; again with the same changes nothing."""
        link = self._link_by_place.get(place)
        if link is not None:
            link.follow(source)
            return
        try:
            mirror = Mirror(self._open_plane)
        except OSError as exc:
            # The control plane asks again within seconds.
            log.error("recorder_link_not_opened", recording=place, error=str(exc))
            return
        self._link_by_place[place] = Link(place, source, mirror, self._certificate, http, self._monotonic)

    def keep(self, places: Collection[MeetingId]) -> None:
        """Close the links that no recording needs any more."""
        for place in [one for one in self._link_by_place if one not in places]:
            task = asyncio.ensure_future(self._close(self._link_by_place.pop(place)))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _close(self, link: Link) -> None:
        await asyncio.sleep(LAST_BYTES_SECONDS)
        await link.close()

    async def close(self) -> None:
        links = [self._link_by_place.pop(place) for place in list(self._link_by_place)]
        await asyncio.gather(*self._closing, *(link.close() for link in links), return_exceptions=True)

    def connected(self) -> set[MeetingId]:
        """The places that media can come from now."""
        return {place for place, link in self._link_by_place.items() if link.is_connected}

    def tell(self, standing: Standing) -> None:
        """Let the node that has the meeting know how its second recorder does."""
        link = self._link_by_place.get(MeetingId(standing.recording))
        if link is not None:
            link.note_state(standing.state, standing.reason)

    # What recordings ask for.

    def open_tap(self, place: MeetingId, tap: int, descriptor: int) -> None:
        link = self._link_by_place.get(place)
        if link is not None:
            link.mirror.open_tap(tap, descriptor)

    def record(self, place: MeetingId, tap: int) -> None:
        link = self._link_by_place.get(place)
        if link is not None:
            link.mirror.record(tap)

    def pause(self, place: MeetingId) -> None:
        link = self._link_by_place.get(place)
        if link is not None:
            link.mirror.pause()

    def close_tap(self, place: MeetingId, tap: int) -> None:
        link = self._link_by_place.get(place)
        if link is not None:
            link.mirror.close_tap(tap)
