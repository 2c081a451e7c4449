"""One policy function: may somebody of this standing do this, and to whom?

A standing is what a caller is to one meeting: its tenant, a participant with a role, somebody who waits, or
anybody with the link. What the tables do not list is refused. docs/security.md shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from chalicelib.domain.identifiers import KeyId, LinkId, MeetingId, ParticipantId, Tenant, UserId
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.participant import AT_DOOR, Participant, Role

Operation = Literal[
    "create_meeting", "list_meetings", "see_meeting", "see_meeting_public", "change_meeting", "end_meeting",
    "delete_meeting",
    "join_meeting", "choose_role", "await_admission", "list_participants", "see_participant",
    "admit_participant", "mute_participant", "rename_participant", "change_role", "remove_participant",
    "see_events", "see_quality", "see_nodes", "drain_node", "manage_webhooks", "manage_api_keys",
    "see_usage", "start_recording", "control_recording", "list_recordings", "see_recording",
    "open_recording", "compose_recording", "change_recording", "share_recording", "hold_recording",
    "delete_recording", "see_recording_access", "link_recording",
]  # fmt: skip
# "organiser" is the user who made the meeting, "operator" one whom the issuer's entry names as such,
# "member" another one of its tenant;
# "removed" is who was removed or refused; "stranger" is another tenant, for whom the meeting is not there.
Standing = Literal[
    "tenant", "host", "cohost", "participant", "viewer", "recorder", "relay", "waiting", "removed", "link",
    "stranger", "organiser", "member", "operator",
]  # fmt: skip

# What an API key may be used for, besides being its tenant's: scopes.py says which operation is in which.
Scope = Literal[
    "meetings:read", "meetings:write", "meetings:join", "nodes:read", "nodes:write", "webhooks", "api-keys",
    "recordings:read", "recordings:write",
]  # fmt: skip
# What was said and shown in meetings: not an operator's to open, nor a key's that one makes.
_OF_RECORDINGS: frozenset[Scope] = frozenset({"recordings:read", "recordings:write"})

_TENANT: frozenset[Standing] = frozenset({"tenant"})
# Who keeps the installation running sees that meetings and recordings are there, and no content of them.
_KEEPERS: frozenset[Standing] = _TENANT | {"operator"}
_MAKERS: frozenset[Standing] = _KEEPERS | {"organiser", "member"}
_HOSTS: frozenset[Standing] = frozenset({"tenant", "organiser", "host"})
_MODERATORS: frozenset[Standing] = _HOSTS | {"cohost"}
_WATCHERS: frozenset[Standing] = _MODERATORS | {"operator"}
_PRESENT: frozenset[Standing] = (_MODERATORS - {"organiser"}) | {"participant", "viewer", "recorder", "relay"}
# A link is the right to see that the meeting exists, and to ask to come in.
_ANYBODY: frozenset[Standing] = _PRESENT | _MAKERS | {"waiting", "removed", "link"}

STANDINGS_BY_OPERATION: Mapping[Operation, frozenset[Standing]] = {
    "create_meeting": _MAKERS,
    "list_meetings": _MAKERS,
    "see_nodes": _KEEPERS,
    "drain_node": _KEEPERS,
    "choose_role": _TENANT,
    "manage_webhooks": _KEEPERS,
    "manage_api_keys": _KEEPERS,
    "see_usage": _KEEPERS,
    "see_meeting": _WATCHERS,
    "see_meeting_public": _ANYBODY,
    "see_events": _WATCHERS,
    "see_quality": _WATCHERS,
    "change_meeting": _MODERATORS,
    "end_meeting": _HOSTS | {"operator"},
    # Its host of a day ends it; whoever owns it decides what is kept.
    "delete_meeting": frozenset({"tenant", "organiser"}),
    "join_meeting": _ANYBODY,
    "await_admission": _PRESENT | {"waiting", "removed"},
    "list_participants": _WATCHERS,
    "see_participant": _WATCHERS,
    "admit_participant": _MODERATORS,
    "mute_participant": _MODERATORS,
    "rename_participant": _MODERATORS,
    "change_role": _MODERATORS,
    "remove_participant": _MODERATORS,
    "start_recording": _MODERATORS,
    "control_recording": _MODERATORS,
    "list_recordings": _MAKERS,
    "see_recording": _WATCHERS,
    "open_recording": _MODERATORS,
    "compose_recording": _MODERATORS,
    "change_recording": _HOSTS | {"operator"},
    # Whom its access names sees what was recorded: not for an operator to say.
    "share_recording": _HOSTS,
    # Who may lift it is not who it is to hold back.
    "hold_recording": _KEEPERS,
    "delete_recording": _HOSTS | {"operator"},
    "see_recording_access": _HOSTS | {"operator"},
    # Who has a link sees it as well.
    "link_recording": _HOSTS,
}
# What those may do besides whom a recording's access names.
ON_NAMED: frozenset[Operation] = frozenset({"see_recording", "open_recording"})
# What everybody who was let in may do to themselves; leaving is removing oneself.
ON_SELF: frozenset[Operation] = frozenset(
    {"see_participant", "see_quality", "rename_participant", "mute_participant", "remove_participant"}
)
# What a cohost may not do to a host.
OVER_HOSTS: frozenset[Operation] = frozenset(
    {"mute_participant", "rename_participant", "change_role", "remove_participant", "admit_participant"}
)
GUEST_ROLE: Role = "participant"
DEFAULT_ROLE: Role = "participant"


@dataclass(frozen=True)
class ApiKeyCaller:
    """A server with a tenant's API key, or with an access token that it got for one."""

    tenant: Tenant
    key: KeyId
    scopes: frozenset[Scope] = frozenset(get_args(Scope))


