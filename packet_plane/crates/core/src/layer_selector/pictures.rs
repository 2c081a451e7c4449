//! Layers of VP9 by its payload descriptor.
//!
//! A higher spatial layer is entered, one at a time, at a frame of it that no earlier picture is needed for; a lower
//! one where all of its frames have gone out. Higher temporal layers are entered behind a keyframe, and behind a picture
//! that says that no later one above it needs an earlier one above it. Of the spatial layers below the highest, frames go
//! out only while something
//! above is predicted from them (K-SVC sends them for nothing). Source: RFC 9628 sections 4.2 and 4.3.

use super::LayerTarget;
use crate::history::PacketInfo;
use crate::rtp::vp9::Vp9Descriptor;

#[derive(Clone, Debug, Default)]
pub(super) struct PictureSelector {
    /// Highest layers that are forwarded now.
    spatial: u8,
    temporal: u8,
    /// The highest temporal layer that may be.
    max_temporal: u8,
    /// Whether the picture that is going out leads to all temporal layers above.
    leads_up: bool,
    /// The spatial layer whose end is the end of the picture.
    top: u8,
    /// Bit n is set while no frame of spatial layer n is missing since it was entered.
    intact: u8,
    /// Clock ticks of the picture that the last packet belonged to.
    picture: u32,
}

impl PictureSelector {
    /// Begin with the first packet of a keyframe; its upper layers are entered as they come.
    pub fn begin(packet: &PacketInfo, limit: LayerTarget) -> Self {
        PictureSelector {
            spatial: 0,
            temporal: 0,
            max_temporal: limit.temporal,
            leads_up: true,
            top: limit.spatial,
            intact: 1,
            picture: packet.rtp_timestamp,
        }
    }

    pub fn current(&self) -> LayerTarget {
        LayerTarget {
            spatial: self.spatial,
            temporal: self.temporal,
        }
    }

    /// Whether a packet goes on.
    pub fn select(&mut self, packet: &PacketInfo, limit: LayerTarget) -> bool {
        // Padding has no descriptor and belongs to everything.
        let Some(vp9) = packet.vp9 else {
            return true;
        };
        let bit = 1u8 << vp9.spatial;
        if self.picture != packet.rtp_timestamp {
            self.begin_picture(packet, limit);
        }
        if vp9.starts_keyframe() {
            (self.spatial, self.top, self.intact) = (0, limit.spatial, 1);
            (self.max_temporal, self.leads_up) = (limit.temporal, true);
        } else if self.can_climb(&vp9, limit) {
            self.spatial = vp9.spatial;
            self.intact |= bit;
        }
        if vp9.temporal > self.max_temporal {
            return false;
        }
        self.leads_up |= vp9.is_switching_up;
        let is_unused = vp9.spatial < self.spatial && vp9.spatial < self.top && vp9.is_unused_above;
        let goes_on = vp9.spatial <= self.spatial && !is_unused;
        if goes_on {
            self.temporal = self.temporal.max(vp9.temporal);
        } else {
            self.intact &= !bit;
        }
        goes_on
    }

    fn begin_picture(&mut self, packet: &PacketInfo, limit: LayerTarget) {
        self.picture = packet.rtp_timestamp;
        if limit.spatial < self.spatial && self.intact >> limit.spatial & 1 == 1 {
            self.spatial = limit.spatial;
        }
        self.top = self.spatial;
        let may_rise = std::mem::take(&mut self.leads_up);
        // In the flexible mode libwebrtc marks what is drawn upon lower temporal layers alone, and nothing that leads up.
        let is_entry = packet.vp9.is_some_and(|vp9| {
            vp9.is_flexible && vp9.is_switching_up && vp9.temporal == self.max_temporal + 1
        });
        if is_entry && self.max_temporal < limit.temporal {
            self.max_temporal += 1;
        }
        if may_rise || limit.temporal < self.max_temporal {
            self.max_temporal = limit.temporal;
            self.temporal = self.temporal.min(limit.temporal);
        }
    }

    /// Whether a spatial layer can be entered: from the one below in the same picture, without earlier pictures.
    fn can_climb(&self, vp9: &Vp9Descriptor, limit: LayerTarget) -> bool {
        let is_next = vp9.spatial == self.spatial + 1 && vp9.spatial <= limit.spatial;
        let is_here = self.intact >> self.spatial & 1 == 1;
        is_next && is_here && vp9.starts_frame && !vp9.is_inter_picture && vp9.temporal <= self.max_temporal
    }

