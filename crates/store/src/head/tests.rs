use super::*;
use base::unit::MINUTE_NS;
use model::{
    BatchBuilder, Labels, LabelsRef, LineFilter, MatchOp, Needle, Predicate, RowRef, ScanStats, Signal,
    Tenant,
};
use proptest::prelude::*;

const HERE: Position = Position { segment: 1, sequence: 0 };

fn batch(app: &str, rows: &[(i64, String)]) -> Batch {
    let mut batch = BatchBuilder::new(Tenant::single(), Signal::Line, 7);
    let lines = rows.iter().map(|(ts_ns, text)| RowRef {
        ts_ns: *ts_ns,
        body: text.as_bytes(),
        metadata: LabelsRef::EMPTY,
    });
    batch.add_rows(Labels::from_pairs([("app", app)]).as_ref(), lines);
    batch.build()
}

fn listed(run: &Run) -> Vec<(i64, String)> {
    let lines = run.columns();
    lines.rows().map(|row| (row.ts_ns, String::from_utf8_lossy(row.body).into_owned())).collect()
}

/// What a view of the whole head shows now, by application.
fn seen(head: &Head, views: &[StreamView]) -> Vec<(String, Vec<(i64, String)>)> {
    let mut seen: Vec<_> = views
        .iter()
        .map(|view| {
            let runs = view.runs.iter().map(|run| head.read(view.key, run).unwrap());
            let rows = runs.flat_map(|run| listed(&run)).collect();
            (view.stream.labels.get("app").unwrap().to_owned(), rows)
        })
        .collect();
    seen.sort();
    seen
}

