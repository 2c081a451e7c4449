use super::*;
use proptest::prelude::*;

#[test]
fn what_comes_late_from_before_a_pause_has_no_number_of_what_came_after_it() {
    let (mut rewriter, now) = (Rewriter::new(0), Instant::from_millis(1));
    rewriter.start(now, 0, &packet(100, 0), 90_000, None);
    for number in 100..105 {
        let written = rewriter.rewrite(0, &packet(number, 0)).expect("attached");
        rewriter.handle_written(now, ExtendedSequenceNumber(number), &written);
    }
    // Five are missing before one that is left out, and then the slot waits for a keyframe.
    rewriter.skip(&packet(110, 3_000));
    rewriter.start(now, 0, &packet(115, 6_000), 90_000, None);
    let numbers = [105, 109, 115, 116].map(|number| {
        let written = rewriter.rewrite(0, &packet(number, 0)).expect("attached");
        written.sequence.0
    });
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    for (number, out) in [105, 109, 115, 116].into_iter().zip(numbers) {
        assert_eq!(
            rewriter.original(out as u16),
            Some((0, ExtendedSequenceNumber(number)))
        );
    }
}

fn packet(sequence: u64, rtp_timestamp: u32) -> PacketInfo {
    PacketInfo {
        sequence: ExtendedSequenceNumber(sequence),
        rtp_timestamp,
        ..PacketInfo::default()
    }
}

proptest! {
    /// Whatever order the packets of several tracks come in, each track's numbers keep their distances,
    /// tracks never overlap, and time never goes backwards over a switch.
    #[test]
    fn tracks_continue_one_another(
        tracks in proptest::collection::vec(
            (0u64..1 << 20, any::<u32>(), proptest::collection::vec((0u64..200, any::<bool>()), 1..30)), 1..8),
    ) {
        let mut rewriter = Rewriter::new(40_000);
        let mut highest = 0u64;
        let mut now = Instant::from_millis(1);
        for (base, timestamp, packets) in tracks {
            rewriter.detach();
            prop_assert!(rewriter.rewrite(0, &packet(base, timestamp)).is_none());
            rewriter.start(now, 0, &packet(base, timestamp), 90_000, None);
            let mut track_highest = highest;
            for (offset, lost) in packets {
                let incoming = packet(base + offset, timestamp.wrapping_add((offset * 3_000) as u32));
                let outgoing = rewriter.rewrite(0, &incoming).expect("attached");
                if highest > 0 { prop_assert!(outgoing.sequence.0 > highest); }
                if !lost {
                    rewriter.handle_written(now, incoming.sequence, &outgoing);
                    track_highest = track_highest.max(outgoing.sequence.0);
                    prop_assert_eq!(rewriter.original(outgoing.sequence.sequence_number()), Some((0, incoming.sequence)));
                }
                now = now + std::time::Duration::from_millis(33);
            }
            highest = track_highest;
        }
    }
}

#[test]
fn picture_ids_continue_over_a_switch_even_after_padding() {
    let with_ids = |sequence, picture_id: u16, tl0| {
        let [high, low] = (0x8000 | picture_id).to_be_bytes();
        PacketInfo {
            vp8: crate::rtp::vp8::Vp8Descriptor::parse(&[0x90, 0xe0, high, low, tl0, 0, 0]),
            ..packet(sequence, 0)
        }
    };
    let mut rewriter = Rewriter::new(0);
    let mut write = |info: &PacketInfo, is_first: bool| {
        if is_first {
            rewriter.start(Instant::ZERO, 0, info, 90_000, None);
        }
        let rewritten = rewriter.rewrite(0, info).expect("attached");
        rewriter.handle_written(Instant::ZERO, info.sequence, &rewritten);
        (rewritten.picture_id, rewritten.tl0_picture_index)
    };
    let (picture_id, tl0) = write(&with_ids(10, 0x7fff, 200), true);
    assert_eq!(
        write(&with_ids(11, 0, 201), false),
        ((picture_id + 1) & 0x7fff, tl0 + 1)
    );
    write(&packet(12, 0), false);
    assert_eq!(
        write(&with_ids(500, 77, 3), true),
        ((picture_id + 2) & 0x7fff, tl0 + 2)
    );
}

