"""Offers read and answers written: Chromium's as recorded, others with their oddities, and rubbish."""

import gc
from pathlib import Path

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from media_node.errors import SdpError, TooLargeError
from media_node.transport.certificate import Certificate
from media_node.transport.connection import Connection
from media_node.transport.offer import MAX_OFFER_CHARS, parse_offer
from media_node.transport.parameters import Formats

CHROMIUM = (Path(__file__).parents[2] / "fixtures/sdp/chromium.sdp").read_bytes().decode()
SCALABLE = (Path(__file__).parents[2] / "fixtures/sdp/chromium_scalable.sdp").read_bytes().decode()
DESCRIPTOR = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
CERTIFICATE = Certificate.generate()
ADDRESSES = [("127.0.0.1", 4000), ("192.0.2.7", 4000)]
FINGERPRINT = "a=fingerprint:sha-256 " + ":".join(["AB"] * 32)
ICE = ["a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901"]


def connect(text: str) -> Connection:
    return Connection(CERTIFICATE, ADDRESSES, parse_offer(text))


def offer_of(*media: str, session: tuple[str, ...] = ("a=group:BUNDLE 0",)) -> str:
    head = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", *session]
    return "\r\n".join([*head, *media]) + "\r\n"


def one_line(*attributes: str) -> str:
    """An offer of one video line that is whole but for what the attributes say."""
    return offer_of("m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:0", *ICE, FINGERPRINT, *attributes)


def sections(sdp: str) -> list[str]:
    return sdp.split("\r\nm=")


def test_reads_what_chromium_sends_and_receives():
    offer = parse_offer(CHROMIUM)
    assert offer.dtls_role == "server"
    assert [media.kind for media in offer.sending] == ["audio", "video"]
    assert [media.kind for media in offer.receiving] == ["audio"] * 4 + ["video"] * 3
    vp8 = offer.sending[1].codecs[0]
    assert (vp8.name, vp8.clock_rate) == ("VP8", 90_000)
    assert vp8.rtx_payload_type is not None
    assert "nack pli" in vp8.feedback
    assert len(offer.sending[1].ssrcs) == 2


def test_the_answer_mirrors_every_line_and_refuses_what_it_does_not_take():
    answer = connect(CHROMIUM).answer()
    session, *media = sections(answer)
    assert "a=ice-lite" in session
    assert "a=setup:passive" in session
    assert f"a=fingerprint:sha-256 {CERTIFICATE.sha256_fingerprint}" in session
    assert len(media) == CHROMIUM.count("\r\nm=")
    assert media[-1].startswith("application 0 ")
    directions = ["recvonly" if "a=recvonly" in one else "sendonly" for one in media[:-1]]
    assert directions == ["recvonly"] * 2 + ["sendonly"] * 7
    assert "a=candidate:1 1 udp" in media[0]
    assert "192.0.2.7 4000 typ host" in media[0]


def test_each_slot_has_streams_of_its_own_that_stay_over_further_offers():
    connection = connect(CHROMIUM)
    first = dict(connection.source_by_mid)
    assert len({source.ssrc for source in first.values()}) == 7
    video = sections(connection.answer())[7]
    source = first[parse_offer(CHROMIUM).receiving[4].mid]
    assert f"a=ssrc-group:FID {source.ssrc} {source.rtx_ssrc}" in video
    assert connection.handle_offer(parse_offer(CHROMIUM)) is False
    assert connection.source_by_mid == first


def test_another_ufrag_restarts_ice_and_another_certificate_is_another_connection():
    connection = connect(CHROMIUM)
    before = connection.ice
    ufrag = parse_offer(CHROMIUM).remote_ufrag
    restarted = parse_offer(CHROMIUM.replace(f"a=ice-ufrag:{ufrag}", "a=ice-ufrag:other"))
    assert connection.continues_with(restarted)
    assert connection.handle_offer(restarted) is True
    assert connection.ice != before
    other = "\r\n".join(
        FINGERPRINT if line.startswith("a=fingerprint") else line for line in CHROMIUM.splitlines()
    )
    assert not connection.continues_with(parse_offer(other + "\r\n"))


def test_an_independent_parser_reads_the_answer():
    read = SessionDescription.parse(connect(CHROMIUM).answer())
    assert [media.kind for media in read.media[:3]] == ["audio", "video", "audio"]
    assert read.media[1].rtp.codecs[0].mimeType == "video/VP8"
    assert read.media[0].ice is not None
    assert read.media[0].ice.iceLite


