"""H.264 as MP4 files carry it: NAL units with a length before each, parameter sets in the header.

Pure. Source: ISO/IEC 14496-15, 5.3.
"""

from __future__ import annotations

SEQUENCE_PARAMETERS = 7
PICTURE_PARAMETERS = 8
# Left out: delimiters, and what the encoder says of itself.
DROPPED = frozenset({6, 9})


def nal_units(data: bytes) -> list[bytes]:
    """The NAL units of a byte stream (annex B); emulation prevention keeps start codes out of them."""
    return [unit.rstrip(b"\0") for unit in data.split(b"\0\0\1")[1:]]


def length_prefixed(data: bytes) -> bytes:
    """A frame in annex B with four bytes of length before each unit instead of start codes."""
    units = [unit for unit in nal_units(data) if unit and unit[0] & 0x1F not in DROPPED]
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


def configuration(extradata: bytes) -> bytes:
    """The AVCDecoderConfigurationRecord of an encoder's parameter sets, in annex B."""
    units = nal_units(extradata)
    sequence = [unit for unit in units if unit and unit[0] & 0x1F == SEQUENCE_PARAMETERS]
    picture = [unit for unit in units if unit and unit[0] & 0x1F == PICTURE_PARAMETERS]
    record = bytes([1, *sequence[0][1:4], 0xFF, 0xE0 | len(sequence)])
    for unit in sequence:
        record += len(unit).to_bytes(2, "big") + unit
    record += bytes([len(picture)])
    for unit in picture:
        record += len(unit).to_bytes(2, "big") + unit
    return record
