"""The environment as one frozen value. Only bootstrap hands an environment in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit


@dataclass(frozen=True)
class IssuerSettings:
    """An OpenID Connect issuer whose people may sign in, and the tenant whose people they are."""

    issuer: str
    audience: str
    client_id: str
    tenant: str
    types: tuple[str, ...] = ("at+jwt",)
    scope: str = "openid profile"
    operators: tuple[str, ...] = ()
    operator_group: str | None = None


@dataclass(frozen=True)
class Config:
    control_table: str
    fleet_table: str
    signing_secret: str
    region: str
    regions: tuple[str, ...]
    app_url: str
    api_url: str
    # Whose pages may read answers: the app's, and those that the operator names; "*" among them is everybody.
    allowed_origins: frozenset[str]
    # Requests a second of one caller or guest's address, in one process; a tenant has twice as many.
    rate_per_second: float
    webhook_queue: str
    # Networks that webhooks may reach besides the Internet, and by plain HTTP: for a laptop.
    webhook_networks: tuple[IPv4Network | IPv6Network, ...]
    issuers: tuple[IssuerSettings, ...] = ()
    # Where all events are kept beside the tables.
    archive_bucket: str = "parley-events"
    # Where recordings lie, what nodes write to while that refuses, and the queue of those who make films.
    # "{region}" in the names of buckets is the home of what was recorded.
    recordings_bucket: str = "parley-recordings"
    recordings_backup_bucket: str | None = None
    # Whether a second node records each meeting, too.
    recording_backup: bool = True
    composition_queue: str = "parley-composition"
    # The edge that serves recordings, and the secret with the key that links to it are signed with.
    recordings_url: str = ""
    recordings_link_secret: str = "parley/recording-links"
    # The parameter in which each of the other regions tells the edge that serves its recordings.
    recordings_url_parameter: str = "/parley/recordings-url"
    # How long recordings are kept where nobody says otherwise; None: until somebody deletes them.
    recording_retention_days: int | None = 365
    # After so many days the bucket moves objects to cheaper classes: infra says the same to S3.
    recording_infrequent_days: int = 30
    recording_archive_days: int = 90
    # What tenants' keys are made with; "" where recordings are not encrypted with such.
    account: str = ""
    recordings_distribution: str = ""
    # The autoscaling group of the region's nodes; "" where nobody starts and ends them.
    node_group: str = ""
    minimum_nodes: int = 1
    maximum_nodes: int = 20
    # The group of the region's machines for films, how many there are at most, and how many jobs each does.
    composer_group: str = ""
    maximum_composers: int = 10
    jobs_per_composer_machine: int = 2
    # Whether each region has tables of its own, as in AWS; else all share theirs.
    tables_per_region: bool = False
    # How long one attempt to reach DynamoDB may last.
    store_attempt_seconds: float = 0.4

    @property
    def other_regions(self) -> tuple[str, ...]:
        """Regions whose tables are not this one's."""
        return tuple(one for one in self.regions if one != self.region) if self.tables_per_region else ()


