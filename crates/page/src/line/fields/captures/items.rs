//! A template as bytes and values, of which some may be told by templates of their own.

use crate::line::alphabet::Alphabet;
use crate::line::fields::skeleton::{Next, Place, Skeleton};
use crate::line::rebuild::Reader;
use crate::line::tree::{Column, Encoding, Table};
use base::Result;
use model::fields::Bytes;
use model::varint;
use std::ops::Range;

/// Bytes of a template and its values.
#[derive(Clone, Debug)]
pub struct Items<'t>(Vec<Item<'t>>);

/// A byte or a value.
#[derive(Clone, Debug)]
pub struct Item<'t> {
    is: Is<'t>,
    /// Whether it stands within a value of the template.
    pub is_within: bool,
    /// Where it begins and ends in the template; that of the value it stands within.
    pub before: Place,
    pub behind: Place,
}

#[derive(Clone, Debug)]
enum Is<'t> {
    Byte(u8),
    Value(&'t Column, May),
}

/// Which bytes values may have.
#[derive(Clone, Debug)]
enum May {
    /// As this tells; or none.
    Alphabet(Alphabet),
    /// These; or none, unless that is known not to be.
    Bytes(Bytes, NeverEmpty),
}

type NeverEmpty = bool;

impl May {
    fn have(&self, byte: u8) -> bool {
        match self {
            Self::Alphabet(alphabet) => !alphabet.lacks(byte),
            Self::Bytes(bytes, _) => bytes.has(byte),
        }
    }

    fn digits(digits: &[u8]) -> Self {
        Self::Bytes(digits.iter().copied().collect(), true)
    }

    /// Those of `column`, of which otherwise `alphabet` is known.
    fn of(column: &Column, alphabet: Alphabet) -> Self {
        match &column.encoding {
            Encoding::Integer { .. } => Self::digits(b"0123456789"),
            Encoding::Hex { .. } => Self::digits(b"0123456789abcdefABCDEF"),
            _ => Self::Alphabet(alphabet),
        }
    }
}

/// It is not known where a text first comes: it may begin in this value, or go over it.
pub struct Stuck(pub usize);

/// Whether a text is at a place.
pub enum Fit {
    /// It is, and ends in front of this item.
    UpTo(usize),
    /// That depends on this value.
    MayBe(usize),
    Not,
}

impl<'t> Items<'t> {
    /// Those of a template of `table`.
    pub fn of(skeleton: &Skeleton, table: &'t Table) -> Self {
        let mut items = Vec::new();
        let mut cursor = skeleton.cursor();
        loop {
            let (before, column) = (cursor.place, cursor.column());
            let is = match cursor.peek() {
                Next::End => return Self(items),
                Next::Byte(byte) => Is::Byte(byte),
                Next::Hole(alphabet) => {
                    let column = column.and_then(|column| table.columns.get(column as usize));
                    // There is one for each hole.
                    let Some(column) = column else { return Self(items) };
                    Is::Value(column, May::of(column, alphabet))
                }
            };
            cursor.step();
            items.push(Item { is, is_within: false, before, behind: cursor.place });
        }
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn get(&self, at: usize) -> Option<&Item<'t>> {
        self.0.get(at)
    }

    /// The item at `at`, or all that are within the same value from there on.
    pub fn group(&self, at: usize) -> Range<usize> {
        let rest = self.0.get(at..).unwrap_or(&[]);
        let Some(first) = rest.first().filter(|first| first.is_within) else { return at..at + 1 };
        at..at + rest.iter().take_while(|item| item.is_within && item.before == first.before).count()
    }

