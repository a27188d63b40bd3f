//! Structured metadata of a page. Rows share sets, so each distinct set is stored once; sets are cut
//! into one column per name, so that a condition on one name reads one column.

use super::{COLUMNS_MAX, NAMES_TAG, REST_TAG, SETS_TAG, column_tag};
use crate::kept::{Held, Item};
use crate::numbered::Numbered;
use crate::question::Question;
use crate::section::{Body, SectionWriter, Tag};
use base::{Error, Result};
use hashbrown::HashMap;
use model::{LabelsRef, varint};
use std::iter::Peekable;
use std::sync::Arc;

/// The distinct metadata sets of a page's rows, in the order they were first seen. Number 0 is the
/// empty set, which is not in the list.
#[derive(Debug, Default)]
pub struct Sets<'a> {
    numbers: HashMap<&'a [u8], u32, foldhash::fast::RandomState>,
    sets: Vec<LabelsRef<'a>>,
    /// Names and values of all sets, and where those of each end.
    pairs: Vec<(&'a str, &'a str)>,
    pair_ends: Vec<u32>,
    /// Of each set the bytes of its names and values.
    pair_bytes: Vec<u64>,
    /// Per row the number of its set.
    of_rows: Vec<u32>,
    /// Sets that rows had a moment ago, by what they end with: most rows have one of few.
    recent: [u32; RECENT],
}

/// See [`Sets`].
const RECENT: usize = 32;

/// Where a set is kept among the recent ones.
fn place(set: &[u8]) -> usize {
    let end = match set.last_chunk::<8>() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => set.iter().fold(0, |end, byte| end << 8 | u64::from(*byte)),
    };
    let mixed = (end ^ set.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (u64::BITS - RECENT.ilog2())) as usize
}

impl<'a> Sets<'a> {
    /// Appends the metadata of the next row and gives the number of its set.
    pub fn add(&mut self, set: LabelsRef<'a>) -> u32 {
        let next = self.sets.len() as u32 + 1;
        let place = place(set.bytes());
        let recent = self.recent[place];
        let number = if set.is_empty() {
            0
        } else if self.get(recent).is_some_and(|known| known == set) {
            recent
        } else {
            *self.numbers.entry(set.bytes()).or_insert(next)
        };
        self.recent[place] = number;
        self.of_rows.push(number);
        if number == next {
            self.sets.push(set);
            self.pairs.extend(set.iter());
            self.pair_ends.push(self.pairs.len() as u32);
            self.pair_bytes.push(set.pair_bytes());
        }
        number
    }

    fn get(&self, number: u32) -> Option<LabelsRef<'a>> {
        self.sets.get((number as usize).checked_sub(1)?).copied()
    }

    /// Bytes of names and values of the set with this number.
    pub fn pair_bytes(&self, number: u32) -> u64 {
        let at = (number as usize).checked_sub(1);
        at.and_then(|at| self.pair_bytes.get(at)).copied().unwrap_or(0)
    }

    /// Of each row the number of its set.
    pub fn of_rows(&self) -> &[u32] {
        &self.of_rows
    }

    /// Of each row 0 for a set that comes for the first time, else 1 + the number of its set. Rows that all differ
    /// then cost nothing.
    fn codes(&self) -> Vec<u32> {
        let mut next = 1;
        let code = |number: &u32| {
            let is_new = *number == next;
            next += u32::from(is_new);
            if is_new { 0 } else { number + 1 }
        };
        self.of_rows.iter().map(code).collect()
    }

    /// Names and values of each distinct set but the empty one.
    pub fn sets(&self) -> impl Iterator<Item = &[(&'a str, &'a str)]> {
        let mut start = 0;
        self.pair_ends.iter().map(move |end| {
            let pairs = self.pairs.get(start..*end as usize).unwrap_or(&[]);
            start = *end as usize;
            pairs
        })
    }

    /// Names and values of all distinct sets.
    pub fn pairs(&self) -> &[(&'a str, &'a str)] {
        &self.pairs
    }

    /// Writes the sections; none when no row has metadata.
    ///
    /// # Errors
    /// As [`SectionWriter::add`].
    pub fn write(&self, out: &mut SectionWriter) -> Result<()> {
        if self.sets.is_empty() {
            return Ok(());
        }
        let names = self.column_names();
        let mut columns: Vec<ColumnWriter> = names.iter().map(|_| ColumnWriter::default()).collect();
        let mut rest = ColumnWriter::default();
        for set in self.sets() {
            put_set(set, &names, &mut columns, &mut rest);
        }
        let codes = self.codes();
        out.add_planes(SETS_TAG, &codes)?;
        let mut list = Vec::new();
        for name in &names {
            varint::put_bytes(&mut list, name.as_bytes());
        }
        out.add_bytes(NAMES_TAG, &list)?;
        if !rest.values.is_empty() {
            out.add_bytes(REST_TAG, &rest.raw())?;
        }
        for (at, column) in columns.into_iter().enumerate() {
            out.add_bytes(column_tag(at), &column.raw())?;
        }
        Ok(())
    }

    /// The most frequent names, ascending.
    fn column_names(&self) -> Vec<&'a str> {
        let mut counts: HashMap<&str, u32, foldhash::fast::RandomState> = HashMap::default();
        for (name, _) in &self.pairs {
            *counts.entry(name).or_default() += 1;
        }
        let mut names: Vec<(&str, u32)> = counts.into_iter().collect();
        names.sort_unstable_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
        names.truncate(COLUMNS_MAX);
        let mut names: Vec<&str> = names.into_iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names
    }
}

