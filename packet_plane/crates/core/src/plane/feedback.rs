//! RTCP in both directions: what receivers and publishers say, and what the plane tells them in time.
//!
//! Toward publishers: receiver reports, NACK, PLI and transport-wide feedback. Toward receivers: sender
//! reports on the slot's timeline. Source: RFC 3550 section 6, RFC 4585, RFC 5506 (reduced size).

use std::time::Duration;

use super::layers::Word;
use super::{FEEDBACK_SSRC, Plane};
use crate::codec::MediaKind;
use crate::drop_reason::DropReason;
use crate::event::Event;
use crate::keyframe_throttle::Why;
use crate::nack_generator::{Gap, PathBack};
use crate::quantities::{Instant, Ssrc};
use crate::rtcp::receiver_report::{self, ReportBlock};
use crate::rtcp::sender_report::SenderReport;
use crate::rtcp::{self, RtcpPacket, fir, nack, pli, remb, source_description, transport_cc};
use crate::srtp::MAX_RTCP_TRAILER_LEN;

const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// One SRTCP datagram stays below the path's packet size.
const MAX_COMPOUND_LEN: usize = 1_200;

impl Plane {
    pub(super) fn handle_rtcp(
        &mut self,
        now: Instant,
        index: usize,
        datagram: &[u8],
    ) -> Result<(), DropReason> {
        let transport = self.transports.get_mut(index).ok_or(DropReason::Stranger)?;
        let srtp = transport.srtp.as_mut().ok_or(DropReason::NoKeys)?;
        let mut compound = std::mem::take(&mut self.scratch.packet);
        let outcome = srtp.receiver.unprotect_rtcp(datagram, &mut compound);
        if let Ok(len) = outcome {
            transport.begin_datagram();
            self.hear_from(now, index, Word::Sign);
            for packet in rtcp::packets(&compound[..len]) {
                let handled = packet.and_then(|packet| self.handle_rtcp_packet(now, index, &packet));
                if let Err(reason) = handled {
                    self.counters.drops.count(reason);
                }
            }
        }
        self.scratch.packet = compound;
        outcome.map(|_| ())
    }

    fn handle_rtcp_packet(
        &mut self,
        now: Instant,
        index: usize,
        packet: &RtcpPacket<'_>,
    ) -> Result<(), DropReason> {
        match (packet.packet_type, packet.count) {
            (rtcp::SENDER_REPORT, _) => {
                self.handle_sender_report(now, index, &SenderReport::parse(packet.body)?);
                self.handle_report_blocks(now, index, packet)
            }
            (rtcp::RECEIVER_REPORT, _) => self.handle_report_blocks(now, index, packet),
            (rtcp::GOODBYE, _) => self.handle_goodbye(now, index, packet),
            (rtcp::TRANSPORT_FEEDBACK, nack::FORMAT) => self.handle_nack(now, index, packet.body),
            (rtcp::TRANSPORT_FEEDBACK, transport_cc::FORMAT) => {
                self.handle_transport_feedback(now, index, packet.body)
            }
            (rtcp::PAYLOAD_FEEDBACK, remb::FORMAT) => self.handle_remb(now, index, packet.body),
            (rtcp::PAYLOAD_FEEDBACK, pli::FORMAT) => {
                self.handle_picture_loss(index, Ssrc(pli::parse(packet.body)?));
                Ok(())
            }
            (rtcp::PAYLOAD_FEEDBACK, fir::FORMAT) => {
                fir::parse(packet.body)?.for_each(|ssrc| self.handle_picture_loss(index, Ssrc(ssrc)));
                Ok(())
            }
            // Descriptions and estimates of others say nothing the plane acts on.
            _ => Ok(()),
        }
    }

    /// Answer as many of the numbers that a NACK names as its sender may still ask for.
    fn handle_nack(&mut self, now: Instant, index: usize, body: &[u8]) -> Result<(), DropReason> {
        let nack = nack::parse(body)?;
        let slot = self.slot_of(index, Ssrc(nack.media_ssrc));
        let (Some(slot), Some(transport)) = (slot, self.transports.get_mut(index)) else {
            return Ok(());
        };
        let mut named = nack.sequence_numbers;
        let mut numbers = std::mem::take(&mut self.scratch.sequence_numbers);
        numbers.clear();
        numbers.extend(named.by_ref().take(transport.askable()));
        transport.note_asked(numbers.len());
        self.answer_nack(now, slot, &numbers);
        self.scratch.sequence_numbers = numbers;
        match named.next() {
            Some(_) => Err(DropReason::TooManyAsked),
            None => Ok(()),
        }
    }

    fn slot_of(&self, transport: usize, ssrc: Ssrc) -> Option<usize> {
        let transport = self.transports.get(transport)?;
        transport
            .slots
            .iter()
            .copied()
            .find(|slot| self.slots.get(*slot).is_some_and(|slot| slot.ssrc == ssrc))
    }

    fn handle_picture_loss(&mut self, transport: usize, ssrc: Ssrc) {
        let Some(slot) = self.slot_of(transport, ssrc) else {
            return;
        };
        if let Some(slot) = self.slots.get_mut(slot) {
            slot.counters.plis_received += 1;
        }
        self.request_keyframe_for(slot, Why::Picture);
    }

