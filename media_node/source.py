"""A published video track, as the policy sees it."""

from __future__ import annotations

from dataclasses import dataclass, field

from media_node.bandwidth.best import BestLayer
from media_node.bandwidth.demand import Demand
from media_node.bandwidth.layers import TrackLayers
from media_node.meetings.model import Track
from media_node.quantities import MeetingId, ParticipantId, SlotId

Key = tuple[MeetingId, ParticipantId]
Place = tuple[Key, SlotId]


@dataclass
class Source:
    """A published video track: its layers, and who receives which."""

    meeting: MeetingId
    track: Track
    rids: tuple[str, ...]
    layers: TrackLayers
    demand: Demand[Place]
    best: BestLayer = field(default_factory=BestLayer)
    # As its sender was told last.
    best_scale: float = 1.0

    @property
    def may_be_reduced(self) -> bool:
        """Whether the best of its layers is a stream of its own, of a camera."""
        return len(self.rids) > 1 and self.track.source == "camera"
