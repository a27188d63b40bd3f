//! Sealing rows into a page, as text or in columns.

use super::metadata::Sets;
use super::{BODIES_TAG, LENGTHS_TAG, Piece, TIMES_TAG, times};
use crate::codec::Codec;
use crate::counts;
use crate::filter::{self, gram::KeySet, word::Grams};
use crate::line;
use crate::sample;
use crate::section::{Section, SectionWriter, Tag, checksum};
use crate::span;
use base::{Error, Result};
use model::{LabelsRef, RowColumns, RunFacts, Signal};
use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;

/// How the texts of a page are to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// As text.
    Text,
    /// In columns where that is possible at all, however large.
    Columns,
    /// In columns where that is smaller by [`WORTH_PERCENT`].
    Cheaper,
}

/// Columns are chosen when text takes at least this much of their bytes: putting all lines together from
/// them takes up to three times as long as decompressing text.
const WORTH_PERCENT: usize = 130;

/// Pieces of text, evenly apart, that are compressed to tell how small all of it gets, and their bytes. Only the
/// start would not do: it may be alike where the rest is not.
const SAMPLE: (usize, usize) = (8, 64 << 10);

/// What is stored takes about one part in so many of rows: no more room is taken beforehand.
const RATIO: usize = 8;

/// Counts take at most one part in so many of a body.
const COUNTS_SHARE: usize = 100;

/// A smaller sample is enough where text would take at least this much of the bytes of columns.
const SMALL_SAMPLE: (usize, usize) = (8, 2 << 10);
const CLEARLY_WORTH_PERCENT: usize = 160;

/// A larger buffer is not kept; a page aims at half of it.
const KEPT_TEXT_BYTES: usize = 4 << 20;

