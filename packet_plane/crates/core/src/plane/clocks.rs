//! Which clock is whose: the plane's against the wall, and publishers' against the plane's.
//!
//! The plane's own reports give the wall's time as NTP time. A transport that is the client of a server reads that
//! server's time from them, so that what two nodes record of one publisher lies at the same moments.

use super::Plane;
use crate::quantities::Instant;
use crate::rtcp::sender_report::SenderReport;
use crate::sender_clock::{NTP_TO_UNIX_SECONDS, ntp_us};

/// A wall clock that is off by more than this has been set.
const SET_CLOCK_US: u64 = 50_000;
/// Where nobody has said what time it is: any constant makes a consistent timeline.
const SOME_TIME_US: u64 = 1_691_011_200_000_000;

/// Microseconds from the Unix epoch to the plane's zero.
#[derive(Clone, Copy)]
pub(super) struct Wallclock {
    pub origin_us: u64,
}

impl Default for Wallclock {
    fn default() -> Self {
        Wallclock {
            origin_us: SOME_TIME_US,
        }
    }
}

impl Plane {
    /// Say what time it is, in microseconds since the Unix epoch; receivers are not told of less than a jump.
    pub fn set_wallclock(&mut self, now: Instant, wallclock_us: u64) {
        let origin_us = wallclock_us.saturating_sub(now.micros());
        if origin_us.abs_diff(self.wallclock.origin_us) > SET_CLOCK_US {
            self.wallclock.origin_us = origin_us;
        }
    }

    /// The wall's time as 32.32 fixed-point seconds since 1900.
    pub(super) fn ntp_time(&self, now: Instant) -> u64 {
        let wallclock_us = self.wallclock.origin_us.saturating_add(now.micros());
        let seconds = (NTP_TO_UNIX_SECONDS + wallclock_us / 1_000_000) as u32;
        let fraction = (wallclock_us % 1_000_000) * (1 << 32) / 1_000_000;
        u64::from(seconds) << 32 | fraction
    }

    /// Learn from a report what its sender's time is; returns whether the sender's other streams are placed anew.
    pub(super) fn learn_time(
        &mut self,
        now: Instant,
        (number, encoding): (usize, u8),
        report: &SenderReport,
    ) -> bool {
        let (at_us, ours) = (now.micros() as i64, self.ntp_time(now));
        let Some(track) = self.tracks.get_mut(number) else {
            return false;
        };
        let (Some(transport), Some((codec, stream))) = (
            self.transports.get_mut(track.transport),
            track.codec_and_stream(encoding),
        ) else {
            return false;
        };
        if transport.server.is_some() {
            // How far theirs is from ours, whatever the century.
            let apart = report.ntp_time.wrapping_sub(ours) as i64;
            let sent_us = at_us + ((i128::from(apart) * 1_000_000) >> 32) as i64;
            stream.clock.put(at_us, sent_us, report.rtp_timestamp);
            return false;
        }
        let (ntp_us, clock_rate) = (ntp_us(report.ntp_time), codec.clock_rate);
        stream
            .clock
            .handle_report(at_us, ntp_us, report.rtp_timestamp, clock_rate);
        let is_earlier = transport.sender_clock.handle_report(ntp_us, at_us);
        stream.clock.place(at_us, transport.sender_clock, clock_rate);
        is_earlier
    }

