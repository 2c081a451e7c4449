"""Change the keys that sign tokens by and by; asked each hour, in the region where they are kept."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from chalicelib.domain.signing_keys import KeptKey, rotated
from chalicelib.services.protocols import KeyStore

log = logging.getLogger(__name__)


class Rotation:
    def __init__(self, store: KeyStore, new_key: Callable[[datetime], KeptKey]) -> None:
        self._store = store
        self._new_key = new_key

    def run(self, now: datetime, *, at_once: bool = False) -> list[str]:
        """Do what is due; returns the ids of the keys, the one that signs first.

        Args:
            at_once: Begin with the next key although the current one has not had its time.

        Raises:
            StoreUnavailableError: The keys are as they were.
        """
        keys = self._store.change(
            lambda found: rotated(found, now, lambda: self._new_key(now), at_once=at_once)
        )
        names = [key.kid for key in keys]
        log.info("signing keys: %s", ", ".join(names))
        return names
