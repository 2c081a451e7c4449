use super::*;
use crate::layer_selector::LayerTarget;
use crate::rtp::dependency_structure::Indication;
use proptest::prelude::*;

/// A template as a test writes it: layers, a letter for each decode target, distances, chains' distances.
#[derive(Clone, Debug)]
pub struct Frame {
    pub spatial: u8,
    pub temporal: u8,
    pub indications: String,
    pub references: Vec<u32>,
}

pub fn frame(spatial: u8, temporal: u8, indications: &str, references: &[u32]) -> Frame {
    Frame {
        spatial,
        temporal,
        indications: indications.into(),
        references: references.to_vec(),
    }
}

/// Two spatial layers with prediction between them at keyframes alone.
fn l2t1_key() -> Vec<Frame> {
    vec![
        frame(0, 0, "S-", &[2]),
        frame(0, 0, "SS", &[]),
        frame(1, 0, "-S", &[2]),
        frame(1, 0, "-S", &[1]),
    ]
}

fn letters(writer: &mut BitWriter<'_>, indications: &str) {
    for letter in indications.chars() {
        writer.write("-DSR".find(letter).expect("a letter") as u32, 2);
    }
}

fn write_structure(writer: &mut BitWriter<'_>, offset: u8, frames: &[Frame], size: Option<(u32, u32)>) {
    let targets = frames[0].indications.len();
    writer.write(offset.into(), 6);
    writer.write(targets as u32 - 1, 5);
    for pair in frames.windows(2) {
        let step = match (
            pair[1].spatial != pair[0].spatial,
            pair[1].temporal != pair[0].temporal,
        ) {
            (true, _) => 2,
            (false, true) => 1,
            (false, false) => 0,
        };
        writer.write(step, 2);
    }
    writer.write(3, 2);
    frames
        .iter()
        .for_each(|frame| letters(writer, &frame.indications));
    for frame in frames {
        for distance in &frame.references {
            writer.write(1, 1);
            writer.write(distance - 1, 4);
        }
        writer.write(0, 1);
    }
    // One chain of `targets + 1` possible counts; each template is one frame behind it.
    let width = 32 - (targets as u32 + 1).leading_zeros();
    let short = (1u32 << width) - (targets as u32 + 1);
    if 1 < short {
        writer.write(1, width as usize - 1);
    } else {
        writer.write(1 + short, width as usize);
    }
    frames.iter().for_each(|_| writer.write(1, 4));
    writer.write(u32::from(size.is_some()), 1);
    if let Some((width, height)) = size {
        for spatial in 0..=frames.last().expect("one").spatial {
            writer.write((width << spatial) - 1, 16);
            writer.write((height << spatial) - 1, 16);
        }
    }
}

/// A descriptor in bytes; `structure` comes with it.
pub fn write(
    template: u8,
    number: u16,
    structure: Option<&[Frame]>,
    mask: Option<(u32, usize)>,
    custom: Option<&Frame>,
) -> Vec<u8> {
    let mut bytes = [0; 255];
    let mut writer = BitWriter::new(&mut bytes);
    writer.write(0b10, 2);
    writer.write(template.into(), 6);
    writer.write(number.into(), 16);
    if structure.is_some() || mask.is_some() || custom.is_some() {
        writer.write(u32::from(structure.is_some()), 1);
        writer.write(u32::from(mask.is_some()), 1);
        let customs = if custom.is_some() { 0b111 } else { 0 };
        writer.write(customs, 3);
    }
    if let Some(frames) = structure {
        write_structure(&mut writer, 60, frames, Some((640, 360)));
    }
    if let Some((mask, targets)) = mask {
        writer.write(mask, targets);
    }
    if let Some(frame) = custom {
        letters(&mut writer, &frame.indications);
        for distance in &frame.references {
            writer.write(3, 2);
            writer.write(distance - 1, 12);
        }
        writer.write(0, 2);
        writer.write(9, 8);
    }
    let len = writer.finish().expect("fits");
    bytes[..len].to_vec()
}

fn structure() -> Structure {
    let key = write(61, 7, Some(&l2t1_key()), None, None);
    Descriptor::parse(&key, None)
        .expect("parses")
        .structure
        .expect("comes with it")
}

#[test]
fn reads_a_structure_and_the_layers_of_its_decode_targets() {
    let key = write(61, 7, Some(&l2t1_key()), None, None);
    let read = Descriptor::parse(&key, None).expect("parses");
    assert!(read.frame.starts_keyframe());
    assert_eq!((read.frame.number, read.active_targets), (7, Some(0b11)));
    let structure = read.structure.expect("comes with it");
    let target = |spatial| LayerTarget { spatial, temporal: 0 };
    assert_eq!(structure.targets(), [target(0), target(1)]);
    assert_eq!((structure.size(1), structure.size(2)), (Some((1_280, 720)), None));
    // The upper target leaves out the lower one's later frames: neither can be decoded from the other.
    assert_eq!((structure.contained(0), structure.contained(1)), (0b01, 0b10));
}

