use super::*;
use crate::codec;
use crate::question::Question;
use crate::section::SectionWriter;
use model::{
    Cells, DETECTED_LEVEL, Digest, Labels, LabelsRef, MatchOp, Matcher, Predicate, Projection, RowColumns,
    RowRef, RunFacts, TimeRange,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A row: seconds after the one before, level, whether it has another name of metadata.
type Row = (i64, Option<u8>, bool);

const START_NS: i64 = 1_700_000_000_000_000_000;

fn metadata(level: Option<u8>, has_other: bool) -> Labels {
    let level = level.map(|level| format!("level-{level}"));
    let level = level.as_ref().map(|level| (DETECTED_LEVEL, level.as_str()));
    Labels::from_pairs(level.into_iter().chain(has_other.then_some(("pod", "a"))))
}

fn columns(rows: &[Row]) -> RowColumns {
    let mut ts_ns = START_NS;
    let sets: Vec<(i64, Labels)> = rows
        .iter()
        .map(|(seconds, level, has_other)| {
            ts_ns += seconds * 1_000_000_000;
            (ts_ns, metadata(*level, *has_other))
        })
        .collect();
    RowColumns::from_rows(sets.iter().map(|(ts_ns, set)| RowRef {
        ts_ns: *ts_ns,
        body: b"text",
        metadata: set.as_ref(),
    }))
}

fn facts(run: &RowColumns) -> RunFacts {
    let (min_ns, max_ns) = (run.ts_ns[0], *run.ts_ns.last().unwrap());
    RunFacts { min_ns, max_ns, rows: run.len() as u64, bytes: 0 }
}

/// The section of `runs`, each row with a set of its own.
fn encoded(runs: &[RowColumns], limit: usize) -> base::Result<Option<SectionWriter>> {
    let rows = || runs.iter().flat_map(RowColumns::rows);
    let sets: Vec<LabelsRef<'_>> = rows().map(|row| row.metadata).filter(|set| !set.is_empty()).collect();
    let sets: Vec<Vec<(&str, &str)>> = sets.iter().map(|set| set.iter().collect()).collect();
    let mut number = 0;
    let of_rows: Vec<u32> = rows()
        .map(|row| {
            number += u32::from(!row.metadata.is_empty());
            if row.metadata.is_empty() { 0 } else { number }
        })
        .collect();
    encode(runs.iter().map(|run| run.ts_ns.as_slice()), sets.iter().map(Vec::as_slice), &of_rows, limit)
}

/// The section of `runs`, read back.
fn counts(runs: &[RowColumns], limit: usize) -> Option<Counts> {
    let writer = encoded(runs, limit).unwrap()?;
    assert!(writer.bytes.len() <= limit);
    let section = writer.sections[0];
    let mut raw = Vec::new();
    codec::decompress(section.codec, &writer.bytes, section.raw_len as usize, &mut raw).unwrap();
    let run_rows: Vec<u32> = runs.iter().map(|rows| rows.len() as u32).collect();
    Some(Counts::read(&raw, &run_rows).unwrap())
}

fn question(cells: Cells, range: TimeRange, names: Option<&[&str]>, predicates: &[Predicate]) -> Question {
    let names = names.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
    let digest = Digest { names, cells: Some(cells), ..Digest::default() };
    Question::new(range, predicates, Projection { body: false, metadata: true })
        .with_digest(Some(digest.into()))
}

/// Rows by the end of their cell and what is asked for of their metadata.
type Sums = BTreeMap<(i64, Vec<u8>), u64>;

fn sums(rows: &RowColumns, cells: Cells, wanted: impl Fn(LabelsRef<'_>, i64) -> Option<Labels>) -> Sums {
    let mut sums = Sums::new();
    for (at, row) in rows.rows().enumerate() {
        if let Some(set) = wanted(row.metadata, row.ts_ns) {
            *sums.entry((cells.end_ns(row.ts_ns), set.bytes().to_vec())).or_default() +=
                u64::from(rows.count(at));
        }
    }
    sums
}

/// What `counting` says of `runs` alone.
fn counted(
    counting: &Counting<'_>,
    question: &Question,
    runs: impl IntoIterator<Item = (u32, RunFacts, u32)>,
) -> Option<Vec<(u32, RowColumns)>> {
    let mut tally = Tally::new(question);
    counting.add(runs, &mut tally)?;
    tally.given()
}

fn level_of(set: LabelsRef<'_>) -> Labels {
    Labels::from_pairs(set.iter().filter(|(name, _)| *name == DETECTED_LEVEL))
}

fn any_row() -> impl Strategy<Value = Row> {
    (prop_oneof![3 => 0i64..30, 1 => 0i64..2_000], proptest::option::of(0u8..4), any::<bool>())
}

proptest! {
    /// Counts, whatever their width, say what counting the rows says, or that rows have to be read.
    #[test]
    fn counts_are_those_of_the_rows(
        runs in proptest::collection::vec(proptest::collection::vec(any_row(), 1..200), 1..5),
        limit in 20usize..400,
        (minutes, offset, cut) in (prop_oneof![Just(1i64), Just(15), Just(60), 1i64..400], 0i64..3, 0i64..5),
        asks_level: bool,
        only in proptest::option::of(0u8..4),
    ) {
        let runs: Vec<RowColumns> = runs.iter().map(|rows| columns(rows)).collect();
        let width_ns = minutes * MINUTE_NS;
        let cells = Cells { edge_ns: offset * width_ns / 2, width_ns };
        // Ranges begin and end at edges.
        let start_ns = cells.end_ns(START_NS) - width_ns + cut / 2 * width_ns + 1;
        let range = if cut == 0 { TimeRange::ALL } else { TimeRange::new(start_ns, start_ns + cut * width_ns) };
        let names: &[&str] = if asks_level { &[DETECTED_LEVEL, "other"] } else { &["other"] };
        let value = only.map(|level| format!("level-{level}"));
        let matcher = value.map(|value| Matcher::new(DETECTED_LEVEL, MatchOp::Equal, &value).unwrap());
        let predicates: Vec<Predicate> = matcher.iter().cloned().map(Predicate::Metadata).collect();
        let question = question(cells, range, Some(names), &predicates);
        let Some(counts) = counts(&runs, limit) else { return Ok(()) };
        let counting = Counting::new(Some(&counts), &question).unwrap();
        // Of runs alike: those at even positions and the others.
        let mut together: BTreeMap<u32, Sums> = BTreeMap::new();
        let mut all_counted = true;
        for (at, run) in (0..).zip(&runs) {
            let Some(found) = counted(&counting, &question, [(at, facts(run), 0)]) else {
                // Cells that are those of the question are never in its way.
                prop_assert!(counts.width_ns > width_ns || width_ns % counts.width_ns != 0 || offset == 1);
                all_counted = false;
                continue;
            };
            let found = found.into_iter().next().map(|(_, rows)| rows).unwrap_or_default();
            let alone = sums(&found, cells, |set, _| Some(set.to_owned()));
            let together_of = together.entry(at % 2).or_default();
            alone.iter().for_each(|(key, sum)| *together_of.entry(key.clone()).or_default() += sum);
            let expected = sums(run, cells, |set, ts_ns| {
                let passes = matcher.as_ref().is_none_or(|matcher| matcher.matches_labels(set));
                let wanted = if asks_level { level_of(set) } else { Labels::default() };
                (passes && (range == TimeRange::ALL || range.contains(ts_ns))).then_some(wanted)
            });
            prop_assert_eq!(alone, expected);
            prop_assert!(found.ts_ns.is_sorted());
            let inside = |ts: &i64| (facts(run).min_ns..=facts(run).max_ns).contains(ts)
                && (range == TimeRange::ALL || range.contains(*ts));
            prop_assert!(found.ts_ns.iter().all(inside));
        }
        let merged = counted(&counting, &question, (0..).zip(&runs).map(|(at, run)| (at, facts(run), at % 2)));
        prop_assert_eq!(merged.is_some(), all_counted);
        let merged: Vec<_> = merged.unwrap_or_default();
        let classes = merged.iter().map(|(class, _)| *class);
        prop_assert!(classes.is_sorted_by(|a, b| a < b));
        for (class, rows) in &merged {
            prop_assert!(rows.ts_ns.is_sorted());
            prop_assert_eq!(&sums(rows, cells, |set, _| Some(set.to_owned())), &together[class]);
        }
        together.retain(|_, sums| !sums.is_empty());
        prop_assert!(!all_counted || merged.len() == together.len());
        // The same from counts of classes.
        let classes: Vec<u32> = (0..runs.len() as u32).map(|at| at % 2).collect();
        let count = runs.len().min(2);
        let of_classes = counts.together(&classes, count).unwrap();
        let facts_of = |class: usize| {
            let runs = || runs.iter().skip(class).step_by(2).map(facts);
            let (min_ns, max_ns) = (runs().map(|run| run.min_ns).min(), runs().map(|run| run.max_ns).max());
            let rows = runs().map(|run| run.rows).sum();
            RunFacts { min_ns: min_ns.unwrap(), max_ns: max_ns.unwrap(), rows, bytes: 0 }
        };
        let counting = Counting::new(Some(&of_classes), &question).unwrap();
        let found = counted(&counting, &question, (0..count as u32).map(|class| (class, facts_of(class as usize), class)));
        prop_assert!(found.is_some() || !all_counted || counts.width_ns > width_ns || width_ns % counts.width_ns != 0 || offset == 1);
        for (class, rows) in found.iter().flatten() {
            prop_assert!(rows.ts_ns.is_sorted());
            prop_assert!(!all_counted || together.contains_key(class));
            if all_counted {
                prop_assert_eq!(&sums(rows, cells, |set, _| Some(set.to_owned())), &together[class]);
            }
        }
        prop_assert!(found.is_none() || !all_counted || found.unwrap().len() == together.len());
    }

    #[test]
    fn damaged_counts_are_refused(
        rows in proptest::collection::vec(any_row(), 1..50), at: prop::sample::Index, byte: u8,
    ) {
        let run = columns(&rows);
        let writer = encoded(std::slice::from_ref(&run), usize::MAX).unwrap().unwrap();
        let mut raw = Vec::new();
        let section = writer.sections[0];
        codec::decompress(section.codec, &writer.bytes, section.raw_len as usize, &mut raw).unwrap();
        let place = at.index(raw.len());
        raw[place] = byte;
        // Some damage gives other counts of as many rows, none a panic.
        let _ = Counts::read(&raw, &[rows.len() as u32]);
        raw.truncate(place);
        prop_assert!(Counts::read(&raw, &[rows.len() as u32]).is_err());
    }
}

#[test]
fn names_that_rows_have_are_not_answered() {
    let runs = [columns(&[(0, Some(1), true), (10, None, false)])];
    let counts = counts(&runs, usize::MAX).unwrap();
    let cells = Cells { edge_ns: 0, width_ns: MINUTE_NS };
    let asks = |names, predicates: &[Predicate]| {
        Counting::new(Some(&counts), &question(cells, TimeRange::ALL, names, predicates)).is_some()
    };
    assert!(asks(Some(&[DETECTED_LEVEL]), &[]));
    assert!(asks(Some(&["namespace"]), &[]));
    assert!(!asks(Some(&["pod"]), &[]));
    assert!(!asks(None, &[]));
    let on = |name| Predicate::Metadata(Matcher::new(name, MatchOp::Equal, "a").unwrap());
    assert!(asks(Some(&[]), &[on("namespace")]));
    assert!(!asks(Some(&[]), &[on("pod")]));
}

#[test]
fn runs_within_a_cell_need_no_counts() {
    let run = columns(&[(0, None, false), (10, None, false), (3600, None, false)]);
    let day = Cells { edge_ns: 0, width_ns: 24 * 60 * MINUTE_NS };
    let asked = |cells| {
        let question = question(cells, TimeRange::ALL, None, &[]);
        counted(&Counting::new(None, &question).unwrap(), &question, [(0, facts(&run), 0)])
    };
    let (_, rows) = asked(day).unwrap().remove(0);
    assert_eq!((rows.len(), rows.count(0), rows.ts_ns[0]), (1, 3, run.ts_ns[2]));
    assert_eq!(asked(Cells { width_ns: MINUTE_NS, ..day }), None);
}

/// Fine cells where they are cheap, coarse ones where not, none where these are not.
#[test]
fn cells_are_as_fine_as_the_limit_lets() {
    let rows: Vec<Row> = (0..5_000i64).map(|n| (7 + n * n % 11, Some((n * n % 3) as u8), false)).collect();
    let runs = [columns(&rows)];
    let minutes = |limit| counts(&runs, limit).map(|counts| counts.width_ns / MINUTE_NS);
    assert_eq!(minutes(usize::MAX), Some(1));
    assert!(matches!(minutes(200), Some(5..=360)));
    assert_eq!(minutes(10), None);
}

/// The section is read for ever. Should it be written otherwise, keep this file for reading.
#[test]
fn golden_counts() {
    let rows: Vec<Row> =
        (0..200i64).map(|n| (n % 7 * 5, (n % 3 > 0).then_some((n % 5) as u8), n % 2 == 0)).collect();
    let runs = [columns(&rows), columns(&rows[..50])];
    let writer = encoded(&runs, usize::MAX).unwrap().unwrap();
    let section = writer.sections[0];
    let mut written = Vec::new();
    codec::decompress(section.codec, &writer.bytes, section.raw_len as usize, &mut written).unwrap();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/counts/golden-counts-v1.section");
    if std::env::var_os("TREFOIL_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let golden = std::fs::read(&path).unwrap();
    assert!(written == golden, "what is written now differs from golden-counts-v1.section");
    let read = Counts::read(&golden, &[200, 50]).unwrap();
    assert_eq!((read.names.len(), read.levels.len(), read.width_ns), (2, 5, MINUTE_NS));
    let rows_of = |run| {
        let cells = read.cells_of(run);
        cells.rows(0..cells.numbers.len()).sum::<u32>()
    };
    assert_eq!((rows_of(0), rows_of(1)), (200, 50));
}
