//! What waits for its turn, and probes: sent as each receiver's pace allows.

use std::time::Duration;

use super::Plane;
use super::layers::Word;
use crate::codec::MediaKind;
use crate::congestion::VOICE_BPS;
use crate::drop_reason::DropReason;
use crate::event::Event;
use crate::keyframe_throttle::Why;
use crate::outgoing::Outgoing;
use crate::quantities::Instant;
use crate::rtcp::remb;
use crate::rtcp::transport_cc;
use crate::slot::Stamp;
use crate::transmit::TransmitBatch;

/// How often what waits is looked at: two milliseconds at 10 Mbit/s are two packets.
const STEP: Duration = Duration::from_millis(2);

impl Plane {
    /// Send what may leave now of what waits.
    pub(super) fn fill_paced(&mut self, now: Instant, batch: &mut TransmitBatch) {
        if self.paced.is_empty() {
            return;
        }
        self.pace_due = now + STEP;
        let waiting = std::mem::take(&mut self.paced);
        for index in waiting {
            self.at_work = self.transports.get(index).map(|transport| transport.meeting);
            self.fill_waiting(now, index, batch);
            self.fill_probe(now, index, batch);
            let goes_on = self.transports.get(index).is_some_and(|transport| {
                let congestion = &transport.congestion;
                let has_more = !congestion.pacer.is_empty() || congestion.estimator.is_probing();
                has_more && transport.active.is_some()
            });
            if goes_on && !self.paced.contains(&index) {
                self.paced.push(index);
            }
        }
    }

    fn fill_waiting(&mut self, now: Instant, index: usize, batch: &mut TransmitBatch) {
        self.drop_late(now, index);
        while !batch.is_full() {
            let transport = self.transports.get_mut(index);
            let Some(next) = transport.and_then(|transport| transport.congestion.pacer.pop(now)) else {
                return;
            };
            let is_carried = self
                .slots
                .get(next.slot)
                .is_some_and(|slot| slot.track == Some(next.track));
            if is_carried {
                let stream = (next.track, next.encoding);
                self.fill_slot(now, stream, next.slot, &[next.sequence], false, batch);
            }
        }
    }

    /// A queue that has stood for too long is given up; its slots go on with a keyframe.
    fn drop_late(&mut self, now: Instant, index: usize) {
        let transport = self.transports.get_mut(index);
        let late = transport.map(|transport| transport.congestion.pacer.drop_late(now));
        for slot_index in late.unwrap_or_default() {
            self.counters.drops.count(DropReason::TooLate);
            if let Some(slot) = self.slots.get_mut(slot_index) {
                slot.selector.forget();
            }
            self.request_keyframe_for(slot_index, Why::WayIn);
        }
    }

    fn fill_probe(&mut self, now: Instant, index: usize, batch: &mut TransmitBatch) {
        let Some(transport) = self.transports.get_mut(index) else {
            return;
        };
        let (Some(destination), Some(srtp)) = (transport.active, transport.srtp.as_ref()) else {
            return;
        };
        let numbered = transport.slots.iter().copied().find(|slot| {
            let slot = self.slots.get(*slot);
            slot.is_some_and(|slot| slot.rtx_ssrc.is_some() && slot.is_numbered())
        });
        let Some(slot) = numbered.and_then(|slot| self.slots.get_mut(slot)) else {
            return;
        };
        let Some(payload_type) = slot.codecs.iter().find_map(|codec| codec.rtx_payload_type) else {
            return;
        };
        let congestion = &mut transport.congestion;
        while congestion.estimator.probe_bytes(now) > 0 && !batch.is_full() {
            let outgoing = Outgoing {
                destination,
                sender: &srtp.sender,
                payload_type,
                stamp: Stamp {
                    now,
                    wide_number: Some(congestion.estimator.next_number()),
                    capture_time: None,
                },
                structure: None,
                redundant: None,
            };
            let written = outgoing.write_probe(slot, batch);
            let Ok(len) = written else {
                return;
            };
            congestion.handle_sent(now, len, outgoing.stamp.wide_number);
            self.counters.packets_sent += 1;
            self.counters.bytes_sent += len as u64;
        }
    }

