use super::*;
use crate::promql;
use model::sample::float_body;
use model::twin::Twin;
use model::{Append as _, BatchBuilder, LabelsRef, RowRef, Signal};
use std::time::Duration;

const SECOND: i64 = 1_000_000_000;

fn loaded(series: usize, points: i64) -> Twin {
    let twin = Twin::new();
    let mut batch = BatchBuilder::new(Tenant::single(), Signal::Sample, 0);
    for one in 0..series {
        for at in 0..points {
            let body = float_body(at as f64);
            batch.add_row(RowRef { ts_ns: at * 10 * SECOND, body: &body, metadata: LabelsRef::EMPTY });
        }
        let labels = Labels::from_pairs([("__name__", "m_total"), ("s", one.to_string().as_str())]);
        batch.end_stream(labels.as_ref());
    }
    blocked_on(twin.append(batch.build())).unwrap();
    twin
}

fn blocked_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

fn query(text: &str) -> MetricQuery {
    MetricQuery {
        tenants: vec![Tenant::single()],
        text: text.to_owned(),
        expr: promql::parse(text).unwrap(),
        steps: Steps { start_ns: 0, end_ns: 600 * SECOND, step_ns: 10 * SECOND },
        instant: false,
        lookback_ns: LOOKBACK_NS,
        samples_max: SAMPLES_MAX,
    }
}

fn ask(twin: Twin, query: MetricQuery, limits: &Limits) -> Result<MetricAnswered> {
    let engine = Engine::new(Arc::new(twin), base::Pool::new(1).unwrap());
    blocked_on(async {
        let answered = tokio::time::timeout(Duration::from_secs(60), engine.metrics(query, limits));
        answered.await.unwrap()
    })
}

#[test]
fn a_selector_is_read_once_however_often_it_is_named() {
    let text = "rate(m_total[5m]) + m_total > sum(m_total) or m_total offset 1m";
    let answered = ask(loaded(2, 100), query(text), &Limits::default()).unwrap();
    assert_eq!(answered.stats.selections, 1);
    let apart = query("m_total offset 1w or m_total");
    assert_eq!(ask(loaded(2, 100), apart, &Limits::default()).unwrap().stats.selections, 2);
}

#[test]
fn samples_series_and_bytes_are_bounded() {
    let few = MetricQuery { samples_max: 100, ..query("m_total") };
    let error = ask(loaded(2, 100), few, &Limits::default()).unwrap_err();
    assert!(error.what().starts_with("query processing would load too many samples into memory"), "{error}");
    // Also what is made counts: 2 series of 61 steps read 122 samples and give as many.
    let few = MetricQuery { samples_max: 200, ..query("m_total") };
    assert!(ask(loaded(2, 61), few, &Limits::default()).is_err());
    let narrow = Limits { cardinality_limit: 3, ..Limits::default() };
    let error = ask(loaded(4, 2), query("m_total"), &narrow).unwrap_err();
    assert_eq!(error.what(), "the query reads more than 3 series of a selector; add label matchers");
    let small = Limits { max_query_memory: base::unit::ByteSize(1000), ..Limits::default() };
    let error = ask(loaded(4, 100), query("m_total"), &small).unwrap_err();
    assert!(error.what().starts_with("query memory limit exceeded"), "{error}");
}

#[test]
fn several_tenants_are_told_apart() {
    let twin = loaded(1, 2);
    let other = Tenant::new("other").unwrap();
    let mut batch = BatchBuilder::new(other.clone(), Signal::Sample, 0);
    let body = float_body(5.0);
    batch.add_row(RowRef { ts_ns: 0, body: &body, metadata: LabelsRef::EMPTY });
    batch.end_stream(Labels::from_pairs([("__name__", "m_total"), ("s", "0")]).as_ref());
    blocked_on(twin.append(batch.build())).unwrap();
    let both = MetricQuery { tenants: vec![Tenant::single(), other], ..query("m_total") };
    let instant = MetricQuery { steps: Steps::instant(0), instant: true, ..both };
    let MetricAnswer::Vector(series) = ask(twin.clone(), instant.clone(), &Limits::default()).unwrap().answer
    else {
        panic!("no vector")
    };
    let whose: Vec<_> = series.iter().filter_map(|one| one.labels.get("__tenant_id__")).collect();
    assert_eq!(whose, ["fake", "other"]);
    let text = "m_total{__tenant_id__=\"other\"}";
    let one = MetricQuery { text: text.to_owned(), expr: promql::parse(text).unwrap(), ..instant };
    let MetricAnswer::Vector(series) = ask(twin, one, &Limits::default()).unwrap().answer else {
        panic!("no vector")
    };
    assert_eq!((series.len(), &series[0].points), (1, &vec![(0, Value::Float(5.0))]));
}

#[test]
fn exemplars_are_those_of_the_series_that_a_query_names() {
    let twin = loaded(2, 2);
    let mut batch = BatchBuilder::new(Tenant::single(), Signal::Sample, 0);
    let trace = Labels::from_pairs([("trace_id", "t1")]);
    let body = model::sample::exemplar_body(0.5);
    batch.add_row(RowRef { ts_ns: 7, body: &body, metadata: trace.as_ref() });
    let series = Labels::from_pairs([("__name__", "m_total"), ("s", "0")]);
    batch.end_stream(series.as_ref());
    blocked_on(twin.append(batch.build())).unwrap();
    let ask = |text: &str| {
        let engine = Engine::new(Arc::new(twin.clone()), base::Pool::new(1).unwrap());
        let expr = promql::parse(text).unwrap();
        let range = model::TimeRange::new(0, SECOND);
        let query = ExemplarQuery { tenants: vec![Tenant::single()], expr, range };
        blocked_on(async { engine.exemplars(&query, &Limits::default()).await }).unwrap()
    };
    let found = vec![(series, vec![Exemplar { labels: trace, value: 0.5, ts_ns: 7 }])];
    assert_eq!(ask("sum(rate(m_total[5m])) / sum(m_total)"), found);
    assert_eq!(ask("m_total{s=\"1\"}"), vec![]);
}

#[test]
fn times_at_the_ends_of_time_do_no_harm() {
    for ts_ns in [i64::MIN, i64::MAX] {
        for text in
            ["m_total offset -5m", "rate(m_total[5m] offset 1h)", "sum_over_time(m_total[5m:1m])", "time()"]
        {
            let instant = MetricQuery { steps: Steps::instant(ts_ns), instant: true, ..query(text) };
            let answered = ask(loaded(1, 3), instant, &Limits::default()).unwrap();
            match answered.answer {
                MetricAnswer::Vector(series) => assert_eq!(series, [], "{text}"),
                MetricAnswer::Scalar(at_ns, _) => assert_eq!(at_ns, ts_ns),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_result_is_bounded_while_it_is_made() {
    let few = MetricQuery { samples_max: 10_000, ..query("sum_over_time(m_total[1h:10ms])") };
    let error = ask(loaded(1, 3), few, &Limits::default()).unwrap_err();
    assert!(error.what().starts_with("query processing would load too many samples into memory"), "{error}");
    let error = ask(loaded(1, 3), query("sum_over_time(m_total[1y:1s])"), &Limits::default()).unwrap_err();
    assert!(error.what().starts_with("a subquery has 31536"), "{error}");
}
