//! Which encoding and which temporal layer of a track a slot forwards, packet by packet.
//!
//! A slot keeps what it has until the wanted layer offers a way in: another encoding is entered at its keyframe,
//! a higher temporal layer at a frame that depends on lower layers alone, a lower one at the next frame.
//! Source: RFC 8853 (simulcast), RFC 7741 section 4.2 (TID, Y).

use crate::history::PacketInfo;

/// The highest layer that may be forwarded: the index of the encoding or spatial layer, and the temporal layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerTarget {
    pub spatial: u8,
    pub temporal: u8,
}

impl LayerTarget {
    /// Everything the publisher sends.
    pub const HIGHEST: LayerTarget = LayerTarget {
        spatial: u8::MAX,
        temporal: u8::MAX,
    };
}

/// What becomes of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// It goes on as the next of what the slot carries.
    Forward,
    /// It is the first of another encoding.
    Switch,
    /// It belongs to what the slot carries, above the temporal layer: the numbers close over it.
    Skip,
    /// It belongs to what the slot does not carry.
    Ignore,
}

/// The choice of one slot.
#[derive(Clone, Debug)]
pub struct LayerSelector {
    target: Option<LayerTarget>,
    /// The encoding that should be forwarded, of those that arrive.
    wanted: Option<u8>,
    current: Option<u8>,
    /// Highest temporal layer that is forwarded now.
    temporal: u8,
    /// Clock ticks of the frame that the last packet belonged to.
    frame: Option<u32>,
}

impl Default for LayerSelector {
    fn default() -> Self {
        LayerSelector {
            target: Some(LayerTarget::HIGHEST),
            wanted: None,
            current: None,
            temporal: 0,
            frame: None,
        }
    }
}

impl LayerSelector {
    /// Set the highest layer allowed, `None` to pause.
    pub fn set_target(&mut self, target: Option<LayerTarget>) {
        self.target = target;
        if target.is_none() {
            self.forget();
        }
    }

    #[must_use]
    pub fn target(&self) -> Option<LayerTarget> {
        self.target
    }

    /// What is forwarded now; `None` before the first keyframe and while paused.
    #[must_use]
    pub fn current(&self) -> Option<LayerTarget> {
        let spatial = self.current?;
        let temporal = self.temporal;
        Some(LayerTarget { spatial, temporal })
    }

    /// The encoding whose keyframe is waited for.
    #[must_use]
    pub fn awaited(&self) -> Option<u8> {
        self.wanted.filter(|wanted| self.current != Some(*wanted))
    }

    /// Whether packets of this encoding may go out: a cheap question for those that may not.
    #[must_use]
    pub fn takes(&self, encoding: u8) -> bool {
        self.current == Some(encoding) || self.wanted == Some(encoding)
    }

    /// Forget what is forwarded: it begins again with a keyframe.
    pub fn forget(&mut self) {
        self.current = None;
        self.frame = None;
    }

    /// Begin with another track.
    pub fn leave_track(&mut self) {
        self.forget();
        self.wanted = None;
    }

    /// Choose among the encodings that arrive, bit n for encoding n: the best allowed, else the least above. While
    /// nothing arrives the choice stands.
    pub fn choose(&mut self, arriving: u8) {
        if arriving == 0 && self.target.is_some() {
            return;
        }
        self.wanted = self.target.map(|target| {
            let allowed = 0xff_u8
                .checked_shr(7u32.saturating_sub(target.spatial.into()))
                .unwrap_or(0);
            match arriving & allowed {
                0 => arriving.trailing_zeros() as u8,
                within => 7 - within.leading_zeros() as u8,
            }
        });
    }

    /// Decide on a packet that arrived in order in `encoding`.
    pub fn select(&mut self, encoding: u8, packet: &PacketInfo) -> Selection {
        let Some(target) = self.target else {
            return Selection::Ignore;
        };
        if self.current == Some(encoding) {
            return self.select_temporal(target, packet);
        }
        if self.wanted != Some(encoding) || !packet.starts_keyframe {
            return Selection::Ignore;
        }
        self.current = Some(encoding);
        // A keyframe is in the lowest temporal layer; what follows it climbs at its switching points.
        self.temporal = 0;
        self.frame = Some(packet.rtp_timestamp);
        Selection::Switch
    }

