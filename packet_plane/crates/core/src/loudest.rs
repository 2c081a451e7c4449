//! The loudest speakers of a meeting, from the levels their clients send (RFC 6464); nothing is decoded.
//!
//! A meeting has a few positions. While there are fewer microphones than positions each has its own. After
//! that the loudest take them, and a quiet holder loses its place only to somebody clearly louder who keeps
//! at it: a cough moves nobody.

use std::time::Duration;

use crate::quantities::{Instant, TrackId};

/// Audio slots a listener has by default; more than four at once is noise.
pub const POSITIONS: usize = 4;
const SILENCE: f32 = 127.0;
/// Levels below this (in −dBov, larger is quieter) count as speech when they last.
const SPEECH_LEVEL: f32 = 55.0;
/// What a packet without a level counts for: speech, but fainter than anybody who speaks up.
const UNKNOWN_LEVEL: f32 = 50.0;
/// Time constants of the smoothing: quick to notice, slow to forget.
const ATTACK: f32 = 0.25;
const RELEASE: f32 = 0.04;
/// The longest packet of Opus.
const MAX_FRAMES: u32 = 6;
/// A challenger takes a place when it is this much louder, dB.
const MARGIN: f32 = 6.0;
/// A holder keeps its place this long after it was last heard.
const HOLD: Duration = Duration::from_millis(1_500);
/// A track that sends nothing (DTX) fades to silence.
const STALE: Duration = Duration::from_millis(400);

#[derive(Clone, Copy, Debug)]
struct Microphone {
    track: TrackId,
    smoothed: f32,
    heard_at: Option<Instant>,
    spoke_at: Option<Instant>,
    /// A sender without levels seems to speak for ever, so it may not hold its place against others.
    has_level: bool,
}

/// Who speaks, loudest first, as `(track, level)` in −dBov.
pub type Speakers = Vec<(TrackId, u8)>;

/// The microphones of one meeting and the positions they hold.
#[derive(Debug, Default)]
pub struct Loudest {
    microphones: Vec<Microphone>,
    positions: [Option<TrackId>; POSITIONS],
}

impl Loudest {
    /// The track in each position.
    #[must_use]
    pub fn positions(&self) -> &[Option<TrackId>; POSITIONS] {
        &self.positions
    }

    /// Position of a track, if it holds one.
    #[must_use]
    pub fn position_of(&self, track: TrackId) -> Option<usize> {
        self.positions.iter().position(|held| *held == Some(track))
    }

    pub fn add(&mut self, track: TrackId) {
        if self
            .microphones
            .iter()
            .any(|microphone| microphone.track == track)
        {
            return;
        }
        self.microphones.push(Microphone {
            track,
            smoothed: SILENCE,
            heard_at: None,
            spoke_at: None,
            has_level: true,
        });
        if let Some(free) = self.positions.iter_mut().find(|held| held.is_none()) {
            *free = Some(track);
        }
    }

    pub fn remove(&mut self, track: TrackId) {
        self.microphones.retain(|microphone| microphone.track != track);
        let waiting = self.loudest_waiting().map(|microphone| microphone.track);
        if let Some(held) = self.positions.iter_mut().find(|held| **held == Some(track)) {
            *held = waiting;
        }
    }

    /// Note the level of a packet of so many frames of 20 ms; `None` where the sender gives none, which counts as faint
    /// speech.
    pub fn handle_level(&mut self, now: Instant, track: TrackId, level: Option<u8>, frames: u32) {
        let Some(microphone) = self
            .microphones
            .iter_mut()
            .find(|microphone| microphone.track == track)
        else {
            return;
        };
        microphone.has_level = level.is_some();
        let level = level.map_or(UNKNOWN_LEVEL, f32::from);
        let weight = if level < microphone.smoothed {
            ATTACK
        } else {
            RELEASE
        };
        let left = (1.0 - weight).powi(frames.clamp(1, MAX_FRAMES) as i32);
        microphone.smoothed += (level - microphone.smoothed) * (1.0 - left);
        microphone.heard_at = Some(now);
        if microphone.smoothed < SPEECH_LEVEL {
            microphone.spoke_at = Some(now);
        }
    }

    /// Let silent tracks fade and challengers take places; returns whether positions changed.
    pub fn handle_timeout(&mut self, now: Instant) -> bool {
        for microphone in &mut self.microphones {
            if microphone.heard_at.is_some_and(|at| now.since(at) > STALE) {
                microphone.smoothed += (SILENCE - microphone.smoothed) * ATTACK;
            }
        }
        let Some(challenger) = self
            .loudest_waiting()
            .filter(|m| m.spoke_at == m.heard_at && m.spoke_at.is_some())
        else {
            return false;
        };
        let Some((position, quietest)) = self.quietest_holder(now) else {
            return false;
        };
        if challenger.smoothed + MARGIN > quietest {
            return false;
        }
        self.positions[position] = Some(challenger.track);
        true
    }

    /// Who speaks now, loudest first.
    #[must_use]
    pub fn speakers(&self, now: Instant) -> Speakers {
        let mut speaking: Vec<&Microphone> = self
            .microphones
            .iter()
            .filter(|m| m.spoke_at.is_some_and(|at| now.since(at) < STALE))
            .collect();
        speaking.sort_by(|a, b| a.smoothed.total_cmp(&b.smoothed));
        speaking.iter().map(|m| (m.track, m.smoothed as u8)).collect()
    }

