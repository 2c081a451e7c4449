"""Simulcast in an offer: which layers an m-line sends, by their RIDs.

Source: RFC 8851 (a=rid), RFC 8853 section 5.1 (a=simulcast). Layers are listed in the offer's order; browsers
and this project's own client list the lowest quality first.
"""

import re
from collections.abc import Sequence

# A browser sends three; the plane has room for four.
MAX_LAYERS = 4
_RID = re.compile(r"a=rid:([A-Za-z0-9_-]{1,16}) send(?: |$)")


def rids_by_line(lines: Sequence[str]) -> list[tuple[str, ...]]:
    """The RIDs that each m-line of an offer sends.

    Args:
        lines: The offer's text lines.

    Returns:
        For each m-line in order its RIDs, empty without simulcast or where the text contradicts itself.
    """
    sections: list[list[str]] = []
    for line in lines:
        if line.startswith("m="):
            sections.append([])
        elif sections:
            sections[-1].append(line)
    return [_rids(section) for section in sections]


def _rids(section: Sequence[str]) -> tuple[str, ...]:
    declared = {found[1] for line in section if (found := _RID.match(line))}
    listed = next((line for line in section if line.startswith("a=simulcast:")), "")
    words = listed.removeprefix("a=simulcast:").split()
    directions = dict(zip(words[::2], words[1::2], strict=False))
    # Of alternatives the first is meant; a tilde says that a layer starts paused, which is all the same here.
    streams = [stream.split(",")[0].lstrip("~") for stream in directions.get("send", "").split(";") if stream]
    is_sound = len(set(streams)) == len(streams) and declared.issuperset(streams)
    return tuple(streams[:MAX_LAYERS]) if is_sound else ()


def format_simulcast(rids: Sequence[str]) -> list[str]:
    """The answer's lines that take these layers."""
    if not rids:
        return []
    return [*(f"a=rid:{rid} recv" for rid in rids), f"a=simulcast:recv {';'.join(rids)}"]
