//! Descriptions of pages with known content, and of damaged ones.

use crate::{Choice, Codec, PageKind, Piece, Question, Sealed, seal_as};
use base::Kind;
use bytes::Bytes;
use model::{
    Labels, LineFilter, Needle, Predicate, Projection, RowColumns, RowRef, SectionKind, Signal, TimeRange,
};

/// Access lines with numbers, ids, a method of two, and a trace in the metadata.
fn sealed(choice: Choice) -> Sealed {
    let rows: Vec<(i64, String, Labels)> = (0..3000)
        .map(|n: i64| {
            let method = if n % 3 == 0 { "GET" } else { "POST" };
            let text = match n % 10 {
                0 => format!("shutting down worker {n}"),
                _ => format!(
                    "method={method} status={} took={}ms id=\"{:016x}\"",
                    200 + n % 4,
                    n * 7,
                    n * 99_991
                ),
            };
            (n * 1_000, text, Labels::from_pairs([("trace", n.to_string().as_str())]))
        })
        .collect();
    let rows = RowColumns::from_rows(rows.iter().map(|(ts_ns, text, metadata)| RowRef {
        ts_ns: *ts_ns,
        body: text.as_bytes(),
        metadata: metadata.as_ref(),
    }));
    seal_as(Signal::Line, &[Piece { rows: &rows, range: 0..rows.len() }], choice).unwrap()
}

#[test]
fn templates_and_columns() {
    let sealed = sealed(Choice::Columns);
    assert_eq!(sealed.page.kind(), PageKind::LineColumns);
    let described = sealed.page.describe(&sealed.body).unwrap();
    assert_eq!(described.metadata_names, ["trace"]);
    let most = &described.templates[0];
    assert_eq!(most.rows, 2700);
    assert!(most.text.starts_with("method=<dictionary> status=<"), "{}", most.text);
    assert_eq!(described.templates.iter().map(|template| template.rows).sum::<u32>(), 3000);
    let method = described.columns.iter().find(|column| column.name == "method=").unwrap();
    assert_eq!(
        (method.encoding, method.values, method.distinct, method.depth),
        ("dictionary", 2700, Some(2), 0)
    );
    let length = |n: i64| if n % 3 == 0 { 3 } else { 4 };
    let raw: u64 = (0..3000).filter(|n| n % 10 != 0).map(length).sum();
    assert_eq!(method.raw_bytes, raw);
    let stored: u64 = described.columns.iter().filter(|c| c.depth == 0).map(|c| c.stored_bytes).sum();
    assert!(stored <= sealed.body.len() as u64, "{stored} of {}", sealed.body.len());
    let shallow: Vec<u64> =
        described.columns.iter().filter(|c| c.depth == 0).map(|c| c.stored_bytes).collect();
    assert!(shallow.is_sorted_by(|a, b| a >= b), "{shallow:?}");
}

#[test]
fn sections_have_names_and_kinds() {
    let sealed = sealed(Choice::Columns);
    let described = sealed.page.describe(&sealed.body).unwrap();
    let told: Vec<(String, SectionKind)> =
        sealed.page.sections().iter().map(|s| (described.section_name(s), s.kind())).collect();
    for (name, kind) in [
        ("times", SectionKind::Times),
        ("lengths", SectionKind::Times),
        ("metadata trace", SectionKind::Metadata),
        ("templates", SectionKind::Texts),
        ("numbers 0", SectionKind::Texts),
        ("filter", SectionKind::Search),
    ] {
        assert!(told.contains(&(name.to_owned(), kind)), "{name} in {told:?}");
    }
    assert!(!told.iter().any(|(name, _)| name.starts_with("section")), "{told:?}");
}

#[test]
fn a_text_page_has_sections_only() {
    let sealed = sealed(Choice::Text);
    let described = sealed.page.describe(&sealed.body).unwrap();
    assert!(described.templates.is_empty() && described.columns.is_empty());
    let text = sealed.page.sections().iter().find(|s| described.section_name(s) == "texts").unwrap();
    assert_eq!(text.codec, Codec::Zstd);
}

#[test]
fn needed_sections_are_those_of_the_parts() {
    let sealed = sealed(Choice::Columns);
    let nothing = Projection { body: false, metadata: false };
    let needle = LineFilter { negated: false, any: vec![Needle::text(b"x")] };
    for question in [
        Question::all(),
        Question::new(TimeRange::ALL, &[], nothing),
        Question::new(TimeRange::ALL, &[Predicate::Line(needle)], nothing),
    ] {
        let needed: u64 = sealed.page.needed(&question).map(|s| u64::from(s.stored_len)).sum();
        let parts: u64 = sealed.page.parts(&question).iter().map(|part| part.end - part.start).sum();
        assert_eq!(needed, parts);
    }
}

#[test]
fn a_damaged_page_is_refused() {
    let sealed = sealed(Choice::Columns);
    let mut bytes = sealed.body.to_vec();
    let templates = sealed.page.sections().iter().position(|s| s.tag.number() == 7).unwrap();
    let start: u32 = sealed.page.sections()[..templates].iter().map(|s| s.stored_len).sum();
    bytes[start as usize + 9] ^= 1;
    let damaged = sealed.page.describe(&Bytes::from(bytes)).unwrap_err();
    assert_eq!(damaged.kind(), Kind::Corrupt);
    assert!(sealed.page.describe(&sealed.body.slice(..100)).is_err());
}
