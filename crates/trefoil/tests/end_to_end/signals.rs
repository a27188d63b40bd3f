//! A program with the OpenTelemetry SDK (`tests/clients/signals.py`) sends traces, metrics and logs; all three are
//! found by the trace's id or the service, each in its own API, from memory and from blocks.

use crate::server::Server;
use serde_json::{Value, json};
use std::process::Command;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/clients/signals.py");

/// Runs the program; gives the trace's id.
fn send(protocol: &str, url: &str, service: &str) -> Option<String> {
    let Some(python) = std::env::var_os("TREFOIL_TEST_PYTHON") else {
        eprintln!("skipped: TREFOIL_TEST_PYTHON is not set (see .ci/clients)");
        return None;
    };
    let done = Command::new(python).arg(SCRIPT).args([protocol, url, service]).output().unwrap();
    assert!(done.status.success(), "{protocol}: {}", String::from_utf8_lossy(&done.stderr));
    Some(String::from_utf8(done.stdout).unwrap().trim().to_owned())
}

/// An answer of Tempo's API, which has no envelope.
async fn tempo(server: &Server, path: &str, params: &[(&str, &str)]) -> Value {
    let request = reqwest::Client::new().get(format!("{}/tempo/api{path}", server.url())).query(params);
    let answer = request.send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(status, 200, "{path} {params:?}: {text}");
    serde_json::from_str(&text).unwrap()
}

async fn check_logs(server: &Server, trace: &str, service: &str) {
    let query = format!("{{service_name=\"{service}\"}} | trace_id=\"{trace}\"");
    let data = server.get("/loki/api/v1/query_range", &[("query", &query)]).await;
    let [stream] = data["result"].as_array().unwrap().as_slice() else { panic!("{data}") };
    assert_eq!(stream["values"][0][1], "payment of order 17 refused");
}

async fn check_metrics(server: &Server, service: &str) {
    let query = format!("orders_total{{job=\"{service}\"}}");
    let data = server.get("/prometheus/api/v1/query", &[("query", &query)]).await;
    let [sample] = data["result"].as_array().unwrap().as_slice() else { panic!("{data}") };
    assert_eq!((&sample["metric"]["outcome"], &sample["value"][1]), (&json!("refused"), &json!("3")));
}

async fn check_trace(server: &Server, trace: &str, service: &str) {
    let whole = tempo(server, &format!("/v2/traces/{trace}"), &[]).await;
    let [resource] = whole["trace"]["resourceSpans"].as_array().unwrap().as_slice() else {
        panic!("{whole}")
    };
    let expected = json!([
        {"key": "deployment.environment.name", "value": {"stringValue": "test"}},
        {"key": "service.name", "value": {"stringValue": service}},
    ]);
    assert_eq!(resource["resource"]["attributes"], expected);
    let [scope] = resource["scopeSpans"].as_array().unwrap().as_slice() else { panic!("{whole}") };
    let lib = json!([{"key": "lib", "value": {"stringValue": "orders"}}]);
    assert_eq!(scope["scope"], json!({"name": "shop", "version": "1.2.3", "attributes": lib}));
    let [root, child] = scope["spans"].as_array().unwrap().as_slice() else { panic!("{whole}") };
    assert_eq!((&root["name"], &root["kind"]), (&json!("POST /order"), &json!("SPAN_KIND_SERVER")));
    assert_eq!(child["parentSpanId"], root["spanId"]);
    let items = json!({"arrayValue": {"values": [{"stringValue": "book"}, {"stringValue": "pen"}]}});
    let attributes = json!([
        {"key": "amount", "value": {"doubleValue": 12.5}},
        {"key": "items", "value": items},
        {"key": "retries", "value": {"intValue": "2"}},
    ]);
    assert_eq!(child["attributes"], attributes);
    assert_eq!(child["status"], json!({"message": "card refused", "code": "STATUS_CODE_ERROR"}));
    assert_eq!(child["events"][0]["name"], "exception");
}

async fn check_search(server: &Server, trace: &str, service: &str) {
    let query = format!(
        "{{ resource.service.name = \"{service}\" && name = \"POST /order\" }} > \
         {{ status = error && span.items = \"pen\" && event.exception.message =~ \"card.*\" }}"
    );
    let found = tempo(server, "/search", &[("q", &query)]).await;
    let [found] = found["traces"].as_array().unwrap().as_slice() else { panic!("{found}") };
    assert_eq!((&found["traceID"], &found["rootServiceName"]), (&json!(trace), &json!(service)));
    assert_eq!(found["spanSets"][0]["spans"][0]["name"], "pay");
    let values = tempo(server, "/v2/search/tag/span.amount/values", &[]).await;
    assert_eq!(values["tagValues"], json!([{"type": "float", "value": "12.5"}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_program_three_signals() {
    let mut server = Server::new("");
    let doors = [
        ("http", format!("http://127.0.0.1:{}", server.otlp_http_port), "by-http"),
        ("grpc", format!("http://127.0.0.1:{}", server.otlp_grpc_port), "by-grpc"),
    ];
    server.start().await;
    let mut sent = Vec::new();
    for (protocol, url, service) in &doors {
        let Some(trace) = send(protocol, url, service) else { return };
        sent.push((trace, *service));
    }
    for flushed in [false, true] {
        if flushed {
            let answer = reqwest::Client::new().post(format!("{}/flush", server.url())).send().await.unwrap();
            assert_eq!(answer.status(), 204);
        }
        for (trace, service) in &sent {
            check_logs(&server, trace, service).await;
            check_metrics(&server, service).await;
            check_trace(&server, trace, service).await;
            check_search(&server, trace, service).await;
        }
    }
}
