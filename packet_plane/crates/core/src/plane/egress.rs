//! From a track into its subscribers' slots: select, rewrite, protect, straight into the outgoing batch.

use std::net::SocketAddr;

use super::Plane;
use crate::codec::MediaKind;
use crate::drop_reason::DropReason;
use crate::history::{PacketInfo, StoredPacket};
use crate::layer_selector::Selection;
use crate::quantities::{ExtendedSequenceNumber, Instant, PayloadType};
use crate::rewriter::Rewritten;
use crate::rtp::header::{OutgoingHeader, write_header};
use crate::slot::Slot;
use crate::srtp::{MAX_TAG_LEN, SrtpSender};
use crate::track::Track;
use crate::transmit::{APPENDS_BEYOND_FULL, TransmitBatch};

/// RTP padding is zeros and its own length (RFC 3550 section 5.1).
const PADDING: [[u8; 16]; 17] = {
    let mut table = [[0u8; 16]; 17];
    let mut len = 1;
    while len <= 16 {
        table[len][len - 1] = len as u8;
        len += 1;
    }
    table
};

fn padding_of(len: usize) -> &'static [u8] {
    PADDING.get(len).map_or(&[], |padding| &padding[..len])
}

/// What stands between a stored payload and its ciphertext: header and at most 48 bytes of extensions.
const MAX_HEADER_LEN: usize = 64;

impl Plane {
    /// Forward the pending packets of touched tracks until the batch is full.
    ///
    /// A track's packets go to one subscriber after the other, so that each gets a run. A subscriber that
    /// the batch has no room for waits for the next call; its place is kept at the end of the list.
    pub(super) fn fill_media(&mut self, now: Instant, batch: &mut TransmitBatch) {
        while let Some(&(index, encoding)) = self.touched.first() {
            if !self.fill_encoding(now, index, encoding, batch) {
                return;
            }
            self.touched.remove(0);
        }
    }

    /// Returns whether all subscribers have been served.
    fn fill_encoding(&mut self, now: Instant, index: usize, number: u8, batch: &mut TransmitBatch) -> bool {
        let Some(track) = self.tracks.get_mut(index) else {
            return true;
        };
        let Some(encoding) = track.encodings.get_mut(usize::from(number)) else {
            return true;
        };
        let subscribers = std::mem::take(&mut track.subscribers);
        let pending = std::mem::take(&mut encoding.pending);
        let (mut forwarded, mut served) = (encoding.forwarded, encoding.served);
        while forwarded < pending.len() && !batch.is_full() {
            let few = &pending[forwarded..pending.len().min(forwarded + APPENDS_BEYOND_FULL)];
            while served < subscribers.len() && !batch.is_full() {
                self.fill_slot(now, (index, number), subscribers[served], few, batch);
                served += 1;
            }
            if served >= subscribers.len() {
                forwarded += few.len();
                served = 0;
            }
        }
        let is_done = forwarded >= pending.len();
        let Some(track) = self.tracks.get_mut(index) else {
            return true;
        };
        track.subscribers = subscribers;
        if let Some(encoding) = track.encodings.get_mut(usize::from(number)) {
            (encoding.forwarded, encoding.served) = (forwarded, served);
            encoding.pending = pending;
            if is_done {
                encoding.forget_pending();
            }
        }
        is_done
    }

    fn fill_slot(
        &mut self,
        now: Instant,
        (track, encoding): (usize, u8),
        slot: usize,
        pending: &[ExtendedSequenceNumber],
        batch: &mut TransmitBatch,
    ) {
        let Some(slot) = self.slots.get_mut(slot).filter(|slot| slot.takes(encoding)) else {
            return;
        };
        let Some(track) = self.tracks.get_mut(track) else {
            return;
        };
        let Some(transport) = self.transports.get_mut(slot.transport) else {
            return;
        };
        let (Some(destination), Some(srtp)) = (transport.active, transport.srtp.as_ref()) else {
            return;
        };
        let shift = slot.timeline_shift(track, encoding);
        let Some((codec, stream)) = track.codec_and_stream(encoding) else {
            return;
        };
        let Some((payload_type, _)) = slot.payload_types(codec) else {
            self.counters.drops.count(DropReason::NoCodec);
            return;
        };
        for sequence in pending {
            let Some(packet) = stream.history.packet_mut(*sequence) else {
                continue;
            };
            let Some(rewritten) = slot.select(now, encoding, &packet.info, codec.clock_rate, shift) else {
                continue;
            };
            let outgoing = Outgoing {
                destination,
                sender: &srtp.sender,
                payload_type,
            };
            match outgoing.write(slot, packet, &rewritten, batch) {
                Ok(len) => {
                    slot.rewriter.handle_written(now, *sequence, &rewritten);
                    slot.counters.packets_sent += 1;
                    slot.counters.bytes_sent += packet.payload().len() as u64;
                    transport.counters.packets_sent += 1;
                    transport.counters.bytes_sent += len as u64;
                    self.counters.packets_sent += 1;
                    self.counters.bytes_sent += len as u64;
                }
                Err(reason) => self.counters.drops.count(reason),
            }
        }
    }

