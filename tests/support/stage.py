"""Meetings on a node in virtual time: real state machines and policy, a plane that notes what it is told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from media_node.admission import Admission
from media_node.bandwidth.layers import Layer
from media_node.forwarding import Forwarding, Key, PlaneMedia
from media_node.hosting import Hosting
from media_node.isolation import Isolation
from media_node.meetings.model import InitialTrack, Wish
from media_node.quantities import MeetingId, ParticipantId, SlotId, Source, TrackId, new_identifier
from media_node.signaling.session import Seat
from media_node.tokens import Claims
from tests.support.crowd import OFFER, StandIn

RIDS = ("q", "h", "f")
SLOTS = [SlotId("v0"), SlotId("v1"), SlotId("v2")]
MIDS: dict[Source, str] = {"microphone": "0", "camera": "1", "screen": "2"}
SENDING = [
    PlaneMedia("0", "audio", (), (), (1,)),
    PlaneMedia("1", "video", (), (), (2,), RIDS),
    PlaneMedia("2", "video", (), (), (3,)),
]
RECEIVING = [
    PlaneMedia("a0", "audio", (), (), (4,)),
    *(PlaneMedia(slot, "video", (), (), (5, 6)) for slot in SLOTS),
]
GRID = [
    Layer(spatial, temporal, True, bps, 180 * 2**spatial, 15.0 * (temporal + 1))
    for (spatial, temporal), bps in {
        (0, 0): 60_000,
        (0, 1): 100_000,
        (1, 0): 250_000,
        (1, 1): 400_000,
        (2, 0): 800_000,
        (2, 1): 1_200_000,
    }.items()
]


def grid(*silent: int) -> list[Layer]:
    """Three resolutions at two frame rates, some of them not sent."""
    return [replace(layer, is_active=layer.spatial not in silent) for layer in GRID]


class NotingForwarding(Forwarding):
    """Layers and ceilings as last selected."""

    def __init__(self) -> None:
        self.batches: list[Sequence[Any]] = []
        super().__init__(lambda worker, commands: self.batches.append(commands), 1)
        self.layer_by_place: dict[tuple[Key, SlotId], tuple[int, int] | None] = {}
        self.selections = 0
        self.ceiling_by_key: dict[Key, int] = {}

    def select_layer(self, key: Key, slot: SlotId, layer: tuple[int, int] | None) -> None:
        super().select_layer(key, slot, layer)
        self.layer_by_place[key, slot] = layer
        self.selections += 1

    def set_send_ceiling(self, key: Key, wanted_bps: int) -> None:
        super().set_send_ceiling(key, wanted_bps)
        self.ceiling_by_key[key] = wanted_bps


class StageConnections(StandIn):
    sending = SENDING
    receiving = RECEIVING


class Stage:
    """One meeting; participants go by name. `beside` another one it is on the same node."""

    def __init__(self, beside: Stage | None = None) -> None:
        self.now = 1000.0
        self.isolation: Isolation = beside.isolation if beside is not None else Isolation()
        self.forwarding: NotingForwarding = beside.forwarding if beside is not None else NotingForwarding()
        self.connections = StageConnections(self.forwarding)
        self.hosting: Hosting = (
            beside.hosting
            if beside is not None
            else Hosting(
                self.forwarding,
                self.connections,
                admission=Admission(10**6),
                monotonic=lambda: self.now,
                isolation=self.isolation,
            )
        )
        self.meeting = MeetingId(new_identifier("mtg_"))
        self.seats: dict[str, Seat] = {}
        self.told: dict[str, list[dict[str, Any]]] = {}

    def join(self, name: str, *sources: Source, again: ParticipantId | None = None, epoch: int = 1) -> None:
        """Let somebody in who shows nothing until `show`; `again` who was here before."""
        grants = frozenset({"microphone", "camera", "screen"})
        participant = again or new_identifier("par_")
        claims = Claims(participant, self.meeting, "participant", name, grants, True, False, epoch, None, "1")
        tracks = [InitialTrack(MIDS[source], source, False) for source in sources]
        seat, answer = self.hosting.join(claims, OFFER, tracks, has_socket=True)
        self.seats[name], self.told[name] = seat, []
        seat.session.connect(lambda text: self.told[name].append(json.loads(text)))
        self.hosting.welcome(seat, resumed=False, answer=answer)
        for slot in SLOTS:
            self.hosting.assign(seat, slot, Wish(None))

    def leave(self, name: str) -> None:
        self.hosting.leave(self.seats.pop(name), "left")

    def track(self, name: str, source: Source = "camera") -> TrackId:
        member = self.hosting.live.meeting_by_id[self.meeting].member(self.seats[name].participant)
        return next(track.id for track in member.track_by_id.values() if track.source == source)

    def show(self, viewer: str, slot: int, shown: str | None, source: Source = "camera", **wish: Any) -> None:
        target = self.track(shown, source) if shown is not None else None
        self.hosting.assign(self.seats[viewer], SLOTS[slot], Wish(target, **wish))

    def estimate(self, name: str, bps: float) -> None:
        transport = self.forwarding.transport_by_participant[self.key(name)]
        self.hosting.handle_estimate(transport.number, bps)

    def layers(self, name: str, layers: Sequence[Layer], source: Source = "camera") -> None:
        self.hosting.handle_layers(self.forwarding._track_numbers[self.track(name, source)], layers)

    def speak(self, *names: str) -> None:
        plane = self.forwarding._track_numbers
        tracks = [plane[self.track(name, "microphone")] for name in names]
        number = self.forwarding._meeting_numbers[self.meeting]
        self.hosting.handle_speakers(number, [*tracks][:4], [(track, 30) for track in tracks])

    def wait(self, seconds: float) -> None:
        """Let time pass as the node's timer does."""
        for _ in range(round(seconds / 0.25)):
            self.now += 0.25
            self.hosting.handle_policy_timeout()

    def key(self, name: str) -> tuple[MeetingId, ParticipantId]:
        return self.meeting, self.seats[name].participant

    def layer(self, name: str, slot: int = 0) -> tuple[int, int] | None:
        """What the plane was last told to send."""
        return self.forwarding.layer_by_place[self.key(name), SLOTS[slot]]

    def heard(self, name: str, kind: str) -> list[dict[str, Any]]:
        """Messages of a type since this was last asked."""
        found = [message for message in self.told[name] if message["type"] == kind]
        self.told[name] = [message for message in self.told[name] if message["type"] != kind]
        return found
