//! One recorded track: where its segments begin and end, and what is missing between and in them.

use packet_plane_core::codec::CodecName;
use packet_plane_core::tap::record::PacketRecord;

use crate::codec::{Assembler, Frame};
use crate::matroska::{self, Block, Header};
use crate::reorder::{Packet, Reorder, Step};
use crate::segmenter::{Finding, Gap, Segment};
use crate::timeline::Timeline;

/// How long a segment of audio is; one of video ends at the next keyframe after nearly as long.
const AUDIO_US: i64 = 2_000_000;
const VIDEO_US: i64 = 1_500_000;
/// Bounds where no keyframe comes.
const MAX_VIDEO_US: i64 = 20_000_000;
const MAX_BYTES: usize = 48 << 20;
/// A pause of audio that ends a segment; discontinuous transmission sends something every 400 ms.
const AUDIO_PAUSE_US: i64 = 1_000_000;
/// The same of video: a still screen may send one frame a second.
const VIDEO_PAUSE_US: i64 = 5_000_000;
/// A hole between two segments that is worth telling.
const TOLD_GAP_US: u64 = 200_000;
/// What a last frame lasts that nothing follows.
const LAST_FRAME_US: i64 = 33_333;
/// Reports of streams that have not come yet.
const MAX_REPORTS: usize = 8;

/// A track while it is recorded.
#[derive(Debug)]
pub(crate) struct Track {
    label: Vec<u8>,
    is_video: bool,
    stream: Option<Stream>,
    /// What was said of senders' clocks, by SSRC: a time and the timestamp.
    reports: Vec<(u32, u64, u32)>,
    open: Option<OpenSegment>,
    /// End of the last segment, and why nothing has followed it yet.
    last_end_us: Option<u64>,
    gap_reason: &'static str,
    /// Arrivals of the first packet that no segment holds yet, and of the last of all.
    waiting_since_us: Option<u64>,
    last_at_us: u64,
    is_muted: bool,
    pub packets_malformed: u64,
}

/// One SSRC with one format.
#[derive(Debug)]
struct Stream {
    ssrc: u32,
    codec: CodecName,
    reorder: Reorder,
    assembler: Assembler,
    timeline: Timeline,
    /// Timestamp of the frame that is put together.
    frame: Option<i64>,
}

#[derive(Debug)]
struct OpenSegment {
    start_ticks: i64,
    /// End of the last frame, if it is as long as the one before.
    end_ticks: i64,
    last_ticks: i64,
    size: Option<(u16, u16)>,
    private: Vec<u8>,
    blocks: Vec<Block>,
    bytes: usize,
    /// Where something is missing since.
    lost_from: Option<i64>,
    lost: Vec<(i64, i64)>,
    gap_reason: &'static str,
}

impl Track {
    pub fn new(is_video: bool, label: &[u8]) -> Self {
        Track {
            label: label.to_vec(),
            is_video,
            stream: None,
            reports: Vec::new(),
            open: None,
            last_end_us: None,
            gap_reason: "no_keyframe",
            waiting_since_us: None,
            last_at_us: 0,
            is_muted: false,
            packets_malformed: 0,
        }
    }

    /// The track is handed over again, after a pause.
    pub fn begin_again(&mut self, label: &[u8], out: &mut Vec<Finding>) {
        self.finish_stream(out);
        self.label = label.to_vec();
        self.stream = None;
        self.is_muted = false;
    }

    pub fn handle_report(&mut self, ssrc: u32, at_us: u64, rtp_timestamp: u32) {
        self.reports.retain(|(known, ..)| *known != ssrc);
        if self.reports.len() == MAX_REPORTS {
            self.reports.remove(0);
        }
        self.reports.push((ssrc, at_us, rtp_timestamp));
        if let Some(stream) = self.stream.as_mut().filter(|stream| stream.ssrc == ssrc) {
            stream.timeline.handle_report(at_us, rtp_timestamp);
        }
    }

