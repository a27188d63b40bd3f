//! A template as a text with holes.

use crate::line::alphabet::Alphabet;
use crate::line::rebuild::Part;
use crate::line::tree::{Encoding, Table};
use model::varint;

/// A template: its text, constants included, and the holes in it.
#[derive(Debug)]
pub struct Skeleton {
    text: Vec<u8>,
    holes: Vec<Hole>,
}

/// Where a value belongs.
#[derive(Clone, Copy, Debug)]
struct Hole {
    /// The byte of the text in front of which it is.
    at: usize,
    /// Which slot of the template.
    slot: usize,
    column: u32,
    alphabet: Alphabet,
}

/// A place in a skeleton: in front of a byte, behind some holes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    at: usize,
    hole: usize,
}

/// What is kept of a skeleton.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept<'k> {
    /// What lies between two places.
    Between(Place, Place),
    /// Something that stands for what is left out.
    Text(&'k [u8]),
}

/// A piece of what is kept.
#[derive(Clone, Copy, Debug)]
pub enum Piece<'s> {
    Text(&'s [u8]),
    /// Slot of the template, and its column.
    Value(usize, u32),
}

impl<'s> Piece<'s> {
    /// Slot and column of a value.
    pub fn slot(&self) -> Option<(usize, u32)> {
        match self {
            Self::Text(_) => None,
            Self::Value(slot, column) => Some((*slot, *column)),
        }
    }

    /// The same for a program.
    pub fn as_part(&self) -> Part<'s> {
        match self {
            Self::Text(text) => Part::Text(text),
            Self::Value(_, column) => Part::Value(*column),
        }
    }
}

/// Pieces as bytes, equal where these have equal texts and columns: each value ends the text in front of it.
pub fn bytes(pieces: &[Piece<'_>]) -> Vec<u8> {
    let (mut out, mut text) = (Vec::new(), Vec::new());
    for piece in pieces {
        match piece {
            Piece::Text(more) => text.extend_from_slice(more),
            Piece::Value(_, column) => {
                varint::put_bytes(&mut out, &text);
                varint::put(&mut out, u64::from(*column));
                text.clear();
            }
        }
    }
    varint::put_bytes(&mut out, &text);
    out
}

impl Skeleton {
    /// That of a template of `table`, whose literals lie in `literals`.
    pub fn new(table: &Table, literals: &[u8], alphabets: &[Alphabet], template: usize) -> Self {
        let mut skeleton = Self { text: Vec::new(), holes: Vec::new() };
        let slots = table.templates.slots(template);
        for (slot, literal) in table.templates.literals(template).iter().enumerate() {
            skeleton.text.extend_from_slice(literal.of(literals));
            let Some(column) = slots.get(slot) else { break };
            match table.columns.get(*column as usize).map(|column| &column.encoding) {
                Some(Encoding::Constant(value)) => skeleton.text.extend_from_slice(value),
                _ => skeleton.holes.push(Hole {
                    at: skeleton.text.len(),
                    slot,
                    column: *column,
                    alphabet: alphabets.get(*column as usize).copied().unwrap_or(Alphabet::UNKNOWN),
                }),
            }
        }
        skeleton
    }

    /// Bytes and holes.
    pub fn len(&self) -> usize {
        self.text.len() + self.holes.len()
    }

    /// All of it.
    pub fn whole(&self) -> Vec<Piece<'_>> {
        let end = Place { at: self.text.len(), hole: self.holes.len() };
        self.parts(&Kept::Between(Place::default(), end))
    }

    /// The pieces of `kept`.
    pub fn parts<'s>(&'s self, kept: &Kept<'s>) -> Vec<Piece<'s>> {
        let (from, to) = match kept {
            Kept::Text(text) => return vec![Piece::Text(text)],
            Kept::Between(from, to) => (*from, *to),
        };
        let text = |from: usize, to: usize| Piece::Text(self.text.get(from..to).unwrap_or(&[]));
        let mut parts = Vec::new();
        let mut at = from.at;
        for hole in self.holes.get(from.hole..to.hole).unwrap_or(&[]) {
            parts.extend([text(at, hole.at), Piece::Value(hole.slot, hole.column)]);
            at = hole.at;
        }
        parts.push(text(at, to.at));
        parts
    }

    /// A cursor at the start.
    pub fn cursor(&self) -> Cursor<'_> {
        Cursor { skeleton: self, place: Place::default() }
    }
}

/// What comes next in a skeleton.
#[derive(Clone, Copy, Debug)]
pub enum Next {
    Byte(u8),
    Hole(Alphabet),
    End,
}

/// Walks over a skeleton.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'s> {
    skeleton: &'s Skeleton,
    pub place: Place,
}

impl<'s> Cursor<'s> {
    /// What comes next.
    pub fn peek(&self) -> Next {
        let Skeleton { text, holes } = self.skeleton;
        match holes.get(self.place.hole) {
            Some(hole) if hole.at == self.place.at => Next::Hole(hole.alphabet),
            _ => text.get(self.place.at).map_or(Next::End, |byte| Next::Byte(*byte)),
        }
    }

    /// The column of the hole that comes next.
    pub fn column(&self) -> Option<u32> {
        self.skeleton
            .holes
            .get(self.place.hole)
            .filter(|hole| hole.at == self.place.at)
            .map(|hole| hole.column)
    }

    /// Passes over what comes next.
    pub fn step(&mut self) {
        match self.peek() {
            Next::Hole(_) => self.place.hole += 1,
            Next::Byte(_) => self.place.at += 1,
            Next::End => {}
        }
    }

    /// Passes over `byte`, if that comes next.
    pub fn take(&mut self, byte: u8) -> bool {
        let found = matches!(self.peek(), Next::Byte(next) if next == byte);
        if found {
            self.step();
        }
        found
    }

    /// Passes over bytes that are `wanted`; stops at holes.
    pub fn skip(&mut self, wanted: impl Fn(u8) -> bool) {
        while matches!(self.peek(), Next::Byte(byte) if wanted(byte)) {
            self.step();
        }
    }

    /// Passes over the content and the closing quote of a string; none where it may end elsewhere.
    pub fn string(&mut self) -> Option<()> {
        loop {
            let next = self.peek();
            self.step();
            match next {
                Next::Byte(b'"') => return Some(()),
                Next::Byte(b'\\') => match self.peek() {
                    Next::Byte(_) => self.step(),
                    Next::Hole(_) | Next::End => return None,
                },
                Next::Byte(_) => {}
                Next::Hole(alphabet) if alphabet.stays_in_quotes() => {}
                Next::Hole(_) | Next::End => return None,
            }
        }
    }

    /// The text from `from` to here; none when there is a hole in it.
    pub fn text_from(&self, from: Place) -> Option<&'s [u8]> {
        if from.hole != self.place.hole {
            return None;
        }
        self.skeleton.text.get(from.at..self.place.at)
    }
}
