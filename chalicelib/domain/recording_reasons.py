"""Why a recording is in trouble or has failed: codes for programs, and a sentence of English for each.

Recorders and composers give most of them (docs/recording.md, "Failures"); the others are ours.
"""

from __future__ import annotations

from collections.abc import Mapping

RECORDER_LOST = "recorder_lost"
NOBODY_BEGAN = "nobody_began"
NOTHING_RECORDED = "nothing_recorded"
NO_COMPOSER = "no_composer"
NOT_COMPOSED = "not_composed"

DETAIL_BY_REASON: Mapping[str, str] = {
    RECORDER_LOST: "The recorder ended; it is being started again.",
    NOBODY_BEGAN: "No media node began to record within a minute.",
    NOTHING_RECORDED: "Nobody sent sound or pictures while it was recorded.",
    NO_COMPOSER: "No composer finished the film: its last word came more than two hours ago.",
    NOT_COMPOSED: "The composer could not make the film, and did not say why.",
    "no_timeline": "What the composer is told of the meeting is missing or cannot be read.",
    "no_length": "The recording has no length.",
    "too_long": "The recording would last more than 48 hours.",
    "undecodable": "Too many of the recorded segments cannot be decoded.",
    "bad_job": "The composer cannot read its job.",
    "given_up": "The composer has tried as often as it may.",
    "no_backup": "No second recorder runs beside the first.",
    "backup_degraded": "The second recorder has trouble of its own.",
    "disconnected": "The second recorder has lost its connection to the meeting.",
    "draining": "The node of the recorder is being emptied.",
    "recorder_restarted": "The recorder died and was started again.",
    "overflow": "The recorder was too slow; parts are missing.",
    "spool_full": "No room was left for what waits to be stored; parts are missing.",
    "disk_full": "The disk of the node is full.",
    "storage_unavailable": "The bucket does not answer; what is recorded waits on the node.",
    "backup_bucket": "The bucket does not answer; what is recorded goes to the backup bucket.",
    "storage": "Not all of it could be stored.",
    "recorder": "The recorder ended before everything was stored.",
    "lost": "The node of the recorder is gone.",
}


def detail_of(reason: str | None, told: str | None = None) -> str | None:
    """The sentence for a reason: what was told with it, or what is known of its code."""
    return told or (DETAIL_BY_REASON.get(reason) if reason is not None else None)
