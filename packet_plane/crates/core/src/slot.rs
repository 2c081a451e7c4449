//! A receiving place of a client: which track it carries, and its own numbering of what it sends.

use crate::bundle::Bundle;
use crate::codec::{Codec, MediaKind};
use crate::command::SlotParameters;
use crate::frame_meter::FrameMeter;
use crate::history::{History, PacketInfo, StoredPacket};
use crate::layer_selector::LayerSelector;
use crate::quantities::{ExtendedSequenceNumber, Instant, PayloadType, SlotId, Ssrc};
use crate::redundancy::{MAX_REDUNDANT, Redundancy};
use crate::repeats::Repeats;
use crate::reported_loss::ReportedLoss;
use crate::resent::Resent;
use crate::rewriter::{Rewriter, Rewritten};
use crate::rtp::capture_time::{self, CaptureTime};
use crate::rtp::dependency_descriptor;
use crate::rtp::dependency_structure::Structure;
use crate::rtp::extension::{ExtensionBlock, ExtensionIds};
use crate::rtp::red;
use crate::sender_clock::StreamClock;

/// What a header extension's value may have at most (RFC 8285 section 4.3).
const MAX_DESCRIPTOR_LEN: usize = 255;

pub(crate) struct Slot {
    pub id: SlotId,
    pub transport: usize,
    pub kind: MediaKind,
    pub mid: String,
    pub ssrc: Ssrc,
    pub rtx_ssrc: Option<Ssrc>,
    pub codecs: Vec<Codec>,
    pub extensions: ExtensionIds,
    pub cname: String,
    pub track: Option<usize>,
    pub selector: LayerSelector,
    pub rewriter: Rewriter,
    pub rtx_sequence: ExtendedSequenceNumber,
    pub reported_loss: ReportedLoss,
    pub resent: Resent,
    pub repeats: Repeats,
    pub counters: SlotCounters,
    /// Of video alone.
    pub frames: FrameMeter,
    pub redundancy: Redundancy,
    pub bundle: Bundle,
    /// Whether nothing has gone out yet of what it carries that tells when it was captured.
    pub lacks_capture_time: bool,
}

/// What tells one sending of a packet from another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    pub now: Instant,
    /// Transport-wide number, where the receiver reports arrivals.
    pub wide_number: Option<u16>,
    /// When it was captured, where it does not say so itself.
    pub capture_time: Option<CaptureTime>,
}

impl Stamp {
    /// Seconds in fixed point of 6 and 18 bits, of the plane's own clock: receivers take differences.
    fn send_time(self) -> [u8; 3] {
        const WRAP_US: u64 = 64_000_000;
        let ticks = ((self.now.micros() % WRAP_US) << 18) / 1_000_000;
        let [.., high, middle, low] = (ticks as u32).to_be_bytes();
        [high, middle, low]
    }
}

/// What a slot has sent since its start.
#[derive(Clone, Copy, Debug, Default)]
pub struct SlotCounters {
    pub packets_sent: u64,
    /// Payload bytes.
    pub bytes_sent: u64,
    pub retransmissions_sent: u64,
    pub nacks_received: u64,
    pub plis_received: u64,
}

impl Slot {
    pub fn new(parameters: SlotParameters, transport: usize) -> Self {
        Slot {
            id: parameters.slot,
            transport,
            kind: parameters.kind,
            mid: parameters.mid,
            ssrc: parameters.ssrc,
            rtx_ssrc: parameters.rtx_ssrc,
            codecs: parameters.codecs,
            extensions: parameters.extensions,
            cname: parameters.cname,
            track: None,
            selector: LayerSelector::default(),
            // SSRCs are random: they seed the numbering without a random source in here.
            rewriter: Rewriter::new(parameters.ssrc.0 as u16),
            rtx_sequence: ExtendedSequenceNumber(u64::from(parameters.ssrc.0 as u16 & 0x7fff)),
            reported_loss: ReportedLoss::default(),
            resent: Resent::default(),
            repeats: Repeats::default(),
            counters: SlotCounters::default(),
            frames: FrameMeter::default(),
            redundancy: Redundancy::default(),
            bundle: Bundle::default(),
            lacks_capture_time: true,
        }
    }