#[test]
fn drops_what_is_older_than_the_keyframe_it_started_with() {
    let mut rewriter = Rewriter::new(0);
    rewriter.start(Instant::ZERO, 0, &packet(100, 0), 90_000, None);
    assert!(rewriter.rewrite(0, &packet(99, 0)).is_none());
    assert_eq!(
        rewriter.rewrite(0, &packet(100, 0)).map(|r| r.sequence.0),
        Some(1)
    );
}

#[test]
fn the_timeline_advances_by_the_time_that_passed_between_tracks() {
    let mut rewriter = Rewriter::new(0);
    rewriter.start(Instant::ZERO, 0, &packet(1, 1_000), 90_000, None);
    let first = rewriter.rewrite(0, &packet(1, 1_000)).expect("attached");
    rewriter.handle_written(Instant::ZERO, ExtendedSequenceNumber(1), &first);
    rewriter.start(Instant::from_millis(100), 0, &packet(9, 77), 90_000, None);
    let second = rewriter.rewrite(0, &packet(9, 77)).expect("attached");
    assert_eq!(second.rtp_timestamp, 1_000 + 9_000);
}

proptest! {
    /// Frames of a track are left out at will, packets are lost and come late: no number goes to two packets,
    /// what arrives in order goes out without a gap of our making, and every number leads back to its packet.
    #[test]
    fn numbers_close_over_what_is_left_out_and_never_repeat(
        base in 0u64..1 << 20,
        frames in proptest::collection::vec((1u64..4, any::<bool>(), any::<u8>()), 1..60),
    ) {
        let mut rewriter = Rewriter::new(7);
        rewriter.start(Instant::ZERO, 0, &vp8(base, 0, 500), 90_000, None);
        let mut used = std::collections::BTreeMap::new();
        let (mut sequence, mut late, mut lost) = (base, Vec::new(), 0);
        let (mut expected, mut picture) = (8u64, None::<u16>);
        for (number, (packets, is_left_out, fate)) in frames.into_iter().enumerate() {
            let is_left_out = is_left_out && number > 0;
            for part in 0..packets {
                let info = vp8(sequence, number as u32 * 3_000, 500 + number as u16);
                sequence += 1;
                // The first packet starts the slot; later ones may come after their successors, or never.
                match fate.rotate_right(part as u32) % 5 {
                    0 if number > 0 => { lost += 1; late.push(info); continue }
                    _ => {}
                }
                if is_left_out {
                    rewriter.skip(&info);
                    continue;
                }
                let outgoing = rewriter.rewrite(0, &info).expect("carried");
                prop_assert!(outgoing.sequence.0 >= expected && outgoing.sequence.0 <= expected + lost);
                expected = outgoing.sequence.0 + 1;
                lost = 0;
                if let Some(before) = picture {
                    prop_assert!(outgoing.picture_id.wrapping_sub(before) <= 1 + late.len() as u16);
                }
                picture = Some(outgoing.picture_id);
                prop_assert!(used.insert(outgoing.sequence.0, info.sequence).is_none());
                rewriter.handle_written(Instant::ZERO, info.sequence, &outgoing);
            }
        }
        for info in late {
            if let Some(outgoing) = rewriter.rewrite(0, &info) {
                prop_assert!(used.insert(outgoing.sequence.0, info.sequence).is_none());
            }
        }
        for (out, original) in used {
            if let Some(found) = rewriter.original(out as u16) {
                prop_assert_eq!(found, (0, original));
            }
        }
    }
}

