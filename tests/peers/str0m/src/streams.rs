//! When each frame is due: every stream repeats its frames, and begins with the first, a keyframe, when asked to.

use std::time::Duration;

use crate::plan::{Frame, Plan};

/// A request within this time after a beginning is answered by that beginning.
const JUST_BEGUN: Duration = Duration::from_millis(100);

/// One RTP stream on its way through its frames.
pub struct Stream {
    pub line: usize,
    pub rid: Option<String>,
    frames: Vec<Frame>,
    length: Duration,
    next: usize,
    began_at: Duration,
}

impl Stream {
    /// All streams of the plan, which begin at once.
    pub fn all_of(plan: &mut Plan) -> Vec<Stream> {
        let length = Duration::from_millis(plan.length_ms);
        let mut streams = Vec::new();
        for (line, sending) in plan.sends.iter_mut().enumerate() {
            for layer in &mut sending.layers {
                streams.push(Stream {
                    line,
                    rid: layer.rid.clone(),
                    frames: std::mem::take(&mut layer.frames),
                    length,
                    next: 0,
                    began_at: Duration::ZERO,
                });
            }
        }
        streams
    }

    pub fn due_at(&self) -> Duration {
        self.frames.get(self.next).map_or(Duration::MAX, |frame| {
            self.began_at + Duration::from_millis(frame.at_ms)
        })
    }

    /// The frame that is due, and when it was.
    pub fn pop_due(&mut self, now: Duration) -> Option<(Duration, Vec<u8>)> {
        let due_at = self.due_at();
        if due_at > now {
            return None;
        }
        let data = self.frames[self.next].data.clone();
        self.next += 1;
        if self.next == self.frames.len() {
            self.next = 0;
            self.began_at += self.length;
        }
        Some((due_at, data))
    }

    pub fn begin_anew(&mut self, now: Duration) {
        let begins_soon = self.next == 0;
        if !begins_soon && now > self.began_at + JUST_BEGUN {
            self.next = 0;
            self.began_at = now;
        }
    }
}
