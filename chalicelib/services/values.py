"""The values that use cases take and give, for callers who look no further in than services."""

from chalicelib.domain.api_key import ApiKey
from chalicelib.domain.composition import Composition
from chalicelib.domain.events import Event
from chalicelib.domain.identifiers import MeetingId, NodeId, Tenant, UserId, WebhookEndpointId
from chalicelib.domain.issuers import TrustedIssuer
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.participant import Participant
from chalicelib.domain.permissions import ApiKeyCaller, Keeper, LinkCaller, Operation, UserCaller, may_keep
from chalicelib.domain.person import Profile
from chalicelib.domain.placement import Node
from chalicelib.domain.recording import Access, Pause, Recording, awaits_recorders, current_layout
from chalicelib.domain.recording_access import Opened, StorageAges, storage_class_of
from chalicelib.domain.recording_actions import RecordingAction
from chalicelib.domain.recording_links import WatchLink
from chalicelib.domain.recording_reasons import detail_of
from chalicelib.domain.regions import RegionWish
from chalicelib.domain.scaling import FleetLoad
from chalicelib.domain.tenant import TenantLimits
from chalicelib.domain.usage import Used
from chalicelib.domain.webhooks import Delivery, Endpoint
from chalicelib.services.creating import MeetingWishes
from chalicelib.services.join import Admission, JoinWishes, Waiting
from chalicelib.services.meetings import require_scope
from chalicelib.services.moderation import Moderator
from chalicelib.services.webhooks import EndpointWishes

__all__ = [
    "Access",
    "Admission",
    "ApiKey",
    "ApiKeyCaller",
    "Composition",
    "Delivery",
    "Endpoint",
    "EndpointWishes",
    "Event",
    "FleetLoad",
    "JoinWishes",
    "Keeper",
    "LinkCaller",
    "Meeting",
    "MeetingId",
    "MeetingWishes",
    "Moderator",
    "Node",
    "NodeId",
    "Opened",
    "Operation",
    "Participant",
    "Pause",
    "Profile",
    "Recording",
    "RecordingAction",
    "RegionWish",
    "StorageAges",
    "Tenant",
    "TenantLimits",
    "TrustedIssuer",
    "Used",
    "UserCaller",
    "UserId",
    "Waiting",
    "WatchLink",
    "WebhookEndpointId",
    "awaits_recorders",
    "current_layout",
    "detail_of",
    "may_keep",
    "require_scope",
    "storage_class_of",
]
