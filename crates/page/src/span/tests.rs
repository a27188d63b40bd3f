use super::body::Parts;
use super::{distinct, parents};
use crate::planes;
use crate::{Choice, Page, PageKind, Piece, Question, Sealed, seal_as, sort_rows};
use bytes::Bytes;
use model::attribute::Value;
use model::span::{Event, Extra, Link, Span, SpanId, TraceId};
use model::{
    Labels, LabelsRef, LineFilter, MatchOp, Matcher, Needle, Predicate, Projection, RowColumns, RowRef,
    ScanStats, Signal, TimeRange,
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

    fn of(span: &Span) -> Self {
        let mut body = Vec::new();
        span.put_body(&mut body);
        Self { ts_ns: span.start_ns, body, metadata: span.metadata() }
    }
}

/// A run of rows in any order, without duplicates.
fn run_of(rows: &[Row]) -> RowColumns {
    sort_rows(rows.iter().map(Row::as_ref).collect()).0
}

/// One of a few ids; 0 gives zeros.
fn trace_id(n: u8) -> TraceId {
    if n == 0 { TraceId::default() } else { [[n; 8], *b"ABCDEFGH"].concat().try_into().unwrap() }
}

fn any_extra() -> impl Strategy<Value = Extra> {
    let event = (any::<i64>(), "[a-z]{0,3}").prop_map(|(ts_ns, name)| Event {
        ts_ns,
        name,
        attributes: vec![("a".to_owned(), Value::Int(ts_ns))],
        dropped_attributes: 1,
    });
    let link = (0u8..3).prop_map(|id| Link { trace_id: trace_id(id), ..Link::default() });
    let events = (prop::collection::vec(event, 0..3), prop::collection::vec(link, 0..2));
    let filled = (prop::sample::select(vec![0, 0x101, u32::MAX]), events)
        .prop_map(|(flags, (events, links))| Extra { flags, events, links, ..Extra::default() });
    prop_oneof![2 => Just(Extra::default()), 1 => filled]
}

fn any_span() -> impl Strategy<Value = Span> {
    let ids = (0u8..4, 0u8..6, 0u8..8);
    let duration = prop_oneof![3 => 0i64..1_000_000, 1 => any::<i64>()];
    let said = (prop::sample::select(vec!["GET", "", "SELECT", "é"]), prop::sample::select(vec!["", "late"]));
    (ids, -30i64..30, duration, said, (0u8..6, 0u8..3), any_extra()).prop_map(
        |((trace, span, parent), start_ns, duration_ns, (name, message), (kind, status), extra)| Span {
            trace_id: trace_id(trace),
            span_id: [span; 8],
            parent_id: [parent; 8],
            start_ns,
            duration_ns,
            name: name.to_owned(),
            kind,
            status,
            status_message: message.to_owned(),
            attributes: vec![("code".to_owned(), Value::Int(i64::from(span % 3)))],
            extra,
        },
    )
}

/// Mostly spans; else cut ones, ones with a number written in a longer way, and any bytes.
fn any_row() -> impl Strategy<Value = Row> {
    let cut = (any_span(), 0usize..60).prop_map(|(span, length)| {
        let mut row = Row::of(&span);
        row.body.truncate(length);
        row
    });
    let long_duration = any_span().prop_map(|span| {
        let mut row = Row::of(&Span { duration_ns: 0, ..span });
        row.body[32] = 0x80;
        row.body.insert(33, 0);
        row
    });
    let bytes = (-30i64..30, prop::collection::vec(0u8..3, 0..50)).prop_map(|(ts_ns, body)| Row {
        ts_ns,
        body,
        metadata: Labels::default(),
    });
    prop_oneof![12 => any_span().prop_map(|span| Row::of(&span)), 1 => cut, 1 => long_duration, 1 => bytes]
}

fn any_runs() -> impl Strategy<Value = Vec<RowColumns>> {
    let spans = prop::collection::vec(any_span().prop_map(|span| Row::of(&span)), 1..40);
    let rows = prop_oneof![spans, prop::collection::vec(any_row(), 1..40)];
    prop::collection::vec(rows.prop_map(|rows| run_of(&rows)), 1..6)
}

fn sealed(runs: &[RowColumns], choice: Choice) -> Sealed {
    let pieces: Vec<Piece<'_>> = runs.iter().map(|rows| Piece { rows, range: 0..rows.len() }).collect();
    seal_as(Signal::Span, &pieces, choice).unwrap()
}

