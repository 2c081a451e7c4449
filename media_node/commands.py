"""What the control plane orders, carried out: in meetings, in recordings, and about the node itself."""

from __future__ import annotations

from collections.abc import Callable

from media_node.admission import Admission
from media_node.control import (
    AdmitParticipant,
    ChangeParticipant,
    ChangeRecording,
    Command,
    Drain,
    EndMeeting,
    Mute,
    RemoveParticipant,
    StartRecording,
    Undrain,
)
from media_node.hosting import Hosting
from media_node.meetings.model import Standing
from media_node.quantities import Instant, MeetingId, ParticipantId
from media_node.recording.manifest import Role
from media_node.recording.recordings import Recordings
from media_node.recording.standing import Order
from media_node.relay.link import Source


class Commands:
    """Takes each command to the part of the node that it concerns."""

    def __init__(
        self,
        hosting: Hosting,
        admission: Admission,
        recordings: Recordings,
        *,
        places: Callable[[], set[MeetingId]],
        follow: Callable[[MeetingId, Source], None],
        monotonic: Callable[[], float],
    ) -> None:
        """
        Args:
            places: What can be recorded here now.
            follow: Brings a meeting of another node here, to be recorded.
        """
        self._hosting = hosting
        self._admission = admission
        self._recordings = recordings
        self._places = places
        self._follow = follow
        self._monotonic = monotonic

    def handle(self, command: Command) -> None:
        """Carry out one command; each may come twice."""
        match command:
            case Drain(seconds):
                now = self._monotonic()
                self._admission.drain(Instant(now + seconds) if seconds is not None else None)
            case Undrain():
                self._admission.undrain()
            case EndMeeting(meeting):
                self._recordings.stop_meeting(MeetingId(meeting))
                self._hosting.end_meeting(MeetingId(meeting))
            case StartRecording():
                self._start_recording(command)
            case ChangeRecording("stop", _, recording):
                self._recordings.stop(recording)
            case ChangeRecording("pause", _, recording):
                self._recordings.pause(recording)
            case ChangeRecording("resume", _, recording):
                self._recordings.resume(recording)
            case RemoveParticipant(meeting, participant, "left"):
                self._hosting.put_out(MeetingId(meeting), ParticipantId(participant))
            case RemoveParticipant(meeting, participant, _):
                self._hosting.remove_participant(MeetingId(meeting), ParticipantId(participant), "removed")
            case AdmitParticipant(meeting, participant):
                self._hosting.admit_again(MeetingId(meeting), ParticipantId(participant))
            case Mute(meeting, participant, by, sources):
                named = ParticipantId(participant) if participant is not None else None
                muted_by = ParticipantId(by) if by is not None else None
                self._hosting.mute_sources(MeetingId(meeting), named, muted_by, sources)
            case ChangeParticipant(meeting, participant, role, name, publish, may_moderate):
                standing = Standing(role, name, publish, may_moderate)
                self._hosting.change_standing(MeetingId(meeting), ParticipantId(participant), standing)

    def _start_recording(self, command: StartRecording) -> None:
        role: Role = "primary" if command.source is None else "backup"
        order = Order(
            command.recording,
            MeetingId(command.meeting),
            command.bucket,
            command.backup_bucket,
            command.key_id,
            role,
            command.has_backup,
        )
        self._recordings.start(order, self._places())
        if command.source is not None and order.place in self._recordings.places("backup"):
            self._follow(order.place, Source(command.source.url, command.source.token))
