"""Events of the plane, each handed to whom it concerns.

One that fails ends the meeting that it belongs to and keeps no other from being heard. What they lead to
leaves with one flush.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog

import packet_plane
from media_node.bandwidth.layers import Layer
from media_node.connections import Connections
from media_node.forwarding import Forwarding
from media_node.hosting import Hosting
from media_node.isolation import Isolation
from media_node.quantities import MeetingId

log = structlog.get_logger()


class PlaneEvents:
    """Hands events on."""

    def __init__(
        self, forwarding: Forwarding, connections: Connections, hosting: Hosting, isolation: Isolation
    ) -> None:
        self._forwarding = forwarding
        self._connections = connections
        self._hosting = hosting
        self._isolation = isolation

    def handle(self, events: Iterable[packet_plane.Event]) -> None:
        """Take what was drained at once."""
        for event in events:
            meeting = self._meeting_of(event)
            if meeting is None:
                self._isolation.run("events", self._hand_on, event)
            else:
                self._isolation.guard(meeting, self._hand_on, event)
            # What else is drained of a meeting that failed finds nothing any more.
            self._hosting.end_broken()
        self._forwarding.flush()

    def _meeting_of(self, event: packet_plane.Event) -> MeetingId | None:
        """The meeting that an event belongs to; None where it is over, or the event is of the node."""
        match event:
            case packet_plane.SpeakersChanged() | packet_plane.MeetingLost():
                return self._forwarding.meeting_of(event.meeting)
            case packet_plane.LayersChanged() | packet_plane.TrackStarted():
                transport = self._forwarding.transport_of_track(event.track)
            case packet_plane.WorkerRestarted():
                return None
            case _:
                transport = event.transport
        key = self._forwarding.participant_by_number.get(transport) if transport is not None else None
        return key[0] if key is not None else None

    def _hand_on(self, event: packet_plane.Event) -> None:
        hosting = self._hosting
        match event:
            case packet_plane.DtlsReceived():
                if self._connections.handle_dtls(event.transport, event.datagram):
                    hosting.handle_transport_gone(event.transport)
            case packet_plane.TransportConnected():
                self._connections.handle_reachable(event.transport, event.address)
            case packet_plane.SpeakersChanged():
                hosting.handle_speakers(event.meeting, event.positions, event.speakers)
            case packet_plane.LayersChanged():
                hosting.handle_layers(event.track, [_layer(one) for one in event.layers])
            case packet_plane.EstimateChanged():
                hosting.handle_estimate(event.transport, event.estimate_bps)
            case packet_plane.TransportTimedOut():
                hosting.handle_transport_gone(event.transport)
            case packet_plane.MeetingLost():
                log.error("meeting_lost", meeting=self._forwarding.meeting_of(event.meeting))
                hosting.handle_meeting_lost(event.meeting)
            case packet_plane.WorkerRestarted():
                log.error("worker_restarted", worker=event.worker)
                hosting.handle_worker_restarted(event.worker)
            case _:
                log.debug("plane_event", kind=type(event).__name__)


def _layer(seen: packet_plane.Layer) -> Layer:
    return Layer(seen.spatial, seen.temporal, seen.is_active, seen.bitrate_bps, seen.height, seen.fps)
