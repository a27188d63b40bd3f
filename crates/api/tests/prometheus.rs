//! What Grafana's Prometheus data source and other clients of Prometheus call, and the envelope of answers.

#![allow(clippy::unwrap_used)] // in tests, also in the functions around them

mod small_store;

use api::context::Settings;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use model::sample::{Buckets, Histogram, ResetHint, Sample, exemplar_body, float_body};
use model::twin::Twin;
use model::{Append as _, BatchBuilder, Labels, LabelsRef, RowRef, Signal, Tenant};
use serde_json::{Value, json};

const BASE_S: i64 = 1_741_640_400;

async fn app() -> Router {
    let twin = Twin::new();
    let mut batch = BatchBuilder::new(Tenant::single(), Signal::Sample, 0);
    for (job, step) in [("a", 1.0), ("b", 2.5)] {
        for at in 0..7 {
            let body = float_body(step * at as f64);
            let ts_ns = (BASE_S + at * 10) * 1_000_000_000;
            batch.add_row(RowRef { ts_ns, body: &body, metadata: LabelsRef::EMPTY });
        }
        batch.end_stream(Labels::from_pairs([("__name__", "requests_total"), ("job", job)]).as_ref());
    }
    let trace = Labels::from_pairs([("trace_id", "t1")]);
    let body = exemplar_body(0.5);
    let ts_ns = (BASE_S + 7) * 1_000_000_000;
    batch.add_row(RowRef { ts_ns, body: &body, metadata: trace.as_ref() });
    batch.end_stream(Labels::from_pairs([("__name__", "requests_total"), ("job", "a")]).as_ref());
    let histogram = Histogram {
        schema: 0,
        integer: true,
        reset: ResetHint::Unknown,
        zero_threshold: 0.001,
        zero_count: 1.0,
        count: 4.0,
        sum: 5.5,
        positive: Buckets { spans: vec![(0, 2)], counts: vec![1.0, 2.0] },
        negative: Buckets::default(),
        custom_values: Vec::new(),
    };
    let mut body = Vec::new();
    Sample::Histogram(Box::new(histogram)).put(&mut body);
    let ts_ns = (BASE_S + 60) * 1_000_000_000;
    batch.add_row(RowRef { ts_ns, body: &body, metadata: LabelsRef::EMPTY });
    batch.end_stream(Labels::from_pairs([("__name__", "latency")]).as_ref());
    twin.append(batch.build()).await.unwrap();
    small_store::service(twin, Settings::default())
}

async fn send(app: &Router, request: Request<Body>) -> (u16, Value) {
    let answer = small_store::send(app, request).await;
    (answer.status.as_u16(), serde_json::from_str(&answer.body).unwrap())
}

async fn get(app: &Router, path: &str) -> (u16, Value) {
    send(app, Request::get(path).body(Body::empty()).unwrap()).await
}

async fn data(app: &Router, path: &str) -> Value {
    let (status, answer) = get(app, path).await;
    assert_eq!((status, &answer["status"]), (200, &json!("success")), "{path}: {answer}");
    answer["data"].clone()
}

#[tokio::test]
async fn instants_have_four_kinds_of_results() {
    let app = app().await;
    let at = format!("time={}", BASE_S + 60);
    let vector = data(&app, &format!("/prometheus/api/v1/query?query=requests_total&{at}")).await;
    let point = |job: &str, value: &str| json!({"metric": {"__name__": "requests_total", "job": job}, "value": [BASE_S + 60, value]});
    assert_eq!(vector, json!({"resultType": "vector", "result": [point("a", "6"), point("b", "15")]}));
    let scalar = data(&app, &format!("/api/v1/query?query=1%2B0.5&time={BASE_S}.25")).await;
    assert_eq!(scalar, json!({"resultType": "scalar", "result": [BASE_S as f64 + 0.25, "1.5"]}));
    let text = data(&app, &format!("/api/v1/query?query=%22x%22&{at}")).await;
    assert_eq!(text, json!({"resultType": "string", "result": [BASE_S + 60, "x"]}));
    let query = "requests_total%7Bjob=%22a%22%7D%5B15s%5D";
    let matrix = data(&app, &format!("/api/v1/query?query={query}&{at}")).await;
    assert_eq!(matrix["resultType"], "matrix");
    assert_eq!(matrix["result"][0]["values"], json!([[BASE_S + 50, "5"], [BASE_S + 60, "6"]]));
    let histogram = data(&app, &format!("/api/v1/query?query=latency&{at}")).await;
    let buckets = json!([[3, "-0.001", "0.001", "1"], [0, "0.5", "1", "1"], [0, "1", "2", "2"]]);
    let shown = json!([BASE_S + 60, {"count": "4", "sum": "5.5", "buckets": buckets}]);
    assert_eq!(histogram["result"][0]["histogram"], shown);
}

