//! A publisher's packets, whatever becomes of them on their way, as segments: frames carry a counter that is read back
//! from the files.

use std::io::Cursor;

use matroska_demuxer::{Frame, MatroskaFile};
use packet_plane_core::codec::CodecName;
use packet_plane_core::tap::record::{PacketRecord, Record};
use packet_plane_recording::{Finding, Gap, Segment, Segmenter};
use proptest::prelude::*;

const START_US: u64 = 1_700_000_000_000_000;
const FRAME_US: u64 = 33_333;
const KEYFRAME_EVERY: u32 = 60;
/// Holes between segments that are not told, and a little more for the clock's sake.
const SHORT_US: u64 = 300_000;
const VIDEO: u64 = 1;
const AUDIO: u64 = 2;

/// One packet of a stream, and when it arrives.
#[derive(Clone, Debug)]
struct Sent {
    track: u64,
    sequence: u64,
    rtp_timestamp: u32,
    marker: bool,
    at_us: u64,
    payload: Vec<u8>,
}

impl Sent {
    fn write(&self, out: &mut Vec<u8>) {
        let is_video = self.track == VIDEO;
        let packet = PacketRecord {
            track: self.track,
            encoding: 0,
            codec: if is_video { CodecName::Vp8 } else { CodecName::Opus },
            marker: self.marker,
            starts_keyframe: false,
            clock_rate: if is_video { 90_000 } else { 48_000 },
            ssrc: self.track as u32,
            sequence: self.sequence,
            rtp_timestamp: self.rtp_timestamp,
            at_us: self.at_us,
            payload: &self.payload,
        };
        Record::Packet(packet).write(out);
    }
}

/// The packets of `frames` pictures, three of each, the first of which begins at this timestamp.
fn video(frames: u32, first_timestamp: u32) -> Vec<Sent> {
    let packets = (0..frames).flat_map(|number| {
        (0..3u8).map(move |part| {
            let is_key = number % KEYFRAME_EVERY == 0;
            let mut payload = vec![if part == 0 { 0x10 } else { 0x00 }];
            if part == 0 {
                payload.extend_from_slice(&[u8::from(!is_key), 0, 0, 0x9d, 1, 0x2a, 64, 0, 64, 0]);
                payload.extend_from_slice(&number.to_be_bytes());
            }
            payload.push(part);
            Sent {
                track: VIDEO,
                sequence: u64::from(number) * 3 + u64::from(part) + 1_000,
                rtp_timestamp: first_timestamp.wrapping_add(number * 3_000),
                marker: part == 2,
                at_us: START_US + u64::from(number) * FRAME_US,
                payload,
            }
        })
    });
    packets.collect()
}

/// So many packets of sound of 20 ms.
fn audio(packets: u32, first_timestamp: u32) -> Vec<Sent> {
    let packet = |number: u32| Sent {
        track: AUDIO,
        sequence: u64::from(number),
        rtp_timestamp: first_timestamp.wrapping_add(number * 960),
        marker: false,
        at_us: START_US + u64::from(number) * 20_000,
        payload: [&[0x78][..], &number.to_be_bytes()].concat(),
    };
    (0..packets).map(packet).collect()
}

/// What becomes of packets, cut into pieces of `piece` bytes.
fn record(packets: &[Sent], piece: usize) -> (Vec<Segment>, Vec<Gap>) {
    let mut bytes = Vec::new();
    for (track, is_video) in [(VIDEO, true), (AUDIO, false)] {
        let label: &[u8] = if is_video { b"video" } else { b"audio" };
        Record::Begin {
            track,
            is_video,
            label,
        }
        .write(&mut bytes);
    }
    packets.iter().for_each(|packet| packet.write(&mut bytes));
    let mut segmenter = Segmenter::default();
    for piece in bytes.chunks(piece.max(1)) {
        segmenter.push(piece).expect("written by this build");
    }
    segmenter.finish();
    let (mut segments, mut gaps) = (Vec::new(), Vec::new());
    while let Some(finding) = segmenter.poll() {
        match finding {
            Finding::Segment(segment) => segments.push(segment),
            Finding::Gap(gap) => gaps.push(gap),
        }
    }
    (segments, gaps)
}

