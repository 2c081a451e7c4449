"""SDP as lines and sections, without their meaning (RFC 8866 section 5).

A client's m-lines repeat their payload types and header extensions word for word, and so do the next
client's; these lines are therefore kept apart from the others, to be read once for all (`formats.py`).
"""

import re
from dataclasses import dataclass, field

from media_node.errors import SdpError

_KIND = re.compile(r"[a-z]{1,16}")
_PORT = re.compile(r"[0-9]{1,5}(?:/[0-9]+)?")
_PROFILE = re.compile(r"[A-Z/]{1,32}")
_FORMAT_PREFIXES = ("a=rtpmap:", "a=fmtp:", "a=rtcp-fb:", "a=extmap:")


@dataclass
class Section:
    """The session's lines, or those of one m-line; of an attribute that is repeated all values are kept."""

    kind: str = ""
    profile: str = ""
    formats: tuple[str, ...] = ()
    # Lines of payload types and header extensions, as they are.
    format_lines: list[str] = field(default_factory=list)
    values_by_attribute: dict[str, list[str]] = field(default_factory=dict)

    def values(self, attribute: str) -> list[str]:
        return self.values_by_attribute.get(attribute, [])

    def value(self, attribute: str) -> str | None:
        """The last value, "" for an attribute without one, None for one that is not there."""
        found = self.values_by_attribute.get(attribute)
        return found[-1] if found else None


def read_sections(text: str) -> list[Section]:
    """Split a description: the session first, then each m-line.

    Raises:
        SdpError: Not SDP.
    """
    if not text.startswith("v=0"):
        raise SdpError("an offer is SDP and begins with v=0")
    current = Section()
    sections = [current]
    for line in text.splitlines():
        if line.startswith(_FORMAT_PREFIXES):
            current.format_lines.append(line)
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            current.values_by_attribute.setdefault(name, []).append(value)
        elif line.startswith("m="):
            current = _begin(line)
            sections.append(current)
    return sections


def _begin(line: str) -> Section:
    words = line.removeprefix("m=").split()
    if len(words) < 4 or not (
        _KIND.fullmatch(words[0]) and _PORT.fullmatch(words[1]) and _PROFILE.fullmatch(words[2])
    ):
        raise SdpError(f"the offer is not SDP that can be read: {line[:60]!r}")
    return Section(words[0], words[2], tuple(words[3:]))