#[tokio::test]
async fn ranges_come_by_get_and_by_form() {
    let app = app().await;
    let form =
        format!("query=rate(requests_total%5B20s%5D)&start={}&end={}&step=20", BASE_S + 20, BASE_S + 60);
    let (_, by_get) = get(&app, &format!("/prometheus/api/v1/query_range?{form}")).await;
    let wanted = json!([[BASE_S + 20, "0.1"], [BASE_S + 40, "0.1"], [BASE_S + 60, "0.1"]]);
    assert_eq!(by_get["data"]["result"][0], json!({"metric": {"job": "a"}, "values": wanted}));
    let request = Request::post("/prometheus/api/v1/query_range")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap();
    assert_eq!(send(&app, request).await.1, by_get);
}

#[tokio::test]
async fn limits_and_annotations_stand_beside_the_data() {
    let app = app().await;
    let at = format!("time={}", BASE_S + 60);
    let (_, answer) = get(&app, &format!("/api/v1/query?query=requests_total&{at}&limit=1")).await;
    assert_eq!(answer["data"]["result"].as_array().unwrap().len(), 1);
    assert_eq!(answer["warnings"], json!(["results truncated due to limit"]));
    let (_, answer) = get(&app, &format!("/api/v1/query?query=quantile(2,requests_total)&{at}")).await;
    let warning = "PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)";
    assert_eq!((&answer["warnings"], answer.get("infos")), (&json!([warning]), None));
    let path = format!("/api/v1/query?query=requests_total&time={}&lookback_delta=5", BASE_S + 66);
    assert_eq!(data(&app, &path).await["result"], json!([]));
}

#[tokio::test]
async fn refusals_stand_in_the_envelope() {
    let app = app().await;
    for (path, status, kind, what) in [
        ("query?query=sum(", 400, "bad_data", "invalid parameter \"query\": 1:5: parse error: "),
        (
            "query?query=up&time=x",
            400,
            "bad_data",
            "invalid parameter \"time\": cannot parse \"x\" to a valid",
        ),
        (
            "query_range?query=up&start=0&end=11001&step=1",
            400,
            "bad_data",
            "exceeded maximum resolution of 11,000",
        ),
        (
            "query_range?query=up%5B1m%5D&start=0&end=1&step=1",
            400,
            "bad_data",
            "invalid parameter \"query\": invalid expression type \"range vector\"",
        ),
        (
            "query_range?query=up&start=2&end=1&step=1",
            400,
            "bad_data",
            "invalid parameter \"end\": end timestamp must",
        ),
        ("series", 400, "bad_data", "no match[] parameter provided"),
        (
            "query?query=requests_total%2Bon()requests_total&time=1741640460",
            422,
            "execution",
            "found duplicate series for the match group {} on the right hand-side",
        ),
    ] {
        let (given, answer) = get(&app, &format!("/prometheus/api/v1/{path}")).await;
        assert_eq!(
            (given, &answer["status"], &answer["errorType"]),
            (status, &json!("error"), &json!(kind)),
            "{path}"
        );
        assert!(answer["error"].as_str().unwrap().starts_with(what), "{path}: {answer}");
    }
}

#[tokio::test]
async fn series_labels_and_the_small_pages() {
    let app = app().await;
    let all = data(&app, "/api/v1/series?match%5B%5D=requests_total%7Bjob=%22b%22%7D").await;
    assert_eq!(all, json!([{"__name__": "requests_total", "job": "b"}]));
    assert_eq!(data(&app, "/api/v1/labels").await, json!(["__name__", "job"]));
    assert_eq!(data(&app, "/prometheus/api/v1/label/job/values").await, json!(["a", "b"]));
    let names = data(&app, "/prometheus/api/v1/label/U____name__/values").await;
    assert_eq!(names, json!([]), "U____name__ is _name_");
    let names = data(&app, "/prometheus/api/v1/label/__name__/values?match%5B%5D=%7Bjob=%22a%22%7D").await;
    assert_eq!(names, json!(["requests_total"]));
    let later = format!("/api/v1/labels?start={}", BASE_S + 61);
    assert_eq!(data(&app, &later).await, json!([]));
    assert_eq!(data(&app, "/api/v1/format_query?query=sum(a)by(b)").await, json!("sum by (b) (a)"));
    assert_eq!(data(&app, "/api/v1/metadata").await, json!({}));
    assert_eq!(data(&app, "/prometheus/api/v1/status/buildinfo").await["application"], "Trefoil");
    let exemplars = data(&app, "/api/v1/query_exemplars?query=rate(requests_total%5B5m%5D)").await;
    let one = json!({"labels": {"trace_id": "t1"}, "value": "0.5", "timestamp": BASE_S + 7});
    let of_a = json!({"__name__": "requests_total", "job": "a"});
    assert_eq!(exemplars, json!([{"seriesLabels": of_a, "exemplars": [one]}]));
}
