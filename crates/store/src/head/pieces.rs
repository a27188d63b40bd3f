//! A list that grows without being moved: what grows by doubling leaves as much behind as it holds, and has half of its
//! room empty at worst.

/// Items of a piece; a power of two.
const PIECE: usize = 64;

/// A list in pieces of one length.
#[derive(Debug)]
pub struct Pieces<T>(Vec<Vec<T>>);

impl<T> Default for Pieces<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Pieces<T> {
    /// Items.
    pub fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * PIECE + last.len())
    }

    /// The item at `index`.
    pub fn get(&self, index: usize) -> Option<&T> {
        self.0.get(index / PIECE)?.get(index % PIECE)
    }

    /// The item at `index`.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.0.get_mut(index / PIECE)?.get_mut(index % PIECE)
    }

    /// Appends an item.
    pub fn push(&mut self, item: T) {
        if let Some(last) = self.0.last_mut().filter(|last| last.len() < PIECE) {
            return last.push(item);
        }
        // Most lists stay within the first piece, and have few items.
        let room = if self.0.is_empty() { 1 } else { PIECE };
        let mut piece = Vec::with_capacity(room);
        piece.push(item);
        self.0.push(piece);
    }

    /// The items in their order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }

    /// The items in their order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().flatten()
    }
}

#[cfg(test)]
mod tests;