    pub fn handle_packet(&mut self, record: &PacketRecord<'_>, out: &mut Vec<Finding>) {
        let is_same = self
            .stream
            .as_ref()
            .is_some_and(|stream| (stream.ssrc, stream.codec) == (record.ssrc, record.codec));
        if !is_same {
            self.finish_stream(out);
            self.stream = Some(Stream::new(record));
        }
        self.last_at_us = self.last_at_us.max(record.at_us);
        let mut steps = Vec::new();
        if let Some(stream) = self.stream.as_mut() {
            stream.reorder.push(Packet::from(record), &mut steps);
        }
        self.go(steps, out);
    }

    pub fn handle_timeout(&mut self, now_us: u64, out: &mut Vec<Finding>) {
        let mut steps = Vec::new();
        if let Some(stream) = self.stream.as_mut() {
            stream.reorder.handle_timeout(now_us, &mut steps);
        }
        self.go(steps, out);
        let pause_us = if self.is_video {
            VIDEO_PAUSE_US
        } else {
            AUDIO_PAUSE_US
        };
        if self.open.is_some() && now_us as i64 - self.last_at_us as i64 > pause_us {
            self.close(None, "silent", out);
        }
    }

    pub fn handle_muted(&mut self, muted: bool, out: &mut Vec<Finding>) {
        self.is_muted = muted;
        if muted {
            self.finish_stream(out);
            self.gap_reason = "muted";
            // What the plane leaves out while it is muted is not waited for.
            if let Some(stream) = self.stream.as_mut() {
                stream.reorder = Reorder::default();
                stream.timeline.rest();
            }
        }
    }

    /// The track is handed over no more; what is missing at its end is told, unless it only pauses.
    pub fn end(&mut self, reason: &'static str, out: &mut Vec<Finding>) {
        self.finish_stream(out);
        self.stream = None;
        if matches!(reason, "paused" | "disconnected") {
            self.gap_reason = reason;
            return;
        }
        let told = match (self.waiting_since_us.take(), self.last_end_us) {
            (Some(since_us), None) => Some((since_us, "no_keyframe")),
            (_, Some(end_us)) if end_us + TOLD_GAP_US < self.last_at_us => Some((end_us, self.gap_reason)),
            _ => None,
        };
        if let Some((start_us, reason)) = told {
            let end_us = self.last_at_us.max(start_us + 1);
            self.tell_gap(start_us, end_us, reason, out);
        }
    }

    fn go(&mut self, steps: Vec<Step>, out: &mut Vec<Finding>) {
        for step in steps {
            match step {
                Step::Packet(packet) => self.take(&packet, out),
                Step::Lost => self.lose(),
                Step::Restarted => {
                    self.finish_frame(out);
                    self.close(None, "lost", out);
                    self.restart_timeline();
                }
            }
        }
    }

    /// What the sender said of its timestamps counts no more.
    fn restart_timeline(&mut self) {
        if let Some(stream) = self.stream.as_mut() {
            stream.timeline.restart();
            let ssrc = stream.ssrc;
            self.reports.retain(|(known, ..)| *known != ssrc);
        }
    }

    /// The next packet in order.
    fn take(&mut self, packet: &Packet, out: &mut Vec<Finding>) {
        // Padding that probes a path: it is of no frame.
        if packet.payload.is_empty() {
            return;
        }
        let jumps = |stream: &Stream| stream.timeline.jumps(packet.rtp_timestamp, packet.at_us);
        if self.stream.as_ref().is_some_and(jumps) {
            self.finish_frame(out);
            self.close(None, "clock_jump", out);
            self.restart_timeline();
        }
        let reports = &self.reports;
        let Some(stream) = self.stream.as_mut() else {
            return;
        };
        let ticks = stream.unwrap(packet, reports);
        if self.open.is_none() && self.waiting_since_us.is_none() {
            self.waiting_since_us = Some(packet.at_us);
        }
        if stream.frame.is_some_and(|frame| frame != ticks) {
            self.finish_frame(out);
        }
        let Some(stream) = self.stream.as_mut() else {
            return;
        };
        stream.frame = Some(ticks);
        self.packets_malformed += u64::from(stream.assembler.push(&packet.payload).is_err());
        if packet.marker || !self.is_video {
            self.finish_frame(out);
        }
    }

