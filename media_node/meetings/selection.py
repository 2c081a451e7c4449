"""What each slot of each participant carries, kept true as tracks, wishes and speakers change.

Every change notes which places it touches, and `settle` looks at those alone: in a meeting of a thousand a
muted camera costs as much as it has viewers. Audio slots carry the plane's positions, video slots the wishes
of their viewer, or the most wanted tracks where it has none.
"""

from collections.abc import Sequence

from media_node.bandwidth.prioritize import Candidate, Ranking, fill_places
from media_node.meetings.model import Participant, Track, Wish
from media_node.quantities import ParticipantId, SlotId, TrackId

Place = tuple[ParticipantId, SlotId]
Changes = dict[ParticipantId, dict[SlotId, TrackId | None]]

# A participant publishes one camera and one screen, which it does not see itself.
OWN_TRACKS = 2


class Selection:
    """The slots of one meeting."""

    def __init__(self) -> None:
        self._viewers: dict[ParticipantId, Participant] = {}
        self._tracks: dict[TrackId, Track] = {}
        self._cameras = Ranking()
        self._screens = Ranking()
        self._places_by_track: dict[TrackId, dict[Place, None]] = {}
        # Of viewers that decide for themselves, by a track's id, "speaker" or "screen".
        self._places_by_target: dict[str, dict[Place, None]] = {}
        # The others, by their number of slots, with the most wanted tracks that they were last given.
        self._automatic: dict[int, dict[ParticipantId, None]] = {}
        self._given: dict[int, list[frozenset[str]]] = {}
        self._heads: dict[str, list[str]] = {"speaker": [], "screen": []}
        # Of the rankings, as followers were last given what they say.
        self._followed = (0, 0)
        self._positions: list[TrackId | None] = []
        # What `settle` has to look at, in order of being touched.
        self._places: dict[Place, None] = {}
        self._touched: dict[ParticipantId, None] = {}
        self._changes: Changes = {}

    def places_of(self, track: TrackId) -> list[Place]:
        """Where a track is carried."""
        return list(self._places_by_track.get(track, ()))

    # What changes.

    def add_viewer(self, viewer: Participant) -> None:
        """Take in a participant, or the slots that it has now."""
        self._viewers[viewer.id] = viewer
        for slot, track in viewer.carried.items():
            self._note(viewer.id, slot, track)
        if viewer.wish_by_slot is not None:
            kept = {slot: wish for slot, wish in viewer.wish_by_slot.items() if slot in viewer.video_slots}
            viewer.wish_by_slot = {}
            for slot, wish in kept.items():
                self._put_wish(viewer, slot, wish)
        elif viewer.may_subscribe:
            self._automatic.setdefault(len(viewer.video_slots), {})[viewer.id] = None
        self._touched[viewer.id] = None
        for index, track in enumerate(self._positions):
            self._put_position(viewer, index, track)

    def remove_viewer(self, viewer: Participant) -> None:
        """Forget a participant's slots, before they change or because it leaves."""
        for slot, track in viewer.carried.items():
            self._drop(viewer.id, slot, track)
        for slot, wish in (viewer.wish_by_slot or {}).items():
            self._drop_wish(viewer.id, slot, wish)
        for group in self._automatic.values():
            group.pop(viewer.id, None)
        del self._viewers[viewer.id]

    def wish(self, viewer: Participant, slot: SlotId, wish: Wish) -> None:
        """Let a viewer decide for itself; what its other slots carry becomes its wish."""
        if viewer.wish_by_slot is None:
            self._automatic.get(len(viewer.video_slots), {}).pop(viewer.id, None)
            viewer.wish_by_slot = {}
            for other in viewer.video_slots:
                carried = viewer.carried.get(other)
                if carried is not None:
                    self._put_wish(viewer, other, Wish(carried))
        before = viewer.wish_by_slot.get(slot)
        if before is not None:
            self._drop_wish(viewer.id, slot, before)
        self._put_wish(viewer, slot, wish)

    def put_track(self, track: Track, spoke: int) -> None:
        """Take in a video track, or its new state; muted ones are shown only where they are asked for."""
        is_new = track.id not in self._tracks
        self._tracks[track.id] = track
        ranking = self._screens if track.source == "screen" else self._cameras
        if track.is_muted:
            ranking.remove(track.id)
        else:
            ranking.put(Candidate(track.id, spoke, track.order))
        if is_new:
            self._places.update(self._places_by_target.get(track.id, {}))

    def remove_track(self, track: TrackId) -> None:
        """A track of either kind is gone."""
        self._tracks.pop(track, None)
        self._cameras.remove(track)
        self._screens.remove(track)
        self._positions = [None if held == track else held for held in self._positions]
        for participant, slot in self.places_of(track):
            viewer = self._viewers[participant]
            self._carry(viewer, slot, None)
            if slot in viewer.video_slots:
                self._places[participant, slot] = None

    def put_positions(self, positions: Sequence[TrackId | None]) -> None:
        """Let everybody's audio slots follow the plane."""
        for index, track in enumerate(positions):
            if index < len(self._positions) and self._positions[index] == track:
                continue
            for viewer in self._viewers.values():
                self._put_position(viewer, index, track)
        self._positions = list(positions)

    # What follows.

    def settle(self) -> Changes:
        """What slots carry from now on, where that is something else than before."""
        self._touch_followers()
        for participant in self._touched:
            viewer = self._viewers.get(participant)
            if viewer is not None:
                self._settle_viewer(viewer)
        for participant, slot in self._places:
            viewer = self._viewers.get(participant)
            if viewer is not None and participant not in self._touched:
                self._settle_place(viewer, slot)
        self._places, self._touched = {}, {}
        changes, self._changes = self._changes, {}
        return {viewer: slots for viewer, slots in changes.items() if viewer in self._viewers}

    def _touch_followers(self) -> None:
        """Find those who follow a ranking whose top has changed; a newcomer is looked at anyway."""
        followed = (self._screens.version, self._cameras.version)
        if followed == self._followed:
            return
        self._followed = followed
        for count, group in self._automatic.items():
            wanted = self._most_wanted(count + OWN_TRACKS)
            given = [frozenset(wanted[: count + own]) for own in range(OWN_TRACKS + 1)]
            if self._given.get(count) != given:
                self._given[count] = given
                self._touched.update(group)
        heads = {"speaker": self._cameras.first(2), "screen": self._screens.latest(2)}
        for target, head in heads.items():
            if self._heads[target] != head:
                self._places.update(self._places_by_target.get(target, {}))
        self._heads = heads

    def _most_wanted(self, count: int) -> list[str]:
        return [*self._screens.first(count), *self._cameras.first(count)][:count]

    def _settle_viewer(self, viewer: Participant) -> None:
        if viewer.wish_by_slot is not None or not viewer.may_subscribe:
            for slot in viewer.video_slots:
                self._settle_place(viewer, slot)
            return
        current = [viewer.carried.get(slot) for slot in viewer.video_slots]
        ranked = [TrackId(track) for track in self._most_wanted(len(current) + OWN_TRACKS)]
        wanted = [track for track in ranked if self._tracks[track].participant != viewer.id]
        for slot, track in zip(viewer.video_slots, fill_places(current, wanted), strict=True):
            self._carry(viewer, slot, track)

    def _settle_place(self, viewer: Participant, slot: SlotId) -> None:
        if viewer.wish_by_slot is None and viewer.may_subscribe:
            self._settle_viewer(viewer)
            return
        wish = (viewer.wish_by_slot or {}).get(slot)
        may_have = viewer.may_subscribe and wish is not None and wish.target is not None
        self._carry(viewer, slot, self._wished(viewer, str(wish.target)) if wish and may_have else None)

    def _wished(self, viewer: Participant, target: str) -> TrackId | None:
        named = self._heads.get(target, [target])
        for name in named:
            track = self._tracks.get(TrackId(name))
            if track is not None and track.participant != viewer.id:
                return track.id
        return None

    def _put_position(self, viewer: Participant, index: int, track: TrackId | None) -> None:
        if index < len(viewer.audio_slots):
            is_own = track is not None and track in viewer.track_by_id
            self._carry(viewer, viewer.audio_slots[index], None if is_own else track)

    # The indexes.

    def _carry(self, viewer: Participant, slot: SlotId, track: TrackId | None) -> None:
        before = viewer.carried.get(slot)
        if before == track:
            return
        self._drop(viewer.id, slot, before)
        viewer.carried[slot] = track
        self._note(viewer.id, slot, track)
        self._changes.setdefault(viewer.id, {})[slot] = track

    def _note(self, participant: ParticipantId, slot: SlotId, track: TrackId | None) -> None:
        if track is not None:
            self._places_by_track.setdefault(track, {})[participant, slot] = None

    def _drop(self, participant: ParticipantId, slot: SlotId, track: TrackId | None) -> None:
        places = self._places_by_track.get(track) if track is not None else None
        if places is not None and track is not None:
            places.pop((participant, slot), None)
            if not places:
                del self._places_by_track[track]

    def _put_wish(self, viewer: Participant, slot: SlotId, wish: Wish) -> None:
        assert viewer.wish_by_slot is not None
        viewer.wish_by_slot[slot] = wish
        if wish.target is not None:
            self._places_by_target.setdefault(wish.target, {})[viewer.id, slot] = None
        self._places[viewer.id, slot] = None

    def _drop_wish(self, participant: ParticipantId, slot: SlotId, wish: Wish) -> None:
        places = self._places_by_target.get(wish.target) if wish.target is not None else None
        if places is not None and wish.target is not None:
            places.pop((participant, slot), None)
            if not places:
                del self._places_by_target[wish.target]
