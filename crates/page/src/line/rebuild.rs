//! Texts out of templates and columns, column by column.

use super::hex::{self, Unpacker};
use super::ids::Coding;
use super::integer::{self, Layout};
use super::slots::{Slots, Wanted, picked};
use super::streams::{self, Place, SLACK_BYTES, Stream, StreamBytes, Streams};
use super::token::Span;
use super::tree::{Column, Encoding, Table, Tree};
use crate::kept::{Held, Item};
use crate::section::Body;
use base::{Error, Result};
use model::varint;
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

/// Templates and columns of a fetched page.
#[derive(Debug)]
pub struct Reader<'a> {
    lines: Arc<Lines>,
    pub(super) streams: Streams<'a>,
}

/// Templates of a page, as far as they were read.
#[derive(Debug)]
struct Lines {
    tree: Tree,
    places: Arc<[Place]>,
    /// The template of each text of the outermost table, once known.
    ids: OnceLock<Arc<Vec<u32>>>,
    /// What was made of each table, at the place of its first stream.
    prepared: Vec<Prepared>,
    held_bytes: usize,
}

/// What was made of a table.
#[derive(Debug, Default)]
struct Prepared {
    /// How its texts are put together.
    programs: OnceLock<Arc<Programs>>,
    /// Its slots, where all values are given.
    slots: OnceLock<Arc<Slots>>,
}

/// Bytes that templates take once they are read and programs made of them, for each byte of their section.
const HELD_FACTOR: usize = 20;

impl Held for Lines {
    fn held_bytes(&self) -> usize {
        self.held_bytes
    }
}

impl Lines {
    fn read(body: &Body<'_>) -> Result<Self> {
        let bytes = Streams::templates(body)?;
        let mut input = bytes.as_slice();
        let heads = streams::take_heads(&mut input)?;
        let places = streams::places(heads.iter().copied()).into();
        let tree = Tree::take(input, &heads)?;
        let lines = Self::new(tree, places);
        let of_tables = size_of_val(lines.prepared.as_slice());
        let of_ids = size_of::<u32>() * lines.tree.table.rows as usize;
        Ok(Self { held_bytes: HELD_FACTOR * bytes.len() + of_ids + of_tables, ..lines })
    }

    fn new(tree: Tree, places: Arc<[Place]>) -> Self {
        let prepared = places.iter().map(|_| Prepared::default()).collect();
        Self { tree, places, ids: OnceLock::new(), prepared, held_bytes: 0 }
    }

    /// What `table` has in `of`; otherwise `new`, which stays there.
    fn prepared<T>(
        &self,
        table: &Table,
        of: fn(&Prepared) -> &OnceLock<Arc<T>>,
        new: impl FnOnce() -> T,
    ) -> Arc<T> {
        match self.prepared.get(table.ids.0 as usize) {
            Some(prepared) => of(prepared).get_or_init(|| Arc::new(new())).clone(),
            None => Arc::new(new()),
        }
    }
}

/// Wanted values of a column. Short ones are copied in pieces of constant size, so there are
/// [`SLACK_BYTES`] behind the last.
#[derive(Debug)]
pub(super) struct View<'a> {
    bytes: Cow<'a, [u8]>,
    spans: Vec<Span>,
}

impl View<'_> {
    /// Where the values lie, and more.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The values.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }
}

/// Texts one after the other.
#[derive(Debug, Default)]
pub(super) struct Rebuilt {
    /// The texts, with [`SLACK_BYTES`] behind them.
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

impl Rebuilt {
    /// The texts one after the other, and where each ends.
    pub fn into_texts(mut self) -> (Vec<u8>, Vec<u32>) {
        self.bytes.truncate(self.len());
        (self.bytes, self.spans.iter().map(|span| span.range().end as u32).collect())
    }

    /// Bytes of all texts.
    fn len(&self) -> usize {
        self.spans.last().map_or(0, |span| span.range().end)
    }
}

pub(super) fn wrong(what: &str) -> Error {
    Error::corrupt(format!("column page: wrong {what}"))
}

impl<'a> Reader<'a> {
    /// Opens the templates of `body`; its streams are read when they are needed.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn open(body: &Body<'a>) -> Result<Self> {
        let lines = body.keep(Item::Lines, || Lines::read(body))?;
        let streams = Streams::new(*body, lines.places.clone());
        Ok(Self { lines, streams })
    }

    /// The same places of streams, but with the texts of `tree` and these streams.
    pub(super) fn with(&self, tree: Tree, streams: Streams<'a>) -> Self {
        Self { lines: Arc::new(Lines::new(tree, self.lines.places.clone())), streams }
    }

