"""Builds the services once per cold start. The only place that reads the environment."""

from __future__ import annotations

import functools
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.config import Config, IssuerSettings, read_config
from chalicelib.services.accounts import Accounts
from chalicelib.services.api_keys import ApiKeys
from chalicelib.services.archive import Archive
from chalicelib.services.connection_tests import ConnectionTests, RegionTest
from chalicelib.services.creating import Creating
from chalicelib.services.deliveries import Deliveries
from chalicelib.services.directory import Directory
from chalicelib.services.events import Events
from chalicelib.services.fleet import Fleet
from chalicelib.services.homes import Homes
from chalicelib.services.join import Join
from chalicelib.services.limits import Limits
from chalicelib.services.meetings import Meetings
from chalicelib.services.moderation import Moderation
from chalicelib.services.passcodes import Passcodes
from chalicelib.services.placing import Placing
from chalicelib.services.presence import PresenceWriter
from chalicelib.services.profiles import Profiles
from chalicelib.services.protocols import (
    ApiKeyStore,
    ArchiveStore,
    AttemptStore,
    CompositionQueue,
    FleetStore,
    KeyStore,
    MediaLinks,
    MeetingStore,
    NodeCommands,
    NodeGroup,
    People,
    PresenceStore,
    ProfileStore,
    QualityStore,
    RecordingObjects,
    RecordingStore,
    Signer,
    TenantKeys,
    TenantStore,
    UsageStore,
    WebhookSender,
    WebhookStore,
    WebhookWaker,
)
from chalicelib.services.quality import Quality, read_quality_report
from chalicelib.services.recorder_reports import read_composition_report
from chalicelib.services.recorders import Recorders, RecorderTokens, Rules
from chalicelib.services.recording_links import NewLink, RecordingLinks
from chalicelib.services.recording_media import JoinedTrack, Media, RecordingMedia
from chalicelib.services.recording_upkeep import RecordingUpkeep
from chalicelib.services.recordings import Recordings, Requester
from chalicelib.services.reports import Reports
from chalicelib.services.rotation import Rotation
from chalicelib.services.scaling import ComposerScaling, Scaling
from chalicelib.services.sweep import Sweep
from chalicelib.services.tenants import Tenants
from chalicelib.services.timekeeper import Kept, Timekeeper
from chalicelib.services.tokens import Callers
from chalicelib.services.usage import Usage
from chalicelib.services.values import (
    Access,
    Admission,
    ApiKey,
    ApiKeyCaller,
    Composition,
    Delivery,
    Endpoint,
    EndpointWishes,
    Event,
    FleetLoad,
    JoinWishes,
    Keeper,
    LinkCaller,
    Meeting,
    MeetingId,
    MeetingWishes,
    Moderator,
    Node,
    NodeId,
    Opened,
    Operation,
    Participant,
    Pause,
    Profile,
    Recording,
    RecordingAction,
    RegionWish,
    StorageAges,
    Tenant,
    TenantLimits,
    TrustedIssuer,
    Used,
    UserCaller,
    UserId,
    Waiting,
    WatchLink,
    WebhookEndpointId,
    awaits_recorders,
    current_layout,
    detail_of,
    may_keep,
    require_scope,
    storage_class_of,
)
from chalicelib.services.webhooks import Webhooks
from chalicelib.stores.api_keys import DynamoApiKeys
from chalicelib.stores.archive import S3Archive, read_entry
from chalicelib.stores.attempts import DynamoAttempts
from chalicelib.stores.commands import SqsCommands
from chalicelib.stores.fleet import DynamoFleet
from chalicelib.stores.issuers import OidcIssuers
from chalicelib.stores.media_links import SignedLinks
from chalicelib.stores.meetings import DynamoMeetings
from chalicelib.stores.node_group import AutoScalingNodeGroup, FixedNodes
from chalicelib.stores.presence import DynamoPresence
from chalicelib.stores.profiles import DynamoProfiles
from chalicelib.stores.quality import DynamoQuality
from chalicelib.stores.recording_objects import KmsKeys, S3RecordingObjects, SqsCompositionQueue
from chalicelib.stores.recordings import DynamoRecordings
from chalicelib.stores.regions import in_region
from chalicelib.stores.signing import SecretSigner
from chalicelib.stores.signing_keys import SecretKeys, new_key
from chalicelib.stores.tables import use_tables
from chalicelib.stores.tenants import DynamoTenants
from chalicelib.stores.usage import DynamoUsage
from chalicelib.stores.wakeups import SqsWaker
from chalicelib.stores.webhook_sender import HttpSender
from chalicelib.stores.webhooks import DynamoWebhooks


