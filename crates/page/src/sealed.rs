//! A sealed page of any kind: what its block's directory says about it, and what can be done with it.

mod trust;

use crate::codec::{self, DECODED_BYTES_MAX};
use crate::condition::Filters;
use crate::counts::{Counting, Counts, Tally};
use crate::filter::Filter;
use crate::kept::KeptPage;
use crate::question::Question;
use crate::rows::{self, Choice, KnownRun, PAGE_ROWS_MAX, Piece};
use crate::section::{self, Body, Section, Tag};
use base::{Error, Result};
use bytes::Bytes;
use model::fields::{Format, PatternPiece};
use model::go_regex::GoRegex;
use model::{
    Cells, Digest, Fields, LineFilter, Needle, Predicate, Projection, RowColumns, RunFacts, ScanStats,
    Signal, TimeRange, varint,
};
use std::ops::Range;
use trust::Trust;

/// Of the pages that this process seals. Where tests are made all are read back.
static TRUST: Trust = Trust::new();

/// How the rows of a page are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum PageKind {
    /// Log lines: columns for time, length and metadata, one frame of text.
    LineText = 0,
    /// Log lines: as above, but the texts in templates and columns.
    LineColumns = 1,
    /// Samples: times that runs share, floats in columns.
    Samples = 2,
    /// Spans: ids, durations and what spans have in common in columns.
    Spans = 3,
}

