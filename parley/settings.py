"""Where the API is and with which key: from the environment, else from the Parley that runs here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from parley.errors import NotConfiguredError


@dataclass(frozen=True)
class Connection:
    """Where the API is, and who calls: an API key, the bearer of a token, or with neither a guest."""

    api_url: str
    key_id: str = ""
    key_secret: str = field(default="", repr=False)
    token: str | None = field(default=None, repr=False)


def find_connection(environment: Mapping[str, str], folder: Path) -> Connection:
    """PARLEY_API_URL, PARLEY_API_KEY_ID and PARLEY_API_KEY_SECRET, or run.json of PARLEY_DATA or .parley.

    Raises:
        NotConfiguredError: Neither is there, or one is there in part.
    """
    names = ("PARLEY_API_URL", "PARLEY_API_KEY_ID", "PARLEY_API_KEY_SECRET")
    values = [environment.get(name, "") for name in names]
    if all(values):
        return Connection(values[0].rstrip("/"), values[1], values[2])
    if any(values[1:]):
        missing = ", ".join(name for name, value in zip(names, values, strict=True) if not value)
        raise NotConfiguredError(f"Set {missing} too.")
    path = folder / (environment.get("PARLEY_DATA") or ".parley") / "run.json"
    try:
        run = json.loads(path.read_text())
        key = run["apiKey"]
        return Connection(values[0].rstrip("/") or run["apiUrl"], key["id"], key["secret"])
    except FileNotFoundError:
        hint = f"set {', '.join(names)}, or start one here with `make run`"
        raise NotConfiguredError(f"No Parley is known: {hint}.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotConfiguredError(f"{path} cannot be read: {error}.") from error
