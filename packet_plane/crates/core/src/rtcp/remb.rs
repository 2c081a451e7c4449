//! Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb-03 section 2.2).

use super::read_u32;
use crate::drop_reason::DropReason;

pub const FORMAT: u8 = 15;
const IDENTIFIER: &[u8] = b"REMB";

/// What a receiver says that it can take of some streams together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remb {
    pub bps: u64,
    pub ssrcs: Vec<u32>,
}

/// Read what a receiver says.
///
/// # Errors
/// `Truncated` when the body ends early, `Malformed` when it is another application's feedback.
pub fn parse(body: &[u8]) -> Result<Remb, DropReason> {
    if body.get(8..12).ok_or(DropReason::Truncated)? != IDENTIFIER {
        return Err(DropReason::Malformed);
    }
    let word = read_u32(body, 12)?;
    let (exponent, mantissa) = (word >> 18 & 0x3f, u64::from(word & 0x3_ffff));
    let bps = mantissa
        .checked_shl(exponent)
        .filter(|bps| bps >> exponent == mantissa)
        .unwrap_or(u64::MAX);
    let streams = 0..(word >> 24) as usize;
    let ssrcs = streams
        .map(|at| read_u32(body, 16 + 4 * at))
        .collect::<Result<_, _>>()?;
    Ok(Remb { bps, ssrcs })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(word: u32) -> Vec<u8> {
        let mut body = vec![0; 8];
        body.extend_from_slice(IDENTIFIER);
        body.extend_from_slice(&word.to_be_bytes());
        body.extend_from_slice(&[0, 0, 0, 7]);
        body
    }

    #[test]
    fn reads_mantissa_exponent_and_streams() {
        let said = |bps: u64| Ok(Remb { bps, ssrcs: vec![7] });
        assert_eq!(parse(&body(1 << 24 | 3 << 18 | 0x2_0000)), said(0x2_0000 << 3));
        assert_eq!(parse(&body(1 << 24 | 63 << 18 | 0x3_ffff)), said(u64::MAX));
    }

    #[test]
    fn refuses_what_is_short_or_something_else() {
        assert_eq!(parse(&body(5)[..14]), Err(DropReason::Truncated));
        assert_eq!(parse(&body(2 << 24 | 5)), Err(DropReason::Truncated));
        let mut other = body(5);
        other[8] = b'X';
        assert_eq!(parse(&other), Err(DropReason::Malformed));
    }
}
