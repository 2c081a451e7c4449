//! Temporal layers of an encoding that has one spatial layer.
//!
//! A higher layer is entered at a frame that depends on lower layers alone, a lower one at the next frame. Source:
//! RFC 7741 section 4.2 (TID, Y), RFC 7798 section 1.1.4 (TSA and STSA pictures).

use super::LayerTarget;
use crate::history::PacketInfo;

#[derive(Clone, Debug, Default)]
pub(super) struct TemporalSelector {
    /// Highest layer that is forwarded now.
    temporal: u8,
    /// Clock ticks of the frame that the last packet belonged to.
    frame: Option<u32>,
}

impl TemporalSelector {
    /// A keyframe is in the lowest layer; what follows it climbs at its switching points.
    pub fn begin(packet: &PacketInfo) -> Self {
        TemporalSelector {
            temporal: 0,
            frame: Some(packet.rtp_timestamp),
        }
    }

    pub fn temporal(&self) -> u8 {
        self.temporal
    }

    /// Whether a packet goes on.
    pub fn select(&mut self, packet: &PacketInfo, limit: LayerTarget) -> bool {
        if self.frame != Some(packet.rtp_timestamp) {
            self.frame = Some(packet.rtp_timestamp);
            self.temporal = self.temporal.min(limit.temporal);
            let climbs = packet.temporal <= limit.temporal && packet.temporal == self.temporal + 1;
            if climbs && packet.is_temporal_switch {
                self.temporal = packet.temporal;
            }
        }
        packet.temporal <= self.temporal
    }
}