/// Rows in batches: application, time, length of the text.
fn rows() -> impl Strategy<Value = Vec<(u8, Vec<(i64, usize)>)>> {
    let length = prop_oneof![0usize..300, 10_000usize..100_000];
    prop::collection::vec((0u8..3, prop::collection::vec((0i64..100, length), 1..20)), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_view_stays_what_it_was_while_rows_come(batches in rows(), look_at in 0usize..30) {
        let memory = Memory::new(1 << 30);
        let head = Head::new(memory.clone());
        let mut expected: std::collections::BTreeMap<String, Vec<(i64, String)>> = Default::default();
        let mut view = None;
        for (number, (app, rows)) in batches.iter().enumerate() {
            if number == look_at {
                view = Some((head.view(&[], TimeRange::ALL), expected.clone()));
            }
            // Numbered, so that no row repeats the one before.
            let rows: Vec<_> = rows
                .iter()
                .enumerate()
                .map(|(at, (ts_ns, length))| (*ts_ns, format!("{number}-{at}{}", "x".repeat(*length))))
                .collect();
            head.insert(&batch(&app.to_string(), &rows), HERE);
            expected.entry(app.to_string()).or_default().extend(rows);
        }
        let whole: Vec<_> = expected.into_iter().collect();
        prop_assert_eq!(seen(&head, &head.view(&[], TimeRange::ALL)), whole.clone());
        if let Some((view, expected)) = &view {
            prop_assert_eq!(seen(&head, view), expected.clone().into_iter().collect::<Vec<_>>());
        }
        let runs: u64 = head.run_count();
        head.freeze();
        prop_assert_eq!(head.run_count(), runs);
        if let Some((view, expected)) = &view {
            prop_assert_eq!(seen(&head, view), expected.clone().into_iter().collect::<Vec<_>>());
        }
        let mut frozen: Vec<_> = head
            .streams()
            .into_iter()
            .map(|(key, stream)| {
                let rows = head.runs(key).iter().flat_map(|run| listed(run)).collect::<Vec<_>>();
                (stream.labels.get("app").unwrap().to_owned(), rows)
            })
            .collect();
        frozen.sort();
        prop_assert_eq!(frozen, whole);
        prop_assert_eq!(memory.used_bytes(), head.held_bytes());
        drop(head);
        prop_assert_eq!(memory.used_bytes(), 0);
    }
}

#[test]
fn a_repeated_row_is_dropped_and_facts_are_right() {
    let head = Head::new(Memory::new(1 << 20));
    let rows = [(5, "a".to_owned()), (5, "a".to_owned()), (5, "b".to_owned()), (3, "a".to_owned())];
    assert_eq!(head.insert(&batch("x", &rows), HERE).duplicates, 1);
    let view = head.view(&[], TimeRange::ALL);
    let [run] = view[0].runs.as_slice() else { panic!("one run") };
    assert_eq!(run.facts, RunFacts { min_ns: 3, max_ns: 5, rows: 3, bytes: 3 });
    assert!(!head.read(view[0].key, run).unwrap().ascending);
    let mark = head.mark();
    assert_eq!((mark.needed_from, mark.through, mark.received_ns), (Some(HERE), Some(HERE), Some((7, 7))));
}

#[test]
fn views_show_streams_that_match_and_runs_in_range() {
    let head = Head::new(Memory::new(1 << 20));
    head.insert(&batch("x", &[(5, "a".to_owned())]), HERE);
    head.insert(&batch("y", &[(50, "b".to_owned())]), HERE);
    let matchers = |value| [Matcher::new("app", MatchOp::Regex, value).unwrap()];
    assert_eq!(head.view(&matchers("x"), TimeRange::ALL).len(), 1);
    assert_eq!(head.view(&matchers("x|y"), TimeRange::new(0, 50)).len(), 1);
    assert_eq!(head.view(&matchers("z"), TimeRange::ALL).len(), 0);
    assert_eq!(head.facts(&[], TimeRange::new(0, 51)).len(), 2);
}

/// Rows of two streams over several runs, some of them with a word, some with metadata.
fn with_word(at: usize) -> Head {
    let head = Head::new(Memory::new(1 << 30));
    let metadata = Labels::from_pairs([("trace_id", "7f3a")]);
    for number in 0..40 {
        let text = "x".repeat(5000) + if number == at { " needle" } else { "" };
        for app in ["a", "b"] {
            let metadata = if number == at && app == "b" { metadata.as_ref() } else { LabelsRef::EMPTY };
            let row = RowRef { ts_ns: number as i64, body: text.as_bytes(), metadata };
            let mut batch = BatchBuilder::new(Tenant::single(), Signal::Line, 0);
            batch.add_rows(Labels::from_pairs([("app", app)]).as_ref(), [row]);
            head.insert(&batch.build(), HERE);
        }
    }
    head
}

#[test]
fn sifting_leaves_runs_in_which_something_may_be() {
    let sifted = |head: &Head, predicate: &Predicate, range: TimeRange| {
        let question = page::Question::new(range, std::slice::from_ref(predicate), model::Projection::ALL);
        let (mut views, stats) = (head.view(&[], range), ScanStats::default());
        let seen: u64 = views.iter().flat_map(|view| &view.runs).map(|run| run.facts.rows).sum();
        head.sift(&mut views, range, &question.seek().unwrap(), &stats);
        let left: u64 = views.iter().flat_map(|view| &view.runs).map(|run| run.facts.rows).sum();
        assert!(views.iter().all(|view| !view.runs.is_empty()));
        assert_eq!(stats.head_rows.load(Ordering::Relaxed) + left, seen);
        let runs = views.iter().map(|view| view.runs.len()).collect::<Vec<_>>();
        (runs, stats.metadata_bytes.load(Ordering::Relaxed))
    };
    let needle = Predicate::Line(LineFilter { negated: false, any: vec![Needle::text(b"needle")] });
    let trace = Predicate::Metadata(Matcher::new("trace_id", MatchOp::Equal, "7f3a").unwrap());
    // In a full run, and in the one that grows.
    for at in [3, 39] {
        let head = with_word(at);
        assert!(head.run_count() > 4);
        assert_eq!(sifted(&head, &needle, TimeRange::ALL).0, [1, 1]);
        assert_eq!(sifted(&head, &trace, TimeRange::ALL), (vec![1], 0));
    }
    let none = with_word(40);
    assert_eq!(sifted(&none, &needle, TimeRange::ALL).0, Vec::<usize>::new());
    // A run that lies partly in the time asked for is not judged.
    assert!(!sifted(&none, &needle, TimeRange::new(1, 30)).0.is_empty());
}

#[test]
fn metadata_may_begin_in_the_middle_of_a_run() {
    let head = Head::new(Memory::new(1 << 20));
    let set = Labels::from_pairs([("trace", "1")]);
    let mut batch = BatchBuilder::new(Tenant::single(), Signal::Line, 0);
    let rows = [LabelsRef::EMPTY, set.as_ref(), LabelsRef::EMPTY].into_iter();
    let lines = (0..).zip(rows).map(|(ts_ns, metadata)| RowRef { ts_ns, body: b"t", metadata });
    batch.add_rows(Labels::from_pairs([("app", "a")]).as_ref(), lines);
    head.insert(&batch.build(), HERE);
    let view = head.view(&[], TimeRange::ALL);
    let run = head.read(view[0].key, &view[0].runs[0]).unwrap();
    let lines = run.columns();
    let sets: Vec<usize> = lines.rows().map(|row| row.metadata.iter().count()).collect();
    assert_eq!(sets, [0, 1, 0]);
    assert_eq!(run.facts.bytes, 3 + 6);
}

/// The promise of the design: a stream with little in it takes little.
#[test]
fn a_hundred_thousand_streams_fit_into_a_hundred_megabytes() {
    let memory = Memory::new(u64::MAX);
    let head = Head::new(memory.clone());
    let mut batch = BatchBuilder::new(Tenant::single(), Signal::Line, 0);
    for number in 0..100_000 {
        let pod = format!("checkout-service-{number:08x}");
        let labels =
            [("app", "checkout"), ("cluster", "eu-west-1"), ("namespace", "shop"), ("pod", pod.as_str())];
        let text = [b'x'; 120];
        let row = |ts_ns| RowRef { ts_ns, body: &text, metadata: LabelsRef::EMPTY };
        batch.add_rows(Labels::from_pairs(labels).as_ref(), [row(MINUTE_NS), row(2 * MINUTE_NS)]);
    }
    head.insert(&batch.build(), HERE);
    let megabytes = memory.used_bytes() / 1_000_000;
    assert!(megabytes < 100, "{megabytes} MB");
    assert!(megabytes > 40, "{megabytes} MB is less than there is");
}
