"""What a link makes of another node's messages and answers, without a node."""

from __future__ import annotations

from typing import Any

import pytest

from media_node.errors import MalformedError, SdpError
from media_node.quantities import MediaKind, Mid
from media_node.relay.link import offered_lines
from media_node.relay.remote_meeting import RemoteMeeting
from media_node.transport.certificate import Certificate
from media_node.transport.client import format_receiving_offer, parse_answer
from media_node.transport.connection import Connection, new_credentials
from media_node.transport.offer import parse_offer

LINES: list[tuple[Mid, MediaKind]] = [(Mid("a0"), "audio"), (Mid("v1"), "video")]


def track(name: str, source: str = "camera", *, muted: bool = False) -> dict[str, Any]:
    return {"id": name, "source": source, "kind": "video", "muted": muted}


def joined(*tracks: dict[str, Any], slots: dict[str, str | None] | None = None) -> dict[str, Any]:
    carried = [{"slot": slot, "track": name} for slot, name in (slots or {}).items()]
    roster = {"participants": [{"id": "par_a", "tracks": list(tracks)}]}
    return {"type": "joined", "roster": roster, "slots": carried}


def change(**fields: Any) -> dict[str, Any]:
    return {"type": "roster", "changes": [fields]}


def shown(meeting: RemoteMeeting) -> dict[str, tuple[str, bool]]:
    return {slot: (one.id, one.is_muted) for slot, one in meeting.carried().items()}


def test_tracks_come_through_the_slots_that_the_node_names_in_whatever_order_it_tells():
    meeting = RemoteMeeting()
    meeting.handle_message(joined(track("trk_a"), slots={"v1": "trk_a", "a0": None}))
    assert shown(meeting) == {"v1": ("trk_a", False)}
    # A slot may be told before its track is.
    meeting.handle_message({"type": "slots", "slots": [{"slot": "v2", "track": "trk_b"}]})
    assert shown(meeting) == {"v1": ("trk_a", False)}
    meeting.handle_message(change(op="trackPublished", participant="par_b", track=track("trk_b", muted=True)))
    assert shown(meeting)["v2"] == ("trk_b", True)
    meeting.handle_message(change(op="trackMuted", participant="par_b", track="trk_b", muted=False))
    assert shown(meeting)["v2"] == ("trk_b", False)
    meeting.handle_message(change(op="trackUnpublished", participant="par_a", track="trk_a"))
    meeting.handle_message({"type": "slots", "slots": [{"slot": "v1", "track": None}]})
    assert shown(meeting) == {"v2": ("trk_b", False)}
    meeting.handle_message(change(op="participantLeft", participant="par_b"))
    assert shown(meeting) == {}


def test_each_track_is_offered_a_line_before_any_is_spared_and_those_without_room_are_counted():
    lines, lacking = offered_lines([], {"audio": 1, "video": 0})
    assert ([mid for mid, _ in lines], lacking) == (["a0", "a1", "a2", "a3", "a4", "a5", "a6"], 0)
    assert offered_lines(lines, {"audio": 0, "video": 0}) == (lines, 0)
    more, lacking = offered_lines(lines, {"audio": 1, "video": 2}, most=10)
    assert ([mid for mid, _ in more[7:]], lacking) == (["a7", "v8", "v9"], 0)
    assert offered_lines(more, {"audio": 1, "video": 1}, most=10) == (more, 2)
    assert offered_lines(lines, {"audio": 2, "video": 2}, most=10)[1] == 1


def test_it_says_how_many_tracks_have_no_slot():
    meeting = RemoteMeeting()
    tracks = [track("trk_a"), track("trk_b"), track("trk_c", "microphone")]
    meeting.handle_message(joined(*tracks, slots={"v1": "trk_a"}))
    assert (meeting.missing("video"), meeting.missing("audio")) == (1, 1)


@pytest.mark.parametrize(
    "message",
    [{}, {"type": "joined"}, {"type": "slots", "slots": [{}]}, {"type": "slots", "slots": 7},
     change(op="trackPublished", participant="par_a", track=track("trk_a", "smell")),
     {"type": "roster", "changes": [None]}],
)  # fmt: skip
def test_a_message_that_is_not_of_the_contract_is_refused(message: dict[str, Any]):
    with pytest.raises(MalformedError):
        RemoteMeeting().handle_message(message)


def test_a_node_answers_the_offer_with_a_stream_for_each_line_and_every_codec():
    ice, certificate = new_credentials(), Certificate.generate()
    offer = parse_offer(format_receiving_offer(ice, certificate.sha256_fingerprint, LINES))
    assert (offer.dtls_role, offer.remote_ufrag) == ("server", ice.ufrag)
    node = Connection(certificate, [("192.0.2.1", 4000), ("2001:db8::1", 4000)], offer)
    answer = parse_answer(node.answer())
    assert answer.ice == node.ice
    assert answer.addresses == (("192.0.2.1", 4000), ("2001:db8::1", 4000))
    assert answer.fingerprints == (("sha-256", certificate.sha256_fingerprint),)
    audio, video = answer.media
    assert audio.ssrcs == (node.source_by_mid[Mid("a0")].ssrc,)
    assert video.ssrcs == (node.source_by_mid[Mid("v1")].ssrc, node.source_by_mid[Mid("v1")].rtx_ssrc)
    assert {one.name for one in video.codecs} == {"VP8", "VP9", "H264", "H265", "AV1"}
    assert all(one.rtx_payload_type is not None and "nack" in one.feedback for one in video.codecs)
    # Without this the other node sends what there is, and estimates nothing.
    assert all("transport-cc" not in one.feedback for media in answer.media for one in media.codecs)


def test_an_answer_without_an_address_is_refused():
    ice, certificate = new_credentials(), Certificate.generate()
    text = format_receiving_offer(ice, certificate.sha256_fingerprint, LINES)
    with pytest.raises(SdpError):
        parse_answer(text)
