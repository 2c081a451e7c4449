"""A track's layers as a ladder: what can be received of it, from least to most, and what each rung costs.

Source: docs/bandwidth.md, section 3. Layers as in RFC 8853 (simulcast) and the AV1 RTP specification,
appendix A (scalability).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from math import inf
from typing import Literal

from media_node.quantities import Instant

# Text keeps its sharpness and loses frames, motion the other way round.
Content = Literal["motion", "text"]

# Costs fall by half in this time at most: a page is scrolled more often than that.
HALF_LIFE_SECONDS = 10.0
# What is remembered of them is looked at again after this time.
FADING_SECONDS = 1.0
# An encoder starts and its first keyframe arrives in this time, even over a slow link.
START_SECONDS = 2.0
# Frame rates are measured: 31 frames a second are the 30 that were asked for.
FPS_TOLERANCE = 1.2
# Smaller changes of a rate, and of a frame rate, change nobody's choice.
NOTICEABLE = 0.05
FPS_NOTICEABLE = 0.2
# What cameras of these heights usually take; the rung above the last takes as much again.
USUAL_BPS = (
    (180, 150_000),
    (360, 500_000),
    (480, 800_000),
    (540, 900_000),
    (720, 1_500_000),
    (1080, 3_000_000),
)
# Without any height: the lowest, each above it four times that.
FIRST_BPS = 100_000
# Higher than any temporal layer: the plane takes the best that there is.
ANY_TEMPORAL = 7
# A limit that leaves no rung at all: video pauses.
SHED_ALL = 99
# Of a layer's usual rate, the share that its lowest temporal layer takes.
BASE_SHARE = 0.6


START = Instant(0.0)


@dataclass(frozen=True)
class Layer:
    """What the plane has seen of one layer; `bitrate_bps` with all that it builds on, 0 for unknown sizes."""

    spatial: int
    temporal: int
    is_active: bool
    bitrate_bps: int
    height: int = 0
    fps: float = 0.0


@dataclass(frozen=True)
class Limit:
    """What a slot shows at most; None for no limit. `shed` rungs are taken off for the node's sake."""

    max_height: int | None = None
    max_fps: float | None = None
    shed: int = 0


@dataclass(frozen=True)
class Rung:
    spatial: int
    temporal: int
    cost_bps: int


@dataclass(frozen=True)
class Ladder:
    """Rungs, least first, costs ascending.

    `above` is the spatial layer that would come next if the sender gave it, `is_shed` says that the node
    itself left rungs out. `whole_bps` is what the best rung would take that is asked for in a smaller size.
    """

    rungs: tuple[Rung, ...]
    above: int | None = None
    is_shed: bool = False
    whole_bps: int | None = None

    @cached_property
    def costs_bps(self) -> tuple[int, ...]:
        return tuple(rung.cost_bps for rung in self.rungs)


