"""Which region's tables and buckets the calls of this moment use, where each region has its own.

A meeting's items are written in its home region alone: replicas of a global table know no condition of each
other's, and the later of two writes would undo the earlier. Who works on a meeting of another region
therefore works on that region's tables, from wherever it runs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pynamodb.connection import Connection

_used: ContextVar[str | None] = ContextVar("region", default=None)


@contextmanager
def in_region(region: str) -> Iterator[None]:
    """Use a region's tables meanwhile; where all regions share theirs it makes no difference."""
    before = _used.set(region)
    try:
        yield
    finally:
        _used.reset(before)


def used_region(own: str) -> str:
    """The region that the calls of this moment are for; the own one where none was said."""
    return _used.get() or own


class RegionalConnection(Connection):
    """The connection of this region, with others behind it, each opened when it is first used."""

    def __init__(self, others: tuple[str, ...], opened: Callable[[str], Connection], **options: Any) -> None:
        super().__init__(**options)
        self._others = frozenset(others)
        self._opened = opened
        self._connection_by_region: dict[str, Connection] = {}
        # Making a client is not thread safe; nothing else is done while this is held.
        self._opening = threading.Lock()

    @property
    def client(self) -> Any:
        region = _used.get()
        if region not in self._others:
            return super().client
        with self._opening:
            if region not in self._connection_by_region:
                self._connection_by_region[region] = self._opened(region)
        return self._connection_by_region[region].client