@dataclass(frozen=True)
class Stores:
    meetings: MeetingStore
    fleet: FleetStore
    presence: PresenceStore
    api_keys: ApiKeyStore
    quality: QualityStore
    commands: NodeCommands
    signer: Signer
    webhooks: WebhookStore
    sender: WebhookSender
    waker: WebhookWaker
    attempts: AttemptStore
    people: People
    node_group: NodeGroup
    signing_keys: KeyStore
    usage: UsageStore
    tenants: TenantStore
    archive: ArchiveStore
    profiles: ProfileStore
    recordings: RecordingStore
    recording_objects: RecordingObjects
    compositions: CompositionQueue
    media_links: MediaLinks
    tenant_keys: TenantKeys


@dataclass(frozen=True)
class Services:
    config: Config
    accounts: Accounts
    api_keys: ApiKeys
    connection_tests: ConnectionTests
    callers: Callers
    passcodes: Passcodes
    moderation: Moderation
    meetings: Meetings
    creating: Creating
    join: Join
    events: Events
    homes: Homes
    fleet: Fleet
    reports: Reports
    quality: Quality
    sweep: Sweep
    timekeeper: Timekeeper
    scaling: Scaling
    composer_scaling: ComposerScaling
    rotation: Rotation
    signer: Signer
    people: People
    webhooks: Webhooks
    deliveries: Deliveries
    limits: Limits
    usage: Usage
    tenants: Tenants
    archive: Archive
    profiles: Profiles
    recordings: Recordings
    recording_media: RecordingMedia
    recording_links: RecordingLinks
    recording_upkeep: RecordingUpkeep
    tenant_keys: TenantKeys


def build(config: Config, stores: Stores) -> Services:
    passcodes = Passcodes(stores.attempts)
    accounts = Accounts(stores.api_keys, os.urandom)
    fleet = Fleet(
        stores.fleet,
        stores.meetings,
        stores.commands,
        config.regions,
        is_split=bool(config.other_regions),
    )
    tenants = Tenants(stores.tenants)
    rules = _rules(config)
    recorder_tokens = RecorderTokens(stores.signer, config.api_url, os.urandom)
    recorders = Recorders(stores.meetings, fleet, tenants, rules, recorder_tokens)
    presence = PresenceWriter(stores.presence, stores.meetings, stores.commands, recorders)
    directory = Directory(stores.meetings)
    meetings = Meetings(stores.meetings, fleet, tenants, directory)
    join = Join(
        meetings,
        stores.meetings,
        Placing(stores.meetings, fleet, tenants, secrets.randbelow),
        stores.signer,
        passcodes,
        config.api_url,
        os.urandom,
        utc_now,
    )
    recordings = Recordings(meetings, stores.meetings, stores.recordings, recorders, os.urandom)
    webhooks = Webhooks(stores.webhooks, os.urandom, config.webhook_networks)
    return Services(
        config=config,
        accounts=accounts,
        api_keys=ApiKeys(stores.api_keys, accounts.forget, os.urandom),
        connection_tests=ConnectionTests(
            fleet, in_region, stores.signer, config.api_url, os.urandom, secrets.randbelow
        ),
        callers=Callers(accounts, stores.signer, config.api_url, stores.people, utc_now),
        passcodes=passcodes,
        moderation=Moderation(meetings, stores.meetings, fleet),
        meetings=meetings,
        creating=Creating(stores.meetings, fleet, tenants, in_region, config.region, os.urandom),
        join=join,
        events=Events(meetings, stores.meetings),
        homes=Homes(directory, stores.recordings, in_region, config.region, config.other_regions),
        fleet=fleet,
        reports=Reports(fleet, presence),
        quality=Quality(meetings, stores.quality),
        sweep=Sweep(meetings, stores.meetings, fleet, config.region),
        timekeeper=Timekeeper(meetings, stores.meetings, stores.fleet, presence, config.region),
        scaling=Scaling(
            fleet, stores.node_group, config.region, least=config.minimum_nodes, most=config.maximum_nodes
        ),
        composer_scaling=ComposerScaling(
            stores.compositions,
            AutoScalingNodeGroup(config.composer_group),
            jobs_at_once=config.jobs_per_composer_machine,
            most=config.maximum_composers if config.composer_group else 0,
        ),
        rotation=Rotation(stores.signing_keys, new_key),
        signer=stores.signer,
        people=stores.people,
        webhooks=webhooks,
        limits=Limits(config.rate_per_second),
        tenants=tenants,
        profiles=Profiles(stores.profiles),
        recordings=recordings,
        recording_links=RecordingLinks(recordings, os.urandom, config.app_url),
        recording_media=RecordingMedia(
            recordings, stores.recordings, stores.recording_objects, stores.media_links
        ),
        recording_upkeep=RecordingUpkeep(
            stores.meetings,
            stores.recordings,
            recorders,
            stores.recording_objects,
            stores.compositions,
            rules.place(config.region, None).bucket,
            config.region,
            os.urandom,
        ),
        tenant_keys=stores.tenant_keys,
        archive=Archive(stores.archive, config.region),
        usage=Usage(stores.usage, stores.tenants, stores.meetings, config.region, config.regions),
        deliveries=Deliveries(
            webhooks, stores.webhooks, stores.meetings, stores.sender, stores.waker, utc_now
        ),
    )


