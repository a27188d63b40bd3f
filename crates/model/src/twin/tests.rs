use super::*;
use crate::batch::BatchBuilder;
use crate::filter::{LineFilter, Needle, Predicate};
use crate::labels::LabelsRef;
use crate::matcher::{MatchOp, Matcher};
use crate::select::Projection;
use crate::time::TimeRange;
use base::ByteBudget;
use futures_util::{FutureExt, StreamExt};

fn push(twin: &Twin, app: &str, rows: &[(i64, &str)]) {
    let labels = Labels::from_pairs([("app", app)]);
    let mut batch = BatchBuilder::new(Tenant::single(), Signal::Line, 0);
    let lines = rows.iter().map(|(ts_ns, text)| RowRef {
        ts_ns: *ts_ns,
        body: text.as_bytes(),
        metadata: LabelsRef::EMPTY,
    });
    batch.add_rows(labels.as_ref(), lines);
    twin.append(batch.build()).now_or_never().unwrap().unwrap();
}

fn selection(direction: Direction) -> Selection {
    Selection {
        tenant: Tenant::single(),
        signal: Signal::Line,
        range: TimeRange::new(0, 1000),
        matchers: vec![Matcher::new("app", MatchOp::Regex, "a|b").unwrap()],
        predicates: Vec::new(),
        projection: Projection::ALL,
        digest: None,
        direction,
        limit_hint: None,
        nearest: None,
        budget: ByteBudget::unbounded("query"),
        stats: Arc::default(),
    }
}

fn collect(twin: &Twin, selection: Selection) -> Vec<Run> {
    twin.select(selection).map(|run| run.unwrap()).collect().now_or_never().unwrap()
}

fn texts(runs: &[Run]) -> Vec<(i64, String)> {
    let rows = runs.iter().flat_map(|run| {
        let lines = &run.rows;
        lines
            .rows()
            .map(|row| (row.ts_ns, String::from_utf8_lossy(row.body).into_owned()))
            .collect::<Vec<_>>()
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    rows
}

#[test]
fn rows_come_back_once_in_time_order() {
    let twin = Twin::new();
    push(&twin, "a", &[(5, "five"), (1, "one"), (5, "five"), (5, "cinq")]);
    push(&twin, "c", &[(2, "not asked")]);
    let runs = collect(&twin, selection(Direction::Forward));
    assert_eq!(runs.len(), 1);
    let lines = &runs[0].rows;
    let rows: Vec<_> = lines.rows().map(|row| (row.ts_ns, row.body)).collect();
    assert_eq!(rows, [(1, &b"one"[..]), (5, b"five"), (5, b"cinq")]);
}

#[test]
fn bounds_hold_and_scattering_changes_no_row() {
    let twin = Twin::new();
    let rows: Vec<(i64, String)> = (0..60).map(|n| (n * 7 % 50, format!("row {n}"))).collect();
    for (at, (ts_ns, text)) in rows.iter().enumerate() {
        push(&twin, ["a", "b"][at % 2], &[(*ts_ns, text)]);
    }
    let whole = texts(&collect(&twin, selection(Direction::Forward)));
    for seed in 0..20 {
        for direction in [Direction::Forward, Direction::Backward] {
            let runs = collect(&twin.scattered(seed), selection(direction));
            assert_eq!(texts(&runs), whole);
            for (at, run) in runs.iter().enumerate() {
                let later = runs[at + 1..].iter().flat_map(|later| {
                    let lines = &later.rows;
                    lines.ts_ns.clone()
                });
                for ts_ns in later {
                    match direction {
                        Direction::Forward => assert!(ts_ns >= run.bound_ns),
                        Direction::Backward => assert!(ts_ns <= run.bound_ns),
                    }
                }
            }
        }
    }
}

#[test]
fn predicates_and_projection_are_honoured() {
    let twin = Twin::new();
    push(&twin, "a", &[(1, "an error"), (2, "fine")]);
    let mut asked = selection(Direction::Forward);
    let any = vec![Needle::text(b"error")];
    asked.predicates.push(Predicate::Line(LineFilter { negated: false, any }));
    asked.projection = Projection { body: false, metadata: false };
    let stats = asked.stats.clone();
    let runs = collect(&twin, asked);
    let lines = &runs[0].rows;
    assert_eq!((lines.len(), lines.body_len(0), lines.row(0).body), (1, 8, &b""[..]));
    assert_eq!(stats.head_rows.load(Ordering::Relaxed), 2);
    assert_eq!(stats.rows_passed.load(Ordering::Relaxed), 1);
}

#[test]
fn followers_see_their_tenant_and_are_told_what_they_missed() {
    let twin = Twin::new();
    let mut followed = twin.follow(&Tenant::single());
    for n in 0..FOLLOWER_QUEUE as i64 + 10 {
        push(&twin, "a", &[(n, "x")]);
    }
    let mut seen = 0;
    while let Some(Some(Followed::Batch(batch))) = followed.next().now_or_never() {
        seen += batch.row_count();
    }
    push(&twin, "a", &[(9999, "x")]);
    let Some(Some(Followed::Missed(missed))) = followed.next().now_or_never() else { panic!("not told") };
    assert_eq!(seen + missed, FOLLOWER_QUEUE as u64 + 10);
}

#[test]
fn facts_count_rows_and_bytes() {
    let twin = Twin::new();
    push(&twin, "a", &[(1, "abc"), (9, "de")]);
    let ask = |range| {
        let query = StreamQuery { tenant: Tenant::single(), signal: Signal::Line, range, matchers: vec![] };
        twin.streams(query).now_or_never().unwrap().unwrap()
    };
    assert_eq!(ask(TimeRange::ALL)[0].runs, [RunFacts { min_ns: 1, max_ns: 9, rows: 2, bytes: 5 }]);
    assert!(ask(TimeRange::new(10, 20)).is_empty());
}
