"""Participants' connections: offers answered, handshakes run, keys handed to the plane, quality kept."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import structlog

from media_node.errors import SdpError
from media_node.forwarding import (
    Codec,
    Extension,
    Forwarding,
    PlaneMedia,
    PlaneTransport,
    WorkerSnapshot,
    plane_codec,
    plane_extension,
)
from media_node.quantities import MeetingId, ParticipantId, SlotId
from media_node.transport.answer import agree
from media_node.transport.certificate import Certificate
from media_node.transport.connection import Connection
from media_node.transport.dtls import DtlsEndpoint, State
from media_node.transport.formats import KEPT
from media_node.transport.handshake_limit import HandshakeLimit, source_of
from media_node.transport.parameters import Formats, MediaParameters, Offer

log = structlog.get_logger()

Key = tuple[MeetingId, ParticipantId]
# Between two tries to begin a handshake that is ours to begin, while too many are under way.
AGAIN_SECONDS = 0.5


@dataclass
class Link:
    """One participant's connection and its place in the plane."""

    key: Key
    connection: Connection
    transport: PlaneTransport
    dtls: DtlsEndpoint
    hears_speakers: bool = True
    timer: asyncio.TimerHandle | None = None
    # Where its client is in the network, once that is known.
    source: str = ""
    # The state of `dtls` that was acted upon.
    noted: State = "new"


@dataclass(frozen=True)
class Quality:
    """As the last snapshot saw it."""

    packets_lost: int = 0
    packets_received: int = 0
    round_trip_ms: float | None = None