    /// Begin probes that are due, and tell of an estimate that was not worth telling when it came.
    pub(super) fn tick_congestion(&mut self, now: Instant, index: usize) {
        let Some(transport) = self.transports.get_mut(index) else {
            return;
        };
        transport.congestion.estimator.handle_timeout(now);
        if transport.congestion.estimator.is_probing() && !self.paced.contains(&index) {
            self.paced.push(index);
            self.pace_due = now;
        }
        self.follow_estimate(now, index);
    }

    pub(super) fn handle_transport_feedback(
        &mut self,
        now: Instant,
        index: usize,
        body: &[u8],
    ) -> Result<(), DropReason> {
        let transport = self.transports.get_mut(index).ok_or(DropReason::Stranger)?;
        if !transport.may_tell_arrivals() {
            return Err(DropReason::RateLimited);
        }
        let feedback = transport_cc::parse(body)?;
        self.hear_from(now, index, Word::Arrivals);
        let transport = self.transports.get_mut(index).ok_or(DropReason::Stranger)?;
        let round_trip = transport.assumed_round_trip();
        let estimator = &mut transport.congestion.estimator;
        let lost = estimator.handle_feedback(now, &feedback, round_trip);
        transport.repair_allowance.handle_lost(estimator.take_lost());
        if let Some(lost) = lost {
            self.follow_loss(index, lost);
        }
        self.compare_voices(index);
        self.follow_estimate(now, index);
        Ok(())
    }

    /// Let the redundancy of voices follow what the path loses: reports of each come seconds later.
    fn follow_loss(&mut self, index: usize, fraction_lost: u8) {
        let Some(transport) = self.transports.get(index) else {
            return;
        };
        for slot in &transport.slots {
            let slot = self.slots.get_mut(*slot);
            if let Some(slot) = slot.filter(|slot| slot.kind == MediaKind::Audio && slot.is_numbered()) {
                slot.redundancy.handle_report(fraction_lost);
            }
        }
    }

    /// Take what a receiver says of its path; where it speaks of pictures alone, its voices come on top.
    pub(super) fn handle_remb(&mut self, now: Instant, index: usize, body: &[u8]) -> Result<(), DropReason> {
        let said = remb::parse(body)?;
        let transport = self.transports.get_mut(index).ok_or(DropReason::Stranger)?;
        let is_left_out = |slot: &&usize| {
            self.slots.get(**slot).is_some_and(|slot| {
                slot.kind == MediaKind::Audio && slot.track.is_some() && !said.ssrcs.contains(&slot.ssrc.0)
            })
        };
        let voices_left_out = transport.slots.iter().filter(is_left_out).count() as u64;
        let bps = said.bps.saturating_add(voices_left_out * VOICE_BPS);
        transport.congestion.estimator.handle_remb(now, bps);
        self.compare_voices(index);
        self.follow_estimate(now, index);
        Ok(())
    }

    /// Whether there is room for more than the voices that a receiver hears.
    fn compare_voices(&mut self, index: usize) {
        let Some(transport) = self.transports.get_mut(index) else {
            return;
        };
        let carries = |slot: &&usize| self.slots.get(**slot).is_some_and(|slot| slot.track.is_some());
        let voices = transport.audio_slots.iter().filter(carries).count();
        transport.congestion.handle_voices(voices);
    }

    fn follow_estimate(&mut self, now: Instant, index: usize) {
        let Some(transport) = self.transports.get_mut(index) else {
            return;
        };
        let shows = |slot: &&usize| {
            let slot = self.slots.get(**slot);
            slot.is_some_and(|slot| slot.kind == MediaKind::Video && slot.track.is_some())
        };
        let pictures = transport.slots.iter().filter(shows).count();
        if let Some(bps) = transport.congestion.estimator.estimate_bps() {
            transport.repair_allowance.handle_estimate(bps);
        }
        if let Some(estimate_bps) = transport.congestion.follow(now, pictures) {
            let transport = transport.id;
            self.tell(Event::EstimateChanged {
                transport,
                estimate_bps,
            });
        }
    }

    /// Forget what waits for a slot that carries something else from now on.
    pub(super) fn forget_waiting(&mut self, slot_index: usize) {
        let Some(slot) = self.slots.get(slot_index) else {
            return;
        };
        if let Some(transport) = self.transports.get_mut(slot.transport) {
            transport.congestion.pacer.forget_slot(slot_index);
        }
    }
}
