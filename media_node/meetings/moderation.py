"""What hosts and cohosts do to others in a meeting, and what the API does to them.

Who may do what to whom is in `authority.py`; each returns the events that follow, as the meeting itself does.
"""

from collections.abc import Set

from media_node.errors import NotFoundError
from media_node.meetings import authority
from media_node.meetings.events import CaptionerChanged, Event, ParticipantChanged, UnmuteAsked
from media_node.meetings.meeting import Meeting
from media_node.meetings.model import Standing
from media_node.quantities import Instant, ParticipantId, TrackId


def handle_mute(
    meeting: Meeting, moderator: ParticipantId, participant: ParticipantId, track: TrackId | None
) -> list[Event]:
    """Mute one track, or all that can be heard of a participant."""
    authority.require(meeting.member(moderator), "mute", meeting.participant_by_id.get(participant))
    tracks = meeting.member(participant).track_by_id
    if track is not None and track not in tracks:
        raise NotFoundError("this participant has no such track")
    named = [track] if track is not None else [one.id for one in tracks.values() if one.kind == "audio"]
    return [event for one in named for event in meeting.handle_mute(participant, one, True, moderator)]


def handle_unmute_question(
    meeting: Meeting, moderator: ParticipantId, participant: ParticipantId, now: Instant
) -> list[Event]:
    """Ask somebody who is muted to unmute, which is up to them."""
    authority.require(meeting.member(moderator), "askToUnmute")
    meeting.unmute_requests.handle_question(meeting.member(participant), now)
    return [UnmuteAsked(participant, moderator)]


def handle_captions(
    meeting: Meeting, moderator: ParticipantId, participant: ParticipantId, is_captioner: bool
) -> list[Event]:
    """Give somebody the right to write captions, or take it."""
    action: authority.Action = "allowCaptions" if is_captioner else "stopCaptions"
    authority.require(meeting.member(moderator), action, meeting.participant_by_id.get(participant))
    if not meeting.captions.handle_right(meeting.member(participant), is_captioner):
        return []
    return [meeting.note_in_roster(CaptionerChanged(participant, is_captioner))]


def handle_lower_hand(
    meeting: Meeting, moderator: ParticipantId, participant: ParticipantId | None
) -> list[Event]:
    """Lower the hand of one participant, or every hand."""
    target = meeting.participant_by_id.get(participant) if participant is not None else None
    authority.require(meeting.member(moderator), "lowerHand", target)
    named = list(meeting.participant_by_id) if participant is None else [participant]
    return [event for one in named for event in meeting.handle_hand(one, False)]


def handle_remove(meeting: Meeting, moderator: ParticipantId, participant: ParticipantId) -> list[Event]:
    authority.require(meeting.member(moderator), "remove", meeting.participant_by_id.get(participant))
    meeting.member(participant)
    return meeting.handle_remove(participant, "removed")


def handle_mute_sources(
    meeting: Meeting, participant: ParticipantId | None, by: ParticipantId | None, sources: Set[str]
) -> list[Event]:
    """Mute sources of one participant, or of everybody whom `by` may mute; again does nothing.

    Args:
        by: None for a server or an organiser who is no participant. The API has said that it
            moderates, and may mute the one participant.
    """
    members = list(meeting.participant_by_id.values())
    moderator = meeting.participant_by_id.get(by) if by is not None else None
    if participant is not None:
        members = [one for one in members if one.id == participant]
    elif moderator is not None:
        members = [one for one in members if one != moderator and authority.reaches(moderator, "mute", one)]
    elif by is not None:
        # Somebody whose role is not known here, as they are not connected: no more than a cohost may.
        members = [one for one in members if one.role != "host"]
    return [
        event
        for member in members
        for track in list(member.track_by_id.values())
        if track.source in sources
        for event in meeting.handle_mute(member.id, track.id, True, by, is_from_outside=by is None)
    ]


def handle_standing(meeting: Meeting, participant: ParticipantId, standing: Standing) -> list[Event]:
    """Give somebody another role or name; tracks that the new role does not grant end."""
    member = meeting.participant_by_id.get(participant)
    if member is None:
        return []
    before = (member.role, member.display_name)
    member.role, member.display_name = standing.role, standing.display_name
    member.publish_grants, member.may_moderate = standing.publish_grants, standing.may_moderate
    events: list[Event] = []
    if before != (standing.role, standing.display_name):
        events.append(
            meeting.note_in_roster(ParticipantChanged(participant, standing.role, standing.display_name))
        )
    for track in list(member.track_by_id.values()):
        if track.source not in standing.publish_grants:
            events += meeting.handle_unpublish(participant, track.id)
    return events
