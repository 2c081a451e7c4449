"""The node's side of one client's connection over its whole life: credentials, slot sources, answers.

An offer either continues the connection (same certificate: renegotiation or ICE restart) or needs
another one.
"""

import os
import secrets
import struct
from collections.abc import Iterator, Sequence
from functools import lru_cache

from media_node.quantities import Mid
from media_node.transport.answer import LocalSide, agree, format_answer
from media_node.transport.certificate import Certificate
from media_node.transport.formats import KEPT
from media_node.transport.parameters import Formats, IceCredentials, Offer, SlotSource

# RFC 8839 section 5.4: at least 4 and 22 characters of the ICE alphabet; hex is inside it.
UFRAG_BYTES = 6
PASSWORD_BYTES = 16


def new_credentials() -> IceCredentials:
    return IceCredentials(secrets.token_hex(UFRAG_BYTES), secrets.token_hex(PASSWORD_BYTES))


def new_ssrcs(count: int) -> Iterator[int]:
    """Random SSRCs; 0 and 1 are left to RTCP. The kernel is asked once: a browser has thirty."""
    return (max(2, one) for (one,) in struct.iter_unpack("!I", os.urandom(4 * count)))


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
        added = [media for media in offer.receiving if media.mid not in self.source_by_mid]
        ssrcs = new_ssrcs(2 * len(added))
        for media in added:
            own, rtx = next(ssrcs), next(ssrcs)
            self.source_by_mid[media.mid] = SlotSource(own, rtx if _has_rtx(media.formats) else None)


@lru_cache(2 * KEPT)
def _has_rtx(formats: Formats) -> bool:
    return any(codec.rtx_payload_type is not None for codec in agree(formats, is_slot=True).codecs)
