"""A congested meeting in virtual time: the node's own policy decides, the packet plane's own core forwards.

Real is all that decides and forwards: `Hosting` and what is below it, at the tick of the node's timer,
`PlaneEvents`, and the plane with its estimator, pacer and layer selector. Made up are sockets and handshakes,
the clients (`packet_plane/crates/clients`), their paths, and the time; the same seed gives the same meeting.
"""

from __future__ import annotations

import heapq
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from media_node.admission import Admission
from media_node.forwarding import Forwarding, PlaneMedia
from media_node.hosting import Hosting
from media_node.isolation import Isolation
from media_node.meetings.model import InitialTrack, Wish
from media_node.node import POLICY_TICKS, TICK_SECONDS
from media_node.plane_events import PlaneEvents
from media_node.quantities import MeetingId, ParticipantId, SlotId, Source, TrackId
from media_node.signaling.session import Seat
from media_node.tokens import Claims
from media_node.transport.parameters import Offer
from tests.support.crowd import OFFER, StandIn
from tests.support.virtual_plane import rehearsal

RIDS = ("q", "h", "f")
LOWEST, MIDDLE, BEST, SHARE = 0, 1, 2, 3
MIDS: dict[Source, str] = {"microphone": "mic", "camera": "cam", "screen": "scr"}
VIDEO_SLOTS = [SlotId(f"v{number}") for number in range(6)]
AUDIO_SLOTS = [SlotId(f"a{number}") for number in range(4)]
DELAY_MS = 25
# How far the plane's world goes at once.
STEP_US = 1_000
EXTENSIONS = {
    1: "urn:ietf:params:rtp-hdrext:sdes:mid",
    2: "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    4: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    5: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    6: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
}


def use_rehearsal(patch: pytest.MonkeyPatch) -> Any:
    """Let the node's code speak to the plane that is built for tests; returns that module."""
    module = rehearsal()
    for part in ("media_node.forwarding", "media_node.plane_events"):
        patch.setattr(f"{part}.packet_plane", module)
    for name in ("Codec", "Extension"):
        patch.setattr(f"media_node.forwarding.{name}", getattr(module, name))
    return module


def _media(module: Any) -> tuple[list[PlaneMedia], list[PlaneMedia]]:
    """What a client sends, and its slots."""
    vp8 = module.Codec(
        payload_type=96,
        name="VP8",
        clock_rate=90_000,
        rtx_payload_type=97,
        nack=True,
        pli=True,
        transport_cc=True,
    )
    opus = module.Codec(payload_type=111, name="opus", clock_rate=48_000, transport_cc=True)
    extensions = tuple(module.Extension(id=number, uri=uri) for number, uri in EXTENSIONS.items())
    sending = [
        PlaneMedia("mic", "audio", (opus,), extensions, ()),
        PlaneMedia("cam", "video", (vp8,), extensions, (), RIDS),
        PlaneMedia("scr", "video", (vp8,), extensions, ()),
    ]
    plane = module.VirtualPlane
    audio = [
        PlaneMedia(slot, "audio", (opus,), extensions, (plane.audio_ssrc(number),))
        for number, slot in enumerate(AUDIO_SLOTS)
    ]
    video = [
        PlaneMedia(slot, "video", (vp8,), extensions, plane.video_ssrcs(number))
        for number, slot in enumerate(VIDEO_SLOTS)
    ]
    return sending, [*audio, *video]


class VirtualConnections(StandIn):
    """Connections that are up at once, each of a client of the plane's own world."""

    def __init__(self, forwarding: Forwarding, plane: Any, module: Any) -> None:
        super().__init__(forwarding)
        self._plane = plane
        self.sending, self.receiving = _media(module)
        self.client_by_key: dict[tuple[MeetingId, ParticipantId], int] = {}

    def connect(
        self, key: tuple[MeetingId, ParticipantId], offer: Offer, *, hears_speakers: bool = True
    ) -> tuple[str, list[SlotId], list[SlotId]]:
        client = self.client_by_key[key] = self._plane.add_client(len(VIDEO_SLOTS), DELAY_MS)
        transport = self._forwarding.add_transport(*key, *self._plane.credentials(client))
        self._forwarding.set_keys(transport, *self._plane.keys(client))
        self._forwarding.add_media(transport, self.sending, self.receiving, hears_speakers=hears_speakers)
        return "answer", AUDIO_SLOTS, VIDEO_SLOTS


