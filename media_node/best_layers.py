"""Best layers of cameras in a size that somebody's link carries. Source: docs/bandwidth.md, section 6."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from media_node.bandwidth.receiver import Receiver, Shown
from media_node.quantities import Instant, SlotId, TrackId
from media_node.source import Key, Source

# Sizes change after seconds at the earliest, and a look costs what cameras times people do.
LOOK_SECONDS = 0.5
NEVER = Instant(float("-inf"))


@dataclass
class BestLayers:
    """The cameras of one node that somebody has less of than they want."""

    _receiver_by_key: Mapping[Key, Receiver]
    _taken_at: Instant = NEVER
    _scarce: dict[TrackId, None] = field(default_factory=dict)
    # Of the moment of one look: everybody may show all cameras, and has one link.
    _looked_at: dict[Key, tuple[Mapping[SlotId, Shown], float]] = field(default_factory=dict)

    def note(self, receiver: Receiver) -> None:
        """A receiver's slots were chosen: what its link does not carry is looked at next time."""
        for shown in receiver.shown_by_slot.values():
            if shown.reason == "bandwidth":
                self._scarce[shown.track] = None

    def take(self, now: Instant) -> list[TrackId]:
        """What has to be looked at now, all at the same moment."""
        if now - self._taken_at < LOOK_SECONDS:
            return []
        self._taken_at = now
        self._looked_at.clear()
        scarce, self._scarce = list(self._scarce), {}
        return scarce

    def fit(self, now: Instant, source: Source, is_recorded: bool) -> bool:
        """Choose the size of a best layer; returns whether it is another one from now on."""
        best, top = source.best, len(source.rids) - 1
        # Of others nothing may be known yet.
        if not source.may_be_reduced:
            return False
        if not best.is_reduced:
            best.whole_height, best.whole_bps = source.layers.best()
        if not best.is_reducible:
            return False
        is_received = source.demand.is_needed(top)
        is_turned = best.handle_seen(now, source.layers.best()[0]) or best.settle(
            now,
            is_received=is_received,
            fits_whole=best.is_reduced and (is_recorded or self._could_give(now, source, best.whole_bps)),
            fits_reduced=not is_received and self._could_give(now, source, best.reduced_bps),
        )
        if is_turned:
            source.layers.resize_best(best.height, best.bps, best.whole_bps)
        if best.is_open:
            self._scarce[source.track.id] = None
        return is_turned

    def _could_give(self, now: Instant, source: Source, cost_bps: int) -> bool:
        """Whether somebody who wants the best layer whole could be given it for what it has now."""
        for key, slot in source.demand.places:
            looked_at = self._looked_at.get(key)
            if looked_at is None:
                looked_at = self._looked_at[key] = self._look_at(now, key)
            shown_by_slot, spare_bps = looked_at
            shown = shown_by_slot.get(slot)
            if shown is None:
                continue
            has_bps = shown.rung.cost_bps if shown.rung is not None else 0
            if cost_bps - has_bps <= spare_bps and _wants_whole(shown, source):
                return True
        return False

    def _look_at(self, now: Instant, key: Key) -> tuple[Mapping[SlotId, Shown], float]:
        receiver = self._receiver_by_key.get(key)
        return (receiver.shown_by_slot, receiver.spare_bps(now)) if receiver is not None else ({}, 0.0)


def _wants_whole(shown: Shown, source: Source) -> bool:
    limit = shown.limit
    return not limit.shed and (limit.max_height is None or limit.max_height >= source.best.whole_height)
