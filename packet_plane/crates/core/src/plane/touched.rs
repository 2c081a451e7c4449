//! Which encodings have packets to forward: voices first, then pictures in turn.

use std::collections::VecDeque;

use crate::codec::MediaKind;

/// A track and the number of one of its encodings.
pub(super) type Touch = (usize, u8);

/// Encodings with pending packets, each kind in the order in which they got them.
#[derive(Debug, Default)]
pub(super) struct Touched {
    voices: VecDeque<Touch>,
    pictures: VecDeque<Touch>,
}

impl Touched {
    pub fn push(&mut self, kind: MediaKind, touch: Touch) {
        match kind {
            MediaKind::Audio => self.voices.push_back(touch),
            MediaKind::Video => self.pictures.push_back(touch),
        }
    }

    /// What is next.
    pub fn first(&self) -> Option<Touch> {
        self.voices.front().or_else(|| self.pictures.front()).copied()
    }

    /// The first has been served.
    pub fn pop(&mut self) {
        if self.voices.pop_front().is_none() {
            self.pictures.pop_front();
        }
    }

    /// The first has more to forward: its turn comes again after the others of its kind.
    pub fn rotate(&mut self) {
        let queue = match self.voices.len() {
            0 => &mut self.pictures,
            _ => &mut self.voices,
        };
        if let Some(first) = queue.pop_front() {
            queue.push_back(first);
        }
    }

    /// Keep those of some tracks.
    pub fn retain(&mut self, is_kept: impl Fn(usize) -> bool) {
        self.voices.retain(|(track, _)| is_kept(*track));
        self.pictures.retain(|(track, _)| is_kept(*track));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voices_pass_pictures_and_whoever_has_more_waits_for_the_others() {
        let mut touched = Touched::default();
        touched.push(MediaKind::Video, (1, 0));
        touched.push(MediaKind::Video, (2, 1));
        touched.push(MediaKind::Audio, (3, 0));
        assert_eq!(touched.first(), Some((3, 0)));
        touched.pop();
        assert_eq!(touched.first(), Some((1, 0)));
        touched.rotate();
        assert_eq!(touched.first(), Some((2, 1)));
        touched.retain(|track| track == 1);
        assert_eq!(touched.first(), Some((1, 0)));
        touched.pop();
        assert_eq!(touched.first(), None);
    }
}