/// What is found in the parts that the question fetches.
fn scanned(sealed: &Sealed, wanted: &[u32], question: &Question) -> Vec<(u32, RowColumns)> {
    let parts = sealed.page.parts(question);
    let parts: Vec<Bytes> =
        parts.iter().map(|part| sealed.body.slice(part.start as usize..part.end as usize)).collect();
    sealed.page.scan(&parts, wanted, question, &ScanStats::default()).unwrap()
}

fn fetched(sealed: &Sealed, question: &Question) -> u64 {
    sealed.page.parts(question).iter().map(|part| part.end - part.start).sum()
}

fn naive(run: &RowColumns, range: TimeRange, predicates: &[Predicate], projection: Projection) -> RowColumns {
    let rows =
        run.rows().filter(|row| range.contains(row.ts_ns) && predicates.iter().all(|p| p.matches(row)));
    let mut out = RowColumns::from_rows(rows);
    crate::project(&mut out, projection);
    out
}

fn any_predicates() -> impl Strategy<Value = Vec<Predicate>> {
    let key = (0u8..5).prop_map(|id| Predicate::Key(trace_id(id)));
    let metadata = "[0-3]?".prop_map(|value| {
        Predicate::Metadata(Matcher::new("code\u{1f}i", MatchOp::NotEqual, &value).unwrap())
    });
    let text =
        (any::<bool>(), prop::sample::select(vec!["GET", "late", ""])).prop_map(|(negated, needle)| {
            Predicate::Line(LineFilter { negated, any: vec![Needle::text(needle.as_bytes())] })
        });
    prop::collection::vec(prop_oneof![4 => key, 1 => metadata, 1 => text], 0..3)
}

