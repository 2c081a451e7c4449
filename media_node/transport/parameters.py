"""What two ends agreed on, without SDP: the node works with these alone (ORTC's terms)."""

from dataclasses import dataclass, field
from typing import Literal

from media_node.quantities import MediaKind, Mid

DtlsRole = Literal["client", "server"]


@dataclass(frozen=True)
class IceCredentials:
    """Username fragment and password (RFC 8445 section 5.3)."""

    ufrag: str
    password: str


@dataclass(frozen=True)
class CodecParameters:
    """One payload type that is forwarded, with its retransmission's."""

    payload_type: int
    name: str
    clock_rate: int
    channels: int | None = None
    fmtp: str = ""
    feedback: tuple[str, ...] = ()
    rtx_payload_type: int | None = None


@dataclass(frozen=True)
class ExtensionParameters:
    id: int
    uri: str


@dataclass(frozen=True, eq=False)
class Formats:
    """What an m-line can carry. Compared by identity: equal ones are one object wherever it matters."""

    codecs: tuple[CodecParameters, ...]
    extensions: tuple[ExtensionParameters, ...]


@dataclass(frozen=True)
class MediaParameters:
    """One m-line: a track that the client sends, or a slot that it receives through."""

    mid: Mid
    kind: MediaKind
    formats: Formats
    # What the client signalled of its own stream: media first, then its retransmission.
    ssrcs: tuple[int, ...] = ()
    # Simulcast layers that the client sends (RFC 8853), lowest quality first.
    rids: tuple[str, ...] = ()

    @property
    def codecs(self) -> tuple[CodecParameters, ...]:
        return self.formats.codecs

    @property
    def extensions(self) -> tuple[ExtensionParameters, ...]:
        return self.formats.extensions


@dataclass(frozen=True)
class SlotSource:
    """The node's SSRCs for one slot; they stay for its whole life."""

    ssrc: int
    rtx_ssrc: int | None


@dataclass(frozen=True)
class Offer:
    """An offer as the node understands it."""

    dtls_role: DtlsRole
    # (algorithm, value) pairs; all that can be checked have to fit.
    fingerprints: tuple[tuple[str, str], ...]
    remote_ufrag: str
    sending: tuple[MediaParameters, ...]
    receiving: tuple[MediaParameters, ...]
    # Every m-line in order, as the answer has to repeat them.
    lines: tuple["OfferedLine", ...] = field(default=(), repr=False)
    # Whether header extensions with heads of one byte and of two may stand in one stream.
    allows_mixed: bool = False


@dataclass(frozen=True)
class OfferedLine:
    """One m-line of the offer; `media` is None where the answer refuses it."""

    kind: str
    profile: str
    formats: tuple[str, ...]
    mid: str | None
    direction: str
    is_bundled: bool
    media: MediaParameters | None
