//! Cutting texts into templates and columns.

use super::alphabet::Alphabet;
use super::ids::Coding;
use super::streams::{ALPHABETS_TAG, Class, StreamsWriter};
use super::token::{self, Cut, Span};
use super::tree::{Table, Templates};
use super::{COLUMNS_MAX, ROWS_MAX, TEMPLATES_MAX, TEXT_BYTES_MAX};
use crate::filter::word::Grams;
use crate::section::SectionWriter;
use base::Result;
use hashbrown::HashMap;
use hashbrown::hash_table::{Entry, HashTable};
use std::cell::RefCell;
use std::hash::{BuildHasher, Hasher};

/// Texts after which it is checked whether they share templates.
const PROBE_ROWS: usize = 2000;
/// Texts per template, on average, below which it is given up.
const ROWS_PER_TEMPLATE: usize = 4;
/// Values of columns after which the same is checked, and the most templates that they may have by then.
const PROBE_VALUES: (usize, usize) = (512, 300);
/// Fewer texts are never worth it.
const ROWS_MIN: usize = 64;
/// Bytes before a value that make its column's key.
const KEY_BYTES: usize = 24;
/// A literal this short says little: the key before it counts as well.
const SHORT_LITERAL_BYTES: usize = 2;
/// Values of one text with the same key that have columns of their own.
const REPEATED_KEYS: usize = 8;
/// Columns with fewer values are stored together.
const COLUMN_VALUES_MIN: usize = 16;
/// The same in a table of values.
const INNER_COLUMN_VALUES_MIN: usize = 4;
/// Buffers that a thread keeps for the next page, and the most values of each.
const KEPT_BUFFERS: (usize, usize) = (128, 65_536);

thread_local! {
    static BUFFERS: RefCell<Vec<Vec<Span>>> = const { RefCell::new(Vec::new()) };
}

/// Texts cut into columns, ready to be written.
#[derive(Debug)]
pub struct Encoded {
    streams: StreamsWriter,
    /// Content of the section with the templates.
    templates: Vec<u8>,
    /// Of each column of the texts.
    alphabets: Vec<Alphabet>,
    /// Of the words in all texts.
    pub grams: Grams,
}

impl Encoded {
    /// Writes the sections.
    ///
    /// # Errors
    /// As [`SectionWriter::add`].
    pub fn write(&self, out: &mut SectionWriter) -> Result<()> {
        self.streams.write(&self.templates, out)?;
        let alphabets: Vec<u8> = self.alphabets.iter().map(|alphabet| alphabet.byte()).collect();
        out.add_bytes(ALPHABETS_TAG, &alphabets)
    }
}

/// Cuts the texts in `text`, of which each ends where `lengths` say, into templates and columns; none
/// when they have too little in common, or are too few for it to pay unless `even_few`.
pub fn encode(text: &[u8], lengths: &[u32], even_few: bool) -> Option<Encoded> {
    let few = lengths.len() < ROWS_MIN && !even_few;
    if text.len() > TEXT_BYTES_MAX || lengths.len() > ROWS_MAX || few {
        return None;
    }
    let mut start = 0;
    let rows: Vec<Span> = lengths
        .iter()
        .map(|len| {
            start += len;
            Span { start: start - len, len: *len }
        })
        .collect();
    let hash = foldhash::fast::RandomState::default();
    let (streams, literals, alphabets) = (StreamsWriter::default(), Vec::new(), Vec::new());
    let mut encoder = Encoder { text, streams, literals, alphabets, hash, grams: Grams::default() };
    let table = encoder.table(&rows, Cut::Words, 0)?;
    let mut templates = Vec::new();
    encoder.streams.put_heads(&mut templates);
    table.put(&mut templates);
    templates.extend_from_slice(&encoder.literals);
    let Encoder { streams, alphabets, grams, .. } = encoder;
    Some(Encoded { streams, templates, alphabets, grams })
}