    /// Templates and columns.
    pub(super) fn tree(&self) -> &Tree {
        &self.lines.tree
    }

    /// Replaces `out` by the texts, one after the other: `len` bytes.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn rebuild(&self, len: usize, out: &mut Vec<u8>) -> Result<()> {
        if self.tree().table.text_len as usize != len {
            return Err(wrong("length of texts"));
        }
        let mut rebuilt = Rebuilt { bytes: std::mem::take(out), spans: Vec::new() };
        self.table(&self.tree().table, None, &mut rebuilt)?;
        *out = rebuilt.bytes;
        out.truncate(len);
        Ok(())
    }

    /// The texts of the rows `wanted` (ascending) one after the other, and where each ends.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn rebuild_rows(&self, wanted: &[u32]) -> Result<(Vec<u8>, Vec<u32>)> {
        let mut rebuilt = Rebuilt::default();
        self.table(&self.tree().table, Some(wanted), &mut rebuilt)?;
        Ok(rebuilt.into_texts())
    }

    fn table(&self, table: &Table, wanted: Wanted<'_>, out: &mut Rebuilt) -> Result<()> {
        let ids = self.template_ids(table)?;
        let views = self.views(table, &self.slots(table), &ids, wanted)?;
        let programs = self.programs(table);
        if wanted.is_none() {
            programs.run(&ids, &views, table.text_len as usize, out)?;
            let whole = out.len() == table.text_len as usize;
            return if whole { Ok(()) } else { Err(wrong("length of texts")) };
        }
        let ids = picked(Cow::Borrowed(ids.as_slice()), wanted);
        programs.run(&ids, &views, text_bound(table, &programs, &ids, &views)?, out)
    }

    /// Of each column the values that the texts `wanted` of the templates `ids` give.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub(super) fn views(
        &self,
        table: &Table,
        slots: &Slots,
        ids: &[u32],
        wanted: Wanted<'_>,
    ) -> Result<Vec<View<'_>>> {
        let values = slots.values(ids, wanted);
        table
            .columns
            .iter()
            .zip(values)
            .map(|(column, values)| self.view(column, values.as_deref()))
            .collect()
    }

    /// The texts of a table in a column that are `wanted`.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub(super) fn view_of_table(&self, table: &Table, wanted: Wanted<'_>) -> Result<View<'_>> {
        let mut out = Rebuilt::default();
        self.table(table, wanted, &mut out)?;
        Ok(View { spans: out.spans, bytes: Cow::Owned(out.bytes) })
    }

    /// The template of each row.
    pub(super) fn template_ids(&self, table: &Table) -> Result<Arc<Vec<u32>>> {
        let is_outermost = std::ptr::eq(table, &self.tree().table);
        if let Some(known) = self.lines.ids.get().filter(|_| is_outermost) {
            return Ok(known.clone());
        }
        let ids = self.numbers((table.coding, table.ids), table.rows as usize, table.templates.len())?;
        Ok(if is_outermost { self.lines.ids.get_or_init(|| ids).clone() } else { ids })
    }

    /// `rows` numbers, each below `count`, that are `stored` so.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub(super) fn numbers(
        &self,
        stored: (Coding, Stream),
        rows: usize,
        count: usize,
    ) -> Result<Arc<Vec<u32>>> {
        let (coding, stream) = stored;
        let decode = || coding.decode(self.streams.get(stream)?.bytes, rows, count);
        match coding.is_sequential() {
            true => self.streams.keep(Item::Numbers(stream.0), decode),
            false => decode().map(Arc::new),
        }
    }

    /// As [`Reader::numbers`], those at the places that are `wanted`; none is all of them.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub(super) fn pick_numbers(
        &self,
        stored: (Coding, Stream),
        rows: usize,
        count: usize,
        wanted: Wanted<'_>,
    ) -> Result<Vec<u32>> {
        let (coding, stream) = stored;
        if coding.is_sequential() {
            let all = self.numbers(stored, rows, count)?;
            return Ok(picked(Cow::Borrowed(all.as_slice()), wanted).into_owned());
        }
        coding.pick(self.streams.get(stream)?.bytes, rows, count, wanted)
    }

    /// How texts of each template are put together.
    pub(super) fn programs(&self, table: &Table) -> Arc<Programs> {
        self.lines.prepared(table, |of| &of.programs, || Programs::new(table, &self.tree().literals))
    }

    /// All slots of `table`.
    pub(super) fn slots(&self, table: &Table) -> Arc<Slots> {
        self.lines.prepared(table, |of| &of.slots, || Slots::new(table, |_, _| true))
    }

    /// Bytes of all values of `column`.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub(super) fn value_bytes(&self, column: &Column) -> Result<u64> {
        if let Encoding::Constant(value) = &column.encoding {
            return Ok(u64::from(column.values).saturating_mul(value.len() as u64));
        }
        Ok(self.view(column, None)?.spans.iter().map(|span| u64::from(span.len)).sum())
    }

    /// The values of `column` that are wanted.
    pub(super) fn view(&self, column: &Column, wanted: Wanted<'_>) -> Result<View<'_>> {
        let count = column.values as usize;
        if wanted.is_some_and(<[u32]>::is_empty) {
            return Ok(View { bytes: Cow::Borrowed(&[]), spans: Vec::new() });
        }
        match &column.encoding {
            // A constant is part of the program.
            Encoding::Constant(_) => Ok(View { bytes: Cow::Borrowed(&[]), spans: Vec::new() }),
            Encoding::Integer { layout, planes } => {
                Ok(integer_view(layout, self.streams.get(*planes)?.bytes, count, wanted))
            }
            Encoding::Hex { digits, case, packed } => {
                let packed = self.streams.get(*packed)?.bytes;
                Ok(hex_view(&Unpacker::new(*case), packed, *digits as usize, wanted))
            }
            Encoding::Dictionary { distinct, coding, ids, lengths, words } => {
                let lengths = self.streams.get(*lengths)?.bytes;
                let words = self.streams.get(*words)?;
                let distinct = spans(lengths, &words, *distinct as usize)?;
                let ids = self.pick_numbers((*coding, *ids), count, distinct.len(), wanted)?;
                let span = |id: &u32| distinct.get(*id as usize).copied().unwrap_or_default();
                Ok(View { bytes: Cow::Borrowed(words.section), spans: ids.iter().map(span).collect() })
            }
            Encoding::Raw { lengths, words } => {
                let words = self.streams.get(*words)?;
                let lengths = self.streams.get(*lengths)?.bytes;
                let spans = match wanted.and_then(|places| short_spans(lengths, &words, count, places)) {
                    Some(spans) => spans,
                    None => picked(spans(lengths, &words, count)?.into(), wanted).into_owned(),
                };
                Ok(View { bytes: Cow::Borrowed(words.section), spans })
            }
            Encoding::Fixed { len, words } => {
                let words = self.streams.get(*words)?;
                let start = words.start as u32;
                let span = |at: u32| Span { start: start + at * len, len: *len };
                let spans = match wanted {
                    None => (0..column.values).map(span).collect(),
                    Some(places) => {
                        places.iter().copied().filter(|at| *at < column.values).map(span).collect()
                    }
                };
                Ok(View { bytes: Cow::Borrowed(words.section), spans })
            }
            Encoding::Table(table) => self.view_of_table(table, wanted),
        }
    }
}