/// Identifier, content, and what follows of the element that `bytes` begin with.
fn element(bytes: &[u8]) -> (u32, &[u8], &[u8]) {
    let id_len = bytes[0].leading_zeros() as usize + 1;
    let id = bytes[..id_len]
        .iter()
        .fold(0, |id, byte| id << 8 | u32::from(*byte));
    let size = &bytes[id_len..];
    let size_len = size[0].leading_zeros() as usize + 1;
    let mask = (1u64 << (7 * size_len)) - 1;
    let len = size[..size_len]
        .iter()
        .fold(0u64, |len, byte| len << 8 | u64::from(*byte))
        & mask;
    let (content, rest) = size[size_len..].split_at(len as usize);
    (id, content, rest)
}

fn children(mut bytes: &[u8]) -> Vec<(u32, &[u8])> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (id, content, rest) = element(bytes);
        found.push((id, content));
        bytes = rest;
    }
    found
}

/// Milliseconds from its beginning and bytes of each frame of a file, as a demuxer of somebody else's reads them.
fn demuxed(file: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut file = MatroskaFile::open(Cursor::new(file)).expect("a file that any demuxer opens");
    assert_eq!(file.tracks().len(), 1);
    assert_eq!(file.info().timestamp_scale().get(), 1_000_000);
    let (mut found, mut frame) = (Vec::new(), Frame::default());
    while file.next_frame(&mut frame).expect("a whole frame") {
        found.push((frame.timestamp, frame.data.clone()));
    }
    found
}

/// The same by hand; both have to agree.
fn frames(file: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let found = elements(file);
    assert_eq!(demuxed(file), found);
    found
}

fn elements(file: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let segment = children(file)[1].1;
    let clusters = children(segment).into_iter().filter(|(id, _)| *id == 0x1f43_b675);
    let mut found = Vec::new();
    for (_, cluster) in clusters {
        let mut cluster_ms = 0u64;
        for (id, content) in children(cluster) {
            match id {
                0xe7 => cluster_ms = content.iter().fold(0, |time, byte| time << 8 | u64::from(*byte)),
                0xa3 => {
                    let apart = i16::from_be_bytes([content[1], content[2]]);
                    let at_ms = cluster_ms
                        .checked_add_signed(i64::from(apart))
                        .expect("not before");
                    found.push((at_ms, content[4..].to_vec()));
                }
                _ => {}
            }
        }
    }
    found
}

fn counter(label: &[u8], frame: &[u8]) -> u32 {
    let at = if label == b"video" { 10 } else { 1 };
    u32::from_be_bytes([frame[at], frame[at + 1], frame[at + 2], frame[at + 3]])
}

/// The counters of all frames of a track, and the moment of each in microseconds.
fn counters(segments: &[Segment], label: &[u8]) -> Vec<(u32, u64)> {
    let own = segments.iter().filter(|segment| segment.label == label);
    own.flat_map(|segment| {
        let all = frames(&segment.data);
        all.into_iter()
            .map(|(ms, frame)| (counter(label, &frame), segment.start_us + ms * 1_000))
            .collect::<Vec<_>>()
    })
    .collect()
}

/// Whether a moment is told as missing, give or take a frame.
fn is_told(segments: &[Segment], gaps: &[Gap], label: &[u8], at_us: u64) -> bool {
    let near = |start: u64, end: u64| start <= at_us + 2 * FRAME_US && at_us <= end + 2 * FRAME_US;
    let in_segment = |segment: &Segment| segment.lost.iter().any(|(start, end)| near(*start, *end));
    segments
        .iter()
        .filter(|segment| segment.label == label)
        .any(in_segment)
        || gaps
            .iter()
            .any(|gap| gap.label == label && near(gap.start_us, gap.end_us))
}