/// A packet with all ids: VP8's or VP9's picture id and TL0PICIDX, and a frame number.
fn with_ids(is_vp9: bool, sequence: u64, (picture_id, tl0, frame): (u16, u8, u16)) -> PacketInfo {
    let [high, low] = (0x8000 | picture_id & 0x7fff).to_be_bytes();
    let [number_high, number_low] = frame.to_be_bytes();
    let vp8 = || crate::rtp::vp8::Vp8Descriptor::parse(&[0x90, 0xe0, high, low, tl0, 0, 0]);
    let vp9 = || crate::rtp::vp9::Vp9Descriptor::parse(&[0b1010_1100, high, low, 0, tl0, 0, 0]);
    let value = [0xc0, number_high, number_low];
    PacketInfo {
        vp8: if is_vp9 { None } else { vp8() },
        vp9: if is_vp9 { vp9() } else { None },
        dependency: crate::rtp::dependency_descriptor::FrameDependency::parse_unknown(&value),
        ..packet(sequence, (sequence * 3_000) as u32)
    }
}

proptest! {
    /// Tracks follow each other whose packets get lost, overtake each other, come twice, and whose ids wrap: within a
    /// track each id keeps its distance from the publisher's, and the next one's begin behind the newest that went out.
    #[test]
    fn ids_keep_their_distances_within_a_track_and_continue_over_a_switch(
        tracks in proptest::collection::vec(
            (any::<bool>(), 0u64..1 << 20, any::<(u16, u8, u16)>(),
             proptest::collection::vec((0u16..40, 0u8..3), 1..40)), 1..6),
    ) {
        let mut rewriter = Rewriter::new(9);
        let ids = |of: &Rewritten| (of.picture_id, of.tl0_picture_index, of.frame_number);
        let mut newest = None::<Rewritten>;
        for (is_vp9, base, (picture_id, tl0, frame), steps) in tracks {
            let at = |ahead: u16| {
                let ids = (
                    picture_id.wrapping_add(ahead),
                    tl0.wrapping_add(ahead as u8),
                    frame.wrapping_add(ahead),
                );
                with_ids(is_vp9, base + u64::from(ahead), ids)
            };
            rewriter.detach();
            rewriter.start(Instant::ZERO, 0, &at(0), 90_000, None);
            let first = rewriter.rewrite(0, &at(0)).expect("attached");
            if let Some(before) = newest {
                let (picture, tl0, frame) = ids(&before);
                prop_assert_eq!(
                    ids(&first),
                    (picture.wrapping_add(1) & 0x7fff, tl0.wrapping_add(1), frame.wrapping_add(1))
                );
            }
            let mut write = |ahead: u16| {
                let info = at(ahead);
                let rewritten = rewriter.rewrite(0, &info).expect("attached");
                rewriter.handle_written(Instant::ZERO, info.sequence, &rewritten);
                if newest.is_none_or(|known| known.sequence < rewritten.sequence) {
                    newest = Some(rewritten);
                }
                rewritten
            };
            write(0);
            // Ahead or back by some packets; what comes twice goes out under the same ids.
            for (ahead, copies) in steps {
                for _ in 0..copies {
                    let (picture, tl0, frame) = ids(&write(ahead));
                    let (first_picture, first_tl0, first_frame) = ids(&first);
                    prop_assert_eq!(picture.wrapping_sub(first_picture) & 0x7fff, ahead);
                    prop_assert_eq!(tl0.wrapping_sub(first_tl0), ahead as u8);
                    prop_assert_eq!(frame.wrapping_sub(first_frame), ahead);
                }
            }
        }
    }
}

fn vp8(sequence: u64, rtp_timestamp: u32, picture_id: u16) -> PacketInfo {
    let [high, low] = (0x8000 | picture_id).to_be_bytes();
    PacketInfo {
        vp8: crate::rtp::vp8::Vp8Descriptor::parse(&[0x90, 0xe0, high, low, 0, 0, 0]),
        ..packet(sequence, rtp_timestamp)
    }
}