impl PageKind {
    fn of(signal: Signal, in_columns: bool) -> Self {
        match signal {
            Signal::Line if in_columns => Self::LineColumns,
            Signal::Sample if in_columns => Self::Samples,
            Signal::Span if in_columns => Self::Spans,
            _ => Self::LineText,
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        let all = [Self::LineText, Self::LineColumns, Self::Samples, Self::Spans];
        all.into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// What the directory says about a page. Bodies and filters lie elsewhere in the block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    kind: PageKind,
    run_rows: Vec<u32>,
    sections: Vec<Section>,
}

/// A page as it is to be stored.
#[derive(Debug)]
pub struct Sealed {
    /// Its entry in the directory.
    pub page: Page,
    /// Its body.
    pub body: Bytes,
    /// Its bytes in the search region.
    pub search: Vec<u8>,
    /// What is known about each of its runs.
    pub facts: Vec<RunFacts>,
}

/// Seals a page of `signal` rows, of `pieces`, at most [`PAGE_ROWS_MAX`] rows, each piece a run of its own: not empty,
/// sorted by time, with texts and metadata. Some pages, and all where assertions are on, are read back and compared
/// before they are given ([`trust`]).
///
/// # Errors
/// [`base::Kind::Bug`] when it is seen that the page does not read back as the rows it was sealed from.
pub fn seal(signal: Signal, pieces: &[Piece<'_>]) -> Result<Sealed> {
    seal_as(signal, pieces, Choice::Cheaper)
}

/// As [`seal`], with another choice of kind. A page whose columns do not read back is sealed as text.
///
/// # Errors
/// As [`seal`].
pub fn seal_as(signal: Signal, pieces: &[Piece<'_>], choice: Choice) -> Result<Sealed> {
    let rows: usize = pieces.iter().map(|piece| piece.range.len()).sum();
    if rows == 0 || rows > PAGE_ROWS_MAX {
        return Err(Error::bug(format!("page of {rows} rows, limit {PAGE_ROWS_MAX}")));
    }
    let sealed = rows::seal(signal, pieces, choice)?;
    let page = Page {
        kind: PageKind::of(signal, sealed.in_columns),
        run_rows: pieces.iter().map(|piece| piece.range.len() as u32).collect(),
        sections: sealed.writer.sections,
    };
    page.check().map_err(|e| Error::bug("sealed page is too large").because(e))?;
    let body = Bytes::from(sealed.writer.bytes);
    let read_back = cfg!(debug_assertions) || TRUST.asks_for(&page.sections);
    match if read_back { verify(&page, &body, pieces) } else { Ok(()) } {
        Ok(()) => Ok(Sealed { page, body, search: sealed.search, facts: sealed.facts }),
        Err(e) => {
            TRUST.lose();
            debug_assert!(!sealed.in_columns, "{e}");
            if sealed.in_columns { seal_as(signal, pieces, Choice::Text) } else { Err(e) }
        }
    }
}

fn verify(page: &Page, body: &Bytes, pieces: &[Piece<'_>]) -> Result<()> {
    let parts = std::slice::from_ref(body);
    let body = Body { sections: &page.sections, starts: &[0], parts, verified: true, kept: None };
    if !rows::holds(&body, &page.run_rows, pieces)? {
        return Err(Error::bug("a sealed page does not read back as it was written"));
    }
    Ok(())
}

impl Page {
    /// How its rows are encoded.
    pub fn kind(&self) -> PageKind {
        self.kind
    }

    /// Rows of each run.
    pub fn run_rows(&self) -> &[u32] {
        &self.run_rows
    }

    /// Rows in all.
    pub fn rows(&self) -> u64 {
        self.run_rows.iter().map(|rows| u64::from(*rows)).sum()
    }

    /// Bytes of all decoded sections.
    pub fn decoded_bytes(&self) -> u64 {
        let sections: u64 = self.sections.iter().map(|section| u64::from(section.raw_len)).sum();
        match self.kind {
            // Its section has times once that many rows have.
            PageKind::Samples => sections + size_of::<i64>() as u64 * self.rows(),
            PageKind::LineText | PageKind::LineColumns | PageKind::Spans => sections,
        }
    }

    /// Bytes held in memory besides the value itself, for caches.
    pub fn held_bytes(&self) -> usize {
        size_of_val(self.run_rows.as_slice()) + size_of_val(self.sections.as_slice())
    }

    /// Bytes of the body.
    pub fn body_len(&self) -> u64 {
        let body = self.sections.iter().filter(|section| !section.tag.in_search());
        body.map(|section| u64::from(section.stored_len)).sum()
    }

    /// Bytes in the block's search region.
    pub fn search_len(&self) -> u64 {
        let search = self.sections.iter().filter(|section| section.tag.in_search());
        search.map(|section| u64::from(section.stored_len)).sum()
    }

    /// The sections in the order they are stored.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Where in the body lies what `question` needs.
    pub fn parts(&self, question: &Question) -> Vec<Range<u64>> {
        match self.kind {
            PageKind::LineText | PageKind::LineColumns | PageKind::Samples | PageKind::Spans => {
                section::ranges(&self.sections, |tag| rows::needs(tag, question).unwrap_or(false))
            }
        }
    }

    /// Whether a row may pass `question`, as far as the page's filters can tell. `search` are the page's
    /// bytes in the search region.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`] when a filter cannot be one.
    pub fn allows(&self, search: &[u8], question: &Question) -> Result<bool> {
        let mut filters = Filters::default();
        for found in self.in_search(search) {
            let (section, bytes) = found?;
            if !question.uses_filter(section.tag) {
                continue;
            }
            let filter = Some(Filter::read(bytes)?);
            match section.tag {
                Tag::WORD_FILTER => filters.words = filter,
                _ => filters.ids = filter,
            }
        }
        Ok(question.allows(&filters))
    }

    /// Checks its bytes in the search region, once for all questions that are put to them.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn check_search(&self, search: &[u8]) -> Result<()> {
        for found in self.in_search(search) {
            let (section, bytes) = found?;
            if section::checksum(bytes) != section.checksum {
                return Err(Error::corrupt(format!(
                    "search region: wrong checksum of section {:?}",
                    section.tag
                )));
            }
        }
        Ok(())
    }

    /// Its sections in the search region and their bytes there.
    fn in_search<'a>(&'a self, search: &'a [u8]) -> impl Iterator<Item = Result<(&'a Section, &'a [u8])>> {
        let mut rest = search;
        self.sections.iter().filter(|section| section.tag.in_search()).map(move |section| {
            let cut = || Error::corrupt(format!("search region of {} bytes", search.len()));
            let (bytes, after) = rest.split_at_checked(section.stored_len as usize).ok_or_else(cut)?;
            rest = after;
            Ok((section, bytes))
        })
    }

    /// Where its counts lie among its bytes in the search region; none when it has none.
    pub fn counts_range(&self) -> Option<Range<u64>> {
        let mut start = 0;
        for section in self.sections.iter().filter(|section| section.tag.in_search()) {
            let end = start + u64::from(section.stored_len);
            if section.tag == Tag::COUNTS {
                return Some(start..end);
            }
            start = end;
        }
        None
    }

    /// Bytes of its counts once decoded.
    pub fn counts_len(&self) -> u64 {
        let counts = self.sections.iter().find(|section| section.tag == Tag::COUNTS);
        counts.map_or(0, |section| u64::from(section.raw_len))
    }

    /// Its counts, from what lies at [`Page::counts_range`].
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn read_counts(&self, stored: &[u8]) -> Result<Counts> {
        let section = self.sections.iter().find(|section| section.tag == Tag::COUNTS);
        let section = section.ok_or_else(|| Error::bug("page without counts"))?;
        if section::checksum(stored) != section.checksum {
            return Err(Error::corrupt("counts: wrong checksum"));
        }
        let mut raw = Vec::new();
        codec::decompress(section.codec, stored, section.raw_len as usize, &mut raw)?;
        Counts::read(&raw, &self.run_rows)
    }

    /// How `counts`, or the numbers of rows alone where they are not at hand, answer `question`; none when rows have
    /// to be read.
    pub fn counting<'a>(&self, counts: Option<&'a Counts>, question: &Question) -> Option<Counting<'a>> {
        let has_metadata = || self.sections.iter().any(|section| section.tag == rows::SETS_TAG);
        if counts.is_none() && question.reads_metadata() && has_metadata() {
            return None;
        }
        Counting::new(counts, question)
    }

    /// The rows that `question` asks for, of the runs at the positions that are `wanted` (ascending);
    /// runs without such rows are left out. `parts` are the bytes at [`Page::parts`], or one part that
    /// is the whole body.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn scan(
        &self,
        parts: &[Bytes],
        wanted: &[u32],
        question: &Question,
        stats: &ScanStats,
    ) -> Result<Vec<(u32, RowColumns)>> {
        self.scan_known(parts, wanted, &[], question, stats)
    }