fn check(segments: &[Segment], label: &[u8]) {
    let all = counters(segments, label);
    assert!(
        all.windows(2).all(|pair| pair[0].0 < pair[1].0),
        "in order and once"
    );
    for segment in segments.iter().filter(|segment| segment.label == label) {
        assert!(segment.start_us < segment.end_us);
        assert!(segment.end_us - segment.start_us < 21_000_000);
        if label == b"video" {
            let (at_ms, first) = frames(&segment.data).remove(0);
            assert_eq!((at_ms, counter(label, &first) % KEYFRAME_EVERY), (0, 0));
            assert_eq!(segment.size, Some((64, 64)));
        }
    }
}

#[test]
fn whole_streams_are_whole_over_the_wrap_of_timestamps_in_segments_of_two_seconds() {
    let mut packets = video(300, u32::MAX - 100_000);
    packets.extend(audio(500, u32::MAX - 100_000));
    packets.sort_by_key(|packet| packet.at_us);
    let (segments, gaps) = record(&packets, 997);
    assert_eq!(gaps, []);
    for (label, count) in [(&b"video"[..], 300), (b"audio", 500)] {
        check(&segments, label);
        assert_eq!(counters(&segments, label).len(), count);
        let own: Vec<_> = segments.iter().filter(|segment| segment.label == label).collect();
        assert_eq!(own.len(), 5);
        // One follows the other without a hole.
        assert!(
            own.windows(2)
                .all(|pair| pair[1].start_us.abs_diff(pair[0].end_us) < 1_000)
        );
    }
    for (number, at_us) in counters(&segments, b"video") {
        assert!(at_us.abs_diff(START_US + u64::from(number) * FRAME_US) < 2_000);
    }
}

#[test]
fn a_jump_of_timestamps_ends_a_segment_and_time_goes_on_by_arrival() {
    let mut packets = audio(500, 0);
    for packet in &mut packets[250..] {
        packet.rtp_timestamp = packet.rtp_timestamp.wrapping_add(0x7000_0000);
    }
    let (segments, _) = record(&packets, 4_096);
    check(&segments, b"audio");
    let all = counters(&segments, b"audio");
    assert_eq!(all.len(), 500);
    for (number, at_us) in all {
        assert!(at_us.abs_diff(START_US + u64::from(number) * 20_000) < 50_000);
    }
}

#[test]
fn a_pause_ends_the_segment_and_is_told_as_silence() {
    let mut packets = audio(300, 0);
    for packet in &mut packets[150..] {
        packet.rtp_timestamp += 10 * 48_000;
        packet.at_us += 10_000_000;
    }
    let (segments, gaps) = record(&packets, 4_096);
    check(&segments, b"audio");
    assert_eq!(counters(&segments, b"audio").len(), 300);
    assert_eq!(gaps.len(), 1);
    assert_eq!(
        (gaps[0].reason.as_str(), gaps[0].end_us - gaps[0].start_us),
        ("silent", 10_000_000)
    );
}

#[test]
fn a_link_that_is_away_leaves_a_gap_that_says_so() {
    let sent = audio(600, 0);
    let begin = Record::Begin {
        track: AUDIO,
        is_video: false,
        label: b"audio",
    };
    let at_us = START_US + 4_000_000;
    let reason: &[u8] = b"disconnected";
    let end = Record::End {
        track: AUDIO,
        at_us,
        reason,
    };
    let mut bytes = Vec::new();
    begin.write(&mut bytes);
    sent[..200].iter().for_each(|packet| packet.write(&mut bytes));
    end.write(&mut bytes);
    begin.write(&mut bytes);
    sent[400..].iter().for_each(|packet| packet.write(&mut bytes));
    let mut segmenter = Segmenter::default();
    segmenter.push(&bytes).expect("whole records");
    segmenter.finish();
    let (mut segments, mut gaps) = (Vec::new(), Vec::new());
    while let Some(finding) = segmenter.poll() {
        match finding {
            Finding::Segment(segment) => segments.push(segment),
            Finding::Gap(gap) => gaps.push(gap),
        }
    }
    assert_eq!(counters(&segments, b"audio").len(), 400);
    let [gap] = &gaps[..] else { panic!("{gaps:?}") };
    assert_eq!(gap.reason, "disconnected");
    assert!(gap.start_us.abs_diff(at_us) < SHORT_US && gap.end_us.abs_diff(at_us + 4_000_000) < SHORT_US);
}

