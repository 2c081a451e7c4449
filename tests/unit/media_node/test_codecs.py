"""What everybody in a meeting decodes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_node.connections import received_codecs
from media_node.meetings.codecs import ORDER, Codecs, SharedCodecs, decodes_of
from media_node.transport.offer import parse_offer
from tests.support.crowd import OFFER

Decodes = Mapping[str, bool] | None
decoders = st.none() | st.dictionaries(st.sampled_from([*ORDER, "later"]), st.booleans())


def test_a_codec_is_shared_as_long_as_everybody_decodes_it():
    codecs = Codecs()
    codecs.handle_join({"vp8": False, "h264": True})
    assert codecs.shared == SharedCodecs(("vp8", "h264"), ("h264",))
    assert codecs.handle_join({"vp8": False, "vp9": False})
    assert codecs.shared == SharedCodecs(("vp8",), ())
    assert codecs.handle_leave({"vp8": False, "vp9": False})
    assert codecs.shared == SharedCodecs(("vp8", "h264"), ("h264",))


def test_who_receives_no_pictures_forbids_nothing():
    codecs = Codecs()
    assert not codecs.handle_join(None)
    assert codecs.shared.decodable == ORDER


@given(st.lists(decoders, max_size=8), st.data())
def test_counting_comes_to_what_a_look_at_everybody_would(people: list[Decodes], data: st.DataObject):
    codecs = Codecs()
    for decodes in people:
        codecs.handle_join(decodes)
    gone = data.draw(st.lists(st.sampled_from(people), unique_by=id, max_size=8)) if people else []
    for decodes in gone:
        before = codecs.shared
        assert codecs.handle_leave(decodes) == (codecs.shared != before)
        people.remove(decodes)
    viewers = [decodes for decodes in people if decodes is not None]
    assert codecs.shared == SharedCodecs(
        tuple(codec for codec in ORDER if all(codec in one for one in viewers)),
        tuple(codec for codec in ORDER if all(one.get(codec) for one in viewers)),
    )


@pytest.mark.parametrize(
    ("received", "told", "expected"),
    [
        (None, {"vp8": True}, None),
        ({"vp8", "vp9"}, None, {"vp8": False, "vp9": False}),
        ({"vp8", "vp9"}, {"vp8": True, "av1": True}, {"vp8": True}),
        ({"vp8"}, {"av1": True}, {"vp8": False}),
    ],
)
def test_somebody_decodes_what_it_says_of_what_its_slots_can_carry(
    received: set[str] | None, told: Decodes, expected: Decodes
):
    assert decodes_of(frozenset(received) if received is not None else None, told) == expected


def test_the_slots_of_an_offer_say_what_they_can_carry():
    offer = parse_offer(OFFER)
    pictures = [media for media in offer.receiving if media.kind == "video"]
    assert received_codecs(offer) == frozenset(
        codec.name.lower() for media in pictures for codec in media.codecs
    )
