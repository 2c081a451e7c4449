//! All tracks of a recording: records of a tap in, segments and gaps out.

use std::collections::{BTreeMap, VecDeque};

use packet_plane_core::codec::CodecName;
use packet_plane_core::tap::record::{MalformedRecordError, Record};

use crate::track::Track;

/// One segment; times are microseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The caller's, as it was given with the track.
    pub label: Vec<u8>,
    pub codec: CodecName,
    pub start_us: u64,
    pub end_us: u64,
    pub size: Option<(u16, u16)>,
    /// A whole Matroska file whose time 0 is `start_us`.
    pub data: Vec<u8>,
    /// What is missing in it.
    pub lost: Vec<(u64, u64)>,
}

/// A stretch of a track that no segment holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    pub label: Vec<u8>,
    pub start_us: u64,
    pub end_us: u64,
    pub reason: String,
}

/// What has become known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    Segment(Segment),
    Gap(Gap),
}

/// Turns the bytes of a tap into segments.
#[derive(Debug, Default)]
pub struct Segmenter {
    /// The beginning of a record whose end has not come.
    rest: Vec<u8>,
    tracks: BTreeMap<u64, Track>,
    findings: VecDeque<Finding>,
    /// Records that the plane had no room for.
    pub records_lost: u64,
    packets_malformed: u64,
}

impl Segmenter {
    /// Take bytes of the tap, cut anywhere.
    ///
    /// # Errors
    /// `MalformedRecordError`: nothing that follows can be read.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), MalformedRecordError> {
        let rest = std::mem::take(&mut self.rest);
        let joined;
        let mut unread = if rest.is_empty() {
            bytes
        } else {
            joined = [rest.as_slice(), bytes].concat();
            &joined
        };
        while let Some((record, len)) = Record::parse(unread)? {
            self.handle(&record);
            unread = &unread[len..];
        }
        self.rest = unread.to_vec();
        Ok(())
    }

    /// Give up what has been waited for, and end segments that nothing follows.
    pub fn handle_timeout(&mut self, now_us: u64) {
        self.each_track(|track, out| track.handle_timeout(now_us, out));
    }

    /// Nothing more comes: end all segments.
    pub fn finish(&mut self) {
        self.each_track(|track, out| track.end("stopped", out));
        for track in std::mem::take(&mut self.tracks).into_values() {
            self.packets_malformed += track.packets_malformed;
        }
    }

    /// The oldest finding.
    pub fn poll(&mut self) -> Option<Finding> {
        self.findings.pop_front()
    }

    /// Tracks that are handed over now.
    #[must_use]
    pub fn tracks(&self) -> usize {
        self.tracks.len()
    }

    /// Payloads that were not of their format.
    #[must_use]
    pub fn packets_malformed(&self) -> u64 {
        let running = self.tracks.values().map(|track| track.packets_malformed);
        self.packets_malformed + running.sum::<u64>()
    }

    fn handle(&mut self, record: &Record<'_>) {
        let mut out = Vec::new();
        match record {
            Record::Begin {
                track,
                is_video,
                label,
            } => {
                if let Some(known) = self.tracks.get_mut(track) {
                    known.begin_again(label, &mut out);
                } else {
                    self.tracks.insert(*track, Track::new(*is_video, label));
                }
            }
            Record::Packet(packet) => {
                if let Some(track) = self.tracks.get_mut(&packet.track) {
                    track.handle_packet(packet, &mut out);
                }
            }
            Record::Report {
                track,
                ssrc,
                rtp_timestamp,
                at_us,
            } => {
                if let Some(known) = self.tracks.get_mut(track) {
                    known.handle_report(*ssrc, *at_us, *rtp_timestamp);
                }
            }
            Record::Muted { track, muted, .. } => {
                if let Some(track) = self.tracks.get_mut(track) {
                    track.handle_muted(*muted, &mut out);
                }
            }
            Record::End { track, reason, .. } => self.end(*track, reason, &mut out),
            Record::Overflowed { records, .. } => self.records_lost += records,
        }
        self.findings.extend(out);
    }

    fn end(&mut self, number: u64, reason: &[u8], out: &mut Vec<Finding>) {
        // A track that goes on later says then what the gap was.
        let goes_on = match reason {
            b"paused" => Some("paused"),
            b"disconnected" => Some("disconnected"),
            _ => None,
        };
        if let Some(track) = self.tracks.get_mut(&number) {
            track.end(goes_on.unwrap_or("ended"), out);
        }
        if goes_on.is_none() {
            if let Some(track) = self.tracks.remove(&number) {
                self.packets_malformed += track.packets_malformed;
            }
        }
    }

    fn each_track(&mut self, act: impl Fn(&mut Track, &mut Vec<Finding>)) {
        let mut out = Vec::new();
        for track in self.tracks.values_mut() {
            act(track, &mut out);
        }
        self.findings.extend(out);
    }
}
