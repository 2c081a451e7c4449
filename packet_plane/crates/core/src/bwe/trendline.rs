//! Whether the queue toward a receiver grows: the slope of the delay, against a threshold that adapts.
//!
//! Source: draft-ietf-rmcat-gcc-02 sections 5.4 and 5.5, with the line fitted by least squares over the last groups
//! as browsers do instead of the draft's Kalman filter.

use std::collections::VecDeque;

use super::arrival_groups::GroupDelta;

/// Groups in a fit: two thirds of a second of video.
const WINDOW: usize = 20;
/// Weight of what was known in the smoothed delay.
const SMOOTHING: f64 = 0.9;
/// What a slope is multiplied by, and for how many groups at most.
const GAIN: f64 = 4.0;
const MAX_GROUPS: f64 = 60.0;
/// Milliseconds; where the threshold begins, and its bounds.
const FIRST_THRESHOLD: f64 = 12.5;
const THRESHOLD_RANGE: (f64, f64) = (6.0, 600.0);
/// How fast the threshold follows, per millisecond, upward and downward.
const K_UP: f64 = 0.0087;
const K_DOWN: f64 = 0.039;
/// A jump this far above the threshold is a change of path, which the threshold does not learn from.
const MAX_ADAPTED_EXCESS: f64 = 15.0;
const MAX_STEP_MS: f64 = 100.0;
/// How long a slope has to stay above the threshold.
const OVERUSE_MS: f64 = 10.0;

/// What the queue does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Usage {
    #[default]
    Normal,
    Overusing,
    Underusing,
}

/// The detector of one path.
#[derive(Debug)]
pub struct Trendline {
    points: VecDeque<(f64, f64)>,
    first_at_us: Option<i64>,
    groups: f64,
    accumulated_ms: f64,
    smoothed_ms: f64,
    threshold: f64,
    threshold_at_us: Option<i64>,
    over_ms: f64,
    over_groups: u32,
    slope_before: f64,
    usage: Usage,
}

impl Default for Trendline {
    fn default() -> Self {
        Trendline {
            points: VecDeque::with_capacity(WINDOW + 1),
            first_at_us: None,
            groups: 0.0,
            accumulated_ms: 0.0,
            smoothed_ms: 0.0,
            threshold: FIRST_THRESHOLD,
            threshold_at_us: None,
            over_ms: 0.0,
            over_groups: 0,
            slope_before: 0.0,
            usage: Usage::Normal,
        }
    }
}

impl Trendline {
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Take the difference between two groups.
    pub fn handle_delta(&mut self, delta: &GroupDelta) {
        let later_ms = (delta.arrived_us - delta.sent_us) as f64 / 1_000.0;
        self.groups = (self.groups + 1.0).min(MAX_GROUPS);
        self.accumulated_ms += later_ms;
        self.smoothed_ms = SMOOTHING * self.smoothed_ms + (1.0 - SMOOTHING) * self.accumulated_ms;
        let first = *self.first_at_us.get_or_insert(delta.at_us);
        let at_ms = (delta.at_us - first) as f64 / 1_000.0;
        self.points.push_back((at_ms, self.smoothed_ms));
        if self.points.len() > WINDOW {
            self.points.pop_front();
        }
        let slope = if self.points.len() == WINDOW {
            fit(&self.points).unwrap_or(self.slope_before)
        } else {
            self.slope_before
        };
        self.detect(slope, delta.sent_us as f64 / 1_000.0, delta.at_us);
    }

    fn detect(&mut self, slope: f64, step_ms: f64, at_us: i64) {
        let modified = slope * self.groups * GAIN;
        if modified > self.threshold {
            self.over_ms += if self.over_groups == 0 {
                step_ms / 2.0
            } else {
                step_ms
            };
            self.over_groups += 1;
            if self.over_ms > OVERUSE_MS && self.over_groups > 1 && slope >= self.slope_before {
                (self.over_ms, self.over_groups) = (0.0, 0);
                self.usage = Usage::Overusing;
            }
        } else {
            (self.over_ms, self.over_groups) = (0.0, 0);
            self.usage = if modified < -self.threshold {
                Usage::Underusing
            } else {
                Usage::Normal
            };
        }
        self.slope_before = slope;
        self.adapt(modified.abs(), at_us);
    }

    fn adapt(&mut self, modified: f64, at_us: i64) {
        let before = self.threshold_at_us.replace(at_us);
        if modified > self.threshold + MAX_ADAPTED_EXCESS {
            return;
        }
        let step_ms = before.map_or(0.0, |before| (at_us - before) as f64 / 1_000.0);
        let k = if modified < self.threshold { K_DOWN } else { K_UP };
        self.threshold += k * (modified - self.threshold) * step_ms.clamp(0.0, MAX_STEP_MS);
        self.threshold = self.threshold.clamp(THRESHOLD_RANGE.0, THRESHOLD_RANGE.1);
    }
}

/// Slope of the line of least squares through the points.
fn fit(points: &VecDeque<(f64, f64)>) -> Option<f64> {
    let count = points.len() as f64;
    let (mean_x, mean_y) = points.iter().fold((0.0, 0.0), |sum, point| {
        (sum.0 + point.0 / count, sum.1 + point.1 / count)
    });
    let (covariance, variance) = points.iter().fold((0.0, 0.0), |sum, (x, y)| {
        (sum.0 + (x - mean_x) * (y - mean_y), sum.1 + (x - mean_x).powi(2))
    });
    (variance > 0.0).then(|| covariance / variance)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thirty groups a second, each this much later than the one before.
    fn run(trendline: &mut Trendline, from: i64, groups: i64, later_us: i64) -> Vec<Usage> {
        (0..groups)
            .map(|number| {
                let at_us = (from + number) * 33_000;
                trendline.handle_delta(&GroupDelta {
                    sent_us: 33_000,
                    arrived_us: 33_000 + later_us,
                    at_us,
                    delay_us: 0,
                });
                trendline.usage()
            })
            .collect()
    }

    #[test]
    fn a_steady_delay_is_normal_a_growing_one_overuse_a_falling_one_underuse() {
        let mut trendline = Trendline::default();
        assert!(
            run(&mut trendline, 0, 60, 0)
                .iter()
                .all(|usage| *usage == Usage::Normal)
        );
        let growing = run(&mut trendline, 60, 20, 5_000);
        assert!(growing.contains(&Usage::Overusing), "{growing:?}");
        let falling = run(&mut trendline, 80, 40, -8_000);
        assert!(falling.contains(&Usage::Underusing), "{falling:?}");
    }

    #[test]
    fn jitter_without_a_trend_is_normal() {
        let mut trendline = Trendline::default();
        for number in 0..300 {
            let later = if number % 2 == 0 { 6_000 } else { -6_000 };
            let usage = run(&mut trendline, number, 1, later);
            assert_ne!(usage[0], Usage::Overusing, "group {number}");
        }
    }
}
