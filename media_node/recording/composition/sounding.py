"""One minute of sound: decoded, mixed, encoded as AAC.

Each minute is encoded alone, so that work goes on after a crash with the minute that was not done. What a
listener hears has no seam: every encoder begins a little before its minute with the same sound, and those
packets are left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext

from media_node.recording.composition.decoding import Faults, Pulse, sound
from media_node.recording.composition.mixing import HOP_SAMPLES, Mix, Samples, limit, peaks_of
from media_node.recording.composition.plan import PACKET_SAMPLES, SAMPLE_RATE, SoundPlan, SoundResult
from media_node.recording.composition.speaker import HOP_US

# Decoders and the limiter come to rest in it; whole hops.
LEAD_HOPS = 10
LEAD_US = LEAD_HOPS * HOP_US
# Packets before the first one kept: one for the overlap, others for the encoder's own state.
LEAD_PACKETS = 8
BITS_PER_SECOND = 128_000
# What libav's encoder makes of silence in stereo: a channel pair without a band.
SILENT_PACKET = bytes.fromhex("211004608c1c")


def compose_sound(plan: SoundPlan, pulse: Pulse) -> SoundResult:
    faults = Faults()
    first = plan.start_us * SAMPLE_RATE // 1_000_000 - LEAD_HOPS * HOP_SAMPLES
    hops = -(-(plan.end_us - plan.start_us) // HOP_US)
    # A hop behind the end holds the last packet's samples.
    mix = Mix(first, first + (LEAD_HOPS + hops + 1) * HOP_SAMPLES)
    levels = {}
    for track, clips in plan.tracks.items():
        heard = mix.add(sound(clips, pulse, faults))
        levels[track] = [round(float(level), 1) for level in heard[LEAD_HOPS : LEAD_HOPS + hops]]
    mixed = mix.samples
    limit(mixed)
    sizes, config = _encode(plan, mixed, first, pulse)
    at = LEAD_HOPS * HOP_SAMPLES
    return SoundResult(sizes, config, levels, peaks_of(mixed[at : at + hops * HOP_SAMPLES]), faults.told())


def _encode(plan: SoundPlan, mixed: Samples, first_sample: int, pulse: Pulse) -> tuple[list[int], str]:
    """Write the packets; their sizes, and the decoder's configuration."""
    encoder = av.CodecContext.create("aac", "w")
    assert isinstance(encoder, AudioCodecContext)
    encoder.sample_rate = SAMPLE_RATE
    encoder.layout = "stereo"
    encoder.format = "fltp"
    encoder.bit_rate = BITS_PER_SECOND
    encoder.options = {"aac_coder": "fast"}
    encoder.open()
    sizes: list[int] = []
    with Path(plan.path).open("wb") as file:

        def keep(packets: list[av.Packet[Any]]) -> None:
            for packet in packets:
                if packet.pts is not None and in_film(packet.pts):
                    file.write(bytes(packet))
                    sizes.append(packet.size)

        def in_film(pts: int) -> bool:
            return plan.first_packet * PACKET_SAMPLES <= pts < plan.end_packet * PACKET_SAMPLES

        end_packet = plan.end_packet + 1
        if not plan.tracks:
            # Of silence every packet is the same.
            end_packet = min(end_packet, plan.first_packet + LEAD_PACKETS)
        for number in range(plan.first_packet - LEAD_PACKETS, end_packet):
            keep(encoder.encode(_frame(mixed, number, first_sample)))
            pulse.beat()
        keep(encoder.encode(None))
        while len(sizes) < plan.end_packet - plan.first_packet:
            file.write(SILENT_PACKET)
            sizes.append(len(SILENT_PACKET))
    return sizes, bytes(encoder.extradata or b"").hex()


def _frame(mixed: Samples, number: int, first_sample: int) -> av.AudioFrame:
    start = number * PACKET_SAMPLES - first_sample
    block = np.zeros((PACKET_SAMPLES, 2), np.float32)
    part = mixed[start : start + PACKET_SAMPLES]
    block[: len(part)] = part
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block.T), "fltp", "stereo")
    frame.sample_rate = SAMPLE_RATE
    frame.pts = number * PACKET_SAMPLES
    return frame