    /// Take up what comes next as if it were another track.
    pub fn detach(&mut self) {
        self.selector.forget();
        self.rewriter.detach();
        self.frames.forget();
        self.bundle.clear();
    }

    /// Whether packets of an encoding may go out here.
    pub fn takes(&self, encoding: u8) -> bool {
        self.kind == MediaKind::Audio || self.selector.takes(encoding)
    }

    /// Whether what got lost of an encoding is of use yet.
    #[must_use]
    pub fn repairs(&self, encoding: u8) -> bool {
        self.kind == MediaKind::Audio || self.selector.repairs(encoding)
    }

    /// The encoding whose stream tells the time of what is carried.
    #[must_use]
    pub fn carried_encoding(&self) -> Option<u8> {
        match self.kind {
            MediaKind::Audio => Some(0),
            MediaKind::Video => self.selector.encoding(),
        }
    }

    /// The encoding of a video track whose keyframe this waits for. Of a track that does not arrive yet that is the
    /// lowest, as it may be all that comes.
    pub fn way_in(&self) -> Option<u8> {
        self.selector.target()?;
        let has_none = self.selector.encoding().is_none();
        self.selector.awaited().or(has_none.then_some(0))
    }

    /// The payload type of redundancy, where this receiver reads it and is to get several frames in a packet: because it
    /// loses enough to need them twice, or because its path is narrow.
    pub fn redundant_payload_type(&self, codec: &Codec, is_narrow: bool) -> Option<PayloadType> {
        let is_wanted = is_narrow || self.redundancy.blocks() > 0 || !self.bundle.is_empty();
        if self.kind == MediaKind::Video || !is_wanted || self.repeats_verbatim() {
            return None;
        }
        let (own, _) = self.payload_types(codec)?;
        let own = self.codecs.iter().find(|codec| codec.payload_type == own)?;
        let red = self.codecs.iter().find(|codec| codec.is_redundancy_of(own))?;
        Some(red.payload_type)
    }

    /// Whether a voice's packet waits, on a narrow path, for one that it leaves with. A voice begins with its first.
    pub fn holds(&mut self, packet: &PacketInfo, sound_ms: Option<u32>) -> bool {
        let can_wait = self.rewriter.is_attached() && !self.rewriter.is_late(packet.sequence);
        let is_held = can_wait && self.bundle.holds(packet.sequence, sound_ms);
        if is_held {
            self.rewriter.skip(packet);
        }
        is_held
    }

    /// Write a packet as redundancy (RFC 2198): with those that waited for it, or those before it that went out here.
    ///
    /// Returns whether there is one that fits; `out` holds the payload then.
    pub fn write_redundant(
        &self,
        history: &History,
        encoding: u8,
        sequence: ExtendedSequenceNumber,
        payload_type: PayloadType,
        is_narrow: bool,
        out: &mut Vec<u8>,
    ) -> bool {
        out.clear();
        let Some(own) = history.packet(sequence).filter(|own| !own.payload().is_empty()) else {
            return false;
        };
        let block = |sequence: ExtendedSequenceNumber, may_go: &dyn Fn(&PacketInfo) -> bool| {
            let packet = history.packet(sequence)?;
            let offset = own.info.rtp_timestamp.wrapping_sub(packet.info.rtp_timestamp);
            let is_fit = may_go(&packet.info) && red::fits(offset, packet.payload().len());
            is_fit.then_some((offset, packet.payload()))
        };
        let went_out = |info: &PacketInfo| self.rewriter.rewrite(encoding, info).is_some();
        // Numbers must follow each other: a reader takes the nearest block for the packet before.
        let sent_before = || {
            let back = 1..=self.redundancy.blocks() as u64;
            back.map_while(|back| block(ExtendedSequenceNumber(sequence.0.checked_sub(back)?), &went_out))
        };
        let mut blocks = [(0, &[][..]); MAX_REDUNDANT];
        let mut count = 0;
        let mut add = |block| {
            blocks[count] = block;
            count += 1;
        };
        if is_narrow || !self.bundle.is_empty() {
            let waited = self.bundle.held().filter_map(|held| block(held, &|_| true));
            waited.for_each(&mut add);
        } else {
            sent_before().for_each(&mut add);
        }
        let blocks = &blocks[..count];
        let headers = blocks
            .iter()
            .rev()
            .map(|(offset, payload)| (*offset, payload.len()));
        red::write_headers(payload_type.0, headers, out);
        blocks
            .iter()
            .rev()
            .for_each(|(_, payload)| out.extend_from_slice(payload));
        out.extend_from_slice(own.payload());
        count > 0
    }

