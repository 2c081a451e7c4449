//! Streams that their sender says it has ended: what silence tells in time is known at once.
//!
//! What the goodbye has overtaken is dropped: numbers up to the highest that had come, as far back as the replay window
//! reaches. A stream that comes again with a newer one goes on as one that was silent.

use super::Plane;
use crate::codec::MediaKind;
use crate::drop_reason::DropReason;
use crate::quantities::{Instant, Ssrc};
use crate::rtcp::{RtcpPacket, goodbye};

impl Plane {
    /// End the streams of this client that a goodbye names.
    pub(super) fn handle_goodbye(
        &mut self,
        now: Instant,
        index: usize,
        packet: &RtcpPacket<'_>,
    ) -> Result<(), DropReason> {
        goodbye::parse(packet)?.for_each(|ssrc| self.end_stream(now, index, Ssrc(ssrc)));
        Ok(())
    }

    fn end_stream(&mut self, now: Instant, index: usize, ssrc: Ssrc) {
        let Some(route) = self.route_of(index, ssrc).filter(|route| !route.is_rtx) else {
            return;
        };
        let (Some(transport), Some(track)) = (self.transports.get(index), self.tracks.get_mut(route.track))
        else {
            return;
        };
        if !track.end_stream(now, route.encoding, ssrc) {
            return;
        }
        let (meeting, id) = (transport.meeting, track.id);
        match track.kind {
            MediaKind::Audio => self.change_audio(now, meeting, |loudest| loudest.fall_silent(id)),
            MediaKind::Video => self.choose_layers(now, route.track),
        }
    }
}