#[test]
fn what_is_left_out_leaves_no_gap_and_is_never_sent() {
    let mut rewriter = Rewriter::new(0);
    rewriter.start(Instant::ZERO, 0, &vp8(10, 0, 1), 90_000, None);
    let write = |rewriter: &mut Rewriter, info: PacketInfo| {
        let rewritten = rewriter.rewrite(0, &info)?;
        rewriter.handle_written(Instant::ZERO, info.sequence, &rewritten);
        Some((rewritten.sequence.0, rewritten.picture_id))
    };
    let (first, picture) = write(&mut rewriter, vp8(10, 0, 1)).expect("carried");
    rewriter.skip(&vp8(11, 1, 2));
    rewriter.skip(&vp8(12, 1, 2));
    rewriter.skip(&vp8(13, 2, 3));
    assert_eq!(
        write(&mut rewriter, vp8(14, 3, 4)),
        Some((first + 1, picture + 1))
    );
    assert_eq!(rewriter.rewrite(0, &vp8(12, 1, 2)), None);
    assert_eq!(
        rewriter.original((first + 1) as u16),
        Some((0, ExtendedSequenceNumber(14)))
    );
}

#[test]
fn a_nack_reaches_back_over_a_change_of_encoding() {
    let mut rewriter = Rewriter::new(0);
    rewriter.start(Instant::ZERO, 2, &packet(100, 0), 90_000, None);
    let first = rewriter.rewrite(2, &packet(101, 0)).expect("carried");
    rewriter.handle_written(Instant::ZERO, ExtendedSequenceNumber(101), &first);
    rewriter.start(Instant::ZERO, 0, &packet(7, 0), 90_000, None);
    let second = rewriter.rewrite(0, &packet(7, 0)).expect("carried");
    assert_eq!(second.sequence.0, first.sequence.0 + 1);
    assert_eq!(
        rewriter.original(first.sequence.0 as u16),
        Some((2, ExtendedSequenceNumber(101)))
    );
    assert_eq!(rewriter.rewrite(2, &packet(102, 0)), None);
}

#[test]
fn the_timeline_follows_the_publishers_clock_where_it_is_known() {
    let step = |known: u32| {
        let mut rewriter = Rewriter::new(0);
        rewriter.start(Instant::ZERO, 0, &packet(1, 1_000), 90_000, None);
        let first = rewriter.rewrite(0, &packet(1, 1_000)).expect("attached");
        rewriter.handle_written(Instant::ZERO, ExtendedSequenceNumber(1), &first);
        let now = Instant::from_millis(100);
        rewriter.start(now, 1, &packet(9, 77), 90_000, Some(known));
        rewriter
            .rewrite(1, &packet(9, 77))
            .expect("attached")
            .rtp_timestamp
            - 1_000
    };
    assert_eq!(step(1_000 + 6_000), 6_000);
    // The same picture in another size may not go back; what cannot be true is not believed.
    assert_eq!(step(1_000), 1);
    assert_eq!(step(1_000 + 90_000 * 60), 9_000);
}

#[test]
fn a_nack_reaches_back_a_second_where_something_of_each_of_sixty_frames_is_left_out() {
    let mut rewriter = Rewriter::new(0);
    rewriter.start(Instant::ZERO, 0, &packet(0, 0), 90_000, None);
    let mut out = Vec::new();
    for frame in 0..60u64 {
        let kept = packet(frame * 2, frame as u32 * 1_500);
        let rewritten = rewriter.rewrite(0, &kept).expect("carried");
        rewriter.handle_written(Instant::ZERO, kept.sequence, &rewritten);
        out.push(rewritten.sequence.sequence_number());
        rewriter.skip(&packet(frame * 2 + 1, frame as u32 * 1_500));
    }
    for (number, frame) in out.into_iter().zip(0..) {
        let original = ExtendedSequenceNumber(frame * 2);
        assert_eq!(rewriter.original(number), Some((0, original)));
    }
}
