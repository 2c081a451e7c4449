"""Offers, read: SDP text in, ORTC-style parameters out.

aiortc parses the lines; what it is strict about and the node has no use for is taken out before. Source:
RFC 8866, RFC 9143 (BUNDLE), RFC 9429 (JSEP), RFC 4588 (RTX).
"""

from collections.abc import Sequence
from dataclasses import replace

from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.sdp import MediaDescription, SessionDescription

from media_node.errors import SdpError, TooLargeError
from media_node.quantities import MediaKind, Mid
from media_node.transport.parameters import (
    CodecParameters,
    DtlsRole,
    ExtensionParameters,
    MediaParameters,
    Offer,
    OfferedLine,
)
from media_node.transport.simulcast import rids_by_line

MAX_OFFER_CHARS = 262_144
# More m-lines than 49 pictures, their audio and the client's own tracks need.
MAX_LINES = 96
FORWARDED = {
    "opus": "audio",
    "vp8": "video",
    "vp9": "video",
    "av1": "video",
    "h264": "video",
    "h265": "video",
}
DEPENDENCY_DESCRIPTOR = (
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
)
# Says that both lengths of extension heads are read in one stream (RFC 8285 section 6).
ALLOWS_MIXED = "a=extmap-allow-mixed"
EXTENSIONS = {
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    "urn:3gpp:video-orientation",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
    DEPENDENCY_DESCRIPTOR,
}
# Candidates and addresses are not looked at: an ICE-lite agent learns them from checks.
IGNORED_PREFIXES = (
    "a=candidate:",
    "a=rtcp:",
    "a=end-of-candidates",
    "a=extmap-allow-mixed",
    "a=ssrc-group:SIM",
    "c=",
)


def parse_offer(text: str) -> Offer:
    """Read an offer.

    Raises:
        TooLargeError: Longer than 262,144 characters.
        SdpError: Not SDP, or without what an answer needs.
    """
    if len(text) > MAX_OFFER_CHARS:
        raise TooLargeError(f"an offer has at most {MAX_OFFER_CHARS} characters")
    session = _parse(text)
    if not 0 < len(session.media) <= MAX_LINES:
        raise SdpError(f"an offer has 1 to {MAX_LINES} m-lines, not {len(session.media)}")
    bundled = {str(mid) for group in session.group if group.semantic == "BUNDLE" for mid in group.items}
    texts = text.splitlines()
    allows_mixed = ALLOWS_MIXED in texts
    lines = tuple(
        _with_rids(_read_line(media, bundled, len(session.media), allows_mixed), sent)
        for media, sent in zip(session.media, rids_by_line(texts), strict=False)
    )
    first = next((media for media in session.media if media.ice and media.ice.usernameFragment), None)
    if first is None or first.ice is None or not first.ice.password:
        raise SdpError("the offer has no ICE username fragment and password")
    fingerprints = (
        tuple((one.algorithm.lower(), one.value) for one in first.dtls.fingerprints) if first.dtls else ()
    )
    if not fingerprints:
        raise SdpError("the offer has no certificate fingerprint with a=setup")
    used = [line for line in lines if line.media is not None]
    if not used:
        raise SdpError("the offer has no m-line that the node can answer: bundled, Opus or video")
    return Offer(
        dtls_role=_dtls_role(first),
        fingerprints=fingerprints,
        remote_ufrag=str(first.ice.usernameFragment),
        sending=tuple(line.media for line in used if line.media and "send" in line.direction),
        receiving=tuple(line.media for line in used if line.media and line.direction == "recvonly"),
        lines=lines,
        allows_mixed=allows_mixed,
    )


def _parse(text: str) -> SessionDescription:
    if not text.startswith("v=0"):
        raise SdpError("an offer is SDP and begins with v=0")
    kept = [_tolerant(line) for line in text.splitlines() if not line.startswith(IGNORED_PREFIXES)]
    try:
        return SessionDescription.parse("\r\n".join(kept) + "\r\n")
    except Exception as exc:
        # The parser meets bytes from outside and raises whatever comes up: all of it is the offer's fault.
        raise SdpError(f"the offer is not SDP that can be read ({type(exc).__name__}: {exc})") from exc