thread_local! {
    static JOINED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A sealed page.
#[derive(Debug)]
pub struct SealedRows {
    /// Whether its texts are in columns.
    pub in_columns: bool,
    /// Body and its sections, those in the search region at the end.
    pub writer: SectionWriter,
    /// The bytes in the search region.
    pub search: Vec<u8>,
    /// What is known about each piece.
    pub facts: Vec<RunFacts>,
}

/// Bytes of text and encoded metadata of `rows`.
pub fn raw_bytes(columns: &RowColumns, rows: &Range<usize>) -> u64 {
    (span(&columns.ends, rows).len() + span(&columns.metadata_ends, rows).len()) as u64
}

/// Where the bytes of `rows` lie.
pub fn span(ends: &[u32], rows: &Range<usize>) -> Range<usize> {
    let end_of = |row: usize| ends.get(row).map_or(0, |end| *end as usize);
    let start = rows.start.checked_sub(1).map_or(0, end_of);
    start..rows.end.checked_sub(1).map_or(0, end_of).max(start)
}

/// Seals the rows of `pieces`, each not empty and sorted by time.
///
/// # Errors
/// [`base::Kind::Bug`] when a codec fails or a text is too long to be read back.
pub fn seal(signal: Signal, pieces: &[Piece<'_>], choice: Choice) -> Result<SealedRows> {
    let mut writer = SectionWriter::default();
    writer.bytes.reserve(
        pieces.iter().map(|piece| raw_bytes(piece.rows, &piece.range) as usize).sum::<usize>() / RATIO,
    );
    let row_count: usize = pieces.iter().map(|piece| piece.range.len()).sum();
    let samples = (signal == Signal::Sample && choice != Choice::Text)
        .then(|| sample::encode(pieces.iter().map(|piece| (piece.rows, piece.range.clone()))));
    match &samples {
        Some(samples) => writer.add_bytes(TIMES_TAG, &samples.times)?,
        None => writer.add(TIMES_TAG, 8 * row_count, |out| {
            let runs = pieces.iter().map(|piece| piece.rows.ts_ns.get(piece.range.clone()).unwrap_or(&[]));
            times::put(runs, out)
        })?,
    }
    let lengths: Vec<u32> = pieces
        .iter()
        .flat_map(|Piece { rows: columns, range: rows }| rows.clone().map(|row| columns.body_len(row) as u32))
        .collect();
    writer.add_planes(LENGTHS_TAG, &lengths)?;
    let mut sets = Sets::default();
    let facts = pieces.iter().map(|piece| facts_of(piece, &mut sets)).collect::<Result<_>>()?;
    sets.write(&mut writer)?;
    let text = joined(pieces)?;
    let mut found = Found::default();
    let in_columns = match samples {
        Some(samples) => {
            writer.add(BODIES_TAG, text.len(), |_| Ok(Codec::Samples))?;
            samples.write(&mut writer)?;
            true
        }
        None if signal == Signal::Span && choice != Choice::Text => {
            writer.add(BODIES_TAG, text.len(), |_| Ok(Codec::Spans))?;
            span::encode(&text, &lengths).write(&mut writer)?;
            true
        }
        None if signal == Signal::Line => {
            let encoded = match choice {
                Choice::Text => None,
                _ => line::encode(&text, &lengths, choice == Choice::Columns),
            };
            let in_columns = write_text(&text, encoded.as_ref(), choice, &mut writer)?;
            found = Found::in_lines(&text, &lengths, encoded);
            in_columns
        }
        None => write_text(&text, None, choice, &mut writer)?,
    };
    if signal == Signal::Span {
        row_keys(&text, &lengths).for_each(|key| found.keys.add(key));
    }
    let mut search = found.write(&sets, &mut writer);
    keep(text);
    if signal == Signal::Line {
        let times = pieces.iter().map(|piece| piece.rows.ts_ns.get(piece.range.clone()).unwrap_or(&[]));
        let limit = writer.bytes.len() / COUNTS_SHARE;
        if let Some(mut counts) = counts::encode(times, sets.sets(), sets.of_rows(), limit)? {
            writer.sections.append(&mut counts.sections);
            search.append(&mut counts.bytes);
        }
    }
    Ok(SealedRows { in_columns, writer, search, facts })
}

/// What is found in bodies for the filters.
#[derive(Default)]
struct Found<'t> {
    keys: KeySet<'t>,
    words: Option<Grams>,
}

impl<'t> Found<'t> {
    /// Long ids and words of the texts of log lines, which may have been `encoded`. Ids that only the end of one text
    /// and the start of the next make together add keys but take none away.
    fn in_lines(text: &'t [u8], lengths: &[u32], encoded: Option<line::Encoded>) -> Self {
        if let Some(encoded) = encoded {
            return Self { keys: encoded.ids, words: Some(encoded.grams) };
        }
        let mut keys = KeySet::default();
        keys.add_ids(text);
        Self { keys, words: Some(grams_of(text, lengths)) }
    }

    /// Adds the sections of the filters, one of them with whole values of metadata too; gives their bytes.
    fn write(self, sets: &Sets<'_>, writer: &mut SectionWriter) -> Vec<u8> {
        let Self { mut keys, words } = self;
        for (name, value) in sets.pairs() {
            keys.add(filter::value_key(name, value));
        }
        let words = words.and_then(|grams| filter::build(grams.keys()?));
        let mut search = Vec::new();
        for (tag, bytes) in [(Tag::FILTER, filter::build(keys.keys())), (Tag::WORD_FILTER, words)] {
            let Some(bytes) = bytes else { continue };
            writer.sections.push(Section {
                tag,
                codec: Codec::None,
                stored_len: bytes.len() as u32,
                raw_len: bytes.len() as u32,
                checksum: checksum(&bytes),
            });
            search.extend_from_slice(&bytes);
        }
        search
    }
}

/// Writes the texts, which may have been `encoded`; says whether in columns.
fn write_text(
    text: &[u8],
    encoded: Option<&line::Encoded>,
    choice: Choice,
    writer: &mut SectionWriter,
) -> Result<bool> {
    if let Some(encoded) = encoded {
        let mut in_columns = SectionWriter::default();
        in_columns.bytes.reserve(text.len() / RATIO);
        in_columns.add(BODIES_TAG, text.len(), |_| Ok(Codec::Columns))?;
        encoded.write(&mut in_columns)?;
        if choice == Choice::Columns || is_worth(text, in_columns.cost())? {
            writer.append(in_columns);
            return Ok(true);
        }
    }
    writer.add_bytes(BODIES_TAG, text)?;
    Ok(false)
}

/// Whether `text` would take so much more as text than the `cost` of its columns that they are worth it.
fn is_worth(text: &[u8], cost: usize) -> Result<bool> {
    Ok(cost_as_text(text, SMALL_SAMPLE)? * 100 >= cost * CLEARLY_WORTH_PERCENT
        || cost_as_text(text, SAMPLE)? * 100 >= cost * WORTH_PERCENT)
}

/// About the bytes that `text` takes as text, told by so many pieces of it and so many bytes of each.
fn cost_as_text(text: &[u8], (pieces, bytes): (usize, usize)) -> Result<usize> {
    let mut writer = SectionWriter::default();
    if text.len() <= pieces * bytes {
        writer.add_bytes(BODIES_TAG, text)?;
        return Ok(writer.cost());
    }
    let starts = (0..pieces).map(|at| at * (text.len() - bytes) / (pieces - 1));
    let mut sample = Vec::with_capacity(pieces * bytes);
    for piece in starts.filter_map(|start| text.get(start..start + bytes)) {
        sample.extend_from_slice(piece);
    }
    writer.add_bytes(BODIES_TAG, &sample)?;
    Ok(writer.cost() * text.len() / sample.len().max(1))
}

/// Bytes of the metadata of each of `rows`.
pub fn metadata_of<'a>(columns: &'a RowColumns, rows: &Range<usize>) -> impl Iterator<Item = &'a [u8]> {
    let mut start = span(&columns.metadata_ends, rows).start;
    let ends = columns.metadata_ends.get(rows.clone()).unwrap_or(&[]);
    let none = if ends.is_empty() { rows.len() } else { 0 };
    let sets = ends.iter().map(move |end| {
        let set = columns.metadata.get(start..*end as usize).unwrap_or(&[]);
        start = *end as usize;
        set
    });
    sets.chain(std::iter::repeat_n(&[][..], none))
}