    /// The packets of a frame are all here, or as many as will come.
    fn finish_frame(&mut self, out: &mut Vec<Finding>) {
        let Some(stream) = self.stream.as_mut() else {
            return;
        };
        let Some(ticks) = stream.frame.take() else {
            return;
        };
        match stream.assembler.finish() {
            Some(frame) if self.is_video => self.take_picture(frame, ticks, out),
            Some(frame) => self.take_sound(frame, ticks, out),
            None => self.lose(),
        }
    }

    /// Something is missing from the end of the last frame on.
    fn lose(&mut self) {
        if let Some(stream) = self.stream.as_mut() {
            stream.assembler.discard();
            stream.frame = None;
        }
        if let Some(open) = self.open.as_mut() {
            open.lost_from.get_or_insert(open.end_ticks);
        }
    }

    fn take_picture(&mut self, frame: Frame, ticks: i64, out: &mut Vec<Finding>) {
        let Some(stream) = self.stream.as_ref() else {
            return;
        };
        let private = stream.assembler.private();
        if let Some(open) = self.open.as_ref() {
            let elapsed_us = stream.timeline.media_us(ticks - open.start_ticks);
            let begins_anew = elapsed_us >= VIDEO_US
                || open.lost_from.is_some()
                || frame.size.is_some_and(|size| open.size != Some(size))
                || private.as_ref() != Some(&open.private);
            if frame.is_keyframe && begins_anew {
                self.close(Some(ticks), "no_keyframe", out);
            } else if elapsed_us >= MAX_VIDEO_US || open.bytes + frame.data.len() > MAX_BYTES {
                self.close(None, "no_keyframe", out);
                self.waiting_since_us.get_or_insert(self.last_at_us);
            } else if open.lost_from.is_some() {
                // What follows a loss cannot be decoded before the next keyframe.
                return;
            }
        }
        if self.open.is_none() {
            let Some(private) = private.filter(|_| frame.is_keyframe) else {
                return;
            };
            self.begin(ticks, frame.size, private);
        }
        self.add(frame, ticks);
    }

    fn take_sound(&mut self, frame: Frame, ticks: i64, out: &mut Vec<Finding>) {
        let Some(stream) = self.stream.as_ref() else {
            return;
        };
        if let Some(open) = self.open.as_mut() {
            if stream.timeline.media_us(ticks - open.end_ticks) > AUDIO_PAUSE_US {
                let reason = if open.lost_from.take().is_some() {
                    "lost"
                } else {
                    "silent"
                };
                self.close(None, reason, out);
            } else if stream.timeline.media_us(ticks - open.start_ticks) >= AUDIO_US {
                self.close(Some(ticks), "lost", out);
            } else if let Some(from) = open.lost_from.take() {
                open.lost.push((from, ticks.max(from)));
            }
        }
        if self.open.is_none() {
            let private = self.stream.as_ref().and_then(|stream| stream.assembler.private());
            self.begin(ticks, None, private.unwrap_or_default());
        }
        self.add(frame, ticks);
    }

    fn begin(&mut self, ticks: i64, size: Option<(u16, u16)>, private: Vec<u8>) {
        self.open = Some(OpenSegment {
            start_ticks: ticks,
            end_ticks: ticks,
            last_ticks: ticks,
            size,
            private,
            blocks: Vec::new(),
            bytes: 0,
            lost_from: None,
            lost: Vec::new(),
            gap_reason: self.gap_reason,
        });
    }

    fn add(&mut self, frame: Frame, ticks: i64) {
        let (Some(open), Some(stream)) = (self.open.as_mut(), self.stream.as_ref()) else {
            return;
        };
        // A sender whose time goes back within a stream shows its frames at the same moment.
        let ticks = ticks.max(open.last_ticks);
        let lasts = match frame.duration_us {
            Some(us) => stream.timeline.ticks(us as i64),
            None if open.blocks.is_empty() => stream.timeline.ticks(LAST_FRAME_US),
            None => ticks - open.last_ticks,
        };
        (open.last_ticks, open.end_ticks) = (ticks, ticks + lasts);
        open.bytes += frame.data.len();
        open.blocks.push(Block {
            at_us: stream.timeline.media_us(ticks - open.start_ticks).max(0) as u64,
            is_keyframe: frame.is_keyframe,
            data: frame.data,
        });
    }

