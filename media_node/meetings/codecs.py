"""The video codecs that everybody in a meeting decodes: a camera is sent in one, as nothing is transcoded.

Counts per codec, so that who comes to a meeting of a thousand costs no look at each of them.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

# Best known first, for messages that do not depend on who came when.
ORDER = ("vp8", "h264", "vp9", "av1", "h265")


@dataclass(frozen=True)
class SharedCodecs:
    """By name in lower case; `efficient` are those of them that everybody has a chip for."""

    decodable: tuple[str, ...] = ORDER
    efficient: tuple[str, ...] = ORDER


@dataclass
class Codecs:
    """What each who receives pictures decodes; who receives none forbids nothing."""

    shared: SharedCodecs = field(default_factory=SharedCodecs)
    _viewers: int = 0
    _decoders: Counter[str] = field(default_factory=Counter)
    _chips: Counter[str] = field(default_factory=Counter)

    def handle_join(self, decodes: Mapping[str, bool] | None) -> bool:
        """Take what somebody decodes, each with whether a chip does it; returns whether that matters."""
        return self._count(decodes, 1)

    def handle_leave(self, decodes: Mapping[str, bool] | None) -> bool:
        return self._count(decodes, -1)

    def _count(self, decodes: Mapping[str, bool] | None, by: int) -> bool:
        if decodes is None:
            return False
        self._viewers += by
        for codec, is_efficient in decodes.items():
            self._decoders[codec] += by
            self._chips[codec] += by * is_efficient
        before, self.shared = self.shared, SharedCodecs(self._all(self._decoders), self._all(self._chips))
        return self.shared != before

    def _all(self, counted: Counter[str]) -> tuple[str, ...]:
        if self._viewers == 0:
            return ORDER
        return tuple(codec for codec in ORDER if counted[codec] == self._viewers)


def decodes_of(received: frozenset[str] | None, told: Mapping[str, bool] | None) -> Mapping[str, bool] | None:
    """What somebody decodes: what its m-lines can carry, as far as it says that it does so smoothly.

    Args:
        received: Codecs of all its receiving m-lines for pictures; None without such lines.
        told: Codecs that it decodes smoothly, and whether a chip does it; None where it did not say.
    """
    if received is None:
        return None
    if told is None:
        return dict.fromkeys(received, False)
    smooth = {codec: told[codec] for codec in received if codec in told}
    # Whoever decodes nothing smoothly is shown something all the same.
    return smooth or dict.fromkeys(received, False)
