//! Cutting texts into templates and columns.

use super::alphabet::Alphabet;
use super::form::{self, Form, Found};
use super::ids::Coding;
use super::streams::{ALPHABETS_TAG, Class, StreamsWriter};
use super::token::{Cut, Span};
use super::tree::{Table, Templates};
use super::trie::{Trie, Walk};
use super::{COLUMNS_MAX, ROWS_MAX, TEMPLATES_MAX, TEXT_BYTES_MAX};
use crate::filter::gram::{self, KeySet};
use crate::filter::word::Grams;
use crate::section::SectionWriter;
use base::Result;
use hashbrown::HashMap;
use std::cell::RefCell;

/// Texts after which it is checked whether they share templates.
const PROBE_ROWS: usize = 2000;
/// Texts per template, on average, below which it is given up.
const ROWS_PER_TEMPLATE: usize = 4;
/// Values of columns after which the same is checked, and the most templates that they may have by then.
const PROBE_VALUES: [(usize, usize); 2] = [(96, 80), (512, 300)];
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
    /// Keys of the ids in all texts.
    pub ids: KeySet<'static>,
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
    let (grams, ids) = (Grams::default(), KeySet::of_bytes(text.len()));
    let mut encoder = Encoder { text, streams, literals, alphabets, hash, grams, ids };
    let table = encoder.table(&rows, Cut::Words, 0)?;
    let mut templates = Vec::new();
    encoder.streams.put_heads(&mut templates);
    table.put(&mut templates);
    templates.extend_from_slice(&encoder.literals);
    let Encoder { streams, alphabets, grams, ids, .. } = encoder;
    Some(Encoded { streams, templates, alphabets, grams, ids })
}

/// What tables of a page share.
#[derive(Debug)]
pub(super) struct Encoder<'a> {
    /// All texts.
    pub text: &'a [u8],
    pub streams: StreamsWriter,
    /// Literals of the tables so far.
    pub literals: Vec<u8>,
    alphabets: Vec<Alphabet>,
    /// Keyed, for who writes lines must not be able to choose ones that collide.
    pub hash: foldhash::fast::RandomState,
    /// Of all that is stored with letters: no word is cut between a literal and a value ([`token::cut`]).
    pub grams: Grams,
    /// Of the ids of all texts.
    pub ids: KeySet<'static>,
}