    /// Whether a lost packet is sent again under its own number: then it must never differ from the first time,
    /// because an AEAD nonce may not be used for two plaintexts (RFC 7714 section 8.1).
    pub fn repeats_verbatim(&self) -> bool {
        self.rtx_ssrc.is_none() && self.codecs.iter().any(|codec| codec.nack)
    }

    /// Whether packets carry transport-wide numbers: not where one may be repeated byte for byte.
    pub fn is_numbered(&self) -> bool {
        self.extensions.transport_wide_cc != 0 && !self.repeats_verbatim()
    }

    /// Whether packets say when they were sent: not where one may be repeated byte for byte.
    fn is_timed(&self) -> bool {
        self.extensions.abs_send_time != 0 && !self.repeats_verbatim()
    }

    /// The payload types under which this receiver takes a publisher's codec: media, retransmission.
    pub fn payload_types(&self, codec: &Codec) -> Option<(PayloadType, Option<PayloadType>)> {
        let own = self.codecs.iter().find(|own| own.is_same_format(codec))?;
        Some((own.payload_type, own.rtx_payload_type))
    }

    /// The header extensions of an outgoing packet, under this receiver's identifiers.
    pub fn write_extensions(
        &self,
        packet: &StoredPacket,
        rewritten: &Rewritten,
        structure: Option<&Structure>,
        stamp: Stamp,
        block: &mut ExtensionBlock,
    ) {
        let id = self.extensions.dependency_descriptor;
        if id == 0 || packet.descriptor().is_empty() {
            self.begin_extensions(0, stamp, block);
        } else {
            let mut descriptor = [0; MAX_DESCRIPTOR_LEN];
            let len = write_descriptor(packet.descriptor(), rewritten, structure, &mut descriptor);
            self.begin_extensions(len, stamp, block);
            block.push(id, &descriptor[..len]);
        }
        let info = &packet.info;
        if let Some(level) = info.audio_level {
            block.push(self.extensions.audio_level, &[level]);
        }
        if let Some(delay) = info.playout_delay {
            block.push(self.extensions.playout_delay, &delay);
        }
        if let Some(time) = info.capture_time.or(stamp.capture_time) {
            let mut value = [0; capture_time::MAX_LEN];
            let len = time.write(&mut value);
            block.push(self.extensions.abs_capture_time, &value[..len]);
        }
    }

    /// When a packet was captured that does not tell itself, where the receiver has to know: else it would go on with the
    /// time of what this slot carried before. Not where the packet may be repeated byte for byte.
    pub fn missing_capture_time(
        &self,
        packet: &PacketInfo,
        clock: &StreamClock,
        clock_rate: u32,
    ) -> Option<CaptureTime> {
        let is_missing = self.lacks_capture_time && packet.capture_time.is_none() && !self.repeats_verbatim();
        is_missing
            .then(|| clock.captured_at(packet.rtp_timestamp, clock_rate))
            .flatten()
    }

    /// What every packet of this slot carries, before elements of at most `longest` bytes.
    pub fn begin_extensions(&self, longest: usize, stamp: Stamp, block: &mut ExtensionBlock) {
        block.begin(longest);
        if let Some(number) = stamp.wide_number {
            block.push(self.extensions.transport_wide_cc, &number.to_be_bytes());
        }
        if self.is_timed() {
            block.push(self.extensions.abs_send_time, &stamp.send_time());
        }
        block.push(self.extensions.mid, self.mid.as_bytes());
    }
}

/// A descriptor under this slot's frame numbers; returns its length, 0 where it does not fit.
fn write_descriptor(
    value: &[u8],
    rewritten: &Rewritten,
    structure: Option<&Structure>,
    out: &mut [u8],
) -> usize {
    let number = rewritten.frame_number;
    let told = rewritten
        .told_targets
        .and_then(|targets| dependency_descriptor::write_active(value, structure, number, targets, out));
    told.or_else(|| dependency_descriptor::write_number(value, number, out))
        .unwrap_or(0)
}
