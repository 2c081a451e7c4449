//! Frames in a stream of bytes: two bytes of length, then that many (RFC 4571 section 2).

/// Bytes of a length.
const PREFIX: usize = 2;
/// Room for the longest frame and a read behind it.
const CAPACITY: usize = 2 * (u16::MAX as usize + PREFIX);

/// What has been read and not yet taken.
#[derive(Debug, Default)]
pub struct FrameReader {
    bytes: Vec<u8>,
    taken: usize,
}

impl FrameReader {
    /// Add what was read; returns whether there was room, which there is as long as frames are taken.
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        if self.taken > 0 {
            self.bytes.drain(..self.taken);
            self.taken = 0;
        }
        let has_room = self.bytes.len() + bytes.len() <= CAPACITY;
        if has_room {
            self.bytes.extend_from_slice(bytes);
        }
        has_room
    }

    /// The next whole frame; an empty one is a frame too.
    pub fn next_frame(&mut self) -> Option<&[u8]> {
        let rest = &self.bytes[self.taken..];
        let (prefix, rest) = rest.split_first_chunk::<PREFIX>()?;
        let len = usize::from(u16::from_be_bytes(*prefix));
        if rest.len() < len {
            return None;
        }
        let start = self.taken + PREFIX;
        self.taken = start + len;
        Some(&self.bytes[start..start + len])
    }
}

/// Append a frame; one that is too long for its length is left out.
pub fn write_frame(datagram: &[u8], out: &mut Vec<u8>) -> bool {
    let Ok(len) = u16::try_from(datagram.len()) else {
        return false;
    };
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(datagram);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_as_they_went_in_however_the_stream_is_cut() {
        let frames: Vec<Vec<u8>> = (0..40usize).map(|len| vec![len as u8; len * len]).collect();
        let mut stream = Vec::new();
        frames
            .iter()
            .for_each(|frame| assert!(write_frame(frame, &mut stream)));
        for cut in [1, 2, 3, 7, 100, 5_000] {
            let mut reader = FrameReader::default();
            let mut read: Vec<Vec<u8>> = Vec::new();
            for piece in stream.chunks(cut) {
                assert!(reader.push(piece));
                while let Some(frame) = reader.next_frame() {
                    read.push(frame.to_vec());
                }
            }
            assert_eq!(read, frames);
        }
    }

    #[test]
    fn what_is_read_and_not_taken_is_bounded() {
        let mut reader = FrameReader::default();
        let taken = (0..1_000).filter(|_| reader.push(&[0xff; 1_024])).count();
        assert!(taken * 1_024 <= CAPACITY);
        assert!(!write_frame(&vec![0; 70_000], &mut Vec::new()));
    }
}