def test_takes_the_clients_part_when_the_offer_is_passive_and_has_no_bundle():
    # FFmpeg's WHIP: setup:passive, no candidates, credentials per m-line.
    line = ["m=video 9 UDP/TLS/RTP/SAVPF 106", "a=mid:0", "a=setup:passive", "a=sendonly", *ICE, FINGERPRINT]
    fmtp = "a=fmtp:106 packetization-mode=1;profile-level-id=42e01f"
    offer = parse_offer(offer_of("\r\n".join([*line, "a=rtpmap:106 H264/90000", fmtp])))
    assert offer.dtls_role == "client"
    assert offer.sending[0].codecs[0].name == "H264"


def test_takes_bundled_lines_with_port_zero_and_long_mids():
    # GStreamer: mids like video0, bundled m-lines with port 0.
    lines = [
        "\r\n".join(
            [
                f"m={kind} {port} UDP/TLS/RTP/SAVPF {payload_type}",
                f"a=mid:{kind}{index}",
                "a=setup:actpass",
                "a=sendrecv",
                *ICE,
                FINGERPRINT,
                f"a=rtpmap:{payload_type} {codec}",
            ]
        )
        for index, (kind, port, payload_type, codec) in enumerate(
            [("audio", 9, 96, "OPUS/48000/2"), ("video", 0, 97, "VP8/90000")]
        )
    ]
    offer = parse_offer(offer_of(*lines, session=("a=group:BUNDLE audio0 video1",)))
    assert [media.mid for media in offer.sending] == ["audio0", "video1"]
    answer = sections(connect(offer_of(*lines, session=("a=group:BUNDLE audio0 video1",))).answer())
    assert answer[2].startswith("video 4000 ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "v=0"),
        ("hello", "v=0"),
        ("v=0\r\n", "m-lines"),
        ("v=0\r\nm=video\r\n", "not SDP"),
        (offer_of("m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=rtpmap:96 VP8/90000"), "ICE"),
        (
            offer_of(
                "\r\n".join(["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:0", *ICE, "a=rtpmap:96 VP8/90000"])
            ),
            "fingerprint",
        ),
        (
            offer_of(
                "\r\n".join(
                    [
                        "m=video 9 X/Y 96",
                        "a=mid:0",
                        *ICE,
                        FINGERPRINT,
                        "a=setup:actpass",
                        "a=rtpmap:96 theora/90000",
                    ]
                )
            ),
            "no m-line",
        ),
        ("v=0\r\n" + "m=audio 9 X/Y 111\r\n" * 200, "m-lines"),
        (one_line("a=setup:nonsense", "a=rtpmap:96 VP8/90000"), "setup"),
        (one_line("a=setup:actpass", "a=rtpmap:96"), "read"),
        (one_line("a=setup:actpass", "a=rtpmap:96 VP8"), "read"),
        (one_line("a=setup:actpass", "a=rtpmap:96 VP8/0"), "clock rate"),
        (one_line("a=setup:actpass", "a=rtpmap:96 VP8/9999999"), "clock rate"),
        (one_line("a=setup:actpass", "a=rtpmap:72 VP8/90000"), "payload type"),
        (one_line("a=setup:actpass", "a=rtpmap:200 VP8/90000"), "payload type"),
        (one_line("a=setup:actpass", "a=rtpmap:96 VP8/90000", "a=fmtp:x"), "read"),
        (one_line("a=setup:actpass", "a=rtpmap:96 VP8/90000", "a=extmap:one uri"), "read"),
        (one_line("a=setup:actpass", "a=rtpmap:96 VP8/90000", "a=ssrc:4294967296 cname:x"), "SSRC"),
        (one_line("a=setup:actpass", "a=rtpmap:96 VP8/90000", "a=mid:" + "x" * 65), "mid"),
        (one_line("a=setup:actpass", "a=rtpmap:96 VP8/90000", "a=fingerprint:sha-256 AB"), "fingerprint"),
    ],
)
def test_rubbish_is_named_not_raised(text, said):
    with pytest.raises(SdpError, match=said):
        parse_offer(text)


