use super::*;
use axum::body::Body;
use base::{Clock, Pool};
use http::{Request, header};
use http_body_util::BodyExt as _;
use model::Limits;
use model::twin::Twin;
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt as _;

const NOW_S: i64 = 1_741_640_400;
const NOW_NS: i64 = NOW_S * SECOND_NS;
const ID: &str = "000000000000000000000000000abcde";

fn context() -> Context {
    let mut context = Context::over(Arc::new(Twin::new()), Pool::new(1).unwrap());
    context.clock = Clock::manual(NOW_NS);
    context
}

struct Answer {
    status: u16,
    content_type: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", self.text()))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

async fn call(context: &Context, request: Request<Body>) -> Answer {
    let response = crate::router::http(context, "").oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.map_or("", |value| value.to_str().unwrap()).to_owned();
    let body = response.into_body().collect().await.unwrap().to_bytes().to_vec();
    Answer { status, content_type, body }
}

async fn get(context: &Context, path: &str) -> Answer {
    call(context, Request::get(path).body(Body::empty()).unwrap()).await
}

async fn get_protobuf(context: &Context, path: &str) -> Answer {
    let request = Request::get(path).header(header::ACCEPT, "application/protobuf");
    call(context, request.body(Body::empty()).unwrap()).await
}

/// Two services of one trace, the second of which comes later, and another trace.
fn exports() -> [Value; 2] {
    let resource =
        |service: &str| json!({"attributes": [{"key": "service.name", "value": {"stringValue": service}}]});
    let ns = |ms: i64| (NOW_NS - 60 * SECOND_NS + ms * 1_000_000).to_string();
    let root = json!({
        "traceId": ID, "spanId": "0000000000000001", "name": "GET /", "kind": 2,
        "startTimeUnixNano": ns(0), "endTimeUnixNano": ns(250),
        "attributes": [{"key": "http.status_code", "value": {"intValue": "500"}}],
        "status": {"code": 2, "message": "boom"},
        "events": [{"timeUnixNano": ns(5), "name": "exception",
            "attributes": [{"key": "exception.type", "value": {"stringValue": "Oops"}}]}],
    });
    let other = json!({
        "traceId": "1".repeat(32), "spanId": "0000000000000009", "name": "tick",
        "startTimeUnixNano": ns(10), "endTimeUnixNano": ns(11),
    });
    let child = json!({
        "traceId": ID, "spanId": "0000000000000002", "parentSpanId": "0000000000000001", "name": "query", "kind": 3,
        "startTimeUnixNano": ns(30_000), "endTimeUnixNano": ns(30_040),
        "attributes": [{"key": "db.system", "value": {"stringValue": "pg"}}],
    });
    let scope = json!({"name": "lib", "version": "1"});
    [
        json!({"resourceSpans": [{"resource": resource("shop"), "scopeSpans": [{"scope": scope, "spans": [root, other]}]}]}),
        json!({"resourceSpans": [{"resource": resource("db"), "scopeSpans": [{"scope": scope, "spans": [child]}]}]}),
    ]
}

async fn filled() -> Context {
    let context = context();
    for export in exports() {
        let request = Request::post("/v1/traces").header("content-type", "application/json");
        let answer = call(&context, request.body(Body::from(export.to_string())).unwrap()).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "{}"));
    }
    context
}

