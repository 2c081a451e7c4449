//! How large the pictures of H.264 and H.265 are: read from sequence parameter sets.
//!
//! Sources: ITU-T H.264 section 7.3.2.1.1, ITU-T H.265 section 7.3.2.2.1; exponential Golomb codes: section 9.1
//! (H.264), section 9.2 (H.265); bytes inserted against start codes: section 7.4.1 (H.264).

use super::bits::BitReader;

/// Width and height in pixels.
pub type Size = (u16, u16);

/// What a set holds before its sizes fits in here; scaling lists of every size take 200 bytes.
const CAPACITY: usize = 512;
/// Profiles of H.264 whose sets tell their chroma format.
const HIGH_PROFILES: [u32; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];
/// Reference frames of one cycle, and of a set, at the most.
const MAX_CYCLE: u32 = 255;

/// The size that an H.264 sequence parameter set tells, from the byte after the NAL unit's header.
#[must_use]
pub fn h264_size(set: &[u8]) -> Option<Size> {
    let mut buffer = [0; CAPACITY];
    let mut reader = BitReader::new(unescape(set, &mut buffer));
    let profile = reader.read(8)?;
    // Constraints and level.
    reader.read(16)?;
    golomb(&mut reader)?;
    let chroma = if HIGH_PROFILES.contains(&profile) {
        read_high_profile(&mut reader)?
    } else {
        1
    };
    golomb(&mut reader)?;
    skip_picture_order(&mut reader)?;
    golomb(&mut reader)?;
    reader.read(1)?;
    let (columns, rows) = (golomb(&mut reader)?, golomb(&mut reader)?);
    let is_whole_frames = reader.read_flag()?;
    let fields = if is_whole_frames { 1 } else { 2 };
    if !is_whole_frames {
        reader.read(1)?;
    }
    reader.read(1)?;
    let (across, down) = chroma_unit(chroma);
    let width = columns.checked_add(1)?.checked_mul(16)?;
    let height = rows.checked_add(1)?.checked_mul(16 * fields)?;
    crop(&mut reader, (width, height), (across, down * fields))
}

/// The size that an H.265 sequence parameter set tells, from the byte after the NAL unit's header.
#[must_use]
pub fn h265_size(set: &[u8]) -> Option<Size> {
    let mut buffer = [0; CAPACITY];
    let mut reader = BitReader::new(unescape(set, &mut buffer));
    reader.read(4)?;
    let sub_layers = reader.read(3)?;
    reader.read(1)?;
    // The general profile and its level, then those of sub-layers that tell theirs.
    skip(&mut reader, 96)?;
    let told: Vec<(bool, bool)> = (0..sub_layers)
        .map(|_| Some((reader.read_flag()?, reader.read_flag()?)))
        .collect::<Option<_>>()?;
    if sub_layers > 0 {
        skip(&mut reader, 2 * (8 - sub_layers as usize))?;
    }
    for (has_profile, has_level) in told {
        skip(&mut reader, if has_profile { 88 } else { 0 })?;
        skip(&mut reader, if has_level { 8 } else { 0 })?;
    }
    golomb(&mut reader)?;
    let chroma = golomb(&mut reader)?;
    if chroma == 3 {
        reader.read(1)?;
    }
    let size = (golomb(&mut reader)?, golomb(&mut reader)?);
    crop(&mut reader, size, chroma_unit(chroma))
}

/// Chroma format, bit depths and scaling lists; returns the format.
fn read_high_profile(reader: &mut BitReader<'_>) -> Option<u32> {
    let chroma = golomb(reader)?;
    if chroma == 3 {
        reader.read(1)?;
    }
    golomb(reader)?;
    golomb(reader)?;
    reader.read(1)?;
    if reader.read_flag()? {
        for list in 0..if chroma == 3 { 12 } else { 8 } {
            if reader.read_flag()? {
                skip_scaling_list(reader, if list < 6 { 16 } else { 64 })?;
            }
        }
    }
    Some(chroma)
}

fn skip_scaling_list(reader: &mut BitReader<'_>, len: usize) -> Option<()> {
    let (mut last, mut next) = (8i64, 8i64);
    for _ in 0..len {
        if next != 0 {
            next = (last + signed_golomb(reader)?).rem_euclid(256);
        }
        last = if next == 0 { last } else { next };
    }
    Some(())
}

fn skip_picture_order(reader: &mut BitReader<'_>) -> Option<()> {
    match golomb(reader)? {
        0 => golomb(reader).map(drop),
        1 => {
            reader.read(1)?;
            golomb(reader)?;
            golomb(reader)?;
            let cycle = golomb(reader).filter(|count| *count <= MAX_CYCLE)?;
            (0..cycle).try_for_each(|_| golomb(reader).map(drop))
        }
        _ => Some(()),
    }
}

/// Pixels that one unit of cropping takes, across and down.
fn chroma_unit(format: u32) -> (u32, u32) {
    match format {
        1 => (2, 2),
        2 => (2, 1),
        _ => (1, 1),
    }
}

/// What is left of a coded size inside the window that follows.
fn crop(reader: &mut BitReader<'_>, coded: (u32, u32), unit: (u32, u32)) -> Option<Size> {
    let (mut width, mut height) = coded;
    if reader.read_flag()? {
        let [left, right, top, bottom] = [(); 4].map(|()| golomb(reader));
        let across = left?.checked_add(right?)?.checked_mul(unit.0)?;
        let down = top?.checked_add(bottom?)?.checked_mul(unit.1)?;
        width = width.checked_sub(across)?;
        height = height.checked_sub(down)?;
    }
    let size = (u16::try_from(width).ok()?, u16::try_from(height).ok()?);
    (size.0 > 0 && size.1 > 0).then_some(size)
}

fn skip(reader: &mut BitReader<'_>, bits: usize) -> Option<()> {
    (0..bits / 8).try_for_each(|_| reader.read(8).map(drop))?;
    reader.read(bits % 8).map(drop)
}

fn golomb(reader: &mut BitReader<'_>) -> Option<u32> {
    let mut zeros = 0;
    while !reader.read_flag()? {
        zeros += 1;
    }
    // Longer ones stand for numbers that no field takes.
    let rest = (zeros < 32).then(|| reader.read(zeros))??;
    ((1u32 << zeros) - 1).checked_add(rest)
}

fn signed_golomb(reader: &mut BitReader<'_>) -> Option<i64> {
    let value = i64::from(golomb(reader)?);
    Some(if value % 2 == 0 { -value / 2 } else { value / 2 + 1 })
}

/// The bytes without those that were put in against start codes, as many as fit.
fn unescape<'a>(set: &[u8], buffer: &'a mut [u8; CAPACITY]) -> &'a [u8] {
    let (mut len, mut zeros) = (0, 0);
    for &byte in set {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        let Some(place) = buffer.get_mut(len) else {
            break;
        };
        *place = byte;
        len += 1;
        zeros = if byte == 0 { zeros + 1 } else { 0 };
    }
    &buffer[..len]
}

#[cfg(test)]
mod tests;
