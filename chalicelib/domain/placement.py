"""Which media node carries a meeting: the emptier of two chosen at random.

Two random choices keep the fullest node close to the mean without everybody rushing to the one that was
the emptiest two seconds ago (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from chalicelib.domain.identifiers import NodeId
from chalicelib.domain.meeting import Meeting

NodeState = Literal["ready", "draining", "lost"]

# Reports come every 2 s: four in a row are missing.
LOST_AFTER = timedelta(seconds=10)
# Set aside at once, so that not every join has to ask the node's item. One unit is one participant.
UNITS_AT_ONCE = 8
# Reports are up to 2 s old; the people of those seconds must find room too.
SPARE_UNITS = 4

ChooseIndex = Callable[[int], int]


@dataclass(frozen=True)
class Node:
    id: NodeId
    region: str
    url: str
    metrics_url: str
    command_queue_url: str
    boot_id: str
    sequence: int
    reported_state: Literal["ready", "draining"]
    capacity_units: int
    used_units: int
    reserved_units: int
    cpu_busy: float
    meetings: int
    reported_at: datetime

    def state(self, now: datetime) -> NodeState:
        return "lost" if now - self.reported_at > LOST_AFTER else self.reported_state

    @property
    def free_units(self) -> int:
        return self.capacity_units - max(self.used_units, self.reserved_units)


@dataclass(frozen=True)
class Reservation:
    """Units of a node that a change of a meeting needs besides what it holds."""

    node: Node
    units: int


def choose_node(nodes: Sequence[Node], units: int, now: datetime, choose_index: ChooseIndex) -> Node | None:
    """Take two random nodes that are ready and have room, and of those the emptier one."""
    fitting = [node for node in nodes if node.state(now) == "ready" and node.free_units >= units]
    if not fitting:
        return None
    first = fitting.pop(choose_index(len(fitting)))
    if not fitting:
        return first
    second = fitting.pop(choose_index(len(fitting)))
    return max(first, second, key=lambda node: node.free_units / max(node.capacity_units, 1))


def units_wanted(meeting: Meeting) -> int:
    """Units that should be set aside before one more joins; never less than what is set aside now."""
    held = meeting.placement.units if meeting.placement is not None else 0
    needed = min(meeting.present + 1 + SPARE_UNITS, max(meeting.max_participants, meeting.present + 1))
    if held >= needed:
        return held
    blocks = -(-needed // UNITS_AT_ONCE)
    return max(held, min(blocks * UNITS_AT_ONCE, max(meeting.max_participants, needed)))
