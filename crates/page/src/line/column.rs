//! How values of a column are stored best.

use super::DEPTH_MAX;
use super::alphabet::{Alphabet, AlphabetOfBytes};
use super::dictionary::Dictionary;
use super::encode::Encoder;
use super::hex::{self, Packer};
use super::ids::Coding;
use super::integer::Numbers;
use super::streams::{Class, Stream, StreamsWriter};
use super::token::{Cut, Span};
use super::tree::{Column, Encoding, Table};
use super::trie::same;
use crate::filter::gram::ID_BYTES_MIN;
use model::varint;

/// Values looked at to tell whether they are like lines or like words.
const PROBE: usize = 16;
/// With fewer values templates are not worth their literals.
const TABLE_VALUES_MIN: usize = 8;
/// The fewest digits that are packed.
const HEX_DIGITS_MIN: u32 = 5;
/// A dictionary has at most one distinct value in this many.
const REPEATS: usize = 3;
/// The same instead of numbers.
const NUMBER_REPEATS: usize = 4;

/// Fewer values are not cut into parts.
const PARTS_VALUES_MIN: usize = 64;
/// What values in parts take at most of what they take as they are, for these are read faster.
const PARTS_WORTH: (usize, usize) = (3, 4);
/// Values that tell what all take as they are.
const RAW_SAMPLE: usize = 2048;

