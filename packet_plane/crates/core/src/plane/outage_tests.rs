//! Receivers whose path carries nothing for some seconds: what they are sent meanwhile, and how pictures go on.

use super::pacing_tests::{Watched, want};
use super::tests::ms;
use crate::demux::{DatagramKind, classify};
use crate::quantities::{Instant, Ssrc};
use crate::rtcp;
use crate::rtcp::receiver_report::ReportBlock;
use crate::rtcp::transport_cc;
use crate::transmit::TransmitBatch;

const FRAME_MS: u64 = 40;
/// The path is dead from here.
const DEAD_FROM: u64 = 2_000;
const MEDIA: Ssrc = Ssrc(0x5000 + 21);

/// A viewer that tells of arrivals, or only reports each second, and asks for what it lacks.
struct Outage {
    meeting: Watched,
    tells_arrivals: bool,
    dead_until: u64,
    /// Where the viewer is found once its path is there again.
    port_after: u16,
    wide_number: u16,
    /// What was sent and not yet told of: when it arrived, if it did.
    waiting: Vec<Option<Instant>>,
    /// Numbers of pictures' packets, as they left and as they arrived, and those that came by retransmission.
    left: Vec<u16>,
    received: Vec<u16>,
    repaired: Vec<u16>,
    /// When the camera was asked for a keyframe.
    asked_at: Vec<u64>,
}

impl Outage {
    fn new(tells_arrivals: bool, dead_until: u64) -> Self {
        let meeting = Watched::new();
        Outage {
            port_after: meeting.viewer.address.port(),
            meeting,
            tells_arrivals,
            dead_until,
            wide_number: 0,
            waiting: Vec::new(),
            left: Vec::new(),
            received: Vec::new(),
            repaired: Vec::new(),
            asked_at: Vec::new(),
        }
    }

    fn is_dead(&self, at: u64) -> bool {
        (DEAD_FROM..self.dead_until).contains(&at)
    }

    /// Frames of one packet until then; a keyframe follows 60 ms after it was asked for.
    fn run(&mut self, until: u64) {
        self.run_on(10, until);
    }

    fn run_on(&mut self, from: u64, until: u64) {
        for at in (from..until).step_by(10) {
            if at % FRAME_MS == 10 {
                let is_asked = self.asked_at.last().is_some_and(|asked| at - asked < 100);
                self.meeting.frame(at, 1, at == 10 || is_asked);
            }
            self.meeting.plane.handle_timeout(ms(at));
            self.pass(at);
            // Checks come all the time once they get no answers.
            if at == self.dead_until {
                self.meeting.viewer.address.set_port(self.port_after);
                self.meeting.viewer.prove(&mut self.meeting.plane, ms(at));
            }
            let interval = if self.tells_arrivals { 50 } else { 1_000 };
            if at % interval == 0 && !self.is_dead(at) {
                self.report(at);
            }
        }
    }

    /// Let pass what the plane wants to send now.
    fn pass(&mut self, at: u64) {
        let mut batch = TransmitBatch::default();
        let mut all = Vec::new();
        while self.meeting.plane.poll_transmit(ms(at), &mut batch) {
            all.extend(batch.datagrams().map(|(to, bytes)| (to, bytes.to_vec())));
            batch.clear();
        }
        for (to, datagram) in all {
            let is_media = classify(&datagram) == Some(DatagramKind::Rtp);
            if to == self.meeting.viewer.address && is_media {
                self.arrive(at, &datagram);
            } else if to == self.meeting.publisher.address && !is_media {
                self.ask(at, datagram);
            }
        }
    }

    fn arrive(&mut self, at: u64, datagram: &[u8]) {
        let packet = self.meeting.viewer.open(datagram);
        let number = packet.header.sequence_number;
        if packet.header.ssrc == MEDIA {
            self.left.push(number);
        }
        let is_lost = self.is_dead(at);
        self.waiting.push((!is_lost).then(|| ms(at + 10)));
        if is_lost {
            return;
        }
        if packet.header.ssrc == MEDIA {
            self.received.push(number);
        } else if let Some(number) = packet.payload.first_chunk() {
            self.repaired.push(u16::from_be_bytes(*number));
        }
    }

    /// What left and has come in neither way, up to the latest that came.
    fn lacking(&self) -> Vec<u16> {
        let latest = self.received.last().copied().unwrap_or_default();
        let came = |number: &u16| self.received.contains(number) || self.repaired.contains(number);
        let lacking = self
            .left
            .iter()
            .copied()
            .filter(|number| *number < latest && !came(number));
        lacking.collect()
    }

