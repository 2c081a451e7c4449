"""A write whose answer is lost on the way is made once: neither twice nor not at all."""

from __future__ import annotations

import random
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from pynamodb.connection import Connection

from chalicelib.domain.events import Change, replay
from chalicelib.errors import StoreUnavailableError
from chalicelib.services.changes import write
from chalicelib.stores.meetings import DynamoMeetings
from tests.support.builders import NOW, a_meeting, a_participant


class LossyWire:
    """Sends each request, and loses each fifth answer or so after the store has acted on it."""

    def __init__(self, wire: Any, share: float) -> None:
        self._wire = wire
        self._share = share
        self._chance = random.Random(4)
        self.lost = 0

    def send(self, request: Any) -> Any:
        answer = self._wire.send(request)
        if self._chance.random() < self._share:
            self.lost += 1
            raise ReadTimeoutError(endpoint_url=request.url)
        return answer

    def close(self) -> None:
        self._wire.close()


@pytest.fixture
def lossy(dynamodb: Connection, monkeypatch: pytest.MonkeyPatch) -> LossyWire:
    client: Any = dynamodb.client
    wire = LossyWire(client._endpoint.http_session, 0.2)
    monkeypatch.setattr(client._endpoint, "http_session", wire)
    # Pauses between attempts are the library's; here nobody has to wait for them.
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    return wire


def test_changes_are_written_once_though_answers_are_lost(dynamodb: Connection, lossy: LossyWire):
    store = DynamoMeetings(dynamodb)
    created = Change.creation(a_meeting())
    while store.by_id(created.after.id) is None:
        assert store.create(created, None, "d") is None
    written = 0
    for _ in range(150):
        newcomer = a_participant(created.after)
        try:
            change = write(
                store,
                created.after.id,
                lambda now, who=newcomer: Change.of(now).then("participant.admitted", NOW, who),  # type: ignore[misc]
                pause=lambda _: None,
            )
        except StoreUnavailableError:
            continue  # Three answers in a row were lost: the caller is told, and may ask again.
        assert change is not None
        written += 1
    assert lossy.lost > 30
    log = [event for start in range(0, 300, 100) for event in store.events(created.after.id, start, 100)]
    admitted = [event.data["participant"]["id"] for event in log[1:]]
    assert len(set(admitted)) == len(admitted), "nobody was let in twice"
    assert len(admitted) >= written, "whom we let in is in"
    assert replay(log).meeting == store.by_id(created.after.id)
