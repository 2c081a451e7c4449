//! A whole Matroska file of one track, put together in memory (RFC 9559).
//!
//! Times are milliseconds, the unit that every reader takes for granted; the file begins at zero.

use packet_plane_core::codec::CodecName;

/// Nanoseconds of a tick.
const TIMESTAMP_SCALE: u64 = 1_000_000;
/// A block's time is a signed number of sixteen bits from its cluster's: this stays well below.
const CLUSTER_MS: u64 = 20_000;
/// What a decoder of Opus needs before its output is right (RFC 7845 section 4.6), nanoseconds.
const OPUS_PREROLL_NS: u64 = 80_000_000;

const EBML: u32 = 0x1a45_dfa3;
const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_a966;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK_ENTRY: u32 = 0xae;
const VIDEO: u32 = 0xe0;
const AUDIO: u32 = 0xe1;
const CLUSTER: u32 = 0x1f43_b675;
const SIMPLE_BLOCK: u32 = 0xa3;

/// One frame of the file, at a time since its beginning.
#[derive(Debug)]
pub(crate) struct Block {
    pub at_us: u64,
    pub is_keyframe: bool,
    pub data: Vec<u8>,
}

/// What the file says of its track.
#[derive(Debug)]
pub(crate) struct Header {
    pub codec: CodecName,
    pub private: Vec<u8>,
    pub size: Option<(u16, u16)>,
    pub duration_us: u64,
}

/// The bytes of the file.
pub(crate) fn write(header: &Header, blocks: &[Block]) -> Vec<u8> {
    let frames: usize = blocks.iter().map(|block| block.data.len() + 16).sum();
    let mut segment = Vec::with_capacity(frames + header.private.len() + 512);
    element(&mut segment, INFO, &info(header.duration_us));
    let mut tracks = Vec::new();
    element(&mut tracks, TRACK_ENTRY, &track_entry(header));
    element(&mut segment, TRACKS, &tracks);
    write_clusters(&mut segment, blocks);

    let mut file = Vec::with_capacity(segment.len() + 64);
    element(&mut file, EBML, &ebml_header());
    head(&mut file, SEGMENT, segment.len());
    file.extend_from_slice(&segment);
    file
}

fn write_clusters(segment: &mut Vec<u8>, blocks: &[Block]) {
    let mut rest = blocks;
    while let Some(first) = rest.first() {
        let start_ms = first.at_us / 1_000;
        let is_within = |block: &&Block| (start_ms..start_ms + CLUSTER_MS).contains(&(block.at_us / 1_000));
        let count = rest.iter().take_while(is_within).count().max(1);
        let (own, behind) = rest.split_at(count);
        rest = behind;
        let mut cluster = Vec::with_capacity(own.iter().map(|block| block.data.len() + 16).sum());
        unsigned(&mut cluster, 0xe7, start_ms);
        for block in own {
            let apart_ms = (block.at_us / 1_000).saturating_sub(start_ms) as i16;
            head(&mut cluster, SIMPLE_BLOCK, block.data.len() + 4);
            cluster.push(0x81);
            cluster.extend_from_slice(&apart_ms.to_be_bytes());
            cluster.push(if block.is_keyframe { 0x80 } else { 0 });
            cluster.extend_from_slice(&block.data);
        }
        element(segment, CLUSTER, &cluster);
    }
}

fn ebml_header() -> Vec<u8> {
    let mut out = Vec::new();
    for (id, value) in [(0x4286, 1), (0x42f7, 1), (0x42f2, 4), (0x42f3, 8)] {
        unsigned(&mut out, id, value);
    }
    element(&mut out, 0x4282, b"matroska");
    unsigned(&mut out, 0x4287, 4);
    unsigned(&mut out, 0x4285, 2);
    out
}

fn info(duration_us: u64) -> Vec<u8> {
    let mut out = Vec::new();
    unsigned(&mut out, 0x2a_d7b1, TIMESTAMP_SCALE);
    float(&mut out, 0x4489, duration_us as f64 / 1_000.0);
    element(&mut out, 0x4d80, b"Parley");
    element(&mut out, 0x5741, b"Parley");
    out
}