    fn ask(&mut self, at: u64, datagram: Vec<u8>) {
        if classify(&datagram) != Some(DatagramKind::Rtcp) {
            return;
        }
        let compound = self.meeting.publisher.open_rtcp(&[datagram]);
        let of = |packet: rtcp::RtcpPacket<'_>| (packet.packet_type, packet.count);
        if rtcp::packets(&compound)
            .flatten()
            .any(|packet| of(packet) == (rtcp::PAYLOAD_FEEDBACK, rtcp::pli::FORMAT))
        {
            self.asked_at.push(at);
        }
    }

    fn report(&mut self, at: u64) {
        let mut compound = Vec::new();
        let block = ReportBlock {
            ssrc: MEDIA.0,
            ..ReportBlock::default()
        };
        rtcp::receiver_report::write(1, &[block], &mut compound);
        rtcp::nack::write(1, MEDIA.0, &self.lacking(), &mut compound);
        if self.tells_arrivals {
            transport_cc::write((1, 2), self.wide_number, 0, &self.waiting, &mut compound);
            self.wide_number = self.wide_number.wrapping_add(self.waiting.len() as u16);
            self.waiting.clear();
        }
        let plane = &mut self.meeting.plane;
        self.meeting.viewer.send_rtcp(plane, ms(at), &compound);
    }
}

#[test]
fn pictures_rest_while_a_receiver_hears_nothing_and_go_on_with_a_keyframe_that_is_asked_for_at_once() {
    for (tells_arrivals, patience_ms) in [(true, 1_000), (false, 3_000)] {
        for outage_ms in [4_000, 8_000] {
            let back_at = DEAD_FROM + outage_ms;
            let mut outage = Outage::new(tells_arrivals, back_at);
            outage.run(back_at + 1_500);
            let asked: Vec<u64> = outage.asked_at.iter().copied().filter(|at| *at > 100).collect();
            assert!(asked.len() == 1 && asked[0] - back_at <= 10, "{asked:?}");

            // No more is missing than what left before the silence was noticed, and there is none of it at the end.
            let missing: Vec<u16> = outage
                .left
                .iter()
                .copied()
                .filter(|number| !outage.received.contains(number))
                .collect();
            let most = (patience_ms / FRAME_MS + 2) as usize;
            assert!((20..=most).contains(&missing.len()), "{}", missing.len());
            // A second of frames has come again since then.
            let follow = outage
                .received
                .iter()
                .rev()
                .take_while(|number| **number > missing[missing.len() - 1]);
            assert!(follow.count() >= 30);
        }
    }
}

#[test]
fn what_a_receiver_lacks_after_an_outage_of_some_seconds_is_still_there() {
    let back_at = DEAD_FROM + 5_000;
    let mut outage = Outage::new(true, back_at);
    outage.run(back_at + 2_500);
    assert!(outage.repaired.len() > 20);
    assert_eq!(outage.lacking(), []);
}

#[test]
fn what_an_outage_lost_makes_no_path_narrow() {
    let back_at = DEAD_FROM + 5_000;
    let mut outage = Outage::new(true, back_at);
    want(&mut outage.meeting, 1_500_000);
    outage.run(DEAD_FROM);
    let before = outage.meeting.estimates().last().copied().expect("an estimate");
    outage.run_on(DEAD_FROM, back_at + 1_000);
    let least = outage.meeting.estimates().into_iter().min();
    // A picture and a voice fit at once, and probes find the rest.
    assert!(before >= 1_000_000, "{before}");
    assert!(least.is_some_and(|bps| bps > 350_000), "{least:?}");
    let after = outage.meeting.plane.snapshot().transports[1].estimate_bps;
    assert!(after.is_some_and(|bps| bps > 1_000_000), "{after:?}");
}

#[test]
fn pictures_go_on_at_once_at_another_address_however_soon_that_is_there() {
    for outage_ms in [400, 6_000] {
        let back_at = DEAD_FROM + outage_ms;
        let mut outage = Outage::new(true, back_at);
        outage.port_after = 20_000;
        want(&mut outage.meeting, 1_500_000);
        outage.run(DEAD_FROM);
        let _ = outage.meeting.estimates();
        outage.run_on(DEAD_FROM, back_at + 500);
        let asked: Vec<u64> = outage.asked_at.iter().copied().filter(|at| *at > 100).collect();
        assert!(asked.len() == 1 && asked[0] - back_at <= 10, "{asked:?}");
        let least = outage.meeting.estimates().into_iter().min();
        assert!(least.is_some_and(|bps| bps > 350_000), "{least:?}");
    }
}