/// What tables of a page share.
#[derive(Debug)]
pub(super) struct Encoder<'a> {
    /// All texts.
    pub text: &'a [u8],
    pub streams: StreamsWriter,
    literals: Vec<u8>,
    alphabets: Vec<Alphabet>,
    /// Keyed, for who writes lines must not be able to choose ones that collide.
    pub hash: foldhash::fast::RandomState,
    /// Of all that is stored with letters: no word is cut between a literal and a value ([`token::cut`]).
    pub grams: Grams,
}

/// A table that is being filled.
#[derive(Debug, Default)]
struct Filling {
    known: HashTable<u32>,
    templates: Templates,
    /// Of each template the keyed hash of its literals, by which alone it is told from others: comparing literals
    /// took as long as cutting texts. Of two templates with one hash, which nobody can bring about, the page would
    /// not read back as it was and become a text page.
    hashes: Vec<u64>,
    ids: Vec<u32>,
    columns: Vec<Vec<Span>>,
    /// Hash of what is in front of a column's values. One that collides makes columns worse, not wrong.
    columns_by_key: HashMap<u64, u32, foldhash::fast::RandomState>,
}

impl Encoder<'_> {
    /// Cuts `rows` into a table of depth `depth`; none when they have too little in common.
    pub fn table(&mut self, rows: &[Span], how: Cut, depth: usize) -> Option<Table> {
        let mut filling = Filling::default();
        let shared = filling.fill(self.text, rows, how, depth, &self.hash);
        let table = shared.then(|| self.finish(&mut filling, rows, depth));
        give_back(filling.columns);
        table
    }

    fn finish(&mut self, filling: &mut Filling, rows: &[Span], depth: usize) -> Table {
        let least = if depth == 0 { COLUMN_VALUES_MIN } else { INNER_COLUMN_VALUES_MIN };
        let small = filling.merge_small(least);
        let Filling { mut templates, ids, columns, .. } = std::mem::take(filling);
        let coding = Coding::of(templates.len(), true);
        let ids = self.streams.add(Class::Numbers, coding.encode(&ids));
        templates.literals_of_all().for_each(|literal| self.grams.add(literal.of(self.text)));
        templates.move_literals(self.text, &mut self.literals);
        let stored = columns.iter().map(|values| self.column(values, depth));
        let mut stored: Vec<_> = stored.collect();
        if !small.is_empty() {
            stored.push(self.small_columns(&small));
        }
        if depth == 0 {
            let values = columns.iter().chain([&small]).zip(&stored);
            self.alphabets = values.map(|(values, column)| self.alphabet(values, column)).collect();
        }
        filling.columns = columns;
        let text_len = rows.iter().map(|row| row.len).sum();
        Table { rows: rows.len() as u32, text_len, coding, ids, templates, columns: stored }
    }
}

impl Filling {
    /// Cuts all `rows`; false as soon as they have too little in common.
    fn fill(
        &mut self,
        text: &[u8],
        rows: &[Span],
        how: Cut,
        depth: usize,
        hash: &foldhash::fast::RandomState,
    ) -> bool {
        let most = match depth {
            0 => rows.len() / ROWS_PER_TEMPLATE + 16,
            _ => rows.len() / 3 + 8,
        };
        let most = most.min(TEMPLATES_MAX);
        let mut values = Vec::new();
        self.ids.reserve(rows.len());
        for (at, row) in rows.iter().enumerate() {
            token::cut(text, *row, how, &mut values);
            let template = self.template(text, *row, &values, hash);
            self.ids.push(template);
            for (column, value) in self.templates.slots(template as usize).iter().zip(&values) {
                if let Some(column) = self.columns.get_mut(*column as usize) {
                    column.push(*value);
                }
            }
            let templates = self.templates.len();
            let scattered = match depth {
                0 => at == PROBE_ROWS && templates > at / ROWS_PER_TEMPLATE,
                _ => at == PROBE_VALUES.0 && templates > PROBE_VALUES.1,
            };
            if scattered || templates > most || self.columns.len() > COLUMNS_MAX {
                return false;
            }
        }
        true
    }

