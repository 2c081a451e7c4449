"""Simulcast in an offer: which layers an m-line sends, by their RIDs.

Source: RFC 8851 (a=rid), RFC 8853 section 5.1 (a=simulcast). Layers are listed in the offer's order; browsers
and this project's own client list the lowest quality first.
"""

import re
from collections.abc import Sequence

# A browser sends three; the plane has room for four.
MAX_LAYERS = 4
_RID = re.compile(r"([A-Za-z0-9_-]{1,16}) send(?: .*)?")


def read_rids(rid_values: Sequence[str], simulcast: str) -> tuple[str, ...]:
    """The RIDs that an m-line of an offer sends.

    Args:
        rid_values: Of its rid attributes.
        simulcast: Of its simulcast attribute, "" without one.

    Returns:
        Its RIDs, empty without simulcast or where the text contradicts itself.
    """
    declared = {found[1] for value in rid_values if (found := _RID.fullmatch(value))}
    words = simulcast.split()
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
