//! The Dependency Descriptor: what a frame depends on and who needs it, told outside of the payload.
//!
//! With it the payload may be encrypted end to end: layers are chosen from the descriptor alone. Source: RTP Payload
//! Format For AV1, appendix A.

use super::bits::{BitReader, BitWriter};
use super::dependency_structure::{Indications, References, Structure};

/// URI of the header extension.
pub const URI: &str =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";
/// What every descriptor begins with: two flags, template id, frame number.
const MANDATORY_LEN: usize = 3;
const FLAGS: usize = 5;

/// What the descriptor of one packet says of its frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameDependency {
    pub number: u16,
    pub is_first_packet: bool,
    pub is_last_packet: bool,
    pub has_structure: bool,
    pub spatial: u8,
    pub temporal: u8,
    pub indications: Indications,
    pub references: References,
}

impl FrameDependency {
    /// What can be said without the structure: everybody needs this frame.
    #[must_use]
    pub fn parse_unknown(value: &[u8]) -> Option<Self> {
        let [first, high, low, ..] = value else {
            return None;
        };
        Some(FrameDependency {
            number: u16::from_be_bytes([*high, *low]),
            is_first_packet: first & 0x80 != 0,
            is_last_packet: first & 0x40 != 0,
            indications: Indications::ALL_REQUIRED,
            ..FrameDependency::default()
        })
    }

    /// Whether a receiver that has nothing can begin here.
    #[must_use]
    pub fn starts_keyframe(&self) -> bool {
        self.has_structure && self.is_first_packet && self.references == References::default()
    }
}

/// A descriptor, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    pub frame: FrameDependency,
    /// The structure that comes with it and holds from now on.
    pub structure: Option<Structure>,
    /// Decode targets that the sender sends now, where that has changed.
    pub active_targets: Option<u32>,
}

/// Where the fields that are rewritten stand, in bits.
#[derive(Clone, Copy, Debug)]
struct Layout {
    is_extended: bool,
    has_mask: bool,
    mask_at: usize,
    targets: u8,
    end: usize,
}

impl Descriptor {
    /// Read a descriptor; `structure` is the one that came before.
    ///
    /// `None` where it ends early, names a template that is not there, or needs a structure that has not come.
    #[must_use]
    pub fn parse(value: &[u8], structure: Option<&Structure>) -> Option<Self> {
        parse(value, structure).map(|(descriptor, _)| descriptor)
    }
}

fn parse(value: &[u8], known: Option<&Structure>) -> Option<(Descriptor, Layout)> {
    let mut reader = BitReader::new(value);
    let mut frame = FrameDependency {
        is_first_packet: reader.read_flag()?,
        is_last_packet: reader.read_flag()?,
        ..FrameDependency::default()
    };
    let template_id = reader.read(6)? as u8;
    frame.number = reader.read(16)? as u16;
    let is_extended = value.len() > MANDATORY_LEN;
    let mut flags = [false; FLAGS];
    if is_extended {
        for flag in &mut flags {
            *flag = reader.read_flag()?;
        }
    }
    let [
        has_structure,
        has_mask,
        has_indications,
        has_references,
        has_chains,
    ] = flags;
    frame.has_structure = has_structure;
    let attached = if has_structure {
        Some(Structure::read(&mut reader)?)
    } else {
        None
    };
    let structure = attached.as_ref().or(known)?;
    let targets = structure.targets().len() as u8;
    let mask_at = reader.position();
    let mut active_targets = has_structure.then(|| everything(targets));
    if has_mask {
        active_targets = Some(reader.read(usize::from(targets))?);
    }
    let template = structure.template(template_id)?;
    (frame.spatial, frame.temporal) = (template.spatial, template.temporal);
    (frame.indications, frame.references) = (template.indications, template.references);
    if has_indications {
        frame.indications = Indications::read(&mut reader, targets)?;
    }
    if has_references {
        frame.references = read_references(&mut reader)?;
    }
    if has_chains {
        for _ in 0..structure.chains {
            reader.read(8)?;
        }
    }
    let layout = Layout {
        is_extended,
        has_mask,
        mask_at,
        targets,
        end: reader.position(),
    };
    let descriptor = Descriptor {
        frame,
        structure: attached,
        active_targets,
    };
    Some((descriptor, layout))
}

fn everything(targets: u8) -> u32 {
    u32::MAX >> (32 - u32::from(targets).clamp(1, 32))
}

/// Appendix A.8.2: sizes of the distances come before them, zero ends the list.
fn read_references(reader: &mut BitReader<'_>) -> Option<References> {
    let mut references = References::default();
    loop {
        match reader.read(2)? {
            0 => return Some(references),
            size => references.add(reader.read(4 * size as usize)?),
        }
    }
}

/// Write a descriptor with another frame number; returns its length, `None` where it does not fit.
#[must_use]
pub fn write_number(value: &[u8], number: u16, out: &mut [u8]) -> Option<usize> {
    let room = out.get_mut(..value.len())?;
    room.copy_from_slice(value);
    room.get_mut(1..MANDATORY_LEN)?
        .copy_from_slice(&number.to_be_bytes());
    Some(value.len())
}

/// Write a descriptor with another frame number and the decode targets that go on from here.
///
/// `structure` is the one in force before this packet; returns the length, `None` where it cannot be read or
/// does not fit.
#[must_use]
pub fn write_active(
    value: &[u8],
    structure: Option<&Structure>,
    number: u16,
    active_targets: u32,
    out: &mut [u8],
) -> Option<usize> {
    let (_, layout) = parse(value, structure)?;
    let mut writer = BitWriter::new(out);
    writer.copy(value, 0, 8);
    writer.write(number.into(), 16);
    let flags_at = MANDATORY_LEN * 8;
    if layout.is_extended {
        writer.copy(value, flags_at, flags_at + 1);
        writer.write(1, 1);
        writer.copy(value, flags_at + 2, layout.mask_at);
    } else {
        writer.write(0b01000, FLAGS);
    }
    writer.write(active_targets, layout.targets.into());
    let rest = layout.mask_at
        + if layout.has_mask {
            usize::from(layout.targets)
        } else {
            0
        };
    if layout.is_extended {
        writer.copy(value, rest, layout.end);
    }
    writer.finish()
}

#[cfg(test)]
#[path = "dependency_descriptor_tests.rs"]
pub(crate) mod tests;
