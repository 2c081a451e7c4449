"""Which media node carries a meeting: the emptier of two chosen at random.

Two random choices keep the fullest node close to the mean without everybody rushing to the one that was
the emptiest two seconds ago (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing").
Capacity is in units of egress (egress.py).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from chalicelib.domain.egress import egress_units
from chalicelib.domain.identifiers import NodeId
from chalicelib.domain.meeting import Meeting

ReportedState = Literal["ready", "draining", "drained"]
NodeState = Literal["ready", "draining", "drained", "lost"]

# Reports come every 2 s: four in a row are missing.
LOST_AFTER = timedelta(seconds=10)
# Reports are up to 2 s old; the people of those seconds must find room too.
SPARE_PEOPLE = 2
# Room is held for so many people at once, so that not every join has to ask the node's item.
FIRST_PEOPLE, SMALL_STEP, SMALL_MEETING, LARGE_STEP = 4, 8, 64, 32
# One part in so many of a node takes no new meetings: those that it has grow into it.
GROWTH_PART = 10
# Of a fleet beyond this size a few nodes are looked at, not all.
MOST_LOOKED_AT = 24

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
    reported_state: ReportedState
    capacity_units: int
    used_units: int
    reserved_units: int
    cpu_busy: float
    meetings: int
    reported_at: datetime
    # Its availability zone; "" where it has none.
    zone: str = ""
    # The machine it runs on, as its autoscaling group names it; "" where it is in none.
    instance: str = ""
    # When it sends away whoever is still there, while it drains; None where it waits for them.
    drain_until: datetime | None = None

    def state(self, now: datetime) -> NodeState:
        return "lost" if now - self.reported_at > LOST_AFTER else self.reported_state

    @property
    def free_units(self) -> int:
        return self.capacity_units - max(self.used_units, self.reserved_units)

    @property
    def growth_units(self) -> int:
        """What is kept for the meetings that it has."""
        return self.capacity_units // GROWTH_PART

    def takes(self, units: int, now: datetime) -> bool:
        """Whether a new meeting of so many units can be given to it."""
        return self.state(now) == "ready" and self.free_units - self.growth_units >= units


# Who is on a node is kept in so many parts: 12,000 people would be more than one item of DynamoDB holds.
LANES = 8


@dataclass(frozen=True)
class Kept:
    """What is known of a node besides its report."""

    # Of each lane's presence as it was last written; "" where something was begun since.
    presence_digests: tuple[str, ...] = ("",) * LANES
    reserved_units: int = 0
    # What the last checks found set aside beyond what its meetings hold.
    surplus: tuple[int, ...] = ()


@dataclass(frozen=True)
class Reservation:
    """Units of a node that a change of a meeting needs besides what it holds there."""

    node: Node
    units: int
    # A node that drains, or that has begun anew, keeps what it has and takes nothing new.
    is_new: bool = False

    @property
    def most_reserved(self) -> int:
        """What may be set aside on the node before this is."""
        return self.node.capacity_units - self.units - (self.node.growth_units if self.is_new else 0)


def choose_node(nodes: Sequence[Node], units: int, now: datetime, choose_index: ChooseIndex) -> Node | None:
    """Of two random nodes that are ready and have room the emptier one.

    Also for the largest meetings: the emptiest of all would be the same for everybody who looks at the fleet
    in these two seconds, and be the fullest after them.
    """
    found = _two(nodes, lambda node: node.takes(units, now), choose_index)
    return max(found, key=_emptiness, default=None)


def choose_standby(
    nodes: Sequence[Node], beside: Node, now: datetime, choose_index: ChooseIndex
) -> Node | None:
    """Where a meeting's people go when its node dies: another node, in another zone if there is one."""
    others = [node for node in nodes if node.id != beside.id and node.state(now) == "ready"]
    apart = [node for node in others if node.zone != beside.zone]
    return max(_two(apart or others, lambda node: True, choose_index), key=_emptiness, default=None)


def choose_backup(
    nodes: Sequence[Node], without: NodeId, preferred: Sequence[NodeId], name: str, now: datetime
) -> Node | None:
    """Which node is to record a meeting that another one carries: the same for whoever asks.

    Args:
        without: The node that carries the meeting.
        preferred: Taken where they are ready, the first before the others.
        name: Of what is recorded. Where no preferred one is ready, each name finds its own among the others,
            and another one only when that has gone (Thaler and Ravishankar, highest random weight).
    """
    ready = {node.id: node for node in nodes if node.id != without and node.state(now) == "ready"}
    for one in preferred:
        if one in ready:
            return ready[one]
    return max(ready.values(), key=lambda node: zlib.crc32(f"{name}{node.id}".encode()), default=None)


def _emptiness(node: Node) -> float:
    return node.free_units / max(node.capacity_units, 1)


def _two(nodes: Sequence[Node], fits: Callable[[Node], bool], choose_index: ChooseIndex) -> list[Node]:
    """Up to two random ones that fit. All are looked at only where that is a few, or where few fit."""
    found: list[Node] = []
    if len(nodes) > MOST_LOOKED_AT:
        for _ in range(MOST_LOOKED_AT):
            node = nodes[choose_index(len(nodes))]
            if node not in found and fits(node):
                found.append(node)
            if len(found) == 2:
                return found
    fitting = [node for node in nodes if fits(node)]
    return [fitting.pop(choose_index(len(fitting))) for _ in range(min(2, len(fitting)))]


def units_wanted(meeting: Meeting) -> int:
    """Units that should be set aside before one more joins; never less than what is set aside now."""
    held = meeting.placement.units if meeting.placement is not None else 0
    most = max(meeting.max_participants, meeting.present + 1)
    coming = min(meeting.present + 1 + SPARE_PEOPLE, most)
    if held >= egress_units(coming, meeting.media):
        return held
    expected = min(meeting.expected_participants or 0, most)
    return max(held, egress_units(min(room_for(max(coming, expected)), most), meeting.media))


def least_units(meeting: Meeting) -> int:
    """Units without which a meeting cannot begin, whatever it is expected to become."""
    return egress_units(min(FIRST_PEOPLE, meeting.max_participants), meeting.media)


def region_with_room(
    order: Sequence[str], nodes_of: Callable[[str], Sequence[Node]], meeting: Meeting, now: datetime
) -> str | None:
    """The first region with a node for the whole of what the meeting may need, else for its beginning.

    No region is asked for its nodes after the first that has room.
    """
    for units in sorted({units_wanted(meeting), least_units(meeting)}, reverse=True):
        for region in order:
            if any(node.takes(units, now) for node in nodes_of(region)):
                return region
    return None


def room_for(people: int) -> int:
    """How many people room is held for when so many are to be there."""
    if people <= FIRST_PEOPLE:
        return FIRST_PEOPLE
    step = SMALL_STEP if people <= SMALL_MEETING else LARGE_STEP
    return -(-people // step) * step


def correction_of(surplus: Sequence[int], checks: int) -> int:
    """Units to add to what is set aside on a node, so that it is what its meetings hold.

    What was just granted or given back may be in one of the two numbers only, so that one check says little:
    what so many checks in a row have at least found is believed.
    """
    if len(surplus) < checks or any(one == 0 for one in surplus):
        return 0
    least = min(surplus, key=abs)
    return -least if all((one > 0) == (least > 0) for one in surplus) else 0
