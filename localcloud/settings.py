"""The few variables a local run listens to, as one frozen value. Reads nothing but what it is handed."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localcloud.errors import SettingError

# A laptop has no use for more, and each node is a process with threads of its own.
MOST_NODES = 16
ROOT = Path(__file__).resolve().parent.parent
# As browsers name a site: nothing behind host and port.
ORIGIN = re.compile(r"https?://[a-z0-9.\-\[\]:]+")


@dataclass(frozen=True)
class Settings:
    host: str
    port: int
    nodes: int
    data: Path
    # Processes that make films of recordings.
    composers: int = 1
    # Sites whose pages may show a meeting in a frame of theirs.
    framed_by: tuple[str, ...] = ()

    @property
    def reachable_host(self) -> str:
        """The address to put into links: a wildcard cannot be opened, so this machine's own stands for it."""
        if self.host in ("0.0.0.0", "::"):
            return own_address()
        return self.host

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine can connect."""
        return ipaddress.ip_address(self.host).is_loopback

    @property
    def url(self) -> str:
        host = self.reachable_host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Parse PARLEY_HOST, PARLEY_PORT, PARLEY_NODES, PARLEY_COMPOSERS, PARLEY_DATA, PARLEY_ALLOWED_ORIGINS.

    Raises:
        SettingError: A value is not a number of the stated range, not an address, or not a site.
    """
    host = environment.get("PARLEY_HOST") or "127.0.0.1"
    if host == "localhost":
        host = "127.0.0.1"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise SettingError(f"PARLEY_HOST must be an IP address of this machine, not {host!r}.") from None
    return Settings(
        host=host,
        port=_number(environment, "PARLEY_PORT", default=8080, least=1, most=65535),
        nodes=_number(environment, "PARLEY_NODES", default=1, least=1, most=MOST_NODES),
        composers=_number(environment, "PARLEY_COMPOSERS", default=1, least=0, most=MOST_NODES),
        data=(ROOT / (environment.get("PARLEY_DATA") or ".parley")).resolve(),
        framed_by=_sites(environment.get("PARLEY_ALLOWED_ORIGINS", "")),
    )


def _sites(text: str) -> tuple[str, ...]:
    """Those that are named: that everybody may read answers (`*`) puts no frame around a meeting."""
    sites = [name for name in (part.strip() for part in text.split(",")) if name not in ("", "*")]
    for site in sites:
        if not ORIGIN.fullmatch(site):
            raise SettingError(
                f"PARLEY_ALLOWED_ORIGINS must name sites as https://app.example, or *, not {site!r}."
            )
    return tuple(sites)


def _number(environment: Mapping[str, str], name: str, *, default: int, least: int, most: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise SettingError(f"{name} must be a whole number from {least} to {most}, not {text!r}.")
    return int(text)


def own_address() -> str:
    """The address this machine would use towards others; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: never assigned; a UDP connect only picks a route.
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
