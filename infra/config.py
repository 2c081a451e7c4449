"""What is deployed where. Synthesis reads this and the context, never the network, git or Docker."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

# As browsers name a site: nothing behind host and port.
ORIGIN = re.compile(r"https?://[a-z0-9.\-\[\]:]+")


class DeploymentError(Exception):
    """A setting that no deployment can be made of."""


@dataclass(frozen=True)
class Region:
    """One region of the fleet. Instances are of the Arm family that the wheel was built for."""

    name: str
    instance_type: str = "c7g.large"
    minimum_nodes: int = 1
    maximum_nodes: int = 20
    # Stopped machines that are ready to start: a node more in half a minute instead of three.
    warm_nodes: int = 1
    # Mbit/s of media that a node may send: a c7g.large sends 937 without end, of which the headers of IP and
    # UDP are 28 bytes of some 1,200; what it may send beyond for minutes is for meetings that grow.
    capacity_units: int = 900
    # Spot machines that make films, two at once each; there are none while there is nothing to make.
    maximum_composers: int = 10
    # How many requests the API answers at once; what the account has beyond is for reports and clocks.
    api_concurrency: int = 500
    # Requests a second, and at one moment, before API Gateway answers 429 itself.
    api_rate: int = 2_000
    api_burst: int = 1_000


@dataclass(frozen=True)
class Cognito:
    """A user pool of the installation's own, whose people belong to one tenant."""

    tenant: str
    # Anybody who has an address of e-mail may have an account; else an administrator makes each.
    self_sign_up: bool = False
    # Of the pages where people sign in: unique among all pools of a region. Empty: project and account.
    domain_prefix: str = ""


@dataclass(frozen=True)
class HostedZone:
    """A public zone of Route 53 in the same account, in which the installation's names are."""

    id: str
    name: str


@dataclass(frozen=True)
class Deployment:
    """One installation of Parley; the first region is the home of the global stack."""

    account: str
    regions: tuple[Region, ...]
    app_url: str
    # The host under which every region's API answers, such as a latency-routed name in DNS.
    api_host: str
    # Folder with app.py, chalicelib/ and what they import: scripts/package_lambda.py makes it.
    lambda_package: str
    # S3 bucket and key prefix of the node's release archive, one bucket per region: {bucket}-{region}.
    node_release_bucket: str
    node_release_key: str
    # Whose people may sign in: objects with issuer, audience, clientId, tenant, and maybe types and scope.
    issuers: tuple[Mapping[str, Any], ...] = ()
    # None: people sign in with `issuers` alone.
    cognito: Cognito | None = None
    # None: names and their certificates are the operator's own.
    hosted_zone: HostedZone | None = None
    # Who is told of alarms, beside whoever else subscribes to the topics.
    alarm_email: str | None = None
    # Whose pages may read the API's answers beside the app's, and show a meeting in a frame: https://school.example;
    # "*" for the answers alone.
    allowed_origins: tuple[str, ...] = ()
    # PEM of the RSA key that links to recordings are checked with. Empty: nobody can open recordings.
    recording_link_public_key: str = ""
    # How long recordings are kept where nobody says otherwise; 0: until somebody deletes them.
    recording_retention_days: int = 365
    project: str = "parley"

    @property
    def home(self) -> Region:
        return self.regions[0]

    @property
    def app_host(self) -> str:
        return urlsplit(self.app_url).hostname or ""

    @property
    def framed_by(self) -> tuple[str, ...]:
        """Sites whose pages may show a meeting in a frame: those that are named."""
        return tuple(origin for origin in self.allowed_origins if origin != "*")

    def regional_api_host(self, region: Region) -> str:
        """Under which one region's API is reached, however near the others are."""
        return f"{region.name}.{self.api_host}"

    def node_domain(self, region: Region) -> str | None:
        """Below which each node of a region has a name of its own; None without a zone."""
        return f"{region.name}.nodes.{self.hosted_zone.name}" if self.hosted_zone is not None else None

    @property
    def control_table(self) -> str:
        return f"{self.project}-control"

    @property
    def fleet_table(self) -> str:
        return f"{self.project}-fleet"

    @property
    def signing_secret(self) -> str:
        return f"{self.project}/signing-keys"

    @property
    def issuer_parameter(self) -> str:
        return f"/{self.project}/issuer"

    def archive_bucket(self, region: Region) -> str:
        return f"{self.project}-events-{self.account}-{region.name}"

    @property
    def report_queue(self) -> str:
        return f"{self.project}-node-reports"

    @property
    def webhook_queue(self) -> str:
        return f"{self.project}-webhooks"

    @property
    def recordings_buckets(self) -> str:
        """The name of each region's bucket, as the functions of all regions know it."""
        return f"{self.project}-recordings-{self.account}-{{region}}"

    def recordings_bucket(self, region: Region) -> str:
        return self.recordings_buckets.format(region=region.name)

    @property
    def recordings_url_parameter(self) -> str:
        return f"/{self.project}/recordings-url"

    @property
    def recordings_backup_buckets(self) -> str:
        """The name of each region's bucket for while the first one refuses, as `recordings_buckets`."""
        return f"{self.project}-recordings-backup-{self.account}-{{region}}"

    def recordings_backup_bucket(self, region: Region) -> str:
        return self.recordings_backup_buckets.format(region=region.name)

    @property
    def composition_queue(self) -> str:
        return f"{self.project}-composition"

    @property
    def recording_link_secret(self) -> str:
        return f"{self.project}/recording-links"

    @property
    def command_queue_prefix(self) -> str:
        return f"{self.project}-node-"


