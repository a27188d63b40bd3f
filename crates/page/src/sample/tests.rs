use crate::{Choice, Page, PageKind, Piece, Question, Sealed, seal_as, sort_rows};
use bytes::Bytes;
use model::sample::{STALE_BITS, exemplar_body, float_body};
use model::{
    Labels, LabelsRef, MatchOp, Matcher, Predicate, Projection, RowColumns, RowRef, ScanStats, Signal,
    TimeRange,
};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Row {
    ts_ns: i64,
    body: Vec<u8>,
    metadata: Labels,
}

impl Row {
    fn as_ref(&self) -> RowRef<'_> {
        RowRef { ts_ns: self.ts_ns, body: &self.body, metadata: self.metadata.as_ref() }
    }
}

/// A run of rows in any order, without duplicates.
fn run_of(rows: &[Row]) -> RowColumns {
    sort_rows(rows.iter().map(Row::as_ref).collect()).0
}

fn any_float() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => (-5000i32..5000).prop_map(|n| f64::from(n) / 100.0),
        2 => any::<u64>().prop_map(f64::from_bits),
        1 => Just(f64::from_bits(STALE_BITS)),
        1 => prop::sample::select(vec![f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.0, f64::MIN_POSITIVE]),
    ]
}

/// Mostly floats; else bytes that only look like one, exemplars with labels, nothing.
fn any_row() -> impl Strategy<Value = Row> {
    let labels = |id: u8| Labels::from_pairs([("trace_id", format!("{id}").as_str()), ("zone", "a")]);
    let said = prop_oneof![
        12 => any_float().prop_map(|value| (float_body(value).to_vec(), Labels::default())),
        1 => (any_float(), 0u8..4).prop_map(move |(value, id)| (exemplar_body(value).to_vec(), labels(id))),
        1 => prop::collection::vec(0u8..3, 0..12).prop_map(|body| (body, Labels::default())),
        1 => (any_float(), 0u8..4).prop_map(move |(value, id)| (float_body(value).to_vec(), labels(id))),
    ];
    (-30i64..30, said).prop_map(|(ts_ns, (body, metadata))| Row { ts_ns, body, metadata })
}

/// Runs of any rows, of floats only, and without any float.
fn any_runs() -> impl Strategy<Value = Vec<RowColumns>> {
    let rows = (prop::collection::vec(any_row(), 1..40), 0u8..4).prop_map(|(mut rows, only)| {
        for row in &mut rows {
            match only {
                0 | 1 if row.body.len() != 9 || row.body[0] != 0 => row.body = float_body(1.5).to_vec(),
                2 => row.body.insert(0, 1),
                _ => {}
            }
        }
        run_of(&rows)
    });
    prop::collection::vec(rows, 1..6)
}

fn sealed(runs: &[RowColumns], choice: Choice) -> Sealed {
    let pieces: Vec<Piece<'_>> = runs.iter().map(|rows| Piece { rows, range: 0..rows.len() }).collect();
    seal_as(Signal::Sample, &pieces, choice).unwrap()
}

fn scanned(sealed: &Sealed, wanted: &[u32], question: &Question) -> Vec<(u32, RowColumns)> {
    let parts = sealed.page.parts(question);
    let parts: Vec<Bytes> =
        parts.iter().map(|part| sealed.body.slice(part.start as usize..part.end as usize)).collect();
    sealed.page.scan(&parts, wanted, question, &ScanStats::default()).unwrap()
}

fn naive(run: &RowColumns, range: TimeRange, predicates: &[Predicate], projection: Projection) -> RowColumns {
    let rows =
        run.rows().filter(|row| range.contains(row.ts_ns) && predicates.iter().all(|p| p.matches(row)));
    let mut out = RowColumns::from_rows(rows);
    crate::project(&mut out, projection);
    out
}

fn any_predicates() -> impl Strategy<Value = Vec<Predicate>> {
    let op = prop::sample::select(vec![MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex]);
    let metadata =
        (op, "[0-5]?").prop_map(|(op, id)| Predicate::Metadata(Matcher::new("trace_id", op, &id).unwrap()));
    prop_oneof![3 => Just(Vec::new()), 2 => metadata.prop_map(|predicate| vec![predicate])]
}

