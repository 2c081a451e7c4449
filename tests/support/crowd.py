"""A meeting of many seats on one node; sockets, handshakes and the plane are stood in for by counters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from media_node.admission import Admission
from media_node.connections import Connections
from media_node.forwarding import Forwarding, PlaneMedia
from media_node.hosting import Hosting
from media_node.meetings.model import InitialTrack, Wish
from media_node.quantities import MeetingId, ParticipantId, SlotId, TrackId, new_identifier
from media_node.signaling.session import Seat
from media_node.tokens import Claims
from media_node.transport.parameters import Offer

OFFER = (Path(__file__).parent.parent / "fixtures/sdp/chromium.sdp").read_text()
AUDIO_SLOTS = [SlotId(f"a{number}") for number in range(4)]
VIDEO_SLOTS = [SlotId(f"v{number}") for number in range(10)]
SENDING = [PlaneMedia("0", "audio", (), (), (1,)), PlaneMedia("1", "video", (), (), (2,))]
SLOTS = [
    *(PlaneMedia(slot, "audio", (), (), (3,)) for slot in AUDIO_SLOTS),
    *(PlaneMedia(slot, "video", (), (), (4, 5)) for slot in VIDEO_SLOTS),
]
TRACKS = [InitialTrack("0", "microphone", False), InitialTrack("1", "camera", False)]


class StandIn(Connections):
    """Connections that are up at once: no certificate, no handshake."""

    sending = SENDING
    receiving = SLOTS

    def __init__(self, forwarding: Forwarding) -> None:
        super().__init__(forwarding, cast(Any, None), [], lambda: 0.0)

    def connect(
        self, key: tuple[MeetingId, ParticipantId], offer: Offer, *, hears_speakers: bool = True
    ) -> tuple[str, list[SlotId], list[SlotId]]:
        transport = self._forwarding.add_transport(*key, "ufrag", "password")
        self._forwarding.add_media(transport, self.sending, self.receiving, hears_speakers=hears_speakers)
        audio = [SlotId(media.mid) for media in self.receiving if media.kind == "audio"]
        return "answer", audio, [SlotId(media.mid) for media in self.receiving if media.kind == "video"]

    def close(self, key: tuple[MeetingId, ParticipantId]) -> None:
        self._forwarding.remove_transport(*key)


class Crowd:
    """`size` participants with camera and microphone, each showing the ten that came before it."""

    def __init__(self, size: int) -> None:
        self.messages = 0
        self.commands = 0
        self.now = 1000.0
        forwarding = Forwarding(self._submit, 1)
        self.hosting = Hosting(
            forwarding, StandIn(forwarding), admission=Admission(10**6), monotonic=lambda: self.now
        )
        self.forwarding = forwarding
        self.meeting = MeetingId(new_identifier("mtg_"))
        self.seats = [self.join() for _ in range(size)]
        for number in range(size):
            for place, slot in enumerate(VIDEO_SLOTS):
                self._show(number, slot, (number + place + 1) % size)

    def _submit(self, worker: int, commands: Sequence[object]) -> None:
        self.commands += len(commands)

    def _count(self, text: str) -> None:
        self.messages += 1

    def reset(self) -> None:
        self.messages = self.commands = 0

    def join(self) -> Seat:
        everything = frozenset({"microphone", "camera", "screen"})
        claims = Claims(
            new_identifier("par_"), self.meeting, "participant", "Ada", everything, True, False, 1, None, "1"
        )
        seat, answer = self.hosting.join(claims, OFFER, TRACKS, has_socket=True)
        seat.session.connect(self._count)
        self.hosting.welcome(seat, resumed=False, answer=answer)
        return seat

    def track(self, number: int, source: str) -> TrackId:
        seat = self.seats[number % len(self.seats)]
        member = self.hosting.live.meeting_by_id[self.meeting].member(seat.participant)
        return next(track.id for track in member.track_by_id.values() if track.source == source)

    def _show(self, number: int, slot: SlotId, whom: int) -> None:
        wish = Wish(self.track(whom, "camera"), 360)
        self.hosting.assign(self.seats[number % len(self.seats)], slot, wish)

    # Events.

    def assign(self, number: int) -> None:
        self._show(number, VIDEO_SLOTS[0], number + 3)

    def toggle_camera(self, number: int) -> None:
        for is_muted in (True, False):
            self.hosting.mute(self.seats[number % len(self.seats)], self.track(number, "camera"), is_muted)

    def _speak(self, positions: Sequence[int], speaker: int) -> None:
        plane = self.forwarding._track_numbers
        tracks = [plane[self.track(number, "microphone")] for number in positions]
        meeting = self.forwarding._meeting_numbers[self.meeting]
        self.hosting.handle_speakers(meeting, tracks, [(tracks[speaker], 30)])

    def speak_within(self, number: int) -> None:
        self._speak([0, 1, 2, 3], number % 4)

    def speak_anew(self, number: int) -> None:
        self._speak([0, 1, 2, 3 + number % max(1, len(self.seats) - 3)], 3)

    def raise_hand(self, number: int) -> None:
        self.hosting.hand(self.seats[number % len(self.seats)], number % 2 == 0)

    def come_and_go(self, number: int) -> None:
        self.hosting.leave(self.join(), "left")