    fn handle_sender_report(&mut self, now: Instant, transport: usize, report: &SenderReport) {
        let Some(route) = self
            .route_of(transport, Ssrc(report.ssrc))
            .filter(|route| !route.is_rtx)
        else {
            return;
        };
        let stream = self
            .tracks
            .get_mut(route.track)
            .and_then(|track| track.encodings.get_mut(usize::from(route.encoding)))
            .and_then(|encoding| encoding.stream.as_mut());
        if let Some(stream) = stream.filter(|stream| stream.ssrc.0 == report.ssrc) {
            stream.sender_report = Some((now, *report));
            stream.statistics.handle_sender_report(now, report);
            let streams = (route.track, route.encoding);
            if self.learn_time(now, streams, report) {
                self.place_streams(now, transport);
                self.tap_reports(now, transport);
            } else {
                self.tap_report(now, route.track, route.encoding);
            }
        }
    }

    fn handle_report_blocks(
        &mut self,
        now: Instant,
        index: usize,
        packet: &RtcpPacket<'_>,
    ) -> Result<(), DropReason> {
        if packet.count > 0 {
            self.hear_from(now, index, Word::Report);
        }
        let ntp_now = self.ntp_time(now);
        for block in receiver_report::parse_blocks(packet)? {
            let Some(transport) = self.transports.get_mut(index) else {
                return Ok(());
            };
            let reported = transport.slots.iter().copied().find(|slot| {
                let slot = self.slots.get(*slot);
                slot.is_some_and(|slot| slot.ssrc.0 == block.ssrc)
            });
            let tells_arrivals = transport.congestion.estimator.has_arrivals();
            let reported = reported.and_then(|slot| self.slots.get_mut(slot));
            if let Some((slot, lost)) =
                reported.and_then(|slot| slot.reported_loss.handle_block(&block).map(|lost| (slot, lost)))
            {
                transport.reported.add(lost);
                let share = lost.share().unwrap_or_default();
                // Feedback that tells of each packet tells it sooner.
                if !(tells_arrivals && slot.is_numbered()) {
                    if slot.kind == MediaKind::Audio {
                        slot.redundancy.handle_report(share);
                    }
                    let lost = slot.resent.handle_report(slot.counters.bytes_sent, share);
                    transport.repair_allowance.handle_lost(lost as i64);
                }
            }
            if block.last_sender_report != 0 {
                let compact_now = (ntp_now >> 16) as u32;
                let ticks = compact_now
                    .wrapping_sub(block.last_sender_report)
                    .wrapping_sub(block.delay_since_last);
                transport.handle_round_trip(Duration::from_micros(u64::from(ticks) * 1_000_000 / 65_536));
            }
        }
        Ok(())
    }

    pub(super) fn tick_transports(&mut self, now: Instant) {
        for index in self.transports.indices() {
            let Some(transport) = self.transports.get_mut(index) else {
                continue;
            };
            self.at_work = Some(transport.meeting);
            if transport.poll_timed_out(now) {
                let event = Event::TransportTimedOut {
                    transport: transport.id,
                };
                self.tell(event);
                continue;
            }
            if let Some((server, check)) = transport.poll_check(now) {
                self.send_control(server, check);
            }
            let Some(transport) = self.transports.get_mut(index) else {
                continue;
            };
            if transport.poll_layers(now) {
                self.tell_layers(now, index);
            }
            let Some(transport) = self.transports.get_mut(index) else {
                continue;
            };
            let is_report_due = now >= transport.report_due;
            if is_report_due {
                transport.report_due = now + REPORT_INTERVAL;
                transport.renew_allowances();
                transport.congestion.handle_path(now, transport.round_trip);
                transport.count_reported();
            }
            if transport.srtp.is_none() || transport.active.is_none() {
                continue;
            }
            self.tick_congestion(now, index);
            self.tick_presence(now, index);
            self.repeat(now, index);
            self.send_feedback(now, index, is_report_due);
            if is_report_due {
                self.send_sender_reports(now, index);
                self.request_missing_keyframes(index);
            }
        }
    }

    /// What a publisher has to know now, in one compound.
    fn send_feedback(&mut self, now: Instant, index: usize, is_report_due: bool) {
        let mut compound = std::mem::take(&mut self.scratch.compound);
        compound.clear();
        self.write_feedback(now, index, &mut compound);
        if is_report_due || !compound.is_empty() {
            let blocks = if is_report_due {
                self.report_blocks(now, index)
            } else {
                Vec::new()
            };
            let mut whole = Vec::with_capacity(compound.len() + 64);
            receiver_report::write(FEEDBACK_SSRC, &blocks, &mut whole);
            whole.extend_from_slice(&compound);
            self.send_rtcp(index, &whole);
        }
        self.scratch.compound = compound;
    }

