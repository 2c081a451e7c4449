"""Which layers go where: meetings, receivers' links and tracks' layers brought together.

Inputs note what they touch; `settle` looks at that alone, in the same turn, and gives the commands to the
plane and the events for participants. Source: docs/bandwidth.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from media_node.bandwidth.best import REDUCED_SCALE
from media_node.bandwidth.demand import Demand
from media_node.bandwidth.layers import Ladder, Layer, Limit, TrackLayers
from media_node.bandwidth.receiver import UNHINDERED, Receiver, Shown
from media_node.best_layers import BestLayers
from media_node.forwarding import Forwarding
from media_node.isolation import Isolation
from media_node.meetings.events import (
    Event,
    LayersWanted,
    ParticipantJoined,
    ParticipantLeft,
    RecorderJoined,
    RecorderLeft,
    SlotLimit,
    SlotsChanged,
    SlotsLimited,
    SpeakersChanged,
    TrackUnpublished,
)
from media_node.meetings.meeting import Meeting
from media_node.meetings.model import Participant, Track
from media_node.quantities import Instant, MeetingId, ParticipantId, SlotId, TrackId
from media_node.source import Key, Place, Source

Told = dict[MeetingId, list[Event]]

SCREEN, PROMINENT, REST = 0, 1, 2
# A receiver without a connection or slots.
RECORDER = ParticipantId("recorder")


@dataclass
class Distribution:
    """The layers of all video of one node."""

    forwarding: Forwarding
    # One receiver's or track's turn that fails is its meeting's alone.
    isolation: Isolation = field(default_factory=Isolation)
    receiver_by_key: dict[Key, Receiver] = field(default_factory=dict)
    source_by_track: dict[TrackId, Source] = field(default_factory=dict)
    shed: int = 0
    # Recorded meetings: the best of each of their tracks is wanted, whoever looks.
    _recorded: set[MeetingId] = field(default_factory=set)
    _tracks_by_key: dict[Key, dict[TrackId, None]] = field(default_factory=dict)
    _speaking: dict[MeetingId, frozenset[ParticipantId]] = field(default_factory=dict)
    # What `settle` has to look at.
    _receivers: dict[Key, None] = field(default_factory=dict)
    _sources: dict[TrackId, None] = field(default_factory=dict)
    # Tracks of which time alone may change something.
    _pending: dict[TrackId, None] = field(default_factory=dict)
    # Slots for which nothing new is asked for while what their link carries is a guess.
    _guessed: dict[Place, None] = field(default_factory=dict)
    # Receivers whose estimate has changed lately: what has stood for a while counts for more.
    _trembling: dict[Key, None] = field(default_factory=dict)
    # Receivers that try something again at some time.
    _restrained: dict[Key, Instant] = field(default_factory=dict)
    _best: BestLayers = field(init=False)

    def __post_init__(self) -> None:
        self._best = BestLayers(self.receiver_by_key)

    # What happens in meetings.

    def handle_events(self, now: Instant, meeting: Meeting, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case SlotsChanged(to, track_by_slot):
                    member = meeting.receiver(to)
                    if member is not None:
                        self._show(now, meeting, member, track_by_slot)
                case SpeakersChanged(speakers):
                    self._handle_speakers(now, meeting, frozenset(one for one, _, _ in speakers))
                case TrackUnpublished(_, track):
                    self._forget_track(track)
                case ParticipantJoined(participant):
                    self.receiver_by_key[meeting.id, participant.id] = Receiver()
                case RecorderJoined(recorder):
                    self.receiver_by_key[meeting.id, recorder.id] = Receiver(is_spared=True)
                case ParticipantLeft(participant, _) | RecorderLeft(participant):
                    self._forget_participant(now, (meeting.id, participant))
                case _:
                    pass
        if not meeting.participant_by_id:
            self._speaking.pop(meeting.id, None)

    def handle_published(self, now: Instant, meeting: MeetingId, track: Track) -> None:
        """Take in a video track, or its m-line of a new connection."""
        if track.kind != "video":
            return
        rids = self.forwarding.rids_of(meeting, track)
        before = self.source_by_track.get(track.id)
        if before is not None and before.rids == rids:
            return
        layers = TrackLayers.of("text" if track.source == "screen" else "motion", len(rids))
        source = Source(meeting, track, rids, layers, Demand(max(1, len(rids)), now))
        self.source_by_track[track.id] = source
        self._tracks_by_key.setdefault((meeting, track.participant), {})[track.id] = None
        self._sources[track.id] = None
        for place in before.demand.places if before is not None else ():
            self._receivers[place[0]] = None
            source.demand.put(now, place, frozenset({0}))
        self._need_recorded(now, source)

    def handle_wish(self, now: Instant, meeting: Meeting, participant: ParticipantId, slot: SlotId) -> None:
        """A slot's limits or priority may have changed."""
        member = meeting.member(participant)
        self._show(now, meeting, member, {slot: member.carried.get(slot)})

    def handle_recording(self, now: Instant, meeting: MeetingId, is_recorded: bool) -> None:
        """A meeting is recorded from now on, or no longer."""
        (self._recorded.add if is_recorded else self._recorded.discard)(meeting)
        for source in self.source_by_track.values():
            if source.meeting == meeting:
                self._need_recorded(now, source)

    def _need_recorded(self, now: Instant, source: Source) -> None:
        best = frozenset({max(0, len(source.rids) - 1)}) if source.meeting in self._recorded else frozenset()
        source.demand.put(now, ((source.meeting, RECORDER), SlotId("")), best)
        self._sources[source.track.id] = None

    def handle_reconnected(self, now: Instant, key: Key) -> None:
        """A participant's slots are new in the plane: all is to be said again."""
        receiver = self.receiver_by_key.get(key)
        if receiver is not None:
            receiver.begin_again()
            self._receivers[key] = None
        for track in self._tracks_by_key.get(key, ()):
            # A new connection sends everything whole, and browsers begin all streams anew with an answer.
            source = self.source_by_track[track]
            source.demand.begin_again(now)
            source.best.handle_reconnected(now)
            source.best_scale = 1.0
            self._sources[track] = None

    # What the plane tells.

    def handle_estimate(self, now: Instant, transport: int, estimate_bps: float) -> None:
        key = self.forwarding.participant_by_number.get(transport)
        receiver = self.receiver_by_key.get(key) if key is not None else None
        if key is None or receiver is None:
            return
        self._trembling[key] = None
        if receiver.handle_estimate(now, estimate_bps):
            self._receivers[key] = None

    def handle_layers(self, now: Instant, track: int, layers: Iterable[Layer]) -> None:
        track_id = self.forwarding.track_of(track)
        source = self.source_by_track.get(track_id) if track_id is not None else None
        if source is not None and source.layers.handle_layers(now, layers):
            self._sources[source.track.id] = None
            self._touch(source)

    # What the node says, and time.

    def handle_shed(self, now: Instant, shed: int) -> None:
        """Take so many rungs off everybody's ladders."""
        if shed == self.shed:
            return
        self.shed = shed
        for key, receiver in self.receiver_by_key.items():
            if receiver.is_spared:
                continue
            for shown in receiver.shown_by_slot.values():
                shown.limit = Limit(shown.limit.max_height, shown.limit.max_fps, shed)
            self._receivers[key] = None

    def handle_timeout(self, now: Instant) -> None:
        """Look at layers that were asked for or let go of, and at estimates that came, a while ago."""
        for key in [key for key, until in self._restrained.items() if now >= until]:
            del self._restrained[key]
            self._receivers[key] = None
        trembling, self._trembling = self._trembling, {}
        for key in trembling:
            receiver = self.receiver_by_key.get(key)
            if receiver is not None:
                self.isolation.guard(key[0], self._look_at_estimate, now, key, receiver)
        pending, self._pending = self._pending, {}
        for track in pending:
            source = self.source_by_track.get(track)
            if source is not None:
                self.isolation.guard(source.meeting, self._look_at_layers, now, source)
        guessed, self._guessed = self._guessed, {}
        for key, slot in guessed:
            receiver = self.receiver_by_key.get(key)
            if receiver is not None and slot in receiver.shown_by_slot:
                self.isolation.guard(key[0], self._need, now, (key, slot), receiver)
        for track in self._best.take(now):
            source = self.source_by_track.get(track)
            if source is not None:
                self.isolation.guard(source.meeting, self._fit_best, now, source)

    def _look_at_estimate(self, now: Instant, key: Key, receiver: Receiver) -> None:
        if receiver.needs_choice(now):
            self._receivers[key] = None
        if receiver.is_overdrawn or not receiver.budget.is_settled(now):
            self._trembling[key] = None

    def _look_at_layers(self, now: Instant, source: Source) -> None:
        self._sources[source.track.id] = None
        if source.layers.handle_timeout(now):
            self._touch(source)

    def _fit_best(self, now: Instant, source: Source) -> None:
        if self._best.fit(now, source, source.meeting in self._recorded):
            self._sources[source.track.id] = None
            self._touch(source)

    # What follows.

    def limited(self, key: Key) -> list[SlotsLimited]:
        """The slots of a participant whose video pauses or is made smaller, as it was told of them."""
        receiver = self.receiver_by_key.get(key)
        shown_by_slot = receiver.shown_by_slot if receiver is not None else {}
        limited = {
            slot: SlotLimit(shown.track, *shown.told)
            for slot, shown in shown_by_slot.items()
            if shown.told != UNHINDERED
        }
        return [SlotsLimited(key[1], limited)] if limited else []

    def shown_slots(self, key: Key) -> list[Shown]:
        """What a participant's video slots were given."""
        receiver = self.receiver_by_key.get(key)
        slots = receiver.shown_by_slot.values() if receiver is not None else ()
        return [shown for shown in slots if shown.track in self.source_by_track]

    def shown(self, key: Key) -> list[tuple[Track, Shown, tuple[int, float]]]:
        """What a participant's video slots show: track, choice, and height and frames a second of that."""
        found = []
        for shown in self.shown_slots(key):
            source, rung = self.source_by_track[shown.track], shown.rung
            seen = source.layers.seen(rung.spatial, rung.temporal) if rung is not None else (0, 0.0)
            found.append((source.track, shown, seen))
        return found

    def settle(self, now: Instant) -> Told:
        """Choose for everybody who was touched; commands are left with `forwarding`, events returned."""
        told: Told = {}
        receivers, self._receivers = self._receivers, {}
        for key in receivers:
            receiver = self.receiver_by_key.get(key)
            if receiver is not None:
                self.isolation.guard(key[0], self._settle_receiver, now, key, receiver, told)
        sources, self._sources = self._sources, {}
        for track in sources:
            source = self.source_by_track.get(track)
            if source is not None:
                self.isolation.guard(source.meeting, self._settle_source, now, source, told)
        return told

    def _settle_receiver(self, now: Instant, key: Key, receiver: Receiver, told: Told) -> None:
        def ladder_of(track: TrackId, limit: Limit) -> Ladder:
            source = self.source_by_track.get(track)
            return source.layers.ladder(now, limit) if source is not None else Ladder(())

        for slot in receiver.choose(now, ladder_of):
            shown = receiver.shown_by_slot[slot]
            rung = shown.rung
            self.forwarding.select_layer(key, slot, (rung.spatial, rung.temporal) if rung else None)
            self._need(now, (key, slot), receiver)
        self._tell_limits(key, receiver, told)
        if receiver.is_overdrawn:
            self._trembling[key] = None
        if receiver.restraint.until is not None:
            self._restrained[key] = receiver.restraint.until
        self._best.note(receiver)
        ceiling = receiver.next_ceiling()
        if ceiling is not None:
            self.forwarding.set_send_ceiling(key, ceiling)

    def _need(self, now: Instant, place: Place, receiver: Receiver) -> None:
        shown = receiver.shown_by_slot[place[1]]
        source = self.source_by_track.get(shown.track)
        if source is None:
            return
        # The lowest layer is what a link that breaks down falls back to.
        needed = {0}
        if source.rids and shown.rung is not None:
            needed.add(shown.rung.spatial)
            if shown.above is not None:
                needed.add(shown.above)
        if receiver.budget.is_guess(now) and needed - source.demand.asked and needed & source.demand.asked:
            # An encoder that starts makes all others of its camera begin anew.
            needed &= source.demand.asked
            self._guessed[place] = None
        source.demand.put(now, place, frozenset(needed))
        self._sources[shown.track] = None

    def _tell_limits(self, key: Key, receiver: Receiver, told: Told) -> None:
        """Tell a receiver what it does not know of its slots; the reason alone is news too."""
        changed: dict[SlotId, SlotLimit] = {}
        for slot, shown in receiver.untold().items():
            shown.told = shown.standing
            changed[slot] = SlotLimit(shown.track, *shown.told)
        if changed:
            told.setdefault(key[0], []).append(SlotsLimited(key[1], changed))

    def _settle_source(self, now: Instant, source: Source, told: Told) -> None:
        demand, track = source.demand, source.track
        best_scale = REDUCED_SCALE if source.best.is_reduced else 1.0
        is_resized, source.best_scale = best_scale != source.best_scale, best_scale
        if demand.settle(now) or is_resized:
            if len(demand.asked) == demand.layers:
                wanted: bool | tuple[str, ...] = True
            else:
                wanted = (
                    tuple(source.rids[layer] for layer in sorted(demand.asked)) if demand.asked else False
                )
            spatial = demand.asked if source.rids else source.layers.spatial_layers if demand.asked else ()
            source.layers.handle_wanted(now, spatial)
            event = LayersWanted(track.participant, track.id, wanted, best_scale)
            told.setdefault(source.meeting, []).append(event)
        if not demand.is_settled or source.layers.is_waiting(now):
            self._pending[track.id] = None

    def forget_meeting(self, meeting: MeetingId) -> None:
        """Let go of everybody and everything of a meeting, without a look at them."""
        for key in [key for key in self.receiver_by_key if key[0] == meeting]:
            del self.receiver_by_key[key]
        for track in [track for track, source in self.source_by_track.items() if source.meeting == meeting]:
            del self.source_by_track[track]
        for key in [key for key in self._tracks_by_key if key[0] == meeting]:
            del self._tracks_by_key[key]
        for key in [key for key in self._restrained if key[0] == meeting]:
            del self._restrained[key]
        self._speaking.pop(meeting, None)

    # Helpers that keep the indexes.

    def _show(
        self, now: Instant, meeting: Meeting, member: Participant, track_by_slot: dict[SlotId, TrackId | None]
    ) -> None:
        key = (meeting.id, member.id)
        receiver = self.receiver_by_key[key]
        has_voices = any(member.carried.get(slot) is not None for slot in member.audio_slots)
        video = [slot for slot in track_by_slot if slot in member.video_slots]
        if video or has_voices != receiver.has_voices:
            self._receivers[key] = None
        receiver.has_voices = has_voices
        for slot in video:
            track_id = track_by_slot[slot]
            before = receiver.shown_by_slot.get(slot)
            if before is not None and before.track != track_id:
                self._turn_away(now, (key, slot), before.track)
            track = meeting.track(track_id) if track_id is not None else None
            wish = (member.wish_by_slot or {}).get(slot)
            shed = 0 if receiver.is_spared else self.shed
            limit = Limit(wish.max_height, wish.max_fps, shed) if wish else Limit(shed=shed)
            rank = self._rank(meeting.id, member, slot, track) if track is not None else (REST, 0)
            receiver.show(slot, track_id, limit, rank)

    def _rank(self, meeting: MeetingId, member: Participant, slot: SlotId, track: Track) -> tuple[int, int]:
        wish = (member.wish_by_slot or {}).get(slot)
        priority = wish.priority if wish is not None else 0
        if track.source == "screen":
            return SCREEN, -priority
        speaks = track.participant in self._speaking.get(meeting, ())
        is_prominent = priority > 0 or speaks or (wish is not None and wish.target == "speaker")
        return (PROMINENT if is_prominent else REST), -priority

    def _handle_speakers(self, now: Instant, meeting: Meeting, speaking: frozenset[ParticipantId]) -> None:
        """Who spoke last stays prominent in silence."""
        before = self._speaking.get(meeting.id, frozenset())
        if not speaking or speaking == before:
            return
        self._speaking[meeting.id] = speaking
        for participant in before ^ speaking:
            member = meeting.participant_by_id.get(participant)
            for track in member.track_by_id.values() if member is not None else ():
                source = self.source_by_track.get(track.id)
                for key, slot in source.demand.places if source is not None else ():
                    self._rank_again(meeting, key, slot, track)

    def _rank_again(self, meeting: Meeting, key: Key, slot: SlotId, track: Track) -> None:
        viewer, receiver = meeting.participant_by_id.get(key[1]), self.receiver_by_key.get(key)
        shown = receiver.shown_by_slot.get(slot) if receiver is not None else None
        if viewer is None or receiver is None or shown is None:
            return
        shown.rank = self._rank(meeting.id, viewer, slot, track)
        if not receiver.is_satisfied:
            self._receivers[key] = None

    def _touch(self, source: Source) -> None:
        for key, _ in source.demand.places:
            self._receivers[key] = None

    def _turn_away(self, now: Instant, place: Place, track: TrackId) -> None:
        source = self.source_by_track.get(track)
        if source is not None:
            source.demand.put(now, place, frozenset())
            self._sources[track] = None

    def _forget_track(self, track: TrackId) -> None:
        source = self.source_by_track.pop(track, None)
        if source is None:
            return
        self._tracks_by_key.get((source.meeting, source.track.participant), {}).pop(track, None)

    def _forget_participant(self, now: Instant, key: Key) -> None:
        receiver = self.receiver_by_key.pop(key, None)
        self._restrained.pop(key, None)
        for slot, shown in receiver.shown_by_slot.items() if receiver is not None else ():
            self._turn_away(now, (key, slot), shown.track)
        for track in list(self._tracks_by_key.pop(key, ())):
            self._forget_track(track)
