//! Reading page by page with a cursor gives the same lines as reading at once.

// A test ends at the first thing that fails, in whichever function.
#![allow(clippy::unwrap_used)]

use base::Pool;
use model::twin::Twin;
use model::{
    Answer, Append as _, BatchBuilder, Direction, Labels, LabelsRef, Limits, RowRef, Signal, Tenant,
};
use proptest::prelude::*;
use query::engine::{Cursor, Engine, RangeQuery};
use std::sync::Arc;

type Line = (i64, Labels, Vec<u8>);

fn lines(answer: Answer) -> Vec<Line> {
    let Answer::Streams(streams) = answer else { panic!("no streams") };
    let of = |stream: model::AnsweredStream| {
        let labels = stream.labels;
        stream.lines.into_iter().map(move |line| (line.ts_ns, labels.clone(), line.text.to_vec()))
    };
    let mut lines: Vec<Line> = streams.into_iter().flat_map(of).collect();
    lines.sort();
    lines
}

fn asked(direction: Direction, limit: usize, cursor: Option<Cursor>) -> RangeQuery {
    RangeQuery {
        tenants: vec![Tenant::single()],
        query: r#"{app=~".+"} != "5""#.to_owned(),
        start_ns: 0,
        end_ns: 100,
        step_ns: 1,
        interval_ns: 0,
        limit,
        direction,
        categorize: false,
        align: true,
        cursor,
        partial: None,
        now_ns: 0,
    }
}

async fn page_by_page(engine: &Engine, direction: Direction, limit: usize) -> Vec<Line> {
    let mut cursor = Some(Cursor::before_all(direction));
    let mut all = Vec::new();
    while cursor.is_some() {
        let answered = engine.range(asked(direction, limit, cursor), &Limits::default()).await.unwrap();
        let page = lines(answered.answer);
        assert!(page.len() <= limit);
        all.extend(page);
        cursor = answered.next;
    }
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn pages_are_the_whole(rows in prop::collection::vec((0u8..3, 0i64..12, 0u8..30), 0..60),
                           limit in 1usize..9, seed: u64, forward: bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let twin = Twin::new();
            for app in 0..3u8 {
                let mut batch = BatchBuilder::new(Tenant::single(), Signal::Line, 0);
                let labels = Labels::from_pairs([("app", format!("{app}").as_str())]);
                let texts: Vec<(i64, String)> =
                    rows.iter().filter(|row| row.0 == app).map(|row| (row.1, row.2.to_string())).collect();
                let row = |(ts_ns, text): &'_ (i64, String)| (*ts_ns, text.clone());
                let texts: Vec<(i64, String)> = texts.iter().map(row).collect();
                batch.add_rows(labels.as_ref(), texts.iter().map(|(ts_ns, text)| RowRef {
                    ts_ns: *ts_ns,
                    body: text.as_bytes(),
                    metadata: LabelsRef::EMPTY,
                }));
                twin.append(batch.build()).await.unwrap();
            }
            let direction = if forward { Direction::Forward } else { Direction::Backward };
            let engine = Engine::new(Arc::new(twin.scattered(seed)), Pool::new(1).unwrap());
            let whole = engine.range(asked(direction, 0, None), &Limits::default()).await.unwrap();
            assert_eq!(page_by_page(&engine, direction, limit).await, lines(whole.answer));
        });
    }
}
