//! Layers by the Dependency Descriptor, whatever the codec and whether or not the payload can be read.
//!
//! A slot follows one decode target. It changes to another at a frame that is marked as a switch for that one and
//! depends on nothing that was left out here. Source: RTP Payload Format For AV1, appendix A.6.

use super::LayerTarget;
use crate::rtp::dependency_descriptor::FrameDependency;
use crate::rtp::dependency_structure::{Indication, Structure};

#[derive(Clone, Debug, Default)]
pub(super) struct TargetSelector {
    /// The decode target that is followed, and its layers.
    target: u8,
    current: LayerTarget,
    /// What was wanted last, and the decode target that is best for it.
    limit: LayerTarget,
    desired: u8,
    /// The newest frame, and whether it goes out.
    number: u16,
    goes_out: bool,
    /// Bit n is set when the frame n + 1 before the newest was left out.
    left_out: u64,
    /// The frame at which the receiver learns which decode targets go on.
    told_at: Option<u16>,
}

impl TargetSelector {
    /// Begin with the first packet of a keyframe.
    pub fn begin(frame: &FrameDependency, limit: LayerTarget, structure: &Structure) -> Self {
        let mut selector = TargetSelector {
            left_out: u64::MAX,
            ..TargetSelector::default()
        };
        selector.enter(frame, limit, structure);
        selector
    }

    pub fn current(&self) -> LayerTarget {
        self.current
    }

    /// Whether a packet goes on.
    pub fn select(&mut self, frame: &FrameDependency, limit: LayerTarget, structure: &Structure) -> bool {
        let ahead = frame.number.wrapping_sub(self.number);
        if ahead == 0 {
            return self.goes_out;
        }
        if ahead > u16::MAX / 2 {
            return frame.indications.is_present(self.target);
        }
        self.advance(ahead);
        self.number = frame.number;
        if frame.starts_keyframe() {
            self.enter(frame, limit, structure);
            return true;
        }
        if self.limit != limit {
            (self.limit, self.desired) = (limit, best(structure, limit));
        }
        let is_decodable = frame.references.near & self.left_out == 0;
        let is_switch = frame.indications.of(self.desired) == Indication::Switch;
        if self.desired != self.target && is_switch && is_decodable && !frame.references.has_far {
            self.follow(self.desired, frame, structure);
        }
        self.goes_out = is_decodable && frame.indications.is_present(self.target);
        self.goes_out
    }

    fn enter(&mut self, frame: &FrameDependency, limit: LayerTarget, structure: &Structure) {
        (self.limit, self.desired) = (limit, best(structure, limit));
        (self.number, self.goes_out) = (frame.number, true);
        self.follow(self.desired, frame, structure);
    }

    fn follow(&mut self, target: u8, frame: &FrameDependency, structure: &Structure) {
        let layers = structure.targets().get(usize::from(target));
        (self.target, self.current) = (target, layers.copied().unwrap_or_default());
        self.told_at = Some(frame.number);
    }

    /// Make room for the newest frame; frames that never came count as sent, since they may still.
    fn advance(&mut self, ahead: u16) {
        let shifted = self.left_out.checked_shl(ahead.into()).unwrap_or(0);
        self.left_out = match 1u64.checked_shl(u32::from(ahead) - 1) {
            Some(newest) if !self.goes_out => shifted | newest,
            _ => shifted,
        };
    }

    /// Whether the picture ends with this packet, because what follows in it is left out.
    pub fn ends_picture(&self, frame: &FrameDependency) -> bool {
        frame.is_last_packet && frame.spatial == self.current.spatial
    }

    /// The decode targets that go on from this packet's frame, where the receiver must be told.
    pub fn told_targets(&self, frame: &FrameDependency, structure: &Structure) -> Option<u32> {
        let is_told = self.told_at == Some(frame.number) || frame.has_structure;
        is_told.then(|| structure.contained(self.target))
    }
}

/// The highest decode target within a limit, else the lowest of all.
fn best(structure: &Structure, limit: LayerTarget) -> u8 {
    let targets = structure.targets().iter().zip(0..);
    let rank = |layers: &LayerTarget| (layers.spatial, layers.temporal);
    let within = targets
        .clone()
        .filter(|(layers, _)| layers.spatial <= limit.spatial && layers.temporal <= limit.temporal)
        .max_by_key(|(layers, _)| rank(layers));
    let lowest = || targets.min_by_key(|(layers, _)| rank(layers));
    within.or_else(lowest).map_or(0, |(_, target)| target)
}

#[cfg(test)]
#[path = "targets_tests.rs"]
mod tests;
