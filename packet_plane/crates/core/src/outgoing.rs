//! A packet as one receiver gets it: the slot's header before the shared payload, sealed with the receiver's key.

use std::net::SocketAddr;

use crate::drop_reason::DropReason;
use crate::history::StoredPacket;
use crate::quantities::{ExtendedSequenceNumber, PayloadType};
use crate::rewriter::Rewritten;
use crate::rtp::dependency_structure::Structure;
use crate::rtp::extension::{BLOCK_CAPACITY, ExtensionBlock};
use crate::rtp::header::{OutgoingHeader, write_header};
use crate::slot::{Slot, Stamp};
use crate::srtp::{MAX_TAG_LEN, SrtpSender};
use crate::transmit::TransmitBatch;

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

/// What stands between a stored payload and its ciphertext.
const MAX_HEADER_LEN: usize = 12 + BLOCK_CAPACITY;

/// Padding alone, as much as its last byte can count.
const PROBE_LEN: usize = 255;
const PROBE_PADDING: [u8; PROBE_LEN] = {
    let mut padding = [0; PROBE_LEN];
    padding[PROBE_LEN - 1] = PROBE_LEN as u8;
    padding
};

/// Where a packet goes and under which key.
pub(crate) struct Outgoing<'a> {
    pub destination: SocketAddr,
    pub sender: &'a SrtpSender,
    pub payload_type: PayloadType,
    pub stamp: Stamp,
    /// The structure of the stream's layers, where it has one.
    pub structure: Option<&'a Structure>,
    /// What goes out in place of the payload: the same with earlier ones.
    pub redundant: Option<&'a [u8]>,
}

impl<'a> Outgoing<'a> {
    /// What goes out of a packet behind its headers.
    pub fn payload<'p>(&self, packet: &'p StoredPacket) -> &'p [u8]
    where
        'a: 'p,
    {
        self.redundant.unwrap_or(packet.payload())
    }

    /// Seal a packet into the batch, padded where that continues a run.
    pub fn write(
        &self,
        slot: &Slot,
        packet: &mut StoredPacket,
        rewritten: &Rewritten,
        block: &mut ExtensionBlock,
        batch: &mut TransmitBatch,
    ) -> Result<usize, DropReason> {
        prepare(slot, packet, rewritten);
        slot.write_extensions(packet, rewritten, self.structure, self.stamp, block);
        let block = block.finish();
        let payload = self.payload(packet);
        let unpadded = 12 + block.len() + payload.len() + self.sender.tag_len();
        // A packet without payload was the publisher's padding: one byte of ours takes its place.
        let least = usize::from(payload.is_empty());
        let useful = if slot.repeats_verbatim() {
            0
        } else {
            batch.useful_padding(self.destination, unpadded)
        };
        let padding = padding_of(useful.max(least));
        batch.append(self.destination, |out| {
            let header = self.header(slot, rewritten, !padding.is_empty());
            if out.len() < unpadded + padding.len() {
                return Err(DropReason::TooLarge);
            }
            let header_len = write_header(&header, block, out);
            self.sender
                .protect_rtp(slot.ssrc, rewritten.sequence, header_len, payload, padding, out)
        })
    }

    fn header(&self, slot: &Slot, rewritten: &Rewritten, padding: bool) -> OutgoingHeader {
        OutgoingHeader {
            marker: rewritten.marker,
            padding,
            payload_type: self.payload_type,
            sequence_number: rewritten.sequence.sequence_number(),
            rtp_timestamp: rewritten.rtp_timestamp,
            ssrc: slot.ssrc,
        }
    }

    /// The same packet once more, for a receiver without RTX. Same number, same bytes: no key is used twice
    /// for different content.
    pub fn write_again(
        &self,
        slot: &Slot,
        packet: &mut StoredPacket,
        rewritten: &Rewritten,
    ) -> Result<Vec<u8>, DropReason> {
        prepare(slot, packet, rewritten);
        let header = self.header(slot, rewritten, packet.payload().is_empty());
        let padding = padding_of(usize::from(packet.payload().is_empty()));
        let mut block = ExtensionBlock::default();
        slot.write_extensions(packet, rewritten, self.structure, self.stamp, &mut block);
        let payload = packet.payload();
        self.seal(&header, rewritten.sequence, block.finish(), payload, padding)
    }

    pub fn write_rtx(
        &self,
        slot: &mut Slot,
        packet: &mut StoredPacket,
        rewritten: &Rewritten,
        payload_type: PayloadType,
    ) -> Result<Vec<u8>, DropReason> {
        prepare(slot, packet, rewritten);
        slot.rtx_sequence.0 += 1;
        let sequence = slot.rtx_sequence;
        let mut header = self.header(slot, rewritten, false);
        header.payload_type = payload_type;
        header.sequence_number = sequence.sequence_number();
        header.ssrc = slot.rtx_ssrc.unwrap_or(slot.ssrc);
        let mut payload = Vec::with_capacity(2 + packet.payload().len());
        payload.extend_from_slice(&rewritten.sequence.sequence_number().to_be_bytes());
        payload.extend_from_slice(packet.payload());
        let mut block = ExtensionBlock::default();
        slot.write_extensions(packet, rewritten, self.structure, self.stamp, &mut block);
        self.seal(&header, sequence, block.finish(), &payload, &[])
    }

    fn seal(
        &self,
        header: &OutgoingHeader,
        sequence: ExtendedSequenceNumber,
        block: &[u8],
        payload: &[u8],
        padding: &[u8],
    ) -> Result<Vec<u8>, DropReason> {
        let mut out = vec![0u8; MAX_HEADER_LEN + payload.len() + padding.len() + MAX_TAG_LEN];
        let header_len = write_header(header, block, &mut out);
        let len = self
            .sender
            .protect_rtp(header.ssrc, sequence, header_len, payload, padding, &mut out)?;
        out.truncate(len);
        Ok(out)
    }

    /// A packet of padding on the retransmission stream: a probe that no decoder sees.
    pub fn write_probe(&self, slot: &mut Slot, batch: &mut TransmitBatch) -> Result<usize, DropReason> {
        slot.rtx_sequence.0 += 1;
        let sequence = slot.rtx_sequence;
        let header = OutgoingHeader {
            marker: false,
            padding: true,
            payload_type: self.payload_type,
            sequence_number: sequence.sequence_number(),
            rtp_timestamp: slot.rewriter.last_timestamp(),
            ssrc: slot.rtx_ssrc.unwrap_or(slot.ssrc),
        };
        let mut block = ExtensionBlock::default();
        slot.begin_extensions(0, self.stamp, &mut block);
        batch.append(self.destination, |out| {
            let header_len = write_header(&header, block.finish(), out);
            self.sender
                .protect_rtp(header.ssrc, sequence, header_len, &[], &PROBE_PADDING, out)
        })
    }
}

/// Write the slot's ids into the payload, except for a receiver that goes by the Dependency Descriptor: what it gets
/// may be encrypted end to end.
fn prepare(slot: &Slot, packet: &mut StoredPacket, rewritten: &Rewritten) {
    if slot.extensions.dependency_descriptor != 0 && !packet.descriptor().is_empty() {
        packet.restore_ids();
    } else {
        packet.rewrite_ids(rewritten.picture_id, rewritten.tl0_picture_index);
    }
}
