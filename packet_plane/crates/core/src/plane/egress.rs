//! From a track into its subscribers' slots: select, rewrite, protect, straight into the outgoing batch.

use super::Plane;
use crate::codec::MediaKind;
use crate::drop_reason::DropReason;
use crate::history::PacketInfo;
use crate::ingress_stream::{APPENDS_AT_ONCE, IngressStream};
use crate::layer_selector::Selection;
use crate::outgoing::Outgoing;
use crate::pacer::Waiting;
use crate::quantities::{ExtendedSequenceNumber, Instant};
use crate::rewriter::Rewritten;
use crate::rtp::dependency_structure::Structure;
use crate::slot::{Slot, Stamp};
use crate::track::Track;
use crate::transmit::TransmitBatch;

impl Plane {
    /// Forward the pending packets of touched tracks until the batch is full.
    ///
    /// A few packets of a track go to one subscriber after the other, so that each gets a run; then other tracks
    /// have their turn. A subscriber that the batch has no room for waits for the next call.
    pub(super) fn fill_media(&mut self, now: Instant, batch: &mut TransmitBatch) {
        while let Some((index, encoding)) = self.touched.first() {
            match self.fill_encoding(now, index, encoding, batch) {
                Progress::Full => return,
                Progress::More => self.touched.rotate(),
                Progress::Done => self.touched.pop(),
            }
        }
    }

    fn fill_encoding(
        &mut self,
        now: Instant,
        index: usize,
        number: u8,
        batch: &mut TransmitBatch,
    ) -> Progress {
        self.work_for_track(index);
        let Some(track) = self.tracks.get_mut(index) else {
            return Progress::Done;
        };
        let Some(encoding) = track.encodings.get_mut(usize::from(number)) else {
            return Progress::Done;
        };
        let subscribers = std::mem::take(&mut track.subscribers);
        let pending = std::mem::take(&mut encoding.pending);
        let (forwarded, mut served) = (encoding.forwarded, encoding.served);
        let few = &pending[forwarded..pending.len().min(forwarded + APPENDS_AT_ONCE)];
        while served < subscribers.len() && !batch.is_full() {
            self.fill_slot(now, (index, number), subscribers[served], few, true, batch);
            served += 1;
        }
        let (few, is_served) = (few.len(), served >= subscribers.len());
        let Some(track) = self.tracks.get_mut(index) else {
            return Progress::Done;
        };
        track.subscribers = subscribers;
        let Some(encoding) = track.encodings.get_mut(usize::from(number)) else {
            return Progress::Done;
        };
        encoding.pending = pending;
        if !is_served {
            encoding.served = served;
            return Progress::Full;
        }
        (encoding.forwarded, encoding.served) = (forwarded + few, 0);
        if encoding.forwarded < encoding.pending.len() {
            return Progress::More;
        }
        encoding.forget_pending();
        track.rotate_subscribers();
        Progress::Done
    }

