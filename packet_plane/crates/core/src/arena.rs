//! Things named by the caller's identifiers and reached by index on the packet path.
//!
//! Iteration goes by index, never by hash, so that a seed gives the same run.

use std::hash::Hash;

use rustc_hash::FxHashMap;

/// A map from identifier to a value whose index stays the same for its whole life.
#[derive(Debug)]
pub struct Arena<K, T> {
    index_by_id: FxHashMap<K, usize>,
    entries: Vec<Option<T>>,
    free: Vec<usize>,
}

impl<K, T> Default for Arena<K, T> {
    fn default() -> Self {
        Arena {
            index_by_id: FxHashMap::default(),
            entries: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<K: Hash + Eq + Copy, T> Arena<K, T> {
    /// Add a value; one that has the identifier already stays, and its index is returned.
    pub fn insert_with(&mut self, id: K, value: impl FnOnce() -> T) -> usize {
        if let Some(&index) = self.index_by_id.get(&id) {
            return index;
        }
        let index = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() - 1
        });
        self.entries[index] = Some(value());
        self.index_by_id.insert(id, index);
        index
    }

    pub fn remove(&mut self, id: K) -> Option<(usize, T)> {
        let index = self.index_by_id.remove(&id)?;
        self.free.push(index);
        self.entries[index].take().map(|value| (index, value))
    }

    #[must_use]
    pub fn index_of(&self, id: K) -> Option<usize> {
        self.index_by_id.get(&id).copied()
    }

    #[must_use]
    pub fn get(&self, index: usize) -> Option<&T> {
        self.entries.get(index)?.as_ref()
    }

    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.entries.get_mut(index)?.as_mut()
    }

    /// Values in the order of their indices.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().flatten()
    }

    /// Indices in use, ascending, as they are now; the arena may be changed while going through them.
    pub fn indices(&self) -> std::ops::Range<usize> {
        0..self.entries.len()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.index_by_id.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index_by_id.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_an_index_for_life_and_reuses_it_after() {
        let mut arena: Arena<u64, &str> = Arena::default();
        let first = arena.insert_with(7, || "seven");
        assert_eq!(arena.insert_with(7, || "again"), first);
        arena.insert_with(8, || "eight");
        assert_eq!(arena.remove(7), Some((first, "seven")));
        assert_eq!(
            (arena.get(first), arena.index_of(7), arena.len()),
            (None, None, 1)
        );
        assert_eq!(arena.insert_with(9, || "nine"), first);
        assert_eq!(arena.iter().copied().collect::<Vec<_>>(), ["nine", "eight"]);
    }
}
