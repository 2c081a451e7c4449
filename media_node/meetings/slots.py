"""What each video slot of a participant should carry, from its wishes and the meeting's tracks."""

from collections.abc import Sequence

from media_node.bandwidth.prioritize import Candidate, fill_places, prioritize
from media_node.meetings.model import Participant, Track, Wish
from media_node.quantities import SlotId, TrackId


def select_video(
    viewer: Participant, tracks: Sequence[Track], spoke_by_participant: dict[str, int]
) -> dict[SlotId, TrackId | None]:
    """The track of each video slot of `viewer`.

    Args:
        viewer: Its wishes, or none yet: then the node fills the slots itself.
        tracks: All video tracks of the meeting in order of publication.
        spoke_by_participant: When each last spoke, as a rising number.
    """
    if not viewer.may_subscribe:
        return dict.fromkeys(viewer.video_slots)
    others = [track for track in tracks if track.participant != viewer.id and track.kind == "video"]
    candidates = [_candidate(track, spoke_by_participant) for track in others if not track.is_muted]
    if viewer.wish_by_slot is None:
        current = [viewer.carried.get(slot) for slot in viewer.video_slots]
        ranked = [TrackId(track) for track in prioritize(candidates)]
        return dict(zip(viewer.video_slots, fill_places(current, ranked), strict=True))
    known = {track.id for track in others}
    return {slot: _wished(viewer.wish_by_slot.get(slot), known, candidates) for slot in viewer.video_slots}


def _candidate(track: Track, spoke_by_participant: dict[str, int]) -> Candidate:
    is_screen = track.source == "screen"
    return Candidate(track.id, is_screen, spoke_by_participant.get(track.participant, 0), track.order)


def _wished(wish: Wish | None, known: set[TrackId], candidates: Sequence[Candidate]) -> TrackId | None:
    if wish is None or wish.target is None:
        return None
    if wish.target == "speaker":
        cameras = prioritize([one for one in candidates if not one.is_screen])
        return TrackId(cameras[0]) if cameras else None
    if wish.target == "screen":
        screens = sorted((one for one in candidates if one.is_screen), key=lambda one: -one.order)
        return TrackId(screens[0].track) if screens else None
    return TrackId(wish.target) if wish.target in known else None
