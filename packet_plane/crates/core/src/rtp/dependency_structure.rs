//! The template structure of the Dependency Descriptor: which layers a stream has, and what its frames may be.
//!
//! It comes with a keyframe and holds until the next one. Source: RTP Payload Format For AV1, appendix A.8.2
//! (syntax) and A.8.3 (semantics).

use super::bits::BitReader;
use crate::layer_selector::LayerTarget;

/// Decode targets at most (`dt_cnt_minus_one` has five bits).
pub const MAX_DECODE_TARGETS: usize = 32;
/// Template ids have six bits.
const MAX_TEMPLATES: usize = 64;
/// Layers that the plane tells apart, as many as `LayerTarget` and the codecs in use number.
const MAX_LAYER: u8 = 7;

/// What a frame is to one decode target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indication {
    NotPresent,
    Discardable,
    /// Once this frame is decoded, the whole target can be from here on.
    Switch,
    Required,
}

/// Indications of one frame, two bits for each decode target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Indications(u64);

impl Indications {
    pub(super) const ALL_REQUIRED: Indications = Indications(u64::MAX);

    pub(super) fn read(reader: &mut BitReader<'_>, targets: u8) -> Option<Self> {
        let mut bits = 0;
        for target in 0..targets {
            bits |= u64::from(reader.read(2)?) << (2 * target);
        }
        Some(Indications(bits))
    }

    #[must_use]
    pub fn of(self, target: u8) -> Indication {
        match self.0 >> (2 * u32::from(target).min(31)) & 3 {
            0 => Indication::NotPresent,
            1 => Indication::Discardable,
            2 => Indication::Switch,
            _ => Indication::Required,
        }
    }

    #[must_use]
    pub fn is_present(self, target: u8) -> bool {
        self.of(target) != Indication::NotPresent
    }
}

/// The frames that a frame is predicted from, by distance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// Bit n stands for the frame n + 1 before this one.
    pub near: u64,
    /// Whether there are some that `near` has no bit for.
    pub has_far: bool,
}

impl References {
    pub(super) fn add(&mut self, minus_one: u32) {
        match 1u64.checked_shl(minus_one) {
            Some(bit) => self.near |= bit,
            None => self.has_far = true,
        }
    }
}

/// What a frame is, unless its descriptor says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Template {
    pub spatial: u8,
    pub temporal: u8,
    pub indications: Indications,
    pub references: References,
}

/// One structure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Structure {
    id_offset: u8,
    templates: Vec<Template>,
    /// The highest layers that each decode target includes.
    targets: Vec<LayerTarget>,
    /// Bit n of an entry is set where decode target n has no frame that the entry's target lacks.
    contained: Vec<u32>,
    /// Chains, each of which protects some decode targets.
    pub(super) chains: u8,
    /// Pixels of each spatial layer, where told.
    sizes: Vec<(u16, u16)>,
}

impl Structure {
    /// Read a structure; `None` where it ends early or has layers that the plane does not tell apart.
    pub(super) fn read(reader: &mut BitReader<'_>) -> Option<Self> {
        let id_offset = reader.read(6)? as u8;
        let target_count = reader.read(5)? as u8 + 1;
        let mut templates = read_layers(reader)?;
        for template in &mut templates {
            template.indications = Indications::read(reader, target_count)?;
        }
        for template in &mut templates {
            while reader.read_flag()? {
                template.references.add(reader.read(4)?);
            }
        }
        let chains = read_chains(reader, target_count, templates.len())?;
        let sizes = read_sizes(reader, &templates)?;
        let targets = (0..target_count).map(|target| highest(&templates, target));
        let contained = (0..target_count).map(|outer| contained_in(&templates, outer, target_count));
        Some(Structure {
            id_offset,
            targets: targets.collect(),
            contained: contained.collect(),
            templates,
            chains,
            sizes,
        })
    }

    /// The template with this id.
    #[must_use]
    pub fn template(&self, id: u8) -> Option<&Template> {
        self.templates
            .get(usize::from((id + 64 - self.id_offset) % MAX_TEMPLATES as u8))
    }

    /// The highest layers of each decode target.
    #[must_use]
    pub fn targets(&self) -> &[LayerTarget] {
        &self.targets
    }

    /// The decode targets that can be decoded from the frames of `target` alone, itself among them.
    #[must_use]
    pub fn contained(&self, target: u8) -> u32 {
        self.contained.get(usize::from(target)).copied().unwrap_or(0)
    }

    /// Width and height in pixels of a spatial layer.
    #[must_use]
    pub fn size(&self, spatial: u8) -> Option<(u16, u16)> {
        self.sizes.get(usize::from(spatial)).copied()
    }
}

fn read_layers(reader: &mut BitReader<'_>) -> Option<Vec<Template>> {
    let mut templates = Vec::new();
    let (mut spatial, mut temporal) = (0, 0);
    loop {
        if templates.len() == MAX_TEMPLATES || spatial > MAX_LAYER || temporal > MAX_LAYER {
            return None;
        }
        templates.push(Template {
            spatial,
            temporal,
            ..Template::default()
        });
        match reader.read(2)? {
            0 => {}
            1 => temporal += 1,
            2 => (spatial, temporal) = (spatial + 1, 0),
            _ => return Some(templates),
        }
    }
}

fn read_chains(reader: &mut BitReader<'_>, targets: u8, templates: usize) -> Option<u8> {
    let chains = reader.read_below(u32::from(targets) + 1)? as u8;
    if chains > 0 {
        for _ in 0..targets {
            reader.read_below(u32::from(chains))?;
        }
        for _ in 0..templates * usize::from(chains) {
            reader.read(4)?;
        }
    }
    Some(chains)
}

fn read_sizes(reader: &mut BitReader<'_>, templates: &[Template]) -> Option<Vec<(u16, u16)>> {
    let mut sizes = Vec::new();
    if reader.read_flag()? {
        for _ in 0..=templates.last()?.spatial {
            // Stored less one; 65,536 pixels do not fit and are not meant.
            let width = reader.read(16)? as u16;
            let height = reader.read(16)? as u16;
            sizes.push((width.saturating_add(1), height.saturating_add(1)));
        }
    }
    Some(sizes)
}

/// Appendix A.8.3.1: the layers of a decode target are the highest of its frames.
fn highest(templates: &[Template], target: u8) -> LayerTarget {
    let own = templates.iter().filter(|one| one.indications.is_present(target));
    let none = LayerTarget {
        spatial: 0,
        temporal: 0,
    };
    own.fold(none, |top, one| LayerTarget {
        spatial: top.spatial.max(one.spatial),
        temporal: top.temporal.max(one.temporal),
    })
}

fn contained_in(templates: &[Template], outer: u8, targets: u8) -> u32 {
    let is_within = |inner: &u8| {
        let mut frames = templates.iter().map(|one| one.indications);
        frames.all(|frame| frame.is_present(outer) || !frame.is_present(*inner))
    };
    (0..targets)
        .filter(is_within)
        .fold(0, |bits, inner| bits | 1 << inner)
}
