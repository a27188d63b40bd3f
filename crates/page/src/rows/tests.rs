use super::*;
use crate::{KeptPage, Page, Piece, Sealed, seal_as};
use bytes::Bytes;
use model::filter::Times;
use model::{
    Direction, Labels, LineFilter, MatchOp, Matcher, Needle, Predicate, Projection, RowColumns, RowRef,
    ScanStats, Signal, TimeRange,
};
use proptest::prelude::*;
use std::sync::atomic::Ordering;

#[derive(Clone, Debug)]
struct Row {
    ts_ns: i64,
    text: Vec<u8>,
    metadata: Labels,
}

impl Row {
    fn as_line(&self) -> RowRef<'_> {
        RowRef { ts_ns: self.ts_ns, body: &self.text, metadata: self.metadata.as_ref() }
    }
}

fn sorted(rows: &[Row]) -> RowColumns {
    sort_rows(rows.iter().map(Row::as_line).collect()).0
}

fn any_metadata() -> impl Strategy<Value = Labels> {
    let pair = (0u8..4, "[ab]{0,2}").prop_map(|(name, value)| (format!("k{name}"), value));
    prop::collection::vec(pair, 0..3)
        .prop_map(|pairs| Labels::from_pairs(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str()))))
}

fn any_row() -> impl Strategy<Value = Row> {
    (-20i64..20, "[ab\n]{0,5}|id=[a-f0-9]{20}|[gG][hH]{2,4}[ab ]{0,2}", any_metadata())
        .prop_map(|(ts_ns, text, metadata)| Row { ts_ns, text: text.into_bytes(), metadata })
}

fn any_runs() -> impl Strategy<Value = Vec<RowColumns>> {
    prop::collection::vec(prop::collection::vec(any_row(), 1..30).prop_map(|rows| sorted(&rows)), 1..5)
}

fn any_needle() -> impl Strategy<Value = Needle> {
    let expressions = vec![
        "",
        "ab",
        "a.b",
        "^a",
        "b$",
        "(?i)AB",
        "aa|bb",
        "[^a]b",
        "a*",
        "(ab|ba)+a",
        "id=[a-f]",
        "(?i)ghhH",
        "(?i)g.?hhh|(hhHa|x)",
        "(a|gh)hhh",
        "GHHH|ghhh",
    ];
    prop_oneof![
        "[ab\n]{0,3}|[gG][hH]{3,4}b?".prop_map(|text| Needle::text(text.as_bytes())),
        prop::sample::select(expressions).prop_map(|text| Needle::Regex(std::sync::Arc::new(
            model::go_regex::GoRegex::new(text).unwrap()
        ))),
    ]
}

fn any_predicate() -> impl Strategy<Value = Predicate> {
    let op = prop::sample::select(vec![MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex]);
    prop_oneof![
        (any::<bool>(), prop::collection::vec(any_needle(), 1..3))
            .prop_map(|(negated, any)| Predicate::Line(LineFilter { negated, any })),
        prop::collection::vec(-25i64..25, 0..30).prop_map(|times| Predicate::Times(Times::new(times))),
        (0u8..5, op, "[ab]{0,2}").prop_map(|(name, op, value)| Predicate::Metadata(
            Matcher::new(&format!("k{name}"), op, &value).unwrap()
        )),
    ]
}

fn any_question() -> impl Strategy<Value = (TimeRange, Vec<Predicate>, Projection)> {
    let range = prop_oneof![
        Just(TimeRange::ALL),
        (-25i64..25, -25i64..25).prop_map(|(a, b)| TimeRange::new(a.min(b), a.max(b))),
    ];
    let projection =
        (any::<bool>(), any::<bool>()).prop_map(|(text, metadata)| Projection { body: text, metadata });
    (range, prop::collection::vec(any_predicate(), 0..3), projection)
}

fn naive(run: &RowColumns, range: TimeRange, predicates: &[Predicate], projection: Projection) -> RowColumns {
    let rows =
        run.rows().filter(|row| range.contains(row.ts_ns) && predicates.iter().all(|p| p.matches(row)));
    let mut out = RowColumns::from_rows(rows);
    if !projection.body {
        out.bodies = Bytes::new();
    }
    if !projection.metadata {
        (out.metadata, out.metadata_ends) = (Bytes::new(), Vec::new());
    }
    out
}

fn sealed(runs: &[RowColumns]) -> Sealed {
    sealed_as(runs, Choice::Cheaper)
}

