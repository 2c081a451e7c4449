"""The node's settings: the environment, read once."""

from ipaddress import IPv4Address
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

# All addresses of the machine: none that a client could be told.
WILDCARDS = ("0.0.0.0", "::")


class Settings(BaseSettings):
    """Environment variables `PARLEY_…`; AWS endpoints and credentials are read by boto3 itself."""

    model_config = SettingsConfigDict(env_prefix="PARLEY_", frozen=True)

    node_id: str | None = None
    region: str = "local"
    node_host: str = "127.0.0.1"
    node_port: int = Field(default=0, ge=0, le=65535)
    node_public_url: str | None = None
    # Where metrics are read, by plain HTTP; without a port on the node's own, by the machine itself alone.
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(default=None, ge=0, le=65535)
    # Files in PEM, both or none: without them it is plain HTTP, which browsers take on loopback only.
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    media_host: str = "127.0.0.1"
    media_port: int = Field(default=0, ge=0, le=65535)
    # Addresses that clients are told, comma separated; by default the one that is bound.
    media_addresses: str = Field(default="", validate_default=True)
    # Addresses that clients have to come from, comma separated; empty for any. For an IPv4 host.
    media_sources: str = ""
    node_workers: int = Field(default=1, ge=1, le=64)
    # Mbit/s that the node may send: what it is filled to.
    node_capacity_units: int = Field(default=1000, ge=1)
    # Its availability zone, where it has one.
    zone: str = ""
    # The machine, as its autoscaling group names it.
    instance: str = ""
    # Whether the node refuses newcomers and sheds video layers when its workers have too much to do.
    cpu_protection: bool = True
    jwks_url: str
    # Empty: the node serves, but neither reports nor takes commands.
    report_queue_url: str = ""
    command_queue_prefix: str = "parley-node-"
    log_level: str = "info"
    # Where recorded segments wait for their upload, and how many bytes of one recording at most.
    recording_spool: str = "/tmp/parley-spool"
    # How long a recorder goes on when its node has died; the node's next start goes on with the rest.
    recording_parted_seconds: float = Field(default=900.0, ge=0)
    # What the node is called where its objects are stored: its role may add below this name alone.
    recording_owner: str = Field(default="", pattern=r"^[A-Za-z0-9_:-]{0,128}$")
    recording_spool_bytes: int = Field(default=2 << 30, ge=64 << 20)

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.lower() not in {"debug", "info", "warning", "error"}:
            raise ValueError(f"log level is debug, info, warning or error, not {value!r}")
        return value.lower()

    @field_validator("media_addresses")
    @classmethod
    def _can_be_told(cls, value: str, others: ValidationInfo) -> str:
        host = str(others.data.get("media_host", ""))
        if not value.strip() and host in WILDCARDS:
            raise ValueError(f"a node that listens on {host} needs to be told its addresses")
        return value

    @field_validator("media_sources")
    @classmethod
    def _can_be_told_apart(cls, value: str, others: ValidationInfo) -> str:
        host = str(others.data.get("media_host", ""))
        if value.strip() and ":" in host:
            raise ValueError(f"sources are for an IPv4 host, not for {host}")
        for word in _words(value):
            IPv4Address(word)
        return value

    @model_validator(mode="after")
    def _whole_certificate(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("PARLEY_TLS_CERTIFICATE and PARLEY_TLS_KEY are set both or not at all")
        return self

    def heard_sources(self) -> list[IPv4Address] | None:
        """What media is heard from; None where it is anybody."""
        return [IPv4Address(one) for one in _words(self.media_sources)] or None

    def advertised_addresses(self) -> list[str]:
        """IP addresses for ICE candidates, most wanted first."""
        return _words(self.media_addresses) or [self.media_host]


def _words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]
