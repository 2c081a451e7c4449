"""One policy function: may this caller do this?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chalicelib.domain.identifiers import KeyId, Tenant
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.participant import Role

Operation = Literal[
    "create_meeting", "list_meetings", "see_meeting", "see_meeting_public", "end_meeting", "join_meeting",
    "choose_role", "list_participants", "see_nodes", "see_events",
]  # fmt: skip
# A link is the right to see that the meeting exists, and to come in.
GUEST_OPERATIONS: frozenset[Operation] = frozenset({"see_meeting_public", "join_meeting"})
GUEST_ROLE: Role = "participant"
DEFAULT_ROLE: Role = "participant"


@dataclass(frozen=True)
class ApiKeyCaller:
    """A server with a tenant's API key."""

    tenant: Tenant
    key: KeyId


@dataclass(frozen=True)
class Guest:
    """Anybody with a link."""


Caller = ApiKeyCaller | Guest


def is_allowed(caller: Caller, operation: Operation, meeting: Meeting | None = None) -> bool:
    """A tenant's key may do everything to the tenant's own meetings; a guest only what a link allows."""
    if isinstance(caller, ApiKeyCaller):
        return meeting is None or meeting.tenant == caller.tenant
    if operation == "join_meeting":
        return meeting is not None and meeting.guests
    return operation in GUEST_OPERATIONS