    /// Answer a NACK from the history: by RTX where negotiated, else by the same packet again.
    pub(super) fn retransmit(&mut self, slot_index: usize, sequence_numbers: &[u16]) {
        let Some(slot) = self.slots.get_mut(slot_index) else {
            return;
        };
        slot.counters.nacks_received += 1;
        let Some(track) = slot.track.and_then(|track| self.tracks.get_mut(track)) else {
            return;
        };
        let Some(transport) = self.transports.get_mut(slot.transport) else {
            return;
        };
        let granted = transport.take_retransmissions(sequence_numbers.len());
        let refused = sequence_numbers.len() - granted;
        self.counters.drops.add(DropReason::QueueFull, refused as u64);
        let (Some(destination), Some(srtp)) = (transport.active, transport.srtp.as_ref()) else {
            return;
        };
        let mut datagrams = Vec::with_capacity(granted);
        for sequence_number in &sequence_numbers[..granted] {
            let Some((encoding, original)) = slot.rewriter.original(*sequence_number) else {
                continue;
            };
            let Some((codec, stream)) = track.codec_and_stream(encoding) else {
                continue;
            };
            let Some((payload_type, rtx_payload_type)) = slot.payload_types(codec) else {
                continue;
            };
            let Some(packet) = stream.history.packet_mut(original) else {
                continue;
            };
            let Some(rewritten) = slot.rewriter.rewrite(encoding, &packet.info) else {
                continue;
            };
            let outgoing = Outgoing {
                destination,
                sender: &srtp.sender,
                payload_type,
            };
            let written = match (slot.rtx_ssrc, rtx_payload_type) {
                (Some(_), Some(rtx)) => outgoing.write_rtx(slot, packet, &rewritten, rtx),
                _ if !slot.repeats_verbatim() => continue,
                _ => outgoing.write_again(slot, packet, &rewritten),
            };
            if let Ok(datagram) = written {
                slot.counters.retransmissions_sent += 1;
                datagrams.push(datagram);
            }
        }
        datagrams
            .into_iter()
            .for_each(|datagram| self.send_control(destination, datagram));
    }
}

impl Slot {
    /// The numbers of a packet in this slot, `None` when it does not go out.
    fn select(
        &mut self,
        now: Instant,
        encoding: u8,
        packet: &PacketInfo,
        clock_rate: u32,
        shift: Option<u32>,
    ) -> Option<Rewritten> {
        let is_carried = self.rewriter.is_attached() && self.carried_encoding() == Some(encoding);
        // What comes late fills a gap that the receiver waits for, whatever layer it is of.
        if !(is_carried && self.rewriter.is_late(packet.sequence)) {
            match self.choose(encoding, packet) {
                Selection::Forward => {}
                Selection::Switch => {
                    let known = shift
                        .and_then(|shift| self.rewriter.timestamp(packet.rtp_timestamp.wrapping_add(shift)));
                    self.rewriter.start(now, encoding, packet, clock_rate, known);
                }
                Selection::Skip => {
                    self.rewriter.skip(packet);
                    return None;
                }
                Selection::Ignore => return None,
            }
        }
        self.rewriter.rewrite(encoding, packet)
    }