@dataclass
class TrackLayers:
    """The layers of one track as seen over time."""

    content: Content = "motion"
    _layers: dict[tuple[int, int], Layer] = field(default_factory=dict)
    # When costs were last set, and when they may be less; each layer as it was last measured.
    _set_at: Instant = START
    _fades_at: float = inf
    _measured: dict[tuple[int, int], Layer] = field(default_factory=dict)
    # Spatial layers that the sender is asked for, since when; None: all, as at the start.
    _wanted_since: dict[int, Instant] | None = None
    # Of those, what had not come when that was last looked at; None: not looked at since they were asked for.
    _waited_for: frozenset[int] | None = None
    _ladder_by_limit: dict[Limit, Ladder] = field(default_factory=dict)
    # What the best layer would take that is asked for in a smaller size.
    _whole_bps: int | None = None
    # How many encodings were offered, as long as nothing of them has been seen.
    _unseen: int | None = None

    @classmethod
    def of(cls, content: Content, encodings: int) -> "TrackLayers":
        """A track of so many simulcast encodings, of which nothing has been seen yet."""
        layers = [Layer(spatial, ANY_TEMPORAL, False, 0) for spatial in range(encodings)]
        by_place = {(layer.spatial, layer.temporal): layer for layer in layers}
        return cls(content, by_place, _unseen=encodings)

    def handle_layers(self, now: Instant, layers: Iterable[Layer]) -> bool:
        """Take what the plane sees; returns whether costs or what can be had have changed."""
        # A layer that goes away now would keep what nobody has looked at since.
        has_faded = now >= self._fades_at and self._take(now, self._measured)
        measured = {(layer.spatial, layer.temporal): layer for layer in layers}
        self._measured.update(measured)
        return self._take(now, measured) or has_faded

    def _take(self, now: Instant, measured: dict[tuple[int, int], Layer]) -> bool:
        """Let costs rise to what was measured, or fall towards it; returns whether that is worth a look."""
        fading = 0.5 ** (max(0.0, now - self._set_at) / HALF_LIFE_SECONDS)
        seen = {
            key: _remembered(self._layers[key], layer, fading) if key in self._layers else layer
            for key, layer in measured.items()
        }
        is_fading = any(_is_dearer(layer, self._measured[key]) for key, layer in seen.items())
        self._fades_at = now + FADING_SECONDS if is_fading else inf
        if all(key in self._layers and _is_alike(self._layers[key], one) for key, one in seen.items()):
            return False
        for spatial, _ in seen:
            self._layers.pop((spatial, ANY_TEMPORAL), None)
        self._layers.update(seen)
        self._set_at = now
        self._unseen = None
        self._ladder_by_limit.clear()
        return True

    def handle_wanted(self, now: Instant, spatial_layers: Iterable[int]) -> None:
        """Note what the sender is asked for from now on."""
        before = self._wanted_since or {}
        self._wanted_since = {spatial: before.get(spatial, now) for spatial in spatial_layers}
        self._waited_for = None
        self._ladder_by_limit.clear()

    def resize_best(self, height: int, bitrate_bps: int, whole_bps: int) -> None:
        """The best layer is asked for in another size from now on: what was measured of it holds no longer.

        Args:
            bitrate_bps: What it will take, and `whole_bps` what it would take in its whole size.
        """
        change = bitrate_bps / max(1, self.best()[1])
        best = self.spatial_layers[-1]
        for key, layer in self._layers.items():
            if key[0] == best:
                resized = int(layer.bitrate_bps * change)
                self._layers[key] = replace(layer, height=height, bitrate_bps=resized)
                self._measured.pop(key, None)
        self._whole_bps = whole_bps if whole_bps > bitrate_bps else None
        self._ladder_by_limit.clear()

    def best(self) -> tuple[int, int]:
        """Height in pixels, 0 for unknown, and bits per second of the best layer, as known or as usual."""
        heights = self._known_heights()
        spatial = self.spatial_layers[-1]
        costs = [self._rung(heights, *key).cost_bps for key in self._layers if key[0] == spatial]
        return heights[spatial], max(costs)

    def handle_timeout(self, now: Instant) -> bool:
        """Look again at what is silent: time alone takes layers off the ladder. Returns whether it did."""
        waited_for, self._waited_for = self._waited_for, self._waiting(now)
        if self._waited_for == waited_for:
            return False
        self._ladder_by_limit.clear()
        return True

    @property
    def spatial_layers(self) -> list[int]:
        return sorted({spatial for spatial, _ in self._layers})

    def is_waiting(self, now: Instant) -> bool:
        """Whether a layer was asked for and may still come."""
        return bool(self._waiting(now))

    def _waiting(self, now: Instant) -> frozenset[int]:
        return frozenset(
            spatial
            for spatial, since in (self._wanted_since or {}).items()
            if now - since < START_SECONDS and not self._is_active(spatial)
        )

    def ladder(self, now: Instant, limit: Limit) -> Ladder:
        """What a slot with this limit can be given. Asked for often: kept until something changes."""
        if self._unseen is not None:
            return _expected_ladder(self.content, self._unseen, limit)
        if now >= self._fades_at:
            self._take(now, self._measured)
        ladder = self._ladder_by_limit.get(limit)
        if ladder is None:
            ladder = self._ladder_by_limit[limit] = self._build(now, limit)
        return ladder

    def _build(self, now: Instant, limit: Limit) -> Ladder:
        if limit.shed >= SHED_ALL:
            return Ladder((), None, True)
        if not self._layers:
            # Nothing has arrived yet: the lowest resolution, whatever its frame rates will be.
            return Ladder((Rung(0, ANY_TEMPORAL, FIRST_BPS),))
        visible = self._visible(limit)
        given = self._given(now, visible)
        missing = [spatial for spatial in visible if spatial > given[-1]]
        heights = self._known_heights()
        rungs = _ascending([self._rung(heights, *step) for step in self._path(given, limit)])
        kept = rungs[: max(1, len(rungs) - limit.shed)]
        whole_bps = self._whole_bps if kept[-1].spatial == self.spatial_layers[-1] else None
        return Ladder(tuple(kept), missing[0] if missing else None, len(kept) < len(rungs), whole_bps)

    def _visible(self, limit: Limit) -> list[int]:
        """Spatial layers that do not exceed the slot, the lowest in any case."""
        everything = self.spatial_layers
        bound = limit.max_height
        if bound is None:
            return everything
        heights = self._known_heights()
        return [one for one in everything if heights[one] <= bound] or everything[:1]

    def _path(self, spatial_layers: Sequence[int], limit: Limit) -> list[tuple[int, int]]:
        """The way up the grid, as (spatial, temporal)."""
        temporal = {spatial: self._temporal(spatial, limit) for spatial in spatial_layers}
        lowest, highest = spatial_layers[0], spatial_layers[-1]
        if self.content == "text":
            path = [(spatial, temporal[spatial][0]) for spatial in spatial_layers]
            return path + [(highest, one) for one in temporal[highest][1:]]
        path = [(lowest, one) for one in temporal[lowest]]
        return path + [(spatial, temporal[spatial][-1]) for spatial in spatial_layers[1:]]

    def _temporal(self, spatial: int, limit: Limit) -> list[int]:
        found = sorted(
            (layer for key, layer in self._layers.items() if key[0] == spatial), key=lambda one: one.temporal
        )
        bound = limit.max_fps
        fitting = [one.temporal for one in found if bound is None or one.fps <= bound * FPS_TOLERANCE]
        return fitting or [found[0].temporal]

    def _rung(self, heights: dict[int, int], spatial: int, temporal: int) -> Rung:
        layer = self._layers[spatial, temporal]
        return Rung(spatial, temporal, layer.bitrate_bps or self._expected_bps(heights, layer))

    def _expected_bps(self, heights: dict[int, int], layer: Layer) -> int:
        height = heights[layer.spatial]
        usual = next((bps for known, bps in USUAL_BPS if height <= known), 2 * USUAL_BPS[-1][1])
        if height == 0:
            usual = FIRST_BPS * 4 ** list(heights).index(layer.spatial)
        steps = [one.temporal for key, one in self._layers.items() if key[0] == layer.spatial]
        share = BASE_SHARE + (1 - BASE_SHARE) * layer.temporal / max(1, *steps)
        return int(usual * share)

    def seen(self, spatial: int, temporal: int) -> tuple[int, float]:
        """Height in pixels and frames a second of what has been seen of a layer, 0 for nothing."""
        of_layer = [layer for key, layer in self._layers.items() if key[0] == spatial]
        height = max((layer.height for layer in of_layer), default=0)
        return height, max((layer.fps for layer in of_layer if layer.temporal <= temporal), default=0.0)

    def _known_heights(self) -> dict[int, int]:
        """The height of each spatial layer, lowest first; 0 where nothing is known of any."""
        seen = dict.fromkeys(self.spatial_layers, 0)
        for (spatial, _), layer in self._layers.items():
            seen[spatial] = max(seen[spatial], layer.height)
        return _heights(seen)

    def _is_active(self, spatial: int) -> bool:
        return any(layer.is_active for key, layer in self._layers.items() if key[0] == spatial)

    def _given(self, now: Instant, visible: Sequence[int]) -> Sequence[int]:
        """Of some spatial layers, those that the sender sends, or can be expected to when it is asked."""
        if not any(self._is_active(spatial) for spatial in self.spatial_layers):
            # Nothing at all moves, such as a still screen: that is no sign of a weak link.
            return visible
        given, is_weak = [], False
        for spatial in visible:
            is_active = self._is_active(spatial)
            is_weak |= not is_active and self._is_refused(now, spatial)
            # A sender that cannot give one layer cannot give a better one that it does not send either.
            if is_active or not is_weak:
                given.append(spatial)
        return given or visible[:1]

    def _is_refused(self, now: Instant, spatial: int) -> bool:
        """Whether a silent layer was asked for long enough ago. At the start all are."""
        if self._wanted_since is None:
            return True
        since = self._wanted_since.get(spatial)
        return since is not None and now - since >= START_SECONDS


