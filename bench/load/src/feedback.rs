//! What a client tells the server and hears from it: reports, transport-wide feedback, NACK, PLI, consent.

use std::time::Duration;

use packet_plane_core::nack_generator::PathBack;
use packet_plane_core::quantities::Instant;
use packet_plane_core::rtcp::sender_report::SenderReport;
use packet_plane_core::rtcp::{
    self, PAYLOAD_FEEDBACK, TRANSPORT_FEEDBACK, fir, nack, pli, receiver_report, source_description,
};

use crate::handshake;
use crate::peer::Peer;
use crate::receive::wallclock_ns;
use crate::tally::Tally;

/// As often as browsers report arrivals.
const FEEDBACK_INTERVAL: Duration = Duration::from_millis(50);
/// A retry earlier than this would ask twice for what is on its way.
const PATH: PathBack = PathBack {
    round_trip: Duration::from_millis(20),
    fraction_lost: 0,
};
/// Blocks that one report holds.
const MAX_BLOCKS: usize = 31;
/// Seconds from 1900 to 1970.
const NTP_EPOCH_S: u64 = 2_208_988_800;

impl Peer {
    /// The reports of each second: of what is sent and of what has come.
    pub fn send_reports(&mut self, now: Instant) {
        let mut compound = Vec::new();
        for stream in self
            .outgoing
            .iter()
            .filter(|stream| stream.packets_sent > 0)
        {
            let report = SenderReport {
                ssrc: stream.ssrc.0,
                ntp_time: ntp_time(wallclock_ns()),
                rtp_timestamp: stream.rtp_timestamp,
                packets_sent: stream.packets_sent as u32,
                bytes_sent: stream.bytes_sent as u32,
            };
            report.write(&mut compound);
        }
        let blocks: Vec<_> = self
            .incoming
            .iter_mut()
            .filter(|(_, stream)| stream.received > 0)
            .take(MAX_BLOCKS)
            .map(|(ssrc, stream)| stream.statistics.report_block(now, *ssrc))
            .collect();
        if compound.is_empty() || !blocks.is_empty() {
            receiver_report::write(self.own_ssrc, &blocks, &mut compound);
        }
        source_description::write(self.own_ssrc, "load", &mut compound);
        self.send_feedback(&compound);
    }

    /// What cannot wait for the reports: transport-wide feedback and NACK.
    pub fn send_urgent_feedback(&mut self, now: Instant) {
        let mut compound = Vec::new();
        self.transport_cc
            .poll(now, FEEDBACK_INTERVAL, self.own_ssrc, &mut compound);
        let mut missing = Vec::new();
        for (ssrc, stream) in self
            .incoming
            .iter_mut()
            .filter(|(_, stream)| stream.nack.is_waiting())
        {
            let _ = stream.nack.poll(now, PATH, &mut missing);
            nack::write(self.own_ssrc, *ssrc, &missing, &mut compound);
        }
        if !compound.is_empty() {
            self.send_feedback(&compound);
        }
    }

    /// Consent (RFC 7675): the server learns that somebody is still there.
    pub fn send_check(&mut self) {
        let mut request = Vec::new();
        if let Some(agent) = &self.agent {
            agent.write_check(&mut request);
            handshake::send(&self.socket, self.remote, &request);
        }
    }

    fn send_feedback(&mut self, compound: &[u8]) {
        // The ideal loop has no use for feedback.
        if self.agent.is_none() {
            return;
        }
        let mut out = vec![0u8; compound.len() + 64];
        if let Ok(len) = self.keys.sender.protect_rtcp(compound, &mut out) {
            handshake::send(&self.socket, self.remote, &out[..len]);
        }
    }

    pub fn take_feedback(&mut self, datagram: &[u8], tally: &mut Tally) {
        let mut plain = [0u8; 1_500];
        let Ok(len) = self.keys.receiver.unprotect_rtcp(datagram, &mut plain) else {
            tally.unsound += 1;
            return;
        };
        tally.reports += 1;
        for packet in rtcp::packets(&plain[..len]).flatten() {
            match (packet.packet_type, packet.count) {
                (PAYLOAD_FEEDBACK, 1) => {
                    if let Ok(ssrc) = pli::parse(packet.body) {
                        self.request_keyframe(ssrc);
                        tally.keyframe_requests += 1;
                    }
                }
                (PAYLOAD_FEEDBACK, 4) => {
                    for ssrc in fir::parse(packet.body).into_iter().flatten() {
                        self.request_keyframe(ssrc);
                        tally.keyframe_requests += 1;
                    }
                }
                (TRANSPORT_FEEDBACK, nack::FORMAT) => tally.nacks += 1,
                _ => {}
            }
        }
    }
}

/// Seconds since 1900 in 32.32 fixed point (RFC 3550 section 4).
fn ntp_time(wallclock_ns: u64) -> u64 {
    let seconds = wallclock_ns / 1_000_000_000 + NTP_EPOCH_S;
    let fraction = ((wallclock_ns % 1_000_000_000) << 32) / 1_000_000_000;
    seconds << 32 | fraction
}
