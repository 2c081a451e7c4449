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
                !loudest.audible(now).is_empty()
            });
            assert!(heard.is_some_and(|ms| ms + step <= 240), "{frames}: {heard:?}");
        }
    }

    #[test]
    fn lists_speakers_loudest_first_and_forgets_the_silent() {
        let mut loudest = meeting(3);
        talk(&mut loudest, 0, 1_000, &[(1, 50), (2, 20), (3, 127)]);
        let speaking: Vec<_> = loudest.speakers().iter().map(|(t, _)| t.0).collect();
        assert_eq!(speaking, [2, 1]);
        loudest.handle_timeout(Instant::from_millis(3_000));
        assert!(loudest.speakers().is_empty());
    }

    /// Who was the speaker each time that another was, of microphones at these levels for so long each.
    fn speakers_of(microphones: u64, spells: &[(u64, &[(u64, u8)])]) -> Vec<(u64, u64)> {
        let (mut loudest, mut told, mut at) = (meeting(microphones), Vec::new(), 0);
        for (lasts, levels) in spells {
            for ms in (at..at + lasts).step_by(20) {
                talk(&mut loudest, ms, ms + 20, levels);
                let speaker = loudest.speakers().first().map(|(track, _)| track.0);
                if let Some(speaker) = speaker.filter(|one| told.last().is_none_or(|(_, last)| last != one)) {
                    told.push((ms, speaker));
                }
            }
            at += lasts;
        }
        told
    }

    #[test]
    fn coughs_in_silence_are_told_of_nobody_but_heard_at_once() {
        for lasts in [60, 100, 200, 300] {
            for level in [5, 15, 35] {
                let mut loudest = meeting(2);
                if lasts == 300 {
                    // So long a one might be a voice, but it takes no place from who spoke last.
                    talk(&mut loudest, 0, 1_000, &[(1, 127), (2, 30)]);
                }
                talk(&mut loudest, 1_000, 3_000, &[(1, 127), (2, 127)]);
                talk(&mut loudest, 3_000, 3_000 + lasts, &[(1, level), (2, 127)]);
                let is_heard = loudest.audible(Instant::from_millis(3_000 + lasts)) == [TrackId(1)];
                assert!(is_heard || lasts <= 100, "{lasts} ms at {level}");
                for ms in (3_000 + lasts..5_000).step_by(20) {
                    talk(&mut loudest, ms, ms + 20, &[(1, 127), (2, 127)]);
                    assert!(loudest.speakers().is_empty(), "{lasts} ms at {level}");
                }
            }
        }
    }

    #[test]
    fn coughs_beside_a_voice_do_not_make_a_speaker() {
        for lasts in [100, 200, 300] {
            for quiet in [127, 54] {
                let told = speakers_of(
                    2,
                    &[
                        (3_000, &[(1, 35), (2, quiet)]),
                        (lasts, &[(1, 35), (2, 15)]),
                        (3_000, &[(1, 35), (2, quiet)]),
                    ],
                );
                assert_eq!(
                    told.iter().map(|one| one.1).collect::<Vec<_>>(),
                    [1],
                    "{lasts} ms over {quiet}"
                );
            }
        }
    }

    /// When a voice is told whose first packet comes at 3,000 ms, before which somebody else may have spoken.
    fn told_after(frames: u32, is_second: bool) -> Option<u64> {
        let mut loudest = meeting(2);
        if is_second {
            talk(&mut loudest, 0, 1_000, &[(2, 30)]);
        }
        talk(&mut loudest, 1_000, 3_000, &[(1, 127), (2, 127)]);
        (0..1_000).step_by(frames as usize * 20).find(|ms| {
            let now = Instant::from_millis(3_000 + ms);
            loudest.handle_level(now, TrackId(1), Some(30), frames);
            loudest.handle_timeout(now);
            loudest
                .speakers()
                .first()
                .is_some_and(|(track, _)| *track == TrackId(1))
        })
    }

    #[test]
    fn a_voice_is_told_within_300_ms_whatever_its_packets_hold() {
        for frames in [1, 2, 3, 6] {
            for is_second in [false, true] {
                let told = told_after(frames, is_second);
                assert!(
                    told.is_some_and(|ms| ms <= 300),
                    "{frames}, {is_second}: {told:?}"
                );
            }
        }
    }

    #[test]
    fn the_speaker_goes_on_over_pauses_within_its_speech() {
        let syllables = [(160, &[(1, 30), (2, 127)][..]), (120, &[(1, 127), (2, 127)][..])];
        let told = speakers_of(2, &syllables.repeat(20));
        assert_eq!(told.iter().map(|one| one.1).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn of_two_who_talk_at_once_the_second_is_the_speaker_when_it_is_clearly_louder_for_a_while() {
        let told = |quieter, louder| {
            speakers_of(
                2,
                &[
                    (1_000, &[(1, quieter), (2, 127)]),
                    (4_000, &[(1, quieter), (2, louder)]),
                ],
            )
        };
        assert_eq!(told(35, 30).len(), 1);
        let moved = told(35, 20);
        assert_eq!(moved.len(), 2);
        assert!((1_700..=2_000).contains(&moved[1].0), "{moved:?}");
    }

    #[test]
    fn who_talk_by_turns_are_the_speaker_by_turns_and_not_more_often() {
        let turns = [
            (2_000, &[(1, 30), (2, 127)][..]),
            (2_000, &[(1, 127), (2, 25)][..]),
        ];
        let told = speakers_of(2, &turns.repeat(5));
        assert_eq!(told.len(), 10, "{told:?}");
        // Louder by turns while both talk, several times a second: the first stays it.
        let both = [(200, &[(1, 20), (2, 32)][..]), (200, &[(1, 32), (2, 20)][..])];
        let told = speakers_of(
            2,
            &[&[(1_000, &[(1, 30), (2, 127)][..])][..], &both.repeat(20)].concat(),
        );
        assert_eq!(told.len(), 1, "{told:?}");
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
