"""What somebody may do to a recording now: their rights, less what its state lets nobody do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, get_args

from chalicelib.domain.permissions import Operation
from chalicelib.domain.recording import Recording, has_media, is_active
from chalicelib.domain.recording_changes import is_composing

# As the API names them: watch it; stop, pause, resume and arrange it; have films or files of it made; say how
# long it is kept; say who may watch; make links; set and lift a hold; delete it; read who was given links.
RecordingAction = Literal["open", "control", "compose", "keep", "share", "link", "hold", "delete", "log"]

_OPERATION_BY_ACTION: Mapping[RecordingAction, Operation] = {
    "open": "open_recording",
    "control": "control_recording",
    "compose": "compose_recording",
    "keep": "change_recording",
    "share": "share_recording",
    "link": "link_recording",
    "hold": "hold_recording",
    "delete": "delete_recording",
    "log": "see_recording_access",
}
_OF_WHAT_IS_THERE: frozenset[RecordingAction] = frozenset({"keep", "hold"})
# Nobody watches what has nothing in it.
_OF_WHAT_HAS_MEDIA: frozenset[RecordingAction] = frozenset({"open", "share", "link"})


def actions_of(recording: Recording, may: Callable[[Operation], bool]) -> list[RecordingAction]:
    """Those that would not be refused, in the order of the type.

    Args:
        may: Whether the caller has the right to an operation on it.
    """
    return [
        one
        for one in get_args(RecordingAction)
        if may(_OPERATION_BY_ACTION[one]) and _is_possible(recording, one)
    ]


def _is_possible(recording: Recording, action: RecordingAction) -> bool:
    if action == "log":
        return True
    if recording.state in ("deleting", "deleted"):
        return False
    if action == "control":
        return is_active(recording) and recording.wanted != "stopped"
    if action in _OF_WHAT_IS_THERE:
        return True
    if action in _OF_WHAT_HAS_MEDIA:
        return is_active(recording) or has_media(recording)
    if action == "compose":
        return not is_active(recording) and has_media(recording)
    return not (recording.legal_hold or is_active(recording) or is_composing(recording))
