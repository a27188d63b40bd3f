//! Spans of traces: OTLP in JSON, read trace by trace. A writer's rows are grouped into traces by their numbers;
//! the name of a span tells its row.

use crate::rows::{Request, Row, Traffic, row_of, words};
use crate::server::Server;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// Rows of a writer in one trace.
const TRACE: u64 = 500;

#[derive(Clone, Copy)]
pub struct Spans;

impl Traffic for Spans {
    fn push(self, rows: &[Row], begin_ns: i64) -> Request {
        let resources = rows.iter().map(|row| {
            let service =
                json!({"key": "service.name", "value": {"stringValue": format!("crash-{}", row.stream())}});
            let start_ns = row.ts_ns(begin_ns);
            let span = json!({
                "traceId": trace_id(*row),
                "spanId": format!("{:016x}", row.number + 1),
                "name": words(*row),
                "kind": 2,
                "startTimeUnixNano": start_ns.to_string(),
                "endTimeUnixNano": (start_ns + 1000).to_string(),
            });
            json!({"resource": {"attributes": [service]}, "scopeSpans": [{"spans": [span]}]})
        });
        let body = json!({ "resourceSpans": resources.collect::<Vec<_>>() });
        let headers = &[("content-type", "application/json")];
        Request { path: "/otlp/v1/traces", headers, body: body.to_string().into_bytes() }
    }

    async fn find(self, server: &Server, sought: &BTreeSet<Row>, _: i64) -> HashMap<Row, u32> {
        let mut found = HashMap::new();
        for id in sought.iter().map(|row| trace_id(*row)).collect::<BTreeSet<_>>() {
            let trace = server.ask(&format!("/tempo/api/traces/{id}"), &[]).await.unwrap_or_default();
            for name in names(&trace) {
                *found.entry(row_of(name)).or_insert(0) += 1;
            }
        }
        found
    }
}

fn trace_id(row: Row) -> String {
    format!("{:016x}{:016x}", row.writer + 1, row.number / TRACE + 1)
}

/// Names of all spans.
fn names(trace: &Value) -> Vec<&str> {
    let scopes = list(&trace["batches"]).iter().flat_map(|batch| list(&batch["scopeSpans"]));
    scopes.flat_map(|scope| list(&scope["spans"])).map(|span| span["name"].as_str().unwrap()).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
