//! Which values of a column have a part of the needle where it is wanted.

use super::{Hits, InTable, Search, Stop};
use crate::bits::Bits;
use crate::line::hex::{self, Case};
use crate::line::ids::Coding;
use crate::line::integer::{self, DECIMAL_ROOM, DIGITS_MAX, Layout};
use crate::line::rebuild::spans;
use crate::line::streams::{Stream, StreamBytes};
use crate::line::token::Span;
use crate::line::tree::{Column, Encoding, Table};
use memchr::memmem::{self, Finder};
use std::ops::Range;

/// Where in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Anywhere.
    Inside,
    /// At its start.
    Start,
    /// At its end.
    End,
    /// From its start to its end.
    Whole,
}

impl Place {
    fn holds(self, value: &[u8], part: &[u8]) -> bool {
        match self {
            Self::Inside => memmem::find(value, part).is_some(),
            Self::Start => value.starts_with(part),
            Self::End => value.ends_with(part),
            Self::Whole => value == part,
        }
    }

    /// Whether a value of `len` bytes has room for `part`.
    fn fits(self, part: &[u8], len: usize) -> bool {
        if self == Self::Whole { part.len() == len } else { part.len() <= len }
    }
}

pub(super) fn hits_where(count: usize, holds: impl Fn(usize) -> bool) -> Hits {
    Hits::of(Bits::from_fn(count, holds))
}

impl<'s> InTable<'_, 's, '_> {
    /// The values of `column` that have the needle's bytes `from..to` at `place`.
    pub fn hits(&mut self, column: u32, place: Place, from: usize, to: usize) -> Result<Hits, Stop> {
        let key = (column, place, from as u32, to as u32);
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let table: &'s Table = self.table;
        let hits = match table.columns.get(column as usize) {
            Some(of) if of.values > 0 => self.values(column as usize, of, place, from..to)?,
            _ => Hits::None,
        };
        self.known.insert(key, hits.clone());
        Ok(hits)
    }

    fn values(
        &mut self,
        at: usize,
        column: &'s Column,
        place: Place,
        range: Range<usize>,
    ) -> Result<Hits, Stop> {
        let search = self.search;
        let part = search.needle().get(range.clone()).unwrap_or(&[]);
        let count = column.values as usize;
        match &column.encoding {
            Encoding::Constant(value) => Ok(if place.holds(value, part) { Hits::All } else { Hits::None }),
            Encoding::Integer { layout, .. } if !may_have(layout, place, part) => Ok(Hits::None),
            Encoding::Integer { layout, planes } => {
                search.charge(count * 2)?;
                let numbers = layout.decode(search.reader.streams.get(*planes)?.bytes, count);
                search.numbers(&numbers, layout.digits, place, part)
            }
            Encoding::Hex { digits, case, packed } => {
                let digits = *digits as usize;
                if !place.fits(part, digits) || !part.iter().all(|byte| case.has(*byte)) {
                    return Ok(Hits::None);
                }
                let packed = search.reader.streams.get(*packed)?.bytes;
                if part.len() == digits {
                    return search.packed(packed, part, count);
                }
                search.charge(packed.len())?;
                Ok(in_digits(packed, digits, *case, count, place, part))
            }
            Encoding::Dictionary { .. } | Encoding::Raw { .. } | Encoding::Fixed { .. }
                if place == Place::Inside && !search.in_words()? =>
            {
                Ok(Hits::None)
            }
            Encoding::Dictionary { distinct, coding, ids, lengths, words } => {
                let words = search.reader.streams.get(*words)?;
                let lengths = search.reader.streams.get(*lengths)?.bytes;
                let Hits::Some(bits) = search.words(&words, lengths, *distinct as usize, place, part)? else {
                    return Ok(Hits::None);
                };
                search.numbered(count, (*coding, *ids), *distinct as usize, &bits)
            }
            Encoding::Raw { lengths, words } => {
                let words = search.reader.streams.get(*words)?;
                search.words(&words, search.reader.streams.get(*lengths)?.bytes, count, place, part)
            }
            Encoding::Fixed { len, words } => {
                let words = search.reader.streams.get(*words)?;
                if !place.fits(part, *len as usize) {
                    return Ok(Hits::None);
                }
                search.charge(words.bytes.len() / 8)?;
                Ok(in_pieces(words.bytes, *len as usize, count, place, part))
            }
            Encoding::Table(table) => {
                let inner = match self.inner.get_mut(at).and_then(Option::take) {
                    Some(inner) => inner,
                    None => Box::new(InTable::new(search, table)?),
                };
                let inner = self.inner.get_mut(at).map(|place| place.insert(inner));
                inner.map_or(Ok(Hits::None), |inner| inner.find(place, range))
            }
        }
    }
}