    /// Place all streams of a transport by what its clock has turned out to be.
    pub(super) fn place_streams(&mut self, now: Instant, transport: usize) {
        let Some(transport) = self.transports.get(transport) else {
            return;
        };
        for number in &transport.tracks {
            let Some(track) = self.tracks.get_mut(*number) else {
                continue;
            };
            for encoding in 0..track.encodings.len() {
                if let Some((codec, stream)) = track.codec_and_stream(encoding as u8) {
                    let clock_rate = codec.clock_rate;
                    stream
                        .clock
                        .place(now.micros() as i64, transport.sender_clock, clock_rate);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::MediaKind;
    use crate::command::Command;
    use crate::plane::tests::{Client, assign, drain, keyframe, ms};
    use crate::quantities::{TapId, TrackId, TransportId};
    use crate::rtcp;
    use crate::tap::record::Record;

    const TAP: TapId = TapId(9);
    const FIRST_US: u64 = 1_700_000_000_000_000;

    /// What the tap's reader is told of times and timestamps: each with how far it is from the beginning.
    fn reports(plane: &mut Plane) -> Vec<(u64, u32)> {
        let waiting = plane
            .taps()
            .next()
            .map_or(Vec::new(), |(_, bytes)| bytes.to_vec());
        plane.take_from_tap(TAP, waiting.len());
        let mut rest = waiting.as_slice();
        let records = std::iter::from_fn(|| {
            let (record, len) = Record::parse(rest).expect("whole")?;
            rest = &rest[len..];
            Some(record)
        });
        records
            .filter_map(|record| match record {
                Record::Report {
                    rtp_timestamp, at_us, ..
                } => Some((at_us, rtp_timestamp)),
                _ => None,
            })
            .collect()
    }

    /// A plane at this time of day that records a camera of a client.
    fn recording(wallclock_us: u64) -> (Plane, Client) {
        let mut plane = Plane::default();
        let client = Client::join(&mut plane, ms(0), 2);
        client.publish(&mut plane, ms(0), 12, MediaKind::Video, "cam");
        plane.open_tap(ms(0), TAP, wallclock_us);
        plane.handle_command(
            ms(0),
            Command::TapTrack {
                tap: TAP,
                track: TrackId(12),
                label: Vec::new(),
            },
        );
        (plane, client)
    }

    fn report(plane: &mut Plane, sender: &mut Client, at: Instant, (ntp_us, rtp_timestamp): (u64, u32)) {
        let report = SenderReport {
            ssrc: 100,
            ntp_time: ((ntp_us / 1_000_000) << 32) | ((ntp_us % 1_000_000) * (1 << 32) / 1_000_000),
            rtp_timestamp,
            packets_sent: 1,
            bytes_sent: 1,
        };
        let mut compound = Vec::new();
        report.write(&mut compound);
        sender.send_rtcp(plane, at, &compound);
    }

    #[test]
    fn two_nodes_place_a_picture_at_the_same_moment_whatever_its_reports_and_their_clocks_do() {
        let (mut first, mut publisher) = recording(FIRST_US);
        let mut link = Client::join(&mut first, ms(0), 1);
        link.add_slot(&mut first, ms(0), 31, MediaKind::Video);
        assign(&mut first, ms(0), 31, Some(12));
        // The second node's clock is a second off, and its link is slow.
        let (mut second, mut mirrored) = recording(FIRST_US + 1_000_000);
        second.handle_command(
            ms(0),
            Command::ConnectTransport {
                transport: TransportId(2),
                address: mirrored.address,
                remote_ufrag: "theirs".into(),
                remote_password: "a password of the session".into(),
            },
        );
        publisher.send(&mut first, ms(1), 100, "cam", 1, &keyframe(1));
        drain(&mut first, ms(1), &link);
        mirrored.send(&mut second, ms(2), 100, "cam", 1, &keyframe(1));
        // Its reports come late by turns, and for a second they tell of a time that it had no time to send in.
        let reported = [(0, 0), (30, 0), (70, 0), (5, 800_000), (0, 0)];
        for (number, (late_ms, behind_us)) in (0u64..).zip(reported) {
            let ntp_us = 5_000_000 + number * 2_000_000 + behind_us;
            let at = ms(10 + number * 2_000 + behind_us / 1_000 + late_ms);
            let told = (ntp_us, 3_000 + number as u32 * 180_000);
            report(&mut first, &mut publisher, at, told);
            first.handle_timeout(at);
            // The plane's own report of that moment, as the slot's receiver gets it.
            let later = at + std::time::Duration::from_millis(1_100);
            first.handle_timeout(later);
            let (_, sent) = drain(&mut first, later, &link);
            let compound = link.open_rtcp(&sent);
            for packet in rtcp::packets(&compound).flatten() {
                if packet.packet_type == rtcp::SENDER_REPORT {
                    let parsed = SenderReport::parse(packet.body).expect("parses");
                    let mut again = Vec::new();
                    SenderReport { ssrc: 100, ..parsed }.write(&mut again);
                    mirrored.send_rtcp(&mut second, later, &again);
                }
            }
            let (here, there) = (reports(&mut first), reports(&mut second));
            let base_us = |told: &[(u64, u32)]| {
                let (at_us, rtp_timestamp) = told.last().copied().expect("told");
                at_us as i64 - i64::from(rtp_timestamp) * 1_000 / 90
            };
            let apart_us = base_us(&here) - base_us(&there);
            assert!(apart_us.abs() < 100, "{number}: {apart_us}");
            let moved_us = base_us(&here) - (FIRST_US + 10_000) as i64 + 3_000 * 1_000 / 90;
            assert!(moved_us.abs() < 2_000, "{number}: {moved_us}");
        }
    }

    #[test]
    fn a_sender_whose_timestamps_stood_still_while_it_was_muted_is_believed_at_once() {
        let (mut plane, mut publisher) = recording(FIRST_US);
        publisher.send(&mut plane, ms(1), 100, "cam", 1, &keyframe(1));
        report(&mut plane, &mut publisher, ms(10), (5_000_000, 3_000));
        for muted in [true, false] {
            let track = TrackId(12);
            plane.handle_command(ms(500), Command::SetTrackMuted { track, muted });
        }
        report(&mut plane, &mut publisher, ms(2_010), (7_000_000, 93_000));
        let told = [(FIRST_US + 10_000, 3_000), (FIRST_US + 2_010_000, 93_000)];
        assert_eq!(reports(&mut plane), told);
    }

    #[test]
    fn receivers_are_told_the_time_of_day_and_of_a_clock_that_is_set_but_not_of_one_that_is_corrected() {
        let mut plane = Plane::default();
        plane.set_wallclock(ms(1_000), FIRST_US);
        let seconds = |plane: &Plane| plane.ntp_time(ms(1_000)) >> 32;
        assert_eq!(seconds(&plane), NTP_TO_UNIX_SECONDS + 1_700_000_000);
        let before = plane.ntp_time(ms(1_000));
        plane.set_wallclock(ms(1_000), FIRST_US + 40_000);
        assert_eq!(plane.ntp_time(ms(1_000)), before);
        plane.set_wallclock(ms(1_000), FIRST_US + 3_000_000);
        assert_eq!(seconds(&plane), NTP_TO_UNIX_SECONDS + 1_700_000_003);
    }
}