def _rules(config: Config) -> Rules:
    days = config.recording_retention_days
    retention = timedelta(days=days) if days is not None else None
    return Rules(
        config.recordings_bucket, config.recordings_backup_bucket, retention, config.recording_backup
    )


def utc_now() -> datetime:
    return datetime.now(UTC)


def _trusted(settings: IssuerSettings) -> TrustedIssuer:
    return TrustedIssuer(
        settings.issuer,
        settings.audience,
        settings.client_id,
        Tenant(settings.tenant),
        frozenset(settings.types),
        settings.scope,
        frozenset(settings.operators),
        settings.operator_group,
    )


@functools.cache
def services() -> Services:
    """The services of this process, over AWS as the environment names it."""
    config = read_config(os.environ)
    connection = use_tables(
        config.control_table, config.fleet_table, config.store_attempt_seconds, config.other_regions
    )
    stores = Stores(
        meetings=DynamoMeetings(connection),
        fleet=DynamoFleet(),
        presence=DynamoPresence(connection),
        api_keys=DynamoApiKeys(),
        quality=DynamoQuality(),
        commands=SqsCommands(),
        signer=SecretSigner(config.signing_secret),
        webhooks=DynamoWebhooks(),
        sender=HttpSender(config.webhook_networks),
        waker=SqsWaker(config.webhook_queue),
        attempts=DynamoAttempts(),
        people=OidcIssuers([_trusted(one) for one in config.issuers]),
        signing_keys=SecretKeys(config.signing_secret),
        usage=DynamoUsage(connection),
        tenants=DynamoTenants(),
        archive=S3Archive(config.archive_bucket),
        profiles=DynamoProfiles(),
        recordings=DynamoRecordings(),
        recording_objects=S3RecordingObjects(
            config.recordings_bucket, config.recordings_backup_bucket, config.region
        ),
        compositions=SqsCompositionQueue(config.composition_queue),
        media_links=SignedLinks(
            config.recordings_url,
            config.recordings_link_secret,
            config.region,
            config.recordings_url_parameter,
        ),
        tenant_keys=KmsKeys(config.account, config.recordings_distribution or None),
        node_group=AutoScalingNodeGroup(config.node_group) if config.node_group else FixedNodes(),
    )
    return build(config, stores)


# Routes know the services' values by way of here: their one arrow inward.
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
    "JoinedTrack",
    "Keeper",
    "Kept",
    "LinkCaller",
    "Media",
    "Meeting",
    "MeetingId",
    "MeetingWishes",
    "Moderator",
    "NewLink",
    "Node",
    "NodeId",
    "Opened",
    "Operation",
    "Participant",
    "Pause",
    "Profile",
    "Recording",
    "RecordingAction",
    "RegionTest",
    "RegionWish",
    "Requester",
    "Services",
    "StorageAges",
    "Stores",
    "Tenant",
    "TenantLimits",
    "Used",
    "UserCaller",
    "UserId",
    "Waiting",
    "WatchLink",
    "WebhookEndpointId",
    "awaits_recorders",
    "build",
    "current_layout",
    "detail_of",
    "may_keep",
    "read_composition_report",
    "read_entry",
    "read_quality_report",
    "require_scope",
    "services",
    "storage_class_of",
    "utc_now",
]
