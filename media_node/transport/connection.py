"""The node's side of one client's connection over its whole life: credentials, slot sources, answers.

An offer either continues the connection (same certificate: renegotiation or ICE restart) or needs
another one.
"""

import secrets
from collections.abc import Sequence

from media_node.quantities import Mid
from media_node.transport.answer import LocalSide, agree, format_answer
from media_node.transport.certificate import Certificate
from media_node.transport.parameters import IceCredentials, MediaParameters, Offer, SlotSource

# RFC 8839 section 5.4: at least 4 and 22 characters of the ICE alphabet; hex is inside it.
UFRAG_BYTES = 6
PASSWORD_BYTES = 16


def new_credentials() -> IceCredentials:
    return IceCredentials(secrets.token_hex(UFRAG_BYTES), secrets.token_hex(PASSWORD_BYTES))


def new_ssrc() -> int:
    """A random SSRC; 0 and 1 are left to RTCP."""
    return secrets.randbelow(2**32 - 2) + 2


class Connection:
    """What stays the same, and what an offer changes."""

    def __init__(self, certificate: Certificate, addresses: Sequence[tuple[str, int]], offer: Offer) -> None:
        self._certificate = certificate
        self._addresses = addresses
        self.ice = new_credentials()
        self.offer = offer
        self.source_by_mid: dict[Mid, SlotSource] = {}
        self._add_sources(offer)

    def continues_with(self, offer: Offer) -> bool:
        """Whether an offer comes from the same peer connection."""
        return set(offer.fingerprints) == set(self.offer.fingerprints)

    def handle_offer(self, offer: Offer) -> bool:
        """Take a further offer; returns whether it restarts ICE, which then has new credentials."""
        restarts = offer.remote_ufrag != self.offer.remote_ufrag
        if restarts:
            self.ice = new_credentials()
        self.offer = offer
        self._add_sources(offer)
        return restarts

    def answer(self) -> str:
        local = LocalSide(self.ice, self._certificate.sha256_fingerprint, self._addresses, self.source_by_mid)
        return format_answer(self.offer, local)

    def _add_sources(self, offer: Offer) -> None:
        for media in offer.receiving:
            if media.mid not in self.source_by_mid:
                self.source_by_mid[media.mid] = SlotSource(
                    new_ssrc(), new_ssrc() if _has_rtx(media) else None
                )


def _has_rtx(media: MediaParameters) -> bool:
    return any(codec.rtx_payload_type is not None for codec in agree(media.formats, is_slot=True).codecs)