@lru_cache(256)
def _expected_ladder(content: Content, encodings: int, limit: Limit) -> Ladder:
    """What all tracks of which nothing has been seen have in common, whatever was asked of their senders."""
    return TrackLayers.of(content, encodings)._build(START, limit)


def _remembered(known: Layer, seen: Layer, fading: float) -> Layer:
    """Costs rise at once and fall slowly; of a layer that is away nothing is forgotten."""
    remembered = int(known.bitrate_bps * fading) if known.is_active else known.bitrate_bps
    return replace(
        seen,
        bitrate_bps=max(seen.bitrate_bps, remembered) if seen.is_active else known.bitrate_bps,
        height=seen.height or known.height,
        fps=seen.fps or known.fps,
    )


def _is_dearer(remembered: Layer, measured: Layer) -> bool:
    return measured.is_active and remembered.bitrate_bps > (1 + NOTICEABLE) * measured.bitrate_bps


def _is_alike(known: Layer, seen: Layer) -> bool:
    """Whether a change is too small to look at anybody's choice again."""
    return (
        known.is_active == seen.is_active
        and known.height == seen.height
        and abs(known.bitrate_bps - seen.bitrate_bps) <= NOTICEABLE * known.bitrate_bps
        and abs(known.fps - seen.fps) <= FPS_NOTICEABLE * known.fps
    )


def _heights(known: dict[int, int]) -> dict[int, int]:
    """Heights by spatial layer; unknown ones follow from a known one, each layer doubling the one below."""
    anchor = next(((spatial, height) for spatial, height in reversed(known.items()) if height), None)
    if anchor is None:
        return known
    spatial_known, height_known = anchor
    return {
        spatial: height or int(height_known * 2.0 ** (spatial - spatial_known))
        for spatial, height in known.items()
    }


def _ascending(rungs: Sequence[Rung]) -> list[Rung]:
    """Without rungs that cost as much as a better one."""
    kept: list[Rung] = []
    for rung in reversed(rungs):
        if not kept or rung.cost_bps < kept[-1].cost_bps:
            kept.append(rung)
    return kept[::-1]