#[tokio::test]
async fn a_trace_comes_back_as_it_came_in() {
    let context = filled().await;
    let expected: Vec<_> = exports()
        .iter()
        .map(|export| wire::otlp::traces::json::traces(export.to_string().as_bytes()).unwrap().groups)
        .map(|mut groups| {
            groups[0].spans.truncate(1);
            groups.remove(0)
        })
        .collect();
    for path in ["/api/traces/", "/tempo/api/traces/"] {
        let answer = get_protobuf(&context, &format!("{path}{ID}")).await;
        assert_eq!((answer.status, answer.content_type.as_str()), (200, "application/protobuf"));
        assert_eq!(wire::otlp::traces::proto::traces(&answer.body).unwrap().groups, expected);
    }
    let second = get_protobuf(&context, "/tempo/api/v2/traces/abcde?start=1&end=9999999999").await;
    assert_eq!(second.status, 200);
    let trace = wire::otlp::traces::encode::traces(&expected);
    let envelope = wire::reply::tempo::Envelope::default();
    let inspected = wire::reply::tempo::trace_v2_proto(&expected, &envelope);
    assert!(second.body.len() > trace.len() && second.body[..trace.len()] == inspected[..trace.len()]);
    let first = get(&context, "/tempo/api/traces/ABCDE").await.json();
    assert_eq!(first["batches"][0]["resource"]["attributes"][0]["value"]["stringValue"], "shop");
    let span = &first["batches"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(
        (&span["traceId"], &span["kind"]),
        (&json!("AAAAAAAAAAAAAAAAAAq83g=="), &json!("SPAN_KIND_SERVER"))
    );
    assert_eq!(span["status"], json!({"message": "boom", "code": "STATUS_CODE_ERROR"}));
    assert_eq!(first["batches"][1]["scopeSpans"][0]["spans"][0]["name"], "query");
    let second = get(&context, &format!("/api/v2/traces/{ID}")).await.json();
    assert_eq!(second["trace"]["resourceSpans"], first["batches"]);
    assert_eq!(second["status"], "COMPLETE");
    assert!(second["metrics"]["inspectedBytes"].as_str().unwrap().parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn traces_that_are_not_there_and_ids_that_are_none() {
    let context = filled().await;
    for (path, status, text) in [
        ("/tempo/api/traces/77", 404, "trace not found\n"),
        ("/tempo/api/v2/traces/77", 404, "trace not found\n"),
        ("/tempo/api/traces/xyz", 400, "a trace id has only hexadecimal digits, not \"xyz\"\n"),
        ("/tempo/api/v2/traces/77?q={}", 501, "q is not taken for a single trace yet; ask without it\n"),
        ("/tempo/api/traces/77?start=9&end=3", 400, "start (9000000000 ns) lies after end (3000000000 ns)\n"),
    ] {
        let answer = get(&context, path).await;
        assert_eq!((answer.status, answer.text().as_str()), (status, text), "{path}");
    }
    let mut small = context.clone();
    small.limits = Limits { max_query_memory: base::unit::ByteSize(500), ..Limits::default() }.fixed();
    let first = get(&small, &format!("/tempo/api/traces/{ID}")).await;
    assert_eq!(first.status, 422, "{}", first.text());
}

fn query(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(escape).collect()
}

#[tokio::test]
async fn searches_answer_as_tempo_does() {
    let context = filled().await;
    let q = query("{ status = error && span.http.status_code >= 500 } >> { .db.system = \"pg\" }");
    let answer =
        get(&context, &format!("/tempo/api/search?q={q}&limit=5&start={}&end={NOW_S}", NOW_S - 600)).await;
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "application/json; charset=UTF-8"));
    let start_ns = NOW_NS - 60 * SECOND_NS;
    let spanset = json!({"spans": [{
        "spanID": "0000000000000002", "name": "query", "startTimeUnixNano": (start_ns + 30 * SECOND_NS).to_string(),
        "durationNanos": "40000000",
        "attributes": [{"key": "status", "value": {"stringValue": "unset"}},
            {"key": "db.system", "value": {"stringValue": "pg"}}],
    }], "matched": 1});
    let found = answer.json();
    let expected = json!([{
        "traceID": ID, "rootServiceName": "shop", "rootTraceName": "GET /",
        "startTimeUnixNano": start_ns.to_string(), "durationMs": 30_040,
        "spanSet": spanset, "spanSets": [spanset],
        "serviceStats": {"db": {"spanCount": 1}, "shop": {"spanCount": 1, "errorCount": 1}},
    }]);
    assert_eq!(found["traces"], expected);
    let metrics = &found["metrics"];
    assert_eq!((&metrics["inspectedTraces"], &metrics["completedJobs"]), (&json!(1), &metrics["totalJobs"]));
    for (parameters, ids) in [
        (String::new(), vec!["1".repeat(32), ID.to_owned()]),
        ("?tags=service.name%3Ddb".to_owned(), vec![ID.to_owned()]),
        ("?tags=name%3Dtick".to_owned(), vec!["1".repeat(32)]),
        ("?minDuration=2ms".to_owned(), vec![ID.to_owned()]),
        ("?maxDuration=1.5ms".to_owned(), vec!["1".repeat(32)]),
        ("?limit=1&q=%7B%7D&spss=0".to_owned(), vec![ID.to_owned()]),
        (format!("?start={}&end={}", NOW_S - 3, NOW_S), vec![]),
    ] {
        let found = get(&context, &format!("/tempo/api/search{parameters}")).await.json();
        let found: Vec<_> = found["traces"]
            .as_array()
            .unwrap()
            .iter()
            .map(|trace| trace["traceID"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(found, ids, "{parameters}");
    }
}

#[tokio::test]
async fn wrong_searches_are_refused_by_name() {
    let context = filled().await;
    for (parameters, words) in [
        ("q=%7B", "parse error"),
        ("q=%7B%7D%20%7C%20rate()", "/api/metrics/query_range"),
        ("q=%7B%7D&tags=a%3Db", "exclude each other"),
        ("tags=a", "expected name=value"),
        ("limit=0", "limit must be"),
        ("limit=x", "limit must be"),
        ("spss=101", "spss is 101, the most is 100"),
        ("minDuration=5", "minDuration"),
        ("start=1&end=1741640400", "max_search_duration (1w)"),
        ("start=yesterday", "could not parse \"start\""),
    ] {
        let answer = get(&context, &format!("/tempo/api/search?{parameters}")).await;
        assert_eq!(answer.status, 400, "{parameters}");
        assert!(answer.text().contains(words), "{parameters}: {}", answer.text());
    }
    assert_eq!(get(&context, "/api/search").await.status, 404, "is Grafana's");
}

#[tokio::test]
async fn tags_and_their_values() {
    let context = filled().await;
    let names = get(&context, "/tempo/api/search/tags").await.json();
    assert_eq!(names["tagNames"], json!(["db.system", "exception.type", "http.status_code", "service.name"]));
    let scoped = get(&context, "/tempo/api/v2/search/tags").await.json();
    let scopes: Vec<_> =
        scoped["scopes"].as_array().unwrap().iter().map(|scope| scope["name"].as_str().unwrap()).collect();
    assert_eq!(scopes, ["resource", "span", "event", "intrinsic"]);
    assert!(scoped["scopes"][3]["tags"].as_array().unwrap().contains(&json!("rootServiceName")));
    let of_span =
        get(&context, "/api/v2/search/tags?scope=span&q=%7Bresource.service.name%3D%22db%22").await.json();
    assert_eq!(of_span["scopes"], json!([{"name": "span", "tags": ["db.system"]}]));
    assert_eq!(get(&context, "/tempo/api/v2/search/tags?scope=x").await.status, 400);
    let typed = |kind: &str, value: &str| json!([{"type": kind, "value": value}]);
    for (name, parameters, expected) in [
        ("span.http.status_code", "", typed("int", "500")),
        ("span.http.status%255Fcode", "", typed("int", "500")),
        ("resource.service.name", "?q=%7Bname%3D%22query%22%7D", typed("string", "db")),
        (".db.system", "", typed("string", "pg")),
        ("rootName", "", json!([{"type": "string", "value": "GET /"}, {"type": "string", "value": "tick"}])),
    ] {
        let values =
            get(&context, &format!("/tempo/api/v2/search/tag/{name}/values{parameters}")).await.json();
        assert_eq!(values["tagValues"], expected, "{name}");
    }
    let values = get(&context, "/tempo/api/search/tag/service.name/values").await.json();
    assert_eq!(values["tagValues"], json!(["db", "shop"]));
    assert_eq!(values["metrics"]["completedJobs"], values["metrics"]["totalJobs"]);
}

#[tokio::test]
async fn probes() {
    let context = context();
    for path in ["/tempo/api/echo", "/api/echo"] {
        let answer = get(&context, path).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "echo"), "{path}");
    }
    let build = get(&context, "/tempo/api/status/buildinfo").await.json();
    assert_eq!(build["version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn series_of_spans() {
    let context = filled().await;
    let q = query("{} | count_over_time() by(resource.service.name)");
    let times = format!("&start={}&end={NOW_S}", NOW_S - 60);
    for prefix in ["/tempo", ""] {
        let answer = get(&context, &format!("{prefix}/api/metrics/query_range?q={q}{times}&step=30s")).await;
        assert_eq!((answer.status, answer.content_type.as_str()), (200, "application/json; charset=UTF-8"));
        let samples = |values: [i64; 3]| {
            let sample = |(at, value): (i64, i64)| json!({"timestampMs": ((NOW_S - 60 + at * 30) * 1000).to_string(), "value": value});
            (0..).zip(values).map(sample).collect::<Vec<_>>()
        };
        let series = |service: &str, values| {
            json!({
                "labels": [{"key": "resource.service.name", "value": {"stringValue": service}}],
                "samples": samples(values),
                "promLabels": format!("{{\"resource.service.name\"=\"{service}\"}}"),
            })
        };
        let found = answer.json();
        assert_eq!(found["series"], json!([series("db", [0, 1, 0]), series("shop", [1, 1, 0])]));
        assert_eq!(
            (&found["status"], &found["metrics"]["inspectedSpans"]),
            (&json!("COMPLETE"), &json!("3"))
        );
    }
    let q = query("{} | quantile_over_time(duration, 0.5)");
    let instant = get(&context, &format!("/tempo/api/metrics/query?q={q}&end={NOW_S}&since=2m")).await.json();
    let labels = json!([{"key": "p", "value": {"doubleValue": 0.5}}]);
    assert_eq!(instant["series"], json!([{"labels": labels, "value": 0.04, "promLabels": "{p=\"0.5\"}"}]));
    let q = query("{ status = error } | rate()");
    let default = get(&context, &format!("/tempo/api/metrics/query_range?q={q}")).await.json();
    assert_eq!(default["series"][0]["promLabels"], "{__name__=\"rate\"}");
    let samples = default["series"][0]["samples"].as_array().unwrap();
    let total: f64 = samples.iter().map(|sample| sample["value"].as_f64().unwrap()).sum();
    assert!((total * 14.0 - 1.0).abs() < 1e-9, "an hour has 258 steps of 14 s, one has a span: {total}");
}

#[tokio::test]
async fn wrong_questions_for_series_are_refused_by_name() {
    let context = filled().await;
    let rate = query("{} | rate()");
    for (parameters, status, words) in [
        (String::new(), 400, "parse error"),
        ("q=%7B%7D".to_owned(), 400, "whose place is /api/search"),
        (format!("q={}", query("{} | compare({ status = error })")), 501, "compare() is not answered yet"),
        (format!("q={rate}&start=9&end=9"), 400, "must lie before end"),
        (format!("q={rate}&start={}&end={NOW_S}", NOW_S - 86_401), 400, "max_metrics_duration (1d)"),
        (format!("q={rate}&step=0"), 400, "step"),
        (format!("q={rate}&step=1ms"), 400, "11,000 points"),
        (format!("q={rate}&since=x"), 400, "since: "),
    ] {
        let answer = get(&context, &format!("/tempo/api/metrics/query_range?{parameters}")).await;
        assert_eq!(answer.status, status, "{parameters}");
        assert!(answer.text().contains(words), "{parameters}: {}", answer.text());
    }
}
