//! Strings as small ids, reference-counted, reclaimed and reused.

use ahash::RandomState;
use std::{collections::HashMap, sync::Arc};

/// A hash map for look-ups: the hasher has a fixed seed, and its order is never looked at.
pub(crate) type LookUp<K, V> = HashMap<K, V, RandomState>;

/// The hasher of every table.
pub(crate) fn hasher() -> RandomState {
    RandomState::with_seeds(1, 2, 3, 4)
}

/// An empty [`LookUp`].
pub(crate) fn look_up<K, V>() -> LookUp<K, V> {
    HashMap::with_hasher(hasher())
}

/// Values as ids. An id lives as long as something holds it; a freed id is reused.
#[derive(Debug)]
pub(crate) struct Interner<T: ?Sized> {
    ids: LookUp<Arc<T>, u32>,
    entries: Vec<Option<(Arc<T>, u32)>>,
    free: Vec<u32>,
}

impl<T: ?Sized + std::hash::Hash + Eq> Interner<T> {
    pub(crate) fn new() -> Self {
        Self { ids: look_up(), entries: Vec::new(), free: Vec::new() }
    }

    /// The id of `value` if something holds it.
    pub(crate) fn find(&self, value: &T) -> Option<u32> {
        self.ids.get(value).copied()
    }

    /// Takes a hold of `value`, which is made with `own` if it is new. Says whether it is.
    pub(crate) fn acquire(&mut self, value: &T, own: impl FnOnce(&T) -> Arc<T>) -> (u32, bool) {
        if let Some(&id) = self.ids.get(value) {
            self.retain(id);
            return (id, false);
        }
        let value = own(value);
        let id = self.free.pop().unwrap_or(self.entries.len() as u32);
        self.ids.insert(Arc::clone(&value), id);
        let entry = Some((value, 1));
        match self.entries.get_mut(id as usize) {
            Some(slot) => *slot = entry,
            None => self.entries.push(entry),
        }
        (id, true)
    }

    /// Takes one more hold of an id that is held.
    pub(crate) fn retain(&mut self, id: u32) {
        if let Some(Some((_, holds))) = self.entries.get_mut(id as usize) {
            *holds += 1;
        }
    }

    /// Gives a hold back; says whether it was the last.
    pub(crate) fn release(&mut self, id: u32) -> bool {
        let Some(slot) = self.entries.get_mut(id as usize) else { return false };
        let Some((value, holds)) = slot else { return false };
        *holds -= 1;
        if *holds > 0 {
            return false;
        }
        self.ids.remove(value);
        *slot = None;
        self.free.push(id);
        true
    }

    /// The value of an id that is held.
    pub(crate) fn get(&self, id: u32) -> Option<&Arc<T>> {
        self.entries.get(id as usize).and_then(|e| e.as_ref()).map(|(value, _)| value)
    }

    /// How many values are held.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// One more than the largest id in use so far.
    pub(crate) fn bound(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_reused_only_after_its_last_release() {
        let mut names: Interner<str> = Interner::new();
        let (a, _) = names.acquire("a", |s| Arc::from(s));
        assert_eq!(names.acquire("a", |s| Arc::from(s)), (a, false));
        assert!(!names.release(a));
        let (b, _) = names.acquire("b", |s| Arc::from(s));
        assert_ne!(a, b);
        assert!(names.release(a));
        assert_eq!(names.find("a"), None);
        assert_eq!(names.acquire("c", |s| Arc::from(s)), (a, true));
        assert_eq!(names.get(a).map(|s| &**s), Some("c"));
    }
}
