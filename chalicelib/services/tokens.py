"""Who the bearer of one of our own tokens is. What the bearer may do is looked up, never read from it."""

from __future__ import annotations

from chalicelib.domain.identifiers import MeetingId, ParticipantId, is_id
from chalicelib.domain.permissions import Caller, ParticipantCaller
from chalicelib.errors import UnauthorizedError
from chalicelib.services.accounts import Accounts
from chalicelib.services.protocols import Signer

RESUME_AUDIENCE = "parley-resume"
WAITING_AUDIENCE = "parley-waiting"


class Callers:
    """Who calls, from an Authorization header: a server, somebody of a meeting, or anybody."""

    def __init__(self, accounts: Accounts, signer: Signer, issuer: str) -> None:
        self._accounts = accounts
        self._signer = signer
        self._issuer = issuer

    def caller_of(self, authorization: str | None) -> Caller:
        """
        Raises:
            UnauthorizedError: Credentials came that are not valid. They are never taken for a guest's.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            return self._accounts.caller_of(authorization)
        return self._bearer(token.strip())

    def _bearer(self, token: str) -> Caller:
        for audience in (RESUME_AUDIENCE, WAITING_AUDIENCE):
            claims = self._signer.verify(token, audience, self._issuer)
            if claims is not None:
                meeting, participant = str(claims.get("mtg")), str(claims["sub"])
                if is_id(meeting, "mtg") and is_id(participant, "par"):
                    return ParticipantCaller(MeetingId(meeting), ParticipantId(participant))
        raise UnauthorizedError("This token is not valid here, or no longer.")