/// A table that is being filled.
#[derive(Debug, Default)]
struct Filling {
    trie: Trie,
    templates: Templates,
    ids: Vec<u32>,
    columns: Vec<Vec<Span>>,
    /// Hash of what is in front of a column's values. One that collides makes columns worse, not wrong.
    columns_by_key: HashMap<u64, u32, foldhash::fast::RandomState>,
    /// The template of the last texts, if it was that of more than one.
    form: Option<Form>,
    /// A template that is no form.
    formless: Option<u32>,
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
        if depth == 0 {
            self.add_ids_around(&templates, &ids, rows);
        }
        let coding = Coding::for_ordered(&ids, templates.len());
        let ids = self.streams.add_parts(Class::Numbers, coding.encode(&ids), ids.len());
        templates.literals_of_all().for_each(|literal| self.grams.add(literal.of(self.text)));
        templates.move_literals(self.text, &mut self.literals);
        let stored = columns.iter().map(|values| self.column(values, depth));
        let mut stored: Vec<_> = stored.collect();
        if !small.is_empty() {
            stored.push(self.small_columns(&small));
        }
        if depth == 0 {
            for (values, column) in columns.iter().chain([&small]).zip(&stored) {
                let alphabet = self.alphabet(values, column);
                self.alphabets.push(alphabet);
                self.add_ids(values, column);
            }
        }
        filling.columns = columns;
        let text_len = rows.iter().map(|row| row.len).sum();
        Table { rows: rows.len() as u32, text_len, coding, ids, templates, columns: stored }
    }

    /// Adds the keys of ids that lie in literals. An id that a value has only a part of makes the texts of its template
    /// be looked through; all others lie whole in values.
    fn add_ids_around(&mut self, templates: &Templates, ids: &[u32], rows: &[Span]) {
        let text = self.text;
        let is_open = |template: usize| {
            let literals = templates.literals(template);
            literals.windows(2).enumerate().any(|(at, pair)| {
                let (before, behind) = (pair[0].of(text).last(), pair[1].of(text).first());
                let between = behind.is_none() && at + 2 < literals.len();
                between || [before, behind].into_iter().flatten().any(|byte| gram::in_id(*byte))
            })
        };
        let open: Vec<bool> = (0..templates.len()).map(is_open).collect();
        for (_, row) in ids.iter().zip(rows).filter(|(id, _)| open.get(**id as usize) == Some(&true)) {
            self.ids.add_ids_of(row.of(text));
        }
        for template in (0..templates.len()).filter(|template| !open[*template]) {
            templates.literals(template).iter().for_each(|literal| self.ids.add_ids_of(literal.of(text)));
        }
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
        self.ids.reserve(rows.len());
        let mut found = Found::default();
        while let Some(row) = rows.get(self.ids.len()) {
            let before = self.ids.len();
            if !self.texts_of_form(text, rows.get(before..).unwrap_or(&[]), how, &mut found, hash) {
                self.text(text, Walk::new(text, *row, how), hash);
            }
            let templates = self.templates.len();
            let scattered =
                |values: usize, most: usize| (before..self.ids.len()).contains(&values) && templates > most;
            let scattered = match depth {
                0 => scattered(PROBE_ROWS, PROBE_ROWS / ROWS_PER_TEMPLATE),
                _ => PROBE_VALUES.iter().any(|(values, most)| scattered(*values, *most)),
            };
            if scattered || templates > most || self.columns.len() > COLUMNS_MAX {
                return false;
            }
        }
        true
    }

    /// Cuts the first of `rows` at once if texts before them had one template; false when none was cut.
    fn texts_of_form(
        &mut self,
        text: &[u8],
        rows: &[Span],
        how: Cut,
        found: &mut Found,
        hash: &foldhash::fast::RandomState,
    ) -> bool {
        let (Some(form), Some(rows)) = (&self.form, rows.first_chunk::<{ form::ROWS }>()) else {
            return false;
        };
        form.cut(text, rows, found);
        let count = found.count();
        if count == form::ROWS && form.is_plain {
            for (column, values) in form.columns(found) {
                if let Some(column) = self.columns.get_mut(column as usize) {
                    column.extend_from_slice(values);
                }
            }
            self.ids.extend([form.template; form::ROWS]);
            return true;
        }
        let Some(form) = self.form.take() else { return false };
        for (at, row) in rows.iter().enumerate() {
            if !found.has(at) {
                self.text(text, Walk::new(text, *row, how), hash);
                continue;
            }
            for (column, value) in form.values(found, at) {
                if let Some(column) = self.columns.get_mut(column as usize) {
                    column.push(value);
                }
            }
            self.ids.push(form.template);
        }
        if count * 2 > form::ROWS {
            self.form = Some(form);
        }
        true
    }

    /// Puts the values of the text on its way into columns.
    #[inline]
    fn text(&mut self, text: &[u8], mut walk: Walk<'_>, hash: &foldhash::fast::RandomState) {
        loop {
            let step = self.trie.step(text, &mut walk, hash);
            let mut target = step.taken.target;
            if step.taken.is_new {
                self.know(text, step.taken.edge, step.value.is_none());
                target = self.trie.edge(step.taken.edge).map_or(0, |edge| edge.target);
            }
            let Some(value) = step.value else {
                if self.ids.last() == Some(&target) && self.formless != Some(target) {
                    self.form = Form::new(text, &self.trie, step.taken.edge);
                    self.formless = self.form.is_none().then_some(target);
                }
                return self.ids.push(target);
            };
            if let Some(column) = self.columns.get_mut(target as usize) {
                column.push(value);
            }
        }
    }

    /// Gives a new edge its column, or its template where a text ends.
    #[cold]
    fn know(&mut self, text: &[u8], edge: u32, ends: bool) {
        if ends {
            let template = self.templates.len() as u32;
            let mut path: Vec<_> = self.trie.path(edge).collect();
            path.reverse();
            let slots = path.iter().take(path.len() - 1).map(|edge| edge.target);
            self.templates.push(path.iter().map(|edge| edge.literal), slots);
            return self.trie.set(edge, template, 0);
        }
        let mut path = self.trie.path(edge);
        let literal = path.next().map_or(&[][..], |edge| edge.literal.of(text));
        let mut before = path.peekable();
        let seed = match literal.len() <= SHORT_LITERAL_BYTES {
            true => before.peek().map_or(0, |edge| edge.key),
            false => 0,
        };
        let tail = literal.get(literal.len().saturating_sub(KEY_BYTES)..).unwrap_or(&[]);
        let key = xxhash_rust::xxh3::xxh3_64_with_seed(tail, seed);
        let repeated = before.filter(|edge| edge.key == key).count().min(REPEATED_KEYS);
        let next = self.columns.len() as u32;
        let column_key = key.wrapping_add((repeated as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let column = *self.columns_by_key.entry(column_key).or_insert(next);
        if column == next {
            self.columns.push(taken_buffer());
        }
        self.trie.set(edge, column, key);
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