proptest! {
    #[test]
    fn bodies_come_back(row in any_row()) {
        let parts = Parts::of(&row.body);
        let mut body = Vec::new();
        parts.put(&mut body);
        prop_assert_eq!(parts.body_len(), body.len());
        prop_assert_eq!(body, row.body);
    }

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
        choice in prop::sample::select(vec![Choice::Text, Choice::Cheaper, Choice::Cheaper]),
    ) {
        let sealed = sealed(&runs, choice);
        let expected_kind = if choice == Choice::Text { PageKind::LineText } else { PageKind::Spans };
        prop_assert_eq!(sealed.page.kind(), expected_kind);
        let wanted: Vec<u32> = (0..runs.len() as u32).filter(|run| mask & (1 << run) != 0).collect();
        let question = Question::new(range, &predicates, projection);
        let found = scanned(&sealed, &wanted, &question);
        let expected: Vec<(u32, RowColumns)> = wanted
            .iter()
            .map(|run| (*run, naive(&runs[*run as usize], range, &predicates, projection)))
            .filter(|(_, rows)| !rows.is_empty())
            .collect();
        if !expected.is_empty() && !predicates.iter().any(|p| matches!(p, Predicate::Line(_))) {
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

    #[test]
    fn numbers_come_back(given in prop::collection::vec(prop_oneof![0u32..3, 0u32..70_000, any::<u32>()], 0..40)) {
        prop_assert_eq!(planes::read(&planes::of(&given), given.len()).unwrap(), given);
    }

    #[test]
    fn damaged_columns_do_no_harm(raw: Vec<u8>, planes: Vec<u8>, rows in 1usize..6) {
        let values = distinct::Distinct::read(raw.clone(), &planes, rows);
        prop_assert!(values.is_err() || (0..rows).all(|row| values.as_ref().unwrap().of(row).len() <= raw.len()));
        let traces: Vec<u32> = (0..rows as u32).map(|row| row / 2).collect();
        let spans = vec![SpanId::default(); rows];
        let found = parents::read(&traces, rows.div_ceil(2), &spans, &planes, &raw);
        prop_assert!(found.is_err() || found.unwrap().len() == rows);
    }
}

#[test]
fn parents_are_places_in_the_trace() {
    let id = |n: u8| [n; 8];
    let traces = [0, 1, 0, 0, 1, 0];
    // A root, a trace that has it by chance, a child, siblings of a parent elsewhere, one below its own child.
    let ids = [(1, 0), (1, 9), (2, 1), (3, 7), (4, 9), (5, 7)].map(|(span, parent)| (id(span), id(parent)));
    let (planes, apart) = parents::put(&traces, 2, &ids);
    assert_eq!(planes, [0, 1, 2, 1, 3, 3 + 2 * 2]);
    assert_eq!(apart, [id(9), id(7)].concat());
    let spans = ids.map(|(span, _)| span);
    assert_eq!(parents::read(&traces, 2, &spans, &planes, &apart).unwrap(), ids.map(|(_, parent)| parent));
    // The parent of a row that comes later, and a place beyond the trace.
    for wrong in [[3, 1, 2, 1, 3, 3], [0, 1, 2, 1, 3, 2 + 2 * 4]] {
        assert!(parents::read(&traces, 2, &spans, &wrong, &apart).is_err());
    }
}

/// Traces of five spans in a service: a server's, and calls below it.
fn service(traces: u64, of: u64) -> RowColumns {
    let mut rows = Vec::new();
    for trace in 0..traces {
        let scattered = |n: u64| (trace * 97 + n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let id = |n: u64| scattered(of * 8 + n).to_be_bytes();
        for n in 0..5 {
            let failed = trace % 50 == 7 && n == 4;
            let trace_id = [scattered(80), scattered(81)].map(u64::to_be_bytes).concat().try_into().unwrap();
            rows.push(Row::of(&Span {
                trace_id,
                span_id: id(n),
                parent_id: if n == 0 { [0; 8] } else { id((n - 1) / 2) },
                start_ns: 1_700_000_000_000_000_000 + (trace * 20_000_000 + n * 1_000_000) as i64,
                duration_ns: 1_000_000 + (scattered(90 + n) >> 44) as i64,
                name: ["GET /items/{id}", "authorize", "SELECT items", "render"][n as usize % 4].to_owned(),
                kind: [2, 1, 3, 1][n as usize % 4],
                status: if failed { 2 } else { 0 },
                status_message: if failed { format!("no item {trace}") } else { String::new() },
                attributes: vec![("service".to_owned(), Value::Int(of as i64))],
                extra: Extra { flags: 0x101, ..Extra::default() },
            }));
        }
    }
    run_of(&rows)
}

#[test]
fn spans_take_less_than_as_text() {
    let runs = [service(400, 0), service(400, 1)];
    let [text, columns] = [Choice::Text, Choice::Cheaper].map(|choice| sealed(&runs, choice).page.body_len());
    assert!(columns * 10 < text * 9, "{columns} of {text}");
}

#[test]
fn a_trace_is_found_without_reading_bodies() {
    let runs = [service(400, 0), service(400, 1)];
    let sealed = sealed(&runs, Choice::Cheaper);
    let wanted = runs[1].row(777).body.first_chunk().copied().unwrap();
    let predicates = [Predicate::Key(wanted)];
    let question = Question::new(TimeRange::ALL, &predicates, Projection { body: false, metadata: false });
    assert!(fetched(&sealed, &question) * 2 < fetched(&sealed, &question.with_projection(Projection::ALL)));
    let found = scanned(&sealed, &[0, 1], &question.with_projection(Projection::ALL));
    let expected =
        [0, 1].map(|at| (at, naive(&runs[at as usize], TimeRange::ALL, &predicates, Projection::ALL)));
    assert_eq!(found, expected);
    assert_eq!(found.iter().map(|(_, rows)| rows.len()).sum::<usize>(), 10);
    let lengths = |found: &[(u32, RowColumns)]| -> Vec<usize> {
        found.iter().flat_map(|(_, rows)| (0..rows.len()).map(|row| rows.body_len(row))).collect()
    };
    let without = scanned(&sealed, &[0, 1], &question);
    assert!(without.iter().all(|(_, rows)| rows.bodies.is_empty()));
    assert_eq!(lengths(&without), lengths(&found));
}

/// Some rows of a trace are in two pages and in memory, some in two of these places.
#[test]
fn a_trace_in_pages_and_memory_comes_back_whole_and_once() {
    let all = service(60, 0);
    let places = [0..120, 100..200, 180..300].map(|range| crate::slice(&all, &range));
    for trace in [0, 20, 23, 37, 59] {
        let predicates = [Predicate::Key(all.row(5 * trace).body.first_chunk().copied().unwrap())];
        let question = Question::new(TimeRange::ALL, &predicates, Projection::ALL);
        let mut found = vec![crate::pick(&places[2], None, None, &question, &ScanStats::default())];
        for rows in &places[..2] {
            let sealed = sealed(std::slice::from_ref(rows), Choice::Cheaper);
            found.extend(scanned(&sealed, &[0], &question).into_iter().map(|(_, rows)| rows));
        }
        let (merged, _) = crate::merge(&found.iter().collect::<Vec<_>>());
        assert_eq!(merged, crate::slice(&all, &(5 * trace..5 * trace + 5)));
    }
}

#[test]
fn times_and_lengths_are_read_without_bodies() {
    let runs = [service(400, 0)];
    let sealed = sealed(&runs, Choice::Cheaper);
    let question = Question::new(TimeRange::ALL, &[], Projection { body: false, metadata: false });
    assert!(fetched(&sealed, &question) < sealed.page.body_len() / 3);
    let found = scanned(&sealed, &[0], &question);
    assert_eq!((found[0].1.len(), found[0].1.bodies.len()), (2000, 0));
    assert_eq!(found[0].1.body_len(7), runs[0].body_len(7));
}

/// The files must be read for ever. What is written otherwise gets a file more.
#[test]
fn golden_pages() {
    let odd = |ts_ns: i64, body: &[u8]| Row { ts_ns, body: body.to_vec(), metadata: Labels::default() };
    let event = Event { ts_ns: 6, name: "retry".to_owned(), ..Event::default() };
    let unlike = Span {
        trace_id: trace_id(7),
        parent_id: [9; 8],
        start_ns: 5,
        duration_ns: -3,
        extra: Extra { events: vec![event], ..Extra::default() },
        ..Span::default()
    };
    let sibling = Span { span_id: [8; 8], start_ns: 6, name: "é".to_owned(), ..unlike.clone() };
    let runs = [
        service(30, 0),
        run_of(&[Row::of(&unlike), Row::of(&sibling), odd(1, b""), odd(2, b"no span"), odd(3, &[1; 40])]),
        service(20, 1),
    ];
    let sealed = sealed(&runs, Choice::Cheaper);
    let mut entry = Vec::new();
    sealed.page.put(&mut entry);
    let mut written = Vec::new();
    for part in [&entry, &sealed.body[..], &sealed.search] {
        model::varint::put_bytes(&mut written, part);
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/span");
    let path = folder.join("golden-spans-v3.page");
    if std::env::var_os("TREFOIL_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let golden = std::fs::read(&path).unwrap();
    assert!(written == golden, "what is written now differs from the golden file");
    assert_reads(&golden, &runs);
    // Before lengths were planes, and before times were rises.
    for old in ["golden-spans-v2.page", "golden-spans-v1.page"] {
        assert_reads(&std::fs::read(folder.join(old)).unwrap(), &runs);
    }
}

fn assert_reads(mut golden: &[u8], runs: &[RowColumns]) {
    let mut part = || model::varint::take_bytes(&mut golden).unwrap();
    let (mut entry, body, filter) = (part(), Bytes::copy_from_slice(part()), part());
    let page = Page::take(&mut entry).unwrap();
    assert_eq!(page.kind(), PageKind::Spans);
    let found = page.scan(&[body], &[0, 1, 2], &Question::all(), &ScanStats::default()).unwrap();
    assert_eq!(found.into_iter().map(|(_, rows)| rows).collect::<Vec<_>>(), runs);
    let allows = |id: TraceId| {
        let question = Question::new(TimeRange::ALL, &[Predicate::Key(id)], Projection::ALL);
        page.allows(filter, &question).unwrap()
    };
    assert!(allows(trace_id(7)) && !allows(trace_id(8)));
}

/// The most rows, as one run and as runs of one row each; each of a trace of its own, then all of one.
#[test]
fn full_pages_come_back() {
    for traces in [1, crate::PAGE_ROWS_MAX] {
        let bodies: Vec<Vec<u8>> = (0..crate::PAGE_ROWS_MAX)
            .map(|n| {
                let id = |n: usize| (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
                let (trace_id, parent_id) = ([id(n % traces), id(1)].concat().try_into().unwrap(), id(n / 2));
                let span =
                    Span { trace_id, span_id: id(n), parent_id, duration_ns: n as i64, ..Span::default() };
                Row::of(&span).body
            })
            .collect();
        let rows = bodies.iter().zip(0..);
        let all = RowColumns::from_rows(rows.map(|(body, ts_ns)| RowRef {
            ts_ns,
            body,
            metadata: LabelsRef::EMPTY,
        }));
        for run_rows in [1, all.len()] {
            let starts = (0..all.len()).step_by(run_rows);
            let pieces: Vec<Piece<'_>> =
                starts.map(|start| Piece { rows: &all, range: start..start + run_rows }).collect();
            // Sealing reads all of it back.
            let sealed = seal_as(Signal::Span, &pieces, Choice::Cheaper).unwrap();
            assert_eq!(sealed.page.kind(), PageKind::Spans);
            let last = pieces.len() as u32 - 1;
            let found = scanned(&sealed, &[last], &Question::all());
            assert_eq!(found, [(last, crate::slice(&all, &pieces[last as usize].range))]);
        }
    }
}