class VirtualMeeting:
    """Everybody with a camera and a microphone, each watching all the others; participants go by name."""

    def __init__(self, patch: pytest.MonkeyPatch, seed: int, *names: str) -> None:
        module = use_rehearsal(patch)
        # By chance they would order what is otherwise alike, each time in another way.
        numbers = itertools.count(1)
        patch.setattr(
            "media_node.live_meetings.new_identifier", lambda prefix: f"{prefix}{next(numbers):026}"
        )
        self.plane = module.VirtualPlane(seed)
        self.isolation = Isolation()
        self.forwarding = Forwarding(self.plane.submit, 1)
        self.connections = VirtualConnections(self.forwarding, self.plane, module)
        self.hosting = Hosting(
            self.forwarding,
            self.connections,
            admission=Admission(10**6),
            monotonic=lambda: self.now,
            isolation=self.isolation,
        )
        self._events = PlaneEvents(self.forwarding, self.connections, self.hosting, self.isolation)
        self._meeting = MeetingId("mtg_congested")
        self._seats: dict[str, Seat] = {}
        # What happens later: when, in which order, what.
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._ordered = 0
        self._next_tick, self._ticks = self.now, 0
        # Of the last one that was asked about.
        self._pictures: dict[tuple[str, float], list[tuple[int, int, int]]] = {}
        for name in names:
            self._join(name)
        for viewer in names:
            for slot, shown in enumerate(one for one in names if one != viewer):
                self.show(viewer, slot, shown)

    # What people do.

    def _join(self, name: str) -> None:
        grants = frozenset({"microphone", "camera", "screen"})
        claims = Claims(f"par_{name}", self._meeting, "participant", name, grants, True, False, 1, None, "1")
        tracks = [InitialTrack(MIDS[source], source, False) for source in ("microphone", "camera")]
        seat, answer = self.hosting.join(claims, OFFER, tracks, has_socket=True)
        self._seats[name] = seat
        self.hosting.welcome(seat, resumed=False, answer=answer)
        for text in seat.session.missed_since(0, seat.session.secret):
            self._hear(name, text)
        seat.session.connect(lambda text: self._hear(name, text))

    def show(self, viewer: str, slot: int, shown: str | None, source: Source = "camera", **wish: Any) -> None:
        target = self.track(shown, source) if shown is not None else None
        self.hosting.assign(self._seats[viewer], VIDEO_SLOTS[slot], Wish(target, **wish))

    def share(self, name: str) -> None:
        self.plane.share(self.client(name))
        self.hosting.publish(self._seats[name], MIDS["screen"], "screen", False)

    def speak(self, name: str, speaks: bool = True) -> None:
        self.plane.set_speaks(self.client(name), speaks)

    def narrow(self, name: str, bps: int | None) -> None:
        """Let so much and no more come down to somebody from now on."""
        self.plane.set_down(self.client(name), DELAY_MS, bps)

    def _hear(self, name: str, text: str) -> None:
        """A message of the node is there after a while; a client does what `layers` says."""
        message = json.loads(text)
        if message["type"] == "layers":
            self._call_later(DELAY_MS / 1000, lambda: self._follow(name, message))

    def _follow(self, name: str, message: dict[str, Any]) -> None:
        source = self._track_by_id(name, message["track"])
        rids = RIDS if source == "camera" else ("",)
        wanted = message["wanted"]
        sent = list(wanted) if isinstance(wanted, list) else list(rids) if wanted else []
        self.plane.send(self.client(name), MIDS[source], sent, "bestScaleDownBy" in message)

    # Time.

    @property
    def now(self) -> float:
        return float(self.plane.now / 1e6)

    def run(self, seconds: float) -> tuple[float, float]:
        """Let time pass as on a node; returns from when to when."""
        start, end = self.now, self.now + seconds
        while self.now < end:
            due = min([end, self._next_tick, *(at for at, _, _ in self._later[:1])])
            # A step at least, as a float may lie just behind the moment that it means.
            self.plane.advance(max(round(due * 1e6), self.plane.now + STEP_US))
            self._events.handle(self.plane.drain_events())
            while self._later and self._later[0][0] <= self.now:
                heapq.heappop(self._later)[2]()
            if self._next_tick <= self.now:
                self._tick()
        assert not self.isolation.meetings_failed
        return start, end

    def _tick(self) -> None:
        """As `Node._run_timer`."""
        self.hosting.handle_policy_timeout()
        self.hosting.end_broken()
        self._next_tick += TICK_SECONDS / POLICY_TICKS
        self._ticks += 1
        if self._ticks % POLICY_TICKS == 0:
            self.hosting.handle_timeout()

    def _call_later(self, seconds: float, what: Callable[[], None]) -> None:
        self._ordered += 1
        heapq.heappush(self._later, (round(self.now + seconds, 3), self._ordered, what))

    # What was seen.

    def client(self, name: str) -> int:
        return self.connections.client_by_key[self._seats[name].key]

    def pictures(self, viewer: str, span: tuple[float, float], shown: str) -> list[tuple[float, int]]:
        """When pictures of somebody's could be shown to a viewer, and in which size."""
        whose, key = self.client(shown), (viewer, self.now)
        if key not in self._pictures:
            self._pictures = {key: sorted(self.plane.pictures(self.client(viewer)))}
        found = ((at / 1e6, size) for at, publisher, size in self._pictures[key] if publisher == whose)
        return [(at, size) for at, size in found if span[0] <= at < span[1]]

    def heard(self, listener: str, span: tuple[float, float], speaker: str) -> list[float]:
        """When packets of somebody's voice came."""
        whose = self.client(speaker)
        times = [at / 1e6 for at, publisher in self.plane.heard(self.client(listener)) if publisher == whose]
        return [at for at in times if span[0] <= at < span[1]]

    def sent(self, name: str, size: int, span: tuple[float, float]) -> list[float]:
        """When somebody sent pictures of a size."""
        times = [at / 1e6 for at in self.plane.taken(self.client(name), size)]
        return [at for at in times if span[0] <= at < span[1]]

    def track(self, name: str, source: Source = "camera") -> TrackId:
        return next(track.id for track in self._tracks(name) if track.source == source)

    def _track_by_id(self, name: str, track: str) -> Source:
        return next(one.source for one in self._tracks(name) if one.id == track)

    def _tracks(self, name: str) -> list[Any]:
        meeting = self.hosting.live.meeting_by_id[self._meeting]
        return list(meeting.member(self._seats[name].participant).track_by_id.values())


def longest_gap(times: list[float], span: tuple[float, float]) -> float:
    """The longest time in a span without one of these."""
    edges = [span[0], *times, span[1]]
    return max(after - before for before, after in itertools.pairwise(edges))