class Connections:
    """All connections of one node."""

    def __init__(
        self,
        forwarding: Forwarding,
        certificate: Certificate,
        addresses: Sequence[Sequence[tuple[str, int]]],
        monotonic: Callable[[], float],
    ) -> None:
        self._forwarding = forwarding
        self._certificate = certificate
        self._addresses = addresses
        self._monotonic = monotonic
        self._link_by_key: dict[Key, Link] = {}
        self._link_by_number: dict[int, Link] = {}
        self._quality_by_number: dict[int, Quality] = {}
        self._handshakes = HandshakeLimit()
        self.handshakes_failed = 0
        self.handshakes_deferred = 0

    def connect(
        self, key: Key, offer: Offer, *, hears_speakers: bool = True
    ) -> tuple[str, list[SlotId], list[SlotId]]:
        """Begin a connection; returns the answer, audio slots and video slots.

        Args:
            hears_speakers: Its audio slots carry the loudest, not what each is told to.
        """
        # Each worker has a port of its own.
        addresses = self._addresses[self._forwarding.placement.worker_of(key[0])]
        connection = Connection(self._certificate, addresses, offer)
        transport = self._forwarding.add_transport(*key, connection.ice.ufrag, connection.ice.password)
        dtls = DtlsEndpoint(self._certificate, offer.dtls_role, offer.fingerprints)
        link = Link(key, connection, transport, dtls, hears_speakers)
        self._link_by_key[key] = self._link_by_number[transport.number] = link
        return self._take_media(link, offer)

    def continues(self, key: Key, offer: Offer) -> bool:
        """Whether an offer goes on with the participant's connection."""
        link = self._link_by_key.get(key)
        return link is not None and link.connection.continues_with(offer)

    def reconnect(self, key: Key, offer: Offer) -> tuple[str, list[SlotId], list[SlotId]]:
        """Take a further offer of a participant, in its connection or as another one."""
        link = self._link_by_key.get(key)
        if link is None or not self.continues(key, offer):
            self.close(key)
            return self.connect(key, offer, hears_speakers=link is None or link.hears_speakers)
        if offer.dtls_role != link.connection.offer.dtls_role:
            raise SdpError("a connection keeps its DTLS roles")
        if link.connection.handle_offer(offer):
            ice = link.connection.ice
            self._forwarding.restart_ice(link.transport, ice.ufrag, ice.password)
        return self._take_media(link, offer)

    def close(self, key: Key) -> None:
        """Say goodbye on a connection and end it, with the next batch; again does nothing."""
        link = self._link_by_key.pop(key, None)
        if link is None:
            return
        del self._link_by_number[link.transport.number]
        self._quality_by_number.pop(link.transport.number, None)
        link.dtls.close()
        self._take_output(link)
        if self._forwarding.transport_by_participant.get(key) is link.transport:
            self._forwarding.remove_transport(*key)

    def close_all(self) -> None:
        """End every connection."""
        for key in list(self._link_by_key):
            self.close(key)
        self._forwarding.flush()

    # Handshakes. What they send leaves with the next `flush`.

    def handle_reachable(self, number: int, address: str) -> None:
        """A connection's address, "ip:port", has proven itself: a handshake that is ours to begin can."""
        link = self._link_by_number.get(number)
        if link is not None:
            link.source = source_of(address)
            self._start(link)

    def _start(self, link: Link) -> None:
        if link.connection.offer.dtls_role != "client":
            return
        if self._may_go_on(link):
            link.dtls.start(self._monotonic())
            self._take_output(link)
        else:
            self._call_later(link, AGAIN_SECONDS, self._handle_turn)

    def _handle_turn(self, link: Link) -> None:
        self._start(link)
        self._forwarding.flush()

    def _may_go_on(self, link: Link) -> bool:
        """Whether a handshake is under way, is over, or has found a place to begin in."""
        if link.dtls.state != "new" or self._handshakes.begin(link.transport.number, link.source):
            return True
        self.handshakes_deferred += 1
        return False

    def handle_dtls(self, number: int, datagram: bytes) -> bool:
        """Take a datagram of a handshake; returns whether the client has said goodbye with it."""
        link = self._link_by_number.get(number)
        # Of one that may not begin yet the client's timer brings the first flight again.
        if link is None or not self._may_go_on(link):
            return False
        link.dtls.handle_datagram(self._monotonic(), datagram)
        self._take_output(link)
        return link.noted == "closed"

    def _handle_timer(self, link: Link) -> None:
        link.timer = None
        link.dtls.handle_timeout(self._monotonic())
        self._take_output(link)
        self._forwarding.flush()

    def _take_output(self, link: Link) -> None:
        if link.dtls.state != link.noted:
            link.noted = link.dtls.state
            self._note_state(link)
        for datagram in link.dtls.poll_transmit():
            self._forwarding.send_dtls(link.transport, datagram)
        self._set_timer(link)

    def _note_state(self, link: Link) -> None:
        """The keys go to the plane before the last flight does: media follows it at once."""
        number, keys = link.transport.number, link.dtls.keys
        if link.noted == "handshaking":
            return
        self._handshakes.end(number)
        if link.noted == "failed":
            self.handshakes_failed += 1
            log.warning("handshake_failed", meeting=link.key[0], participant=link.key[1])
        elif link.noted == "connected" and keys is not None:
            local, remote = (keys.local_key, keys.local_salt), (keys.remote_key, keys.remote_salt)
            self._forwarding.set_keys(link.transport, keys.profile, local, remote)
            log.debug("handshake_done", meeting=link.key[0], participant=link.key[1], profile=keys.profile)

    def _set_timer(self, link: Link) -> None:
        now = self._monotonic()
        due = link.dtls.poll_timeout(now)
        if due is not None:
            self._call_later(link, max(0.0, due - now), self._handle_timer)
        elif link.timer is not None:
            link.timer.cancel()
            link.timer = None

    def _call_later(self, link: Link, seconds: float, callback: Callable[[Link], None]) -> None:
        """Set the link's one timer, whatever it was set to before."""
        if link.timer is not None:
            link.timer.cancel()
        link.timer = asyncio.get_running_loop().call_later(seconds, callback, link)

    def _take_media(self, link: Link, offer: Offer) -> tuple[str, list[SlotId], list[SlotId]]:
        sending = [plane_media(media, media.ssrcs, is_slot=False) for media in offer.sending]
        slots = []
        for media in offer.receiving:
            source = link.connection.source_by_mid[media.mid]
            ssrcs = (source.ssrc,) if source.rtx_ssrc is None else (source.ssrc, source.rtx_ssrc)
            slots.append(plane_media(media, ssrcs, is_slot=True))
        self._forwarding.add_media(link.transport, sending, slots, hears_speakers=link.hears_speakers)
        audio = [SlotId(media.mid) for media in offer.receiving if media.kind == "audio"]
        video = [SlotId(media.mid) for media in offer.receiving if media.kind == "video"]
        return link.connection.answer(), audio, video

    # Quality.

    def note_snapshots(self, snapshots: Sequence[WorkerSnapshot | None]) -> None:
        """Keep per connection what the plane has counted."""
        found: dict[int, Quality] = {}
        for snapshot in snapshots:
            if snapshot is None:
                continue
            lost, received = self._uplink(snapshot)
            for one in snapshot.transports:
                rtt = one.round_trip_us
                found[one.transport] = Quality(
                    packets_lost=lost[one.transport],
                    packets_received=received[one.transport],
                    round_trip_ms=None if rtt is None else rtt / 1000,
                )
        self._quality_by_number = found

    def _uplink(self, snapshot: WorkerSnapshot) -> tuple[Counter[int], Counter[int]]:
        """Packets lost and received of all tracks, by connection."""
        lost: Counter[int] = Counter()
        received: Counter[int] = Counter()
        for track in snapshot.tracks:
            number = self._forwarding.transport_of_track(track.track)
            if number is not None:
                lost[number] += track.packets_lost
                received[number] += track.packets_received
        return lost, received

    def quality(self, key: Key) -> tuple[int, int, float | None]:
        """Packets lost and received, and the round trip in ms."""
        link = self._link_by_key.get(key)
        seen = self._quality_by_number.get(link.transport.number, Quality()) if link else Quality()
        return seen.packets_lost, seen.packets_received, seen.round_trip_ms


def received_codecs(offer: Offer) -> frozenset[str] | None:
    """Video codecs that every slot of an offer can carry, in lower case; None without a slot for pictures."""
    slots = [
        frozenset(codec.name.lower() for codec in agree(media.formats, is_slot=True).codecs)
        for media in offer.receiving
        if media.kind == "video"
    ]
    return frozenset.intersection(*slots) if slots else None


def plane_media(media: MediaParameters, ssrcs: tuple[int, ...], *, is_slot: bool) -> PlaneMedia:
    codecs, extensions = _plane_formats(agree(media.formats, is_slot=is_slot))
    return PlaneMedia(media.mid, media.kind, codecs, extensions, ssrcs, media.rids)


@lru_cache(2 * KEPT)
def _plane_formats(formats: Formats) -> tuple[tuple[Codec, ...], tuple[Extension, ...]]:
    codecs = tuple(
        plane_codec(
            codec.payload_type,
            codec.name,
            codec.clock_rate,
            codec.fmtp,
            codec.rtx_payload_type,
            codec.feedback,
        )
        for codec in formats.codecs
    )
    return codecs, tuple(plane_extension(one.id, one.uri) for one in formats.extensions)
