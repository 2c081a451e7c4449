"""Commands to media nodes, each through the node's own SQS queue."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.identifiers import MeetingId, ParticipantId
from chalicelib.domain.participant import Participant, Source
from chalicelib.domain.recording import Recording
from chalicelib.domain.recording_objects import RecordingPlace, RecordingSource
from chalicelib.errors import StoreUnavailableError
from chalicelib.stores.clients import open_client

_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2})


class SqsCommands:
    def __init__(self) -> None:
        self._client_by_region: dict[str | None, Any] = {}

    def end_meeting(self, queue_url: str, meeting: MeetingId, request_id: str) -> None:
        self._send(queue_url, {"type": "endMeeting", "meeting": meeting, "requestId": request_id})

    def drain(self, queue_url: str, deadline_seconds: int | None, request_id: str) -> None:
        """The node takes no new meetings; None lets those that it has go on as long as they like."""
        command = {"type": "drain", "deadlineSeconds": deadline_seconds, "requestId": request_id}
        self._send(queue_url, command)

    def undrain(self, queue_url: str, request_id: str) -> None:
        self._send(queue_url, {"type": "undrain", "requestId": request_id})

    def remove_participant(
        self,
        queue_url: str,
        meeting: MeetingId,
        participant: ParticipantId,
        reason: Literal["removed", "left"],
        request_id: str,
    ) -> None:
        """The node puts the participant out; who was removed stays out until its token has expired."""
        command = _about("removeParticipant", meeting, participant, request_id)
        self._send(queue_url, {**command, "reason": reason})

    def admit_participant(
        self, queue_url: str, meeting: MeetingId, participant: ParticipantId, request_id: str
    ) -> None:
        """The node forgets that it put the participant out."""
        self._send(queue_url, _about("admitParticipant", meeting, participant, request_id))

    def mute(
        self,
        queue_url: str,
        meeting: MeetingId,
        participant: ParticipantId | None,
        by: ParticipantId | None,
        sources: Sequence[Source],
        request_id: str,
    ) -> None:
        """Mute sources of one participant, or of everybody but `by`."""
        command = {"type": "mute", "meeting": meeting, "requestId": request_id}
        self._send(queue_url, {**command, "participant": participant, "by": by, "sources": [*sources]})

    def start_recording(
        self,
        queue_url: str,
        recording: Recording,
        where: RecordingPlace,
        request_id: str,
        source: RecordingSource | None = None,
    ) -> None:
        """The node records the meeting, now or as soon as it has it; a second command changes nothing.

        Args:
            source: Of a second recorder: the node that has the meeting.
        """
        command = _about_recording("startRecording", recording, request_id)
        place = {"bucket": where.bucket, "backupBucket": where.backup_bucket, "kmsKeyId": where.kms_key}
        told = {"url": source.url, "token": source.token} if source is not None else None
        backup = {"backup": recording.has_backup and source is None, "source": told}
        self._send(queue_url, {**command, **place, **backup})

    def direct_recording(
        self,
        queue_url: str,
        recording: Recording,
        direction: Literal["stop", "pause", "resume"],
        request_id: str,
    ) -> None:
        self._send(queue_url, _about_recording(f"{direction}Recording", recording, request_id))

    def change_participant(
        self, queue_url: str, participant: Participant, grants: Mapping[str, object], request_id: str
    ) -> None:
        command = _about("changeParticipant", participant.meeting, participant.id, request_id)
        changed = {"role": participant.role, "displayName": participant.display_name, "grants": grants}
        self._send(queue_url, {**command, **changed})

    def _send(self, queue_url: str, command: Mapping[str, Any]) -> None:
        try:
            self._client(region_of(queue_url)).send_message(
                QueueUrl=queue_url, MessageBody=json.dumps(command)
            )
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailableError(f"the command {command['type']} was not sent") from error

    def _client(self, region: str | None) -> Any:
        # Made at the first command: most invocations never send one.
        if region not in self._client_by_region:
            self._client_by_region[region] = open_client("sqs", _CONFIG, region)
        return self._client_by_region[region]


def region_of(queue_url: str) -> str | None:
    """The region of a queue in AWS, by whose name a request to it has to be signed; None for a stand-in's."""
    host = (urlsplit(queue_url).hostname or "").split(".")
    return host[1] if len(host) >= 4 and host[0] == "sqs" and "amazonaws" in host else None


def _about(kind: str, meeting: MeetingId, participant: ParticipantId, request_id: str) -> dict[str, str]:
    return {"type": kind, "meeting": meeting, "participant": participant, "requestId": request_id}


def _about_recording(kind: str, recording: Recording, request_id: str) -> dict[str, str | None]:
    about = {"meeting": recording.meeting, "recording": recording.id}
    return {"type": kind, **about, "requestId": request_id}