/// Where `count` words of these lengths lie in the section of `words`, which they fill.
pub(super) fn spans(mut lengths: &[u8], words: &StreamBytes<'_>, count: usize) -> Result<Vec<Span>> {
    let mut out = Vec::with_capacity(count.min(lengths.len()));
    let mut at = words.start as u64;
    let end = at + words.bytes.len() as u64;
    for _ in 0..count {
        let len = varint::take(&mut lengths).filter(|len| *len <= end - at);
        let len = len.ok_or_else(|| wrong("lengths"))?;
        out.push(Span { start: at as u32, len: len as u32 });
        at += len;
    }
    if at != end || !lengths.is_empty() {
        return Err(wrong("lengths"));
    }
    Ok(out)
}

/// As [`spans`], of the words at `places`, where the length of each word is one byte.
fn short_spans(lengths: &[u8], words: &StreamBytes<'_>, count: usize, places: &[u32]) -> Option<Vec<Span>> {
    let sum = |lengths: &[u8]| lengths.iter().map(|len| u32::from(*len)).sum::<u32>();
    let one_byte = lengths.len() == count && lengths.is_ascii() && sum(lengths) as usize == words.bytes.len();
    let (mut start, mut passed) = (words.start as u32, 0);
    one_byte
        .then_some(places)?
        .iter()
        .map(|place| *place as usize)
        .filter(|place| *place < count)
        .map(|place| {
            start += sum(lengths.get(passed..place)?);
            passed = place;
            Some(Span { start, len: u32::from(*lengths.get(place)?) })
        })
        .collect()
}