def test_a_mebibyte_of_sdp_is_too_large():
    with pytest.raises(TooLargeError):
        parse_offer("v=0\r\n" + "a=x\r\n" * (MAX_OFFER_CHARS // 4))


@given(st.data())
def test_a_mangled_offer_is_answered_or_refused_but_never_breaks(data):
    lines = CHROMIUM.splitlines()
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(lines) - 1))
        change = data.draw(st.sampled_from(["drop", "cut", "swap", "noise"]))
        if change == "drop" and len(lines) > 1:
            del lines[at]
        elif change == "cut":
            lines[at] = lines[at][: data.draw(st.integers(0, 8))]
        elif change == "swap":
            other = data.draw(st.integers(0, len(lines) - 1))
            lines[at], lines[other] = lines[other], lines[at]
        else:
            lines[at] = data.draw(st.text(max_size=30))
    try:
        answer = connect("\r\n".join(lines) + "\r\n").answer()
    except SdpError:
        return
    assert answer.startswith("v=0")


RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"


def simulcast_offer(*attributes: str) -> str:
    return offer_of(
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
        "c=IN IP4 0.0.0.0",
        "a=mid:0",
        *ICE,
        FINGERPRINT,
        "a=setup:actpass",
        "a=sendonly",
        "a=rtcp-mux",
        "a=rtpmap:96 VP8/90000",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
        f"a=extmap:10 {RID}",
        *attributes,
    )


def test_takes_the_layers_of_a_simulcast_offer_lowest_first():
    text = simulcast_offer("a=rid:q send", "a=rid:h send", "a=rid:f send", "a=simulcast:send q;~h;f")
    assert parse_offer(text).sending[0].rids == ("q", "h", "f")
    answer = connect(text).answer()
    for line in ("a=rid:q recv", "a=rid:f recv", "a=simulcast:recv q;h;f", f"a=extmap:10 {RID}"):
        assert line in answer.split("\r\n")


@pytest.mark.parametrize(
    "attributes",
    [
        [],
        ["a=rid:q send"],
        ["a=simulcast:send q;h"],
        ["a=rid:q send", "a=simulcast:send q;h"],
        ["a=rid:q send", "a=simulcast:send q;q"],
        ["a=rid:q recv", "a=simulcast:recv q"],
        ["a=rid:q send", "a=simulcast:send"],
        ["a=rid:" + "x" * 200 + " send", "a=simulcast:send " + "x" * 200],
    ],
)
def test_a_simulcast_description_that_contradicts_itself_is_one_stream(attributes):
    text = simulcast_offer(*attributes)
    assert parse_offer(text).sending[0].rids == ()
    assert "simulcast" not in connect(text).answer()


def test_of_too_many_layers_the_lowest_are_taken():
    rids = [f"r{number}" for number in range(9)]
    text = simulcast_offer(*(f"a=rid:{rid} send" for rid in rids), f"a=simulcast:send {';'.join(rids)}")
    assert parse_offer(text).sending[0].rids == ("r0", "r1", "r2", "r3")


def test_slots_do_not_name_layers():
    answer = connect(CHROMIUM).answer()
    slots = [section for section in sections(answer) if "a=sendonly" in section]
    assert slots
    assert not any("stream-id" in section for section in slots)


def test_whoever_sends_turns_pictures_upright_for_recorders_and_receivers():
    assert CHROMIUM.count("urn:3gpp:video-orientation") > 1
    assert "video-orientation" not in connect(CHROMIUM).answer()


SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
WIDE = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"


@pytest.mark.parametrize(
    ("direction", "attributes", "is_taken"),
    [
        ("recvonly", [], True),
        ("recvonly", ["a=rtcp-fb:96 transport-cc"], True),
        ("recvonly", [f"a=extmap:4 {WIDE}"], True),
        ("recvonly", ["a=rtcp-fb:96 transport-cc", f"a=extmap:4 {WIDE}"], False),
        ("sendonly", [], False),
    ],
)
def test_send_times_go_to_receivers_that_do_not_report_arrivals(direction, attributes, is_taken):
    text = one_line(
        "a=setup:actpass",
        f"a={direction}",
        "a=rtcp-mux",
        "a=rtpmap:96 VP8/90000",
        f"a=extmap:3 {SEND_TIME}",
        *attributes,
    )
    assert (f"a=extmap:3 {SEND_TIME}" in connect(text).answer().split("\r\n")) is is_taken


