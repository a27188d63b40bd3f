use super::*;
use model::{BatchBuilder, Labels, LabelsRef, Signal, Tenant};
use proptest::prelude::*;

/// Offers `rows` to `run` as one batch: how many it dropped because they repeat, and how many it left.
fn offer<'r>(run: &mut OpenRun, rows: impl Iterator<Item = RowRef<'r>>) -> (u64, usize) {
    let mut batch = BatchBuilder::new(Tenant::single(), Signal::Line, 0);
    batch.add_rows(Labels::from_pairs([("app", "a")]).as_ref(), rows);
    let batch = batch.build();
    let Some(stream) = batch.streams().next() else { return (0, 0) };
    let mut incoming = Incoming::new(&stream);
    let repeated = run.take(&mut incoming);
    let mut left = 0;
    while incoming.next().is_some() {
        incoming.skip();
        left += 1;
    }
    (repeated, left)
}

fn takes(run: &mut OpenRun, row: RowRef<'_>) -> bool {
    offer(run, std::iter::once(row)) == (0, 0)
}

fn row(ts_ns: i64, text: &[u8]) -> RowRef<'_> {
    RowRef { ts_ns, body: text, metadata: LabelsRef::EMPTY }
}

#[test]
fn room_doubles_up_to_its_bound_and_holds_any_text() {
    assert_eq!(OpenRun::with_room(0, 0, 0, 0).room(), ROOM_STEP_BYTES);
    assert_eq!(OpenRun::with_room(300, 2, 0, 0).room(), 640);
    assert_eq!(OpenRun::with_room(600, 4, 0, 0).room(), 640);
    assert_eq!(OpenRun::with_room(0, 0, 4096, 0).room(), 8192);
    assert_eq!(OpenRun::with_room(1 << 20, 9, 1 << 20, 0).room(), ROOM_MAX_BYTES);
    let mut large = OpenRun::with_room(0, 1, 0, 200_000);
    assert!(large.room() >= 200_000 && takes(&mut large, row(0, &vec![0; 200_000])));
}

#[test]
fn rows_have_room_as_texts_have() {
    assert_eq!(OpenRun::with_room(150, 1, 0, 0).rows.capacity(), 2);
    assert_eq!(OpenRun::with_room(1500, 10, 0, 0).rows.capacity(), 10);
    assert_eq!(OpenRun::with_room(1500, 10, 32 << 10, 0).rows.capacity(), 436);
    assert_eq!(OpenRun::with_room(0, 9000, 0, 0).rows.capacity(), ROWS_MAX);
}

#[test]
fn a_small_run_grows_and_a_large_one_does_not() {
    let mut run = OpenRun::with_room(100, 1, 0, 0);
    for ts_ns in 0..40 {
        assert!(takes(&mut run, row(ts_ns, &[b'x'; 100])));
    }
    assert_eq!(run.room(), ROOM_GROWS_BYTES);
    assert!(!takes(&mut run, row(40, &[b'x'; 100])));
    assert!(takes(&mut run, row(40, &[b'x'; 96])));
    let next = OpenRun::with_room(100, 1, run.room(), 0);
    assert_eq!(next.room(), 2 * ROOM_GROWS_BYTES);
}

/// Sets by number: few that repeat, or each row its own.
fn set(number: u16) -> Labels {
    match number {
        0 => Labels::default(),
        _ => Labels::from_pairs([("detected_level", number.to_string().as_str()), ("zone", "a")]),
    }
}

proptest! {
    #[test]
    fn rows_come_back_with_their_metadata(
        numbers in prop_oneof![prop::collection::vec(0u16..4, 0..60), prop::collection::vec(0u16..500, 0..300)],
        first in 0usize..300,
    ) {
        let sets: Vec<Labels> = numbers.iter().map(|number| set(*number)).collect();
        let rows = |upto: usize| {
            let rows = (0..).zip(&sets).take(upto);
            RowColumns::from_rows(rows.map(|(ts_ns, set)| RowRef { metadata: set.as_ref(), ..row(ts_ns, b"text") }))
        };
        let mut run = OpenRun::with_room(64 << 10, 0, 0, 0);
        let whole = rows(sets.len());
        for row in whole.rows() {
            prop_assert_eq!(offer(&mut run, [row, row].into_iter()), (1, 0));
            prop_assert_eq!(offer(&mut run, std::iter::once(row)), (1, 0));
        }
        let mut at_once = OpenRun::with_room(64 << 10, 0, 0, 0);
        prop_assert_eq!(offer(&mut at_once, whole.rows()), (0, 0));
        prop_assert_eq!(at_once.facts(), run.facts());
        prop_assert_eq!(at_once.close().columns(), whole.clone());
        let listed = |rows: &RowColumns| rows.rows().map(|row| (row.ts_ns, row.metadata.to_owned())).collect::<Vec<_>>();
        prop_assert_eq!(run.facts().bytes, whole.rows().map(|row| 4 + row.metadata.pair_bytes()).sum::<u64>());
        prop_assert_eq!(listed(&run.copy(first).columns()), listed(&rows(first)));
        let distinct: std::collections::BTreeSet<_> = numbers.iter().filter(|number| **number > 0).collect();
        let run = run.close();
        if distinct.len() <= 4 {
            prop_assert_eq!(run.sets.count(), distinct.len());
        }
        prop_assert_eq!(run.columns(), whole);
        prop_assert_eq!(listed(&run.first(first).columns()), listed(&rows(first)));
    }
}

#[test]
fn a_run_without_room_takes_nothing() {
    assert!(!takes(&mut OpenRun::default(), row(1, b"")));
    let mut run = OpenRun::with_room(0, 0, 0, 0);
    for ts_ns in 0..ROWS_MAX as i64 {
        assert!(takes(&mut run, row(ts_ns, b"")));
    }
    assert!(!takes(&mut run, row(0, b"")));
}

#[test]
fn order_is_known() {
    let mut run = OpenRun::with_room(0, 0, 0, 0);
    assert!(takes(&mut run, row(i64::MIN, b"a")));
    assert!(takes(&mut run, row(2, b"b")));
    assert!(run.copy(2).ascending);
    assert!(takes(&mut run, row(2, b"c")));
    assert!(!run.close().ascending);
}

#[test]
fn copies_and_fronts_are_the_first_rows() {
    let mut run = OpenRun::with_room(0, 0, 0, 0);
    for (ts_ns, text) in [(1, "one"), (2, ""), (3, "three")] {
        assert!(takes(&mut run, row(ts_ns, text.as_bytes())));
    }
    let texts = |run: &Run| {
        let lines = run.columns();
        lines.rows().map(|row| String::from_utf8_lossy(row.body).into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts(&run.copy(2)), ["one", ""]);
    let full = run.close();
    assert_eq!(texts(&full.first(1)), ["one"]);
    assert_eq!(texts(&full), ["one", "", "three"]);
}