fn sealed_as(runs: &[RowColumns], choice: Choice) -> Sealed {
    let rows: Vec<RowColumns> = runs.to_vec();
    let pieces: Vec<Piece<'_>> = rows.iter().map(|rows| Piece { rows, range: 0..rows.len() }).collect();
    seal_as(Signal::Line, &pieces, choice).unwrap()
}

fn fetch(page: &Page, body: &Bytes, question: &Question) -> Vec<Bytes> {
    page.parts(question).iter().map(|part| body.slice(part.start as usize..part.end as usize)).collect()
}

fn scanned(
    sealed: &Sealed,
    wanted: &[u32],
    question: &Question,
    stats: &ScanStats,
) -> Vec<(u32, RowColumns)> {
    let parts = fetch(&sealed.page, &sealed.body, question);
    let runs = sealed.page.scan(&parts, wanted, question, stats).unwrap();
    let kept = KeptPage::default();
    for _ in 0..3 {
        keep_parts(&kept, sealed, question);
        let again = sealed.page.scan_kept(&kept, wanted, &[], question, &ScanStats::default());
        assert_eq!(again.unwrap(), runs);
        // From now on with what another question has left.
        keep_parts(&kept, sealed, &Question::all());
        sealed.page.scan_kept(&kept, wanted, &[], &Question::all(), &ScanStats::default()).unwrap();
    }
    runs
}

/// Adds to `kept` what it lacks for `question`.
fn keep_parts(kept: &KeptPage, sealed: &Sealed, question: &Question) {
    for part in kept.missing(&sealed.page.parts(question)) {
        kept.add(part.start, &sealed.body[part.start as usize..part.end as usize]);
    }
}

