"""How many nodes a region should have, and which go: pure, from what is promised on each.

Target tracking on promised units: what meetings hold, or nodes send, whichever is more. Nodes are added at
once and taken away slowly: an empty one is drained only when the others stay well below the target, and ended
only when it reports that its last meeting has gone. Machines of composers are added here alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.identifiers import NodeId
from chalicelib.domain.placement import Node


@dataclass(frozen=True)
class ScalingPolicy:
    minimum: int
    maximum: int
    # The share of its units that a ready node should have promised.
    target: float = 0.6
    # Nodes go only while the rest stays below this part of the target: what was just taken away is not wanted
    # back a minute later.
    slack: float = 0.8
    # Of the ready nodes, at most so large a part begins to drain in one decision.
    most_drained: float = 0.1


@dataclass(frozen=True)
class ScalingDecision:
    # Nodes that the group should have, those that drain included.
    desired: int
    # Draining ones that are taken back, which is faster than starting others.
    undrain: tuple[NodeId, ...] = ()
    drain: tuple[NodeId, ...] = ()
    # Drained ones, which end; the group is that much smaller.
    end: tuple[NodeId, ...] = ()


@dataclass(frozen=True)
class FleetLoad:
    """How a region's nodes are, for who watches over them."""

    ready: int
    draining: int
    lost: int
    # Of the ready nodes.
    capacity_units: int
    promised_units: int
    # Busy share of the ready nodes' CPUs: of the busiest and on average; 0 without any.
    busiest: float
    busy: float


def load_of(nodes: Sequence[Node], now: datetime) -> FleetLoad:
    """What the nodes of a region say at this moment, in sum."""
    ready = [one for one in nodes if one.state(now) == "ready"]
    busy = [one.cpu_busy for one in ready]
    return FleetLoad(
        ready=len(ready),
        draining=sum(one.state(now) in ("draining", "drained") for one in nodes),
        lost=sum(one.state(now) == "lost" for one in nodes),
        capacity_units=sum(one.capacity_units for one in ready),
        promised_units=sum(_promised(one) for one in ready),
        busiest=max(busy, default=0.0),
        busy=sum(busy) / len(busy) if busy else 0.0,
    )


def decide(nodes: Sequence[Node], now: datetime, policy: ScalingPolicy) -> ScalingDecision:
    """What to do about the nodes of a region as they are now; nothing to do is a decision, too."""
    by_state = {
        state: sorted((one for one in nodes if one.state(now) == state), key=_fullness)
        for state in ("ready", "draining", "drained")
    }
    ready, draining, drained = by_state["ready"], by_state["draining"], by_state["drained"]
    wanted = _wanted([*ready, *draining], policy.target, policy)
    missing = max(0, wanted - len(ready))
    # The fullest of those that drain would be the last to end.
    back = draining[::-1][:missing]
    surplus = len(ready) - _wanted(ready, policy.target * policy.slack, policy)
    most = max(1, int(len(ready) * policy.most_drained))
    # What the ready ones have in hand for those that drain already: else one would be taken back at once.
    spare = len(ready) - wanted
    leaving = ready[: max(0, min(surplus, most, spare))]
    stay = len(ready) + len(draining)
    return ScalingDecision(
        desired=min(policy.maximum, max(policy.minimum, stay + missing - len(back))),
        undrain=tuple(one.id for one in back),
        drain=tuple(one.id for one in leaving),
        end=tuple(one.id for one in drained),
    )


def composers_wanted(jobs: int, jobs_at_once: int, machines: int, most: int) -> int:
    """Machines that the composers' group should have: enough for each job to be under way, from zero on.

    Never fewer than there are: a machine without jobs leaves by itself, one with jobs stays.

    Args:
        jobs: Those that wait and those under way.
        jobs_at_once: How many one machine does, >= 1.
        machines: How many the group wants now.
    """
    return max(machines, min(most, math.ceil(jobs / jobs_at_once)))


def _wanted(nodes: Sequence[Node], share: float, policy: ScalingPolicy) -> int:
    """Nodes for which what is promised now is this share of what they have."""
    capacity = sum(one.capacity_units for one in nodes)
    if capacity == 0:
        return policy.minimum
    promised = sum(_promised(one) for one in nodes)
    wanted = math.ceil(promised * len(nodes) / (capacity * share))
    return min(policy.maximum, max(policy.minimum, wanted))


def _promised(node: Node) -> int:
    return max(node.used_units, node.reserved_units)


def _fullness(node: Node) -> tuple[float, NodeId]:
    return _promised(node) / max(node.capacity_units, 1), node.id
