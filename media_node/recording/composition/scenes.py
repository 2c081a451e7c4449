"""The state of the meeting at each moment of a minute, as scenes: what is on the picture from which tick on.

Pure but for its questions to the catalog.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from media_node.recording.composition.axis import Stretch, merged
from media_node.recording.composition.catalog import Catalog, Clip, Track
from media_node.recording.composition.layout import LayoutName, Size, Stage, Subject, arrange
from media_node.recording.composition.plan import HELD_US, Card, Cell, Scene
from media_node.recording.composition.timeline import UNSEEN_ROLES, Timeline
from media_node.recording.manifest import Span

LOST = Card("Picture lost here")
NOBODY = Card("Nobody is here")
PICTURE_SOURCES = frozenset({"camera", "screen"})


@dataclass(frozen=True)
class Shot:
    """A track in a stretch: when it has a picture, when it lost it, and the clips; wall-clock time."""

    track: Track
    on: tuple[Span, ...]
    lost: tuple[Span, ...]
    clips: tuple[Clip, ...]

    def is_on(self, at_us: int) -> bool:
        return any(span.start_us <= at_us < span.end_us for span in self.on)

    def is_lost(self, at_us: int) -> bool:
        return any(span.start_us <= at_us < span.end_us for span in self.lost)


@dataclass(frozen=True)
class Speaking:
    """Who speaks: at the begin of a minute, and the changes in it, by film time."""

    current: str | None
    heard: tuple[str, ...]
    changes: tuple[tuple[int, str], ...] = ()

    def at(self, film_us: int) -> tuple[str | None, tuple[str, ...]]:
        """The speaker and who was heard, the latest first."""
        spoke = [participant for since, participant in self.changes if since <= film_us]
        current = spoke[-1] if spoke else self.current
        return current, tuple(dict.fromkeys([*reversed(spoke), *self.heard]))


@dataclass(frozen=True)
class Staging:
    """What all minutes of a film have in common."""

    timeline: Timeline
    holes: tuple[Span, ...]
    layout: LayoutName
    size: Size
    rate: int
    # People whom the log does not know, by their tracks: from the first to the end of the last.
    strangers: Mapping[str, Span]
    # From when on, by the wall clock, hosts had another layout; ascending.
    rearrangements: tuple[tuple[int, LayoutName], ...] = ()

    def layout_at(self, at_us: int) -> LayoutName:
        """The layout of a moment by the wall clock."""
        chosen = [layout for since, layout in self.rearrangements if since <= at_us]
        return chosen[-1] if chosen else self.layout

    def tick(self, film_us: int) -> int:
        """The tick that is nearest to a moment."""
        return (2 * film_us * self.rate + 1_000_000) // 2_000_000

    def middle_us(self, tick: int) -> int:
        return (2 * tick + 1) * 1_000_000 // (2 * self.rate)


def shots(catalog: Catalog, wall: Span) -> list[Shot]:
    """The pictures of a stretch of time; a picture is held over short holes, also those at its ends."""
    wide = Span(wall.start_us - HELD_US, wall.end_us + HELD_US)
    found = []
    for track in catalog.tracks(wide):
        if track.source not in PICTURE_SOURCES:
            continue
        clips = catalog.clips(track.id, wide)
        losses = [one for one in catalog.losses(track.id, wide) if one.end_us - one.start_us > HELD_US]
        on = merged([clip.span for clip in clips], HELD_US)
        found.append(Shot(track, tuple(on), tuple(losses), tuple(clips)))
    return found


def scenes_of(staging: Staging, stretch: Stretch, shown: Sequence[Shot], speaking: Speaking) -> list[Scene]:
    """The scenes of one stretch: where something changes, and at its begin."""
    first, end = staging.tick(stretch.start_us), staging.tick(stretch.end_us)
    if first >= end:
        return []
    if stretch.paused_us:
        return [Scene(first, card=Card("Recording paused", f"for {length_text(stretch.paused_us)}"))]
    moments = {stretch.start_us, *(since for since, _ in speaking.changes)}
    moments |= {wall + stretch.shift_us for wall in _changes(staging, shown)}
    ticks = sorted({max(first, staging.tick(moment)) for moment in moments if moment < stretch.end_us})
    scenes: list[Scene] = []
    for tick in ticks:
        if tick >= end:
            continue
        scene = _scene(staging, stretch, shown, speaking, tick)
        if not scenes or not _same(scenes[-1], scene):
            scenes.append(scene)
    return scenes


def _changes(staging: Staging, shown: Sequence[Shot]) -> Iterable[int]:
    """Moments, by the wall clock, at which a scene may change."""
    yield from (since for since, _ in staging.rearrangements)
    spans = [*staging.holes, *staging.strangers.values()]
    for shot in shown:
        spans += [*shot.on, *shot.lost]
    for person in staging.timeline.people.values():
        spans += person.here
        yield from (since for since, _ in person.names)
    for span in spans:
        yield span.start_us
        yield span.end_us


def _scene(staging: Staging, stretch: Stretch, shown: Sequence[Shot], speaking: Speaking, tick: int) -> Scene:
    film_us = staging.middle_us(tick)
    at_us = film_us - stretch.shift_us
    if any(hole.start_us <= at_us < hole.end_us for hole in staging.holes):
        return Scene(tick, card=LOST)
    cameras, screens, lost = _pictures_at(shown, at_us)
    speaker, heard = speaking.at(film_us)
    people = _people_at(staging, at_us, cameras)
    stage = Stage(people, tuple(screens), speaker if speaker in people else None, heard)
    arranged = arrange(staging.layout_at(at_us), stage, staging.size)
    if not arranged.tiles:
        return Scene(
            tick, card=Card(staging.timeline.title, NOBODY.text) if staging.timeline.title else NOBODY
        )
    cells = []
    for tile in arranged.tiles:
        subject = tile.subject
        track = (screens if subject.is_screen else cameras).get(subject.participant)
        name = staging.timeline.name(subject.participant, at_us)
        cells.append(
            Cell(
                tile.rect,
                subject.participant,
                f"{name} (screen)" if subject.is_screen else name,
                not subject.is_screen and subject.participant == stage.speaker,
                track,
                LOST if track is None and subject in lost else None,
            )
        )
    return Scene(tick, tuple(cells), hidden=arranged.hidden)


def _pictures_at(
    shown: Sequence[Shot], at_us: int
) -> tuple[dict[str, str], dict[str, str], frozenset[Subject]]:
    """Tracks of cameras and of screens by participant, the latest begun last, and what is lost then."""
    cameras: dict[str, str] = {}
    screens: dict[str, str] = {}
    lost: set[Subject] = set()
    for shot in shown:
        participant, is_screen = shot.track.participant, shot.track.source == "screen"
        pictures = screens if is_screen else cameras
        if shot.is_on(at_us):
            pictures.pop(participant, None)
            pictures[participant] = shot.track.id
        elif shot.is_lost(at_us):
            lost.add(Subject(participant, is_screen))
    return cameras, screens, frozenset(lost)


def _people_at(staging: Staging, at_us: int, cameras: Mapping[str, str]) -> tuple[str, ...]:
    here: dict[str, int] = {}
    for person in staging.timeline.people.values():
        is_seen = person.role not in UNSEEN_ROLES and person.is_here(at_us)
        if is_seen or person.id in cameras:
            here[person.id] = person.here[0].start_us if person.here else at_us
    for stranger, span in staging.strangers.items():
        if span.start_us <= at_us < span.end_us:
            here.setdefault(stranger, span.start_us)
    return tuple(sorted(here, key=lambda participant: (here[participant], participant)))


def strangers(timeline: Timeline, tracks: Iterable[Track]) -> dict[str, Span]:
    """People with tracks whom the log does not say to have been there."""
    found: dict[str, Span] = {}
    for track in tracks:
        person = timeline.people.get(track.participant)
        if person is not None and person.here:
            continue
        if person is not None and person.role in UNSEEN_ROLES and track.source not in PICTURE_SOURCES:
            continue
        known = found.get(track.participant, Span(track.start_us, track.end_us))
        found[track.participant] = Span(min(known.start_us, track.start_us), max(known.end_us, track.end_us))
    return found


def length_text(length_us: int) -> str:
    seconds = round(length_us / 1_000_000)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _same(one: Scene, other: Scene) -> bool:
    return (one.cells, one.card, one.hidden) == (other.cells, other.card, other.hidden)