    fn choose(&mut self, encoding: u8, packet: &PacketInfo) -> Selection {
        match self.kind {
            MediaKind::Video => self.selector.select(encoding, packet),
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

/// Where a packet goes and under which key.
struct Outgoing<'a> {
    destination: SocketAddr,
    sender: &'a SrtpSender,
    payload_type: PayloadType,
}

impl Outgoing<'_> {
    /// Seal a packet into the batch, padded where that continues a run.
    fn write(
        &self,
        slot: &Slot,
        packet: &mut StoredPacket,
        rewritten: &Rewritten,
        batch: &mut TransmitBatch,
    ) -> Result<usize, DropReason> {
        packet.rewrite_vp8(rewritten.picture_id, rewritten.tl0_picture_index);
        let mut block = slot.extension_block(&packet.info);
        let block = block.finish();
        let unpadded = 12 + block.len() + packet.payload().len() + self.sender.tag_len();
        // A packet without payload was the publisher's padding: one byte of ours takes its place.
        let least = usize::from(packet.payload().is_empty());
        let useful = if slot.repeats_verbatim() {
            0
        } else {
            batch.useful_padding(self.destination, unpadded)
        };
        let padding = padding_of(useful.max(least));
        batch.append(self.destination, |out| {
            let header = self.header(slot, packet, rewritten, !padding.is_empty());
            if out.len() < unpadded + padding.len() {
                return Err(DropReason::TooLarge);
            }
            let header_len = write_header(&header, block, out);
            self.sender.protect_rtp(
                slot.ssrc,
                rewritten.sequence,
                header_len,
                packet.payload(),
                padding,
                out,
            )
        })
    }

    fn header(
        &self,
        slot: &Slot,
        packet: &StoredPacket,
        rewritten: &Rewritten,
        padding: bool,
    ) -> OutgoingHeader {
        OutgoingHeader {
            marker: packet.info.marker,
            padding,
            payload_type: self.payload_type,
            sequence_number: rewritten.sequence.sequence_number(),
            rtp_timestamp: rewritten.rtp_timestamp,
            ssrc: slot.ssrc,
        }
    }

    /// The same packet once more, for a receiver without RTX. Same number, same bytes: no key is used twice
    /// for different content.
    fn write_again(
        &self,
        slot: &Slot,
        packet: &mut StoredPacket,
        rewritten: &Rewritten,
    ) -> Result<Vec<u8>, DropReason> {
        packet.rewrite_vp8(rewritten.picture_id, rewritten.tl0_picture_index);
        let header = self.header(slot, packet, rewritten, packet.payload().is_empty());
        let padding = padding_of(usize::from(packet.payload().is_empty()));
        self.seal(
            slot,
            &header,
            rewritten.sequence,
            packet,
            packet.payload(),
            padding,
        )
    }

    fn write_rtx(
        &self,
        slot: &mut Slot,
        packet: &mut StoredPacket,
        rewritten: &Rewritten,
        payload_type: PayloadType,
    ) -> Result<Vec<u8>, DropReason> {
        packet.rewrite_vp8(rewritten.picture_id, rewritten.tl0_picture_index);
        slot.rtx_sequence.0 += 1;
        let sequence = slot.rtx_sequence;
        let mut header = self.header(slot, packet, rewritten, false);
        header.payload_type = payload_type;
        header.sequence_number = sequence.sequence_number();
        header.ssrc = slot.rtx_ssrc.unwrap_or(slot.ssrc);
        let mut payload = Vec::with_capacity(2 + packet.payload().len());
        payload.extend_from_slice(&rewritten.sequence.sequence_number().to_be_bytes());
        payload.extend_from_slice(packet.payload());
        self.seal(slot, &header, sequence, packet, &payload, &[])
    }

    fn seal(
        &self,
        slot: &Slot,
        header: &OutgoingHeader,
        sequence: ExtendedSequenceNumber,
        packet: &StoredPacket,
        payload: &[u8],
        padding: &[u8],
    ) -> Result<Vec<u8>, DropReason> {
        let mut out = vec![0u8; MAX_HEADER_LEN + payload.len() + padding.len() + MAX_TAG_LEN];
        let mut block = slot.extension_block(&packet.info);
        let header_len = write_header(header, block.finish(), &mut out);
        let len = self
            .sender
            .protect_rtp(header.ssrc, sequence, header_len, payload, padding, &mut out)?;
        out.truncate(len);
        Ok(out)
    }
}