impl Encoder<'_> {
    /// Stores `values` in a column of a table of depth `depth`.
    pub fn column(&mut self, values: &[Span], depth: usize) -> Column {
        let encoding = self.encoding(values, depth);
        Column { values: values.len() as u32, encoding }
    }

    /// Stores the values of many small columns together.
    pub fn small_columns(&mut self, values: &[Span]) -> Column {
        Column { values: values.len() as u32, encoding: self.raw(values, false) }
    }

    /// Adds the keys of the ids in `values`, which `column` stores.
    pub fn add_ids(&mut self, values: &[Span], column: &Column) {
        let (streams, ids) = (&self.streams, &mut self.ids);
        match &column.encoding {
            Encoding::Constant(value) => ids.add_ids_of(value),
            Encoding::Hex { digits, .. } if *digits as usize >= ID_BYTES_MIN => {
                ids.expect(values.len());
                values.iter().for_each(|value| ids.add_id(value.of(self.text)));
            }
            Encoding::Hex { .. } => {}
            Encoding::Dictionary { lengths, words, .. } | Encoding::Raw { lengths, words } => {
                stored_words(streams, *lengths, *words).for_each(|word| ids.add_ids_of(word));
            }
            _ => {
                let long = values.iter().filter(|value| value.len as usize >= ID_BYTES_MIN);
                long.for_each(|value| ids.add_ids_of(value.of(self.text)));
            }
        }
    }

    /// What bytes `values` have, which `column` stores.
    pub fn alphabet(&self, values: &[Span], column: &Column) -> Alphabet {
        match &column.encoding {
            // Readers take it for a part of the template.
            Encoding::Constant(_) | Encoding::Integer { .. } => Alphabet::NUMBERS,
            Encoding::Hex { .. } => Alphabet::WORDS,
            Encoding::Dictionary { lengths, words, .. } | Encoding::Raw { lengths, words } => {
                Alphabet::of(stored_words(&self.streams, *lengths, *words))
            }
            Encoding::Table(table) => {
                let mut bytes = AlphabetOfBytes::default();
                self.add_bytes(table, &mut bytes);
                let firsts = values.iter().map(|value| value.of(self.text).first());
                let alphabet = bytes.with_firsts(firsts.flatten().copied());
                alphabet.unwrap_or_else(|| Alphabet::of(values.iter().map(|value| value.of(self.text))))
            }
            Encoding::Fixed { .. } => Alphabet::of(values.iter().map(|value| value.of(self.text))),
        }
    }

    /// Adds all bytes of the texts of `table` to `bytes`, however often they are there.
    fn add_bytes(&self, table: &Table, bytes: &mut AlphabetOfBytes) {
        for literal in table.templates.literals_of_all() {
            bytes.add(literal.of(&self.literals));
        }
        for column in &table.columns {
            match &column.encoding {
                Encoding::Constant(value) => bytes.add(value),
                // Letters and digits: they are none that count.
                Encoding::Integer { .. } | Encoding::Hex { .. } => {}
                Encoding::Dictionary { words, .. }
                | Encoding::Raw { words, .. }
                | Encoding::Fixed { words, .. } => bytes.add(self.streams.bytes(*words)),
                Encoding::Table(inner) => self.add_bytes(inner, bytes),
            }
        }
    }

    fn encoding(&mut self, values: &[Span], depth: usize) -> Encoding {
        let text = self.text;
        let first = values.first().map_or(&[][..], |span| span.of(text));
        if values.iter().all(|value| same(value.of(text), first)) {
            self.grams.add(first);
            return Encoding::Constant(first.to_vec());
        }
        if let Some(encoding) = self.integer(values) {
            return encoding;
        }
        if let Some(encoding) = self.dictionary(values, REPEATS) {
            return encoding;
        }
        let fixed = values.iter().all(|value| value.len as usize == first.len());
        if fixed && let Some(encoding) = self.hex(values) {
            return encoding;
        }
        if depth < DEPTH_MAX && values.len() >= TABLE_VALUES_MIN {
            let like_line = |value: &Span| memchr::memchr2(b' ', b'=', value.of(text)).is_some();
            let cut = if values.iter().take(PROBE).any(like_line) { Cut::Words } else { Cut::Digits };
            if let Some(table) = self.table(values, cut, depth + 1) {
                return Encoding::Table(Box::new(table));
            }
            if let Some(table) = self.table_of_parts(values, depth) {
                return Encoding::Table(Box::new(table));
            }
        }
        self.raw(values, fixed)
    }

    /// `values` cut at what is between letters and digits, where that takes fewer bytes than `values` as they are.
    fn table_of_parts(&mut self, values: &[Span], depth: usize) -> Option<Table> {
        let text = self.text;
        let has_parts = |value: &Span| value.of(text).iter().any(|byte| !byte.is_ascii_alphanumeric());
        if values.len() < PARTS_VALUES_MIN || !values.iter().take(PROBE).any(has_parts) {
            return None;
        }
        let (streams, literals) = (self.streams.len(), self.literals.len());
        let table = self.table(values, Cut::Parts, depth + 1);
        let cost = table.as_ref().and_then(|_| self.streams.cost(streams).ok());
        let of_parts = self.streams.take(streams);
        if cost.is_some() && cost <= self.cost_of_raw(values).map(|raw| raw * PARTS_WORTH.0 / PARTS_WORTH.1) {
            self.streams.append(of_parts);
            return table;
        }
        self.literals.truncate(literals);
        None
    }

    /// About the bytes that `values` take as they are, told by some of them.
    fn cost_of_raw(&self, values: &[Span]) -> Option<usize> {
        let sample = values.get(..RAW_SAMPLE).unwrap_or(values);
        let mut streams = StreamsWriter::default();
        streams.add(Class::Words, sample.iter().flat_map(|value| value.of(self.text)).copied().collect());
        Some(streams.cost(0).ok()? * values.len() / sample.len().max(1))
    }

    /// Few distinct numbers, of which a byte tells which.
    fn few_numbers(&mut self, values: &[Span], numbers: &Numbers) -> Option<Encoding> {
        let (firsts, ids) = numbers.few_distinct()?;
        let distinct: Vec<Span> = firsts.iter().filter_map(|first| values.get(*first)).copied().collect();
        Some(self.numbered(&distinct, &ids))
    }

    fn integer(&mut self, values: &[Span]) -> Option<Encoding> {
        let numbers = Numbers::read(self.text, values)?;
        let facts = numbers.facts();
        if facts.is_wide()
            && let Some(encoding) = self.few_numbers(values, &numbers)
        {
            return Some(encoding);
        }
        if facts.scattered()
            && let Some(encoding) = self.dictionary(values, NUMBER_REPEATS)
        {
            return Some(encoding);
        }
        let (layout, planes) = numbers.planes(&facts);
        let part_len = planes.len() / usize::from(layout.width);
        let planes = self.streams.add_parts(Class::Numbers, planes, part_len);
        Some(Encoding::Integer { layout, planes })
    }

    fn dictionary(&mut self, values: &[Span], repeats: usize) -> Option<Encoding> {
        let Dictionary { distinct, ids } = Dictionary::of(self.text, values, repeats, &self.hash)?;
        Some(self.numbered(&distinct, &ids))
    }

    fn numbered(&mut self, distinct: &[Span], ids: &[u32]) -> Encoding {
        let coding = Coding::of(distinct.len(), false);
        let ids = self.streams.add_parts(Class::Numbers, coding.encode(ids), ids.len());
        let (lengths, words) = self.words(distinct);
        Encoding::Dictionary { distinct: distinct.len() as u32, coding, ids, lengths, words }
    }

    fn hex(&mut self, values: &[Span]) -> Option<Encoding> {
        let digits = values.first()?.len;
        if digits < HEX_DIGITS_MIN {
            return None;
        }
        let mut packer = Packer::new(values.len() * hex::packed_len(digits as usize));
        let mut case = None;
        for value in values {
            case = Some(packer.add(value.of(self.text))?);
        }
        let packed = self.streams.add(Class::Packed, packer.packed);
        Some(Encoding::Hex { digits, case: case?, packed })
    }

    fn raw(&mut self, values: &[Span], fixed: bool) -> Encoding {
        match values.first() {
            Some(first) if fixed && first.len > 0 => {
                Encoding::Fixed { len: first.len, words: self.joined(values) }
            }
            _ => {
                let (lengths, words) = self.words(values);
                Encoding::Raw { lengths, words }
            }
        }
    }

    fn words(&mut self, values: &[Span]) -> (Stream, Stream) {
        let mut lengths = Vec::with_capacity(values.len());
        values.iter().for_each(|value| varint::put(&mut lengths, u64::from(value.len)));
        (self.streams.add(Class::Numbers, lengths), self.joined(values))
    }

    fn joined(&mut self, values: &[Span]) -> Stream {
        let mut words = Vec::with_capacity(values.iter().map(|value| value.len as usize).sum());
        for value in values {
            words.extend_from_slice(value.of(self.text));
            self.grams.add(value.of(self.text));
        }
        self.streams.add(Class::Words, words)
    }
}

/// Words as they were stored one after the other.
fn stored_words(streams: &StreamsWriter, lengths: Stream, words: Stream) -> impl Iterator<Item = &[u8]> {
    let (mut lengths, mut words) = (streams.bytes(lengths), streams.bytes(words));
    std::iter::from_fn(move || {
        let (word, rest) = words.split_at_checked(varint::take(&mut lengths)? as usize)?;
        words = rest;
        Some(word)
    })
}