fn facts_of<'a>(Piece { rows: columns, range: rows }: &Piece<'a>, sets: &mut Sets<'a>) -> Result<RunFacts> {
    let times = columns.ts_ns.get(rows.clone()).unwrap_or(&[]);
    let (Some(min_ns), Some(max_ns)) = (times.first(), times.last()) else {
        return Err(Error::bug("a run without rows was to be sealed"));
    };
    let mut bytes = span(&columns.ends, rows).len() as u64;
    for set in metadata_of(columns, rows) {
        let number = sets.add(LabelsRef::trusted(set));
        bytes += sets.pair_bytes(number);
    }
    Ok(RunFacts { min_ns: *min_ns, max_ns: *max_ns, rows: rows.len() as u64, bytes })
}

/// The texts of all pieces, one after the other; those of more than one in the thread's buffer, which goes back with
/// [`keep`].
fn joined<'a>(pieces: &[Piece<'a>]) -> Result<Cow<'a, [u8]>> {
    let text_of = |Piece { rows: columns, range: rows }: &Piece<'a>| {
        let text = columns.bodies.get(span(&columns.ends, rows));
        text.ok_or_else(|| Error::bug("rows without their text were to be sealed"))
    };
    if let [piece] = pieces {
        return text_of(piece).map(Cow::Borrowed);
    }
    let mut text = JOINED.take();
    text.clear();
    text.reserve(pieces.iter().map(|piece| span(&piece.rows.ends, &piece.range).len()).sum());
    for piece in pieces {
        text.extend_from_slice(text_of(piece)?);
    }
    Ok(Cow::Owned(text))
}

/// Keeps the buffer of `text`, if it has one, for the next page: fresh memory of that size costs more than to fill it.
fn keep(text: Cow<'_, [u8]>) {
    if let Cow::Owned(text) = text
        && text.capacity() <= KEPT_TEXT_BYTES
    {
        JOINED.set(text);
    }
}

/// Keys of the trace ids that bodies begin with.
fn row_keys<'a>(bodies: &'a [u8], lengths: &'a [u32]) -> impl Iterator<Item = u64> + 'a {
    let mut rest = bodies;
    lengths.iter().filter_map(move |length| {
        let (body, tail) = rest.split_at_checked(*length as usize)?;
        rest = tail;
        model::span::trace_id_of(body).map(|id| filter::row_key(&id))
    })
}

/// Grams of the words of all texts.
fn grams_of(text: &[u8], lengths: &[u32]) -> Grams {
    let (mut grams, mut rest) = (Grams::default(), text);
    for length in lengths {
        let Some((row, after)) = rest.split_at_checked(*length as usize) else { break };
        grams.add(row);
        rest = after;
    }
    grams
}