    /// Reads which bytes the values at `at` have; false when that is known, or told by templates.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn look_at(&mut self, at: usize, reader: &Reader<'_>) -> Result<bool> {
        let Some(Item { is: Is::Value(column, may @ May::Alphabet(_)), .. }) = self.0.get_mut(at) else {
            return Ok(false);
        };
        let (lengths, words) = match &column.encoding {
            Encoding::Dictionary { lengths, words, .. } | Encoding::Raw { lengths, words } => {
                (Some(*lengths), *words)
            }
            Encoding::Fixed { words, .. } => (None, *words),
            _ => return Ok(false),
        };
        let mut never_empty = true;
        if let Some(lengths) = lengths {
            let mut lengths = reader.streams.get(lengths)?.bytes;
            while let Some(length) = varint::take(&mut lengths) {
                never_empty &= length > 0;
            }
        }
        let words = reader.streams.get(words)?;
        *may = May::Bytes(words.bytes.iter().copied().collect(), never_empty);
        Ok(true)
    }

    /// The same with what the value at `at` may be instead of it: a variant for each template of its column, none where it
    /// has none.
    pub fn variants(&self, at: usize, literals: &[u8]) -> impl Iterator<Item = Self> {
        let value = self.0.get(at);
        let table = value.and_then(|item| match &item.is {
            Is::Value(Column { encoding: Encoding::Table(table), .. }, _) => Some((item, table)),
            _ => None,
        });
        table.into_iter().flat_map(move |(item, table)| {
            (0..table.templates.len()).map(move |template| self.with(at, item, table, template, literals))
        })
    }

    fn with(&self, at: usize, item: &Item<'t>, table: &'t Table, template: usize, literals: &[u8]) -> Self {
        let (front, rest) = self.0.split_at(at);
        let mut items = front.to_vec();
        let mut push = |is: Is<'t>| items.push(Item { is, is_within: true, ..item.clone() });
        let mut slots = table.templates.slots(template).iter();
        for literal in table.templates.literals(template) {
            literal.of(literals).iter().for_each(|byte| push(Is::Byte(*byte)));
            let column = slots.next().and_then(|column| table.columns.get(*column as usize));
            match column {
                Some(Column { encoding: Encoding::Constant(value), .. }) => {
                    value.iter().for_each(|byte| push(Is::Byte(*byte)));
                }
                Some(column) => push(Is::Value(column, May::of(column, Alphabet::UNKNOWN))),
                None => {}
            }
        }
        items.extend(rest.iter().skip(1).cloned());
        Self(items)
    }

    /// Where the run of `bytes` from `at` on ends, and whether it surely has one.
    pub fn run(&self, at: usize, bytes: &Bytes) -> Result<(usize, Option<Stuck>), Stuck> {
        let mut empty = Some(Stuck(at));
        for (here, item) in self.0.iter().enumerate().skip(at) {
            match &item.is {
                Is::Byte(byte) if bytes.has(*byte) => empty = None,
                Is::Byte(_) => return Ok((here, empty)),
                Is::Value(_, may) => {
                    if (0..=u8::MAX).any(|byte| may.have(byte) && !bytes.has(byte)) {
                        return Err(Stuck(here));
                    }
                    match may {
                        May::Bytes(_, true) => empty = None,
                        _ => empty = empty.map(|_| Stuck(here)),
                    }
                }
            }
        }
        Ok((self.len(), empty))
    }

    /// Whether one byte of `bytes` is at `at`.
    pub fn one(&self, at: usize, bytes: &Bytes) -> Fit {
        match self.0.get(at).map(|item| &item.is) {
            Some(Is::Byte(byte)) if bytes.has(*byte) => Fit::UpTo(at + 1),
            Some(Is::Value(..)) => Fit::MayBe(at),
            Some(Is::Byte(_)) | None => Fit::Not,
        }
    }

    /// Whether `text` is right at `at`.
    pub fn fit(&self, at: usize, text: &[u8]) -> Fit {
        let (mut at, mut rest, mut unsure) = (at, text, None);
        while let Some((first, tail)) = rest.split_first() {
            match self.0.get(at).map(|item| &item.is) {
                Some(Is::Byte(byte)) if byte == first => rest = tail,
                Some(Is::Byte(_)) | None => return Fit::Not,
                Some(Is::Value(_, may)) if may.have(*first) => return Fit::MayBe(at),
                // It may be empty.
                Some(Is::Value(..)) => unsure = Some(at),
            }
            at += 1;
        }
        unsure.map_or(Fit::UpTo(at), Fit::MayBe)
    }

    /// Where `text` first comes from `at` on; none when it does not.
    pub fn find(&self, at: usize, text: &[u8]) -> Result<Option<Range<usize>>, Stuck> {
        for (start, item) in self.0.iter().enumerate().skip(at) {
            match &item.is {
                Is::Value(_, may) if self.may_begin_in(start, may, text) => return Err(Stuck(start)),
                Is::Value(..) => {}
                Is::Byte(_) => match self.fit(start, text) {
                    Fit::UpTo(end) => return Ok(Some(start..end)),
                    Fit::MayBe(value) => return Err(Stuck(value)),
                    Fit::Not => {}
                },
            }
        }
        Ok(None)
    }

    /// Whether `text` may begin within the value at `at`.
    fn may_begin_in(&self, at: usize, may: &May, text: &[u8]) -> bool {
        let within = text.iter().take_while(|byte| may.have(**byte)).count();
        let goes_on = |len: usize| !matches!(self.fit(at + 1, text.get(len..).unwrap_or(&[])), Fit::Not);
        within == text.len() && within > 0 || (1..=within).any(goes_on)
    }
}
