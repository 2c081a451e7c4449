"""The values that use cases take and give, for callers who look no further in than services."""

from chalicelib.domain.events import Event
from chalicelib.domain.identifiers import Tenant
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.participant import Participant
from chalicelib.domain.permissions import ApiKeyCaller
from chalicelib.domain.placement import Node
from chalicelib.services.join import Admission, JoinWishes
from chalicelib.services.meetings import MeetingWishes

__all__ = [
    "Admission",
    "ApiKeyCaller",
    "Event",
    "JoinWishes",
    "Meeting",
    "MeetingWishes",
    "Node",
    "Participant",
    "Tenant",
]
