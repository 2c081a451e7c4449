"""The values that use cases take and give, for callers who look no further in than services."""

from chalicelib.domain.events import Event
from chalicelib.domain.identifiers import MeetingId, Tenant, WebhookEndpointId
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.participant import Participant
from chalicelib.domain.permissions import ApiKeyCaller
from chalicelib.domain.placement import Node
from chalicelib.domain.webhooks import Delivery, Endpoint
from chalicelib.services.join import Admission, JoinWishes, Waiting
from chalicelib.services.meetings import MeetingWishes
from chalicelib.services.moderation import Moderator
from chalicelib.services.webhooks import EndpointWishes

__all__ = [
    "Admission",
    "ApiKeyCaller",
    "Delivery",
    "Endpoint",
    "EndpointWishes",
    "Event",
    "JoinWishes",
    "Meeting",
    "MeetingId",
    "MeetingWishes",
    "Moderator",
    "Node",
    "Participant",
    "Tenant",
    "Waiting",
    "WebhookEndpointId",
]
