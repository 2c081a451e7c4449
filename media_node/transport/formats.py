"""What an m-line can carry: payload types and header extensions, read once for all that say the same.

Browsers of one version offer the same formats in every m-line of every join, so that what was read is kept,
and with it whatever is made of it (answers' lines, the plane's codecs): formats are compared by identity.
Source: RFC 8866 section 6.6 (rtpmap), RFC 4585 section 4.2 (rtcp-fb), RFC 8285 section 8 (extmap), RFC 4588
section 8 (RTX).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from media_node.errors import SdpError
from media_node.quantities import MediaKind
from media_node.transport.parameters import CodecParameters, ExtensionParameters, Formats

FORWARDED = {
    "opus": "audio",
    "red": "audio",
    "vp8": "video",
    "vp9": "video",
    "av1": "video",
    "h264": "video",
    "h265": "video",
}
DEPENDENCY_DESCRIPTOR = (
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
)
TRANSPORT_WIDE = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
# Without urn:3gpp:video-orientation: whose peer does not take it turns a picture before it is encoded, so
# that it is upright for recorders and every receiver, which need not know of the extension.
EXTENSIONS = {
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    TRANSPORT_WIDE,
    SEND_TIME,
    "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
    DEPENDENCY_DESCRIPTOR,
}
# Kept: a few browser versions, their audio and their video. Longer lists are read each time, so that what is
# kept stays below 4 MB whatever is offered.
KEPT = 256
MAX_KEPT_CHARS = 16_384
# What RTP and RTCP on one port cannot tell apart (RFC 5761 section 4).
FORBIDDEN_PAYLOAD_TYPES = range(72, 77)
MAX_CLOCK_RATE = 1_000_000

_LINE = re.compile(r"a=(rtpmap|fmtp|rtcp-fb):([0-9]{1,3}|\*) (.*)")
_RTPMAP = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`{|}~-]+)/([0-9]{1,7})(?:/([0-9]{1,2}))? *")
_EXTENSION = re.compile(r"a=extmap:([0-9]{1,5})(?:/[a-z]+)? ([!-~]+)(?: .*)?")
_APT = re.compile(r"apt=([0-9]{1,3})")


def read_formats(
    kind: MediaKind, payload_types: tuple[str, ...], lines: Sequence[str], *, allows_mixed: bool
) -> Formats:
    """The formats of one m-line that the node forwards, most wanted first.

    Args:
        kind: Of the m-line.
        payload_types: As its first line lists them.
        lines: Its lines of payload types and header extensions.
        allows_mixed: Whether the client reads extension heads of both lengths in one stream.

    Raises:
        SdpError: A line cannot be read.
    """
    if sum(map(len, lines)) > MAX_KEPT_CHARS or len(payload_types) > MAX_KEPT_CHARS // 4:
        return _read(kind, payload_types, tuple(lines), allows_mixed)
    return _read_once(kind, payload_types, tuple(lines), allows_mixed)


def _read(
    kind: MediaKind, payload_types: tuple[str, ...], lines: tuple[str, ...], allows_mixed: bool
) -> Formats:
    known = _read_codecs(line for line in lines if not line.startswith("a=extmap:"))
    codecs = []
    for payload_type in dict.fromkeys(payload_types):
        codec = known.get(payload_type)
        if codec is not None and FORWARDED.get(codec.name.lower()) == kind:
            codecs.append(codec.parameters(_rtx_of(payload_type, known)))
    extensions = [_read_extension(line) for line in lines if line.startswith("a=extmap:")]
    return Formats(
        tuple(codecs),
        tuple(
            one
            for one in extensions
            if one.uri in EXTENSIONS
            and 1 <= one.id <= 14
            and (allows_mixed or one.uri != DEPENDENCY_DESCRIPTOR)
        ),
    )


_read_once = lru_cache(KEPT)(_read)


@dataclass
class _Codec:
    """One payload type while its lines are read."""

    payload_type: int
    name: str
    clock_rate: int
    channels: int | None
    fmtp: str = ""
    feedback: list[str] = field(default_factory=list)

    def parameters(self, rtx: int | None) -> CodecParameters:
        return CodecParameters(
            self.payload_type,
            self.name,
            self.clock_rate,
            self.channels,
            self.fmtp,
            tuple(self.feedback),
            rtx,
        )


def _read_codecs(lines: Iterator[str]) -> dict[str, _Codec]:
    """Every payload type by its number as written; what stands before its rtpmap line counts alike."""
    read = []
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is None:
            raise _unreadable(line)
        read.append(found.groups())
    known = {number: _read_rtpmap(number, value) for what, number, value in read if what == "rtpmap"}
    for what, number, value in read:
        named = known.values() if number == "*" else [known[number]] if number in known else []
        for codec in named:
            if what == "fmtp":
                codec.fmtp = ";".join(part.strip() for part in value.split(";") if part.strip())
            elif what == "rtcp-fb":
                codec.feedback.append(" ".join(value.split()))
    return known


def _read_rtpmap(number: str, value: str) -> _Codec:
    found = _RTPMAP.fullmatch(value)
    if found is None or number == "*":
        raise _unreadable(f"a=rtpmap:{number} {value}")
    name, clock_rate, channels = found.groups()
    payload_type = int(number)
    if payload_type > 127 or payload_type in FORBIDDEN_PAYLOAD_TYPES:
        raise SdpError(f"a payload type is below 128 and not 72 to 76: {payload_type}")
    if not 0 < int(clock_rate) <= MAX_CLOCK_RATE:
        raise SdpError(f"a clock rate is 1 to {MAX_CLOCK_RATE}: {clock_rate}")
    return _Codec(payload_type, name, int(clock_rate), int(channels) if channels else None)


def _rtx_of(payload_type: str, known: dict[str, _Codec]) -> int | None:
    """The last payload type that retransmits this one."""
    found = None
    for codec in known.values():
        if codec.name.lower() == "rtx":
            apt = _APT.match(codec.fmtp)
            if apt is not None and apt[1] == payload_type:
                found = codec.payload_type
    return found


def _read_extension(line: str) -> ExtensionParameters:
    found = _EXTENSION.fullmatch(line)
    if found is None:
        raise _unreadable(line)
    return ExtensionParameters(int(found[1]), found[2])


def _unreadable(line: str) -> SdpError:
    return SdpError(f"the offer is not SDP that can be read: {line[:60]!r}")