    fn loudest_waiting(&self) -> Option<Microphone> {
        let waiting = self
            .microphones
            .iter()
            .filter(|m| self.position_of(m.track).is_none());
        waiting.copied().min_by(|a, b| a.smoothed.total_cmp(&b.smoothed))
    }

    fn quietest_holder(&self, now: Instant) -> Option<(usize, f32)> {
        let held = self.positions.iter().enumerate().filter_map(|(position, track)| {
            let microphone = self.microphones.iter().find(|m| Some(m.track) == *track)?;
            let holds = microphone.has_level && microphone.spoke_at.is_some_and(|at| now.since(at) < HOLD);
            (!holds).then_some((position, microphone.smoothed))
        });
        held.max_by(|a, b| a.1.total_cmp(&b.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(loudest: &mut Loudest, from_ms: u64, until_ms: u64, levels: &[(u64, u8)]) {
        for ms in (from_ms..until_ms).step_by(20) {
            for (track, level) in levels {
                loudest.handle_level(Instant::from_millis(ms), TrackId(*track), Some(*level), 1);
            }
            loudest.handle_timeout(Instant::from_millis(ms));
        }
    }

    fn meeting(microphones: u64) -> Loudest {
        let mut loudest = Loudest::default();
        (1..=microphones).for_each(|track| loudest.add(TrackId(track)));
        loudest
    }

    #[test]
    fn a_small_meeting_gives_everyone_a_place() {
        let loudest = meeting(3);
        assert_eq!(
            loudest.positions(),
            &[Some(TrackId(1)), Some(TrackId(2)), Some(TrackId(3)), None]
        );
    }

    #[test]
    fn a_loud_newcomer_takes_the_place_of_a_silent_holder() {
        let mut loudest = meeting(5);
        talk(
            &mut loudest,
            0,
            2_000,
            &[(1, 30), (2, 30), (3, 30), (4, 127), (5, 30)],
        );
        assert_eq!(loudest.positions()[3], Some(TrackId(5)));
        assert_eq!(loudest.position_of(TrackId(4)), None);
    }

    #[test]
    fn a_cough_moves_nobody() {
        let mut loudest = meeting(5);
        talk(
            &mut loudest,
            0,
            2_000,
            &[(1, 40), (2, 40), (3, 40), (4, 40), (5, 127)],
        );
        talk(
            &mut loudest,
            2_000,
            2_100,
            &[(1, 40), (2, 40), (3, 40), (4, 40), (5, 10)],
        );
        assert_eq!(loudest.position_of(TrackId(5)), None);
    }

    #[test]
    fn long_packets_are_noticed_as_soon_as_short_ones() {
        for frames in [1, 2, 3, 6] {
            let mut loudest = meeting(1);
            let step = u64::from(frames) * 20;
            let heard = (0..1_000).step_by(step as usize).find(|ms| {
                let now = Instant::from_millis(*ms);
                loudest.handle_level(now, TrackId(1), Some(30), frames);
                !loudest.speakers(now).is_empty()
            });
            assert!(heard.is_some_and(|ms| ms + step <= 240), "{frames}: {heard:?}");
        }
    }

    #[test]
    fn lists_speakers_loudest_first_and_forgets_the_silent() {
        let mut loudest = meeting(3);
        talk(&mut loudest, 0, 1_000, &[(1, 50), (2, 20), (3, 127)]);
        let speaking: Vec<_> = loudest
            .speakers(Instant::from_millis(1_000))
            .iter()
            .map(|(t, _)| t.0)
            .collect();
        assert_eq!(speaking, [2, 1]);
        assert!(loudest.speakers(Instant::from_millis(3_000)).is_empty());
    }

    #[test]
    fn a_microphone_without_levels_is_heard_until_somebody_speaks_up() {
        let mut loudest = meeting(5);
        let fifth = TrackId(5);
        for ms in (0..3_000).step_by(20) {
            let now = Instant::from_millis(ms);
            for track in 1..5 {
                loudest.handle_level(now, TrackId(track), Some(127), 1);
            }
            loudest.handle_level(now, fifth, None, 1);
            loudest.handle_timeout(now);
        }
        assert!(loudest.position_of(fifth).is_some());
        let left_out = (1..5)
            .map(TrackId)
            .find(|track| loudest.position_of(*track).is_none())
            .expect("five microphones, four places");
        for ms in (3_000..5_000).step_by(20) {
            let now = Instant::from_millis(ms);
            for track in 1..5 {
                loudest.handle_level(now, TrackId(track), Some(25), 1);
            }
            loudest.handle_level(now, fifth, None, 1);
            loudest.handle_timeout(now);
        }
        assert!(loudest.position_of(left_out).is_some());
        assert_eq!(loudest.position_of(fifth), None);
    }

    #[test]
    fn a_place_that_falls_free_goes_to_somebody_waiting() {
        let mut loudest = meeting(5);
        loudest.remove(TrackId(2));
        assert_eq!(loudest.positions()[1], Some(TrackId(5)));
    }
}