fn track_entry(header: &Header) -> Vec<u8> {
    let is_audio = header.codec == CodecName::Opus;
    let mut out = Vec::new();
    unsigned(&mut out, 0xd7, 1);
    unsigned(&mut out, 0x73c5, 1);
    unsigned(&mut out, 0x83, if is_audio { 2 } else { 1 });
    // No lacing: each block is one frame.
    unsigned(&mut out, 0x9c, 0);
    element(&mut out, 0x86, codec_id(header.codec));
    if !header.private.is_empty() {
        element(&mut out, 0x63a2, &header.private);
    }
    let mut kind = Vec::new();
    if is_audio {
        unsigned(&mut out, 0x56bb, OPUS_PREROLL_NS);
        float(&mut kind, 0xb5, 48_000.0);
        unsigned(&mut kind, 0x9f, 2);
        element(&mut out, AUDIO, &kind);
    } else {
        // Readers want a size; a stream that told none is drawn by what its frames say.
        let (width, height) = header.size.unwrap_or((1, 1));
        unsigned(&mut kind, 0xb0, u64::from(width));
        unsigned(&mut kind, 0xba, u64::from(height));
        element(&mut out, VIDEO, &kind);
    }
    out
}

fn codec_id(codec: CodecName) -> &'static [u8] {
    match codec {
        CodecName::Opus | CodecName::Red => b"A_OPUS",
        CodecName::Vp8 => b"V_VP8",
        CodecName::Vp9 => b"V_VP9",
        CodecName::H264 => b"V_MPEG4/ISO/AVC",
        CodecName::H265 => b"V_MPEGH/ISO/HEVC",
        CodecName::Av1 => b"V_AV1",
    }
}

fn element(out: &mut Vec<u8>, id: u32, content: &[u8]) {
    head(out, id, content.len());
    out.extend_from_slice(content);
}

/// Identifier and size; the size in four bytes or eight, always enough.
fn head(out: &mut Vec<u8>, id: u32, len: usize) {
    let bytes = id.to_be_bytes();
    let skipped = id.leading_zeros() as usize / 8;
    out.extend_from_slice(&bytes[skipped..]);
    if len < 0x0fff_ffff {
        out.extend_from_slice(&(len as u32 | 0x1000_0000).to_be_bytes());
    } else {
        out.extend_from_slice(&(len as u64 | 1 << 56).to_be_bytes());
    }
}

fn unsigned(out: &mut Vec<u8>, id: u32, value: u64) {
    let bytes = value.to_be_bytes();
    let skipped = (value.leading_zeros() as usize / 8).min(7);
    element(out, id, &bytes[skipped..]);
}

fn float(out: &mut Vec<u8>, id: u32, value: f64) {
    element(out, id, &value.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Identifiers and lengths of the elements in `bytes`.
    fn elements(mut bytes: &[u8]) -> Vec<(u32, usize)> {
        let mut found = Vec::new();
        while let Some(first) = bytes.first() {
            let id_len = first.leading_zeros() as usize + 1;
            let id = bytes[..id_len]
                .iter()
                .fold(0, |id, byte| id << 8 | u32::from(*byte));
            let size = &bytes[id_len..];
            let size_len = size[0].leading_zeros() as usize + 1;
            let mask = (1u64 << (7 * size_len)) - 1;
            let len = size[..size_len]
                .iter()
                .fold(0u64, |len, byte| len << 8 | u64::from(*byte))
                & mask;
            found.push((id, len as usize));
            bytes = &size[size_len + len as usize..];
        }
        found
    }

    #[test]
    fn a_file_is_a_header_and_a_segment_of_known_size() {
        let header = Header {
            codec: CodecName::Vp8,
            private: Vec::new(),
            size: Some((320, 240)),
            duration_us: 50_000_000,
        };
        let blocks: Vec<Block> = (0..50)
            .map(|at| Block {
                at_us: at * 1_000_000,
                is_keyframe: at == 0,
                data: vec![7; 10],
            })
            .collect();
        let file = write(&header, &blocks);
        let outer = elements(&file);
        assert_eq!(
            outer.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
            [EBML, SEGMENT]
        );
        let inner = elements(&file[file.len() - outer[1].1..]);
        let ids: Vec<u32> = inner.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, [INFO, TRACKS, CLUSTER, CLUSTER, CLUSTER]);
    }
}
