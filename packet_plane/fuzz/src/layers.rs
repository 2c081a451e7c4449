//! What tells layers: the Dependency Descriptor, VP9 and H.265; and the blocks of redundant audio.

use packet_plane_core::rtp::dependency_descriptor::{Descriptor, write_active, write_number};
use packet_plane_core::rtp::h265::{self, H265Units};
use packet_plane_core::rtp::parameter_sets;
use packet_plane_core::rtp::red::{self, Blocks};
use packet_plane_core::rtp::vp9::{self, Vp9Descriptor};

/// The first byte says how many bytes the descriptor of a keyframe takes; a descriptor that relies on it follows.
/// Both are rewritten, and mean the same afterwards.
pub fn dependency_descriptor(bytes: &[u8]) {
    let Some((&len, rest)) = bytes.split_first() else {
        return;
    };
    let (first, second) = rest.split_at(rest.len().min(len.into()));
    // No extension is longer (RFC 8285, section 4.3).
    let second = &second[..second.len().min(255)];
    let Some(key) = Descriptor::parse(first, None) else {
        return;
    };
    let structure = key.structure.as_ref().expect("nothing can be read without one");
    for target in 0..32 {
        let contained = structure.contained(target);
        let is_one = usize::from(target) < structure.targets().len();
        assert_eq!(contained >> target & 1 == 1, is_one);
    }
    for value in [first, second] {
        let Some(before) = Descriptor::parse(value, Some(structure)) else {
            continue;
        };
        let mut out = [0; 320];
        let len = write_number(value, 0xabcd, &mut out).expect("fits");
        let after = Descriptor::parse(&out[..len], Some(structure)).expect("still parses");
        assert_eq!(after.frame.number, 0xabcd);
        assert_eq!(after.structure, before.structure);
        let len = write_active(value, Some(structure), 0xabcd, 1, &mut out).expect("fits");
        let active = Descriptor::parse(&out[..len], Some(structure)).expect("still parses");
        assert_eq!((active.active_targets, active.frame), (Some(1), after.frame));
        assert_eq!(active.structure, before.structure);
    }
}

/// Ids are written over in place: nothing else moves.
pub fn vp9(bytes: &[u8]) {
    let sizes = vp9::sizes(bytes);
    assert!(sizes.is_none_or(|(sizes, layers)| layers <= sizes.len()));
    let Some(descriptor) = Vp9Descriptor::parse(bytes) else {
        return;
    };
    let mut payload = bytes.to_vec();
    descriptor.rewrite(0x7abc, 0xde, &mut payload);
    let again = Vp9Descriptor::parse(&payload).expect("still parses");
    assert_eq!(
        (again.spatial, again.temporal),
        (descriptor.spatial, descriptor.temporal)
    );
    assert_eq!(again.starts_keyframe(), descriptor.starts_keyframe());
    let changed = payload.iter().zip(bytes).filter(|(new, old)| new != old).count();
    assert!(changed <= 3);
}

/// Reading a payload's type looks at no byte that is not there.
pub fn h265(bytes: &[u8]) {
    if let Some(units) = H265Units::parse(bytes) {
        assert!(units.temporal < 7);
    }
    let set = h265::sequence_parameters(bytes);
    let _ = parameter_sets::h265_size(set.unwrap_or(bytes));
}

/// Blocks lie inside the packet one after the other, and are written back the same.
pub fn red(bytes: &[u8]) {
    let Some(blocks) = Blocks::parse(bytes) else {
        return;
    };
    let (primary, redundant) = blocks
        .as_slice()
        .split_last()
        .expect("a packet has its own block");
    let mut headers: Vec<(u32, usize)> = Vec::new();
    let mut payloads = Vec::new();
    for block in redundant {
        headers.push((block.offset, block.payload.len()));
        payloads.extend_from_slice(block.payload);
    }
    payloads.extend_from_slice(primary.payload);
    let mut out = Vec::new();
    red::write_headers(primary.payload_type, headers.into_iter(), &mut out);
    out.extend_from_slice(&payloads);
    assert_eq!(out.len(), bytes.len());
    let again = Blocks::parse(&out).expect("what was written parses");
    for (new, old) in again.as_slice().iter().zip(blocks.as_slice()) {
        assert_eq!((new.offset, new.payload), (old.offset, old.payload));
    }
}