proptest! {
    #[test]
    fn scans_as_naive_filtering(
        runs in any_runs(),
        mask: u8,
        (range, predicates, projection) in any_question(),
        choice in prop::sample::select(vec![Choice::Text, Choice::Columns]),
        direction in prop::sample::select(vec![Direction::Forward, Direction::Backward]),
        nearest in prop::option::of(0usize..6),
    ) {
        let sealed = sealed_as(&runs, choice);
        let wanted: Vec<u32> = (0..runs.len() as u32).filter(|run| mask & (1 << run) != 0).collect();
        let question = Question::new(range, &predicates, projection).with_nearest(direction, nearest);
        let stats = ScanStats::default();
        let found = scanned(&sealed, &wanted, &question, &stats);
        let first_of_run = |run: &u32| {
            let all = naive(&runs[*run as usize], range, &predicates, Projection::ALL);
            let most = nearest.unwrap_or(usize::MAX).min(all.len());
            let first = if direction == Direction::Forward { 0 } else { all.len() - most };
            (*run, RowColumns::from_rows(all.rows().skip(first).take(most)))
        };
        let of_runs: Vec<(u32, RowColumns)> = wanted.iter().map(first_of_run).collect();
        // Of those the first of all, and what has the time of the last of these.
        let key = |ts_ns: i64| if direction == Direction::Forward { !ts_ns } else { ts_ns };
        let mut keys: Vec<i64> = of_runs.iter().flat_map(|(_, rows)| &rows.ts_ns).map(|ts_ns| key(*ts_ns)).collect();
        keys.sort_unstable_by_key(|key| std::cmp::Reverse(*key));
        let last = nearest.and_then(|most| keys.get(most.checked_sub(1)?)).copied().unwrap_or(i64::MIN);
        let expected: Vec<(u32, RowColumns)> = of_runs
            .iter()
            .map(|(run, rows)| (run, RowColumns::from_rows(rows.rows().filter(|row| key(row.ts_ns) >= last))))
            .map(|(run, rows)| (*run, naive(&rows, TimeRange::ALL, &[], projection)))
            .filter(|(_, rows)| !rows.is_empty())
            .collect();
        let passed: usize = expected.iter().map(|(_, rows)| rows.len()).sum();
        prop_assert_eq!(stats.rows_passed.load(Ordering::Relaxed), passed as u64);
        if passed > 0 {
            prop_assert!(sealed.page.allows(&sealed.search, &question).unwrap());
        }
        prop_assert_eq!(found, expected);
    }

    /// Any part of any run can be sealed; facts are those of the rows.
    #[test]
    fn facts_are_those_of_the_rows(runs in any_runs()) {
        let sealed = sealed(&runs);
        for (facts, run) in sealed.facts.iter().zip(&runs) {
            let metadata = |row: RowRef<'_>| row.metadata.iter().map(|(n, v)| n.len() + v.len()).sum::<usize>();
            let bytes: usize = run.rows().map(|row| row.body.len() + metadata(row)).sum();
            prop_assert_eq!((facts.rows, facts.bytes), (run.len() as u64, bytes as u64));
            prop_assert_eq!((facts.min_ns, facts.max_ns), (run.ts_ns[0], run.ts_ns[run.len() - 1]));
        }
    }

    #[test]
    fn merges_as_a_set(rows in prop::collection::vec(any_row(), 0..60), cuts in prop::collection::vec(0usize..4, 0..60)) {
        let mut parts: Vec<Vec<Row>> = vec![Vec::new(); 4];
        for (row, part) in rows.iter().zip(cuts.iter().chain(std::iter::repeat(&0))) {
            parts[*part].push(row.clone());
        }
        let parts: Vec<RowColumns> = parts.iter().map(|rows| sorted(rows)).collect();
        let (merged, dropped) = merge(&parts.iter().collect::<Vec<_>>());
        let held: usize = parts.iter().map(RowColumns::len).sum();
        prop_assert_eq!(held as u64, merged.len() as u64 + dropped);
        prop_assert!(merged.ts_ns.is_sorted());
        let key = |row: RowRef<'_>| (row.ts_ns, row.body.to_vec(), row.metadata.to_owned());
        let mut found: Vec<_> = merged.rows().map(key).collect();
        let mut expected: Vec<_> = rows.iter().map(|row| key(row.as_line())).collect();
        for list in [&mut found, &mut expected] {
            list.sort();
        }
        expected.dedup();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn rows_of_one_time_keep_their_order() {
    let row = |text: &str| Row { ts_ns: 5, text: text.into(), metadata: Labels::default() };
    let (first, second) = (sorted(&[row("z"), row("b")]), sorted(&[row("y"), row("b"), row("a")]));
    let (merged, dropped) = merge(&[&first, &second]);
    let texts: Vec<&[u8]> = merged.rows().map(|row| row.body).collect();
    assert_eq!((texts.as_slice(), dropped), ([&b"z"[..], b"b", b"y", b"a"].as_slice(), 1));
}

#[test]
fn many_rows_of_one_time_are_compared_by_hash() {
    let rows: Vec<Row> = (0..100)
        .map(|n| Row { ts_ns: 5, text: format!("{}", n % 60).into_bytes(), metadata: Labels::default() })
        .collect();
    let (columns, dropped) = sort_rows(rows.iter().map(Row::as_line).collect());
    assert_eq!((columns.len(), dropped), (60, 40));
}

/// Runs long enough for time columns of their own, between short ones; metadata with more names than
/// columns; the last time there is.
#[test]
fn long_runs_and_many_names_come_back() {
    let run = |rows: i64, seed: i64| {
        let row = |n: i64| {
            let (name, value) = (format!("name{:03}", n % 90), format!("{}", n / 7));
            let metadata =
                Labels::from_pairs([(name.as_str(), value.as_str()), ("trace_id", "t"), ("zone", "z")]);
            Row { ts_ns: n * 1_000_000 + seed, text: format!("line {n} of {seed}").into_bytes(), metadata }
        };
        let mut rows: Vec<Row> = (0..rows).map(row).collect();
        rows.push(Row { ts_ns: i64::MAX, text: Vec::new(), metadata: Labels::default() });
        sorted(&rows)
    };
    let runs = [run(3, 1), run(5, 2), run(2000, 3), run(1, 4), run(600, 5)];
    let sealed = sealed(&runs);
    let question = Question::all();
    for (position, lines) in scanned(&sealed, &[0, 1, 2, 3, 4], &question, &ScanStats::default()) {
        assert_eq!(lines, runs[position as usize]);
    }
    let only = scanned(&sealed, &[2], &question, &ScanStats::default());
    assert_eq!(only, [(2, runs[2].clone())]);
    let rare = Predicate::Metadata(Matcher::new("name089", MatchOp::Equal, "141").unwrap());
    let rare = scanned(
        &sealed,
        &[2],
        &Question::new(TimeRange::ALL, &[rare], Projection::ALL),
        &ScanStats::default(),
    );
    assert_eq!(rare[0].1.ts_ns, [989_000_003]);
}

#[test]
fn only_needed_sections_are_fetched() {
    let row = |n: i64| Row {
        ts_ns: n,
        text: vec![b'x'; 100],
        metadata: Labels::from_pairs([("k", format!("{n}").as_str())]),
    };
    let sealed = sealed(&[sorted(&(0..100).map(row).collect::<Vec<_>>())]);
    let fetched = |projection| {
        let parts = sealed.page.parts(&Question::new(TimeRange::ALL, &[], projection));
        (parts.len(), parts.iter().map(|part| part.end - part.start).sum::<u64>())
    };
    let all = fetched(Projection::ALL);
    assert_eq!(all, (1, sealed.page.body_len()));
    let (ranges, bytes) = fetched(Projection { body: true, metadata: false });
    assert!(ranges == 2 && bytes < all.1);
    let (ranges, bytes) = fetched(Projection { body: false, metadata: false });
    assert!(ranges == 1 && bytes < all.1);
}

/// Lines of sixteen systems as column pages: whole, and by needles that are in literals, in values, over
/// both, and nowhere.
#[test]
fn real_lines_in_columns_answer_as_naive_filtering() {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var_os("TREFOIL_SHARED").map_or_else(|| here.join("../../../shared"), Into::into);
    let Ok(files) = std::fs::read_dir(shared.join("data/loghub")) else {
        println!("skipped: no real lines here; TREFOIL_SHARED names the directory that has them");
        return;
    };
    let files = files.map(|file| file.unwrap().path());
    for file in files.filter(|path| path.extension().is_some_and(|e| e == "log")) {
        let text = std::fs::read(&file).unwrap();
        let rows = text.split(|byte| *byte == b'\n').zip(0i64..).map(|(text, n)| RowRef {
            ts_ns: n * 37_000_111,
            body: text,
            metadata: model::LabelsRef::EMPTY,
        });
        let run = RowColumns::from_rows(rows);
        let page = sealed_as(std::slice::from_ref(&run), Choice::Columns);
        assert_eq!(page.page.kind(), crate::PageKind::LineColumns, "{}", file.display());
        let cuts = (0..12).map(|n| {
            let text = run.row(n * 163 % run.len()).body;
            let start = n * 7 % text.len().max(1);
            text[start..(start + 3 + n * 2).min(text.len())].to_vec()
        });
        let mut needles: Vec<Needle> = cuts.map(|cut| Needle::text(&cut)).collect();
        needles.extend(["", "no line has this", "17"].map(|text| Needle::text(text.as_bytes())));
        for expression in ["failed|error", "(?i)ERROR", "[0-9]{3}$", "^a.*b"] {
            needles
                .push(Needle::Regex(std::sync::Arc::new(model::go_regex::GoRegex::new(expression).unwrap())));
        }
        for (needle, negated) in needles.into_iter().zip([false, false, true].into_iter().cycle()) {
            let predicates = [Predicate::Line(LineFilter { negated, any: vec![needle] })];
            let question = Question::new(TimeRange::ALL, &predicates, Projection::ALL);
            let found = scanned(&page, &[0], &question, &ScanStats::default());
            let expected = naive(&run, TimeRange::ALL, &predicates, Projection::ALL);
            let found = found.into_iter().next().map(|(_, rows)| rows).unwrap_or_default();
            assert!(found == expected, "{}: {predicates:?}", file.display());
        }
    }
}

/// A page of lines that columns rule out without reading times counts what it would if they were read.
#[test]
fn ruled_out_rows_are_counted() {
    let rows: Vec<Row> = (0..400)
        .map(|n| Row {
            ts_ns: n,
            text: format!("request {n} done").into_bytes(),
            metadata: Labels::from_pairs([("k1", "a")]),
        })
        .collect();
    let runs = [sorted(&rows[..300]), sorted(&rows[300..])];
    let sealed = sealed_as(&runs, Choice::Columns);
    let absent = Predicate::Line(LineFilter { negated: false, any: vec![Needle::text(b"failed")] });
    for (range, wanted, expected) in [
        (TimeRange::ALL, vec![0, 1], 0..400),
        (TimeRange::ALL, vec![1], 300..400),
        (TimeRange::new(100, 350), vec![0, 1], 100..350),
    ] {
        let question = Question::new(range, std::slice::from_ref(&absent), Projection::ALL);
        let stats = ScanStats::default();
        assert!(scanned(&sealed, &wanted, &question, &stats).is_empty());
        let bytes: usize = rows[expected.clone()].iter().map(|row| row.text.len()).sum();
        assert_eq!(stats.block_rows.load(Ordering::Relaxed), expected.len() as u64);
        assert_eq!(stats.block_bytes.load(Ordering::Relaxed), bytes as u64);
        assert_eq!(stats.metadata_bytes.load(Ordering::Relaxed), 0);
    }
}