    /// The template of a text with these values.
    fn template(
        &mut self,
        text: &[u8],
        row: Span,
        values: &[Span],
        hash: &foldhash::fast::RandomState,
    ) -> u32 {
        let mut hasher = hash.build_hasher();
        literals_of(row, values).for_each(|literal| hasher.write(literal.of(text)));
        let hash = hasher.finish();
        let (templates, hashes) = (&self.templates, &self.hashes);
        let hash_of = |id: &u32| hashes.get(*id as usize).copied().unwrap_or_default();
        let same = |id: &u32| hash_of(id) == hash && templates.slots(*id as usize).len() == values.len();
        match self.known.entry(hash, same, hash_of) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                let id = *entry.insert(templates.len() as u32).get();
                let slots = self.slots(text, row, values);
                self.templates.push(literals_of(row, values), slots);
                self.hashes.push(hash);
                id
            }
        }
    }

    /// The columns of a new template's slots.
    fn slots(&mut self, text: &[u8], row: Span, values: &[Span]) -> Vec<u32> {
        let mut keys: Vec<u64> = Vec::with_capacity(values.len());
        let mut before = 0;
        let mut slots = Vec::with_capacity(values.len());
        for literal in literals_of(row, values).take(values.len()) {
            let literal = literal.of(text);
            let seed = if literal.len() <= SHORT_LITERAL_BYTES { before } else { 0 };
            let tail = literal.get(literal.len().saturating_sub(KEY_BYTES)..).unwrap_or(&[]);
            let key = xxhash_rust::xxh3::xxh3_64_with_seed(tail, seed);
            before = key;
            let repeated = keys.iter().filter(|known| **known == key).count().min(REPEATED_KEYS);
            keys.push(key);
            let next = self.columns.len() as u32;
            let key = key.wrapping_add((repeated as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let column = *self.columns_by_key.entry(key).or_insert(next);
            if column == next {
                self.columns.push(taken_buffer());
            }
            slots.push(column);
        }
        slots
    }

    /// Takes the values of columns with fewer than `least` out, in the order of the texts. Their
    /// slots go to the column behind the last one that is left.
    fn merge_small(&mut self, least: usize) -> Vec<Span> {
        let mut small = Vec::new();
        let mut numbers = vec![u32::MAX; self.columns.len()];
        let mut kept = Vec::with_capacity(self.columns.len());
        for (number, mut column) in numbers.iter_mut().zip(self.columns.drain(..)) {
            if column.len() < least {
                small.append(&mut column);
            } else {
                *number = kept.len() as u32;
                kept.push(column);
            }
        }
        let last = kept.len() as u32;
        numbers.iter_mut().filter(|number| **number == u32::MAX).for_each(|number| *number = last);
        small.sort_unstable();
        self.templates.renumber(&numbers);
        self.columns = kept;
        small
    }
}

/// What is left of `row` without `values`: before, between and behind them.
fn literals_of(row: Span, values: &[Span]) -> impl Iterator<Item = Span> + '_ {
    let ends = values.iter().map(|value| value.start).chain([row.start + row.len]);
    let starts = [row.start].into_iter().chain(values.iter().map(|value| value.start + value.len));
    starts.zip(ends).map(|(start, end)| Span { start, len: end - start })
}

fn taken_buffer() -> Vec<Span> {
    BUFFERS.with_borrow_mut(|buffers| buffers.pop().unwrap_or_default())
}

fn give_back(columns: Vec<Vec<Span>>) {
    BUFFERS.with_borrow_mut(|buffers| {
        let (most, values_max) = KEPT_BUFFERS;
        for mut column in columns {
            if buffers.len() < most && (1..=values_max).contains(&column.capacity()) {
                column.clear();
                buffers.push(column);
            }
        }
    });
}
