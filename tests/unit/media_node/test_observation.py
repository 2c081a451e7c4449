"""What is set aside for the voices that somebody hears."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from media_node.bandwidth.receiver import VOICE_BPS, Receiver
from media_node.distribution import Distribution
from media_node.forwarding import Forwarding, PlaneMedia
from media_node.observation import HEADER_BYTES, Observation
from media_node.quantities import Instant, MeetingId, ParticipantId, SlotId

KEY = (MeetingId("mtg_a"), ParticipantId("par_a"))
VOICES, PICTURE = (SlotId("1"), SlotId("2")), SlotId("3")


class Listener:
    """Somebody with slots for two voices and a picture."""

    def __init__(self) -> None:
        forwarding = Forwarding(lambda worker, commands: None, 1)
        self._transport = forwarding.add_transport(*KEY, "ufrag", "password")
        audio = [PlaneMedia(slot, "audio", (), (), (1,)) for slot in VOICES]
        forwarding.add_media(self._transport, [], [*audio, PlaneMedia(PICTURE, "video", (), (), (3, 4))])
        distribution = Distribution(forwarding)
        self.receiver = distribution.receiver_by_key[KEY] = Receiver(has_voices=True)
        self._observation = Observation(forwarding, distribution)
        self._sent = dict.fromkeys((*VOICES, PICTURE), (0, 0))

    def second(self, now: float, sent: dict[SlotId, tuple[int, int]]) -> None:
        """A second has passed, in which slots were sent so many packets and bytes of payload."""
        for slot, (packets, payload) in sent.items():
            before = self._sent[slot]
            self._sent[slot] = (before[0] + packets, before[1] + payload)
        self.count(now)

    def restart(self, now: float) -> None:
        self._sent = dict.fromkeys(self._sent, (0, 0))
        self.count(now)

    def count(self, now: float) -> None:
        slots: list[Any] = [
            SimpleNamespace(slot=self._transport.slot_numbers[slot], packets_sent=packets, bytes_sent=payload)
            for slot, (packets, payload) in self._sent.items()
        ]
        self._observation.measure_voices(Instant(now), [SimpleNamespace(slots=slots)])  # type: ignore[list-item]


def test_what_voices_took_is_set_aside_with_their_headers():
    listener = Listener()
    assert listener.receiver.audio_bps == VOICE_BPS, "as long as nothing was heard"
    listener.second(1.0, {})
    listener.second(2.0, {VOICES[0]: (50, 4_000), VOICES[1]: (50, 8_000), PICTURE: (100, 100_000)})
    assert listener.receiver.audio_bps == 8 * (4_000 + 8_000 + 100 * HEADER_BYTES)
    listener.second(3.0, {})
    assert listener.receiver.audio_bps > VOICE_BPS, "who pauses goes on in a moment"


def test_counters_that_began_anew_take_nothing():
    listener = Listener()
    listener.second(1.0, {VOICES[0]: (5_000, 400_000)})
    listener.restart(2.0)
    assert listener.receiver.audio_bps == VOICE_BPS