    fn select_temporal(&mut self, target: LayerTarget, packet: &PacketInfo) -> Selection {
        if self.frame != Some(packet.rtp_timestamp) {
            self.frame = Some(packet.rtp_timestamp);
            self.temporal = self.temporal.min(target.temporal);
            let climbs = packet.temporal <= target.temporal && packet.temporal == self.temporal + 1;
            if climbs && packet.is_temporal_switch {
                self.temporal = packet.temporal;
            }
        }
        if packet.temporal <= self.temporal {
            Selection::Forward
        } else {
            Selection::Skip
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keyframe(rtp_timestamp: u32) -> PacketInfo {
        PacketInfo {
            starts_keyframe: true,
            rtp_timestamp,
            ..PacketInfo::default()
        }
    }

    fn frame(rtp_timestamp: u32, temporal: u8, is_temporal_switch: bool) -> PacketInfo {
        PacketInfo {
            rtp_timestamp,
            temporal,
            is_temporal_switch,
            ..PacketInfo::default()
        }
    }

    fn target(spatial: u8, temporal: u8) -> Option<LayerTarget> {
        Some(LayerTarget { spatial, temporal })
    }

    #[test]
    fn begins_with_a_keyframe_of_the_best_encoding_that_arrives() {
        let mut selector = LayerSelector::default();
        selector.choose(0b011);
        assert_eq!(selector.awaited(), Some(1));
        assert_eq!(selector.select(0, &keyframe(1)), Selection::Ignore);
        assert_eq!(selector.select(1, &frame(1, 0, false)), Selection::Ignore);
        assert_eq!(selector.select(1, &keyframe(2)), Selection::Switch);
        assert_eq!(selector.select(1, &frame(3, 0, false)), Selection::Forward);
        assert_eq!(selector.awaited(), None);
    }

    #[test]
    fn the_old_encoding_goes_on_until_the_new_one_has_a_keyframe() {
        let mut selector = LayerSelector::default();
        selector.choose(0b100);
        selector.select(2, &keyframe(1));
        selector.set_target(target(0, 9));
        selector.choose(0b101);
        assert_eq!(selector.select(2, &frame(2, 0, false)), Selection::Forward);
        assert_eq!(selector.select(0, &frame(2, 0, false)), Selection::Ignore);
        assert_eq!(selector.select(0, &keyframe(3)), Selection::Switch);
        assert_eq!(selector.select(2, &frame(3, 0, false)), Selection::Ignore);
    }

    #[test]
    fn takes_the_least_above_when_nothing_that_is_allowed_arrives() {
        let mut selector = LayerSelector::default();
        selector.set_target(target(0, 0));
        selector.choose(0b110);
        assert_eq!(selector.awaited(), Some(1));
        selector.choose(0b111);
        assert_eq!(selector.awaited(), Some(0));
        selector.choose(0);
        assert_eq!(selector.awaited(), Some(0));
        selector.leave_track();
        assert_eq!(selector.awaited(), None);
    }

    #[test]
    fn a_paused_slot_forwards_nothing_and_comes_back_with_a_keyframe() {
        let mut selector = LayerSelector::default();
        selector.choose(1);
        selector.select(0, &keyframe(1));
        selector.set_target(None);
        selector.choose(1);
        assert_eq!(selector.select(0, &keyframe(2)), Selection::Ignore);
        assert!(!selector.takes(0));
        selector.set_target(target(0, 0));
        selector.choose(1);
        assert_eq!(selector.select(0, &frame(3, 0, false)), Selection::Ignore);
        assert_eq!(selector.select(0, &keyframe(4)), Selection::Switch);
    }

    #[test]
    fn a_higher_temporal_layer_is_entered_where_it_depends_on_lower_ones_alone() {
        let mut selector = LayerSelector::default();
        selector.choose(1);
        selector.select(0, &keyframe(1));
        assert_eq!(selector.select(0, &frame(2, 2, true)), Selection::Skip);
        assert_eq!(selector.select(0, &frame(3, 1, false)), Selection::Skip);
        assert_eq!(selector.select(0, &frame(4, 1, true)), Selection::Forward);
        assert_eq!(selector.select(0, &frame(5, 2, true)), Selection::Forward);
        selector.set_target(target(0, 0));
        // The frame that has begun is finished.
        assert_eq!(selector.select(0, &frame(5, 2, true)), Selection::Forward);
        assert_eq!(selector.select(0, &frame(6, 1, true)), Selection::Skip);
        assert_eq!(selector.select(0, &frame(7, 0, false)), Selection::Forward);
    }

    proptest! {
        /// Whatever arrives: an encoding is entered at its keyframe only, and of one frame all or nothing goes out.
        #[test]
        fn frames_are_whole_and_encodings_begin_with_keyframes(
            steps in proptest::collection::vec((0u8..3, 0u8..3, any::<bool>(), 0u8..4, 0u8..8), 1..200),
        ) {
            let mut selector = LayerSelector::default();
            let mut carried = None;
            for (number, (encoding, temporal, switch, top, arriving)) in steps.into_iter().enumerate() {
                selector.set_target((top < 3).then_some(LayerTarget { spatial: top, temporal: top }));
                selector.choose(arriving);
                if top == 3 {
                    carried = None;
                }
                let mut packet = frame(number as u32, temporal, switch);
                packet.starts_keyframe = switch && temporal == 0;
                let first = selector.select(encoding, &packet);
                match first {
                    Selection::Switch => {
                        prop_assert!(packet.starts_keyframe);
                        carried = Some(encoding);
                    }
                    Selection::Forward | Selection::Skip => prop_assert_eq!(carried, Some(encoding)),
                    Selection::Ignore => prop_assert_ne!(carried, Some(encoding)),
                }
                packet.starts_keyframe = false;
                let expected = if first == Selection::Switch { Selection::Forward } else { first };
                prop_assert_eq!(selector.select(encoding, &packet), expected);
            }
        }
    }
}
