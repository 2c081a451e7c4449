"""What an API key may be used for: each operation is in one scope, and a key has some of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from chalicelib.domain.permissions import ApiKeyCaller, Caller, Operation, Scope

ALL_SCOPES: frozenset[Scope] = frozenset(get_args(Scope))
# "public" is what anybody with a link may do, and so a key without any scope, too.
SCOPE_BY_OPERATION: Mapping[Operation, Scope | Literal["public"]] = {
    "create_meeting": "meetings:write",
    "list_meetings": "meetings:read",
    "see_meeting": "meetings:read",
    "see_meeting_public": "public",
    "see_events": "meetings:read",
    "see_quality": "meetings:read",
    "change_meeting": "meetings:write",
    "end_meeting": "meetings:write",
    "delete_meeting": "meetings:write",
    "join_meeting": "meetings:join",
    "choose_role": "meetings:join",
    "await_admission": "public",
    "list_participants": "meetings:read",
    "see_participant": "meetings:read",
    "admit_participant": "meetings:write",
    "mute_participant": "meetings:write",
    "rename_participant": "meetings:write",
    "change_role": "meetings:write",
    "remove_participant": "meetings:write",
    "see_usage": "meetings:read",
    "start_recording": "recordings:write",
    "control_recording": "recordings:write",
    "list_recordings": "recordings:read",
    "see_recording": "recordings:read",
    "open_recording": "recordings:read",
    "compose_recording": "recordings:write",
    "change_recording": "recordings:write",
    "share_recording": "recordings:write",
    "hold_recording": "recordings:write",
    "delete_recording": "recordings:write",
    "see_recording_access": "recordings:read",
    "link_recording": "recordings:write",
    "see_nodes": "nodes:read",
    "drain_node": "nodes:write",
    "manage_webhooks": "webhooks",
    "manage_api_keys": "api-keys",
}


def has_scope(caller: Caller, operation: Operation) -> bool:
    """Whether the caller's credentials reach as far; people's tokens are not limited to scopes.

    An operation that the table does not list is refused to every key.
    """
    if not isinstance(caller, ApiKeyCaller):
        return True
    scope = SCOPE_BY_OPERATION.get(operation)
    return scope == "public" or scope in caller.scopes
