//! Which spatial layers of a video track arrive, and which their sender has stopped.
//!
//! A layer has stopped when the others go on without it. Between two pictures all of them are silent, on a still screen
//! for seconds, so that a layer's silence is measured by what the others do in it, a step for each picture at most.

use std::time::Duration;

use crate::layer_meter::SPATIAL_LAYERS;
use crate::quantities::Instant;

/// A layer that the others have gone on without for this long does not arrive any more: fifteen frames are missing by then.
const SILENT: Duration = Duration::from_millis(500);
/// What a pause of the whole track counts for at most. So no layer is given up before three pictures came without it,
/// however far apart these are: two may have lost theirs on the way.
const LONGEST_STEP: Duration = Duration::from_millis(200);
/// A layer may come more seldom than the others: it is waited for twice as long as it was silent of late, up to this.
const LONGEST_USUAL: Duration = Duration::from_secs(1);
/// A track that sends nothing at all for this long does not arrive: a still screen is sent once a second.
const TRACK_SILENT: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, Default)]
struct Layer {
    has_come: bool,
    /// For how long the others have gone on since its last packet.
    silent: Duration,
    /// Its longest silence of late.
    usual: Duration,
}

/// The layers of one track.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arriving {
    layers: [Layer; SPATIAL_LAYERS],
    last_at: Option<Instant>,
}

impl Arriving {
    /// Note a packet of a layer, and whether it ends a frame.
    pub fn handle_packet(&mut self, now: Instant, layer: u8, ends_frame: bool) {
        let step = self.last_at.map_or(Duration::ZERO, |at| now.since(at));
        self.last_at = Some(now);
        for layer in &mut self.layers {
            layer.silent += step.min(LONGEST_STEP);
        }
        let own = &mut self.layers[usize::from(layer).min(SPATIAL_LAYERS - 1)];
        if ends_frame {
            own.usual = own.usual * 15 / 16;
        }
        let silent = if own.has_come { own.silent } else { Duration::ZERO };
        own.usual = own.usual.max(silent).min(LONGEST_USUAL);
        (own.has_come, own.silent) = (true, Duration::ZERO);
    }

    /// Note that a layer's sender has ended it, or all of them.
    pub fn handle_end(&mut self, layer: Option<u8>) {
        match layer {
            Some(layer) => self.layers[usize::from(layer).min(SPATIAL_LAYERS - 1)] = Layer::default(),
            None => *self = Arriving::default(),
        }
    }

    /// Those that arrive, bit n for layer n.
    #[must_use]
    pub fn layers(&self, now: Instant) -> u8 {
        if self.last_at.is_none_or(|at| now.since(at) >= TRACK_SILENT) {
            return 0;
        }
        let bits = self.layers.iter().zip(0..);
        bits.filter(|(layer, _)| layer.has_come && layer.silent < SILENT.max(layer.usual * 2))
            .fold(0, |bits, (_, bit)| bits | 1 << bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet of each of these layers, three milliseconds apart, at each of these times.
    fn come(arriving: &mut Arriving, times: impl Iterator<Item = u64>, layers: &[u8]) -> Vec<(u64, u8)> {
        let mut seen = Vec::new();
        for at in times {
            for (layer, late) in layers.iter().zip((0..).step_by(3)) {
                let now = Instant::from_millis(at + late);
                arriving.handle_packet(now, *layer, true);
                seen.push((at, arriving.layers(now)));
            }
        }
        seen
    }

    #[test]
    fn layers_of_slow_pictures_arrive_all_the_time() {
        for interval in [33, 600, 1_000, 5_000, 30_000] {
            let mut arriving = Arriving::default();
            come(&mut arriving, 0..1, &[0, 1, 2]);
            let times = (1..20).map(|number| number * interval);
            let seen = come(&mut arriving, times, &[0, 1, 2]);
            assert!(
                seen.iter().all(|(_, layers)| *layers == 0b111),
                "{interval}: {seen:?}"
            );
        }
    }

    #[test]
    fn a_layer_that_the_others_go_on_without_has_stopped() {
        for (interval, found) in [(33, 500..=600), (1_000, 3_000..=3_000)] {
            let mut arriving = Arriving::default();
            come(&mut arriving, (0..5).map(|number| number * interval), &[0, 1, 2]);
            let last = 4 * interval;
            let times = (5..40).map(|number| number * interval);
            let seen = come(&mut arriving, times, &[0, 1]);
            let stopped = seen.iter().find(|(_, layers)| *layers == 0b011);
            assert!(
                stopped.is_some_and(|(at, _)| found.contains(&(at - last))),
                "{seen:?}"
            );
        }
    }

    #[test]
    fn a_layer_may_come_more_seldom_than_the_others() {
        let mut arriving = Arriving::default();
        for picture in 0..600 {
            let now = Instant::from_millis(picture * 33);
            arriving.handle_packet(now, 0, true);
            if picture % 20 == 0 {
                arriving.handle_packet(now, 1, true);
            }
            // What it is used to is known from its third picture on.
            assert!(picture < 40 || arriving.layers(now) == 0b11, "{picture}");
        }
    }

    #[test]
    fn a_track_that_sends_nothing_does_not_arrive() {
        let mut arriving = Arriving::default();
        come(&mut arriving, 0..1, &[0, 1]);
        assert_eq!(arriving.layers(Instant::from_millis(1_999)), 0b11);
        assert_eq!(arriving.layers(Instant::from_millis(2_003)), 0);
    }
}
