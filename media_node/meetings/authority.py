"""Who may do what to whom in a live meeting.

The token's grant says who moderates at all; this table, how far that reaches for those who are no hosts. It
says what the API's policy says (chalicelib/domain/permissions.py, which nothing here may import): a test
holds each cell to it. Source: docs/security.md, "On the node".
"""

from collections.abc import Mapping
from typing import Literal, Protocol

from media_node.errors import NotGrantedError

# The words of the message `moderate`.
Action = Literal["mute", "remove", "askToUnmute", "allowCaptions", "stopCaptions", "lowerHand"]
Reach = Literal["anybody", "not hosts"]

REACH_BY_ACTION: Mapping[Action, Reach] = {
    "mute": "not hosts",
    "remove": "not hosts",
    # It is up to whoever is asked.
    "askToUnmute": "anybody",
    # A host has the right to write in any case, and raises a hand again.
    "allowCaptions": "anybody",
    "stopCaptions": "anybody",
    "lowerHand": "anybody",
}


class Member(Protocol):
    @property
    def role(self) -> str: ...
    @property
    def may_moderate(self) -> bool: ...


def may(moderator: Member, action: Action, target: Member | None = None) -> bool:
    """Whether a member may do this, to `target`, or to anybody at all where there is none."""
    return moderator.may_moderate and (target is None or reaches(moderator, action, target))


def reaches(moderator: Member, action: Action, target: Member) -> bool:
    """Whether whoever moderates may do this to `target`."""
    return moderator.role == "host" or target.role != "host" or REACH_BY_ACTION[action] == "anybody"


def require(moderator: Member, action: Action, target: Member | None = None) -> None:
    """
    Raises:
        NotGrantedError: The moderator may not do this, or not to a host.
    """
    if not may(moderator, action):
        raise NotGrantedError("this participant may not moderate")
    if not may(moderator, action, target):
        raise NotGrantedError(f"only hosts {action} a host")
