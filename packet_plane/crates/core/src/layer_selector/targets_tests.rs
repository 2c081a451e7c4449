use super::*;
use crate::rtp::dependency_descriptor::Descriptor;
use crate::rtp::dependency_descriptor::tests::{Frame, frame, write};
use proptest::prelude::*;

/// A structure as an encoder announces it, and its frames over time.
struct Encoder {
    structure: Structure,
    key: Vec<u8>,
    templates: Vec<Frame>,
    /// Templates of each picture, first of the keyframe, then of those that follow in turn.
    pictures: Vec<Vec<u8>>,
    number: u16,
}

const HIGHEST: LayerTarget = LayerTarget::HIGHEST;

fn limit(spatial: u8, temporal: u8) -> LayerTarget {
    LayerTarget { spatial, temporal }
}

impl Encoder {
    fn new(templates: Vec<Frame>, pictures: &[&[u8]]) -> Self {
        let key = write(60 + pictures[0][0], 0, Some(&templates), None, None);
        let structure = Descriptor::parse(&key, None).expect("parses").structure;
        Encoder {
            structure: structure.expect("comes with it"),
            key,
            templates,
            pictures: pictures.iter().map(|picture| picture.to_vec()).collect(),
            // Near the wrap.
            number: 65_500,
        }
    }

    /// One temporal layer over the other: every fourth frame is the base.
    fn l1t3() -> Self {
        let templates = vec![
            frame(0, 0, "SSS", &[]),
            frame(0, 0, "SSS", &[4]),
            frame(0, 1, "-DS", &[2]),
            frame(0, 2, "--D", &[1]),
        ];
        Encoder::new(templates, &[&[0], &[3], &[2], &[3], &[1]])
    }

    /// Three spatial layers, each predicted from the one below in every picture.
    fn l3t1() -> Self {
        let templates = vec![
            frame(0, 0, "SRR", &[3]),
            frame(0, 0, "SSS", &[]),
            frame(1, 0, "-SR", &[3, 1]),
            frame(1, 0, "-SS", &[1]),
            frame(2, 0, "--S", &[3, 1]),
            frame(2, 0, "--S", &[1]),
        ];
        Encoder::new(templates, &[&[1, 3, 5], &[0, 2, 4]])
    }

    /// The same where layers are predicted from one another at keyframes alone.
    fn l3t1_key() -> Self {
        let templates = vec![
            frame(0, 0, "S--", &[3]),
            frame(0, 0, "SSS", &[]),
            frame(1, 0, "-S-", &[3]),
            frame(1, 0, "-SS", &[1]),
            frame(2, 0, "--S", &[3]),
            frame(2, 0, "--S", &[1]),
        ];
        Encoder::new(templates, &[&[1, 3, 5], &[0, 2, 4]])
    }

    /// The frames of a picture: the keyframe's, or those of the picture `position` places after it.
    fn picture(&mut self, position: usize) -> Vec<FrameDependency> {
        let turns = self.pictures.len() - 1;
        let picture = if position == 0 {
            0
        } else {
            1 + (position - 1) % turns
        };
        let mut frames = Vec::new();
        for (index, template) in self.pictures[picture].clone().into_iter().enumerate() {
            let value = if position == 0 && index == 0 {
                let mut key = self.key.clone();
                key[1..3].copy_from_slice(&self.number.to_be_bytes());
                key
            } else {
                let [high, low] = self.number.to_be_bytes();
                vec![0xc0 | ((60 + template) % 64), high, low]
            };
            frames.push(
                Descriptor::parse(&value, Some(&self.structure))
                    .expect("parses")
                    .frame,
            );
            self.number = self.number.wrapping_add(1);
        }
        frames
    }

    fn send(&mut self, selector: &mut TargetSelector, position: usize, limit: LayerTarget) -> Vec<bool> {
        let frames = self.picture(position);
        frames
            .iter()
            .map(|frame| selector.select(frame, limit, &self.structure))
            .collect()
    }

    fn begin(&mut self, limit: LayerTarget) -> TargetSelector {
        let frames = self.picture(0);
        let mut selector = TargetSelector::begin(&frames[0], limit, &self.structure);
        frames[1..].iter().for_each(|frame| {
            selector.select(frame, limit, &self.structure);
        });
        selector
    }
}