def read_deployment(context: Mapping[str, Any]) -> Deployment:
    """Read the context of cdk.json.

    Raises:
        DeploymentError: A value is missing or of another form; the message names it.
    """
    settings = context.get("parley")
    if not isinstance(settings, Mapping):
        raise DeploymentError('the context needs an object "parley"')
    regions = settings.get("regions")
    if not isinstance(regions, list) or not regions:
        raise DeploymentError('"parley.regions" is a list of at least one region')
    try:
        deployment = Deployment(
            account=_text(settings, "account"),
            regions=tuple(Region(**region) for region in regions),
            app_url=_text(settings, "appUrl").rstrip("/"),
            api_host=_text(settings, "apiHost"),
            lambda_package=_text(settings, "lambdaPackage"),
            node_release_bucket=_text(settings, "nodeReleaseBucket"),
            node_release_key=_text(settings, "nodeReleaseKey"),
            issuers=_issuers(settings.get("issuers", [])),
            cognito=_cognito(settings.get("cognito")),
            hosted_zone=_hosted_zone(settings.get("hostedZone")),
            alarm_email=_text(settings, "alarmEmail") if "alarmEmail" in settings else None,
            allowed_origins=_origins(settings.get("allowedOrigins", [])),
            recording_link_public_key=_text(settings, "recordingLinkPublicKey")
            if "recordingLinkPublicKey" in settings
            else "",
            recording_retention_days=_days(settings.get("recordingRetentionDays", 365)),
        )
    except TypeError as exc:
        raise DeploymentError(f'"parley.regions": {exc}') from exc
    _check_names(deployment)
    return deployment


def _days(entry: Any) -> int:
    if type(entry) is not int or not 0 <= entry <= 36_500:
        raise DeploymentError('"parley.recordingRetentionDays" is a number of days, 0 for ever')
    return entry


def _cognito(entry: Any) -> Cognito | None:
    if entry is None:
        return None
    known = {"tenant": str, "selfSignUp": bool, "domainPrefix": str}
    _check_object("cognito", entry, known)
    return Cognito(
        _text(entry, "tenant", "cognito."), entry.get("selfSignUp", False), entry.get("domainPrefix", "")
    )


def _hosted_zone(entry: Any) -> HostedZone | None:
    if entry is None:
        return None
    _check_object("hostedZone", entry, {"id": str, "name": str})
    within = "hostedZone."
    return HostedZone(_text(entry, "id", within), _text(entry, "name", within).rstrip("."))


def _check_names(deployment: Deployment) -> None:
    """All names are in the zone: in another, a certificate would wait for ever for its proof."""
    zone = deployment.hosted_zone
    for name, host in (("appUrl", deployment.app_host), ("apiHost", deployment.api_host)):
        if zone is not None and host != zone.name and not host.endswith(f".{zone.name}"):
            raise DeploymentError(f'"parley.{name}": {host} is not in the zone {zone.name}')


def _check_object(name: str, entry: Any, known: Mapping[str, type]) -> None:
    """An object with these names only, each of its type where it is there."""
    if not isinstance(entry, Mapping):
        raise DeploymentError(f'"parley.{name}" is an object')
    for one, value in entry.items():
        if one not in known or not isinstance(value, known[one]):
            names = ", ".join(f'"{each}"' for each in known)
            raise DeploymentError(f'"parley.{name}.{one}": its settings are {names}, each of its own type')


def _origins(entries: Any) -> tuple[str, ...]:
    if not isinstance(entries, list) or not all(
        isinstance(entry, str) and (entry == "*" or ORIGIN.fullmatch(entry)) for entry in entries
    ):
        raise DeploymentError(
            '"parley.allowedOrigins" is a list of origins, as https://app.example, or of "*"'
        )
    return tuple(entries)


def _issuers(entries: Any) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise DeploymentError('"parley.issuers" is a list of objects')
    for entry in entries:
        for name in ("issuer", "audience", "clientId", "tenant"):
            if not isinstance(entry.get(name), str) or not entry[name]:
                raise DeploymentError(f'"parley.issuers": each has a text "{name}"')
    return tuple(entries)


def _text(settings: Mapping[str, Any], name: str, within: str = "") -> str:
    value = settings.get(name)
    if not isinstance(value, str) or not value:
        raise DeploymentError(f'"parley.{within}{name}" is text')
    return value
