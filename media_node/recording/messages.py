"""What people write to everybody while they are recorded: line by line from the node to its recorder.

The recorder puts it into the pages of its manifest. A recorder that follows one that died is told the latest
again: who reads a take tells messages apart by their ids. The last line says that the take ends because it is
to: a node that died says nothing. Nothing here waits for a recorder.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import deque

import structlog

from media_node.errors import ManifestError
from media_node.recording.manifest import Message, message_from_json, message_to_json

log = structlog.get_logger()

# More than can be on its way to a recorder that dies: each is on its disk as soon as it is read.
MOST_KEPT = 50
# A recorder that reads nothing for so long is about to be replaced.
MOST_UNREAD_BYTES = 1 << 20
READ_BYTES = 1 << 16
END = b'{"end": true}'


class Messages:
    """Of one recording, at the node's end."""

    def __init__(self) -> None:
        self._latest: deque[bytes] = deque(maxlen=MOST_KEPT)
        self._recorder: asyncio.subprocess.Process | None = None
        self._is_ended = False

    def connect(self, recorder: asyncio.subprocess.Process) -> None:
        """From now on tell this one, and first what the one before may not have had."""
        self._recorder = recorder
        for line in self._latest:
            self._write(line)
        if self._is_ended:
            self._write(END + b"\n")

    def end(self) -> None:
        """No more comes, nor of the tap; to be said before the tap is closed."""
        self._is_ended = True
        self._write(END + b"\n")

    def add(self, message: Message) -> None:
        line = json.dumps(message_to_json(message)).encode() + b"\n"
        self._latest.append(line)
        self._write(line)

    def _write(self, line: bytes) -> None:
        pipe = self._recorder.stdin if self._recorder is not None else None
        if pipe is None or pipe.is_closing() or pipe.transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            return
        pipe.write(line)


class MessageReader:
    """The recorder's end: a descriptor that never blocks; `fileno` for `select` while `is_open`.

    `is_ended` once the node has said that the take is to end.
    """

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._unread = b""
        self.is_open = True
        self.is_ended = False

    def fileno(self) -> int:
        return self._descriptor

    def read(self) -> list[Message]:
        """What has come and is whole; a line that is no message is left out."""
        while self.is_open:
            try:
                part = os.read(self._descriptor, READ_BYTES)
            except BlockingIOError:
                break
            except OSError:
                part = b""
            self.is_open = bool(part)
            self._unread += part
        *lines, self._unread = self._unread.split(b"\n")
        self.is_ended = self.is_ended or END in lines
        if len(self._unread) > READ_BYTES:
            self._unread = b""
        return [message for line in lines if line != END and (message := _parse(line))]


def _parse(line: bytes) -> Message | None:
    try:
        return message_from_json(json.loads(line))
    except (ManifestError, ValueError, RecursionError) as exc:
        log.warning("message_unreadable", error=str(exc)[:200])
        return None