def _tolerant(line: str) -> str:
    # Attributes behind an extension's URI are allowed (RFC 8285 section 8) and not used.
    return " ".join(line.split()[:2]) if line.startswith("a=extmap:") else line


def _dtls_role(media: MediaDescription) -> DtlsRole:
    """The node is the server, unless the offer insists on that part (setup:passive) for itself."""
    return "client" if media.dtls is not None and media.dtls.role == "server" else "server"


def _read_line(media: MediaDescription, bundled: set[str], lines: int, allows_mixed: bool) -> OfferedLine:
    mid = media.rtp.muxId or None
    is_bundled = mid in bundled if bundled else lines == 1
    direction = media.direction or "sendrecv"
    # GStreamer offers bundled lines with port 0 (RFC 9143 section 7.2.1); alone, 0 means refused.
    is_usable = is_bundled and media.kind in ("audio", "video") and direction != "inactive"
    parameters = _media_parameters(media, Mid(mid or "0"), allows_mixed) if is_usable else None
    formats = tuple(str(one) for one in media.fmt)
    return OfferedLine(media.kind, media.profile, formats, mid, direction, is_bundled, parameters)


def _with_rids(line: OfferedLine, rids: tuple[str, ...]) -> OfferedLine:
    """Simulcast is video that the client sends, told apart by a header extension (RFC 8853 section 5.5)."""
    media = line.media
    if media is None or media.kind != "video" or "send" not in line.direction:
        return line
    if not any(one.uri == "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id" for one in media.extensions):
        return line
    return replace(line, media=replace(media, rids=rids))


def _media_parameters(media: MediaDescription, mid: Mid, allows_mixed: bool) -> MediaParameters | None:
    kind: MediaKind = "audio" if media.kind == "audio" else "video"
    rtx = _rtx_by_payload_type(media.rtp.codecs)
    codecs = tuple(_codec(codec, rtx) for codec in media.rtp.codecs if _is_forwarded(codec, kind))
    if not codecs:
        return None
    extensions = tuple(
        ExtensionParameters(one.id, one.uri)
        for one in media.rtp.headerExtensions
        if one.uri in EXTENSIONS and 1 <= one.id <= 14 and (allows_mixed or one.uri != DEPENDENCY_DESCRIPTOR)
    )
    groups = [group.items for group in media.ssrc_group if group.semantic == "FID"]
    ssrcs = [int(ssrc) for ssrc in groups[0]] if groups else [one.ssrc for one in media.ssrc[:1]]
    return MediaParameters(mid, kind, codecs, extensions, tuple(ssrcs[:2]))


def _name(codec: RTCRtpCodecParameters) -> str:
    return str(codec.mimeType).partition("/")[2].lower()


def _is_forwarded(codec: RTCRtpCodecParameters, kind: MediaKind) -> bool:
    return FORWARDED.get(_name(codec)) == kind


def _rtx_by_payload_type(codecs: Sequence[RTCRtpCodecParameters]) -> dict[int, int]:
    found = {}
    for codec in codecs:
        apt = codec.parameters.get("apt")
        if _name(codec) == "rtx" and isinstance(apt, int) and codec.payloadType is not None:
            found[apt] = codec.payloadType
    return found


def _codec(codec: RTCRtpCodecParameters, rtx: dict[int, int]) -> CodecParameters:
    payload_type = int(codec.payloadType or 0)
    feedback = tuple(f"{one.type} {one.parameter or ''}".strip() for one in codec.rtcpFeedback)
    fmtp = ";".join(
        f"{name}={value}" if value is not None else name for name, value in codec.parameters.items()
    )
    return CodecParameters(
        payload_type=payload_type,
        name=str(codec.mimeType).partition("/")[2],
        clock_rate=int(codec.clockRate),
        channels=codec.channels,
        fmtp=fmtp,
        feedback=feedback,
        rtx_payload_type=rtx.get(payload_type),
    )
