//! How fast bodies of pushes become batches, in nanoseconds per byte of log text (the same number as
//! CPU-seconds per GB), by kind of line and format:
//!
//! ```text
//! cargo run --release -p api --example push_rate
//! ```

use api::admit::KnownStreams;
use api::push::{Encoded, Format, Job, prepare};
use model::{Labels, LabelsRef, Limits, RowRef, Tenant};
use std::sync::Arc;
use std::time::Instant;
use wire::decompress::Encoding;
use wire::json_text::put_plain_string;

const NOW_NS: i64 = 1_741_640_400_000_000_000;
const LINES: usize = 20_000;
const ROUNDS: usize = 7;

fn main() {
    type Line = fn(usize) -> String;
    let kinds: [(&str, Line); 3] = [
        ("plain", |n| {
            let (hour, second) = (n / 3600 % 24, n % 60);
            format!(
                "10.0.3.{} - - [10/Mar/2025:{hour:02}:07:{second:02} +0000] \"GET /api/v1/users/{n} HTTP/1.1\" 200 {} \"-\" \"curl/8.5.0\"",
                n % 250,
                n * 37 % 9999
            )
        }),
        ("logfmt", |n| {
            format!(
                "ts=2025-03-10T21:00:{:02}Z caller=main.go:{} method=GET path=\"/api/v1/users/{n}\" status=200 duration={}ms msg=\"request handled\" level=info",
                n % 60,
                n % 300,
                n % 977
            )
        }),
        ("json", |n| {
            format!(
                "{{\"ts\":\"2025-03-10T21:00:{:02}Z\",\"msg\":\"request {n} handled\",\"request\":{{\"method\":\"GET\",\"path\":\"/users/{n}\"}},\"status\":200,\"level\":\"info\"}}",
                n % 60
            )
        }),
    ];
    for (kind, line) in kinds {
        let lines: Vec<String> = (0..LINES).map(line).collect();
        for (name, format, body) in [
            ("snappy protobuf", plain(Encoded::LokiProto), snappy_protobuf(&lines)),
            ("JSON", plain(Encoded::LokiJson), json(&lines)),
            (
                "gzip JSON",
                Format { compression: Some(Encoding::Gzip), ..plain(Encoded::LokiJson) },
                gzip(&json(&lines)),
            ),
        ] {
            measure(kind, name, format, body, &lines);
        }
    }
}

fn plain(encoded: Encoded) -> Format {
    Format { compression: None, encoded }
}

fn measure(kind: &str, name: &str, format: Format, body: Vec<u8>, lines: &[String]) {
    let job = Job {
        format,
        body: body.into(),
        tenant: Tenant::single(),
        limits: Arc::new(Limits::default()),
        streams: KnownStreams::default(),
        received_ns: NOW_NS,
        decompressed_bytes_max: 1 << 30,
    };
    let mut best_ns = u128::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        match prepare(&job) {
            Ok(admitted) => assert_eq!(admitted.batch.row_count(), LINES as u64),
            Err(failure) => panic!("{}", String::from_utf8_lossy(&failure.text)),
        }
        best_ns = best_ns.min(start.elapsed().as_nanos());
    }
    let text_bytes: usize = lines.iter().map(String::len).sum();
    println!("{kind:8} {name:16} {:.2} ns/byte", best_ns as f64 / text_bytes as f64);
}

fn snappy_protobuf(lines: &[String]) -> Vec<u8> {
    let labels = Labels::from_pairs([("app", "shop"), ("env", "prod"), ("pod", "shop-7d4b9c")]);
    let rows = lines.iter().zip(NOW_NS..).map(|(line, ts_ns)| RowRef {
        ts_ns,
        body: line.as_bytes(),
        metadata: LabelsRef::EMPTY,
    });
    wire::loki::encode::push_body(&[(labels.as_ref(), rows.collect())])
}

fn json(lines: &[String]) -> Vec<u8> {
    let mut out = br#"{"streams":[{"stream":{"app":"shop","env":"prod"},"values":["#.to_vec();
    for (line, ts_ns) in lines.iter().zip(NOW_NS..) {
        if ts_ns > NOW_NS {
            out.push(b',');
        }
        out.extend_from_slice(format!("[\"{ts_ns}\",").as_bytes());
        put_plain_string(&mut out, line.as_bytes());
        out.push(b']');
    }
    out.extend_from_slice(b"]}]}");
    out
}

fn gzip(body: &[u8]) -> Vec<u8> {
    use std::io::Read as _;
    let mut out = Vec::new();
    let read = flate2::read::GzEncoder::new(body, flate2::Compression::default()).read_to_end(&mut out);
    assert!(read.is_ok());
    out
}
