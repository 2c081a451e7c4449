"""Who gets which bits, through whole meetings in virtual time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from media_node.bandwidth.layers import Layer
from media_node.bandwidth.receiver import Receiver
from media_node.quantities import Instant
from tests.support.stage import Stage, grid


def pair() -> Stage:
    """Ben watches Anna, whose camera sends three encodings."""
    stage = Stage()
    stage.join("anna", "microphone", "camera")
    stage.join("ben", "microphone", "camera")
    stage.layers("anna", grid())
    stage.estimate("ben", 5_000_000)
    stage.show("ben", 0, "anna")
    return stage


def test_assign_reaches_the_plane_in_the_same_call():
    stage = pair()
    assert stage.layer("ben") == (2, 1)
    stage.show("ben", 0, "anna", max_height=180)
    assert stage.layer("ben") == (0, 1)
    stage.show("ben", 0, "anna", max_height=360, max_fps=15)
    assert stage.layer("ben") == (1, 0)


def test_a_broken_link_pauses_video_and_says_so_and_audio_is_not_touched():
    stage = pair()
    stage.estimate("ben", 30_000)
    assert stage.layer("ben") is None
    paused = stage.heard("ben", "slots")[-1]["slots"]
    assert paused == [{"slot": "v0", "track": stage.track("anna"), "paused": True, "reason": "bandwidth"}]
    for _ in range(3):
        stage.wait(0.5)
        stage.estimate("ben", 5_000_000)
    assert stage.layer("ben") == (2, 1)
    assert stage.heard("ben", "slots")[-1]["slots"] == [
        {"slot": "v0", "track": stage.track("anna"), "paused": False}
    ]


def test_an_estimate_that_is_said_once_is_used_once_it_has_stood():
    stage = pair()
    stage.estimate("ben", 30_000)
    stage.estimate("ben", 5_000_000)
    assert stage.layer("ben") is None
    stage.wait(1.5)
    assert stage.layer("ben") == (2, 1)


def test_an_estimate_that_dips_and_stays_down_is_followed():
    stage = pair()
    stage.estimate("ben", 1_300_000)
    stage.wait(2)
    assert stage.layer("ben") == (2, 1)
    stage.estimate("ben", 1_180_000)
    assert stage.layer("ben") == (2, 1)
    stage.wait(1)
    assert stage.layer("ben") == (1, 1)


def test_step_by_step_down_and_up_again():
    stage = pair()
    seen = []
    for estimate in (2_000_000, 900_000, 250_000, 80_000, 30_000, 2_000_000):
        stage.wait(2)
        stage.estimate("ben", estimate)
        stage.wait(2)
        stage.estimate("ben", estimate)
        seen.append(stage.layer("ben"))
    assert seen == [(2, 1), (1, 1), (0, 1), (0, 0), None, (2, 1)]


def newcomer() -> Stage:
    """Ben has come to Anna, and his path is up: of it nothing is known but what is assumed of each."""
    stage = Stage()
    stage.join("anna", "microphone", "camera")
    stage.layers("anna", grid())
    stage.wait(2)
    stage.join("ben", "microphone", "camera")
    stage.show("ben", 0, "anna")
    stage.heard("anna", "layers")
    stage.estimate("ben", 700_000)
    return stage


def test_for_a_guess_of_a_link_no_encoder_is_started():
    stage = newcomer()
    assert stage.layer("ben") == (1, 1)
    assert not stage.heard("anna", "layers")
    stage.now += 0.1
    stage.estimate("ben", 3_000_000)
    assert stage.layer("ben") == (2, 1)
    stage.wait(0.5)
    assert not stage.heard("anna", "layers")


def test_what_is_still_so_after_a_while_is_asked_for():
    stage = newcomer()
    stage.wait(0.5)
    assert "h" in rids_of(stage.heard("anna", "layers")[-1]["wanted"])
    stage.wait(2)
    assert rids_of(stage.heard("anna", "layers")[-1]["wanted"]) == ["q", "h"]


def rids_of(wanted: bool | list[str]) -> list[str]:
    return wanted if isinstance(wanted, list) else ["q", "h", "f"] * wanted


def reduced_grid() -> list[Layer]:
    """The best layer in 480p, as its sender was asked."""
    return [
        replace(layer, height=480, bitrate_bps=layer.bitrate_bps * 55 // 100) if layer.spatial == 2 else layer
        for layer in grid()
    ]


def narrow_pair() -> Stage:
    """Ben's link carries more than Anna's 360p, and less than her 720p."""
    stage = pair()
    for _ in range(16):
        stage.estimate("ben", 1_000_000)
        stage.wait(0.25)
    return stage


def test_where_nobody_can_have_the_best_layer_it_is_asked_for_smaller():
    stage = narrow_pair()
    told = stage.heard("anna", "layers")[-1]
    assert (told["wanted"], told["bestScaleDownBy"]) == (["q", "f"], 1.5)
    assert stage.layer("ben") == (2, 1)


def test_the_best_layer_is_whole_again_for_the_first_who_can_have_it():
    stage = narrow_pair()
    stage.layers("anna", reduced_grid())
    stage.join("carl", "microphone")
    stage.estimate("carl", 5_000_000)
    stage.show("carl", 0, "anna")
    stage.heard("anna", "layers")
    stage.wait(3)
    assert "bestScaleDownBy" not in stage.heard("anna", "layers")[-1]
    stage.layers("anna", grid())
    assert (stage.layer("ben"), stage.layer("carl")) == ((1, 1), (2, 1))


def test_who_is_shown_a_smaller_best_layer_is_probed_for_the_whole_one():
    stage = pair()
    before = stage.forwarding.ceiling_by_key[stage.key("ben")]
    for _ in range(16):
        stage.estimate("ben", 1_000_000)
        stage.wait(0.25)
    assert stage.forwarding.ceiling_by_key[stage.key("ben")] >= before


def test_nobody_gets_less_for_somebody_with_a_narrow_link():
    stage = pair()
    stage.join("carl", "microphone")
    stage.estimate("carl", 1_000_000)
    stage.show("carl", 0, "anna")
    stage.wait(10)
    assert all("bestScaleDownBy" not in told for told in stage.heard("anna", "layers"))
    assert stage.layer("ben") == (2, 1)


def test_a_recording_has_the_best_layer_whole():
    stage = narrow_pair()
    stage.layers("anna", reduced_grid())
    stage.hosting.live.distribution.handle_recording(Instant(stage.now), stage.meeting, True)
    stage.wait(3)
    assert "bestScaleDownBy" not in stage.heard("anna", "layers")[-1]


def test_a_sender_that_does_not_follow_is_asked_no_more():
    stage = narrow_pair()
    stage.layers("anna", grid())
    stage.wait(4)
    assert "bestScaleDownBy" not in stage.heard("anna", "layers")[-1]
    assert stage.layer("ben") == (1, 1)
    stage.wait(60)
    assert not stage.heard("anna", "layers")


def test_a_publisher_that_connects_anew_is_told_again_what_is_received():
    stage = narrow_pair()
    stage.heard("anna", "layers")
    stage.hosting.live.distribution.handle_reconnected(Instant(stage.now), stage.key("anna"))
    stage.wait(2)
    told = stage.heard("anna", "layers")[-1]
    assert (told["wanted"], told["bestScaleDownBy"]) == (["q", "f"], 1.5)


def test_a_publisher_that_connects_anew_has_time_to_follow_again():
    stage = narrow_pair()
    stage.layers("anna", reduced_grid())
    stage.wait(10)
    stage.hosting.live.distribution.handle_reconnected(Instant(stage.now), stage.key("anna"))
    # As every connection begins.
    stage.layers("anna", grid())
    stage.wait(2)
    assert stage.heard("anna", "layers")[-1]["bestScaleDownBy"] == 1.5


def test_what_nobody_receives_is_stopped_within_two_seconds_and_started_at_once():
    stage = pair()
    stage.heard("anna", "layers")
    stage.show("ben", 0, "anna", max_height=360)
    stage.wait(0.75)
    assert stage.heard("anna", "layers") == []
    stage.wait(0.5)
    assert [message["wanted"] for message in stage.heard("anna", "layers")] == [["q", "h"]]
    stage.show("ben", 0, None)
    stage.wait(1.25)
    assert [message["wanted"] for message in stage.heard("anna", "layers")] == [False]
    stage.show("ben", 0, "anna")
    assert [message["wanted"] for message in stage.heard("anna", "layers")] == [["q", "f"]]


def test_a_camera_that_nobody_watches_is_told_to_stop_and_a_screen_as_well():
    stage = Stage()
    stage.join("anna", "camera", "screen")
    stage.wait(1.25)
    assert [message["wanted"] for message in stage.heard("anna", "layers")] == [False, False]
    stage.join("ben")
    stage.show("ben", 1, "anna", "screen")
    screen = stage.track("anna", "screen")
    told = [message["wanted"] for message in stage.heard("anna", "layers") if message["track"] == screen]
    assert told == [True]


def test_everybody_is_seen_before_anybody_is_sharp_and_the_screen_is_first():
    stage = pair()
    stage.join("cleo", "camera", "screen")
    stage.layers("cleo", grid())
    stage.layers("cleo", [grid()[2]], "screen")
    stage.show("ben", 1, "cleo")
    stage.show("ben", 2, "cleo", "screen")
    stage.estimate("ben", 400_000)
    assert [stage.layer("ben", slot) for slot in range(3)] == [(0, 0), (0, 0), (1, 0)]
    stage.estimate("ben", 100_000)
    assert [stage.layer("ben", slot) for slot in range(3)] == [(0, 0), None, None]


def test_who_speaks_is_sharp_and_stays_so_in_silence():
    stage = pair()
    stage.join("cleo", "microphone", "camera")
    stage.layers("cleo", grid())
    stage.show("ben", 1, "cleo")
    for _ in range(3):
        stage.wait(0.5)
        stage.estimate("ben", 750_000)
    assert (stage.layer("ben", 0), stage.layer("ben", 1)) == ((1, 1), (0, 1))
    stage.speak("cleo")
    assert (stage.layer("ben", 0), stage.layer("ben", 1)) == ((0, 1), (1, 1))
    stage.speak()
    stage.wait(1)
    stage.estimate("ben", 750_000)
    assert (stage.layer("ben", 0), stage.layer("ben", 1)) == ((0, 1), (1, 1))


def test_a_weak_sender_takes_nothing_from_others():
    stage = pair()
    stage.join("cleo", "camera")
    stage.layers("cleo", grid())
    stage.show("ben", 1, "cleo")
    for _ in range(3):
        stage.wait(0.5)
        stage.estimate("ben", 2_100_000)
    before = stage.layer("ben", 1)
    assert stage.layer("ben", 0) == (2, 1)
    assert before == (1, 1)
    # Anna's uplink breaks down: her upper layers stop coming.
    stage.layers("anna", grid(1, 2))
    for _ in range(8):
        stage.wait(0.5)
        stage.estimate("ben", 2_100_000)
    assert stage.layer("ben", 0) == (0, 1)
    assert stage.layer("ben", 1) == (2, 1)
    assert stage.hosting.live.distribution.receiver_by_key[stage.key("ben")].shown_by_slot
    # It is still asked for, so that it comes back by itself.
    asked = stage.hosting.live.distribution.source_by_track[stage.track("anna")].demand.asked
    assert 1 in asked
    stage.layers("anna", grid())
    stage.wait(1.5)
    stage.estimate("ben", 5_000_000)
    stage.wait(1.5)
    stage.estimate("ben", 5_000_000)
    assert stage.layer("ben", 0) == (2, 1)


def test_a_node_short_of_cpu_takes_the_top_off_everybody():
    stage = pair()
    distribution = stage.hosting.live.distribution
    for shed, expected in ((1, (1, 1)), (2, (0, 1)), (3, (0, 0)), (99, None), (0, (2, 1))):
        stage.hosting.handle_pressure(shed)
        assert stage.layer("ben") == expected, shed
    assert distribution.shed == 0


def limits(stage: Stage, name: str = "ben") -> list[tuple[bool, str | None]]:
    """What somebody was told of how the pictures in its slots stand: whether one pauses, and for what."""
    told = [slot for message in stage.heard(name, "slots") for slot in message["slots"] if "paused" in slot]
    return [(slot["paused"], slot.get("reason")) for slot in told]


def test_who_gets_less_from_a_node_short_of_cpu_is_told_so_and_not_of_a_weak_link():
    stage = pair()
    assert limits(stage) == []
    for shed in (1, 2, 3, 99, 3, 0):
        stage.hosting.handle_pressure(shed)
    assert limits(stage) == [(False, "node"), (True, "node"), (False, "node"), (False, None)]


def test_a_reason_that_changes_alone_is_told():
    stage = pair()
    stage.estimate("ben", 1_100_000)
    assert (stage.layer("ben"), limits(stage)) == ((1, 1), [(False, "bandwidth")])
    stage.hosting.handle_pressure(1)
    assert (stage.layer("ben"), limits(stage)) == ((1, 1), [(False, "node")])


def test_all_slots_of_a_receiver_are_told_in_one_message():
    stage = pair()
    stage.join("cleo", "camera")
    stage.show("ben", 1, "cleo")
    stage.heard("ben", "slots")
    stage.hosting.handle_pressure(99)
    (told,) = stage.heard("ben", "slots")
    assert [(slot["slot"], slot["reason"]) for slot in told["slots"]] == [("v0", "node"), ("v1", "node")]


def test_who_is_welcomed_again_is_told_what_its_slots_lack_and_why():
    stage = pair()
    stage.hosting.handle_pressure(1)
    seat = stage.hosting.seat(stage.key("ben"))
    assert seat is not None
    stage.hosting.welcome(seat, resumed=True, answer=None)
    assert limits(stage) == [(False, "node")] * 2


def test_the_prober_looks_for_what_the_slots_could_use():
    stage = pair()
    ceiling = stage.forwarding.ceiling_by_key[stage.key("ben")]
    assert ceiling == 1_575_000
    stage.show("ben", 1, "anna", max_height=180)
    assert stage.forwarding.ceiling_by_key[stage.key("ben")] == 1_706_250
    stage.show("ben", 0, None)
    assert stage.forwarding.ceiling_by_key[stage.key("ben")] == 131_250


def test_nothing_is_left_of_who_left():
    stage = pair()
    stage.show("anna", 0, "ben")
    distribution = stage.hosting.live.distribution
    for bps in (200_000, 5_000_000, 200_000):
        stage.estimate("ben", bps)
        stage.wait(2)
    assert distribution._restrained, "a step up was given back"
    stage.leave("ben")
    stage.leave("anna")
    stage.wait(3)
    assert not distribution.receiver_by_key
    assert not distribution.source_by_track
    assert not distribution._tracks_by_key
    assert not distribution._pending
    assert not distribution._trembling
    assert not distribution._restrained
    assert not stage.forwarding._slot_by_number
    assert not any(stage.forwarding._places.values())


def test_new_slots_of_a_new_connection_are_told_everything_again():
    stage = pair()
    stage.show("ben", 0, "anna", max_height=180)
    stage.forwarding.layer_by_place.clear()
    stage.hosting.live.distribution.handle_reconnected(Instant(stage.now), stage.key("ben"))
    stage.hosting.handle_policy_timeout()
    assert stage.layer("ben") == (0, 1)


def test_a_look_for_smaller_sizes_reads_each_link_once_however_many_cameras_are_scarce(
    monkeypatch: pytest.MonkeyPatch,
):
    stage = Stage()
    names = ["anna", "ben", "carl", "dora"]
    for name in names:
        stage.join(name, "microphone", "camera")
        stage.layers(name, grid())
    for viewer in names:
        for slot, shown in enumerate(name for name in names if name != viewer):
            stage.show(viewer, slot, shown)
        stage.estimate(viewer, 1_500_000)
    stage.wait(2)
    for viewer in names:
        stage.estimate(viewer, 1_480_000)
    read: list[Receiver] = []
    spare_bps = Receiver.spare_bps

    def note(receiver: Receiver, now: Instant) -> float:
        read.append(receiver)
        return spare_bps(receiver, now)

    monkeypatch.setattr(Receiver, "spare_bps", note)
    stage.wait(0.5)
    assert len(read) == len(names), "and looks twice a second"


def test_a_thousand_others_are_not_looked_at_when_one_turns_away():
    stage = pair()
    for number in range(20):
        stage.join(f"p{number}")
        stage.show(f"p{number}", 0, "anna")
    before = stage.forwarding.selections
    stage.show("ben", 0, "anna", max_height=180)
    assert stage.forwarding.selections == before + 1


def test_a_share_that_is_shown_over_a_link_that_carries_voices_alone_waits_for_its_first_picture():
    stage = Stage()
    stage.join("anna", "microphone", "screen")
    stage.join("ben", "microphone")
    stage.estimate("ben", 30_000)
    stage.show("ben", 0, "anna", "screen")
    stage.wait(2)
    assert stage.isolation.failing == []
    assert stage.isolation.take_broken() == []
    assert stage.meeting in stage.hosting.live.meeting_by_id
