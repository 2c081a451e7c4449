//! What each layer of an encoding costs: bytes and frames counted as they arrive, rates twice a second.

use crate::history::PacketInfo;
use crate::quantities::Instant;

/// Temporal layers told apart; RFC 7741 numbers four.
pub const TEMPORAL_LAYERS: usize = 4;
/// Spatial layers of one encoding told apart; browsers send three.
pub const SPATIAL_LAYERS: usize = 4;
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

/// The counts of one spatial layer.
#[derive(Clone, Debug, Default)]
struct Spatial {
    rates: [Rate; TEMPORAL_LAYERS],
    temporal_layers: usize,
    size: (u16, u16),
}

/// The counts of one encoding.
#[derive(Clone, Debug, Default)]
pub struct LayerMeter {
    spatial: [Spatial; SPATIAL_LAYERS],
    measured_at: Option<Instant>,
}

impl LayerMeter {
    /// Count a media packet of `len` bytes on the wire; `spatial` is its layer within the encoding.
    pub fn handle_packet(&mut self, spatial: u8, packet: &PacketInfo, len: usize) {
        let layer = &mut self.spatial[usize::from(spatial).min(SPATIAL_LAYERS - 1)];
        let temporal = usize::from(packet.temporal).min(TEMPORAL_LAYERS - 1);
        layer.temporal_layers = layer.temporal_layers.max(temporal + 1);
        layer.rates[temporal].bytes += len as u64;
        layer.rates[temporal].frames += u32::from(packet.ends_frame);
        if let Some(size) = packet.size {
            layer.size = size;
        }
    }

    /// Note the sizes of layers that another layer's packet tells.
    pub fn note_size(&mut self, spatial: usize, size: (u16, u16)) {
        if let Some(layer) = self.spatial.get_mut(spatial) {
            layer.size = size;
        }
    }

    /// Close the interval since the last call.
    pub fn measure(&mut self, now: Instant) {
        let before = self.measured_at.replace(now);
        let Some(seconds) = before.map(|before| now.since(before).as_secs_f64()) else {
            return;
        };
        if seconds > 0.0 {
            let rates = self.spatial.iter_mut().flat_map(|layer| &mut layer.rates);
            rates.for_each(|rate| rate.measure(seconds));
        }
    }

    /// Each layer with those below it that it needs, as layers of the track from `first` on; `arriving` has their bits.
    pub fn layers(&self, first: u8, arriving: u8) -> impl Iterator<Item = LayerSnapshot> {
        let mut below = [0.0; TEMPORAL_LAYERS];
        let layers = self.spatial.iter().zip(first..);
        layers.flat_map(move |(layer, spatial)| {
            let is_active = arriving >> spatial & 1 == 1;
            layer.add_to(&mut below);
            let costs = below;
            (0..layer.temporal_layers)
                .map(move |temporal| layer.snapshot(spatial, temporal, is_active, &costs))
        })
    }
}

impl Spatial {
    /// Add what its temporal layers cost to that of the spatial layers below.
    fn add_to(&self, below: &mut [f64; TEMPORAL_LAYERS]) {
        let mut own = 0.0;
        for (below, rate) in below.iter_mut().zip(&self.rates) {
            own += rate.bytes_per_second;
            *below += own;
        }
    }

    fn snapshot(&self, spatial: u8, temporal: usize, is_active: bool, costs: &[f64]) -> LayerSnapshot {
        let frames: f64 = self.rates[..=temporal]
            .iter()
            .map(|rate| rate.frames_per_second)
            .sum();
        LayerSnapshot {
            spatial,
            temporal: temporal as u8,
            is_active,
            bitrate_bps: (costs[temporal] * 8.0) as u64,
            width: self.size.0,
            height: self.size.1,
            fps: (frames + 0.5) as u16,
        }
    }
}

impl Rate {
    fn measure(&mut self, seconds: f64) {
        let smooth = |old: f64, new: f64| {
            if old == 0.0 {
                new
            } else {
                old + (new - old) * WEIGHT
            }
        };
        self.bytes_per_second = smooth(self.bytes_per_second, self.bytes as f64 / seconds);
        self.frames_per_second = smooth(self.frames_per_second, f64::from(self.frames) / seconds);
        (self.bytes, self.frames) = (0, 0);
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
                ends_frame: true,
                size: (number == 0).then_some((640, 360)),
                ..PacketInfo::default()
            };
            meter.handle_packet(0, &packet, 1_000);
        }
        meter.measure(Instant::from_millis(2_000));
        let layers: Vec<_> = meter.layers(1, 0b10).collect();
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
        meter.handle_packet(0, &PacketInfo::default(), 10_000);
        meter.measure(Instant::from_millis(2_000));
        let before = meter.layers(0, 1).next().map(|layer| layer.bitrate_bps);
        meter.measure(Instant::from_millis(3_000));
        assert!(meter.layers(0, 0).next().map(|layer| layer.bitrate_bps) < before);
    }

    #[test]
    fn a_spatial_layer_costs_what_those_below_it_cost_as_well() {
        let mut meter = LayerMeter::default();
        meter.measure(Instant::from_millis(1_000));
        for spatial in 0..2 {
            for temporal in 0..2 {
                let packet = PacketInfo {
                    temporal,
                    ends_frame: true,
                    ..PacketInfo::default()
                };
                meter.handle_packet(spatial, &packet, 1_000);
            }
            meter.note_size(spatial.into(), (320 << spatial, 180 << spatial));
        }
        meter.measure(Instant::from_millis(2_000));
        let told = |layer: LayerSnapshot| {
            let rate = (layer.bitrate_bps, layer.fps);
            (layer.spatial, layer.temporal, rate, layer.height, layer.is_active)
        };
        assert_eq!(
            meter.layers(0, 0b01).map(told).collect::<Vec<_>>(),
            [
                (0, 0, (8_000, 1), 180, true),
                (0, 1, (16_000, 2), 180, true),
                (1, 0, (16_000, 1), 360, false),
                (1, 1, (32_000, 2), 360, false),
            ]
        );
    }
}
