"""One participant's session: the numbered log of what it was told, whatever socket carried it."""

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_json

from media_node.errors import ResumeError
from media_node.quantities import Instant, MeetingId, ParticipantId

# What a client that was away for 20 s of a busy meeting may have missed.
KEPT_MESSAGES = 512

Send = Callable[[str], None]


def encode(message: dict[str, Any]) -> str:
    """A message as text, open at its end: each session closes it with a number of its own."""
    # pydantic's writer takes a third of the time that `json` does; nobody may be told what is not Unicode.
    return to_json(message).decode()[:-1]


def _close(text: str, number: int) -> str:
    return f'{text},"number":{number}}}'


class Session:
    """Numbers messages, keeps the latest, and sends them while somebody listens."""

    def __init__(self) -> None:
        self.secret = secrets.token_urlsafe(24)
        self._number = 0
        self._kept: deque[tuple[int, str]] = deque(maxlen=KEPT_MESSAGES)
        self._send: Send | None = None

    @property
    def is_connected(self) -> bool:
        return self._send is not None

    def connect(self, send: Send) -> None:
        self._send = send

    def disconnect(self, send: Send) -> None:
        """Stop sending, unless another socket has taken over already."""
        if self._send == send:
            self._send = None

    def tell(self, message: dict[str, Any]) -> None:
        """Number a message, keep it, and send it if somebody listens."""
        self.tell_encoded(encode(message))

    def tell_encoded(self, text: str) -> None:
        """The same for a message that many are told: it is encoded, and kept, once."""
        self._number += 1
        self._kept.append((self._number, text))
        if self._send is not None:
            self._send(_close(text, self._number))

    def missed_since(self, last_message: int, secret: str) -> list[str]:
        """The messages after `last_message`, for a client that comes back.

        Raises:
            ResumeError: The secret is another one, the number was never given out, or messages it misses
                are no longer kept.
        """
        if not secrets.compare_digest(secret.encode(), self.secret.encode()):
            raise ResumeError("this is not the session's secret")
        if last_message > self._number:
            raise ResumeError("this session never sent that message")
        oldest = self._kept[0][0] if self._kept else self._number + 1
        if last_message + 1 < oldest:
            raise ResumeError("too much was missed: join again")
        return [_close(text, number) for number, text in self._kept if number > last_message]


@dataclass
class Seat:
    """A participant's session in a meeting. Without a socket of its own (WHIP, WHEP) media keeps it alive."""

    meeting: MeetingId
    participant: ParticipantId
    session: Session
    has_socket: bool
    # When it lost its socket, None while it has one.
    alone_since: Instant | None = None
    # Closes the socket that holds the seat now.
    close: Callable[[], None] = field(default=lambda: None)

    @property
    def key(self) -> tuple[MeetingId, ParticipantId]:
        return self.meeting, self.participant
