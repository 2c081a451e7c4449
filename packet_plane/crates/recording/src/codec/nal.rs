//! NAL units on their way from packets into a frame: whole, aggregated, or in fragments (RFC 6184, RFC 7798).

use super::{MAX_FRAME_LEN, MalformedPayloadError};

/// A set is shorter than this.
const MAX_SET_LEN: usize = 1_024;
/// Sets of one kind that are kept.
const MAX_SETS: usize = 16;

/// The units of a frame, each behind its length of four bytes, and the fragment that is under way.
#[derive(Debug, Default)]
pub(super) struct Units {
    pub data: Vec<u8>,
    fragment: Option<Vec<u8>>,
    pub is_spoiled: bool,
}

impl Units {
    /// Add a whole unit.
    pub fn add(&mut self, unit: &[u8]) -> Result<(), MalformedPayloadError> {
        if unit.is_empty() || self.fragment.is_some() || self.data.len() + unit.len() > MAX_FRAME_LEN {
            return Err(MalformedPayloadError);
        }
        self.data.extend_from_slice(&(unit.len() as u32).to_be_bytes());
        self.data.extend_from_slice(unit);
        Ok(())
    }

    /// Begin a unit that comes in fragments.
    pub fn begin(&mut self, header: &[u8], rest: &[u8]) -> Result<(), MalformedPayloadError> {
        if self.fragment.is_some() {
            return Err(MalformedPayloadError);
        }
        self.fragment = Some([header, rest].concat());
        Ok(())
    }

    /// Go on with it.
    pub fn go_on(&mut self, rest: &[u8]) -> Result<(), MalformedPayloadError> {
        let fragment = self.fragment.as_mut().ok_or(MalformedPayloadError)?;
        if fragment.len() + rest.len() > MAX_FRAME_LEN {
            return Err(MalformedPayloadError);
        }
        fragment.extend_from_slice(rest);
        Ok(())
    }

    /// It is whole.
    pub fn end(&mut self) -> Result<Vec<u8>, MalformedPayloadError> {
        self.fragment.take().ok_or(MalformedPayloadError)
    }

    /// The frame's bytes, `None` where a part is missing.
    pub fn finish(&mut self) -> Option<Vec<u8>> {
        let units = std::mem::take(self);
        let is_whole = !units.is_spoiled && units.fragment.is_none() && !units.data.is_empty();
        is_whole.then_some(units.data)
    }
}

/// Units of an aggregation packet, each behind its length of two bytes; an error where one is cut off.
pub(super) fn aggregated(mut rest: &[u8]) -> impl Iterator<Item = Result<&[u8], MalformedPayloadError>> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let unit = rest.split_first_chunk::<2>().and_then(|(len, behind)| {
            let len = usize::from(u16::from_be_bytes(*len));
            (len > 0).then(|| behind.split_at_checked(len)).flatten()
        });
        let Some((unit, behind)) = unit else {
            rest = &[];
            return Some(Err(MalformedPayloadError));
        };
        rest = behind;
        Some(Ok(unit))
    })
}

/// Parameter sets of one kind, as they came last.
#[derive(Debug, Default)]
pub(super) struct Sets {
    sets: Vec<Vec<u8>>,
}

impl Sets {
    /// Keep a set that is not here yet.
    pub fn keep(&mut self, set: &[u8]) {
        if set.len() > MAX_SET_LEN || self.sets.iter().any(|known| known == set) {
            return;
        }
        if self.sets.len() == MAX_SETS {
            self.sets.remove(0);
        }
        self.sets.push(set.to_vec());
    }

    /// Whether another set takes the place of all that were here.
    pub fn replace(&mut self, set: &[u8]) -> bool {
        if set.len() > MAX_SET_LEN || self.sets.first().is_some_and(|known| known == set) {
            return false;
        }
        self.sets = vec![set.to_vec()];
        true
    }

    pub fn clear(&mut self) {
        self.sets.clear();
    }

    pub fn first(&self) -> Option<&[u8]> {
        self.sets.first().map(Vec::as_slice)
    }

    /// Append each behind its length of two bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        for set in &self.sets {
            out.extend_from_slice(&(set.len() as u16).to_be_bytes());
            out.extend_from_slice(set);
        }
    }

    pub fn len(&self) -> usize {
        self.sets.len()
    }
}
