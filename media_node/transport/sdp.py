"""SDP as lines and sections, without their meaning (RFC 8866 section 5).

A client's m-lines repeat their payload types and header extensions word for word, and so do the next
client's; these lines are therefore kept apart from the others, to be read once for all (`formats.py`). Slots
differ from client to client in nothing but how the connection is secured; without that they are read once for
all too (`offer.py`).
"""

import re
from dataclasses import dataclass, field

from media_node.errors import SdpError

_KIND = re.compile(r"[a-z]{1,16}")
_PORT = re.compile(r"[0-9]{1,5}(?:/[0-9]+)?")
_PROFILE = re.compile(r"[A-Z/]{1,32}")
_REPEATED = ("a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:", "a=candidate:")
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


@dataclass(frozen=True)
class Description:
    """A description in pieces: the session's lines, and the text of each m-line."""

    session: Section
    # The first m-line that has an ICE name, or the first of all where the session has it.
    security: Section
    # Without the security lines that each m-line of a bundle repeats: what is left is the same in every
    # client of a kind, but for the m-lines that it sends through.
    media: tuple[str, ...]


def split_description(text: str) -> Description:
    """Take a description apart.

    Raises:
        SdpError: Not SDP.
    """
    if not text.startswith("v=0"):
        raise SdpError("an offer is SDP and begins with v=0")
    head, *media = text.split("\nm=")
    session = _read_lines(head, Section())
    first = next((block for block in media if "\na=ice-ufrag:" in block), media[0] if media else "")
    security = _read_lines(first, Section())
    for line in first.splitlines(keepends=True):
        if line.startswith(_REPEATED):
            media = [block.replace(line, "") for block in media]
    return Description(session, security, tuple(media))


def read_section(block: str) -> Section:
    """One m-line from the text behind its `m=`.

    Raises:
        SdpError: Not SDP.
    """
    first, _, rest = block.partition("\n")
    return _read_lines(rest, _begin(first))


def _read_lines(text: str, section: Section) -> Section:
    for line in text.splitlines():
        if line.startswith(_FORMAT_PREFIXES):
            section.format_lines.append(line)
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            section.values_by_attribute.setdefault(name, []).append(value)
    return section


def _begin(line: str) -> Section:
    words = line.split()
    if len(words) < 4 or not (
        _KIND.fullmatch(words[0]) and _PORT.fullmatch(words[1]) and _PROFILE.fullmatch(words[2])
    ):
        raise SdpError(f"the offer is not SDP that can be read: {line[:60]!r}")
    return Section(words[0], words[2], tuple(words[3:]))