def read_config(environment: Mapping[str, str]) -> Config:
    region = environment.get("PARLEY_REGION") or environment.get("AWS_REGION") or "local"
    regions = tuple(
        name.strip() for name in environment.get("PARLEY_REGIONS", region).split(",") if name.strip()
    )
    app_url = environment.get("PARLEY_APP_URL", "http://127.0.0.1:8080").rstrip("/")
    networks = environment.get("PARLEY_WEBHOOK_NETWORKS", "")
    return Config(
        control_table=environment.get("PARLEY_CONTROL_TABLE", "parley-control"),
        fleet_table=environment.get("PARLEY_FLEET_TABLE", "parley-fleet"),
        signing_secret=environment.get("PARLEY_SIGNING_SECRET", "parley/signing-keys"),
        region=region,
        regions=regions if region in regions else (region, *regions),
        app_url=app_url,
        api_url=environment.get("PARLEY_API_URL", f"{app_url}/v1").rstrip("/"),
        allowed_origins=_origins(app_url, environment.get("PARLEY_ALLOWED_ORIGINS", "")),
        rate_per_second=float(environment.get("PARLEY_RATE_PER_SECOND", "500")),
        webhook_queue=environment.get("PARLEY_WEBHOOK_QUEUE", "parley-webhooks"),
        webhook_networks=tuple(ip_network(one) for one in networks.split(",") if one),
        archive_bucket=environment.get("PARLEY_ARCHIVE_BUCKET", "parley-events"),
        node_group=environment.get("PARLEY_NODE_GROUP", ""),
        minimum_nodes=int(environment.get("PARLEY_MINIMUM_NODES", "1")),
        maximum_nodes=int(environment.get("PARLEY_MAXIMUM_NODES", "20")),
        composer_group=environment.get("PARLEY_COMPOSER_GROUP", ""),
        maximum_composers=int(environment.get("PARLEY_MAXIMUM_COMPOSERS", "10")),
        jobs_per_composer_machine=int(environment.get("PARLEY_COMPOSERS", "2")),
        tables_per_region=environment.get("PARLEY_TABLES_PER_REGION", "") == "true",
        store_attempt_seconds=float(environment.get("PARLEY_STORE_ATTEMPT_SECONDS", "0.4")),
        recordings_bucket=environment.get("PARLEY_RECORDINGS_BUCKET", "parley-recordings"),
        recordings_backup_bucket=environment.get("PARLEY_RECORDINGS_BACKUP_BUCKET") or None,
        recording_backup=environment.get("PARLEY_RECORDING_BACKUP", "1") != "0",
        composition_queue=environment.get("PARLEY_COMPOSITION_QUEUE", "parley-composition"),
        recordings_url=environment.get("PARLEY_RECORDINGS_URL", f"{app_url}/media"),
        recordings_link_secret=environment.get("PARLEY_RECORDINGS_LINK_SECRET", "parley/recording-links"),
        recordings_url_parameter=environment.get("PARLEY_RECORDINGS_URL_PARAMETER", "/parley/recordings-url"),
        recording_retention_days=int(environment.get("PARLEY_RECORDING_RETENTION_DAYS", "365")) or None,
        recording_infrequent_days=int(environment.get("PARLEY_RECORDING_INFREQUENT_DAYS", "30")),
        recording_archive_days=int(environment.get("PARLEY_RECORDING_ARCHIVE_DAYS", "90")),
        account=environment.get("PARLEY_ACCOUNT", ""),
        recordings_distribution=environment.get("PARLEY_RECORDINGS_DISTRIBUTION", ""),
        issuers=_issuers(environment.get("PARLEY_ISSUERS", "")),
    )


def _origins(app_url: str, more: str) -> frozenset[str]:
    """The app's own origin, and those of a list with commas.

    Raises:
        ValueError: One of them is neither an origin nor `*`.
    """
    app = urlsplit(app_url)
    origins = {f"{app.scheme}://{app.netloc}"}
    for one in filter(None, (name.strip() for name in more.split(","))):
        parts = urlsplit(one)
        # As browsers send it: lower case, and nothing behind host and port.
        is_origin = parts.scheme in ("http", "https") and one == f"{parts.scheme}://{parts.netloc}".lower()
        if one != "*" and not (is_origin and parts.hostname and not {"@", "*"} & set(one)):
            raise ValueError(f"PARLEY_ALLOWED_ORIGINS: {one} is no origin as https://app.example, nor *.")
        origins.add(one)
    return frozenset(origins)


def _issuers(text: str) -> tuple[IssuerSettings, ...]:
    """A JSON list of objects with `issuer`, `audience`, `clientId`, `tenant`.

    Each may have `types`, `scope`, and who runs the installation: `operators` (subjects), `operatorGroup`.
    """
    return tuple(
        IssuerSettings(
            issuer=entry["issuer"],
            audience=entry["audience"],
            client_id=entry["clientId"],
            tenant=entry["tenant"],
            types=tuple(entry.get("types", ("at+jwt",))),
            scope=entry.get("scope", "openid profile"),
            operators=tuple(entry.get("operators", ())),
            operator_group=entry.get("operatorGroup"),
        )
        for entry in json.loads(text or "[]")
    )
