use super::*;
use crate::rows::PAGE_BYTES;
use model::fields::Format;
use model::{Digest, Fields, Labels, RowColumns, RowRef};
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

fn lines(count: i64) -> RowColumns {
    let metadata =
        [Labels::from_pairs([("trace_id", "0af7651916cd43dd8448eb211c80319c")]), Labels::default()];
    let texts: Vec<String> = (0..count)
        .map(|n| match n % 3 {
            0 => format!("GET /api/items/{n} 200 {}ms", n % 17),
            1 => format!("level=error msg=\"connection refused\" id=4bf92f3577b34da6a3ce929d0e0e{n:04}"),
            _ => String::new(),
        })
        .collect();
    let rows = texts.iter().zip(0..).map(|(text, n)| RowRef {
        ts_ns: 1_700_000_000_000_000_000 + n * 250_000_000,
        body: text.as_bytes(),
        metadata: metadata[(n % 2) as usize].as_ref(),
    });
    RowColumns::from_rows(rows)
}

fn sealed(rows: &[RowColumns]) -> Sealed {
    sealed_as(rows, Choice::Cheaper)
}

fn sealed_as(rows: &[RowColumns], choice: Choice) -> Sealed {
    let pieces: Vec<Piece<'_>> = rows.iter().map(|rows| Piece { rows, range: 0..rows.len() }).collect();
    seal_as(Signal::Line, &pieces, choice).unwrap()
}

/// Directory entry, body and filter one after the other, each with its length.
fn stored(sealed: &Sealed) -> Vec<u8> {
    let mut entry = Vec::new();
    sealed.page.put(&mut entry);
    let mut out = Vec::new();
    for part in [&entry, &sealed.body[..], &sealed.search] {
        varint::put_bytes(&mut out, part);
    }
    out
}

fn scan_all(page: &Page, body: &Bytes) -> Result<Vec<(u32, RowColumns)>> {
    scan(page, body, &Question::all())
}

fn scan(page: &Page, body: &Bytes, question: &Question) -> Result<Vec<(u32, RowColumns)>> {
    let wanted: Vec<u32> = (0..page.run_rows().len() as u32).collect();
    page.scan(std::slice::from_ref(body), &wanted, question, &ScanStats::default())
}

fn fields() -> Question {
    let fields = Fields { format: Format::Logfmt, names: vec!["msg".to_owned()] };
    Question::all().with_digest(Some(Digest { fields: Some(fields), ..Digest::default() }.into()))
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sealed").join(name)
}

/// The bytes of a golden file, which must be those of `written`; with `TREFOIL_WRITE_GOLDEN` set,
/// writes them.
fn golden(name: &str, written: &[u8]) -> Vec<u8> {
    let path = path(name);
    if std::env::var_os("TREFOIL_WRITE_GOLDEN").is_some() {
        fs::write(&path, written).unwrap();
    }
    let golden = fs::read(&path).unwrap();
    assert!(written == golden, "what is written now differs from {name}");
    golden
}

/// The files were written by the first version and must be read for ever. Should a new version of a
/// codec write other bytes, keep this file for reading and add one for writing.
#[test]
fn golden_pages() {
    let rows = [lines(40), lines(7)];
    assert_golden("golden-v4.page", &sealed(&rows), &rows);
    // Before lengths were planes.
    assert_reads(&fs::read(path("golden-v3.page")).unwrap(), &rows);
    // Before times were rises.
    assert_reads(&fs::read(path("golden-v2.page")).unwrap(), &rows);
    // Before there were filters of words.
    assert_reads(&fs::read(path("golden-v1.page")).unwrap(), &rows);
    let rows = [lines(600), lines(7)];
    let sealed = sealed(&rows);
    assert_eq!(sealed.page.kind(), PageKind::LineColumns);
    assert_golden("golden-columns-v6.page", &sealed, &rows);
    // Before lengths were planes.
    assert_reads(&fs::read(path("golden-columns-v5.page")).unwrap(), &rows);
    // Before times were rises.
    assert_reads(&fs::read(path("golden-columns-v4.page")).unwrap(), &rows);
    // Before ids ended where texts do.
    assert_reads(&fs::read(path("golden-columns-v3.page")).unwrap(), &rows);
    // Before there were filters of words.
    assert_reads(&fs::read(path("golden-columns-v2.page")).unwrap(), &rows);
    // Before columns had alphabets.
    assert_reads(&fs::read(path("golden-columns-v1.page")).unwrap(), &rows);
}

