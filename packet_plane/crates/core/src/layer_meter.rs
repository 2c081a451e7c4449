//! What each layer of an encoding costs: bytes and frames counted as they arrive, rates twice a second.

use crate::history::PacketInfo;
use crate::quantities::Instant;

/// Temporal layers told apart; RFC 7741 numbers four.
pub const TEMPORAL_LAYERS: usize = 4;
/// Weight of the newest half second: a keyframe in it must not look like a higher rate for long.
const WEIGHT: f64 = 0.4;

/// One layer of a track as it arrives, with the layers below it that it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerSnapshot {
    pub spatial: u8,
    pub temporal: u8,
    pub is_active: bool,
    pub bitrate_bps: u64,
    /// Pixels, 0 where the codec does not tell.
    pub width: u16,
    pub height: u16,
    /// Frames per second.
    pub fps: u16,
}

#[derive(Clone, Copy, Debug, Default)]
struct Rate {
    bytes: u64,
    frames: u32,
    bytes_per_second: f64,
    frames_per_second: f64,
}

/// The counts of one encoding.
#[derive(Clone, Debug, Default)]
pub struct LayerMeter {
    rates: [Rate; TEMPORAL_LAYERS],
    layers: usize,
    size: (u16, u16),
    measured_at: Option<Instant>,
}

impl LayerMeter {
    /// Count a media packet of `len` bytes on the wire.
    pub fn handle_packet(&mut self, packet: &PacketInfo, len: usize) {
        let temporal = usize::from(packet.temporal).min(TEMPORAL_LAYERS - 1);
        self.layers = self.layers.max(temporal + 1);
        self.rates[temporal].bytes += len as u64;
        self.rates[temporal].frames += u32::from(packet.marker);
        if let Some(size) = packet.size {
            self.size = size;
        }
    }

    /// Close the interval since the last call.
    pub fn measure(&mut self, now: Instant) {
        let before = self.measured_at.replace(now);
        let Some(seconds) = before.map(|before| now.since(before).as_secs_f64()) else {
            return;
        };
        if seconds <= 0.0 {
            return;
        }
        for rate in &mut self.rates {
            let smooth = |old: f64, new: f64| {
                if old == 0.0 {
                    new
                } else {
                    old + (new - old) * WEIGHT
                }
            };
            rate.bytes_per_second = smooth(rate.bytes_per_second, rate.bytes as f64 / seconds);
            rate.frames_per_second = smooth(rate.frames_per_second, f64::from(rate.frames) / seconds);
            (rate.bytes, rate.frames) = (0, 0);
        }
    }

    /// Each temporal layer with those below it, as layer `spatial` of the track.
    pub fn layers(&self, spatial: u8, is_active: bool) -> impl Iterator<Item = LayerSnapshot> {
        let mut below = (0.0, 0.0);
        self.rates[..self.layers]
            .iter()
            .zip(0..)
            .map(move |(rate, temporal)| {
                below.0 += rate.bytes_per_second;
                below.1 += rate.frames_per_second;
                LayerSnapshot {
                    spatial,
                    temporal,
                    is_active,
                    bitrate_bps: (below.0 * 8.0) as u64,
                    width: self.size.0,
                    height: self.size.1,
                    fps: (below.1 + 0.5) as u16,
                }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_costs_what_it_and_those_below_it_send() {
        let mut meter = LayerMeter::default();
        meter.measure(Instant::from_millis(1_000));
        for number in 0..30u8 {
            let packet = PacketInfo {
                temporal: number % 2,
                marker: true,
                size: (number == 0).then_some((640, 360)),
                ..PacketInfo::default()
            };
            meter.handle_packet(&packet, 1_000);
        }
        meter.measure(Instant::from_millis(2_000));
        let layers: Vec<_> = meter.layers(1, true).collect();
        let told = |layer: &LayerSnapshot| (layer.temporal, layer.bitrate_bps, layer.fps);
        assert_eq!(
            layers.iter().map(told).collect::<Vec<_>>(),
            [(0, 120_000, 15), (1, 240_000, 30)]
        );
        assert!(
            layers
                .iter()
                .all(|layer| (layer.spatial, layer.width, layer.height) == (1, 640, 360))
        );
    }

    #[test]
    fn an_encoding_that_falls_silent_costs_less_and_less() {
        let mut meter = LayerMeter::default();
        meter.measure(Instant::from_millis(1_000));
        meter.handle_packet(&PacketInfo::default(), 10_000);
        meter.measure(Instant::from_millis(2_000));
        let before = meter.layers(0, true).next().map(|layer| layer.bitrate_bps);
        meter.measure(Instant::from_millis(3_000));
        assert!(meter.layers(0, false).next().map(|layer| layer.bitrate_bps) < before);
    }
}
