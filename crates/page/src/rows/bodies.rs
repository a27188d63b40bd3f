//! Texts of a page that is scanned: read as a whole, by row, or not at all where columns tell enough.

use super::BODIES_TAG;
use super::lengths::Lengths;
use super::search::{self, Texts};
use crate::bits::Bits;
use crate::codec::{self, Codec};
use crate::condition::{Expression, Literals, Sought, TextCondition};
use crate::line;
use crate::sample;
use crate::section::Body;
use crate::span;
use base::{Error, Result};
use bytes::Bytes;
use model::Fields;
use model::filter::Key;
use std::ops::Range;

/// With fewer rows wanted than one in this many, only those are put together from columns.
const FEW: usize = 4;
/// Literals of an expression of which each is looked for in columns; with more, those regardless of case are.
const LITERALS_MAX: usize = 4;

/// The texts of a page, as far as they were read.
pub struct PageBodies<'b> {
    body: &'b Body<'b>,
    lengths: &'b Lengths<'b>,
    /// Where they end; empty before anything is read.
    ends: &'b [u32],
    /// Where they are not stored as they are.
    columns: Option<Columns<'b>>,
    read: Read,
}

/// Bodies that are put together from other sections.
enum Columns<'b> {
    Lines(line::Reader<'b>),
    Samples(sample::Reader<'b>),
    Spans(Box<span::Reader<'b>>),
}

/// What was read.
enum Read {
    Nothing,
    /// Kept by the rows given.
    Kept(Bytes),
    /// This thread's scratch buffer.
    Scratch(Vec<u8>),
    /// The texts of some rows, one after the other, and where each ends.
    Rows {
        rows: Vec<u32>,
        bytes: Vec<u8>,
        ends: Vec<u32>,
    },
}

/// What columns tell about a condition.
pub struct Found {
    /// The rows that can hold what is looked for.
    pub rows: Bits,
    /// Those of them that must be tested; the others hold it.
    pub undecided: Bits,
}

impl Found {
    /// Unsets in `passing` the rows for which the condition, be it `negated` or not, does not hold for certain.
    pub fn keep(&self, negated: bool, passing: &mut Bits) {
        if negated {
            let mut certain = self.rows.clone();
            certain.keep(&self.undecided, true);
            passing.keep(&certain, true);
        } else {
            passing.keep(&self.rows, false);
        }
    }
}

/// The columns of a page of lines in columns; none in another page.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn lines<'b>(body: &Body<'b>) -> Result<Option<line::Reader<'b>>> {
    let section = body.sections.iter().find(|section| section.tag == BODIES_TAG);
    let in_columns = section.is_some_and(|section| section.codec == Codec::Columns);
    in_columns.then(|| line::Reader::open(body)).transpose()
}

/// What `columns` of a page of so many rows tell about `condition`, be it negated or not; none where texts must be
/// searched.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn find(columns: &line::Reader<'_>, rows: usize, condition: &TextCondition) -> Result<Option<Found>> {
    let (mut can, mut certain) = (Bits::new(rows), Bits::new(rows));
    for sought in &condition.any {
        match sought {
            Sought::Text(needle) if needle.bytes().is_empty() => certain.set_range(0..rows),
            Sought::Text(needle) => match columns.find(needle.finder())? {
                Some(rows) => certain.join(&rows),
                None => return Ok(None),
            },
            Sought::Regex(expression) => {
                let Some(rows) = candidates(columns, rows, expression)? else { return Ok(None) };
                if expression.matches_parts && !rows.is_empty() {
                    certain.join(&columns.find_parts(&|part| expression.regex.is_match(part))?);
                }
                can.join(&rows);
            }
        }
    }
    let mut undecided = can.clone();
    undecided.keep(&certain, true);
    can.join(&certain);
    Ok(Some(Found { rows: can, undecided }))
}