#[test]
fn temporal_layers_are_left_and_entered_at_switches() {
    let mut encoder = Encoder::l1t3();
    let mut selector = encoder.begin(HIGHEST);
    assert_eq!(selector.current(), limit(0, 2));
    assert_eq!(encoder.send(&mut selector, 1, limit(0, 0)), [true]);
    assert_eq!(encoder.send(&mut selector, 2, limit(0, 0)), [true]);
    assert_eq!(encoder.send(&mut selector, 3, limit(0, 0)), [true]);
    assert_eq!(encoder.send(&mut selector, 4, limit(0, 0)), [true]);
    assert_eq!(encoder.send(&mut selector, 5, HIGHEST), [false]);
    // The middle layer's frame is a switch for the highest.
    assert_eq!(encoder.send(&mut selector, 6, HIGHEST), [true]);
    assert_eq!(encoder.send(&mut selector, 7, HIGHEST), [true]);
    assert_eq!(selector.current(), limit(0, 2));
}

#[test]
fn spatial_layers_are_left_at_any_picture_and_entered_at_a_keyframe() {
    let mut encoder = Encoder::l3t1();
    let mut selector = encoder.begin(HIGHEST);
    assert_eq!(encoder.send(&mut selector, 1, HIGHEST), [true; 3]);
    assert_eq!(encoder.send(&mut selector, 2, limit(1, 0)), [true, true, false]);
    assert_eq!(encoder.send(&mut selector, 3, HIGHEST), [true, true, false]);
    assert_eq!(encoder.send(&mut selector, 0, HIGHEST), [true; 3]);
}

#[test]
fn k_svc_sends_one_layer_and_changes_it_at_keyframes() {
    let mut encoder = Encoder::l3t1_key();
    let mut selector = encoder.begin(HIGHEST);
    assert_eq!(encoder.send(&mut selector, 1, HIGHEST), [false, false, true]);
    assert_eq!(encoder.send(&mut selector, 2, limit(1, 0)), [false, false, true]);
    assert_eq!(encoder.send(&mut selector, 0, limit(1, 0)), [true, true, false]);
    assert_eq!(encoder.send(&mut selector, 1, limit(1, 0)), [false, true, false]);
}

#[test]
fn the_receiver_learns_which_targets_go_on_at_keyframes_and_changes() {
    let mut encoder = Encoder::l3t1();
    let frames = encoder.picture(0);
    let mut selector = TargetSelector::begin(&frames[0], limit(1, 0), &encoder.structure);
    assert_eq!(selector.told_targets(&frames[0], &encoder.structure), Some(0b011));
    assert!(!selector.ends_picture(&frames[0]) && selector.ends_picture(&frames[1]));
    let frames = encoder.picture(1);
    selector.select(&frames[0], limit(0, 0), &encoder.structure);
    assert_eq!(selector.told_targets(&frames[0], &encoder.structure), Some(0b001));
    let frames = encoder.picture(2);
    selector.select(&frames[0], limit(0, 0), &encoder.structure);
    assert_eq!(selector.told_targets(&frames[0], &encoder.structure), None);
}

proptest! {
    /// Whatever is wanted when and whatever is lost before it comes here: a frame goes out only if nothing that it
    /// depends on was left out, and every frame of what is wanted goes out once a keyframe has passed.
    #[test]
    fn what_goes_out_can_be_decoded(
        kind in 0u8..3,
        steps in proptest::collection::vec((0u8..3, 0u8..3, 0u8..12, any::<u8>()), 1..120),
    ) {
        let mut encoder = match kind {
            0 => Encoder::l1t3(),
            1 => Encoder::l3t1(),
            _ => Encoder::l3t1_key(),
        };
        let mut selector = encoder.begin(HIGHEST);
        let mut left_out = std::collections::BTreeSet::new();
        let mut position = 0;
        for (spatial, temporal, key, lost) in steps {
            position = if key == 0 { 0 } else { position + 1 };
            let wanted = limit(spatial, temporal);
            for (index, frame) in encoder.picture(position).iter().enumerate() {
                if key > 0 && lost >> index & 7 == 7 {
                    continue;
                }
                let goes = selector.select(frame, wanted, &encoder.structure);
                let references = (0..64).filter(|bit| frame.references.near >> bit & 1 == 1);
                let mut missing = references.map(|bit| frame.number.wrapping_sub(bit + 1));
                if goes {
                    prop_assert!(missing.all(|number| !left_out.contains(&number)));
                    left_out.remove(&frame.number);
                } else {
                    left_out.insert(frame.number);
                }
                if position == 0 {
                    let target = usize::from(best(&encoder.structure, wanted));
                    let template = &encoder.templates[usize::from(encoder.pictures[0][index])];
                    let is_wanted = template.indications.as_bytes()[target] != b'-';
                    prop_assert_eq!(goes, is_wanted);
                }
            }
        }
    }
}