    pub(super) fn fill_slot(
        &mut self,
        now: Instant,
        (index, encoding): (usize, u8),
        slot_index: usize,
        pending: &[ExtendedSequenceNumber],
        is_paced: bool,
        batch: &mut TransmitBatch,
    ) {
        let Some(slot) = self.slots.get_mut(slot_index).filter(|slot| slot.takes(encoding)) else {
            return;
        };
        let Some(track) = self.tracks.get_mut(index) else {
            return;
        };
        let Some(transport) = self.transports.get_mut(slot.transport) else {
            return;
        };
        let (Some(destination), Some(srtp)) = (transport.active, transport.srtp.as_ref()) else {
            return;
        };
        if slot.kind == MediaKind::Video && transport.congestion.presence.is_away() {
            return;
        }
        let shift = slot.timeline_shift(track, encoding);
        let Some((codec, stream)) = track.codec_and_stream(encoding) else {
            return;
        };
        let Some((payload_type, _)) = slot.payload_types(codec) else {
            self.counters.drops.count(DropReason::NoCodec);
            return;
        };
        let is_narrow = transport.congestion.is_narrow;
        let redundant_type = slot.redundant_payload_type(codec, is_narrow);
        let IngressStream {
            history,
            structure,
            sound_ms: usual_ms,
            clock,
            ..
        } = stream;
        let source = Source {
            encoding,
            clock_rate: codec.clock_rate,
            shift,
            structure: structure.as_deref(),
        };
        let congestion = &mut transport.congestion;
        let is_repeating =
            slot.kind == MediaKind::Video && slot.rtx_ssrc.is_some() && congestion.repair.is_repeating();
        for (at, sequence) in pending.iter().enumerate() {
            if is_paced && slot.kind == MediaKind::Video && !congestion.pacer.admits(now) {
                let waiting = |sequence: &ExtendedSequenceNumber| Waiting {
                    since: now,
                    slot: slot_index,
                    track: index,
                    encoding,
                    sequence: *sequence,
                };
                congestion.wait(slot.transport, pending[at..].iter().map(waiting), &mut self.paced);
                return;
            }
            let may_wait = is_narrow && redundant_type.is_some();
            let newest = may_wait.then(|| history.packet(*sequence)).flatten();
            let sound_ms = || history.sound_ms(*sequence, source.clock_rate).or(*usual_ms);
            if newest.is_some_and(|packet| slot.holds(&packet.info, sound_ms())) {
                continue;
            }
            let redundant = redundant_type.filter(|_| {
                let room = &mut self.scratch.redundant;
                slot.write_redundant(history, encoding, *sequence, payload_type, is_narrow, room)
            });
            slot.bundle.clear();
            let Some(packet) = history.packet_mut(*sequence) else {
                continue;
            };
            if is_paced {
                let received_at = packet.info.received_at;
                self.oldest_forwarded = Some(
                    self.oldest_forwarded
                        .map_or(received_at, |at| at.min(received_at)),
                );
            }
            let Some(rewritten) = slot.select(now, &source, &packet.info) else {
                continue;
            };
            let outgoing = Outgoing {
                destination,
                sender: &srtp.sender,
                payload_type: redundant.unwrap_or(payload_type),
                redundant: redundant.map(|_| self.scratch.redundant.as_slice()),
                stamp: Stamp {
                    now,
                    wide_number: slot.is_numbered().then(|| congestion.estimator.next_number()),
                    capture_time: slot.missing_capture_time(&packet.info, clock, source.clock_rate),
                },
                structure: source.structure,
            };
            match outgoing.write(slot, packet, &rewritten, &mut self.scratch.block, batch) {
                Ok(len) => {
                    congestion.handle_sent(now, len, outgoing.stamp.wide_number);
                    transport.repair_allowance.handle_sent(len);
                    slot.rewriter.handle_written(now, *sequence, &rewritten);
                    let is_told = packet.info.capture_time.or(outgoing.stamp.capture_time).is_some();
                    slot.lacks_capture_time &= !is_told;
                    if slot.kind == MediaKind::Video {
                        slot.frames.handle_packet(now, rewritten.rtp_timestamp);
                    }
                    if is_repeating {
                        slot.repeats.push(now, rewritten.sequence.sequence_number());
                    }
                    slot.counters.packets_sent += 1;
                    slot.counters.bytes_sent += outgoing.payload(packet).len() as u64;
                    transport.counters.packets_sent += 1;
                    transport.counters.bytes_sent += len as u64;
                    self.counters.packets_sent += 1;
                    self.counters.bytes_sent += len as u64;
                }
                Err(reason) => self.counters.drops.count(reason),
            }
        }
    }

    /// Answer a NACK with what is not on its way again already, as far as the receiver's allowance goes.
    pub(super) fn answer_nack(&mut self, now: Instant, slot_index: usize, sequence_numbers: &[u16]) {
        let Some(slot) = self.slots.get_mut(slot_index) else {
            return;
        };
        slot.counters.nacks_received += 1;
        let index = slot.transport;
        let Some(transport) = self.transports.get(index) else {
            return;
        };
        let most_bytes = transport.repair_allowance.left();
        let bytes = self.retransmit(now, slot_index, sequence_numbers, most_bytes);
        if let Some(transport) = self.transports.get_mut(index) {
            transport.repair_allowance.spend(bytes);
        }
    }

    /// Send what is to go out twice, while the path has room for it.
    pub(super) fn repeat(&mut self, now: Instant, index: usize) {
        let Some(transport) = self.transports.get(index) else {
            return;
        };
        if !transport.congestion.repair.is_repeating() {
            return;
        }
        let mut numbers = std::mem::take(&mut self.scratch.sequence_numbers);
        for slot_index in transport.slots.clone() {
            numbers.clear();
            if let Some(slot) = self.slots.get_mut(slot_index) {
                slot.repeats.poll(now, &mut numbers);
            }
            let congestion = self.transports.get(index).map(|transport| &transport.congestion);
            if !numbers.is_empty() && congestion.is_some_and(|one| !one.estimator.is_full(now)) {
                self.retransmit(now, slot_index, &numbers, usize::MAX);
            }
        }
        self.scratch.sequence_numbers = numbers;
    }

