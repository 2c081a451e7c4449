//! Which encoding and which layers of a track a slot forwards, packet by packet.
//!
//! A slot keeps what it has until the wanted layer offers a way in: another encoding is entered at its keyframe,
//! other layers of the same encoding as its codec and its descriptors allow. Source: RFC 8853 (simulcast).

mod pictures;
mod targets;
mod temporal;

use self::pictures::PictureSelector;
use self::targets::TargetSelector;
use self::temporal::TemporalSelector;
use crate::history::PacketInfo;
use crate::rtp::dependency_structure::Structure;

/// The highest layer that may be forwarded: the index of the encoding or spatial layer, and the temporal layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

/// The layers of one encoding, by whatever tells them.
#[derive(Clone, Debug)]
enum Layers {
    Temporal(TemporalSelector),
    Pictures(PictureSelector),
    Targets(TargetSelector),
}

/// The choice of one slot.
#[derive(Clone, Debug)]
pub struct LayerSelector {
    target: Option<LayerTarget>,
    /// Whether the spatial number of a target is that of an encoding; else that of a layer within the only one.
    is_simulcast: bool,
    /// The spatial layer that should be forwarded, of those that arrive.
    wanted: Option<u8>,
    /// The encoding that is forwarded, and which of its layers.
    current: Option<u8>,
    layers: Layers,
}

impl Default for LayerSelector {
    fn default() -> Self {
        LayerSelector {
            target: Some(LayerTarget::HIGHEST),
            is_simulcast: true,
            wanted: None,
            current: None,
            layers: Layers::Temporal(TemporalSelector::default()),
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
        let encoding = self.current?;
        let layers = self.layers.current();
        let spatial = if self.is_simulcast {
            encoding
        } else {
            layers.spatial
        };
        Some(LayerTarget { spatial, ..layers })
    }

    /// The encoding that is forwarded now.
    #[must_use]
    pub fn encoding(&self) -> Option<u8> {
        self.current
    }

    /// The encoding whose keyframe is waited for.
    #[must_use]
    pub fn awaited(&self) -> Option<u8> {
        let encoding = self.wanted_encoding()?;
        let is_other = self.current != Some(encoding);
        let is_short = !self.is_simulcast && self.layers.is_scalable() && self.wanted != self.spatial();
        (is_other || is_short).then_some(encoding)
    }

    /// Whether nothing but a keyframe leads to what is wanted. A lower spatial layer may be found without one.
    #[must_use]
    pub fn needs_keyframe(&self) -> bool {
        let descends = !self.is_simulcast && self.wanted < self.spatial();
        self.awaited().is_some() && !descends
    }

    fn spatial(&self) -> Option<u8> {
        self.current().map(|current| current.spatial)
    }

    fn wanted_encoding(&self) -> Option<u8> {
        self.wanted
            .map(|wanted| if self.is_simulcast { wanted } else { 0 })
    }

    /// Whether packets of this encoding may go out: a cheap question for those that may not.
    #[must_use]
    pub fn takes(&self, encoding: u8) -> bool {
        self.current == Some(encoding) || self.may_enter(encoding)
    }

    /// Whether what got lost of an encoding is of use yet: not of one that has been left or makes place for a smaller
    /// one, whose keyframe shows more than what lies before it.
    #[must_use]
    pub fn repairs(&self, encoding: u8) -> bool {
        self.current == Some(encoding) && self.awaited().is_none_or(|awaited| awaited >= encoding)
    }

    /// Whether the keyframe of an encoding is a way in: of the wanted one, and while there is no picture at all of
    /// lesser ones, whose keyframes are there sooner as they are smaller.
    fn may_enter(&self, encoding: u8) -> bool {
        self.wanted_encoding().is_some_and(|wanted| {
            encoding == wanted || (self.is_simulcast && self.current.is_none() && encoding < wanted)
        })
    }

    /// Forget what is forwarded: it begins again with a keyframe.
    pub fn forget(&mut self) {
        self.current = None;
    }

    /// Begin with another track, of several encodings or of one.
    pub fn enter_track(&mut self, is_simulcast: bool) {
        self.forget();
        self.wanted = None;
        self.is_simulcast = is_simulcast;
    }

    /// Choose among the spatial layers that arrive, bit n for layer n: the best allowed, else the least above. While
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

    /// Decide on a packet that arrived in order in `encoding`, whose stream has this structure.
    pub fn select(&mut self, encoding: u8, packet: &PacketInfo, structure: Option<&Structure>) -> Selection {
        let Some(target) = self.target else {
            return Selection::Ignore;
        };
        let limit = if self.is_simulcast {
            LayerTarget {
                spatial: u8::MAX,
                ..target
            }
        } else {
            LayerTarget {
                spatial: self.wanted.unwrap_or(target.spatial),
                ..target
            }
        };
        if self.current == Some(encoding) {
            return if self.layers.select(packet, limit, structure) {
                Selection::Forward
            } else {
                Selection::Skip
            };
        }
        if !self.may_enter(encoding) || !packet.starts_keyframe || packet.comes_late {
            return Selection::Ignore;
        }
        self.current = Some(encoding);
        self.layers = Layers::begin(packet, limit, structure);
        Selection::Switch
    }

    /// Whether a packet that goes out is the last of its picture here, though others followed it at the publisher.
    #[must_use]
    pub fn ends_picture(&self, packet: &PacketInfo) -> bool {
        match &self.layers {
            Layers::Temporal(_) => false,
            Layers::Pictures(pictures) => pictures.ends_picture(packet),
            Layers::Targets(targets) => packet
                .dependency
                .is_some_and(|frame| targets.ends_picture(&frame)),
        }
    }

    /// The decode targets that go on from a packet that goes out, where the receiver must be told.
    #[must_use]
    pub fn told_targets(&self, packet: &PacketInfo, structure: Option<&Structure>) -> Option<u32> {
        match (&self.layers, &packet.dependency, structure) {
            (Layers::Targets(targets), Some(frame), Some(structure)) => {
                targets.told_targets(frame, structure)
            }
            _ => None,
        }
    }
}

impl Layers {
    fn begin(packet: &PacketInfo, limit: LayerTarget, structure: Option<&Structure>) -> Self {
        match (&packet.dependency, structure, &packet.vp9) {
            (Some(frame), Some(structure), _) => {
                Layers::Targets(TargetSelector::begin(frame, limit, structure))
            }
            (_, _, Some(_)) => Layers::Pictures(PictureSelector::begin(packet, limit)),
            _ => Layers::Temporal(TemporalSelector::begin(packet)),
        }
    }