    fn write_feedback(&mut self, now: Instant, index: usize, compound: &mut Vec<u8>) {
        let Some(transport) = self.transports.get_mut(index) else {
            return;
        };
        let round_trip = transport.assumed_round_trip();
        let mut numbers = std::mem::take(&mut self.scratch.sequence_numbers);
        for track in &transport.tracks {
            let Some(track) = self.tracks.get_mut(*track) else {
                continue;
            };
            let silent = track.silent_encodings();
            for (encoding, number) in track.encodings.iter_mut().zip(0..) {
                let Some(stream) = encoding.stream.as_mut() else {
                    continue;
                };
                if stream.nack.is_waiting() {
                    let path = PathBack {
                        round_trip,
                        fraction_lost: stream.statistics.fraction_lost,
                    };
                    let gap = stream.nack.poll(now, path, &mut numbers);
                    track.nacks_sent += numbers.len() as u64;
                    nack::write(FEEDBACK_SSRC, stream.ssrc.0, &numbers, compound);
                    let is_shown = || {
                        let mut slots = track.subscribers.iter().filter_map(|slot| self.slots.get(*slot));
                        slots.any(|slot| slot.carried_encoding() == Some(number))
                    };
                    if gap == Gap::NeedsKeyframe && is_shown() {
                        encoding.keyframe.request(Why::Picture);
                    }
                }
                let has_ended = stream.ended_after.is_some();
                encoding.keyframe.handle_timeout(now, stream.last_packet_at);
                let is_awaited = || {
                    let mut slots = track.subscribers.iter().filter_map(|slot| self.slots.get(*slot));
                    slots.any(|slot| slot.way_in() == Some(number))
                };
                let is_silent = silent >> number & 1 != 0;
                if is_silent || has_ended || (encoding.keyframe.is_way_in() && !is_awaited()) {
                    encoding.keyframe.forget();
                }
                if track.kind == MediaKind::Video && encoding.keyframe.poll(now) {
                    track.keyframes_requested += 1;
                    pli::write(FEEDBACK_SSRC, stream.ssrc.0, compound);
                }
            }
        }
        self.scratch.sequence_numbers = numbers;
        let interval = transport.congestion.feedback_interval();
        transport.recorder.poll(now, interval, FEEDBACK_SSRC, compound);
    }

    fn report_blocks(&mut self, now: Instant, index: usize) -> Vec<ReportBlock> {
        let Some(transport) = self.transports.get(index) else {
            return Vec::new();
        };
        let mut blocks = Vec::with_capacity(transport.tracks.len());
        for track in &transport.tracks {
            let encodings = self.tracks.get_mut(*track).map(|track| &mut track.encodings);
            let streams = encodings.into_iter().flatten();
            for stream in streams.filter_map(|encoding| encoding.stream.as_mut()) {
                blocks.push(stream.statistics.report_block(now, stream.ssrc.0));
            }
        }
        blocks
    }

    fn send_sender_reports(&mut self, now: Instant, index: usize) {
        let slots = self
            .transports
            .get(index)
            .map(|transport| transport.slots.clone())
            .unwrap_or_default();
        let mut compound = Vec::new();
        for slot in slots {
            let Some(report) = self.slot_report(now, slot) else {
                continue;
            };
            let Some(slot) = self.slots.get(slot) else {
                continue;
            };
            report.write(&mut compound);
            source_description::write(slot.ssrc.0, &slot.cname, &mut compound);
            if compound.len() > MAX_COMPOUND_LEN - 128 {
                self.send_rtcp(index, &compound);
                compound.clear();
            }
        }
        if !compound.is_empty() {
            self.send_rtcp(index, &compound);
        }
    }

    /// The publisher's last sender report, carried forward to now and onto the slot's timeline.
    fn slot_report(&self, now: Instant, slot: usize) -> Option<SenderReport> {
        let slot = self.slots.get(slot)?;
        let track = self.tracks.get(slot.track?)?;
        let encoding = slot.carried_encoding()?;
        let (sent_us, rtp_timestamp) = track.stream(encoding)?.clock.sent_at()?;
        let clock_rate = i128::from(track.codec(encoding)?.clock_rate);
        let elapsed_us = i128::from(now.micros()) - i128::from(sent_us);
        let elapsed_ticks = (elapsed_us * clock_rate / 1_000_000) as u32;
        Some(SenderReport {
            ssrc: slot.ssrc.0,
            ntp_time: self.ntp_time(now),
            rtp_timestamp: slot
                .rewriter
                .timestamp(rtp_timestamp.wrapping_add(elapsed_ticks))?,
            packets_sent: slot.counters.packets_sent as u32,
            bytes_sent: slot.counters.bytes_sent as u32,
        })
    }

    fn send_rtcp(&mut self, index: usize, compound: &[u8]) {
        let Some(transport) = self.transports.get_mut(index) else {
            return;
        };
        let (Some(destination), Some(srtp)) = (transport.active, transport.srtp.as_mut()) else {
            return;
        };
        let mut out = vec![0u8; compound.len() + MAX_RTCP_TRAILER_LEN];
        match srtp.sender.protect_rtcp(compound, &mut out) {
            Ok(len) => {
                out.truncate(len);
                self.send_control(destination, out);
            }
            Err(reason) => self.counters.drops.count(reason),
        }
    }
}
