"""What of the packet plane recordings need."""

from __future__ import annotations

from typing import Protocol

from media_node.quantities import MeetingId


class Taps(Protocol):
    """What of the packet plane is needed; a tap is read at the other end of `descriptor`, the caller's."""

    def open_tap(self, meeting: MeetingId, tap: int, descriptor: int) -> None: ...
    def record(self, meeting: MeetingId, tap: int) -> None: ...
    def pause(self, meeting: MeetingId) -> None: ...
    def close_tap(self, meeting: MeetingId, tap: int) -> None: ...