fn integer_view(layout: &Layout, planes: &[u8], count: usize, wanted: Wanted<'_>) -> View<'static> {
    // Few distinct numbers are written once each.
    if layout.width == 1 && !layout.delta && count > 256 && wanted.is_none() {
        let all = decimals((0..256).map(|offset| layout.base.wrapping_add(offset)), layout, 256);
        let spans = planes.iter().map(|offset| all.spans[usize::from(*offset)]).collect();
        return View { spans, ..all };
    }
    let numbers = layout.pick(planes, count, wanted);
    let most = numbers.len();
    decimals(numbers.into_iter(), layout, most)
}

/// `numbers` of `layout`, at most `most` of them, in decimal.
fn decimals(numbers: impl Iterator<Item = u64>, layout: &Layout, most: usize) -> View<'static> {
    let digits = layout.digits;
    // Less is to be zeroed when numbers are known to be short.
    let digits_max = if layout.delta { u64::MAX } else { layout.most() }.to_string().len();
    let mut bytes = vec![0; most * digits_max.max(usize::from(digits)) + SLACK_BYTES];
    let mut spans = Vec::with_capacity(most);
    let mut at = 0;
    for number in numbers {
        let end = integer::write_decimal(number, digits, &mut bytes, at);
        spans.push(Span::new(at..end));
        at = end;
    }
    bytes.truncate(at + SLACK_BYTES);
    View { bytes: Cow::Owned(bytes), spans }
}

fn hex_view(unpacker: &Unpacker, packed: &[u8], digits: usize, wanted: Wanted<'_>) -> View<'static> {
    let mut values = packed.chunks_exact(hex::packed_len(digits).max(1));
    let count = wanted.map_or(values.len(), <[u32]>::len);
    let mut bytes = Vec::with_capacity(count * digits + SLACK_BYTES);
    match wanted {
        None => values.for_each(|value| unpacker.unpack(value, digits, &mut bytes)),
        Some(rows) => {
            let mut passed = 0;
            for row in rows {
                if let Some(value) = values.nth((*row - passed) as usize) {
                    unpacker.unpack(value, digits, &mut bytes);
                }
                passed = row + 1;
            }
        }
    }
    let spans = (0..bytes.len() / digits).map(|at| Span::new(at * digits..(at + 1) * digits)).collect();
    bytes.resize(bytes.len() + SLACK_BYTES, 0);
    View { bytes: Cow::Owned(bytes), spans }
}

/// A literal, then a value of a column, if any.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub literal: Span,
    /// The column, or one that there is not: then the text ends.
    pub column: u32,
}

/// No column: the text ends.
const NO_COLUMN: u32 = u32::MAX;

/// A part of a template.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'p> {
    Text(&'p [u8]),
    /// The next value of this column.
    Value(u32),
}

/// One of `first`, one of `second`, and so on.
fn alternating<T>(
    mut first: impl Iterator<Item = T>,
    mut second: impl Iterator<Item = T>,
) -> impl Iterator<Item = T> {
    let mut of_first = false;
    std::iter::from_fn(move || {
        of_first = !of_first;
        if of_first { first.next() } else { second.next() }
    })
}

/// Of each template how to put a text together. Constants are part of the literals.
#[derive(Debug, Default)]
pub(super) struct Programs {
    steps: Vec<Step>,
    /// Per template where its steps end.
    ends: Vec<u32>,
    /// Bytes of all literals of each template.
    lens: Vec<u32>,
    literals: Vec<u8>,
}

impl Programs {
    pub fn new(table: &Table, literals: &[u8]) -> Self {
        let mut programs = Self::default();
        for template in 0..table.templates.len() {
            let slots = table.templates.slots(template).iter();
            let values = slots.map(|slot| match table.columns.get(*slot as usize) {
                Some(Column { encoding: Encoding::Constant(value), .. }) => Part::Text(value),
                _ => Part::Value(*slot),
            });
            let texts = table.templates.literals(template).iter().map(|text| Part::Text(text.of(literals)));
            programs.push(alternating(texts, values));
        }
        programs.end();
        programs
    }