/// The rows, of so many, that `expression` can match, by what it cannot match without.
fn candidates(columns: &line::Reader<'_>, rows: usize, expression: &Expression) -> Result<Option<Bits>> {
    let few = |literals: &&Literals| literals.all().len() <= LITERALS_MAX;
    match (expression.literals.as_ref().filter(few), &expression.folded) {
        (Some(literals), _) => any_of(columns, rows, literals.all()),
        (None, Some(texts)) => any_of(&columns.folded()?, rows, texts),
        (None, None) => Ok(None),
    }
}

fn any_of(columns: &line::Reader<'_>, rows: usize, texts: &[Vec<u8>]) -> Result<Option<Bits>> {
    let mut any = Bits::new(rows);
    for text in texts {
        match columns.find(&memchr::memmem::Finder::new(text))? {
            Some(rows) => any.join(&rows),
            None => return Ok(None),
        }
    }
    Ok(Some(any))
}

impl<'b> PageBodies<'b> {
    /// Texts of runs of `run_rows` rows; `wanted` when they will be read at all. What [`lines`] gave of them is `lines`.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn open(
        body: &'b Body<'b>,
        run_rows: &[u32],
        lengths: &'b Lengths<'b>,
        lines: Option<line::Reader<'b>>,
        wanted: bool,
    ) -> Result<Self> {
        let section = body.sections.iter().find(|section| section.tag == BODIES_TAG);
        let columns = match section.filter(|_| wanted).map(|section| section.codec) {
            Some(Codec::Columns) => lines.map(Columns::Lines),
            Some(Codec::Samples) => {
                Some(Columns::Samples(sample::Reader::open(body, run_rows, lengths.ends()?)?))
            }
            Some(Codec::Spans) => Some(Columns::Spans(Box::new(span::Reader::open(body, lengths.ends()?)?))),
            _ => None,
        };
        Ok(Self { body, lengths, ends: &[], columns, read: Read::Nothing })
    }

    /// Reads where texts end.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn read_ends(&mut self) -> Result<()> {
        self.ends = self.lengths.ends()?;
        Ok(())
    }

    /// Reads what `rows` need; `kept` says that most of it will be given as it is.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn read(&mut self, rows: &Bits, kept: bool) -> Result<()> {
        let count = self.lengths.rows();
        match (&self.columns, &self.read) {
            (Some(columns), Read::Nothing) if rows.count() * FEW < count => {
                let rows: Vec<u32> = rows.iter(0..count).map(|row| row as u32).collect();
                let (bytes, ends) = match columns {
                    Columns::Lines(reader) => reader.rebuild_rows(&rows)?,
                    Columns::Samples(reader) => reader.rebuild_rows(&rows)?,
                    Columns::Spans(reader) => reader.rebuild_rows(&rows)?,
                };
                self.read = Read::Rows { rows, bytes, ends };
                self.check_lengths()
            }
            (_, Read::Nothing) if kept => {
                self.read_ends()?;
                let mut bytes = Vec::new();
                self.read_all(&mut bytes)?;
                self.read = Read::Kept(bytes.into());
                Ok(())
            }
            (_, Read::Nothing) => {
                self.read_ends()?;
                let mut scratch = codec::take_scratch();
                self.read_all(&mut scratch)?;
                self.read = Read::Scratch(scratch);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What the texts of the rows `wanted` (ascending; none is all) say in `fields`; none where columns do not tell
    /// that, or texts were read already.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn contents(&self, fields: &Fields, wanted: Option<&[u32]>) -> Result<Option<line::Contents>> {
        let (Some(Columns::Lines(reader)), Read::Nothing) = (&self.columns, &self.read) else {
            return Ok(None);
        };
        let contents = reader.contents(fields, wanted)?;
        let rows = wanted.map_or(self.lengths.rows(), <[u32]>::len);
        if contents.as_ref().is_some_and(|contents| contents.numbered.len() != rows) {
            return Err(Error::corrupt("column page: wrong number of texts"));
        }
        Ok(contents)
    }

    fn read_all(&self, out: &mut Vec<u8>) -> Result<()> {
        match &self.columns {
            Some(Columns::Lines(reader)) => {
                reader.rebuild(self.ends.last().map_or(0, |end| *end as usize), out)
            }
            Some(Columns::Samples(reader)) => reader.rebuild(out),
            Some(Columns::Spans(reader)) => reader.rebuild(out),
            None => self.body.decode(BODIES_TAG, out),
        }
    }

    /// Compares the texts of some rows with what is known of their lengths.
    fn check_lengths(&self) -> Result<()> {
        let (Read::Rows { rows, bytes, ends }, Some(all)) = (&self.read, self.lengths.known()) else {
            return Ok(());
        };
        let (some, all) = (Texts { bytes, ends }, Texts { bytes: &[], ends: all });
        let mut rows = rows.iter().enumerate();
        if rows.all(|(at, row)| some.length(at) == all.length(*row as usize)) {
            return Ok(());
        }
        Err(Error::corrupt("column page: lengths of texts differ"))
    }

    /// All texts; empty where not all were read.
    pub fn block(&self) -> Texts<'_> {
        let bytes = match &self.read {
            Read::Kept(bytes) => bytes,
            Read::Scratch(bytes) => bytes.as_slice(),
            Read::Nothing | Read::Rows { .. } => &[],
        };
        Texts { bytes, ends: self.ends }
    }

    /// The text of `row`, which must have been read.
    pub fn row(&self, row: usize) -> &[u8] {
        let Read::Rows { rows, bytes, ends } = &self.read else { return self.block().row(row) };
        match u32::try_from(row).map(|row| rows.binary_search(&row)) {
            Ok(Ok(at)) => Texts { bytes, ends }.row(at),
            _ => &[],
        }
    }

    /// Bytes of the text of `row`, of which that was read, or where all texts end.
    pub fn length(&self, row: usize) -> u32 {
        match &self.read {
            Read::Rows { .. } if self.ends.is_empty() => self.row(row).len() as u32,
            _ => self.block().length(row),
        }
    }

    /// The texts of the neighbours `rows`, where all were read; without a copy where they are kept.
    pub fn span(&self, rows: &Range<usize>) -> Option<Bytes> {
        match &self.read {
            Read::Kept(bytes) => Some(bytes.slice(self.block().span(rows))),
            Read::Scratch(bytes) => bytes.get(self.block().span(rows)).map(Bytes::copy_from_slice),
            Read::Nothing | Read::Rows { .. } => None,
        }
    }

    /// The rows whose body begins with `key`; none where bodies must be read for that.
    pub fn find_key(&self, key: &Key) -> Option<Bits> {
        match &self.columns {
            Some(Columns::Spans(reader)) => Some(reader.find(key)),
            _ => None,
        }
    }

    /// What columns tell about `condition`, be it negated or not; none where texts must be searched.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn find(&self, condition: &TextCondition) -> Result<Option<Found>> {
        match &self.columns {
            Some(Columns::Lines(columns)) => find(columns, self.lengths.rows(), condition),
            _ => Ok(None),
        }
    }

    /// Unsets in `passing` the rows for which `condition` does not hold. All set bits lie in `ranges` and
    /// were read.
    pub fn apply(&self, condition: &TextCondition, ranges: &[Range<usize>], passing: &mut Bits) {
        if !matches!(self.read, Read::Rows { .. }) {
            return search::apply(condition, self.block(), ranges, passing);
        }
        let mut hits = passing.unset();
        for row in passing.iter(0..self.lengths.rows()) {
            if condition.any.iter().any(|sought| sought.is_in(self.row(row))) {
                hits.set(row);
            }
        }
        passing.keep(&hits, condition.negated);
    }

    /// Gives the scratch buffer back.
    pub fn close(self) {
        if let Read::Scratch(buffer) = self.read {
            codec::keep_scratch(buffer);
        }
    }
}