/// As Chromium does: nothing is sent while it is muted, and no time passes in its timestamps.
#[test]
fn a_microphone_whose_timestamps_stood_still_while_it_was_muted_goes_on_at_the_right_moment() {
    const MUTED_US: u64 = 2_500_000;
    // From the first sample of a packet to its arrival.
    const LAG_US: u64 = 30_000;
    let report = |at_us: u64, rtp_timestamp: u32| Record::Report {
        track: AUDIO,
        ssrc: AUDIO as u32,
        rtp_timestamp,
        at_us,
    };
    let muted = |muted: bool, at_us: u64| Record::Muted {
        track: AUDIO,
        muted,
        at_us,
    };
    let mut bytes = Vec::new();
    Record::Begin {
        track: AUDIO,
        is_video: false,
        label: b"audio",
    }
    .write(&mut bytes);
    let mut sent = audio(300, 7);
    for (number, packet) in sent.iter_mut().enumerate() {
        packet.at_us += LAG_US + if number < 150 { 0 } else { MUTED_US };
    }
    sent[..100].iter().for_each(|packet| packet.write(&mut bytes));
    report(START_US + 2_000_000, 7 + 96_000).write(&mut bytes);
    sent[100..150].iter().for_each(|packet| packet.write(&mut bytes));
    muted(true, START_US + 3_000_000).write(&mut bytes);
    // What it says meanwhile is of a time that does not pass.
    report(START_US + 4_000_000, 7 + 144_000).write(&mut bytes);
    muted(false, START_US + 3_000_000 + MUTED_US).write(&mut bytes);
    sent[150..].iter().for_each(|packet| packet.write(&mut bytes));
    let mut segmenter = Segmenter::default();
    segmenter.push(&bytes).expect("whole records");
    segmenter.finish();
    let mut segments = Vec::new();
    while let Some(finding) = segmenter.poll() {
        match finding {
            Finding::Segment(segment) => segments.push(segment),
            Finding::Gap(gap) => assert_eq!(gap.reason, "muted"),
        }
    }
    let heard = counters(&segments, b"audio");
    assert_eq!(heard.len(), 300);
    for (number, at_us) in heard {
        let muted_us = if number < 150 { 0 } else { MUTED_US };
        let spoken_us = START_US + u64::from(number) * 20_000 + muted_us;
        assert!(
            at_us.abs_diff(spoken_us) < 1_000,
            "{number}: {}",
            at_us as i64 - spoken_us as i64
        );
    }
}

#[test]
fn a_track_that_never_has_a_keyframe_is_told_as_a_gap() {
    let packets: Vec<Sent> = video(90, 0).into_iter().skip(3).take(150).collect();
    let (segments, gaps) = record(&packets, 4_096);
    assert_eq!(segments, []);
    assert_eq!(
        gaps.iter().map(|gap| gap.reason.as_str()).collect::<Vec<_>>(),
        ["no_keyframe"]
    );
}

#[test]
fn a_track_of_one_packet_is_a_segment_or_a_gap() {
    let (segments, gaps) = record(&audio(1, 7), 4_096);
    assert_eq!((segments.len(), gaps.len()), (1, 0));
    assert_eq!(segments[0].end_us - segments[0].start_us, 20_000);
    let (segments, gaps) = record(&video(1, 7)[..1], 4_096);
    assert_eq!((segments.len(), gaps.len()), (0, 1));
}

