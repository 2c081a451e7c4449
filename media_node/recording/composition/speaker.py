"""Who speaks, from how loud each microphone is, with hysteresis.

Pure. A film is made after the fact, so the picture changes when somebody began to speak, not when that was
certain. The state is carried from minute to minute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# One level per so much time.
HOP_US = 100_000
# Speech at a microphone lies between -40 and -15 dBFS; a quiet room below -55.
SPEECH_DB = -45
# Somebody has to be louder than who is shown by that much.
MARGIN_DB = 3
# Words with the pauses between them; a cough or a yes is shorter.
CERTAIN_HOPS = 6
# Of them, those in which the rival is really heard: the decay behind a loud cough is nobody speaking.
HEARD_HOPS = 4
# A picture that changes more often cannot be watched.
LEAST_SHOWN_HOPS = 15
# How fast a level falls, per hop: the breath between two words is not the end of a speech.
DECAY_DB = 1.5
SILENCE_DB = -100.0


@dataclass
class Speaker:
    """The one shown as speaking, who may follow, and who was heard before."""

    current: str | None = None
    # Nobody was ever shown: whoever speaks first is, at once.
    shown_hops: int = 100 * LEAST_SHOWN_HOPS
    rival: str | None = None
    rival_hops: int = 0
    rival_heard: int = 0
    held: dict[str, float] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)

    def follow(self, levels: Mapping[str, Sequence[float]], hops: int) -> list[tuple[int, str]]:
        """Go through the levels of a stretch of time.

        Args:
            levels: dBFS per participant, shape (hops,); one that is missing is silent.
            hops: How many there are, each HOP_US long.

        Returns:
            `(hop, participant)` of each change; the hop is the one in which the new speaker began, but not
            before this stretch, nor before the last one was shown for LEAST_SHOWN_HOPS.
        """
        changes = []
        for hop in range(hops):
            now = {name: series[hop] for name, series in levels.items() if hop < len(series)}
            if (began := self._hear(now, hop)) is not None and self.current is not None:
                changes.append((began, self.current))
        return changes

    def _hear(self, levels: Mapping[str, float], hop: int) -> int | None:
        self.shown_hops += 1
        self._hold(levels)
        loudest = max(self.held, key=lambda name: self.held[name], default=None)
        if loudest is None or loudest == self.current or not self._surpasses(loudest):
            self._follow_rival(None)
            return None
        if loudest != self.rival:
            self._follow_rival(loudest)
        self.rival_hops += 1
        self.rival_heard += levels.get(loudest, SILENCE_DB) >= SPEECH_DB
        is_certain = self.rival_hops >= CERTAIN_HOPS and self.rival_heard >= HEARD_HOPS
        if not is_certain or self.shown_hops <= LEAST_SHOWN_HOPS:
            return None
        began = max(0, hop + 1 - self.rival_hops, hop + 1 - (self.shown_hops - LEAST_SHOWN_HOPS))
        self._show(loudest, hop + 1 - began)
        return began

    def _follow_rival(self, rival: str | None) -> None:
        self.rival, self.rival_hops, self.rival_heard = rival, 0, 0

    def _surpasses(self, rival: str) -> bool:
        level = self.held[rival]
        return level >= SPEECH_DB and level >= self.held.get(self.current or "", SILENCE_DB) + MARGIN_DB

    def _hold(self, levels: Mapping[str, float]) -> None:
        for name in {*levels, *self.held}:
            level = max(levels.get(name, SILENCE_DB), self.held.get(name, SILENCE_DB) - DECAY_DB)
            if level <= SPEECH_DB - 30:
                self.held.pop(name, None)
            else:
                self.held[name] = level

    def _show(self, participant: str, shown_hops: int) -> None:
        self.current, self.shown_hops = participant, shown_hops
        self._follow_rival(None)
        self.heard = [participant, *(one for one in self.heard if one != participant)][:50]