#[test]
fn a_short_descriptor_means_what_its_template_says() {
    let known = structure();
    let upper = Descriptor::parse(&[0xc0 | 62, 0, 9], Some(&known))
        .expect("parses")
        .frame;
    assert!(upper.is_first_packet && upper.is_last_packet && !upper.has_structure);
    assert_eq!((upper.spatial, upper.number, upper.references.near), (1, 9, 0b10));
    assert_eq!(upper.indications.of(0), Indication::NotPresent);
    assert_eq!(upper.indications.of(1), Indication::Switch);
    // Template ids wrap at 64: 60 is the first, 63 the fourth.
    let fourth = Descriptor::parse(&[63, 0, 9], Some(&known))
        .expect("parses")
        .frame;
    assert_eq!((fourth.spatial, fourth.references.near), (1, 0b1));
    assert_eq!(Descriptor::parse(&[0, 0, 9], Some(&known)), None);
    assert_eq!(Descriptor::parse(&[62, 0, 9], None), None);
}

#[test]
fn a_frame_may_differ_from_its_template() {
    let known = structure();
    let custom = frame(0, 0, "DR", &[3, 4_000]);
    let read = Descriptor::parse(&write(60, 1, None, None, Some(&custom)), Some(&known)).expect("parses");
    assert_eq!(read.frame.indications.of(0), Indication::Discardable);
    assert_eq!(read.frame.indications.of(1), Indication::Required);
    assert_eq!(
        read.frame.references,
        References {
            near: 0b100,
            has_far: true
        }
    );
    assert_eq!(read.active_targets, None);
}

#[test]
fn frame_numbers_are_written_in_place() {
    let key = write(61, 7, Some(&l2t1_key()), None, None);
    let mut out = [0; 255];
    let len = write_number(&key, 0xfffe, &mut out).expect("fits");
    let read = Descriptor::parse(&out[..len], None).expect("parses");
    assert_eq!((read.frame.number, len), (0xfffe, key.len()));
    assert_eq!(write_number(&key, 1, &mut out[..2]), None);
    assert_eq!(write_number(&[1], 1, &mut out), None);
}

#[test]
fn the_active_targets_are_added_and_replaced() {
    let known = structure();
    let mut out = [0; 255];
    for value in [
        vec![0x80 | 62, 0, 9],
        write(62, 9, None, Some((0b11, 2)), None),
        write(62, 9, None, None, Some(&frame(1, 0, "RD", &[2]))),
        write(61, 9, Some(&l2t1_key()), Some((0b11, 2)), None),
        write(61, 9, Some(&l2t1_key()), None, None),
    ] {
        let before = Descriptor::parse(&value, Some(&known)).expect("parses");
        let len = write_active(&value, Some(&known), 500, 0b01, &mut out).expect("fits");
        let after = Descriptor::parse(&out[..len], Some(&known)).expect("parses");
        assert_eq!(after.active_targets, Some(0b01));
        assert_eq!(
            after.frame,
            FrameDependency {
                number: 500,
                ..before.frame
            }
        );
        assert_eq!(after.structure, before.structure);
    }
}

proptest! {
    /// Whatever parses can be written with another number and other targets, and reads the same otherwise.
    #[test]
    fn what_is_read_is_written_back(
        value in proptest::collection::vec(any::<u8>(), 0..80),
        number in any::<u16>(),
        mask in any::<u32>(),
    ) {
        let known = structure();
        let Some(before) = Descriptor::parse(&value, Some(&known)) else { return Ok(()) };
        let mut out = [0; 255];
        let len = write_number(&value, number, &mut out).expect("fits");
        let renumbered = FrameDependency { number, ..before.frame };
        prop_assert_eq!(Descriptor::parse(&out[..len], Some(&known)).expect("parses").frame, renumbered);
        if let Some(len) = write_active(&value, Some(&known), number, mask, &mut out) {
            let after = Descriptor::parse(&out[..len], Some(&known)).expect("parses");
            prop_assert_eq!(after.frame, renumbered);
            prop_assert_eq!(&after.structure, &before.structure);
            let targets = after.structure.as_ref().unwrap_or(&known).targets().len() as u8;
            prop_assert_eq!(after.active_targets, Some(mask & everything(targets)));
        }
    }

    /// Layers, references and indications of any structure are read as they were written.
    #[test]
    fn structures_are_read_as_they_were_written(
        layers in proptest::collection::vec((0u8..3, "[-DSR]{3}", proptest::collection::vec(1u32..=16, 0..4)), 1..12),
        number in any::<u16>(),
    ) {
        let (mut spatial, mut temporal) = (0, 0);
        let mut frames = Vec::new();
        for (index, (step, indications, references)) in layers.iter().enumerate() {
            match step {
                1 if index > 0 && temporal < 7 => temporal += 1,
                2 if index > 0 && spatial < 7 => (spatial, temporal) = (spatial + 1, 0),
                _ => {}
            }
            frames.push(frame(spatial, temporal, indications, references));
        }
        let value = write(60, number, Some(&frames), None, None);
        let known = Descriptor::parse(&value, None).expect("parses").structure.expect("comes with it");
        for (id, written) in (60..).zip(&frames) {
            let template = known.template(id % 64).expect("is there");
            prop_assert_eq!((template.spatial, template.temporal), (written.spatial, written.temporal));
            let near = written.references.iter().fold(0u64, |bits, distance| bits | 1 << (distance - 1));
            prop_assert_eq!(template.references.near, near);
            for (target, letter) in (0..).zip(written.indications.chars()) {
                prop_assert_eq!(template.indications.of(target) as usize, "-DSR".find(letter).expect("a letter"));
            }
        }
    }
}