#[test]
fn without_keyframes_a_segment_has_a_bound_and_what_follows_is_told() {
    let mut packets = video(900, 0);
    for packet in packets
        .iter_mut()
        .filter(|packet| packet.payload.len() > 3 && packet.sequence > 1_000)
    {
        packet.payload[1] = 1;
    }
    let (segments, gaps) = record(&packets, 1 << 16);
    assert_eq!(segments.len(), 1);
    assert!((19_900_000..20_100_000).contains(&(segments[0].end_us - segments[0].start_us)));
    assert_eq!(gaps.len(), 1);
    assert!(gaps[0].end_us - gaps[0].start_us > 9_000_000);
}

#[test]
fn twelve_hours_over_the_wrap_of_timestamps_stay_on_the_clock() {
    const PACKET_US: u64 = 120_000;
    const PACKETS: u64 = 12 * 3_600 * 1_000_000 / PACKET_US;
    let first_timestamp = u32::MAX - 1_000_000;
    let mut segmenter = Segmenter::default();
    let (mut bytes, mut ends_us, mut segments) = (Vec::new(), START_US, 0);
    Record::Begin {
        track: AUDIO,
        is_video: false,
        label: b"audio",
    }
    .write(&mut bytes);
    for number in 0..PACKETS {
        let packet = Sent {
            track: AUDIO,
            sequence: number,
            rtp_timestamp: first_timestamp.wrapping_add((number * 5_760) as u32),
            marker: false,
            at_us: START_US + number * PACKET_US,
            // Six frames of 20 ms.
            payload: vec![0x7b, 6, 0],
        };
        packet.write(&mut bytes);
        segmenter.push(&bytes).expect("written by this build");
        bytes.clear();
        while let Some(Finding::Segment(segment)) = segmenter.poll() {
            assert!(
                segment.start_us.abs_diff(ends_us) < 1_000,
                "{}",
                segment.start_us - ends_us
            );
            ends_us = segment.end_us;
            segments += 1;
        }
    }
    assert!((START_US + PACKETS * PACKET_US).abs_diff(ends_us) < 2_200_000);
    assert!(segments > 20_000);
}

#[test]
fn two_hundred_tracks_are_each_whole_and_none_is_an_empty_meeting() {
    let mut bytes = Vec::new();
    for track in 100..300 {
        Record::Begin {
            track,
            is_video: false,
            label: &track.to_le_bytes(),
        }
        .write(&mut bytes);
    }
    for packet in audio(150, 0) {
        for track in 100..300 {
            Sent {
                track,
                ..packet.clone()
            }
            .write(&mut bytes);
        }
    }
    let mut segmenter = Segmenter::default();
    segmenter.push(&bytes).expect("written by this build");
    assert_eq!(segmenter.tracks(), 200);
    segmenter.finish();
    let found = std::iter::from_fn(|| segmenter.poll()).count();
    assert_eq!((found, segmenter.tracks()), (400, 0));
    let mut nobody = Segmenter::default();
    nobody.finish();
    assert_eq!(nobody.poll(), None);
}

