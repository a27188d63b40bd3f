//! Clients that others wrote, in Python (`tests/clients`): what they send is found as Loki would have
//! it, and they read what the server sends.

use crate::server::Server;
use serde_json::{Map, Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/clients/clients.py");

/// The command that runs the clients, if they are installed here.
fn client() -> Option<Command> {
    let Some(python) = std::env::var_os("TREFOIL_TEST_PYTHON") else {
        eprintln!("skipped: TREFOIL_TEST_PYTHON is not set (see .ci/clients)");
        return None;
    };
    let mut command = Command::new(python);
    command.arg(SCRIPT);
    Some(command)
}

fn run(mut command: Command, args: &[&str]) {
    let done = command.args(args).output().unwrap();
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Rows of the last hour that `query` finds, oldest first: labels, line, metadata.
async fn rows(server: &Server, query: &str) -> Vec<(Value, String, Map<String, Value>)> {
    let params = [("query", query), ("limit", "1000"), ("direction", "forward")];
    let data = server.get("/loki/api/v1/query_range", &params).await;
    let mut found = Vec::new();
    for stream in data["result"].as_array().unwrap() {
        for value in stream["values"].as_array().unwrap() {
            let metadata = value[2]["structuredMetadata"].as_object().cloned().unwrap_or_default();
            let ts_ns = value[0].as_str().unwrap().parse::<i64>().unwrap();
            found.push((ts_ns, stream["stream"].clone(), value[1].as_str().unwrap().to_owned(), metadata));
        }
    }
    found.sort_by_key(|row| row.0);
    found.into_iter().map(|(_, labels, line, metadata)| (labels, line, metadata)).collect()
}

/// What the SDK's four records become: line, level, severity text and number, scope.
const RECORDS: [(&str, &str, &str, &str); 4] = [
    ("payment of order 17 refused", "error", "ERROR", "17"),
    ("stock is low: naïve 日本語", "warn", "WARN", "13"),
    ("paid", "info", "INFO", "9"),
    ("cache miss", "debug", "DEBUG", "5"),
];

#[tokio::test(flavor = "multi_thread")]
async fn opentelemetry_sdk_over_every_door() {
    let mut server = Server::new("");
    let doors = [
        ("otlp-http", format!("{}/otlp/v1/logs", server.url()), "main-port"),
        ("otlp-http", format!("http://127.0.0.1:{}/v1/logs", server.otlp_http_port), "http-port"),
        ("otlp-grpc", format!("http://127.0.0.1:{}", server.otlp_grpc_port), "grpc-port"),
    ];
    if client().is_none() {
        return;
    }
    server.start().await;
    for (protocol, address, service) in &doors {
        run(client().unwrap(), &[protocol, address, service]);
        let found = rows(&server, &format!("{{service_name=\"{service}\"}}")).await;
        let labels = json!({
            "service_name": service,
            "service_namespace": "shop",
            "deployment_environment_name": "test",
        });
        assert_eq!(found.len(), RECORDS.len(), "{found:?}");
        for ((found_labels, line, metadata), record) in found.into_iter().zip(RECORDS) {
            assert_eq!((found_labels, line.as_str()), (labels.clone(), record.0), "{service}");
            assert_eq!(without_sources(metadata), expected_metadata(record, service), "{service}");
        }
        let of_trace = rows(
            &server,
            &format!("{{service_name=\"{service}\"}} | order_id=\"17\" | detected_level=\"error\""),
        )
        .await;
        assert_eq!(of_trace.len(), 1);
    }
}

fn expected_metadata((_, level, severity, number): (&str, &str, &str, &str), service: &str) -> Value {
    let mut expected = json!({
        "detected_level": level,
        "severity_text": severity,
        "severity_number": number,
        "scope_name": format!("shop.{service}"),
        "host_name": "machine-7",
        "process_pid": "4711",
    });
    if level == "error" {
        let more = json!({
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
            "span_id": "b7ad6b7169203331",
            "flags": "1",
            "order_id": "17",
            "retry": "false",
        });
        expected.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    }
    expected
}

/// Leaves out what depends on the machine and the moment, and checks that it is there.
fn without_sources(mut metadata: Map<String, Value>) -> Value {
    for name in ["observed_timestamp", "code_file_path", "code_function_name", "code_line_number"] {
        assert!(metadata.remove(name).is_some(), "{name} is missing");
    }
    Value::Object(metadata)
}

#[tokio::test(flavor = "multi_thread")]
async fn json_and_protobuf_pushes() {
    if client().is_none() {
        return;
    }
    let mut server = Server::new("");
    server.start().await;
    for format in ["json-gzip", "snappy"] {
        run(client().unwrap(), &[format, &server.url(), format]);
        let found = rows(&server, &format!("{{app=\"{format}\"}}")).await;
        let expected = (0..100).map(|n| {
            let metadata = json!({ "trace_id": format!("t{n}"), "detected_level": "warn" });
            let labels = json!({ "app": format, "service_name": format });
            (labels, format!("line {n} level=warn ünï 🦀"), metadata.as_object().unwrap().clone())
        });
        assert_eq!(found, expected.collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tail_over_a_websocket() {
    let Some(mut command) = client() else { return };
    let mut server = Server::new("");
    server.start().await;
    let address = server.url().replace("http", "ws");
    let mut tail = command
        .args(["tail", &address, "{app=\"shop\"} |= \"order\"", "3"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(tail.stdout.take().unwrap()).lines();
    assert_eq!(printed.next().unwrap().unwrap(), "listening");
    let now_ns = base::Clock::System.now_ns();
    let texts = ["order 1", "nothing", "order 2", "order 3"];
    let values: Vec<Value> =
        texts.iter().zip(now_ns..).map(|(text, ts)| json!([ts.to_string(), text])).collect();
    server.push(&json!({ "streams": [{ "stream": { "app": "shop" }, "values": values }] })).await;
    for (text, ts) in [("order 1", now_ns), ("order 2", now_ns + 2), ("order 3", now_ns + 3)] {
        let row: Value = serde_json::from_str(&printed.next().unwrap().unwrap()).unwrap();
        let labels = json!({ "app": "shop", "service_name": "shop", "detected_level": "unknown" });
        assert_eq!(row, json!({ "labels": labels, "ts": ts.to_string(), "line": text }));
    }
    assert!(tail.wait().unwrap().success());
}
