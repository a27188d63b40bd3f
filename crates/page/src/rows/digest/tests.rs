use crate::{Choice, KeptPage, KnownRun, Piece, Question, seal_as};
use bytes::Bytes;
use model::fields::Format;
use model::{
    Cells, Digest, Fields, Labels, LineFilter, MatchOp, Matcher, Needle, Predicate, Projection, RowColumns,
    RowRef, ScanStats, Signal, TimeRange,
};
use proptest::prelude::*;
use std::sync::Arc;

/// A line of some shape, and what is left of it when only the fields `names` are wanted.
#[derive(Clone, Debug)]
struct Line {
    shape: u8,
    values: [usize; 4],
}

const KEYS: [&str; 4] = ["a", "b", "c", "d"];

impl Line {
    fn value(&self, key: usize) -> String {
        let n = self.values[key];
        match key {
            0 => format!("{}", [200, 404, 500][n % 3]),
            1 => format!("\"{}\"", ["info", "a b", "x-1", ""][n % 4]),
            2 => format!("{}.{}", n % 3, n % 2),
            _ => format!("\"{n:016x}\""),
        }
    }

    fn text(&self, names: &[String]) -> String {
        if self.shape > 5 {
            return format!("started {} of {}", self.values[0] % 3, self.values[1] % 2);
        }
        let wanted = |key: &usize| names.iter().any(|name| name == KEYS[*key]);
        let keys = (0..4).filter(|key| usize::from(self.shape) != *key).filter(wanted);
        let pairs: Vec<String> = keys.map(|key| format!("\"{}\":{}", KEYS[key], self.value(key))).collect();
        format!("{{{}}}", pairs.join(","))
    }
}

#[derive(Clone, Debug)]
struct Row {
    ts_ns: i64,
    line: Line,
    metadata: Labels,
}

