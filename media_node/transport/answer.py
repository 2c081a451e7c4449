"""Answers, written: the node's side of an offer as SDP (RFC 9429 section 5.3, ICE-lite as in RFC 8445)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from media_node.quantities import Mid
from media_node.transport.formats import KEPT, SEND_TIME, TRANSPORT_WIDE
from media_node.transport.parameters import (
    CodecParameters,
    Formats,
    IceCredentials,
    MediaParameters,
    Offer,
    OfferedLine,
    SlotSource,
)
from media_node.transport.simulcast import format_simulcast

# Feedback that the plane gives or understands, per payload type. A receiver without transport-wide feedback
# may say its own estimate.
FEEDBACK = ("nack", "nack pli", "ccm fir", "transport-cc")
SLOT_FEEDBACK = (*FEEDBACK, "goog-remb")
# Extensions of streams that a client sends and the node does not: layers' names.
INGRESS_ONLY = {
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
}
CNAME = "parley"


@dataclass(frozen=True)
class LocalSide:
    """What the node brings into every answer of one connection."""

    ice: IceCredentials
    fingerprint: str
    # (address, port) of the media socket, most wanted first.
    addresses: Sequence[tuple[str, int]]
    source_by_mid: Mapping[Mid, SlotSource]


@lru_cache(2 * KEPT)
def agree(formats: Formats, *, is_slot: bool) -> Formats:
    """The formats of the answer: H.264 only where packets may be fragmented (mode 1), with our feedback."""
    allowed = SLOT_FEEDBACK if is_slot else FEEDBACK
    codecs = [
        replace(codec, feedback=tuple(one for one in codec.feedback if one in allowed))
        for codec in formats.codecs
        if codec.name.lower() != "h264" or "packetization-mode=1" in codec.fmtp
    ]
    # Send times are for receivers that estimate: others spare the bytes, and so does what the node receives.
    reports_arrivals = any(one.uri == TRANSPORT_WIDE for one in formats.extensions) and any(
        "transport-cc" in codec.feedback for codec in codecs
    )
    left_out = INGRESS_ONLY if is_slot else {SEND_TIME}
    left_out = left_out | {SEND_TIME} if reports_arrivals else left_out
    extensions = [one for one in formats.extensions if one.uri not in left_out]
    return Formats(tuple(codecs), tuple(extensions))


def format_answer(offer: Offer, local: LocalSide) -> str:
    """The answer to `offer`; m-lines that are not used are refused with port 0."""
    mids = [line.mid for line in offer.lines if line.media is not None and line.mid is not None]
    session = [
        "v=0",
        "o=- 1 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        *([f"a=group:BUNDLE {' '.join(mids)}"] if mids else []),
        "a=ice-lite",
        f"a=fingerprint:sha-256 {local.fingerprint}",
        f"a=setup:{'passive' if offer.dtls_role == 'server' else 'active'}",
        *(["a=extmap-allow-mixed"] if offer.allows_mixed else []),
        "a=msid-semantic:WMS *",
    ]
    transport = _format_transport(local)
    lines = [text for line in offer.lines for text in _format_line(line, local, transport)]
    return "\r\n".join([*session, *lines]) + "\r\n"


def _format_line(line: OfferedLine, local: LocalSide, transport: list[str]) -> list[str]:
    mid = [f"a=mid:{line.mid}"] if line.mid is not None else []
    if line.media is None:
        return [
            f"m={line.kind} 0 {line.profile} {' '.join(line.formats)}",
            "c=IN IP4 0.0.0.0",
            *mid,
            "a=inactive",
        ]
    is_slot = line.direction == "recvonly"
    payload_types, formats = _format_formats(agree(line.media.formats, is_slot=is_slot))
    address, port = local.addresses[0]
    return [
        f"m={line.kind} {port} {line.profile} {payload_types}",
        f"c=IN {'IP6' if ':' in address else 'IP4'} {address}",
        *mid,
        f"a={'sendonly' if is_slot else 'recvonly'}",
        *transport,
        formats,
        *(_source(line.media, local) if is_slot else format_simulcast(line.media.rids)),
    ]


def _format_transport(local: LocalSide) -> list[str]:
    """What each m-line repeats, as all are bundled."""
    return [
        "a=rtcp-mux",
        "a=rtcp-rsize",
        f"a=ice-ufrag:{local.ice.ufrag}",
        f"a=ice-pwd:{local.ice.password}",
        *_candidates(local.addresses),
    ]


def _candidates(addresses: Sequence[tuple[str, int]]) -> list[str]:
    """Host candidates of component 1, falling preference (RFC 8839 section 5.1, RFC 8445 section 5.1.2).

    TCP, on the same port number, is for networks that let no UDP through (RFC 6544), and comes after UDP.
    """
    udp, tcp = [], []
    for index, (address, port) in enumerate(addresses):
        place = ((65_535 - index) << 8) | 255
        udp.append(f"a=candidate:{index + 1} 1 udp {(126 << 24) | place} {address} {port} typ host")
        number = len(addresses) + index + 1
        tcp.append(
            f"a=candidate:{number} 1 tcp {(90 << 24) | place} {address} {port} typ host tcptype passive"
        )
    return [*udp, *tcp, "a=end-of-candidates"]


@lru_cache(2 * KEPT)
def _format_formats(formats: Formats) -> tuple[str, str]:
    """The payload types of an m-line, and its lines about them and header extensions."""
    payload_types = []
    for codec in formats.codecs:
        payload_types += [codec.payload_type]
        payload_types += [codec.rtx_payload_type] if codec.rtx_payload_type is not None else []
    lines = [text for codec in formats.codecs for text in _format_codec(codec)]
    lines += [f"a=extmap:{one.id} {one.uri}" for one in formats.extensions]
    return " ".join(str(one) for one in payload_types), "\r\n".join(lines)


def _format_codec(codec: CodecParameters) -> list[str]:
    channels = f"/{codec.channels}" if codec.channels and codec.channels > 1 else ""
    texts = [f"a=rtpmap:{codec.payload_type} {codec.name}/{codec.clock_rate}{channels}"]
    texts += [f"a=rtcp-fb:{codec.payload_type} {one}" for one in codec.feedback]
    if codec.fmtp:
        texts.append(f"a=fmtp:{codec.payload_type} {codec.fmtp}")
    if codec.rtx_payload_type is not None:
        texts.append(f"a=rtpmap:{codec.rtx_payload_type} rtx/{codec.clock_rate}")
        texts.append(f"a=fmtp:{codec.rtx_payload_type} apt={codec.payload_type}")
    return texts


def _source(media: MediaParameters, local: LocalSide) -> list[str]:
    """The slot's own stream: its id never changes, whatever it carries (design: slots)."""
    source = local.source_by_mid[media.mid]
    texts = [f"a=msid:slot-{media.mid} slot-{media.mid}"]
    if source.rtx_ssrc is not None:
        texts.append(f"a=ssrc-group:FID {source.ssrc} {source.rtx_ssrc}")
    ssrcs = [source.ssrc] if source.rtx_ssrc is None else [source.ssrc, source.rtx_ssrc]
    return [*texts, *(f"a=ssrc:{ssrc} cname:{CNAME}" for ssrc in ssrcs)]