    /// As [`Page::scan`], with what is known of each of the `wanted` runs: then times need not be read where these do
    /// not matter, and runs that are alike may be given as the first of them.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn scan_known(
        &self,
        parts: &[Bytes],
        wanted: &[u32],
        known: &[KnownRun],
        question: &Question,
        stats: &ScanStats,
    ) -> Result<Vec<(u32, RowColumns)>> {
        let whole = parts.len() == 1 && parts[0].len() as u64 == self.body_len();
        let ranges = self.parts(question);
        let starts: Vec<u64> = if whole { vec![0] } else { ranges.iter().map(|range| range.start).collect() };
        let body = Body { sections: &self.sections, starts: &starts, parts, verified: true, kept: None };
        self.scan_body(&body, wanted, known, question, stats)
    }

    /// As [`Page::scan_known`] of what is kept of the page, which has all of [`Page::parts`]; what is decoded for that is
    /// kept with it.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn scan_kept(
        &self,
        kept: &KeptPage,
        wanted: &[u32],
        known: &[KnownRun],
        question: &Question,
        stats: &ScanStats,
    ) -> Result<Vec<(u32, RowColumns)>> {
        let (starts, parts): (Vec<u64>, Vec<Bytes>) =
            kept.parts().into_iter().map(|part| (part.start, part.bytes)).unzip();
        let sections = &self.sections;
        let body = Body { sections, starts: &starts, parts: &parts, verified: true, kept: Some(kept) };
        self.scan_body(&body, wanted, known, question, stats)
    }

    fn scan_body(
        &self,
        body: &Body<'_>,
        positions: &[u32],
        known: &[KnownRun],
        question: &Question,
        stats: &ScanStats,
    ) -> Result<Vec<(u32, RowColumns)>> {
        match self.kind {
            PageKind::LineText | PageKind::LineColumns | PageKind::Samples | PageKind::Spans => {
                let wanted = rows::Wanted { run_rows: &self.run_rows, positions, known };
                rows::scan(body, &wanted, question, stats)
            }
        }
    }

    /// Appends the directory's entry.
    pub fn put(&self, out: &mut Vec<u8>) {
        out.push(self.kind as u8);
        varint::put(out, self.run_rows.len() as u64);
        for rows in &self.run_rows {
            varint::put(out, u64::from(*rows));
        }
        section::put_sections(&self.sections, out);
    }

    /// Takes an entry off the front of `input`.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`], also for a kind that only a later version knows.
    pub fn take(input: &mut &[u8]) -> Result<Self> {
        let corrupt = |what: &str| Error::corrupt(format!("page directory: {what}"));
        let (kind, rest) = input.split_first().ok_or_else(|| corrupt("cut page"))?;
        *input = rest;
        let known = PageKind::from_byte(*kind);
        let kind = known.ok_or_else(|| corrupt(&format!("page of unknown kind {kind}")))?;
        let count = varint::take(input).filter(|count| *count <= PAGE_ROWS_MAX as u64);
        let count = count.ok_or_else(|| corrupt("wrong number of runs"))?;
        let mut run_rows = Vec::new();
        for _ in 0..count {
            let rows = varint::take(input).filter(|rows| (1..=PAGE_ROWS_MAX as u64).contains(rows));
            run_rows.push(rows.ok_or_else(|| corrupt("wrong number of rows"))? as u32);
        }
        let sections = section::take_sections(input)?;
        let page = Self { kind, run_rows, sections };
        page.check()?;
        Ok(page)
    }

    fn check(&self) -> Result<()> {
        if self.rows() > PAGE_ROWS_MAX as u64 {
            return Err(Error::corrupt(format!("page of {} rows, limit {PAGE_ROWS_MAX}", self.rows())));
        }
        let question = Question::all();
        let unknown = |tag: Tag| !tag.is_optional() && rows::needs(tag, &question).is_none();
        if let Some(section) = self.sections.iter().find(|section| unknown(section.tag)) {
            return Err(Error::corrupt(format!("page with unknown section {}", section.tag.number())));
        }
        if self.decoded_bytes() > 2 * DECODED_BYTES_MAX as u64 {
            return Err(Error::corrupt(format!("page decodes to {} bytes", self.decoded_bytes())));
        }
        Ok(())
    }
}