/// What happens to packets on their way: left out, doubled, or late by so many places.
#[derive(Clone, Debug)]
enum Fate {
    Arrives,
    Lost,
    Twice,
    Late(usize),
    Corrupt(u8),
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        40 => Just(Fate::Arrives),
        2 => Just(Fate::Lost),
        2 => Just(Fate::Twice),
        2 => (1usize..12).prop_map(Fate::Late),
        1 => any::<u8>().prop_map(Fate::Corrupt),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_lost_doubled_late_or_broken_is_in_order_and_every_hole_is_told(
        fates in proptest::collection::vec(fate(), 900),
        first_timestamp in any::<u32>(),
        piece in 1usize..5_000,
    ) {
        let sent = video(300, first_timestamp);
        let mut arriving: Vec<(usize, Sent)> = Vec::new();
        for (at, (packet, fate)) in sent.iter().zip(&fates).enumerate() {
            match fate {
                Fate::Lost => {}
                Fate::Arrives => arriving.push((at, packet.clone())),
                Fate::Twice => arriving.extend([(at, packet.clone()), (at + 1, packet.clone())]),
                Fate::Late(places) => arriving.push((at + places, packet.clone())),
                Fate::Corrupt(byte) => {
                    let mut broken = packet.clone();
                    // The descriptor: it claims to be longer than the packet.
                    broken.payload = vec![0x80 | byte, 0x80];
                    arriving.push((at, broken));
                }
            }
        }
        arriving.sort_by_key(|(at, _)| *at);
        let packets: Vec<Sent> = arriving.into_iter().map(|(_, packet)| packet).collect();
        let (segments, gaps) = record(&packets, piece);
        check(&segments, b"video");
        let came = counters(&segments, b"video");
        let last = packets.iter().map(|packet| (packet.sequence - 1_000) / 3).max().unwrap_or(0) as u32;
        for number in (0..last).filter(|number| !came.iter().any(|(one, _)| one == number)) {
            let at_us = START_US + u64::from(number) * FRAME_US;
            // Before the first keyframe that is whole nothing was there to be lost, and short holes are not told.
            let end_us = segments.last().map_or(0, |segment| segment.end_us);
            let last_us = START_US + u64::from(last) * FRAME_US;
            let is_at_edge = segments.is_empty()
                || at_us < segments[0].start_us
                || (end_us + SHORT_US >= last_us && at_us + 2 * FRAME_US >= end_us)
                || gap_is_short(&segments, at_us);
            prop_assert!(is_at_edge || is_told(&segments, &gaps, b"video", at_us), "{number} {gaps:?}");
        }
    }

    #[test]
    fn no_bytes_break_it(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..20)) {
        let mut segmenter = Segmenter::default();
        for piece in pieces {
            if segmenter.push(&piece).is_err() {
                break;
            }
            segmenter.handle_timeout(START_US);
        }
        segmenter.finish();
    }

    #[test]
    fn no_payload_of_any_format_breaks_it(
        packets in proptest::collection::vec(
            (0usize..6, any::<u16>(), any::<u32>(), any::<bool>(), proptest::collection::vec(any::<u8>(), 0..40)),
            1..200,
        ),
    ) {
        const CODECS: [CodecName; 6] = [
            CodecName::Opus, CodecName::Vp8, CodecName::Vp9, CodecName::H264, CodecName::H265, CodecName::Av1,
        ];
        let mut bytes = Vec::new();
        Record::Begin { track: 1, is_video: true, label: b"" }.write(&mut bytes);
        for (at, (codec, step, timestamp, marker, payload)) in packets.iter().enumerate() {
            Record::Packet(PacketRecord {
                track: 1,
                encoding: 0,
                // Long runs of one format, and changes in the midst.
                codec: CODECS[(*codec + at / 50) % 6],
                marker: *marker,
                starts_keyframe: false,
                clock_rate: 90_000,
                ssrc: 1,
                sequence: at as u64 + u64::from(*step % 3),
                rtp_timestamp: *timestamp % 100_000,
                at_us: START_US + at as u64 * 10_000,
                payload,
            })
            .write(&mut bytes);
        }
        let mut segmenter = Segmenter::default();
        segmenter.push(&bytes).expect("written by this build");
        segmenter.finish();
        while segmenter.poll().is_some() {}
    }
}

/// Whether a moment lies between two segments that are too near for a gap to be told.
fn gap_is_short(segments: &[Segment], at_us: u64) -> bool {
    segments.windows(2).any(|pair| {
        pair[1].start_us.saturating_sub(pair[0].end_us) <= SHORT_US
            && (pair[0].end_us.saturating_sub(70_000)..=pair[1].start_us + 70_000).contains(&at_us)
    })
}
