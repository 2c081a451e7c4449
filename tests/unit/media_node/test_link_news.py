"""Who is told what of whose link, as a meeting grows and shrinks."""

from media_node.link_news import MOST_TOLD
from media_node.quantities import ParticipantId
from media_node.signaling.format import format_quality
from tests.support.stage import Stage


def links_told(stage, name):
    """What somebody was told of links, by name."""
    names = {seat.participant: known for known, seat in stage.seats.items()}
    return [
        {names[link["participant"]]: link["quality"] for link in message["links"]}
        for message in stage.heard(name, "links")
    ]


def test_everybody_is_told_and_who_comes_later_of_what_is_weak_now():
    stage = Stage()
    for name in ("anna", "ben"):
        stage.join(name, "microphone")
    stage.hosting.handle_links({stage.key("anna"): "uplink", stage.key("ben"): "downlink"})
    assert links_told(stage, "ben") == links_told(stage, "anna") == [{"anna": "uplink", "ben": "downlink"}]
    stage.hosting.handle_links({stage.key("anna"): "good"})
    stage.join("cleo", "microphone")
    assert links_told(stage, "cleo") == [{"ben": "downlink"}]
    stage.leave("ben")
    stage.hosting.handle_links({})
    stage.join("dan", "microphone")
    assert links_told(stage, "dan") == []


def test_says_for_whom_pictures_pause():
    stage = Stage()
    for name in ("anna", "ben"):
        stage.join(name, "microphone")
    stage.hosting.handle_links({stage.key("anna"): "downlinkPaused"})
    told = {"participant": stage.seats["anna"].participant, "quality": "downlink", "paused": True}
    assert [message["links"] for message in stage.heard("ben", "links")] == [[told]]
    assert format_quality(*stage.hosting.quality(stage.seats["anna"]))["verdict"] == "downlink"


def test_a_word_of_somebody_who_has_left_is_nobodys():
    stage = Stage()
    stage.join("anna", "microphone")
    gone = (stage.meeting, ParticipantId("par_gone"))
    stage.hosting.handle_links({gone: "uplink"})
    assert links_told(stage, "anna") == []


def test_in_a_large_meeting_nobody_is_told_of_others():
    stage = Stage()
    for number in range(MOST_TOLD + 1):
        stage.join(f"person {number}", "microphone")
    stage.hosting.handle_links({stage.key("person 0"): "uplink"})
    assert stage.heard("person 1", "links") == []


def crowd(people):
    stage = Stage()
    for number in range(people):
        stage.join(f"person {number}", "microphone")
    return stage


def test_a_meeting_that_has_become_small_is_told_of_all_that_are_weak_and_once():
    stage = crowd(MOST_TOLD)
    weak, well, last = (stage.key(f"person {number}") for number in (0, 1, MOST_TOLD - 1))
    stage.hosting.handle_links({weak: "uplink", well: "uplink"})
    stage.join("one too many", "microphone")
    stage.hosting.handle_links({well: "good", last: "downlink"})
    stage.leave("one too many")
    stage.hosting.handle_links({})
    stage.hosting.handle_links({})
    heard = links_told(stage, "person 2")
    assert heard[1:] == [{"person 0": "uplink", f"person {MOST_TOLD - 1}": "downlink"}]


def test_says_where_it_names_all():
    stage = crowd(MOST_TOLD + 1)
    for name in ("person 0", "person 3"):
        stage.leave(name)
    stage.hosting.handle_links({})
    stage.hosting.handle_links({stage.key("person 1"): "uplink"})
    stage.join("late", "microphone")
    assert [message.get("complete") for message in stage.heard("person 2", "links")] == [True, None]
    assert [message.get("complete") for message in stage.heard("late", "links")] == [True]


def test_a_meeting_that_has_become_small_is_told_so_where_nobody_is_weak():
    stage = crowd(MOST_TOLD + 1)
    stage.leave("person 0")
    stage.hosting.handle_links({})
    assert links_told(stage, "person 1") == [{}]


def test_a_meeting_that_ended_while_it_was_large_is_told_nothing():
    stage = crowd(MOST_TOLD + 1)
    for number in range(MOST_TOLD + 1):
        stage.leave(f"person {number}")
    stage.hosting.handle_links({})
    stage.join("anna", "microphone")
    stage.hosting.handle_links({})
    assert stage.heard("anna", "links") == []
