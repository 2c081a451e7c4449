"""Offers, read: SDP text in, ORTC-style parameters out.

What the node has no use for is not looked at: an ICE-lite agent learns addresses from checks. Source: RFC
8866, RFC 9143 (BUNDLE), RFC 9429 (JSEP), RFC 8842 (setup), RFC 5576 (SSRCs).
"""

import re
from dataclasses import replace
from functools import lru_cache

from media_node.errors import SdpError, TooLargeError
from media_node.quantities import MediaKind, Mid
from media_node.transport.formats import KEPT, MAX_KEPT_CHARS, read_formats
from media_node.transport.parameters import DtlsRole, MediaParameters, Offer, OfferedLine
from media_node.transport.sdp import Description, Section, read_section, split_description
from media_node.transport.simulcast import read_rids

MAX_OFFER_CHARS = 262_144
# More m-lines than 49 pictures, their audio and the client's own tracks need.
MAX_LINES = 96
# A recorder of another node has one for each track of a meeting: as many pictures as the longest offer names.
MAX_RECORDER_LINES = 400
# Says that both lengths of extension heads are read in one stream (RFC 8285 section 6).
ALLOWS_MIXED = "extmap-allow-mixed"
RID_EXTENSION = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
# The node takes the other part; `holdconn` is not for connections that are made (RFC 8842 section 5.3).
ROLE_BY_SETUP: dict[str, DtlsRole] = {"actpass": "server", "active": "server", "passive": "client"}

# A MID travels in one header extension with one byte of length; signaling takes 64 characters.
_MID = re.compile(r"[!#-'*+\-.0-9A-Z^-~]{1,64}")
_FINGERPRINT = re.compile(r"([A-Za-z0-9-]{1,16}) ([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){15,63}) *")
_SSRC = re.compile(r"[0-9]{1,10}")


def parse_offer(text: str, max_lines: int = MAX_LINES) -> Offer:
    """Read an offer.

    Raises:
        TooLargeError: Longer than 262,144 characters.
        SdpError: Not SDP, or without what an answer needs.
    """
    if len(text) > MAX_OFFER_CHARS:
        raise TooLargeError(f"an offer has at most {MAX_OFFER_CHARS} characters")
    description = split_description(text)
    session, media = description.session, description.media
    if not 0 < len(media) <= max_lines:
        raise SdpError(f"an offer has 1 to {max_lines} m-lines, not {len(media)}")
    allows_mixed = f"\na={ALLOWS_MIXED}" in text
    bundled = _bundled(session)
    lines = tuple(_read_line(block, bundled, len(media), allows_mixed) for block in media)
    used = [line for line in lines if line.media is not None]
    fingerprints, role, ufrag = _read_security(description)
    if not used:
        raise SdpError("the offer has no m-line that the node can answer: bundled, Opus or video")
    return Offer(
        dtls_role=role,
        fingerprints=fingerprints,
        remote_ufrag=ufrag,
        sending=tuple(line.media for line in used if line.media and "send" in line.direction),
        receiving=tuple(line.media for line in used if line.media and line.direction == "recvonly"),
        lines=lines,
        allows_mixed=allows_mixed,
    )


def _bundled(session: Section) -> set[str]:
    groups = (value.split() for value in session.values("group"))
    return {mid for group in groups if group[:1] == ["BUNDLE"] for mid in group[1:]}


def _read_security(description: Description) -> tuple[tuple[tuple[str, str], ...], DtlsRole, str]:
    """Fingerprints, the node's DTLS role and the client's ICE name: of the first m-line with an ICE name."""
    session, first = description.session, description.security
    ufrag = first.value("ice-ufrag") or session.value("ice-ufrag")
    if not ufrag or not (first.value("ice-pwd") or session.value("ice-pwd")):
        raise SdpError("the offer has no ICE username fragment and password")
    setup = first.value("setup") or session.value("setup")
    values = [*session.values("fingerprint"), *first.values("fingerprint")]
    if not values or setup is None:
        raise SdpError("the offer has no certificate fingerprint with a=setup")
    role = ROLE_BY_SETUP.get(setup)
    if role is None:
        raise SdpError(f"the offer is not SDP that can be read: setup {setup[:20]!r}")
    return tuple(dict.fromkeys(_read_fingerprint(value) for value in values)), role, ufrag


def _read_fingerprint(value: str) -> tuple[str, str]:
    found = _FINGERPRINT.fullmatch(value)
    if found is None:
        raise SdpError(f"a fingerprint is a hash's name and its bytes in hex: {value[:40]!r}")
    return found[1].lower(), found[2].upper()


def _read_line(block: str, bundled: set[str], lines: int, allows_mixed: bool) -> OfferedLine:
    """One m-line, once for all clients that offer the same."""
    read = _read_once if len(block) <= MAX_KEPT_CHARS else _read
    line = read(block, allows_mixed)
    is_bundled = line.mid in bundled if bundled else lines == 1
    return line if is_bundled else replace(line, is_bundled=False, media=None)


def _read(block: str, allows_mixed: bool) -> OfferedLine:
    """An m-line as it is where it is bundled."""
    section = read_section(block)
    mid = section.value("mid") or None
    if mid is not None and _MID.fullmatch(mid) is None:
        raise SdpError(f"a mid is a token of at most 64 characters: {mid[:80]!r}")
    direction = next((one for one in DIRECTIONS if one in section.values_by_attribute), DIRECTIONS[0])
    # GStreamer offers bundled lines with port 0 (RFC 9143 section 7.2.1); alone, 0 means refused.
    is_usable = section.kind in ("audio", "video") and direction != "inactive"
    media = _media_parameters(section, Mid(mid or "0"), direction, allows_mixed) if is_usable else None
    return OfferedLine(section.kind, section.profile, section.formats, mid, direction, True, media)


_read_once = lru_cache(KEPT)(_read)


def _media_parameters(
    section: Section, mid: Mid, direction: str, allows_mixed: bool
) -> MediaParameters | None:
    kind: MediaKind = "audio" if section.kind == "audio" else "video"
    formats = read_formats(kind, section.formats, section.format_lines, allows_mixed=allows_mixed)
    if not formats.codecs:
        return None
    rids: tuple[str, ...] = ()
    # Simulcast is video that the client sends, told apart by a header extension (RFC 8853 section 5.5).
    if (
        kind == "video"
        and "send" in direction
        and any(one.uri == RID_EXTENSION for one in formats.extensions)
    ):
        rids = read_rids(section.values("rid"), section.value("simulcast") or "")
    return MediaParameters(mid, kind, formats, _ssrcs(section), rids)


def _ssrcs(section: Section) -> tuple[int, ...]:
    """The client's own stream: what the first FID group names, or the first source."""
    groups = (value.split() for value in section.values("ssrc-group"))
    named = next((group[1:3] for group in groups if group[:1] == ["FID"]), None)
    if named is None:
        named = [value.partition(" ")[0] for value in section.values("ssrc")[:1]]
    if not all(_SSRC.fullmatch(one) and int(one) < 2**32 for one in named):
        raise SdpError(f"an SSRC is a number below 2^32: {' '.join(named)[:40]!r}")
    return tuple(int(one) for one in named)
