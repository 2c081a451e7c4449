//! What a slot of a meeting sends in place of an encoder that follows the estimate: a voice, and one of three sizes of a
//! camera, each of which begins with a keyframe that has to be asked for.

use std::time::Duration;

/// Sizes of a camera, bits per second, and bytes of a keyframe of each.
const LAYERS: [(f64, usize); 3] = [(100e3, 6_000), (450e3, 20_000), (1_500e3, 50_000)];
const VOICE_BPS: f64 = 60e3;
/// A step up needs so much more than it takes, for so long.
const MARGIN: f64 = 1.25;
const PATIENCE: Duration = Duration::from_secs(1);
/// The lowest size is kept where it no longer fits.
const LAST_PATIENCE: Duration = Duration::from_secs(1);

/// The choice of a size by the estimate.
#[derive(Debug)]
pub struct Simulcast {
    /// From the request of a keyframe to its first packet.
    keyframe_after: Duration,
    layer: Option<usize>,
    /// When what was chosen begins; until then nothing of it is sent.
    begins_at: Option<Duration>,
    fits_since: Option<Duration>,
    starved_since: Option<Duration>,
    /// When frames left, and of which size.
    pub frames: Vec<(Duration, usize)>,
}

impl Simulcast {
    pub fn new(keyframe_after: Duration) -> Self {
        Simulcast {
            keyframe_after,
            layer: None,
            begins_at: None,
            fits_since: None,
            starved_since: None,
            frames: Vec::new(),
        }
    }

    /// How long after a moment the lowest size began, to go on without a pause for as long as is looked at.
    pub fn settled_after(&self, moment: Duration, length: Duration) -> Option<Duration> {
        let looked_at = moment..moment + length;
        let after: Vec<_> = self
            .frames
            .iter()
            .filter(|(at, _)| looked_at.contains(at))
            .collect();
        let first = after
            .iter()
            .rposition(|(_, size)| *size > 0)
            .map_or(0, |last| last + 1);
        let lowest = &after[first..];
        let is_steady = lowest
            .windows(2)
            .all(|pair| pair[1].0 - pair[0].0 < Duration::from_millis(100));
        lowest.first().filter(|_| is_steady).map(|(at, _)| *at - moment)
    }

    /// What the layers take together with the voice, as the plane is told that it could use.
    pub fn wanted_bps() -> u64 {
        ((LAYERS[2].0 + VOICE_BPS) * MARGIN) as u64
    }

    fn fitting(bps: f64) -> Option<usize> {
        LAYERS.iter().rposition(|(layer, _)| layer + VOICE_BPS <= bps)
    }

    /// Bytes of the frame that leaves now.
    pub fn next_frame(&mut self, now: Duration, frame: Duration, estimate_bps: u64) -> usize {
        self.choose(now, estimate_bps as f64);
        let Some(layer) = self.layer else { return 0 };
        if self.begins_at.is_some_and(|at| now < at) {
            return 0;
        }
        let (bps, keyframe) = LAYERS[layer];
        let is_first = self.begins_at.take().is_some();
        self.frames.push((now, layer));
        if is_first {
            keyframe
        } else {
            (bps / 8.0 * frame.as_secs_f64()) as usize
        }
    }

    fn choose(&mut self, now: Duration, bps: f64) {
        let down = Self::fitting(bps);
        if down >= self.layer {
            self.starved_since = None;
        }
        if down < self.layer {
            self.fits_since = None;
            let since = *self.starved_since.get_or_insert(now);
            let is_last = down.is_none() && self.layer == Some(0);
            if !is_last || now - since >= LAST_PATIENCE {
                self.take(now, down);
            }
            return;
        }
        let up = match self.layer {
            None => down.map(|_| 0),
            Some(layer) => Self::fitting(bps / MARGIN)
                .filter(|found| *found > layer)
                .map(|_| layer + 1),
        };
        let Some(up) = up else {
            self.fits_since = None;
            return;
        };
        let since = *self.fits_since.get_or_insert(now);
        if self.layer.is_none() || now - since >= PATIENCE {
            self.fits_since = None;
            self.take(now, Some(up));
        }
    }

    fn take(&mut self, now: Duration, layer: Option<usize>) {
        self.starved_since = None;
        // Upward the lower size goes on until the keyframe, which matters little here.
        let is_pause = layer < self.layer || self.layer.is_none();
        self.begins_at = layer.map(|_| {
            now + if is_pause {
                self.keyframe_after
            } else {
                Duration::ZERO
            }
        });
        self.layer = layer;
    }
}
