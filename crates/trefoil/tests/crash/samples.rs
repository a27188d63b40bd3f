//! Samples of metrics: Prometheus' remote write 1.0, read series by series as they are stored. The value of a
//! sample is the number of its row.

use crate::rows::{Request, Row, Traffic, streams};
use crate::server::Server;
use base::unit::{HOUR_NS, SECOND_NS};
use std::collections::{BTreeSet, HashMap};
use wire::protobuf::{put_bytes, put_varint};

#[derive(Clone, Copy)]
pub struct Samples;

impl Traffic for Samples {
    fn push(self, rows: &[Row], begin_ns: i64) -> Request {
        let mut message = Vec::new();
        for row in rows {
            put_bytes(&mut message, 1, &series(*row, begin_ns));
        }
        let headers = &[
            ("content-type", "application/x-protobuf"),
            ("content-encoding", "snappy"),
            ("x-prometheus-remote-write-version", "0.1.0"),
        ];
        let body = snap::raw::Encoder::new().compress_vec(&message).unwrap();
        Request { path: "/api/v1/push", headers, body }
    }

    async fn find(self, server: &Server, sought: &BTreeSet<Row>, begin_ns: i64) -> HashMap<Row, u32> {
        let mut found = HashMap::new();
        for (writer, stream) in streams(sought) {
            let query = format!("crash_rows{{writer=\"{writer}\",stream=\"{stream}\"}}[4h]");
            let end_s = (begin_ns + 3 * HOUR_NS) / SECOND_NS;
            let params = [("query", query), ("time", end_s.to_string())];
            let answer = server.ask("/prometheus/api/v1/query", &params).await.unwrap();
            let series = answer["data"]["result"].as_array().unwrap();
            for value in series.iter().flat_map(|series| series["values"].as_array().unwrap()) {
                let row = Row { writer, number: value[1].as_str().unwrap().parse().unwrap() };
                *found.entry(row).or_insert(0) += 1;
            }
        }
        found
    }
}

/// `prometheus.TimeSeries` with one sample.
fn series(row: Row, begin_ns: i64) -> Vec<u8> {
    let (writer, stream) = (row.writer.to_string(), row.stream().to_string());
    let mut out = Vec::new();
    for (name, value) in [("__name__", "crash_rows"), ("stream", &stream), ("writer", &writer)] {
        let mut label = Vec::new();
        put_bytes(&mut label, 1, name.as_bytes());
        put_bytes(&mut label, 2, value.as_bytes());
        put_bytes(&mut out, 1, &label);
    }
    // A double is field 1 with wire type 1.
    let mut sample = vec![1 << 3 | 1];
    sample.extend((row.number as f64).to_le_bytes());
    put_varint(&mut sample, 2, (row.ts_ns(begin_ns) / 1_000_000) as u64);
    put_bytes(&mut out, 2, &sample);
    out
}
