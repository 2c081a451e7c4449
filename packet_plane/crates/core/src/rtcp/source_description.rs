//! Source descriptions: the canonical name that ties the streams of one sender together (RFC 3550 section 6.5).

use super::{SOURCE_DESCRIPTION, write_packet};

const CNAME: u8 = 1;

/// Append one chunk with a CNAME of at most 255 bytes.
pub fn write(ssrc: u32, cname: &str, out: &mut Vec<u8>) {
    let name = &cname.as_bytes()[..cname.len().min(255)];
    write_packet(SOURCE_DESCRIPTION, 1, out, |out| {
        let start = out.len();
        out.extend_from_slice(&ssrc.to_be_bytes());
        out.extend_from_slice(&[CNAME, name.len() as u8]);
        out.extend_from_slice(name);
        // At least one zero byte ends the list of items.
        out.push(0);
        out.resize(start + (out.len() - start).next_multiple_of(4), 0);
    });
}

#[cfg(test)]
mod tests {
    use super::super::packets;
    use super::*;

    #[test]
    fn ends_the_items_and_pads_to_whole_words() {
        for cname in ["", "a", "ab", "abc", "abcd"] {
            let mut out = Vec::new();
            write(7, cname, &mut out);
            assert_eq!(out.len() % 4, 0);
            let packet = packets(&out).next().expect("one").expect("fits");
            assert_eq!(packet.body[4..6], [CNAME, cname.len() as u8]);
            assert_eq!(packet.body.last(), Some(&0));
        }
    }
}
