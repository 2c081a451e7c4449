"""What a recorder process is told when it starts: one JSON object as its only argument."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from media_node.errors import ManifestError
from media_node.recording.manifest import Role
from media_node.recording.take import TakeIdentity


@dataclass(frozen=True)
class RecorderSettings:
    """One take, where it goes, and how it comes; without a descriptor what is in the spool is finished."""

    recording: str
    meeting: str
    node: str
    prefix: str
    bucket: str
    backup_bucket: str | None
    key_id: str | None
    spool: str
    spool_bytes: int
    descriptor: int | None = None
    role: Role = "primary"
    # How long it goes on when its node has died: as long as a recorder that says nothing is waited for.
    parted_seconds: float = 900.0

    @property
    def identity(self) -> TakeIdentity:
        return TakeIdentity(
            self.recording, self.meeting, self.node, self.role, self.prefix, key_id=self.key_id
        )

    @property
    def folder(self) -> Path:
        return Path(self.spool)

    def format(self) -> str:
        return json.dumps(asdict(self))


def parse_settings(text: str) -> RecorderSettings:
    """Settings as they were formatted.

    Raises:
        ManifestError: Something else.
    """
    try:
        fields: dict[str, Any] = json.loads(text)
        return RecorderSettings(**fields)
    except (ValueError, TypeError) as exc:
        raise ManifestError(f"a recorder's settings cannot be read: {exc}") from exc
