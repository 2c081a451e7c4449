"""Domain values as the JSON of the API: camelCase keys, RFC 3339 times in UTC."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib import errors
from chalicelib.bootstrap import (
    Admission,
    Delivery,
    Endpoint,
    Event,
    Meeting,
    Node,
    Participant,
    Profile,
    TenantLimits,
    Used,
    UserCaller,
    Waiting,
)

# So that who is let in comes in within a second.
POLL_AFTER_MS = 700


def timestamp(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def meeting_public(meeting: Meeting, app_url: str) -> dict[str, Any]:
    """What anybody with the link may know."""
    return {
        "id": meeting.id,
        "code": meeting.code,
        "title": meeting.title,
        "state": meeting.state,
        "link": f"{app_url}/m/{meeting.code}",
        "guests": meeting.guests,
        "hasPasscode": meeting.passcode_hash is not None,
        "homeRegion": meeting.home_region,
        "startsAt": timestamp(meeting.starts_at),
        "endsAt": timestamp(meeting.ends_at),
        # Whoever comes is told before: the setting, and the recording that goes on.
        "recording": meeting.recording,
        "activeRecording": active_recording(meeting),
        "createdAt": timestamp(meeting.created_at),
    }


def meeting_full(meeting: Meeting, app_url: str) -> dict[str, Any]:
    return {
        **meeting_public(meeting, app_url),
        "maxParticipants": meeting.max_participants,
        "expectedParticipants": meeting.expected_participants,
        "media": meeting.media,
        "maxDurationSeconds": int(meeting.max_duration.total_seconds()),
        "endAfterEmptySeconds": int(meeting.end_after_empty.total_seconds()),
        "metadata": dict(meeting.metadata),
        "locked": meeting.locked,
        "waitingRoom": meeting.waiting_room,
        "autoAdmit": sorted(meeting.auto_admit),
        "autoAdmitExternalIds": sorted(meeting.auto_admit_external_ids),
        "encryption": meeting.encryption,
        "participantCount": meeting.present,
        "participantMinutes": _minutes(meeting.attended),
        "egressBytes": meeting.egress_bytes,
        "liveSince": timestamp(meeting.live_since),
        "endedAt": timestamp(meeting.ended_at),
        "endReason": meeting.end_reason,
    }


def active_recording(meeting: Meeting) -> dict[str, Any] | None:
    active = meeting.active_recording
    if active is None:
        return None
    return {"id": active.id, "state": active.state, "startedAt": timestamp(active.started_at)}


def admission(admitted: Admission) -> dict[str, Any]:
    meeting, participant, node = admitted.meeting, admitted.participant, admitted.node
    return {
        "participant": {
            "id": participant.id,
            "role": participant.role,
            "displayName": participant.display_name,
        },
        "meeting": {"id": meeting.id, "code": meeting.code, "title": meeting.title},
        "recording": active_recording(meeting),
        "node": _place(node),
        "standby": _place(admitted.standby) if admitted.standby is not None else None,
        "token": admitted.token,
        "tokenExpiresAt": timestamp(admitted.token_expires_at),
        "resumeToken": admitted.resume_token,
        "iceServers": [],
    }


def _place(node: Node) -> dict[str, str]:
    return {"id": node.id, "url": node.url, "region": node.region}


def waiting(value: Waiting) -> dict[str, Any]:
    """No node, no names: who waits learns nothing of who is inside."""
    one = value.participant
    return {
        "state": "waiting",
        "participant": {"id": one.id, "role": one.role, "displayName": one.display_name},
        "waitingToken": value.token,
        "pollAfterMs": POLL_AFTER_MS,
    }


def me(caller: UserCaller, profile: Profile) -> dict[str, Any]:
    return {
        "id": caller.user,
        "tenant": caller.tenant,
        "name": profile.name if profile.name is not None else caller.name,
        "preferences": dict(profile.preferences),
        "operator": caller.operates,
    }


def used(value: Used) -> dict[str, Any]:
    return {
        "meetings": value.meetings,
        "meetingMinutes": _minutes(value.meeting_time),
        "participantMinutes": _minutes(value.participant_time),
        "egressBytes": value.egress_bytes,
    }


def limits(value: TenantLimits) -> dict[str, Any]:
    return {
        "liveMeetings": value.live_meetings,
        "participantsPerMeeting": value.participants_per_meeting,
    }


def _minutes(span: timedelta) -> float:
    return round(span / timedelta(minutes=1), 2)


def participant(value: Participant) -> dict[str, Any]:
    return {
        "id": value.id,
        "displayName": value.display_name,
        "role": value.role,
        "state": value.state,
        "externalId": value.external_id,
        "askedAt": timestamp(value.asked_at),
        "joinedAt": timestamp(value.joined_at),
        "leftAt": timestamp(value.left_at),
        "attendedMinutes": _minutes(value.attended),
    }


def node(value: Node, now: datetime) -> dict[str, Any]:
    return {
        "id": value.id,
        "region": value.region,
        "zone": value.zone or None,
        "url": value.url,
        "metricsUrl": value.metrics_url,
        "state": value.state(now),
        "bootId": value.boot_id,
        "capacityUnits": value.capacity_units,
        "usedUnits": value.used_units,
        "reservedUnits": value.reserved_units,
        "cpuBusy": value.cpu_busy,
        "meetings": value.meetings,
        "drainUntil": timestamp(value.drain_until),
        "lastReportAt": timestamp(value.reported_at),
    }


def event(value: Event) -> dict[str, Any]:
    return {
        "id": value.id,
        "number": value.number,
        "type": value.type,
        "at": timestamp(value.at),
        "meeting": value.meeting,
        "data": value.shown(),
    }


def endpoint(value: Endpoint) -> dict[str, Any]:
    return {
        "id": value.id,
        "url": value.url,
        "events": list(value.events),
        "description": value.description,
        "disabled": value.disabled,
        "createdAt": timestamp(value.created_at),
        "previousSecretExpiresAt": timestamp(value.previous_secret_expires_at),
    }


def delivery(value: Delivery) -> dict[str, Any]:
    name = base64.urlsafe_b64encode(f"{value.meeting}#{value.number}".encode()).rstrip(b"=").decode()
    return {
        "id": f"dlv_{name}",
        "meeting": value.meeting,
        "number": value.number,
        "type": value.type,
        "state": value.state,
        "attempts": value.attempts,
        "status": value.status,
        "error": value.error,
        "attemptedAt": timestamp(value.attempted_at),
        "nextAttemptAt": timestamp(value.next_attempt_at),
    }


def cursor_of(mark: str | None) -> str | None:
    return None if mark is None else base64.urlsafe_b64encode(mark.encode()).rstrip(b"=").decode()


def mark_of(cursor: str | None) -> str | None:
    """The mark inside a cursor.

    Raises:
        ValidationFailedError: It is no cursor of ours.
    """
    if cursor is None:
        return None
    try:
        mark = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:
        mark = ""
    if "#mtg_" not in mark or not mark.isprintable():
        raise errors.ValidationFailedError([errors.BrokenRule("/cursor", "This is no cursor of a list.")])
    return mark