    /// Send packets again from the history: by RTX where negotiated, else the same bytes; so many bytes at most, and
    /// nothing within a round trip of the last time. Returns how many bytes that took.
    fn retransmit(
        &mut self,
        now: Instant,
        slot_index: usize,
        sequence_numbers: &[u16],
        most_bytes: usize,
    ) -> usize {
        let Some(slot) = self.slots.get_mut(slot_index) else {
            return 0;
        };
        let Some(track) = slot.track.and_then(|track| self.tracks.get_mut(track)) else {
            return 0;
        };
        let Some(transport) = self.transports.get_mut(slot.transport) else {
            return 0;
        };
        let interval = transport.resend_interval();
        let is_full = transport.congestion.estimator.is_full(now);
        let (Some(destination), Some(srtp)) = (transport.active, transport.srtp.as_ref()) else {
            return 0;
        };
        let mut datagrams = Vec::new();
        let mut bytes = 0;
        for sequence_number in sequence_numbers {
            if bytes >= most_bytes {
                self.counters.drops.count(DropReason::QueueFull);
                continue;
            }
            let Some((encoding, original)) = slot.rewriter.original(*sequence_number) else {
                continue;
            };
            if is_full && !slot.repairs(encoding) {
                continue;
            }
            let Some((codec, stream)) = track.codec_and_stream(encoding) else {
                continue;
            };
            let Some((payload_type, rtx_payload_type)) = slot.payload_types(codec) else {
                continue;
            };
            let IngressStream {
                history, structure, ..
            } = stream;
            let Some(packet) = history.packet_mut(original) else {
                continue;
            };
            let Some(rewritten) = slot.rewriter.rewrite(encoding, &packet.info) else {
                continue;
            };
            // Of what is here alone: numbers that mean nothing are not remembered.
            if !slot.resent.admits(now, *sequence_number, interval) {
                continue;
            }
            let outgoing = Outgoing {
                destination,
                sender: &srtp.sender,
                payload_type,
                redundant: None,
                stamp: Stamp {
                    now,
                    wide_number: slot
                        .is_numbered()
                        .then(|| transport.congestion.estimator.next_number()),
                    capture_time: None,
                },
                structure: structure.as_deref(),
            };
            let written = match (slot.rtx_ssrc, rtx_payload_type) {
                (Some(_), Some(rtx)) => outgoing.write_rtx(slot, packet, &rewritten, rtx),
                _ if !slot.repeats_verbatim() || packet.info.is_scalable() => continue,
                _ => outgoing.write_again(slot, packet, &rewritten),
            };
            if let Ok(datagram) = written {
                transport
                    .congestion
                    .handle_sent(now, datagram.len(), outgoing.stamp.wide_number);
                slot.counters.retransmissions_sent += 1;
                bytes += datagram.len();
                datagrams.push(datagram);
            }
        }
        datagrams
            .into_iter()
            .for_each(|datagram| self.send_control(destination, datagram));
        bytes
    }
}

/// How far an encoding's packets have come.
enum Progress {
    /// The batch has no room for the next subscriber.
    Full,
    /// All subscribers have got the first few, and there are others.
    More,
    Done,
}

/// The stream that packets come from, as one slot sees it.
struct Source<'a> {
    encoding: u8,
    clock_rate: u32,
    /// What to add to its timestamps to have them on the timeline of what the slot carries.
    shift: Option<u32>,
    structure: Option<&'a Structure>,
}

impl Slot {
    /// The numbers of a packet in this slot, `None` when it does not go out.
    fn select(&mut self, now: Instant, source: &Source<'_>, packet: &PacketInfo) -> Option<Rewritten> {
        let encoding = source.encoding;
        let is_carried = self.rewriter.is_attached() && self.carried_encoding() == Some(encoding);
        // What comes late fills a gap that the receiver waits for, whatever layer it is of.
        if !(is_carried && self.rewriter.is_late(packet.sequence)) {
            match self.choose(source, packet) {
                Selection::Forward => {}
                Selection::Switch => {
                    self.lacks_capture_time = true;
                    let known = source
                        .shift
                        .and_then(|shift| self.rewriter.timestamp(packet.rtp_timestamp.wrapping_add(shift)));
                    self.rewriter
                        .start(now, encoding, packet, source.clock_rate, known);
                }
                Selection::Skip => {
                    self.rewriter.skip(packet);
                    return None;
                }
                Selection::Ignore => return None,
            }
        }
        let mut rewritten = self.rewriter.rewrite(encoding, packet)?;
        rewritten.marker |= self.selector.ends_picture(packet);
        rewritten.told_targets = self.selector.told_targets(packet, source.structure);
        Some(rewritten)
    }

    fn choose(&mut self, source: &Source<'_>, packet: &PacketInfo) -> Selection {
        match self.kind {
            MediaKind::Video => self.selector.select(source.encoding, packet, source.structure),
            MediaKind::Audio if self.rewriter.is_attached() => Selection::Forward,
            MediaKind::Audio => Selection::Switch,
        }
    }

    /// What to add to timestamps of an encoding that this slot waits for, to have them on the timeline of the
    /// one that it carries.
    fn timeline_shift(&self, track: &Track, encoding: u8) -> Option<u32> {
        let awaited = self.selector.awaited().filter(|awaited| *awaited == encoding)?;
        track.timestamp_between(awaited, self.carried_encoding()?, 0)
    }
}
