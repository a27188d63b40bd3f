use super::*;
use model::{Direction, Labels, LabelsRef, Projection, RowColumns, RowRef};
use proptest::prelude::*;
use std::collections::BTreeSet;

type Row = (i64, String);

/// The rows of a place: a block (cut into pages) or a head (of several runs).
#[derive(Clone, Debug)]
struct Place {
    is_block: bool,
    rows: Vec<Row>,
    cuts: Vec<usize>,
}

fn place() -> impl Strategy<Value = Place> {
    let row = (0i64..12, "[ab]{0,2}");
    let rows = prop::collection::vec(row, 1..25);
    (any::<bool>(), rows, prop::collection::vec(0usize..25, 0..3)).prop_map(|(is_block, rows, cuts)| Place {
        is_block,
        rows,
        cuts,
    })
}

fn columns(rows: &[Row]) -> RowColumns {
    RowColumns::from_rows(rows.iter().map(|(ts_ns, text)| RowRef {
        ts_ns: *ts_ns,
        body: text.as_bytes(),
        metadata: LabelsRef::EMPTY,
    }))
}

fn listed(rows: &RowColumns) -> Vec<Row> {
    let lines = rows;
    lines.rows().map(|row| (row.ts_ns, String::from_utf8_lossy(row.body).into_owned())).collect()
}

/// What one task gives of the stream: its expected span and its piece.
struct Part {
    place: u32,
    span: Reach,
    piece: Piece,
    is_block: bool,
}

fn parts(order: Order, places: &[Place]) -> Vec<Part> {
    let mut parts = Vec::new();
    for (number, place) in (0..).zip(places) {
        let whole = columns(&place.rows);
        let rows = if place.is_block { page::sort(&[&whole]).0 } else { whole };
        let mut cuts = place.cuts.clone();
        cuts.extend([0, rows.len()]);
        cuts.sort_unstable();
        for (at, pair) in (0..).zip(cuts.windows(2)) {
            let end = pair[1].min(rows.len());
            let cut = page::slice(&rows, &(pair[0].min(end)..end));
            let (cut, _) = page::sort(&[&cut]);
            let Some(span) = span_of(order, &cut) else { continue };
            let (run, page) = if place.is_block { (0, at) } else { (at, 0) };
            let piece = Piece { source: Source { place: number, run }, page, rows: cut };
            parts.push(Part { place: number, span, piece, is_block: place.is_block });
        }
    }
    parts
}

/// The rows of all places once each: in time order, those of one time as the places have them.
fn naive(places: &[Place]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for place in places {
        for row in &place.rows {
            if !rows.contains(row) {
                rows.push(row.clone());
            }
        }
    }
    rows.sort_by_key(|row| row.0);
    rows
}

fn check(
    direction: Direction,
    places: &[Place],
    arrival: &[usize],
    with_texts: bool,
) -> Result<(), TestCaseError> {
    let order = Order(direction);
    let stream = Arc::new(Stream::new(Labels::from_pairs([("app", "a")])));
    let mut gather = Gather::new(order);
    let number = gather.stream(&stream);
    let mut waiting = parts(order, places);
    for part in &waiting {
        gather.expect(number, part.place, part.span);
    }
    let projection = Projection { body: with_texts, metadata: with_texts };
    let mut given: Vec<RowColumns> = Vec::new();
    for pick in arrival.iter().copied().chain(std::iter::repeat(0)) {
        if waiting.is_empty() {
            break;
        }
        let mut part = waiting.swap_remove(pick % waiting.len());
        if part.is_block && !gather.is_mixed(number, part.place) {
            page::project(&mut part.piece.rows, projection);
        }
        gather.hold(number, part.piece);
        gather.came(number, part.span.near);
        let mut groups = Vec::new();
        gather.complete(number, &mut groups);
        for group in groups {
            let mut rows = group.join().rows;
            page::project(&mut rows, projection);
            given.push(rows);
        }
        let nearest_to_come = waiting.iter().map(|part| part.span.near).max();
        for rows in &given {
            let far = span_of(order, rows).unwrap().far;
            prop_assert!(nearest_to_come.is_none_or(|near| near < far), "given too early");
        }
    }
    given.sort_by_key(|rows| rows.ts_ns[0]);
    let apart = given.windows(2).all(|pair| pair[0].ts_ns.last() < pair[1].ts_ns.first());
    prop_assert!(apart, "runs share a time");
    let rows: Vec<Row> = given.iter().flat_map(listed).collect();
    let expected = naive(places);
    if with_texts {
        prop_assert_eq!(rows, expected);
    } else {
        let times = |rows: &[Row]| rows.iter().map(|row| row.0).collect::<Vec<_>>();
        prop_assert_eq!(times(&rows), times(&expected));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn rows_come_once_in_order_whatever_comes_first(
        places in prop::collection::vec(place(), 1..4),
        arrival in prop::collection::vec(0usize..100, 0..20),
        forward: bool,
        with_texts: bool,
    ) {
        let direction = if forward { Direction::Forward } else { Direction::Backward };
        check(direction, &places, &arrival, with_texts)?;
    }

    #[test]
    fn spans_share_what_their_keys_share(a in 0i64..6, b in 0i64..6, c in 0i64..6, d in 0i64..6) {
        for order in [Order(Direction::Forward), Order(Direction::Backward)] {
            let (one, two) = (order.span(a.min(b), a.max(b)), order.span(c.min(d), c.max(d)));
            let keys = |span: Reach| (span.far..=span.near).collect::<BTreeSet<_>>();
            let shared: BTreeSet<i64> = keys(one).intersection(&keys(two)).copied().collect();
            prop_assert_eq!(one.overlaps(&two), !shared.is_empty());
            prop_assert_eq!(one.within(two).map(keys).unwrap_or_default(), shared);
            prop_assert_eq!(order.key(order.key(a)), a);
        }
    }
}
