"""The other side of a negotiation: a node that receives from another one offers, and reads the answer.

It asks for every codec that a node forwards, and for no estimate of its downlink: what nodes send each other
is not held back. Source: RFC 9429 (JSEP), RFC 8829 section 5.3 for what answers hold.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from media_node.errors import SdpError
from media_node.quantities import MediaKind, Mid
from media_node.transport.offer import MAX_RECORDER_LINES, parse_offer
from media_node.transport.parameters import IceCredentials, MediaParameters
from media_node.transport.sdp import split_description

MID_EXTENSION = "urn:ietf:params:rtp-hdrext:sdes:mid"
OPUS = 111
# Every profile that a node forwards: it rewrites no bitstream, so that each needs a payload type of its own.
VIDEO = (
    ("VP8", ""),
    ("VP9", "profile-id=0"),
    ("VP9", "profile-id=2"),
    ("H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"),
    ("H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f"),
    ("H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f"),
    ("H265", "profile-id=1"),
    ("H265", "profile-id=2"),
    ("AV1", "profile=0"),
    ("AV1", "profile=1"),
)
# Each with its retransmission behind it.
VIDEO_TYPES = tuple(number for number in range(96, 126, 2) if OPUS not in (number, number + 1))

_CANDIDATE = re.compile(r"[0-9a-zA-Z+/]{1,32} 1 (?i:udp) [0-9]+ ([0-9a-fA-F:.]+) ([0-9]{1,5}) typ host.*")


@dataclass(frozen=True)
class Answer:
    """What a node answered: who it is, where it is, and what it sends through each m-line."""

    fingerprints: tuple[tuple[str, str], ...]
    ice: IceCredentials
    # (address, port) of its media socket, most wanted first.
    addresses: tuple[tuple[str, int], ...]
    media: tuple[MediaParameters, ...]


def format_receiving_offer(
    ice: IceCredentials, fingerprint: str, lines: Sequence[tuple[Mid, MediaKind]]
) -> str:
    """An offer of these receiving m-lines, in their order: in a longer one they keep their places."""
    session = [
        "v=0",
        "o=- 1 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {' '.join(mid for mid, _ in lines)}",
        f"a=fingerprint:sha-256 {fingerprint}",
        "a=setup:active",
        f"a=ice-ufrag:{ice.ufrag}",
        f"a=ice-pwd:{ice.password}",
    ]
    return "\r\n".join([*session, *(_format_line(mid, kind) for mid, kind in lines)]) + "\r\n"


def _format_line(mid: Mid, kind: MediaKind) -> str:
    types, formats = _formats(kind)
    return "\r\n".join(
        [
            f"m={kind} 9 UDP/TLS/RTP/SAVPF {types}",
            "c=IN IP4 0.0.0.0",
            f"a=mid:{mid}",
            "a=recvonly",
            "a=rtcp-mux",
            f"a=extmap:1 {MID_EXTENSION}",
            *formats,
        ]
    )


@cache
def _formats(kind: MediaKind) -> tuple[str, tuple[str, ...]]:
    if kind == "audio":
        return str(OPUS), (f"a=rtpmap:{OPUS} opus/48000/2", f"a=rtcp-fb:{OPUS} nack")
    types, lines = [], []
    for number, (name, fmtp) in zip(VIDEO_TYPES, VIDEO, strict=False):
        types += [str(number), str(number + 1)]
        lines.append(f"a=rtpmap:{number} {name}/90000")
        lines += [f"a=rtcp-fb:{number} {one}" for one in ("nack", "nack pli", "ccm fir")]
        lines += [f"a=fmtp:{number} {fmtp}"] if fmtp else []
        lines += [f"a=rtpmap:{number + 1} rtx/90000", f"a=fmtp:{number + 1} apt={number}"]
    return " ".join(types), tuple(lines)


def parse_answer(text: str) -> Answer:
    """Read the answer of a node.

    Raises:
        SdpError: Not SDP, or without what a connection needs.
        TooLargeError: Longer than an offer may be.
    """
    read = parse_offer(text, MAX_RECORDER_LINES)
    description = split_description(text)
    session, first = description.session, description.security
    password = first.value("ice-pwd") or session.value("ice-pwd") or ""
    found = [_CANDIDATE.fullmatch(value.strip()) for value in first.values("candidate")]
    addresses = tuple((one[1], int(one[2])) for one in found if one is not None)
    if not addresses:
        raise SdpError("the answer has no address over UDP")
    return Answer(read.fingerprints, IceCredentials(read.remote_ufrag, password), addresses, read.sending)
