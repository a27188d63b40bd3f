//! Explanations over the twin: who does what and why, and what would be read.

use super::*;
use base::Pool;
use model::twin::Twin;
use model::{Append as _, BatchBuilder, Labels, LabelsRef, RowRef, Signal, Tenant};
use std::sync::Arc;

async fn engine() -> Engine {
    let twin = Twin::new();
    let mut batch = BatchBuilder::new(Tenant::single(), Signal::Line, 0);
    for app in ["shop", "till"] {
        let rows = (0..10).map(|n| RowRef { ts_ns: n, body: b"no five", metadata: LabelsRef::EMPTY });
        batch.add_rows(Labels::from_pairs([("app", app)]).as_ref(), rows);
    }
    twin.append(batch.build()).await.unwrap();
    Engine::new(Arc::new(twin), Pool::new(1).unwrap())
}

async fn explain(query: &str) -> Explanation {
    let query = RangeQuery {
        tenants: vec![Tenant::single()],
        query: query.to_owned(),
        start_ns: 0,
        end_ns: 60_000_000_000,
        step_ns: 1_000_000_000,
        interval_ns: 0,
        limit: 100,
        direction: Direction::Backward,
        categorize: false,
        align: false,
        cursor: None,
        partial: None,
        now_ns: 60_000_000_000,
    };
    engine().await.explain_range(&query, &Limits::default()).await.unwrap()
}

async fn stages(query: &str) -> Vec<(String, &'static str, String)> {
    let mut explained = explain(query).await;
    explained
        .leaves
        .remove(0)
        .stages
        .into_iter()
        .map(|stage| (stage.text, stage.done_by, stage.why))
        .collect()
}

#[tokio::test]
async fn lines_with_the_reason_of_each_stage() {
    let found = stages(
        r#"{app="shop"} |= "five" |> "no <_>" != ip("10.0.0.1") | env="x" | json | status>=500
        | line_format "{{.a}}" |= "b" | distinct a"#,
    )
    .await;
    let found: Vec<(&str, &str)> = found.iter().map(|(_, done_by, why)| (*done_by, why.as_str())).collect();
    let expected = [
        ("store", "searched in templates and columns; filters skip pages without its words and long ids"),
        ("both", "pattern filter: only its longest text is searched by the store"),
        ("engine", "ip filter: addresses are compared, not texts"),
        ("store", "by the index where streams have the label, else by structured metadata"),
        ("engine", "parser: makes labels of each line that is left"),
        ("engine", "label filter after json: the label comes from the line"),
        ("engine", "makes a new line of each line that is left"),
        ("engine", "line filter after line_format: the line is no longer the one that is stored"),
        ("engine", "looks at the whole answer: no limit ends the reading early"),
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn filters_on_labels_that_the_store_cannot_answer() {
    for (query, why) in [
        (r#"{app="shop"} | n > 5"#, "label filter: the store compares texts, not numbers"),
        (
            r#"{app="shop"} | a="x" or b="y""#,
            "label filter with or: the store takes conditions that must all hold",
        ),
        (r#"{app="shop"} | a=ip("10.0.0.0/8")"#, "label filter: the store compares texts, not addresses"),
        (r#"{app="shop"} !> "a<_>b""#, "negated pattern filter: no text alone rules a line out"),
    ] {
        let found = stages(query).await;
        assert_eq!((found[0].1, found[0].2.as_str()), ("engine", why), "{query}");
    }
}

#[tokio::test]
async fn what_is_read() {
    let lines = explain(r#"{app="shop"} |= "five""#).await;
    let leaf = &lines.leaves[0];
    assert_eq!((leaf.selector.as_str(), leaf.start_ns, leaf.end_ns), (r#"{app="shop"}"#, 0, 60_000_000_000));
    assert_eq!(leaf.reads, "texts and metadata; newest first, until 100 lines are found");
    let estimate = &leaf.estimate;
    assert_eq!((estimate.streams, estimate.heads.rows, estimate.heads.bytes), (1, 10, 70));
    assert_eq!((estimate.blocks, estimate.pages), (0, 0));
    assert_eq!(lines.root, [""; 0]);
    let counted = explain(r#"sum(count_over_time({app=~".+"}[1m]))"#).await;
    assert_eq!(
        counted.leaves[0].reads,
        "times; texts and metadata only where they are searched; rows that fall into one series are counted by \
         their times"
    );
    assert_eq!((counted.leaves[0].estimate.streams, counted.leaves[0].estimate.heads.rows), (2, 20));
    // A label that streams may have or lack is two questions, about different streams.
    let split = explain(r#"{app=~".+"} | env="x""#).await;
    assert_eq!((split.leaves[0].selections, split.leaves[0].estimate.streams), (2, 2));
}

#[tokio::test]
async fn the_root_is_a_tree() {
    let explained = explain(
        r#"topk(2, sum by (app) (rate({app="shop"}[1m]))) / on(app) sum by (app) (rate({app="till"} | json [1m])) > 1"#,
    )
    .await;
    assert_eq!(explained.root, [">", "├─ /", "│  ├─ topk(2)", "│  │  └─ leaf 1", "│  └─ leaf 2", "└─ 1"]);
    assert_eq!(explained.leaves[0].text, r#"rate({app="shop"}[1m]), grouped by (app)"#);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let query = InstantQuery {
        tenants: vec![Tenant::single()],
        query: r#"{app="shop"}"#.to_owned(),
        time_ns: 0,
        partial: None,
        now_ns: 0,
    };
    let refused = engine().await.explain_instant(&query, &Limits::default()).await.unwrap_err();
    assert!(refused.to_string().contains("has no single time"), "{refused}");
}
