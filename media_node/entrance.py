"""The doors of a node: who comes by WebSocket, WHIP or WHEP shows a token here and gets a seat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import structlog

from media_node.errors import KeySetError, NotGrantedError
from media_node.hosting import Hosting
from media_node.meetings.model import InitialTrack, Wish
from media_node.quantities import MeetingId
from media_node.signaling.messages import Join
from media_node.signaling.session import Seat
from media_node.tokens import Claims, TokenVerifier
from media_node.transport.offer import parse_offer

log = structlog.get_logger()


class Entrance:
    """Checks tokens, offline from the keys it keeps fresh, and lets their bearers in."""

    def __init__(
        self,
        tokens: TokenVerifier,
        hosting: Hosting,
        note_meeting: Callable[[MeetingId], None],
        monotonic: Callable[[], float],
    ) -> None:
        """
        Args:
            note_meeting: Told of each meeting that somebody has come into.
        """
        self._tokens = tokens
        self._hosting = hosting
        self._note_meeting = note_meeting
        self._monotonic = monotonic

    async def join(self, join: Join) -> tuple[Seat, str | None]:
        claims = await self._tokens.verify(join.token, self._monotonic())
        tracks = [InitialTrack(one.mid, one.source, one.muted) for one in join.tracks]
        told = {one.codec: one.efficient for one in join.decodes} if join.decodes is not None else None
        return self._seat(claims, join.offer, tracks, has_socket=True, decodes=told)

    async def resume(self, join: Join) -> tuple[Seat, list[str], str | None]:
        assert join.resume is not None
        claims = await self._tokens.verify(join.token, self._monotonic(), allow_expired=True)
        seat, missed = self._hosting.resume(claims, join.resume.last_message, join.resume.secret)
        answer = self._hosting.reoffer(seat, join.offer) if join.offer is not None else None
        return seat, missed, answer

    async def ingest(self, token: str, offer: str) -> tuple[Seat, str]:
        """WHIP: publish the offer's audio as microphone and its video as camera."""
        claims = await self._tokens.verify(token, self._monotonic())
        if not claims.publish:
            raise NotGrantedError("this token does not allow publishing")
        tracks = [
            InitialTrack(media.mid, "microphone" if media.kind == "audio" else "camera", False)
            for media in parse_offer(offer).sending
        ]
        seat, answer = self._seat(claims, offer, tracks[:2], has_socket=False)
        return seat, answer or ""

    async def play(self, token: str, offer: str, wish: Wish | None) -> tuple[Seat, str]:
        """WHEP: receive; each recvonly m-line of the offer is a slot."""
        claims = await self._tokens.verify(token, self._monotonic())
        if not claims.may_subscribe:
            raise NotGrantedError("this token does not allow receiving")
        seat, answer = self._seat(claims, offer, [], has_socket=False)
        if wish is not None:
            slots = self._hosting.live.meeting_by_id[seat.meeting].member(seat.participant).video_slots
            for slot in slots[:1]:
                self._hosting.assign(seat, slot, wish)
        return seat, answer or ""

    def _seat(
        self,
        claims: Claims,
        offer: str | None,
        tracks: Sequence[InitialTrack],
        *,
        has_socket: bool,
        decodes: Mapping[str, bool] | None = None,
    ) -> tuple[Seat, str | None]:
        joined = self._hosting.join(claims, offer, tracks, has_socket=has_socket, decodes=decodes)
        self._note_meeting(joined[0].meeting)
        return joined

    async def test(self, token: str) -> str:
        """The number of a token that opens a connection test."""
        return await self._tokens.verify_test(token, self._monotonic())

    async def refresh_keys(self) -> None:
        """Fetch the keys that tokens are signed with, if that is due."""
        if not self._tokens.needs_refresh(self._monotonic()):
            return
        try:
            await self._tokens.refresh(self._monotonic())
        except KeySetError as error:
            # Tokens signed with known keys stay good; the next try follows.
            log.warning("keys_not_fetched", error=str(error))
