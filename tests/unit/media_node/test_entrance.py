"""Whoever comes in, by whichever door, is noted before anything else happens in the meeting."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from media_node.entrance import Entrance
from media_node.hosting import Hosting
from media_node.quantities import MeetingId, Mid, ParticipantId
from media_node.signaling.messages import Join
from media_node.signaling.session import Seat, Session
from media_node.tokens import TokenVerifier
from media_node.transport.client import format_receiving_offer
from media_node.transport.connection import new_credentials

MEETING = MeetingId("mtg_a")


class Tokens:
    async def verify(self, token: str, now: float, *, allow_expired: bool = False) -> Any:
        return SimpleNamespace(publish=("microphone", "camera"), may_subscribe=True)


class Host:
    def join(self, *arguments: object, has_socket: bool, decodes: object) -> tuple[Seat, str]:
        return Seat(MEETING, ParticipantId("par_a"), Session(), has_socket), "answer"


@pytest.mark.parametrize("door", ["socket", "whip", "whep"])
async def test_whoever_comes_in_by_any_door_is_noted(door: str):
    noted: list[MeetingId] = []
    entrance = Entrance(cast(TokenVerifier, Tokens()), cast(Hosting, Host()), noted.append, lambda: 0.0)
    offer = format_receiving_offer(new_credentials(), ":".join(["AB"] * 32), [(Mid("0"), "audio")])
    if door == "socket":
        await entrance.join(Join(type="join", token="token", offer=offer))
    elif door == "whip":
        await entrance.ingest("token", offer)
    else:
        await entrance.play("token", offer, None)
    assert noted == [MEETING]
