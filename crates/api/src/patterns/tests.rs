use super::*;
use model::twin::Twin;
use model::{BatchBuilder, Labels, MatchOp, RowRef, Signal};

const MINUTE_NS: i64 = 60_000_000_000;

#[tokio::test]
async fn what_is_kept_is_mined_per_tenant() {
    let twin = Arc::new(Twin::new());
    let patterns = Patterns::start(Pool::new(1).unwrap(), Clock::manual(MINUTE_NS));
    let append = patterns.behind(twin.clone());
    let mut batch = BatchBuilder::new(Tenant::single(), Signal::Line, 0);
    let labels = Labels::from_pairs([("app", "a")]);
    let metadata = Labels::from_pairs([(LEVEL, "info")]);
    let texts = ["user ann logged in from h1", "user bob logged in from h2", "user eve logged in from h3"];
    let lines = texts.map(|text| RowRef { ts_ns: 1, body: text.as_bytes(), metadata: metadata.as_ref() });
    batch.add_rows(labels.as_ref(), lines);
    append.append(batch.build()).await.unwrap();
    assert_eq!(twin.row_count(), 3);
    let find = |app: &str, tenant: &Tenant| {
        let matcher = Matcher::new("app", MatchOp::Equal, app).unwrap();
        patterns.find(tenant, &[matcher], TimeRange::new(0, MINUTE_NS), MINUTE_NS)
    };
    while find("a", &Tenant::single()).is_empty() {
        tokio::task::yield_now().await;
    }
    let expected = Pattern {
        text: "user <_> logged in from <_>".to_owned(),
        level: "info".to_owned(),
        samples: vec![(0, 3)],
    };
    assert_eq!(find("a", &Tenant::single()), [expected]);
    assert_eq!(find("b", &Tenant::single()), []);
    assert_eq!(find("a", &Tenant::new("other").unwrap()), []);
}