proptest! {
    #[test]
    fn scans_as_naive_filtering(
        runs in any_runs(),
        mask: u8,
        range in prop_oneof![
            Just(TimeRange::ALL),
            (-35i64..35, -35i64..35).prop_map(|(a, b)| TimeRange::new(a.min(b), a.max(b))),
        ],
        predicates in any_predicates(),
        projection in (any::<bool>(), any::<bool>()).prop_map(|(body, metadata)| Projection { body, metadata }),
        choice in prop::sample::select(vec![Choice::Text, Choice::Cheaper]),
    ) {
        let sealed = sealed(&runs, choice);
        let expected_kind = if choice == Choice::Text { PageKind::LineText } else { PageKind::Samples };
        prop_assert_eq!(sealed.page.kind(), expected_kind);
        let wanted: Vec<u32> = (0..runs.len() as u32).filter(|run| mask & (1 << run) != 0).collect();
        let question = Question::new(range, &predicates, projection);
        let found = scanned(&sealed, &wanted, &question);
        let expected: Vec<(u32, RowColumns)> = wanted
            .iter()
            .map(|run| (*run, naive(&runs[*run as usize], range, &predicates, projection)))
            .filter(|(_, rows)| !rows.is_empty())
            .collect();
        if !expected.is_empty() {
            prop_assert!(sealed.page.allows(&sealed.search, &question).unwrap());
        }
        prop_assert_eq!(found, expected);
    }

    /// Damage behind the checksums: never a panic, and never more rows than there are.
    #[test]
    fn damaged_bytes_do_no_harm(runs in any_runs(), changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..6)) {
        let sealed = sealed(&runs, Choice::Cheaper);
        let mut bytes = Vec::new();
        sealed.page.put(&mut bytes);
        bytes.extend_from_slice(&sealed.body);
        for (at, to) in changes {
            let at = at % bytes.len();
            bytes[at] = to;
            crate::decode_untrusted(&bytes);
        }
    }
}

/// What one target gives: counters, gauges, constants, buckets; all at the same times.
fn target(series: i64, rows: i64) -> Vec<RowColumns> {
    let value = |series: i64, n: i64| match series % 5 {
        0 => (n * 150 + n * n % 7 * series) as f64,
        1 => (20_00 + (n * 37 + series) % 100) as f64 / 100.0,
        2 => 1.0,
        3 => ((n * 13 + series) % 50 * 4096) as f64,
        _ if n % 100 == 99 => f64::from_bits(STALE_BITS),
        _ => (4592 + n * 8) as f64 * 0.001,
    };
    let run = |series: i64| {
        let bodies: Vec<[u8; 9]> = (0..rows).map(|n| float_body(value(series, n))).collect();
        RowColumns::from_rows(bodies.iter().zip(0..).map(|(body, n)| RowRef {
            ts_ns: 1_700_000_000_000_000_000 + n * 15_000_000_000,
            body,
            metadata: LabelsRef::EMPTY,
        }))
    };
    (0..series).map(run).collect()
}

#[test]
fn series_of_a_target_take_less_than_a_byte_a_sample() {
    let runs = target(200, 240);
    let sealed = sealed(&runs, Choice::Cheaper);
    let stored = sealed.page.body_len();
    assert!(stored < 200 * 240 * 8 / 10, "{stored}");
    let question = Question::all();
    let found = scanned(&sealed, &[7, 104, 199], &question);
    assert_eq!(found, [7, 104, 199].map(|run| (run as u32, runs[run].clone())));
}

#[test]
fn times_are_read_without_bodies() {
    let sealed = sealed(&target(20, 100), Choice::Cheaper);
    let question = Question::new(TimeRange::ALL, &[], Projection { body: false, metadata: false });
    let fetched: u64 = sealed.page.parts(&question).iter().map(|part| part.end - part.start).sum();
    assert!(fetched < sealed.page.body_len() / 4, "{fetched} of {}", sealed.page.body_len());
    let found = scanned(&sealed, &[3], &question);
    assert_eq!((found[0].1.len(), found[0].1.bodies.len(), found[0].1.body_len(5)), (100, 0, 9));
}

