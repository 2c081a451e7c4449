//! Client-to-mixer audio level (RFC 6464 section 3).

/// One packet's level as its sender measured it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioLevel {
    /// 0 (loudest) to 127 (silence), in −dBov.
    pub level: u8,
    pub has_voice: bool,
}

impl AudioLevel {
    /// Read the extension's value; `None` when it is empty.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        value.first().map(|byte| AudioLevel {
            level: byte & 0x7f,
            has_voice: byte & 0x80 != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_voice_flag_and_level() {
        assert_eq!(
            AudioLevel::parse(&[0x80 | 30]),
            Some(AudioLevel {
                level: 30,
                has_voice: true
            })
        );
        assert_eq!(
            AudioLevel::parse(&[127]),
            Some(AudioLevel {
                level: 127,
                has_voice: false
            })
        );
        assert_eq!(AudioLevel::parse(&[]), None);
    }
}
