"""Keep a region's groups of machines as large as its meetings and films need; asked each minute."""

from __future__ import annotations

import logging
from datetime import datetime

from chalicelib.domain.scaling import (
    FleetLoad,
    ScalingDecision,
    ScalingPolicy,
    composers_wanted,
    decide,
    load_of,
)
from chalicelib.services.fleet import Fleet
from chalicelib.services.protocols import CompositionQueue, MachineGroup, NodeGroup

log = logging.getLogger(__name__)


class Scaling:
    def __init__(self, fleet: Fleet, group: NodeGroup, region: str, *, least: int, most: int) -> None:
        self._fleet = fleet
        self._group = group
        self._policy = ScalingPolicy(least, most)
        self._region = region

    def load(self, now: datetime) -> FleetLoad:
        """How the region's nodes are now."""
        return load_of(self._fleet.snapshot(self._region, fresh=True), now)

    def run(self, request_id: str, now: datetime) -> ScalingDecision:
        """Decide and carry out. Each step may be done again: the next decision starts from what nodes say.

        Raises:
            StoreUnavailableError: A node or the group was not told; the next run tells it again.
        """
        nodes = {node.id: node for node in self._fleet.snapshot(self._region, fresh=True)}
        decision = decide(list(nodes.values()), now, self._policy)
        for name in decision.undrain:
            self._fleet.undrain(name, request_id)
        for name in decision.drain:
            self._fleet.drain(name, None, request_id)
        for name in decision.end:
            if nodes[name].instance:
                log.info("node %s is drained and ends", name)
                self._group.end(nodes[name].instance)
        self._group.resize(decision.desired)
        return decision


class ComposerScaling:
    """Adds machines for films that wait; each leaves by itself when it has had none for a while."""

    def __init__(self, queue: CompositionQueue, group: MachineGroup, *, jobs_at_once: int, most: int) -> None:
        self._queue = queue
        self._group = group
        self._jobs_at_once = jobs_at_once
        self._most = most

    def run(self) -> int:
        """How many machines the group is to have from now on; none where nobody starts any.

        Raises:
            StoreUnavailableError: The queue or the group did not answer; the next run asks again.
        """
        if not self._most:
            return 0
        machines = self._group.size()
        wanted = composers_wanted(self._queue.count(), self._jobs_at_once, machines, self._most)
        if wanted > machines:
            log.info("composers grow from %d machines to %d", machines, wanted)
            self._group.resize(wanted)
        return wanted
