"""One receiver's link: what its slots show, and which layer each gets now.

Owns nothing of tracks: their ladders are asked for. Source: docs/bandwidth.md, sections 1 to 5.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from media_node.bandwidth.allocate import MARGIN, PAUSED, Wish, allocate, ceiling
from media_node.bandwidth.budget import Budget
from media_node.bandwidth.layers import Ladder, Limit, Rung
from media_node.bandwidth.restraint import Restraint
from media_node.quantities import Instant, SlotId, TrackId

# What one voice needs; set aside as long as somebody could be heard.
VOICE_BPS = 32_000
# A picture that came to cost more than is known to be carried stays for so long: a keyframe passes, and the
# first probe or the one half a second later finds out what the link carries.
PATIENCE_SECONDS = 1.0
# A prober is told of somewhat more than is wanted, and need not be told anew while that is about enough.
CEILING_SLACK, CEILING_TOO_MUCH = 1.05, 1.15

# Why a slot has what it has: all that it shows, or what stands in the way of more.
Reason = Literal["wish", "bandwidth", "sender", "node"]
# What takes something away from a receiver; what is not wished or not sent is no news to it.
Limitation = Literal["bandwidth", "node"]
LadderOf = Callable[[TrackId, Limit], Ladder]


class Standing(NamedTuple):
    """What a receiver is told of a slot: whether its picture pauses, and what it pauses or is smaller for."""

    is_paused: bool = False
    limitation: Limitation | None = None


UNHINDERED = Standing()


@dataclass
class Shown:
    """A track in a slot. `rung` is what it has, None while paused; `is_fresh` until it was looked at."""

    track: TrackId
    limit: Limit
    rank: tuple[int, int]
    rung: Rung | None = None
    above: int | None = None
    reason: Reason = "wish"
    is_fresh: bool = True
    # What its receiver was told last. Of a track that has just come into a slot it takes nothing for granted.
    told: Standing = UNHINDERED

    @property
    def standing(self) -> Standing:
        limitation = self.reason if self.reason in ("bandwidth", "node") else None
        return Standing(self.rung is None, limitation)


@dataclass
class Receiver:
    """The downlink of one participant."""

    budget: Budget = field(default_factory=Budget)
    restraint: Restraint = field(default_factory=Restraint)
    shown_by_slot: dict[SlotId, Shown] = field(default_factory=dict)
    has_voices: bool = False
    # A recorder: it gets the best of everything, also from a node that is short of CPU.
    is_spared: bool = False
    ceiling_bps: int = 0
    # Whether more bits would change anything.
    is_satisfied: bool = False
    _used_bps: float = 0.0
    # What the slots could use as they were last looked at, audio aside.
    _wanted_bps: int = 0
    # Since when the lowest rungs that are held do not fit.
    _overdrawn_at: Instant | None = None

    def show(self, slot: SlotId, track: TrackId | None, limit: Limit, rank: tuple[int, int]) -> None:
        """Let a slot show a track, or what it shows be wanted otherwise."""
        shown = self.shown_by_slot.get(slot)
        if track is None:
            self.shown_by_slot.pop(slot, None)
        elif shown is None or shown.track != track:
            self.shown_by_slot[slot] = Shown(track, limit, rank)
        else:
            shown.limit, shown.rank = limit, rank

    def begin_again(self) -> None:
        """Its slots are new: all choices are to be told again."""
        self.ceiling_bps = 0
        for shown in self.shown_by_slot.values():
            shown.is_fresh = True

    def handle_estimate(self, now: Instant, estimate_bps: float) -> bool:
        """Take an estimate; returns whether slots have to be looked at."""
        self.budget.handle_estimate(now, estimate_bps)
        return self.needs_choice(now)

    def needs_choice(self, now: Instant) -> bool:
        """Whether what its link carries now speaks for another choice."""
        return not self.is_satisfied or self.budget.spendable(now) < self._used_bps

    @property
    def audio_bps(self) -> int:
        return VOICE_BPS if self.has_voices else 0

    def choose(self, now: Instant, ladder_of: LadderOf) -> Iterable[SlotId]:
        """Choose the layers of all slots; returns those whose choice, or what they wait for, has changed."""
        slots = list(self.shown_by_slot.items())
        ladders = [ladder_of(shown.track, shown.limit) for _, shown in slots]
        self._wanted_bps = sum(ladder.whole_bps or ladder.costs_bps[-1] for ladder in ladders if ladder.rungs)
        chosen = self._allocate(now, [shown for _, shown in slots], ladders)
        self._note_steps(now, (shown for _, shown in slots), ladders, chosen)
        changed = []
        self._used_bps, self.is_satisfied = float(self.audio_bps), True
        for (slot, shown), ladder, index in zip(slots, ladders, chosen, strict=True):
            self._used_bps += ladder.rungs[index].cost_bps if index != PAUSED else 0
            self.is_satisfied &= index == len(ladder.rungs) - 1
            if _take(shown, ladder, index):
                changed.append(slot)
        return changed

    def _note_steps(
        self, now: Instant, shown: Iterable[Shown], ladders: Iterable[Ladder], chosen: Iterable[int]
    ) -> None:
        """Tell the restraint of steps up, and of what was held that the link does not carry."""
        held_bps, steps = float(self.audio_bps), [0]
        for one, ladder, index in zip(shown, ladders, chosen, strict=True):
            held = _held(one, ladder)
            if held is None or not ladder.rungs:
                continue
            steps.append(index - held)
            held_bps += ladder.rungs[held].cost_bps if held != PAUSED else 0
        self.restraint.handle_time(now)
        if max(steps) > 0:
            self.restraint.handle_raise(now)
        elif min(steps) < 0 and held_bps > self.budget.spendable(now):
            self.restraint.handle_fall(now, held_bps)

    def spare_bps(self, now: Instant) -> float:
        """What a step up may take besides what is in use, its margin left aside."""
        steady = self.budget.steady(now)
        fitting = min(self.budget.spendable(now), steady) / MARGIN
        return min(fitting, self.restraint.bound_bps(now, steady)) - self._used_bps

    def untold(self) -> dict[SlotId, Shown]:
        """The slots of which the receiver knows something else than what is so after a choice."""
        return {slot: shown for slot, shown in self.shown_by_slot.items() if shown.standing != shown.told}

    def _allocate(self, now: Instant, shown: Sequence[Shown], ladders: Sequence[Ladder]) -> list[int]:
        """The rung for each slot."""
        if self.budget.is_unknown:
            # As after every join: everybody has what the steps of the allocation would come to.
            return [len(ladder.rungs) - 1 for ladder in ladders]
        wishes = [
            Wish(one.rank, ladder.costs_bps, _held(one, ladder))
            for one, ladder in zip(shown, ladders, strict=True)
        ]
        spendable, steady = self.budget.spendable(now), self.budget.steady(now)
        if self._is_patient(now, wishes):
            wishes = [replace(wish, is_kept=_has_some(wish)) for wish in wishes]
        bound = self.restraint.bound_bps(now, steady)
        return allocate(spendable, steady, wishes, self.audio_bps, bound)

    @property
    def is_overdrawn(self) -> bool:
        """Whether time alone takes something away."""
        return self._overdrawn_at is not None

    def _is_patient(self, now: Instant, wishes: Iterable[Wish]) -> bool:
        """Whether lowest rungs that are held stay though they do not fit: not where the link broke down."""
        lowest = sum(wish.costs_bps[0] for wish in wishes if _has_some(wish))
        if lowest == 0 or self.audio_bps + lowest <= self.budget.spendable(now):
            self._overdrawn_at = None
            return False
        if self._overdrawn_at is None:
            self._overdrawn_at = now
        return not self.budget.has_fallen(now) and now - self._overdrawn_at < PATIENCE_SECONDS

    def next_ceiling(self) -> int | None:
        """What the prober shall look for after a choice, when that has changed."""
        wanted = ceiling(self._wanted_bps + self.audio_bps)
        # Never less than is wanted: a path that is known to carry a little less would be probed no more.
        if wanted <= self.ceiling_bps <= wanted * CEILING_TOO_MUCH:
            return None
        self.ceiling_bps = round(wanted * CEILING_SLACK)
        return self.ceiling_bps


def _has_some(wish: Wish) -> bool:
    return wish.held is not None and wish.held != PAUSED and bool(wish.costs_bps)


def _held(shown: Shown, ladder: Ladder) -> int | None:
    """The rung of today's ladder that comes nearest to what the slot has, from below."""
    if shown.is_fresh:
        return None
    if shown.rung is None:
        return PAUSED
    has = (shown.rung.spatial, shown.rung.temporal)
    below = [index for index, rung in enumerate(ladder.rungs) if (rung.spatial, rung.temporal) <= has]
    # What is left of a ladder that lost its lower rungs costs no more than what it has.
    return below[-1] if below else 0


def _take(shown: Shown, ladder: Ladder, index: int) -> bool:
    """Note a choice; returns whether the plane or the sender has to hear of it."""
    rung = ladder.rungs[index] if index != PAUSED else None
    is_top = index == len(ladder.rungs) - 1
    above = ladder.above if is_top else None
    before = (shown.rung and (shown.rung.spatial, shown.rung.temporal), shown.above)
    after = (rung and (rung.spatial, rung.temporal), above)
    is_changed = shown.is_fresh or before != after
    shown.rung, shown.above, shown.is_fresh = rung, above, False
    shown.reason = _reason(ladder, is_top, above)
    return is_changed


def _reason(ladder: Ladder, is_top: bool, above: int | None) -> Reason:
    if not is_top or ladder.whole_bps is not None:
        return "bandwidth"
    if ladder.is_shed:
        return "node"
    return "wish" if above is None else "sender"
