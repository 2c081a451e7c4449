"""The numbered log that survives a socket."""

import json

import pytest

from media_node.errors import ResumeError
from media_node.signaling.session import KEPT_MESSAGES, Session


def test_numbers_have_no_gap_whoever_listens():
    session = Session()
    heard: list[str] = []
    say = heard.append
    session.tell({"type": "roster"})
    session.connect(say)
    session.tell({"type": "slots"})
    session.disconnect(say)
    assert [json.loads(text)["number"] for text in heard] == [2]


def test_a_client_that_comes_back_gets_exactly_what_it_missed():
    session = Session()
    for number in range(5):
        session.tell({"type": "message", "text": str(number)})
    missed = [json.loads(text)["text"] for text in session.missed_since(3, session.secret)]
    assert missed == ["3", "4"]
    assert session.missed_since(5, session.secret) == []


def test_refuses_another_secret_a_future_number_and_what_is_forgotten():
    session = Session()
    for _ in range(KEPT_MESSAGES + 10):
        session.tell({"type": "message"})
    with pytest.raises(ResumeError, match="secret"):
        session.missed_since(KEPT_MESSAGES, "another")
    with pytest.raises(ResumeError, match="never"):
        session.missed_since(10_000, session.secret)
    with pytest.raises(ResumeError, match="missed"):
        session.missed_since(9, session.secret)
    assert len(session.missed_since(10, session.secret)) == KEPT_MESSAGES


def test_an_older_socket_that_closes_does_not_silence_a_newer_one():
    session = Session()
    old: list[str] = []
    new: list[str] = []
    say_old, say_new = old.append, new.append
    session.connect(say_old)
    session.connect(say_new)
    session.disconnect(say_old)
    session.tell({"type": "roster"})
    assert (len(old), len(new)) == (0, 1)
