"""Recorders of other nodes at the door of a node: who is let in, what they are sent, when they go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

import packet_plane
from media_node.errors import NotFoundError
from media_node.meetings.model import RecordingNotice
from media_node.quantities import Instant, SlotId, new_identifier
from media_node.report import format_meetings
from media_node.signaling.session import Seat
from media_node.tokens import Claims
from media_node.usage import EgressMeter
from tests.support.crowd import OFFER, Crowd

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Recorded(Crowd):
    """Two people, and whoever comes to record them."""

    def __init__(self) -> None:
        self.sent: list[object] = []
        super().__init__(2)

    def _submit(self, worker: int, commands: Sequence[object]) -> None:
        self.sent.extend(commands)

    def notice(self, state: str) -> None:
        meeting = self.hosting.live.meeting_by_id[self.meeting]
        events = meeting.handle_recording(RecordingNotice("rec_a", state, None, NOW))  # type: ignore[arg-type]
        self.hosting.live.apply(meeting, events)

    def recorder(self) -> Seat:
        claims = Claims(
            new_identifier("par_"), self.meeting, "recorder", "Recorder", frozenset(), True, False, 1, 2, "1",
            takes_all=True,
        )  # fmt: skip
        seat, answer = self.hosting.join(claims, OFFER, [], has_socket=True)
        seat.session.connect(self._count)
        self.hosting.welcome(seat, resumed=False, answer=answer)
        return seat


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


def test_nobody_records_what_is_not_recorded_here(recorded: Recorded):
    with pytest.raises(NotFoundError):
        recorded.recorder()
    recorded.notice("recording")
    recorded.recorder()


def test_it_is_let_into_a_full_meeting_counts_nowhere_and_is_told_to_nobody(recorded: Recorded):
    recorded.notice("recording")
    recorded.reset()
    recorded.recorder()
    assert recorded.messages == 1, "its own welcome"
    meter = EgressMeter()
    meter.handle_meetings(Instant(0.0), {recorded.meeting: 1})
    (report,) = format_meetings(recorded.hosting.live.meeting_by_id, meter)
    assert len(report["participants"]) == 2


def test_it_is_sent_each_voice_through_a_slot_of_its_own_and_no_loudest(recorded: Recorded):
    recorded.notice("recording")
    recorded.sent.clear()
    seat = recorded.recorder()
    kinds = [type(one) for one in recorded.sent]
    assert packet_plane.SetAudioSlots not in kinds
    assert kinds.count(packet_plane.AssignSlot) == 4
    carried = recorded.hosting.live.meeting_by_id[recorded.meeting].recorders.get(seat.participant)
    assert carried is not None
    assert sum(track is not None for track in carried.carried.values()) == 4
    assert carried.carried[SlotId(carried.audio_slots[0])] is not None


def test_a_socket_that_closes_is_a_recorder_that_is_gone(recorded: Recorded):
    recorded.notice("recording")
    seat = recorded.recorder()
    recorded.hosting.note_stats(seat, {"recorder": {"state": "recording", "reason": None}})
    well = recorded.hosting.backup_trouble(recorded.meeting)
    recorded.hosting.handle_socket_closed(seat)
    assert (well, recorded.hosting.backup_trouble(recorded.meeting)) == (None, "no_backup")
    assert recorded.hosting.seat(seat.key) is None


def test_what_people_say_of_themselves_is_no_recorders_word(recorded: Recorded):
    recorded.notice("recording")
    recorded.recorder()
    recorded.hosting.note_stats(recorded.seats[0], {"recorder": {"state": "recording"}})
    assert recorded.hosting.backup_trouble(recorded.meeting) == "no_backup"


def test_the_end_of_the_recording_is_its_end(recorded: Recorded):
    recorded.notice("recording")
    seat = recorded.recorder()
    recorded.notice("stopped")
    assert recorded.hosting.seat(seat.key) is None


def test_a_node_short_of_cpu_takes_nothing_from_a_recorder(recorded: Recorded):
    recorded.notice("recording")
    seat = recorded.recorder()
    recorded.hosting.handle_pressure(2)
    receivers = recorded.hosting.live.distribution.receiver_by_key
    assert {shown.limit.shed for shown in receivers[seat.key].shown_by_slot.values()} == {0}
    assert {shown.limit.shed for shown in receivers[recorded.seats[0].key].shown_by_slot.values()} == {2}