    fn current(&self) -> LayerTarget {
        match self {
            Layers::Temporal(temporal) => LayerTarget {
                spatial: 0,
                temporal: temporal.temporal(),
            },
            Layers::Pictures(pictures) => pictures.current(),
            Layers::Targets(targets) => targets.current(),
        }
    }

    fn is_scalable(&self) -> bool {
        !matches!(self, Layers::Temporal(_))
    }

    fn select(&mut self, packet: &PacketInfo, limit: LayerTarget, structure: Option<&Structure>) -> bool {
        match (&mut *self, &packet.dependency, structure) {
            (Layers::Targets(targets), Some(frame), Some(structure)) => {
                targets.select(frame, limit, structure)
            }
            // Another codec begins under the same SSRC, or padding comes, which belongs to everything.
            (Layers::Targets(_), None, _) | (_, Some(_), Some(_)) if packet.starts_keyframe => {
                *self = Layers::begin(packet, limit, structure);
                true
            }
            (Layers::Targets(_), _, _) => true,
            (Layers::Temporal(_), None, _) if packet.starts_keyframe && packet.vp9.is_some() => {
                *self = Layers::begin(packet, limit, structure);
                true
            }
            (Layers::Pictures(_), None, _) if packet.starts_keyframe && packet.vp9.is_none() => {
                *self = Layers::begin(packet, limit, structure);
                true
            }
            (Layers::Pictures(pictures), _, _) => pictures.select(packet, limit),
            (Layers::Temporal(temporal), _, _) => temporal.select(packet, limit),
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

    fn select(selector: &mut LayerSelector, encoding: u8, packet: &PacketInfo) -> Selection {
        selector.select(encoding, packet, None)
    }

    fn target(spatial: u8, temporal: u8) -> Option<LayerTarget> {
        Some(LayerTarget { spatial, temporal })
    }

    #[test]
    fn what_got_lost_is_of_use_in_the_encoding_that_is_seen_and_goes_on_to_be() {
        let mut selector = LayerSelector::default();
        selector.choose(0b111);
        select(&mut selector, 2, &keyframe(1));
        assert!(selector.repairs(2));
        selector.set_target(target(0, 9));
        selector.choose(0b111);
        assert!(!selector.repairs(2), "a smaller one is waited for");
        select(&mut selector, 0, &keyframe(2));
        assert!(selector.repairs(0) && !selector.repairs(2));
        selector.set_target(target(1, 9));
        selector.choose(0b111);
        assert!(selector.repairs(0), "it is seen until a larger one is there");
        selector.set_target(None);
        assert!(!selector.repairs(0));
    }

    #[test]
    fn begins_with_the_first_keyframe_and_goes_up_with_that_of_the_best_encoding() {
        let mut selector = LayerSelector::default();
        selector.choose(0b011);
        assert_eq!(selector.awaited(), Some(1));
        assert_eq!(select(&mut selector, 0, &frame(1, 0, false)), Selection::Ignore);
        assert_eq!(select(&mut selector, 0, &keyframe(2)), Selection::Switch);
        assert_eq!(selector.awaited(), Some(1));
        assert_eq!(select(&mut selector, 1, &frame(2, 0, false)), Selection::Ignore);
        assert_eq!(select(&mut selector, 1, &keyframe(3)), Selection::Switch);
        assert_eq!(select(&mut selector, 0, &keyframe(3)), Selection::Ignore);
        assert_eq!(select(&mut selector, 1, &frame(4, 0, false)), Selection::Forward);
        assert_eq!(selector.awaited(), None);
    }

    #[test]
    fn does_not_begin_with_more_than_is_wanted() {
        let mut selector = LayerSelector::default();
        selector.set_target(target(0, 9));
        selector.choose(0b111);
        assert_eq!(select(&mut selector, 1, &keyframe(1)), Selection::Ignore);
        assert_eq!(select(&mut selector, 0, &keyframe(1)), Selection::Switch);
    }

    #[test]
    fn the_old_encoding_goes_on_until_the_new_one_has_a_keyframe() {
        let mut selector = LayerSelector::default();
        selector.choose(0b100);
        select(&mut selector, 2, &keyframe(1));
        selector.set_target(target(0, 9));
        selector.choose(0b101);
        assert_eq!(select(&mut selector, 2, &frame(2, 0, false)), Selection::Forward);
        assert_eq!(select(&mut selector, 0, &frame(2, 0, false)), Selection::Ignore);
        assert_eq!(select(&mut selector, 0, &keyframe(3)), Selection::Switch);
        assert_eq!(select(&mut selector, 2, &frame(3, 0, false)), Selection::Ignore);
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
        selector.enter_track(true);
        assert_eq!(selector.awaited(), None);
    }

    #[test]
    fn a_paused_slot_forwards_nothing_and_comes_back_with_a_keyframe() {
        let mut selector = LayerSelector::default();
        selector.choose(1);
        select(&mut selector, 0, &keyframe(1));
        selector.set_target(None);
        selector.choose(1);
        assert_eq!(select(&mut selector, 0, &keyframe(2)), Selection::Ignore);
        assert!(!selector.takes(0));
        selector.set_target(target(0, 0));
        selector.choose(1);
        assert_eq!(select(&mut selector, 0, &frame(3, 0, false)), Selection::Ignore);
        assert_eq!(select(&mut selector, 0, &keyframe(4)), Selection::Switch);
    }

    #[test]
    fn a_higher_temporal_layer_is_entered_where_it_depends_on_lower_ones_alone() {
        let mut selector = LayerSelector::default();
        selector.choose(1);
        select(&mut selector, 0, &keyframe(1));
        assert_eq!(select(&mut selector, 0, &frame(2, 2, true)), Selection::Skip);
        assert_eq!(select(&mut selector, 0, &frame(3, 1, false)), Selection::Skip);
        assert_eq!(select(&mut selector, 0, &frame(4, 1, true)), Selection::Forward);
        assert_eq!(select(&mut selector, 0, &frame(5, 2, true)), Selection::Forward);
        selector.set_target(target(0, 0));
        // The frame that has begun is finished.
        assert_eq!(select(&mut selector, 0, &frame(5, 2, true)), Selection::Forward);
        assert_eq!(select(&mut selector, 0, &frame(6, 1, true)), Selection::Skip);
        assert_eq!(select(&mut selector, 0, &frame(7, 0, false)), Selection::Forward);
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
                let first = select(&mut selector, encoding, &packet);
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
                prop_assert_eq!(select(&mut selector, encoding, &packet), expected);
            }
        }
    }
}
