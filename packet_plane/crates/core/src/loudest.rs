//! The loudest speakers of a meeting, from the levels their clients send (RFC 6464); nothing is decoded.
//!
//! A meeting has a few positions. While there are fewer microphones than positions each has its own. After
//! that the loudest take them, and a quiet holder loses its place only to somebody clearly louder. Places are given
//! at the first sound, so that no first syllable is missing. Who speaks, and who of them is the speaker, is told of who
//! keeps at it: a cough moves nobody.

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
const FRAME_MS: u32 = 20;
/// A challenger takes a place when it is this much louder, dB.
const MARGIN: f32 = 6.0;
/// A holder keeps its place this long after it was last heard.
const HOLD: Duration = Duration::from_millis(1_500);
/// A track that sends nothing (DTX) fades to silence.
const STALE: Duration = Duration::from_millis(400);
/// Sound of this much is told as speech, and of more than that makes another the speaker: coughs and doors are over by then.
const SPEECH_MS: u32 = 240;
const COUGH_MS: u32 = 300;
/// Quiet within speech, between two sounds of it.
const PAUSE: Duration = Duration::from_millis(200);
/// The speaker stays it for this long, unless it falls silent: views follow, with a keyframe each time.
const SPEAKER_HOLD: Duration = Duration::from_millis(1_500);

/// Sound that goes on, short pauses aside.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    sound_ms: u32,
    last_at: Option<Instant>,
}

impl Run {
    fn add(&mut self, now: Instant, sound_ms: u32) {
        if self.last_at.is_some_and(|at| now.since(at) > PAUSE) {
            self.sound_ms = 0;
        }
        self.sound_ms = self.sound_ms.saturating_add(sound_ms);
        self.last_at = Some(now);
    }

    fn is_longer(&self, now: Instant, sound_ms: u32) -> bool {
        self.sound_ms > sound_ms && self.last_at.is_some_and(|at| now.since(at) <= PAUSE)
    }
}

#[derive(Clone, Copy, Debug)]
struct Microphone {
    track: TrackId,
    smoothed: f32,
    heard_at: Option<Instant>,
    spoke_at: Option<Instant>,
    /// Its sound, and what of it is clearly louder than the speaker.
    sound: Run,
    louder: Run,
    /// Whether it has kept at it and has not fallen silent since.
    is_speaking: bool,
    /// A sender without levels seems to speak for ever, so it may not hold its place against others.
    has_level: bool,
}

impl Microphone {
    fn sounds(&self, now: Instant) -> bool {
        self.spoke_at.is_some_and(|at| now.since(at) < STALE)
    }

    fn fall_silent(&mut self, now: Instant) {
        self.is_speaking &= self.sounds(now);
    }
}

/// Who speaks, the speaker first, then loudest first, as `(track, level)` in −dBov.
pub type Speakers = Vec<(TrackId, u8)>;

/// The microphones of one meeting and the positions they hold.
#[derive(Debug, Default)]
pub struct Loudest {
    microphones: Vec<Microphone>,
    positions: [Option<TrackId>; POSITIONS],
    /// Who is the speaker, or was it last, and since when.
    speaker: Option<(TrackId, Instant)>,
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
            sound: Run::default(),
            louder: Run::default(),
            is_speaking: false,
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

    /// A microphone has ended: it is silent at once, and holds its place against nobody.
    pub fn fall_silent(&mut self, track: TrackId) {
        let found = self
            .microphones
            .iter_mut()
            .find(|microphone| microphone.track == track);
        if let Some(microphone) = found {
            (microphone.smoothed, microphone.spoke_at) = (SILENCE, None);
            (microphone.sound, microphone.louder) = (Run::default(), Run::default());
            microphone.is_speaking = false;
        }
    }

    /// Note the level of a packet of so many frames of 20 ms, with those lost before it; `None` where the sender gives
    /// none, which counts as faint speech.
    pub fn handle_level(&mut self, now: Instant, track: TrackId, level: Option<u8>, frames: u32) {
        let speaker = self
            .speaker
            .and_then(|(speaker, _)| self.microphones.iter().find(|m| m.track == speaker));
        // Who speaks beside the speaker, or is the first to, takes nobody's place.
        let takes_its_place = speaker.is_some_and(|speaker| speaker.track != track && !speaker.is_speaking);
        let enough_ms = if takes_its_place { COUGH_MS } else { SPEECH_MS - 1 };
        let clearly_louder = speaker.map_or(SILENCE, |speaker| speaker.smoothed) - MARGIN;
        let Some(microphone) = self
            .microphones
            .iter_mut()
            .find(|microphone| microphone.track == track)
        else {
            return;
        };
        microphone.fall_silent(now);
        microphone.has_level = level.is_some();
        let level = level.map_or(UNKNOWN_LEVEL, f32::from);
        let frames = frames.clamp(1, MAX_FRAMES);
        if level < SPEECH_LEVEL {
            microphone.sound.add(now, frames * FRAME_MS);
        }
        if level <= clearly_louder {
            microphone.louder.add(now, frames * FRAME_MS);
        }
        microphone.is_speaking |= microphone.sound.is_longer(now, enough_ms);
        let weight = if level < microphone.smoothed {
            ATTACK
        } else {
            RELEASE
        };
        let left = (1.0 - weight).powi(frames as i32);
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
            microphone.fall_silent(now);
        }
        self.choose_speaker(now);
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

    /// Who speaks, as of the last [`Loudest::handle_timeout`]: the speaker first, then loudest first.
    #[must_use]
    pub fn speakers(&self) -> Speakers {
        let speaker = self.speaker.map(|(track, _)| track);
        let mut speaking: Vec<&Microphone> = self.microphones.iter().filter(|m| m.is_speaking).collect();
        speaking.sort_by(|a, b| {
            let after_speaker = |m: &Microphone| speaker != Some(m.track);
            (after_speaker(a).cmp(&after_speaker(b))).then(a.smoothed.total_cmp(&b.smoothed))
        });
        speaking.iter().map(|m| (m.track, m.smoothed as u8)).collect()
    }

    /// Whose sound is to be heard now, loudest first: each sound at once.
    #[must_use]
    pub fn audible(&self, now: Instant) -> Vec<TrackId> {
        let mut sounding: Vec<&Microphone> = self.microphones.iter().filter(|m| m.sounds(now)).collect();
        sounding.sort_by(|a, b| a.smoothed.total_cmp(&b.smoothed));
        sounding.iter().map(|m| m.track).collect()
    }

    /// Let another be the speaker where the one that was has fallen silent, or has been clearly quieter for a while.
    fn choose_speaker(&mut self, now: Instant) {
        let speaking = self.microphones.iter().filter(|m| m.is_speaking);
        let held = self
            .speaker
            .filter(|(track, _)| speaking.clone().any(|m| m.track == *track));
        let challengers = speaking.filter(|m| {
            held.is_none_or(|(track, since)| {
                track != m.track && now.since(since) >= SPEAKER_HOLD && m.louder.is_longer(now, COUGH_MS)
            })
        });
        let Some(loudest) = challengers.min_by(|a, b| a.smoothed.total_cmp(&b.smoothed)) else {
            return;
        };
        self.speaker = Some((loudest.track, now));
        for microphone in &mut self.microphones {
            microphone.louder = Run::default();
        }
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
#[path = "loudest_tests.rs"]
mod tests;