/// Reads `bytes` as a directory entry followed by a body and scans all of it, without the help of
/// checksums: what a fuzzer feeds.
pub fn decode_untrusted(mut bytes: &[u8]) {
    let Ok(page) = Page::take(&mut bytes) else { return };
    let parts = [Bytes::copy_from_slice(bytes)];
    let kept = KeptPage::default();
    let body =
        Body { sections: &page.sections, starts: &[0], parts: &parts, verified: false, kept: Some(&kept) };
    let wanted: Vec<u32> = (0..page.run_rows.len() as u32).collect();
    // All rows; rows found in columns; rows put together one by one.
    let sought = |needle: Needle| {
        let filter = LineFilter { negated: false, any: vec![needle] };
        Question::new(TimeRange::ALL, &[Predicate::Line(filter)], Projection::ALL)
    };
    let searched = |text: &str| sought(Needle::text(text.as_bytes()));
    // A trace by its id, with bodies and without.
    let key = bytes.first_chunk().copied().unwrap_or_default();
    let trace = Question::new(TimeRange::ALL, &[Predicate::Key(key)], Projection::ALL);
    let found = trace.with_projection(Projection { body: false, metadata: false });
    let needles = [searched("=1"), searched("error"), searched("a3ce929d0e0e0001")];
    let regex = GoRegex::new("(?i)time.?out|refused|[0-9]{2}ms").ok();
    let regex = regex.map(|regex| sought(Needle::Regex(regex.into())));
    for question in [Question::all(), trace, found].iter().chain(&needles).chain(&regex) {
        let _ = page.scan_body(&body, &wanted, &[], question, &ScanStats::default());
    }
    let names = vec!["id".to_owned(), "status".to_owned()];
    // Runs in the middle of others.
    let every_eighth: Vec<u32> = wanted.iter().copied().filter(|run| run % 8 == 3).collect();
    let text = |text: &str| PatternPiece::Text(text.as_bytes().into());
    let capture = |name: &str| PatternPiece::Capture((name != "_").then(|| name.into()));
    let pattern = [capture("id"), text(" "), capture("_"), text("\" "), capture("status"), text(" ")];
    let expression = GoRegex::new(r#"(?P<id>\S+) [^"]*"[^"]*" (?P<status>\w+)"#).ok();
    let expression = expression.and_then(|expression| expression.pieces()).map(Format::Regexp);
    for format in
        [Format::Json, Format::Logfmt, Format::Pattern(pattern.into())].into_iter().chain(expression)
    {
        let fields = Fields { format, names: names.clone() };
        let digest =
            Digest { fields: Some(fields), names: Some(names.clone()), numbers: true, ..Digest::default() };
        let question = Question::all().with_digest(Some(digest.into()));
        let _ = page.scan_body(&body, &wanted, &[], &question, &ScanStats::default());
        let _ = page.scan_body(&body, &every_eighth, &[], &question, &ScanStats::default());
    }
    // Rows that are only counted.
    let cells = Some(Cells { edge_ns: 0, width_ns: 1 << 40 });
    let digest = Digest { names: Some(names), cells, ..Digest::default() };
    let counted = Question::new(TimeRange::ALL, &[], Projection { body: false, metadata: true });
    let counted = counted.with_digest(Some(digest.into()));
    let _ = page.scan_body(&body, &wanted, &[], &counted, &ScanStats::default());
    let facts = RunFacts { min_ns: 1, max_ns: 1, rows: 1, bytes: 0 };
    let known: Vec<KnownRun> = wanted.iter().map(|run| KnownRun { facts, alike: run % 2 }).collect();
    let _ = page.scan_body(&body, &wanted, &known, &counted, &ScanStats::default());
    if let Ok(counts) = Counts::read(parts[0].as_ref(), &page.run_rows) {
        let facts = RunFacts { min_ns: i64::MIN, max_ns: i64::MAX, rows: 1, bytes: 0 };
        let counting = page.counting(Some(&counts), &counted);
        let mut tally = Tally::new(&counted);
        let runs = wanted.iter().map(|run| (*run, facts, run % 2));
        let _ = counting.and_then(|counting| counting.add(runs, &mut tally));
        let _ = tally.given();
    }
    let _ = page.scan_body(&body, &every_eighth, &[], &Question::all(), &ScanStats::default());
}

#[cfg(test)]
mod tests;