    /// Whether the picture ends with this packet, because what follows in it is left out.
    pub fn ends_picture(&self, packet: &PacketInfo) -> bool {
        packet
            .vp9
            .is_some_and(|vp9| vp9.ends_frame && vp9.spatial == self.top)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a descriptor says of one layer's frame, in one packet.
    #[derive(Clone, Copy, Debug)]
    struct Frame {
        picture: u32,
        spatial: u8,
        temporal: u8,
        is_key: bool,
        is_inter_layer: bool,
        is_switching_up: bool,
        is_unused_above: bool,
    }

    fn packet(frame: Frame) -> PacketInfo {
        let first = 0b1010_1100 | u8::from(!frame.is_key) << 6 | u8::from(frame.is_unused_above);
        let layer = frame.temporal << 5
            | u8::from(frame.is_switching_up) << 4
            | frame.spatial << 1
            | u8::from(frame.is_inter_layer);
        let vp9 = Vp9Descriptor::parse(&[first, frame.picture as u8 & 0x7f, layer, 0, 0]);
        PacketInfo {
            rtp_timestamp: frame.picture,
            temporal: frame.temporal,
            starts_keyframe: vp9.is_some_and(|vp9| vp9.starts_keyframe()),
            vp9,
            ..PacketInfo::default()
        }
    }

    fn limit(spatial: u8, temporal: u8) -> LayerTarget {
        LayerTarget { spatial, temporal }
    }

    /// The three layers of one picture; temporal layers alternate after keyframes.
    fn picture(number: u32, is_key: bool, is_key_svc: bool) -> impl Iterator<Item = Frame> {
        (0..3).map(move |spatial| Frame {
            picture: number,
            spatial,
            temporal: if is_key { 0 } else { (number % 2) as u8 },
            is_key,
            is_inter_layer: spatial > 0 && (is_key || !is_key_svc),
            is_switching_up: true,
            is_unused_above: spatial == 2 || (is_key_svc && !is_key),
        })
    }

    #[test]
    fn of_an_encoder_that_marks_entries_alone_higher_frame_rates_are_entered_one_after_the_other() {
        let send = |number: u32| {
            let temporal = [0, 2, 1, 2][number as usize % 4];
            let layer = temporal << 5 | u8::from(temporal > 0) << 4;
            let first = 0b1011_1100 | u8::from(number > 0) << 6;
            PacketInfo {
                rtp_timestamp: number,
                vp9: Vp9Descriptor::parse(&[first, number as u8, layer, 0x02, 0]),
                ..PacketInfo::default()
            }
        };
        let mut selector = PictureSelector::begin(&send(0), limit(0, 0));
        let mut goes = |from: u32, to: u32, temporal| -> Vec<u32> {
            (from..to)
                .filter(|number| selector.select(&send(*number), limit(0, temporal)))
                .collect()
        };
        assert_eq!(goes(0, 9, 0), [0, 4, 8]);
        assert_eq!(goes(9, 17, 2), [10, 11, 12, 13, 14, 15, 16]);
        assert_eq!(goes(17, 25, 0), [20, 24]);
    }

    #[test]
    fn layers_are_entered_at_a_keyframe_and_left_at_any_picture() {
        let key: Vec<_> = picture(0, true, false).map(packet).collect();
        let mut selector = PictureSelector::begin(&key[0], limit(2, 1));
        let goes: Vec<_> = key.iter().map(|one| selector.select(one, limit(2, 1))).collect();
        assert_eq!((goes, selector.current().spatial), (vec![true; 3], 2));
        let mut send = |number, is_key, top| -> Vec<bool> {
            let packets = picture(number, is_key, false).map(packet);
            packets.map(|one| selector.select(&one, limit(top, 1))).collect()
        };
        assert_eq!(send(2, false, 0), [true, false, false]);
        assert_eq!(send(4, false, 2), [true, false, false]);
        assert_eq!(send(6, true, 1), [true, true, false]);
    }

    #[test]
    fn k_svc_sends_the_highest_layer_alone_and_descends_at_a_keyframe() {
        let key: Vec<_> = picture(0, true, true).map(packet).collect();
        let mut selector = PictureSelector::begin(&key[0], limit(2, 1));
        assert!(key.iter().all(|one| selector.select(one, limit(2, 1))));
        let mut send = |number, is_key, top| -> Vec<bool> {
            let packets = picture(number, is_key, true).map(packet);
            packets.map(|one| selector.select(&one, limit(top, 1))).collect()
        };
        assert_eq!(send(2, false, 2), [false, false, true]);
        assert_eq!(send(4, false, 0), [false, false, true]);
        assert_eq!(send(6, true, 0), [true, false, false]);
        assert_eq!(send(8, false, 0), [true, false, false]);
    }

    #[test]
    fn the_end_of_the_chosen_layer_ends_the_picture() {
        let key: Vec<_> = picture(0, true, false).map(packet).collect();
        let mut selector = PictureSelector::begin(&key[0], limit(1, 1));
        let ends: Vec<_> = key
            .iter()
            .map(|one| selector.select(one, limit(1, 1)) && selector.ends_picture(one))
            .collect();
        assert_eq!(ends, [false, true, false]);
    }

    proptest! {
        /// Whatever is wanted when, every frame that goes out finds what it is predicted from.
        #[test]
        fn what_goes_out_can_be_decoded(
            is_key_svc in any::<bool>(),
            steps in proptest::collection::vec((0u8..3, 0u8..2, 0u8..10), 1..80),
        ) {
            let first = packet(picture(0, true, is_key_svc).next().expect("three"));
            let mut selector = PictureSelector::begin(&first, limit(2, 1));
            // The last picture in which a layer's frame went out, for each temporal layer's base.
            let mut decoded = [None::<u32>; 3];
            for (number, (spatial, temporal, key)) in (0..).zip(steps) {
                let is_key = number == 0 || key == 0;
                let mut below = false;
                for frame in picture(number, is_key, is_key_svc) {
                    let goes = selector.select(&packet(frame), limit(spatial, temporal));
                    let layer = usize::from(frame.spatial);
                    if goes {
                        prop_assert!(!frame.is_inter_layer || below, "the layer below is there");
                        if !is_key {
                            // Base frames follow base frames; frames between follow the base before them.
                            let last_base = (0..number).rev().find(|one| one % 2 == 0 || decoded[layer] == Some(*one));
                            prop_assert_eq!(decoded[layer].is_some(), last_base.is_some());
                        }
                        if frame.temporal == 0 {
                            decoded[layer] = Some(number);
                        }
                    } else if frame.temporal == 0 {
                        decoded[layer] = None;
                    }
                    below = goes;
                }
            }
        }
    }
}
