"""What is written in one meeting: what late joiners read, and which messages came already."""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field

from media_node.meetings.model import ChatMessage
from media_node.quantities import ParticipantId

# What late joiners are told of the chat.
CHAT_HISTORY = 200


@dataclass
class Chat:
    """The chat of one meeting."""

    # What was for everybody.
    history: deque[ChatMessage] = field(default_factory=lambda: deque(maxlen=CHAT_HISTORY))
    # The latest that have a key, private ones too.
    _keyed: deque[ChatMessage] = field(default_factory=lambda: deque(maxlen=CHAT_HISTORY))

    def find(self, sender: ParticipantId, key: str | None) -> ChatMessage | None:
        """The message for which its sender has used this key already."""
        named = (said for said in self._keyed if (said.sender, said.key) == (sender, key))
        return next(named, None) if key is not None else None

    def keep(self, message: ChatMessage) -> None:
        if message.key is not None:
            self._keyed.append(message)
        if message.to is None:
            self.history.append(message)

    def all(self) -> Collection[ChatMessage]:
        """Everything that is kept, each once."""
        return {one.id: one for one in (*self.history, *self._keyed)}.values()
