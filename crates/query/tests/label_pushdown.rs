//! A label filter that the store answers gives the same as one that runs on lines, whether the label is one of
//! the stream, of the metadata, of both or of neither.

// A test ends at the first thing that fails, in whichever function.
#![allow(clippy::unwrap_used)]

use base::Pool;
use model::twin::Twin;
use model::{Answer, Append as _, BatchBuilder, Direction, Labels, Limits, RowRef, Signal, Tenant};
use proptest::prelude::*;
use query::engine::{Engine, RangeQuery};
use std::sync::Arc;

const MS_NS: i64 = 1_000_000;

fn asked(query: String, tenants: &[Tenant]) -> RangeQuery {
    RangeQuery {
        tenants: tenants.to_vec(),
        query,
        start_ns: 0,
        end_ns: 100 * MS_NS,
        step_ns: 10 * MS_NS,
        interval_ns: 0,
        limit: 7,
        direction: Direction::Backward,
        categorize: true,
        align: true,
        cursor: None,
        partial: None,
        now_ns: 0,
    }
}

/// Labels `a`, `b`, `c` with values `1` and `2`, some missing.
fn labels() -> impl Strategy<Value = Labels> {
    prop::array::uniform3(0u8..4).prop_map(|values| {
        let pairs = ["a", "b", "c"].into_iter().zip(values).filter(|(_, value)| *value < 3);
        let pairs: Vec<(&str, &str)> =
            pairs.map(|(name, value)| (name, ["", "1", "2"][value as usize])).collect();
        Labels::from_pairs(pairs)
    })
}

fn filter() -> impl Strategy<Value = String> {
    let one = ("[abc]", prop_oneof!["=", "!=", "=~", "!~"], "[12]?")
        .prop_map(|(name, op, value)| format!("{name}{op}`{value}`"));
    prop::collection::vec((one, prop_oneof![" | ", " and "]), 1..5).prop_map(|filters| {
        let mut text = String::new();
        for (at, (filter, between)) in filters.iter().enumerate() {
            text += if at == 0 { "" } else { between };
            text += filter;
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_store_answers_as_the_pipeline(
        streams in prop::collection::vec((labels(), prop::collection::vec((0i64..30, labels()), 1..6)), 1..5),
        filter in filter(), seed: u64, several: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let tenants = [Tenant::single(), Tenant::new("other").unwrap()];
            let twin = Twin::new();
            for (at, (labels, rows)) in streams.iter().enumerate() {
                let mut all: Vec<(&str, &str)> = labels.iter().filter(|pair| !pair.1.is_empty()).collect();
                all.push(("app", "x"));
                let mut batch = BatchBuilder::new(tenants[at % 2].clone(), Signal::Line, 0);
                batch.add_rows(Labels::from_pairs(all).as_ref(), rows.iter().map(|(ts_ns, metadata)| RowRef {
                    ts_ns: *ts_ns * MS_NS,
                    body: b"line",
                    metadata: metadata.as_ref(),
                }));
                twin.append(batch.build()).await.unwrap();
            }
            let tenants = if several { &tenants[..] } else { &tenants[..1] };
            let engine = Engine::new(Arc::new(twin.scattered(seed)), Pool::new(1).unwrap());
            let answer = async |query: String| -> Answer {
                engine.range(asked(query, tenants), &Limits::default()).await.unwrap().answer
            };
            // A stage that may change labels keeps the filter in the pipeline.
            let (pushed, kept) = (format!("| {filter}"), format!("| drop nothing | {filter}"));
            for around in [("", ""), ("count_over_time(", "[20ms])"), ("sum by (a, b) (bytes_over_time(", "[20ms]))")] {
                let query = |stages: &str| format!(r#"{}{{app="x"}} {stages}{}"#, around.0, around.1);
                assert_eq!(answer(query(&pushed)).await, answer(query(&kept)).await, "{}", query(&pushed));
            }
        });
    }
}