fn put_set(set: &[(&str, &str)], names: &[&str], columns: &mut [ColumnWriter], rest: &mut ColumnWriter) {
    let mut pairs = set.iter().copied().peekable();
    let mut others = Vec::new();
    for (name, column) in names.iter().zip(columns) {
        while let Some((name, value)) = pairs.next_if(|pair| pair.0 < *name) {
            put_pair(&mut others, name, value);
        }
        column.add(pairs.next_if(|pair| pair.0 == *name).map(|pair| pair.1.as_bytes()));
    }
    for (name, value) in pairs {
        put_pair(&mut others, name, value);
    }
    rest.add((!others.is_empty()).then_some(&others));
}

fn put_pair(out: &mut Vec<u8>, name: &str, value: &str) {
    varint::put_bytes(out, name.as_bytes());
    varint::put_bytes(out, value.as_bytes());
}

/// A value or none per set: `1 + length` or 0 of each, then the values.
#[derive(Debug, Default)]
struct ColumnWriter {
    lengths: Vec<u8>,
    values: Vec<u8>,
}

impl ColumnWriter {
    fn add(&mut self, value: Option<&[u8]>) {
        varint::put(&mut self.lengths, value.map_or(0, |value| 1 + value.len() as u64));
        self.values.extend_from_slice(value.unwrap_or(&[]));
    }

    fn raw(mut self) -> Vec<u8> {
        self.lengths.append(&mut self.values);
        self.lengths
    }
}

/// A decoded column.
#[derive(Debug, Default)]
struct Column {
    raw: Vec<u8>,
    /// Start and end in `raw`, by set number - 1; no end before the start unless the value is missing.
    spans: Vec<(u32, u32)>,
}

impl Column {
    fn read(raw: Vec<u8>, set_count: usize) -> Result<Self> {
        let corrupt = || Error::corrupt("metadata: wrong column");
        let mut rest = raw.as_slice();
        let mut spans = Vec::with_capacity(set_count);
        let mut at = 0u32;
        for _ in 0..set_count {
            match varint::take(&mut rest).ok_or_else(corrupt)? {
                0 => spans.push((1, 0)),
                length => {
                    let length = u32::try_from(length - 1).map_err(|_| corrupt())?;
                    let end = at.checked_add(length).ok_or_else(corrupt)?;
                    spans.push((at, end));
                    at = end;
                }
            }
        }
        if rest.len() != at as usize {
            return Err(corrupt());
        }
        let values_start = (raw.len() - rest.len()) as u32;
        for span in spans.iter_mut().filter(|span| span.0 <= span.1) {
            *span = (span.0 + values_start, span.1 + values_start);
        }
        Ok(Self { raw, spans })
    }

    /// Which sets, by number, have equal values.
    fn numbered(&self, set_count: usize) -> Numbered {
        Numbered::texts((0..=set_count).map(|number| self.get(number.checked_sub(1)?)))
    }

    fn get(&self, index: usize) -> Option<&[u8]> {
        let (start, end) = *self.spans.get(index)?;
        self.raw.get(start as usize..end as usize)
    }
}