    /// End the open segment where the next one begins, or with its last frame; `reason` is why nothing follows it.
    fn close(&mut self, next_ticks: Option<i64>, reason: &'static str, out: &mut Vec<Finding>) {
        let (Some(mut open), Some(stream)) = (self.open.take(), self.stream.as_ref()) else {
            return;
        };
        let timeline = &stream.timeline;
        let end_ticks = next_ticks.unwrap_or(open.end_ticks).max(open.last_ticks);
        let reason = if open.lost_from.is_some() { "lost" } else { reason };
        if let Some(from) = open.lost_from.filter(|from| *from < end_ticks) {
            open.lost.push((from, end_ticks));
        }
        let start_us = timeline.wallclock_us(open.start_ticks);
        let at = |ticks: i64| start_us + timeline.media_us(ticks - open.start_ticks).max(0) as u64;
        let end_us = at(end_ticks).max(start_us + 1);
        let header = Header {
            codec: stream.codec,
            private: open.private,
            size: open.size,
            duration_us: end_us - start_us,
        };
        let segment = Segment {
            label: self.label.clone(),
            codec: stream.codec,
            start_us,
            end_us,
            size: open.size,
            data: matroska::write(&header, &open.blocks),
            lost: open.lost.iter().map(|(from, to)| (at(*from), at(*to))).collect(),
        };
        let before_us = self.last_end_us.or(self.waiting_since_us).unwrap_or(start_us);
        if before_us + TOLD_GAP_US < start_us {
            self.tell_gap(before_us, start_us, open.gap_reason, out);
        }
        self.last_end_us = Some(end_us);
        self.waiting_since_us = None;
        self.gap_reason = if self.is_muted { "muted" } else { reason };
        out.push(Finding::Segment(segment));
    }

    fn tell_gap(&self, start_us: u64, end_us: u64, reason: &str, out: &mut Vec<Finding>) {
        out.push(Finding::Gap(Gap {
            label: self.label.clone(),
            start_us,
            end_us,
            reason: reason.to_owned(),
        }));
    }

    /// Nothing more of this stream comes: take what waits, and close.
    fn finish_stream(&mut self, out: &mut Vec<Finding>) {
        let mut steps = Vec::new();
        if let Some(stream) = self.stream.as_mut() {
            stream.reorder.flush(&mut steps);
        }
        self.go(steps, out);
        // A picture whose last packet has not come is not whole.
        if self.stream.as_ref().is_some_and(|stream| stream.frame.is_some()) {
            self.lose();
        }
        self.close(None, "no_keyframe", out);
    }
}

impl Stream {
    fn new(record: &PacketRecord<'_>) -> Self {
        Stream {
            ssrc: record.ssrc,
            codec: record.codec,
            reorder: Reorder::default(),
            assembler: Assembler::new(record.codec),
            timeline: Timeline::new(record.clock_rate),
            frame: None,
        }
    }

    /// Count a packet's timestamp on; a stream's first packet makes earlier reports of use.
    fn unwrap(&mut self, packet: &Packet, reports: &[(u32, u64, u32)]) -> i64 {
        let is_first = self.timeline.is_new();
        let ticks = self.timeline.unwrap(packet.rtp_timestamp, packet.at_us);
        let report = reports.iter().find(|(ssrc, ..)| *ssrc == self.ssrc);
        if let Some((_, at_us, rtp_timestamp)) = report.filter(|_| is_first) {
            self.timeline.handle_report(*at_us, *rtp_timestamp);
        }
        ticks
    }
}

impl From<&PacketRecord<'_>> for Packet {
    fn from(record: &PacketRecord<'_>) -> Self {
        Packet {
            sequence: record.sequence,
            rtp_timestamp: record.rtp_timestamp,
            marker: record.marker,
            at_us: record.at_us,
            payload: record.payload.to_vec(),
        }
    }
}