@dataclass(frozen=True)
class ParticipantCaller:
    """The bearer of a resume or waiting token. What it may do is looked up: a role may have changed."""

    meeting: MeetingId
    participant: ParticipantId


@dataclass(frozen=True)
class UserCaller:
    """Somebody who signed in with an issuer of the tenant."""

    tenant: Tenant
    user: UserId
    name: str | None = None
    # Whether the issuer's entry in the configuration names them among those who run the installation.
    operates: bool = False

    @property
    def scopes(self) -> frozenset[Scope]:
        """What keys of theirs may be for."""
        return frozenset(get_args(Scope)) - _OF_RECORDINGS if self.operates else frozenset()


@dataclass(frozen=True)
class Guest:
    """Anybody with a link."""


@dataclass(frozen=True)
class LinkCaller:
    """The bearer of a link to one recording, at a moment: links end."""

    link: LinkId
    at: datetime


@dataclass(frozen=True)
class Owned:
    """Whose a meeting is, and so all that came of it."""

    id: MeetingId
    tenant: Tenant
    organiser: UserId | None


# Whoever may act for a tenant as a whole.
Keeper = ApiKeyCaller | UserCaller
Caller = ApiKeyCaller | UserCaller | ParticipantCaller | LinkCaller | Guest


def is_allowed(
    standing: Standing,
    operation: Operation,
    *,
    on_self: bool = False,
    target: Role | None = None,
    named: bool = False,
) -> bool:
    """Whether the standing has the operation.

    Args:
        standing: What the caller is to the meeting.
        operation: Anything; what the table does not list is refused.
        on_self: The operation is about the caller's own participant.
        target: The role of the participant it is about, or the role to be given.
        named: The access of the recording that it is about names the caller.
    """
    if named and operation in ON_NAMED and standing not in ("removed", "stranger"):
        return True
    if on_self and operation in ON_SELF and standing in _PRESENT:
        return True
    if standing == "cohost" and target == "host" and operation in OVER_HOSTS:
        return False
    return standing in STANDINGS_BY_OPERATION.get(operation, frozenset())


def may_keep(caller: Keeper, operation: Operation) -> bool:
    """Whether the caller has an operation that is about the tenant as a whole, and no meeting of it."""
    return is_allowed(standing_of(caller, None, None), operation)


def standing_of(caller: Caller, meeting: Meeting | Owned | None, participant: Participant | None) -> Standing:
    """What a caller is to a meeting; `participant` is the one that its token names, as it is now."""
    if isinstance(caller, ApiKeyCaller):
        return "tenant" if meeting is None or meeting.tenant == caller.tenant else "stranger"
    if isinstance(caller, UserCaller):
        if meeting is None:
            return "operator" if caller.operates else "member"
        if meeting.tenant != caller.tenant:
            # People visit other tenants' meetings as everybody does: by the link.
            return "link"
        if meeting.organiser == caller.user:
            return "organiser"
        return "operator" if caller.operates else "member"
    if isinstance(caller, Guest | LinkCaller) or meeting is None or participant is None:
        return "link"
    if caller.meeting != meeting.id:
        return "link"
    if participant.state in ("removed", "denied"):
        return "removed"
    return "waiting" if participant.state in (*AT_DOOR, "admitted") else participant.role
