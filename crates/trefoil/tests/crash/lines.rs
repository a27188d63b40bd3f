//! Log lines: Loki's push in JSON, read stream by stream in pages.

use crate::rows::{Request, Row, Traffic, row_of, streams, words};
use crate::server::Server;
use base::unit::HOUR_NS;
use serde_json::json;
use std::collections::{BTreeSet, HashMap, HashSet};

const PAGE: usize = 5000;

#[derive(Clone, Copy)]
pub struct Lines;

impl Traffic for Lines {
    fn push(self, rows: &[Row], begin_ns: i64) -> Request {
        let streams = rows.iter().map(|row| {
            let labels =
                json!({"app": "crash", "writer": row.writer.to_string(), "stream": row.stream().to_string()});
            let text = format!("line {} with some words to fill it, level=info", words(*row));
            json!({"stream": labels, "values": [[row.ts_ns(begin_ns).to_string(), text]]})
        });
        let body = json!({ "streams": streams.collect::<Vec<_>>() });
        let headers = &[("content-type", "application/json")];
        Request { path: "/loki/api/v1/push", headers, body: body.to_string().into_bytes() }
    }

    async fn find(self, server: &Server, sought: &BTreeSet<Row>, begin_ns: i64) -> HashMap<Row, u32> {
        let mut found = HashMap::new();
        for (writer, stream) in streams(sought) {
            let query = format!("{{app=\"crash\",writer=\"{writer}\",stream=\"{stream}\"}}");
            let (mut start_ns, end_ns) = (begin_ns, begin_ns + 3 * HOUR_NS);
            // Rows of the last time of a page come again on the next one.
            let mut on_edge = HashSet::new();
            loop {
                let page = page(server, &query, start_ns, end_ns).await;
                let last_ns = page.iter().map(|(ts_ns, _)| *ts_ns).max();
                for (_, row) in page.iter().filter(|(_, row)| !on_edge.contains(row)) {
                    *found.entry(*row).or_insert(0) += 1;
                }
                let full = page.len() >= PAGE;
                match last_ns {
                    Some(last_ns) if full => {
                        start_ns = last_ns;
                        on_edge =
                            page.into_iter().filter(|(ts, _)| *ts == last_ns).map(|(_, row)| row).collect();
                    }
                    _ => break,
                }
            }
        }
        found
    }
}

/// The oldest lines, with their times.
async fn page(server: &Server, query: &str, start_ns: i64, end_ns: i64) -> Vec<(i64, Row)> {
    let params = [
        ("query", query.to_owned()),
        ("start", start_ns.to_string()),
        ("end", end_ns.to_string()),
        ("limit", PAGE.to_string()),
        ("direction", "forward".to_owned()),
    ];
    let answer = server.ask("/loki/api/v1/query_range", &params).await.unwrap();
    let streams = answer["data"]["result"].as_array().unwrap();
    let values = streams.iter().flat_map(|stream| stream["values"].as_array().unwrap());
    let rows = values.map(|value| {
        let text = value[1].as_str().unwrap().split(' ').nth(1).unwrap();
        (value[0].as_str().unwrap().parse().unwrap(), row_of(text))
    });
    rows.collect()
}
