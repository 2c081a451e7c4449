//! Bits in network order, as header extensions pack them: most significant first.

/// Reads bits from bytes; a read beyond the end gives `None`.
#[derive(Clone, Debug)]
pub struct BitReader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> BitReader<'a> {
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        BitReader { bytes, position: 0 }
    }

    /// Bits read so far.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// The next `count` bits, at most 32.
    pub fn read(&mut self, count: usize) -> Option<u32> {
        let mut value = 0u32;
        if self.position + count > self.bytes.len() * 8 {
            return None;
        }
        for _ in 0..count {
            let bit = self.bytes[self.position / 8] >> (7 - self.position % 8) & 1;
            value = value << 1 | u32::from(bit);
            self.position += 1;
        }
        Some(value)
    }

    pub fn read_flag(&mut self) -> Option<bool> {
        self.read(1).map(|bit| bit == 1)
    }

    /// A number below `range`, coded without waste: `ns(n)` of the AV1 specification, section 4.10.7.
    pub fn read_below(&mut self, range: u32) -> Option<u32> {
        if range <= 1 {
            return Some(0);
        }
        let width = 32 - range.leading_zeros();
        let short = (1 << width) - range;
        let value = self.read(width as usize - 1)?;
        if value < short {
            return Some(value);
        }
        Some((value << 1) - short + self.read(1)?)
    }
}

/// Writes bits into a buffer; what does not fit is noted.
#[derive(Debug)]
pub struct BitWriter<'a> {
    bytes: &'a mut [u8],
    position: usize,
    is_full: bool,
}

impl<'a> BitWriter<'a> {
    #[must_use]
    pub fn new(bytes: &'a mut [u8]) -> Self {
        BitWriter {
            bytes,
            position: 0,
            is_full: false,
        }
    }

    /// Append the low `count` bits of `value`, at most 32.
    pub fn write(&mut self, value: u32, count: usize) {
        if self.position + count > self.bytes.len() * 8 {
            self.is_full = true;
            return;
        }
        for shift in (0..count).rev() {
            let mask = 0x80 >> (self.position % 8);
            let byte = &mut self.bytes[self.position / 8];
            *byte = if value >> shift & 1 == 1 {
                *byte | mask
            } else {
                *byte & !mask
            };
            self.position += 1;
        }
    }

    /// Append the bits of `source` between two positions.
    pub fn copy(&mut self, source: &[u8], from: usize, to: usize) {
        for position in from..to {
            let bit = source
                .get(position / 8)
                .map_or(0, |byte| byte >> (7 - position % 8) & 1);
            self.write(u32::from(bit), 1);
        }
    }

    /// Fill the last byte with zeros; the length in bytes, `None` when something did not fit.
    pub fn finish(mut self) -> Option<usize> {
        while self.position % 8 != 0 {
            self.write(0, 1);
        }
        (!self.is_full).then_some(self.position / 8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_what_was_written(values in proptest::collection::vec((any::<u32>(), 1usize..=32), 0..40)) {
            let mut bytes = [0xff; 256];
            let mut writer = BitWriter::new(&mut bytes);
            values.iter().for_each(|(value, count)| writer.write(*value, *count));
            let len = writer.finish().expect("fits");
            let mut reader = BitReader::new(&bytes[..len]);
            for (value, count) in values {
                prop_assert_eq!(reader.read(count), Some((u64::from(value) & ((1u64 << count) - 1)) as u32));
            }
        }
    }

    #[test]
    fn numbers_below_five_take_two_or_three_bits() {
        // 0, 1 and 2 as two bits, 3 and 4 as three.
        let mut reader = BitReader::new(&[0b0001_1011, 0b0111_0000]);
        let read: Vec<_> = (0..5).map(|_| reader.read_below(5)).collect();
        assert_eq!(read, [Some(0), Some(1), Some(2), Some(3), Some(4)]);
        assert_eq!(reader.read_below(1), Some(0));
    }

    #[test]
    fn nothing_is_read_or_written_beyond_the_end() {
        let mut reader = BitReader::new(&[0xff]);
        assert_eq!(
            (reader.read(7), reader.read(2), reader.read(1)),
            (Some(127), None, Some(1))
        );
        let mut bytes = [0; 1];
        let mut writer = BitWriter::new(&mut bytes);
        writer.write(0, 9);
        assert_eq!(writer.finish(), None);
    }
}
