"""HLS playlists of a film: its fragments as byte ranges of the minutes' objects.

Pure. Source: RFC 8216; EVENT while the film grows, VOD when it is whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from media_node.recording.composition.mp4 import Format
from media_node.recording.composition.plan import FRAGMENT_SECONDS

# 7: byte ranges and fragmented MP4.
VERSION = 7
HEADER_NAME = "init.mp4"
# Bits per second that a film of cameras stays below; what players choose renditions by, and there is one.
PEAK_BANDWIDTH = 3_128_000


def master_playlist(what: Format) -> str:
    return (
        f"#EXTM3U\n#EXT-X-VERSION:{VERSION}\n#EXT-X-INDEPENDENT-SEGMENTS\n"
        f'#EXT-X-STREAM-INF:BANDWIDTH={PEAK_BANDWIDTH},CODECS="{what.codecs}",'
        f"RESOLUTION={what.width}x{what.height},FRAME-RATE={what.rate:.3f}\n"
        "media.m3u8\n"
    )


def playlist_head(is_whole: bool) -> str:
    return (
        f"#EXTM3U\n#EXT-X-VERSION:{VERSION}\n#EXT-X-TARGETDURATION:{FRAGMENT_SECONDS}\n"
        f"#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:{'VOD' if is_whole else 'EVENT'}\n"
        f'#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI="{HEADER_NAME}"\n'
    )


def minute_lines(name: str, pieces: Sequence[tuple[float, int, int]]) -> str:
    """One minute's part of a playlist.

    Args:
        name: Of the minute's object, beside the playlist.
        pieces: Seconds, bytes and offset of each fragment.
    """
    return "".join(
        f"#EXTINF:{seconds:.3f},\n#EXT-X-BYTERANGE:{length}@{offset}\n{name}\n"
        for seconds, length, offset in pieces
    )


def playlist(minutes: Iterable[str], is_whole: bool) -> str:
    return playlist_head(is_whole) + "".join(minutes) + ("#EXT-X-ENDLIST\n" if is_whole else "")
