//! Voices whose packets hold 20, 60 or 120 ms as segments: whole, without holes, each packet at its moment.

use std::io::Cursor;

use matroska_demuxer::{Frame, MatroskaFile};
use packet_plane_core::codec::CodecName;
use packet_plane_core::tap::record::{PacketRecord, Record};
use packet_plane_recording::{Finding, Gap, Segment, Segmenter};

const START_US: u64 = 1_700_000_000_000_000;
const TRACK: u64 = 2;
const SSRC: u32 = 7;
/// From the last sample of a packet to its arrival.
const LAG_US: u64 = 10_000;
/// The first byte of packets that last so long (RFC 6716 section 3.1).
const FIRST_BYTES: [(u64, u8); 3] = [(20, 0x78), (60, 0x58), (120, 0x59)];

/// What a recorder reads of one microphone.
struct Voice {
    bytes: Vec<u8>,
    sequence: u64,
    /// Media time, and how much later than that it is.
    spoken_us: u64,
    paused_us: u64,
    moments_us: Vec<u64>,
}

impl Voice {
    fn new() -> Self {
        let mut bytes = Vec::new();
        let begin = Record::Begin {
            track: TRACK,
            is_video: false,
            label: b"voice",
        };
        begin.write(&mut bytes);
        Voice {
            bytes,
            sequence: 0,
            spoken_us: 0,
            paused_us: 0,
            moments_us: Vec::new(),
        }
    }

    fn rtp_timestamp(&self) -> u32 {
        (self.spoken_us * 48 / 1_000) as u32
    }

    fn now_us(&self) -> u64 {
        START_US + self.spoken_us + self.paused_us
    }

    /// Speak for so long in packets of so many milliseconds, of which those whose number says so get lost.
    fn say(&mut self, seconds: u64, ms: u64, is_lost: impl Fn(u64) -> bool) {
        let (_, first) = FIRST_BYTES.iter().find(|(known, _)| *known == ms).expect("known");
        for _ in 0..seconds * 1_000 / ms {
            let payload = [&[*first][..], &self.sequence.to_be_bytes()].concat();
            let packet = PacketRecord {
                track: TRACK,
                encoding: 0,
                codec: CodecName::Opus,
                marker: false,
                starts_keyframe: false,
                clock_rate: 48_000,
                ssrc: SSRC,
                sequence: self.sequence,
                rtp_timestamp: self.rtp_timestamp(),
                at_us: self.now_us() + ms * 1_000 + LAG_US,
                payload: &payload,
            };
            if !is_lost(self.sequence) {
                Record::Packet(packet).write(&mut self.bytes);
            }
            self.moments_us.push(self.now_us());
            self.sequence += 1;
            self.spoken_us += ms * 1_000;
        }
    }

    /// Its sender's report, as the plane understands it.
    fn report(&mut self) {
        let record = Record::Report {
            track: TRACK,
            ssrc: SSRC,
            rtp_timestamp: self.rtp_timestamp(),
            at_us: self.now_us(),
        };
        record.write(&mut self.bytes);
    }

    /// Be muted for so long; as a browser's, its timestamps stand still.
    fn mute(&mut self, ms: u64) {
        for muted in [true, false] {
            let at_us = self.now_us();
            Record::Muted {
                track: TRACK,
                muted,
                at_us,
            }
            .write(&mut self.bytes);
            self.paused_us += if muted { ms * 1_000 } else { 0 };
        }
    }

    fn record(&self) -> (Vec<Segment>, Vec<Gap>) {
        let mut segmenter = Segmenter::default();
        segmenter.push(&self.bytes).expect("written by this build");
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

    /// How far the packets that were kept lie from when they were spoken, at most, in microseconds.
    fn most_apart_us(&self, segments: &[Segment]) -> u64 {
        let found = packets(segments);
        let apart = found
            .iter()
            .map(|(number, at_us)| at_us.abs_diff(self.moments_us[*number as usize]));
        apart.max().unwrap_or(0)
    }
}

/// The number of each packet that was kept, and its moment in microseconds.
fn packets(segments: &[Segment]) -> Vec<(u64, u64)> {
    let mut found = Vec::new();
    for segment in segments {
        let mut file = MatroskaFile::open(Cursor::new(&segment.data[..])).expect("a file");
        let mut frame = Frame::default();
        while file.next_frame(&mut frame).expect("a whole frame") {
            let number = u64::from_be_bytes(frame.data[1..9].try_into().expect("a number"));
            found.push((number, segment.start_us + frame.timestamp * 1_000));
        }
    }
    found
}

fn are_without_holes(segments: &[Segment]) -> bool {
    let mut pairs = segments.windows(2);
    pairs.all(|pair| pair[1].start_us.abs_diff(pair[0].end_us) < 1_000)
}

#[test]
fn a_voice_is_whole_in_segments_of_two_seconds_however_long_its_packets_are() {
    for (ms, _) in FIRST_BYTES {
        let mut voice = Voice::new();
        voice.say(1, ms, |_| false);
        voice.report();
        voice.say(9, ms, |_| false);
        let (segments, gaps) = voice.record();
        assert_eq!(gaps, [], "{ms} ms");
        assert!(segments.iter().all(|segment| segment.lost.is_empty()));
        assert_eq!(packets(&segments).len(), voice.moments_us.len());
        assert_eq!(segments.len(), 5);
        assert!(are_without_holes(&segments) && voice.most_apart_us(&segments) < 1_000);
    }
}

#[test]
fn a_voice_that_changes_how_long_its_packets_are_is_whole_and_at_its_moments() {
    let mut voice = Voice::new();
    for ms in [20, 120, 20, 60, 120] {
        voice.say(1, ms, |_| false);
        voice.report();
        voice.say(2, ms, |_| false);
    }
    let (segments, gaps) = voice.record();
    assert_eq!(gaps, []);
    assert_eq!(packets(&segments).len(), voice.moments_us.len());
    assert!(are_without_holes(&segments) && voice.most_apart_us(&segments) < 1_000);
}

#[test]
fn of_a_packet_that_is_lost_as_much_is_told_as_it_held() {
    for (ms, _) in FIRST_BYTES {
        let mut voice = Voice::new();
        voice.say(4, ms, |number| number == 7);
        let (segments, gaps) = voice.record();
        let lost: Vec<_> = segments.iter().flat_map(|segment| &segment.lost).collect();
        let lasted: Vec<_> = lost.iter().map(|(from, to)| to - from).collect();
        assert_eq!((lasted, gaps), (vec![ms * 1_000], vec![]), "{ms} ms");
    }
}

#[test]
fn a_voice_that_was_muted_goes_on_at_its_moment_however_long_its_packets_are() {
    for (ms, _) in FIRST_BYTES {
        let mut voice = Voice::new();
        voice.say(2, ms, |_| false);
        voice.report();
        voice.say(1, ms, |_| false);
        voice.mute(2_500);
        voice.say(3, ms, |_| false);
        let (segments, gaps) = voice.record();
        assert!(gaps.iter().all(|gap| gap.reason == "muted"), "{gaps:?}");
        assert_eq!(packets(&segments).len(), voice.moments_us.len());
        let apart_us = voice.most_apart_us(&segments);
        assert!(apart_us < 1_000, "{ms} ms: {apart_us}");
    }
}