/// Which sets the rows of a page have.
#[derive(Debug, Default)]
struct SetNumbers {
    /// Per row the number of its set.
    of_rows: Vec<u32>,
    /// Number of sets without the empty one.
    count: usize,
}

impl Held for SetNumbers {
    fn held_bytes(&self) -> usize {
        self.of_rows.held_bytes()
    }
}

impl Held for Column {
    fn held_bytes(&self) -> usize {
        self.raw.held_bytes() + self.spans.held_bytes()
    }
}

/// Decoded metadata of a page.
#[derive(Debug, Default)]
pub struct Metadata {
    sets: Arc<SetNumbers>,
    names: Vec<String>,
    /// Per name; empty where it was not asked for.
    columns: Vec<Arc<Column>>,
    rest: Arc<Column>,
    /// Which names are given; none is all of them.
    given: Option<Vec<String>>,
    /// Canonical bytes of sets that were asked for, and where each set's lie.
    built: Vec<u8>,
    built_spans: Vec<Option<(u32, u32)>>,
}

impl Metadata {
    /// Decodes the columns of the names that `question` gives or compares; none when no row has metadata that
    /// may have such a name.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn read(body: &Body<'_>, rows: usize, question: &Question) -> Result<Option<Self>> {
        if !body.has(SETS_TAG) {
            return Ok(None);
        }
        let mut raw = Vec::new();
        body.decode(NAMES_TAG, &mut raw)?;
        let names = read_names(&raw)?;
        let has_rest = body.has(REST_TAG);
        let wanted = |name: &String| question.gives_metadata(name) || question.compares_metadata(name);
        if !has_rest && !names.iter().any(wanted) {
            return Ok(None);
        }
        let sets = body.keep(Item::Sets, || {
            let mut of_rows = body.numbers(SETS_TAG, rows)?;
            let count = decode_numbers(&mut of_rows)?;
            Ok(SetNumbers { of_rows, count })
        })?;
        let column = |tag: Tag, wanted: bool| match wanted {
            false => Ok(Arc::default()),
            true => body.keep(Item::Metadata(tag), || {
                let mut raw = Vec::new();
                body.decode(tag, &mut raw)?;
                Column::read(raw, sets.count)
            }),
        };
        let columns = names.iter().enumerate().map(|(at, name)| column(column_tag(at), wanted(name)));
        let columns = columns.collect::<Result<_>>()?;
        let rest = column(REST_TAG, has_rest)?;
        let (built_spans, given) =
            (vec![None; sets.count], question.metadata_names().map(<[String]>::to_vec));
        Ok(Some(Self { sets, names, columns, rest, given, built: Vec::new(), built_spans }))
    }

    fn gives(&self, name: &str) -> bool {
        self.given.as_ref().is_none_or(|names| names.iter().any(|given| given == name))
    }

    /// Whether all names are given.
    pub fn is_whole(&self) -> bool {
        self.given.is_none()
    }

    /// Which sets are equal in what is given of them, by number.
    pub fn distinct(&self) -> Numbered {
        if self.is_whole() {
            return Numbered::different(self.sets.count + 1);
        }
        let mut distinct = Numbered::equal(self.sets.count + 1);
        for (_, column) in self.names.iter().zip(&self.columns).filter(|(name, _)| self.gives(name)) {
            distinct = distinct.and(column.numbered(self.sets.count));
        }
        let others = |index: usize| LabelsRef::trusted(self.rest.get(index).unwrap_or(&[])).iter();
        let given = |index: usize| {
            let mut bytes = Vec::new();
            let given = others(index).filter(|(name, _)| self.gives(name));
            given.for_each(|(name, value)| put_pair(&mut bytes, name, value));
            bytes
        };
        if (0..self.sets.count).any(|index| others(index).any(|(name, _)| self.gives(name))) {
            let rest: Vec<Vec<u8>> = (0..self.sets.count).map(given).collect();
            let texts =
                (0..=self.sets.count).map(|number| Some(rest.get(number.checked_sub(1)?)?.as_slice()));
            distinct = distinct.and(Numbered::texts(texts.map(|text| text.filter(|text| !text.is_empty()))));
        }
        distinct
    }

    /// For each set number whether `matches` its value of `name`; a missing one is `""`.
    pub fn test_sets(&self, name: &str, matches: impl Fn(&str) -> bool) -> Vec<bool> {
        let column = self.names.binary_search_by(|known| known.as_str().cmp(name)).ok();
        let column = column.and_then(|at| self.columns.get(at));
        let value = |index: usize| match column {
            Some(column) => column.get(index).and_then(|value| std::str::from_utf8(value).ok()),
            None => LabelsRef::trusted(self.rest.get(index).unwrap_or(&[])).get(name),
        };
        let of_sets = (0..self.sets.count).map(|index| matches(value(index).unwrap_or("")));
        std::iter::once(matches("")).chain(of_sets).collect()
    }

    /// Number of sets without the empty one.
    pub fn set_count(&self) -> usize {
        self.sets.count
    }

    /// Of each row the number of its set.
    pub fn numbers(&self) -> &[u32] {
        &self.sets.of_rows
    }

    /// The number of the set of `row`.
    pub fn number(&self, row: usize) -> usize {
        self.sets.of_rows.get(row).map_or(0, |number| *number as usize)
    }

    /// Bytes of names and values of a set, without putting it together. All columns must have been wanted.
    pub fn pair_bytes(&self, number: usize) -> u64 {
        let Some(index) = number.checked_sub(1).filter(|index| *index < self.sets.count) else { return 0 };
        let pairs = self.names.iter().zip(&self.columns);
        let in_columns = pairs.filter_map(|(name, column)| Some(name.len() + column.get(index)?.len()));
        let others = LabelsRef::trusted(self.rest.get(index).unwrap_or(&[]));
        in_columns.sum::<usize>() as u64 + others.pair_bytes()
    }

    /// Canonical bytes of what is given of a set.
    pub fn bytes(&mut self, number: usize) -> &[u8] {
        let Some(index) = number.checked_sub(1).filter(|index| *index < self.sets.count) else { return &[] };
        let (start, end) = match self.built_spans[index] {
            Some(span) => span,
            None => {
                let span = self.build(index);
                self.built_spans[index] = Some(span);
                span
            }
        };
        self.built.get(start as usize..end as usize).unwrap_or(&[])
    }

    fn build(&mut self, index: usize) -> (u32, u32) {
        let start = self.built.len() as u32;
        let gives = |name: &str| self.given.as_ref().is_none_or(|names| names.iter().any(|one| one == name));
        let others = LabelsRef::trusted(self.rest.get(index).unwrap_or(&[])).iter();
        let mut others = others.filter(|(name, _)| gives(name)).peekable();
        let put_others = |out: &mut Vec<u8>, others: &mut Peekable<_>, before: Option<&str>| {
            let is_before = |pair: &(&str, &str)| before.is_none_or(|name| pair.0 < name);
            while let Some((name, value)) = others.next_if(is_before) {
                put_pair(out, name, value);
            }
        };
        for (name, column) in self.names.iter().zip(&self.columns) {
            if let Some(value) = column.get(index).filter(|_| gives(name)) {
                put_others(&mut self.built, &mut others, Some(name));
                varint::put_bytes(&mut self.built, name.as_bytes());
                varint::put_bytes(&mut self.built, value);
            }
        }
        put_others(&mut self.built, &mut others, None);
        (start, self.built.len() as u32)
    }
}

