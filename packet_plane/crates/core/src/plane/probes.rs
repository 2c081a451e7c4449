//! Padding by which senders ask what their path carries before they have media (libwebrtc, str0m).
//!
//! It comes under an SSRC of its own, with the MID and a payload type of some m-line: it is acknowledged as anything
//! that arrives, and belongs to no stream. Source: draft-holmer-rmcat-transport-wide-cc-extensions-01, which counts
//! packets of a transport, whatever they carry.

use super::Plane;
use super::ingress::note_transport_wide;
use crate::drop_reason::DropReason;
use crate::quantities::{Instant, Ssrc};
use crate::rtp::header::RtpHeader;

const PROBE: Ssrc = Ssrc(0);

pub(super) fn is_probe(header: &RtpHeader) -> bool {
    header.ssrc == PROBE
}

impl Plane {
    /// Note the arrival of an authentic probe, which then has done its work.
    pub(super) fn handle_probe(
        &mut self,
        now: Instant,
        index: usize,
        header: &RtpHeader,
        packet: &[u8],
    ) -> Result<(), DropReason> {
        let (_, track) = self
            .find_track(index, header, packet)
            .ok_or(DropReason::UnknownStream)?;
        let id = track.extensions.transport_wide_cc;
        let transport = self.transports.get_mut(index).ok_or(DropReason::Stranger)?;
        let receiver = &transport.srtp.as_ref().ok_or(DropReason::NoKeys)?.receiver;
        receiver.unprotect_rtp(
            transport.parked.entry(PROBE).or_default(),
            header.ssrc,
            header.sequence_number,
            header.header_len,
            packet,
            &mut self.scratch.packet,
        )?;
        note_transport_wide(now, transport, id, header, packet);
        Err(DropReason::Padding)
    }
}