fn assert_golden(name: &str, sealed: &Sealed, rows: &[RowColumns]) {
    assert_reads(&golden(name, &stored(sealed)), rows);
}

fn assert_reads(golden: &[u8], rows: &[RowColumns]) {
    let mut rest = golden;
    let mut part = || varint::take_bytes(&mut rest).unwrap();
    let (mut entry, body, filter) = (part(), Bytes::copy_from_slice(part()), part());
    let page = Page::take(&mut entry).unwrap();
    for (found, given) in scan_all(&page, &body).unwrap().iter().zip(rows) {
        let (found, given) = (&found.1, given);
        assert_eq!(found, given);
    }
    let allows = |needle: &str| {
        let needle = LineFilter { negated: false, any: vec![Needle::text(needle.as_bytes())] };
        let question = Question::new(TimeRange::ALL, &[Predicate::Line(needle)], Projection::ALL);
        page.allows(filter, &question).unwrap()
    };
    assert!(allows("4BF92f3577b34da6"));
    assert!(!allows("4bf92f3577b34da7a3ce929d0e0e4736"));
    assert!(allows("CONNECTION refused"));
    let has_words = page.sections.iter().any(|section| section.tag == Tag::WORD_FILTER);
    assert_eq!(allows("connection reset"), !has_words);
}

#[test]
fn entries_come_back() {
    let sealed = sealed(&[lines(5), lines(600)]);
    let mut entry = Vec::new();
    sealed.page.put(&mut entry);
    let mut input = entry.as_slice();
    assert_eq!(Page::take(&mut input).unwrap(), sealed.page);
    assert!(input.is_empty());
    for cut in 0..entry.len() {
        assert!(Page::take(&mut &entry[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn unknown_kinds_and_sections_are_refused() {
    let sealed = sealed(&[lines(5)]);
    let mut entry = Vec::new();
    sealed.page.put(&mut entry);
    entry[0] = 9;
    assert!(Page::take(&mut entry.as_slice()).unwrap_err().what().contains("unknown kind 9"));
    let mut page = sealed.page.clone();
    page.sections[0].tag = Tag::body(100);
    let mut entry = Vec::new();
    page.put(&mut entry);
    assert!(Page::take(&mut entry.as_slice()).unwrap_err().what().contains("unknown section 100"));
}

#[test]
fn pages_without_rows_or_with_too_many_are_refused() {
    assert_eq!(seal(Signal::Line, &[]).unwrap_err().kind(), base::Kind::Bug);
    let rows = lines(PAGE_ROWS_MAX as i64 + 1);
    let piece = Piece { rows: &rows, range: 0..PAGE_ROWS_MAX + 1 };
    assert_eq!(seal(Signal::Line, &[piece]).unwrap_err().kind(), base::Kind::Bug);
}

#[test]
fn fitting_pieces_are_the_longest() {
    let rows = lines(1000);
    let all = crate::raw_bytes(&Piece { rows: &rows, range: 0..1000 });
    assert_eq!(crate::fitting(&rows, 0, 0, 0), 1000);
    assert_eq!(crate::fitting(&rows, 0, PAGE_BYTES - all, 0), 1000);
    assert!(crate::fitting(&rows, 0, PAGE_BYTES - all + 1, 0) < 1000);
    assert_eq!(crate::fitting(&rows, 0, PAGE_BYTES, 0), 0);
    assert_eq!(crate::fitting(&rows, 10, 0, PAGE_ROWS_MAX - 3), 13);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// With checksums every damage is found; without, nothing may panic.
    #[test]
    fn damage_is_found(at: usize, to: u8, in_columns: bool) {
        let choice = if in_columns { Choice::Columns } else { Choice::Text };
        let sealed = sealed_as(&[lines(30), lines(3)], choice);
        prop_assert_eq!(sealed.page.kind() == PageKind::LineColumns, in_columns);
        let mut body = sealed.body.to_vec();
        let at_body = at % body.len();
        let changed = body[at_body] != to;
        body[at_body] = to;
        let damaged = Bytes::from(body.clone());
        // Alphabets are read for fields alone.
        let found = scan_all(&sealed.page, &damaged).is_err() || scan(&sealed.page, &damaged, &fields()).is_err();
        prop_assert_eq!(found, changed);
        let mut bytes = Vec::new();
        sealed.page.put(&mut bytes);
        let whole = bytes.len() + body.len();
        bytes.extend_from_slice(&body);
        bytes[at % whole] = to;
        decode_untrusted(&bytes);
        bytes[(at / 7) % whole] ^= to | 1;
        decode_untrusted(&bytes);
    }
}