impl Search<'_, '_> {
    /// Numbers with `digits` digits, or any number of them, that have `part`, which is all digits.
    fn numbers(&self, numbers: &[u64], digits: u8, place: Place, part: &[u8]) -> Result<Hits, Stop> {
        let number = part
            .iter()
            .fold(0u64, |sum, digit| sum.wrapping_mul(10).wrapping_add(u64::from(digit.wrapping_sub(b'0'))));
        if place == Place::Whole {
            return Ok(hits_where(numbers.len(), |at| numbers.get(at) == Some(&number)));
        }
        // What has these digits in it is not less than what they say.
        let candidates = numbers.iter().filter(|candidate| **candidate >= number).count();
        self.charge(candidates * 8)?;
        let mut bits = Bits::new(numbers.len());
        let mut text = [0; DECIMAL_ROOM];
        for (at, candidate) in numbers.iter().enumerate().filter(|(_, candidate)| **candidate >= number) {
            let end = integer::write_decimal(*candidate, digits, &mut text, 0);
            if place.holds(&text[..end], part) {
                bits.set(at);
            }
        }
        Ok(Hits::of(bits))
    }

    /// Of `count` values of a dictionary those whose number, of numbers below `distinct` stored as `ids`, is in `bits`.
    pub(super) fn numbered(
        &self,
        count: usize,
        (coding, ids): (Coding, Stream),
        distinct: usize,
        bits: &Bits,
    ) -> Result<Hits, Stop> {
        self.charge(count * 2)?;
        let stored = self.reader.streams.get(ids)?.bytes;
        if let Some(bytes) = coding.bytes(stored, count) {
            let has: [bool; 256] = std::array::from_fn(|number| bits.has(number));
            return Ok(hits_where(count, |at| bytes.get(at).is_some_and(|byte| has[usize::from(*byte)])));
        }
        let ids = self.reader.numbers((coding, ids), count, distinct)?;
        Ok(hits_where(count, |at| ids.get(at).is_some_and(|id| bits.has(*id as usize))))
    }

    /// Packed values that are `digits`.
    fn packed(&self, packed: &[u8], digits: &[u8], count: usize) -> Result<Hits, Stop> {
        self.charge(packed.len() / 8)?;
        let mut wanted = Vec::new();
        hex::pack(digits, &mut wanted);
        Ok(in_pieces(packed, wanted.len(), count, Place::Whole, &wanted))
    }

    /// Words of these lengths that have `part`.
    fn words(
        &self,
        words: &StreamBytes<'_>,
        lengths: &[u8],
        count: usize,
        place: Place,
        part: &[u8],
    ) -> Result<Hits, Stop> {
        self.charge(words.bytes.len() / 8)?;
        let finder = Finder::new(part);
        let Some(first) = finder.find(words.bytes) else { return Ok(Hits::None) };
        self.charge(lengths.len())?;
        let spans = spans(lengths, words, count)?;
        let mut bits = Bits::new(count);
        if place != Place::Inside {
            self.charge(count)?;
            return Ok(hits_where(count, |at| {
                spans.get(at).is_some_and(|span| place.holds(span.of(words.section), part))
            }));
        }
        let (mut at, mut word) = (first, 0);
        loop {
            let start = (words.start + at) as u32;
            word += spans.get(word..).map_or(0, |rest| rest.partition_point(|span| end(*span) <= start));
            let Some(span) = spans.get(word) else { break };
            if start + part.len() as u32 <= end(*span) {
                bits.set(word);
                at = end(*span) as usize - words.start;
            } else {
                at += 1;
            }
            match words.bytes.get(at..).and_then(|rest| finder.find(rest)) {
                Some(found) => at += found,
                None => break,
            }
        }
        Ok(Hits::of(bits))
    }
}

fn end(span: Span) -> u32 {
    span.start + span.len
}

/// Values of `len` bytes each, one after the other, that have `part`.
fn in_pieces(bytes: &[u8], len: usize, count: usize, place: Place, part: &[u8]) -> Hits {
    let finder = Finder::new(part);
    let mut bits = Bits::new(count);
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| finder.find(rest)) {
        let start = at + found;
        let piece = start / len.max(1);
        let value = bytes.get(piece * len..(piece + 1) * len).unwrap_or(&[]);
        if place.holds(value, part) {
            bits.set(piece);
            at = (piece + 1) * len;
        } else {
            at = start + 1;
        }
    }
    Hits::of(bits)
}

fn in_digits(packed: &[u8], digits: usize, case: Case, count: usize, place: Place, part: &[u8]) -> Hits {
    let unpacker = hex::Unpacker::new(case);
    let mut unpacked = Vec::with_capacity(count * digits);
    for value in packed.chunks_exact(hex::packed_len(digits).max(1)) {
        unpacker.unpack(value, digits, &mut unpacked);
    }
    in_pieces(&unpacked, digits, count, place, part)
}

/// Whether a number of this layout may have `part`.
fn may_have(layout: &Layout, place: Place, part: &[u8]) -> bool {
    if !part.iter().all(u8::is_ascii_digit) {
        return false;
    }
    match layout.digits {
        0 => {
            let from_zero = matches!(place, Place::Whole | Place::Start) && part.len() > 1 && part[0] == b'0';
            part.len() <= layout.digits_max() && !from_zero
        }
        digits => place.fits(part, usize::from(digits)) && part.len() <= DIGITS_MAX,
    }
}
