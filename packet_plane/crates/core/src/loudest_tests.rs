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
