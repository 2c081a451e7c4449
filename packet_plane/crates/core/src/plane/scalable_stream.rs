//! What a scalable encoder sends, for tests: the frames of its pictures, what each is predicted from, and the packets.

use crate::rtp::dependency_descriptor::tests::{Frame, frame, write};

/// The layers of a stream, as its scalability mode names them (W3C webrtc-svc), and how they depend on one another.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    pub spatial: u8,
    pub temporal: u8,
    /// Layers of one picture depend on one another at keyframes alone.
    pub is_key_svc: bool,
    /// Each picture of the upper temporal layer needs the one before it too, so that none can be entered between keyframes.
    pub is_chained: bool,
}

pub const fn mode(spatial: u8, temporal: u8, is_key_svc: bool) -> Mode {
    Mode {
        spatial,
        temporal,
        is_key_svc,
        is_chained: false,
    }
}

/// The frame of one layer in one picture.
#[derive(Clone, Debug)]
pub struct LayerFrame {
    pub picture: usize,
    pub spatial: u8,
    pub temporal: u8,
    pub is_key: bool,
    /// Picture and spatial layer of the frames that it is predicted from.
    pub needs: Vec<(usize, u8)>,
}

impl Mode {
    /// Temporal layer, and how many pictures back the one is that it is predicted from.
    fn turn(self, position: usize) -> (u8, usize) {
        match self.temporal {
            1 => (0, 1),
            2 => [(0, 2), (1, 1)][position % 2],
            _ => [(0, 4), (2, 1), (1, 2), (2, 1)][position % 4],
        }
    }

    /// The frames of a picture so many places after its keyframe.
    pub fn picture(self, picture: usize, position: usize) -> Vec<LayerFrame> {
        let (temporal, back) = self.turn(position);
        let is_key = position == 0;
        let frames = (0..self.spatial).map(|spatial| {
            let mut needs = Vec::new();
            if !is_key {
                needs.push((picture - back, spatial));
            }
            if self.is_chained && temporal > 0 && position > 2 {
                needs.push((picture - 2, spatial));
            }
            if self.is_predicted_across(spatial, is_key) {
                needs.push((picture, spatial - 1));
            }
            LayerFrame {
                picture,
                spatial,
                temporal,
                is_key,
                needs,
            }
        });
        frames.collect()
    }

    fn is_predicted_across(self, spatial: u8, is_key: bool) -> bool {
        spatial > 0 && (is_key || !self.is_key_svc)
    }

    /// One template for keyframes and one for each temporal layer, of each spatial layer.
    pub fn templates(self) -> Vec<Frame> {
        let backs = [[1, 0, 0], [2, 1, 0], [4, 2, 1]][usize::from(self.temporal) - 1];
        let mut templates = Vec::new();
        for spatial in 0..self.spatial {
            let across = |is_key| self.is_predicted_across(spatial, is_key).then_some(1);
            let key: Vec<u32> = across(true).into_iter().collect();
            templates.push(frame(spatial, 0, &self.indications(spatial, 0, true), &key));
            for temporal in 0..self.temporal {
                let back = backs[usize::from(temporal)] * u32::from(self.spatial);
                let references: Vec<u32> = std::iter::once(back).chain(across(false)).collect();
                let indications = self.indications(spatial, temporal, false);
                templates.push(frame(spatial, temporal, &indications, &references));
            }
        }
        templates
    }

    /// What a frame is to each decode target: those of a spatial layer beside each other.
    fn indications(self, spatial: u8, temporal: u8, is_key: bool) -> String {
        let targets = (0..self.spatial).flat_map(|upper| (0..self.temporal).map(move |top| (upper, top)));
        let letter = |(upper, top)| {
            let is_other = self.is_key_svc && !is_key && spatial < upper;
            match () {
                () if temporal > top || spatial > upper || is_other => '-',
                () if is_key => 'S',
                () if spatial < upper => 'R',
                () if temporal == top && temporal > 0 => 'D',
                () => 'S',
            }
        };
        targets.map(letter).collect()
    }

    /// The Dependency Descriptor of one packet of a frame.
    pub fn descriptor(self, of: &LayerFrame, number: u16, is_first: bool, is_last: bool) -> Vec<u8> {
        let kind = if of.is_key { 0 } else { 1 + of.temporal };
        let template = of.spatial * (1 + self.temporal) + kind;
        let begins = of.is_key && of.spatial == 0 && is_first;
        let structure = begins.then(|| self.templates());
        let mut value = write((60 + template) % 64, number, structure.as_deref(), None, None);
        value[0] = value[0] & 0x3f | u8::from(is_first) << 7 | u8::from(is_last) << 6;
        value
    }

    /// The VP9 payload descriptor of one packet of a frame, in the non-flexible mode.
    pub fn vp9(self, of: &LayerFrame, (id, is_long): (u16, bool), tl0: u8, ends: (bool, bool)) -> Vec<u8> {
        let is_unused_above = of.spatial + 1 == self.spatial || (self.is_key_svc && !of.is_key);
        let flags = [
            true,
            !of.is_key,
            true,
            false,
            ends.0,
            ends.1,
            false,
            is_unused_above,
        ];
        let first = flags.iter().fold(0, |byte, flag| byte << 1 | u8::from(*flag));
        // No later picture of a higher layer needs one of those before this: true of every turn here but a chain's.
        let is_switching_up = !self.is_chained || of.temporal > 0 || of.is_key;
        let layer = of.temporal << 5
            | u8::from(is_switching_up) << 4
            | of.spatial << 1
            | u8::from(self.is_predicted_across(of.spatial, of.is_key));
        let [high, low] = (id | 0x8000).to_be_bytes();
        let mut descriptor = vec![first];
        match is_long {
            true => descriptor.extend_from_slice(&[high, low]),
            false => descriptor.push(low & 0x7f),
        }
        descriptor.extend_from_slice(&[layer, tl0]);
        descriptor
    }
}