#[test]
fn pages_without_exemplars_are_skipped_by_questions_for_one() {
    let question = |id: &str| {
        let predicates = [Predicate::Metadata(Matcher::new("trace_id", MatchOp::Equal, id).unwrap())];
        Question::new(TimeRange::ALL, &predicates, Projection::ALL)
    };
    let exemplar = Row {
        ts_ns: 5,
        body: exemplar_body(0.25).to_vec(),
        metadata: Labels::from_pairs([("trace_id", "4bf92f3577b34da6")]),
    };
    let (without, with) =
        (sealed(&target(3, 10), Choice::Cheaper), sealed(&[run_of(&[exemplar])], Choice::Cheaper));
    let allows = |sealed: &Sealed, id| sealed.page.allows(&sealed.search, &question(id)).unwrap();
    assert!(!allows(&without, "4bf92f3577b34da6"));
    assert!(allows(&with, "4bf92f3577b34da6") && !allows(&with, "4bf92f3577b34da7"));
}

/// The files must be read for ever. What is written otherwise gets a file more.
#[test]
fn golden_pages() {
    let mut runs = target(10, 40);
    let odd = |ts_ns: i64, body: &[u8], id: &str| Row {
        ts_ns,
        body: body.to_vec(),
        metadata: if id.is_empty() { Labels::default() } else { Labels::from_pairs([("trace_id", id)]) },
    };
    let nan = float_body(f64::from_bits(0xfff8_0000_0000_1234));
    runs.push(run_of(&[
        odd(1, &float_body(0.5), ""),
        odd(2, &exemplar_body(0.25), "a"),
        odd(2, &float_body(-0.0), ""),
        odd(3, &nan, ""),
        odd(4, &[1, 2, 3], ""),
        odd(5, &float_body(f64::INFINITY), ""),
    ]));
    runs.push(run_of(&[odd(7, b"\x01no float", ""), odd(8, b"", "b")]));
    let sealed = sealed(&runs, Choice::Cheaper);
    let mut entry = Vec::new();
    sealed.page.put(&mut entry);
    let mut written = Vec::new();
    for part in [&entry, &sealed.body[..], &sealed.search] {
        model::varint::put_bytes(&mut written, part);
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sample");
    let path = folder.join("golden-samples-v2.page");
    if std::env::var_os("TREFOIL_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let golden = std::fs::read(&path).unwrap();
    assert!(written == golden, "what is written now differs from the golden file");
    // Before lengths were planes.
    let old = std::fs::read(folder.join("golden-samples-v1.page")).unwrap();
    for golden in [golden, old] {
        let mut rest = golden.as_slice();
        let mut part = || model::varint::take_bytes(&mut rest).unwrap();
        let (mut entry, body) = (part(), Bytes::copy_from_slice(part()));
        let page = Page::take(&mut entry).unwrap();
        let wanted: Vec<u32> = (0..runs.len() as u32).collect();
        let found = page.scan(&[body], &wanted, &Question::all(), &ScanStats::default()).unwrap();
        assert_eq!(found.into_iter().map(|(_, rows)| rows).collect::<Vec<_>>(), runs);
    }
}

/// The most rows, as one run and as runs of one row each.
#[test]
fn full_pages_come_back() {
    let value = |n: i64| if n % 3 == 0 { n as f64 * 0.1 } else { (n as f64).sqrt() };
    let bodies: Vec<[u8; 9]> = (0..crate::PAGE_ROWS_MAX as i64).map(|n| float_body(value(n))).collect();
    let rows = bodies.iter().zip(0..).map(|(body, n)| RowRef {
        ts_ns: n * 1_000_003,
        body,
        metadata: LabelsRef::EMPTY,
    });
    let all = RowColumns::from_rows(rows);
    for run_rows in [1, all.len()] {
        let starts = (0..all.len()).step_by(run_rows);
        let pieces: Vec<Piece<'_>> =
            starts.map(|start| Piece { rows: &all, range: start..start + run_rows }).collect();
        // Sealing reads all of it back.
        let sealed = seal_as(Signal::Sample, &pieces, Choice::Cheaper).unwrap();
        assert_eq!(sealed.page.kind(), PageKind::Samples);
        let last = pieces.len() as u32 - 1;
        let found = scanned(&sealed, &[last], &Question::all());
        assert_eq!(found, [(last, crate::slice(&all, &pieces[last as usize].range))]);
    }
}