fn any_row() -> impl Strategy<Value = Row> {
    let line = (0u8..7, any::<[u8; 3]>(), any::<u32>())
        .prop_map(|(shape, [a, b, c], d)| Line { shape, values: [a.into(), b.into(), c.into(), d as usize] });
    // More names than there are columns for, so that some have none.
    let rare = prop::option::of(0u8..90);
    (0i64..100, line, prop::option::of(0u8..3), 0u8..200, rare).prop_map(|(ts_ns, line, level, id, rare)| {
        let mut pairs: Vec<(String, String)> = vec![("id".into(), id.to_string())];
        pairs.extend(
            level.map(|level| ("level".into(), ["", "info", "a warning"][usize::from(level)].into())),
        );
        pairs.extend(rare.map(|rare| (format!("rare{rare:02}"), (rare % 3).to_string())));
        let metadata = Labels::from_pairs(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        Row { ts_ns, line, metadata }
    })
}

fn any_runs() -> impl Strategy<Value = Vec<Vec<Row>>> {
    let sorted = |mut rows: Vec<Row>| {
        rows.sort_by_key(|row| row.ts_ns);
        rows
    };
    let run = prop_oneof![3 => prop::collection::vec(any_row(), 1..8), 1 => prop::collection::vec(any_row(), 100..300)];
    prop::collection::vec(run.prop_map(sorted), 1..8)
}

fn any_predicates() -> impl Strategy<Value = Vec<Predicate>> {
    let text =
        |text: &str| Predicate::Line(LineFilter { negated: false, any: vec![Needle::text(text.as_bytes())] });
    let level = |op| Predicate::Metadata(Matcher::new("level", op, "info").unwrap());
    prop::sample::select(vec![
        vec![],
        vec![],
        vec![text("404")],
        vec![text("\"a\":2"), level(MatchOp::NotEqual)],
        vec![level(MatchOp::Equal)],
        vec![Predicate::Metadata(Matcher::new("rare07", MatchOp::Equal, "").unwrap())],
    ])
}

fn any_names(of: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    prop::sample::subsequence(of, 0..=of.len().min(3))
        .prop_map(|names| names.into_iter().map(str::to_owned).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Rows of a digest, each on its own again, are the rows with what was asked for of them.
    #[test]
    fn digests_say_what_rows_say(
        runs in any_runs(),
        mask: u8,
        (from, len) in (-5i64..100, 0i64..150),
        predicates in any_predicates(),
        fields in prop::option::of(any_names(&KEYS)),
        names in prop::option::of(any_names(&["level", "rare07", "rare80", "id", "none"])),
        (body, with_metadata, numbers) in (any::<bool>(), any::<bool>(), any::<bool>()),
        cells in prop::option::of((0i64..50, prop::sample::select(vec![3i64, 40, 1000]))),
        choice in prop::sample::select(vec![Choice::Text, Choice::Columns, Choice::Columns]),
        known in any::<bool>(),
        kept in prop::sample::select(vec![None, Some(false), Some(true)]),
    ) {
        let whole: Vec<String> = KEYS.iter().map(|key| (*key).to_owned()).collect();
        let texts: Vec<Vec<String>> =
            runs.iter().map(|run| run.iter().map(|row| row.line.text(&whole)).collect()).collect();
        let columns: Vec<RowColumns> = runs.iter().zip(&texts).map(|(run, texts)| {
            let rows = run.iter().zip(texts);
            RowColumns::from_rows(rows.map(|(row, text)| RowRef { ts_ns: row.ts_ns, body: text.as_bytes(), metadata: row.metadata.as_ref() }))
        }).collect();
        let pieces: Vec<Piece<'_>> = columns.iter().map(|rows| Piece { rows, range: 0..rows.len() }).collect();
        let sealed = seal_as(Signal::Line, &pieces, choice).unwrap();
        let wanted: Vec<u32> = (0..runs.len() as u32).filter(|run| mask & (1 << run) != 0).collect();
        let range = TimeRange::new(from, from + len);
        let cells = cells.map(|(edge_ns, width_ns)| Cells { edge_ns, width_ns });
        let digest = Digest {
            fields: fields.clone().map(|names| Fields { format: Format::Json, names }),
            names: names.clone(),
            cells,
            numbers,
        };
        let question = Question::new(range, &predicates, Projection { body, metadata: with_metadata })
            .with_digest(Some(Arc::new(digest)));
        let fetched: Vec<Bytes> = sealed.page.parts(&question).iter()
            .map(|part| sealed.body.slice(part.start as usize..part.end as usize)).collect();
        let facts = wanted.iter().map(|run| KnownRun { facts: sealed.facts[*run as usize], alike: *run });
        let facts: Vec<KnownRun> = facts.filter(|_| known).collect();
        let covered = known && facts.iter().all(|KnownRun { facts, .. }| range.covers(facts.min_ns, facts.max_ns));
        let question = if covered { question.of_all_time() } else { question };
        let found = match kept {
            None => sealed.page.scan_known(&fetched, &wanted, &facts, &question, &ScanStats::default()),
            Some(others) => {
                let kept = KeptPage::default();
                kept.add(0, &sealed.body);
                if others {
                    let all: Vec<u32> = (0..runs.len() as u32).collect();
                    let question = Question::all().with_digest(question.digest().cloned().map(Arc::new));
                    sealed.page.scan_kept(&kept, &all, &[], &question, &ScanStats::default()).unwrap();
                }
                sealed.page.scan_kept(&kept, &wanted, &facts, &question, &ScanStats::default())
            }
        };
        let mut found = found.unwrap().into_iter();
        for at in wanted {
            let (run, rows) = (&runs[at as usize], &columns[at as usize]);
            let passing: Vec<usize> = (0..run.len())
                .filter(|row| range.contains(run[*row].ts_ns) && predicates.iter().all(|p| p.matches(&rows.row(*row))))
                .collect();
            if passing.is_empty() {
                continue;
            }
            let (position, given) = found.next().unwrap();
            let given = given.with_texts();
            prop_assert_eq!(position, at);
            prop_assert!(given.ts_ns.is_sorted());
            prop_assert!(given.content_count() <= passing.len());
            let mut left: Vec<(i64, String, String, Vec<u8>)> = passing.iter().map(|row| {
                let Row { ts_ns, line, metadata } = &run[*row];
                let given = |name: &str| with_metadata && names.as_ref().is_none_or(|names| names.iter().any(|one| one == name));
                let metadata = Labels::from_pairs(metadata.iter().filter(|(name, _)| given(name)));
                let short = fields.as_ref().map_or_else(|| texts[at as usize][*row].clone(), |fields| line.text(fields));
                let (short, whole) = if body { (short, texts[at as usize][*row].clone()) } else { Default::default() };
                (*ts_ns, short, whole, metadata.bytes().to_vec())
            }).collect();
            // Whole texts first: what is left of other texts may stand for theirs, too.
            let mut order: Vec<usize> = (0..given.len()).collect();
            order.sort_by_key(|at| std::cmp::Reverse(given.row(*at).body.len()));
            for at in order {
                let row = given.row(at);
                for _ in 0..given.count(at) {
                    let same = |(ts_ns, short, whole, metadata): &(i64, String, String, Vec<u8>)| {
                        let together = cells.is_some_and(|cells| cells.end_ns(*ts_ns) == cells.end_ns(row.ts_ns));
                        (*ts_ns == row.ts_ns || !given.counts.is_empty() && together)
                            && (row.body == short.as_bytes() || row.body == whole.as_bytes())
                            && row.metadata.bytes() == metadata
                    };
                    let known = left.iter().position(same);
                    prop_assert!(known.is_some(), "{row:?} of {left:?}");
                    left.remove(known.unwrap());
                }
            }
            prop_assert!(left.is_empty(), "{left:?}");
        }
        prop_assert!(found.next().is_none());
    }

    /// Runs that are alike, counted as one, sum to what each of them has.
    #[test]
    fn runs_that_are_alike_are_counted_together(
        runs in any_runs(),
        predicates in any_predicates(),
        edge_ns in 0i64..100,
        apart in 1u32..4,
    ) {
        let columns: Vec<RowColumns> = runs.iter().map(|run| {
            let rows = run.iter().map(|row| (row, row.line.text(&["b".to_owned()])));
            let rows: Vec<(&Row, String)> = rows.collect();
            RowColumns::from_rows(rows.iter().map(|(row, text)| RowRef { ts_ns: row.ts_ns, body: text.as_bytes(), metadata: row.metadata.as_ref() }))
        }).collect();
        let pieces: Vec<Piece<'_>> = columns.iter().map(|rows| Piece { rows, range: 0..rows.len() }).collect();
        let sealed = seal_as(Signal::Line, &pieces, Choice::Columns).unwrap();
        let wanted: Vec<u32> = (0..runs.len() as u32).collect();
        let cells = Cells { edge_ns, width_ns: 70 };
        let digest = Digest { names: Some(vec!["level".to_owned()]), cells: Some(cells), ..Digest::default() };
        let question = Question::new(TimeRange::ALL, &predicates, Projection { body: false, metadata: true })
            .with_digest(Some(Arc::new(digest)));
        let known = wanted.iter().map(|run| KnownRun { facts: sealed.facts[*run as usize], alike: run % apart });
        let known: Vec<KnownRun> = known.collect();
        let found = sealed.page.scan_known(std::slice::from_ref(&sealed.body), &wanted, &known, &question, &ScanStats::default());
        let found = found.unwrap();
        prop_assert!(found.is_sorted_by_key(|(position, _)| *position));
        let level = |metadata: model::LabelsRef<'_>| metadata.get("level").unwrap_or("").to_owned();
        let counts = |given: &[(u32, RowColumns)], keeps: bool| {
            let mut counts = std::collections::BTreeMap::new();
            for (run, rows) in given {
                for (at, row) in (0..rows.len()).map(|at| (at, rows.row(at))) {
                    if keeps || predicates.iter().all(|predicate| predicate.matches(&row)) {
                        *counts.entry((run % apart, cells.end_ns(row.ts_ns), level(row.metadata))).or_insert(0) += rows.count(at);
                    }
                }
            }
            counts
        };
        let each: Vec<(u32, RowColumns)> = (0..).zip(columns.clone()).collect();
        prop_assert_eq!(counts(&found, true), counts(&each, false));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    /// Numbers that stand for lines, each as often as it says, are those of the lines.
    #[test]
    fn numbers_stand_for_lines(
        runs in prop::collection::vec((prop::collection::vec((0i64..20, 0u64..50), 1..400), 0u32..2), 1..6),
        most in prop::sample::select(vec![1u64, 40, 100_000]),
        mask: u8,
        cells in prop::option::of(prop::sample::select(vec![70i64, 100_000])),
        kept: bool,
    ) {
        let line = |n: u64, at: usize| format!("{{\"id\":\"{:08x}\",\"ms\":{}}}", at * 7919, n * most);
        let columns: Vec<RowColumns> = runs.iter().map(|(run, _)| {
            let mut ts_ns = 0;
            let rows: Vec<(i64, String)> = run.iter().enumerate().map(|(at, (step, n))| { ts_ns += step; (ts_ns, line(*n, at)) }).collect();
            RowColumns::from_rows(rows.iter().map(|(ts_ns, text)| RowRef { ts_ns: *ts_ns, body: text.as_bytes(), metadata: model::LabelsRef::trusted(&[]) }))
        }).collect();
        let pieces: Vec<Piece<'_>> = columns.iter().map(|rows| Piece { rows, range: 0..rows.len() }).collect();
        let sealed = seal_as(Signal::Line, &pieces, Choice::Columns).unwrap();
        let wanted: Vec<u32> = (0..runs.len() as u32).filter(|run| mask & (1 << run) != 0).collect();
        let cells = cells.map(|width_ns| Cells { edge_ns: -1, width_ns });
        let fields = Some(Fields { format: Format::Json, names: vec!["ms".to_owned()] });
        let digest = Digest { fields, names: Some(Vec::new()), cells, numbers: true };
        let question = Question::all().with_digest(Some(Arc::new(digest)));
        let alike = |run: u32| runs[run as usize].1;
        let known: Vec<KnownRun> = wanted.iter().map(|run| KnownRun { facts: sealed.facts[*run as usize], alike: alike(*run) }).collect();
        let page = KeptPage::default();
        page.add(0, &sealed.body);
        if kept {
            let all: Vec<u32> = (0..runs.len() as u32).collect();
            sealed.page.scan_kept(&page, &all, &[], &question, &ScanStats::default()).unwrap();
        }
        let found = sealed.page.scan_kept(&page, &wanted, &known, &question, &ScanStats::default()).unwrap();
        let end_ns = |ts_ns: i64| cells.map_or(ts_ns, |cells| cells.end_ns(ts_ns));
        let mut counts = std::collections::BTreeMap::new();
        for (run, rows) in &found {
            let rows = rows.clone().with_texts();
            for (at, row) in rows.rows().enumerate() {
                *counts.entry((alike(*run), end_ns(row.ts_ns), row.body.to_vec())).or_insert(0) += rows.count(at);
            }
        }
        let mut expected = std::collections::BTreeMap::new();
        for run in &wanted {
            for (row, (_, n)) in columns[*run as usize].rows().zip(&runs[*run as usize].0) {
                let text = format!("{{\"ms\":{}}}", n * most).into_bytes();
                *expected.entry((alike(*run), end_ns(row.ts_ns), text)).or_insert(0) += 1;
            }
        }
        prop_assert_eq!(counts, expected);
    }
}