def test_takes_scalable_codecs_and_what_describes_their_layers():
    scalable, simulcast = parse_offer(SCALABLE).sending[1:]
    names = [codec.name for codec in scalable.codecs]
    assert names[:4] == ["VP9", "VP9", "AV1", "VP8"]
    assert all(codec.rtx_payload_type is not None for codec in scalable.codecs)
    assert DESCRIPTOR in {one.uri for one in scalable.extensions}
    assert simulcast.rids == ("q", "h", "f")
    session, *media = sections(connect(SCALABLE).answer())
    assert "a=extmap-allow-mixed" in session.split("\r\n")
    assert f"a=extmap:9 {DESCRIPTOR}" in media[1].split("\r\n")
    assert f"a=extmap:9 {DESCRIPTOR}" in media[3].split("\r\n")
    assert "a=fmtp:45 level-idx=5;profile=0;tier=0" in media[1].split("\r\n")


def test_long_extensions_go_only_to_those_who_say_that_they_read_them():
    text = SCALABLE.replace("a=extmap-allow-mixed\r\n", "")
    answer = connect(text).answer()
    assert "allow-mixed" not in answer
    assert DESCRIPTOR not in answer


def test_redundant_audio_is_taken_after_the_plain_form():
    for media in (parse_offer(SCALABLE).sending[0], parse_offer(SCALABLE).receiving[-1]):
        assert [(codec.name, codec.fmtp) for codec in media.codecs][1] == ("red", "111/111")
    assert "m=audio 4000 UDP/TLS/RTP/SAVPF 111 63\r\n" in connect(SCALABLE).answer()


def test_redundancy_of_video_is_not_taken_for_a_codec():
    codecs = [codec.name for media in parse_offer(SCALABLE).sending[1:] for codec in media.codecs]
    assert not {"red", "ulpfec", "flexfec-03"} & set(codecs)


def test_tcp_candidates_share_the_port_and_come_after_udp():
    lines = [line for line in connect(CHROMIUM).answer().split("\r\n") if line.startswith("a=candidate:")]
    first = [line.removeprefix("a=candidate:").split() for line in lines[:4]]
    assert [one[2] for one in first] == ["udp", "udp", "tcp", "tcp"]
    assert all(one[-2:] == ["tcptype", "passive"] for one in first[2:])
    assert {one[5] for one in first} == {"4000"}
    priorities = [int(one[3]) for one in first]
    assert priorities == sorted(priorities, reverse=True)
    assert len({one[0] for one in first}) == 4


def test_formats_are_read_once_for_all_lines_and_joins_that_say_the_same():
    first, second = parse_offer(CHROMIUM), parse_offer(CHROMIUM)
    videos = [media for media in first.receiving if media.kind == "video"]
    assert len({id(media.formats) for media in videos}) == 1
    assert videos[0].formats is next(m for m in second.receiving if m.kind == "video").formats


def test_payload_types_keep_the_clients_order_whatever_the_order_of_their_lines():
    text = one_line(
        "a=setup:actpass",
        "a=sendonly",
        "a=fmtp:98 apt=97",
        "a=rtcp-fb:* nack  pli",
        "a=rtpmap:96 VP8/90000",
        "a=rtpmap:97 H264/90000",
        "a=fmtp:97 packetization-mode=1; profile-level-id=42e01f",
        "a=rtpmap:98 rtx/90000",
    ).replace("SAVPF 96", "SAVPF 97 98 96")
    first, second = parse_offer(text).sending[0].codecs
    assert (first.name, first.fmtp, first.rtx_payload_type) == (
        "H264",
        "packetization-mode=1;profile-level-id=42e01f",
        98,
    )
    assert (second.name, second.feedback) == ("VP8", ("nack pli",))


def test_what_the_session_says_holds_for_lines_that_do_not():
    line = ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:0", "a=rtpmap:96 VP8/90000"]
    head = ("a=group:BUNDLE 0", *ICE, FINGERPRINT.lower(), "a=setup:active", "a=extmap-allow-mixed")
    offer = parse_offer(offer_of(*line, session=head))
    assert (offer.remote_ufrag, offer.dtls_role, offer.allows_mixed) == ("abcd", "server", True)
    assert offer.fingerprints == (("sha-256", ":".join(["AB"] * 32)),)


def test_offers_with_endless_formats_leave_nothing_behind():
    for number in range(400):
        noise = [f"a=fmtp:96 x={number}-{'y' * 500}" for _ in range(40)]
        parse_offer(one_line("a=setup:actpass", "a=rtpmap:96 VP8/90000", *noise))
    assert formats_kept() == 0


def formats_kept() -> int:
    """How many of the noisy lists are kept."""
    return sum(
        "y" * 500 in codec.fmtp
        for one in gc.get_objects()
        if isinstance(one, Formats)
        for codec in one.codecs
    )
