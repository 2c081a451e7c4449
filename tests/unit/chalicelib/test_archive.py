"""The archive of events: what is written comes back, and whatever is done to it afterwards shows."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.archive import (
    LANES,
    MOST_BATCHES,
    Head,
    lane_of,
    linked,
    named,
    prefix_of,
)
from chalicelib.domain.events import Entry, Event
from chalicelib.domain.identifiers import MeetingId, Tenant
from chalicelib.errors import StoreUnavailableError
from chalicelib.services.archive import Archive
from tests.support.builders import NOW

TODAY = NOW.date()
DAY = timedelta(days=1)
# All in one chain.
BATCHES = [name for name in map(str, range(400)) if lane_of(name) == 3]


class MemoryArchive:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.heads: dict[int, Head] = {}
        self.overtaken: list[Head] = []

    def head(self, region: str, lane: int) -> Head:
        return self.heads.get(lane, Head(lane))

    def advance(self, region: str, before: Head, after: Head) -> bool:
        if self.overtaken:
            self.heads[before.lane] = self.overtaken.pop(0)
        if self.head(region, before.lane).digest != before.digest:
            return False
        self.heads[after.lane] = after
        return True

    def put(self, key: str, body: bytes) -> None:
        self.objects[key] = body

    def read(self, key: str) -> bytes:
        return self.objects.get(key, b"")

    def keys(self, region: str, day: date) -> Iterable[str]:
        return sorted(key for key in self.objects if key.startswith(prefix_of(day, region)))


def an_entry(number: int) -> Entry:
    data = {"meeting": {"title": "Zoë", "passcodeHash": "$argon2id$", "locked": True}}
    return Entry(Tenant("acme"), Event(MeetingId("mtg_x"), number, "meeting.updated", NOW, data))


def written(count: int) -> tuple[MemoryArchive, Archive]:
    """A chain over three days."""
    store = MemoryArchive()
    archive = Archive(store, "local")
    for number, batch in enumerate(BATCHES[:count]):
        assert archive.keep(batch, [an_entry(number + 1)], TODAY - DAY * (2 - number * 3 // count))
    return store, archive


def lines(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(body).splitlines()]


def test_an_object_says_what_it_is_and_has_no_secrets():
    key, body, head = linked(Head(3), "b", "local", TODAY, [an_entry(1), an_entry(2)])
    first, *events = lines(body)
    day = TODAY.isoformat()
    assert key == f"events/day={day}/region=local/lane=3/000000000001-{head.digest[:16]}.jsonl.gz"
    assert first == {
        "format": 1, "region": "local", "lane": 3, "sequence": 1, "previous": "0" * 64,
        "previousDay": None, "events": 2,
    }  # fmt: skip
    assert [event["number"] for event in events] == [1, 2]
    assert events[0]["data"] == {"meeting": {"title": "Zoë", "locked": True}}
    assert (events[0]["id"], events[0]["tenant"]) == (an_entry(1).event.id, "acme")
    assert linked(Head(3), "b", "local", TODAY, [an_entry(1), an_entry(2)])[1] == body, "the same each time"


def test_a_batch_that_is_delivered_again_is_kept_once():
    store, archive = written(6)
    before = dict(store.objects)
    for batch in BATCHES[:6]:
        assert archive.keep(batch, [an_entry(9)], TODAY) is False
    assert store.objects == before
    assert len(store.heads[3].batches) == 6 <= MOST_BATCHES


def test_who_is_overtaken_goes_behind_who_was_first_and_leaves_a_stray():
    store, archive = written(3)
    key, body, first = linked(store.heads[3], "first", "local", TODAY, [an_entry(50)])
    store.objects[key] = body
    store.overtaken = [first]
    assert archive.keep(BATCHES[10], [an_entry(51)], TODAY, pause=lambda _: None)
    verdict = archive.verify(TODAY - 2 * DAY, TODAY)
    assert (verdict.objects, verdict.broken, len(verdict.strays)) == (5, (), 1)


def test_a_batch_that_is_overtaken_each_time_is_not_said_to_be_kept():
    store, archive = written(1)
    store.overtaken = [Head(3, number, f"{number:064}", TODAY) for number in range(2, 90)]
    with pytest.raises(StoreUnavailableError):
        archive.keep(BATCHES[5], [an_entry(1)], TODAY, pause=lambda _: None)


def test_what_was_written_is_whole_from_any_day_on():
    _, archive = written(9)
    for days, objects in ((2, 9), (1, 6), (0, 3)):
        verdict = archive.verify(TODAY - days * DAY, TODAY)
        assert (verdict.objects, verdict.broken, verdict.strays) == (objects, (), ())
    assert archive.verify(TODAY + DAY, TODAY + DAY).broken == ()
    assert Archive(MemoryArchive(), "local").verify(TODAY, TODAY).objects == 0


def test_an_archive_that_is_gone_shows():
    store, archive = written(4)
    store.objects.clear()
    assert len(archive.verify(TODAY - 2 * DAY, TODAY).broken) == 1


def forge(store: MemoryArchive, key: str) -> None:
    """Another object in the place of one, with a name that fits what it holds."""
    place = named(key)
    assert place is not None
    first = lines(store.objects.pop(key))[0]
    before = first["previousDay"]
    head = Head(place.lane, place.sequence - 1, first["previous"], before and date.fromisoformat(before))
    forged, body, _ = linked(head, "b", "local", date.fromisoformat(key[11:21]), [an_entry(77)])
    store.objects[forged] = body


def edit(store: MemoryArchive, key: str) -> None:
    first, *events = lines(store.objects[key])
    text = "".join(json.dumps(line) + "\n" for line in (first, *({**one, "type": "x.y"} for one in events)))
    store.objects[key] = gzip.compress(text.encode(), mtime=0)


@given(st.integers(3, 9), st.data())
@settings(deadline=None)
def test_every_edit_removal_and_exchange_shows(count: int, data: st.DataObject):
    store, archive = written(count)
    keys = list(store.objects)
    index = data.draw(st.integers(0, count - 1))
    key, other = keys[index], keys[(index + 1) % count]
    deed = data.draw(st.sampled_from(["edit", "forge", "cut", "remove", "exchange"]))
    if deed == "edit":
        edit(store, key)
    elif deed == "forge":
        forge(store, key)
    elif deed == "cut":
        store.objects[key] = store.objects[key][: -data.draw(st.integers(1, 40))]
    elif deed == "remove":
        del store.objects[key]
    else:
        store.objects[key], store.objects[other] = store.objects[other], store.objects[key]
    assert archive.verify(TODAY - 2 * DAY, TODAY).broken


@pytest.mark.parametrize(
    "key", ["", "events/x", "events/day=2026-11-24/region=local/lane=3/1-ab.jsonl.gz", "other/day=2026-11-24"]
)
def test_other_names_are_none_of_the_archives(key: str):
    assert named(key) is None


def test_lanes_are_used_alike():
    assert {lane_of(f"{number}-{number + 9}") for number in range(500)} == set(range(LANES))