    /// Appends a template of these parts.
    pub fn push<'p>(&mut self, parts: impl Iterator<Item = Part<'p>>) {
        let mut start = self.literals.len();
        let first = start;
        for part in parts.chain([Part::Value(NO_COLUMN)]) {
            match part {
                Part::Text(text) => self.literals.extend_from_slice(text),
                Part::Value(column) => {
                    let literal = Span::new(start..self.literals.len());
                    self.steps.push(Step { literal, column });
                    start = self.literals.len();
                }
            }
        }
        self.ends.push(self.steps.len() as u32);
        self.lens.push((self.literals.len() - first) as u32);
    }

    /// No template follows.
    pub fn end(&mut self) {
        self.literals.resize(self.literals.len() + SLACK_BYTES, 0);
    }

    /// The literals of all steps, one after the other, with zeros behind them.
    pub fn literals(&self) -> &[u8] {
        &self.literals
    }

    /// Number of steps of all templates.
    pub fn steps_len(&self) -> usize {
        self.steps.len()
    }

    /// The template of the literal in which byte `at` of all literals lies, and where the literal ends.
    pub fn literal_at(&self, at: usize) -> Option<(usize, usize)> {
        let step = self.steps.partition_point(|step| step.literal.range().end <= at);
        let end = self.steps.get(step)?.literal.range().end;
        Some((self.ends.partition_point(|end| *end as usize <= step), end))
    }

    /// The steps of `template`.
    pub fn steps(&self, template: u32) -> &[Step] {
        let end = |template: u32| self.ends.get(template as usize).map_or(0, |end| *end as usize);
        let start = template.checked_sub(1).map_or(0, end);
        self.steps.get(start..end(template)).unwrap_or(&[])
    }

    /// Texts of the templates `ids`, at most `most` bytes in all.
    pub fn run(&self, ids: &[u32], views: &[View<'_>], most: usize, out: &mut Rebuilt) -> Result<()> {
        let missing = || wrong("columns");
        let mut cursors: Vec<_> = views.iter().map(|view| (&*view.bytes, view.spans.iter())).collect();
        let target = &mut out.bytes;
        // What it held is overwritten: only what it grows by is zeroed.
        target.resize(most + SLACK_BYTES, 0);
        out.spans.reserve_exact(ids.len());
        let mut at = 0;
        for id in ids {
            let start = at;
            for step in self.steps(*id) {
                at = copy(&self.literals, step.literal, target, at).ok_or_else(missing)?;
                if let Some((bytes, spans)) = cursors.get_mut(step.column as usize) {
                    let span = spans.next().ok_or_else(missing)?;
                    at = copy(bytes, *span, target, at).ok_or_else(missing)?;
                }
            }
            out.spans.push(Span::new(start..at));
        }
        if at > most {
            return Err(missing());
        }
        target.truncate(at + SLACK_BYTES);
        Ok(())
    }
}

/// Copies `span` of `from` to `to` at `at`, and more behind it; gives where it ends.
#[inline(always)]
fn copy(from: &[u8], span: Span, to: &mut [u8], at: usize) -> Option<usize> {
    let (start, len) = (span.start as usize, span.len as usize);
    if len > SHORT || copy_fixed::<SHORT>(from, start, to, at).is_none() {
        copy_long(from.get(start..)?, len, to.get_mut(at..)?)?;
    }
    Some(at + len)
}

/// Most literals and values are no longer.
const SHORT: usize = 16;

#[inline]
fn copy_long(from: &[u8], len: usize, to: &mut [u8]) -> Option<()> {
    let copied = match len {
        0..=32 => copy_fixed::<32>(from, 0, to, 0),
        33..=SLACK_BYTES => copy_fixed::<SLACK_BYTES>(from, 0, to, 0),
        _ => None,
    };
    if copied.is_none() {
        to.get_mut(..len)?.copy_from_slice(from.get(..len)?);
    }
    Some(())
}

#[inline(always)]
fn copy_fixed<const LEN: usize>(from: &[u8], start: usize, to: &mut [u8], at: usize) -> Option<()> {
    let from: &[u8; LEN] = from.get(start..start.checked_add(LEN)?)?.try_into().ok()?;
    let to: &mut [u8; LEN] = to.get_mut(at..at.checked_add(LEN)?)?.try_into().ok()?;
    *to = *from;
    Some(())
}

/// Bytes that texts of the templates `ids` take with the values of `views`.
pub(super) fn text_bound(
    table: &Table,
    programs: &Programs,
    ids: &[u32],
    views: &[View<'_>],
) -> Result<usize> {
    let literals = |id: &u32| programs.lens.get(*id as usize).map_or(0, |len| *len as usize);
    let values = |view: &View<'_>| view.spans.iter().map(|span| span.len as usize).sum::<usize>();
    let bound = ids.iter().map(literals).sum::<usize>() + views.iter().map(values).sum::<usize>();
    if bound > table.text_len as usize {
        return Err(wrong("columns"));
    }
    Ok(bound)
}