/// Codes to set numbers, in place; gives the number of sets.
fn decode_numbers(codes: &mut [u32]) -> Result<usize> {
    let mut next = 1;
    for code in codes {
        *code = match *code {
            0 => next,
            code if code <= next => code - 1,
            _ => return Err(Error::corrupt("metadata: unknown set")),
        };
        next += u32::from(*code == next);
    }
    Ok(next as usize - 1)
}

/// Names of the metadata columns of a page.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn names(body: &Body<'_>) -> Result<Vec<String>> {
    if !body.has(NAMES_TAG) {
        return Ok(Vec::new());
    }
    let mut raw = Vec::new();
    body.decode(NAMES_TAG, &mut raw)?;
    read_names(&raw)
}

fn read_names(mut raw: &[u8]) -> Result<Vec<String>> {
    let corrupt = || Error::corrupt("metadata: wrong names");
    let mut names: Vec<String> = Vec::new();
    while !raw.is_empty() {
        let name = varint::take_bytes(&mut raw).ok_or_else(corrupt)?;
        let name = std::str::from_utf8(name).map_err(|_| corrupt())?;
        if names.len() == COLUMNS_MAX || names.last().is_some_and(|last| last.as_str() >= name) {
            return Err(corrupt());
        }
        names.push(name.to_owned());
    }
    Ok(names)
}
