//! A list of named things in which a name is found fast: walked while it is short, which is nearly always, and through
//! an index once a line brings more names than that.

use super::labels::{Name, Span};
use hashbrown::HashTable;
use std::ops::Index;

/// The longest list without an index.
const WALKED_MAX: usize = 32;

/// Something with a name.
pub(super) trait Named {
    /// Hash of the name.
    fn hash(&self) -> u64;

    /// Where the name's text lies.
    fn name(&self) -> Span;
}

/// Things with names, each name once.
#[derive(Debug)]
pub(super) struct NameList<T> {
    items: Vec<T>,
    /// Positions of all items by the hashes of their names; empty while the list is walked.
    places: HashTable<u32>,
}

impl<T> Default for NameList<T> {
    fn default() -> Self {
        Self { items: Vec::new(), places: HashTable::new() }
    }
}

impl<T: Named> NameList<T> {
    pub(super) fn clear(&mut self) {
        self.items.clear();
        self.places.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }

    /// Where the item called `name` is; `arena` holds the names' texts.
    pub(super) fn position(&self, arena: &str, name: Name<'_>) -> Option<usize> {
        let same = |item: &T| item.hash() == name.hash() && item.name().of(arena) == name.text();
        if self.places.is_empty() {
            return self.items.iter().position(same);
        }
        let place = self.places.find(name.hash(), |at| self.items.get(*at as usize).is_some_and(same));
        place.map(|at| *at as usize)
    }

    /// Adds an item whose name is not in the list.
    pub(super) fn push(&mut self, item: T) {
        self.items.push(item);
        if self.items.len() > WALKED_MAX || !self.places.is_empty() {
            let items = &self.items;
            for (at, item) in items.iter().enumerate().skip(self.places.len()) {
                self.places.insert_unique(item.hash(), at as u32, |at| items[*at as usize].hash());
            }
        }
    }

    /// Puts `item` in the place of the one at `at`, which has the same name.
    pub(super) fn replace(&mut self, at: usize, item: T) {
        self.items[at] = item;
    }

    /// Takes the item at `at` away; the last one takes its place.
    pub(super) fn swap_remove(&mut self, at: usize) {
        let last = self.items.len() - 1;
        if !self.places.is_empty() {
            let place_of = |position: usize| move |place: &u32| *place as usize == position;
            if let Ok(entry) = self.places.find_entry(self.items[at].hash(), place_of(at)) {
                entry.remove();
            }
            if at != last
                && let Some(place) = self.places.find_mut(self.items[last].hash(), place_of(last))
            {
                *place = at as u32;
            }
        }
        self.items.swap_remove(at);
    }
}

impl<T> Index<usize> for NameList<T> {
    type Output = T;

    fn index(&self, at: usize) -> &T {
        &self.items[at]
    }
}

#[cfg(test)]
mod tests;
