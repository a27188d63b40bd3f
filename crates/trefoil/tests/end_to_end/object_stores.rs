//! S3 and Azure Blob Storage as the only place where lines are: the machine and its disk are lost.

use crate::server::Server;
use serde_json::{Value, json};
use std::path::Path;

/// Access to the servers that `.ci/servers` starts; no secrets.
const BUCKET: &str = "trefoil-test";
const S3: &str = "access_key_id: trefoil, secret_access_key: trefoil-secret, s3forcepathstyle: true";
const AZURE: &str = "AccountName=devstoreaccount1;\
    AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

fn server_of(variable: &str) -> Option<String> {
    let address = std::env::var(variable).ok().filter(|address| !address.is_empty());
    if address.is_none() {
        eprintln!("skipped: {variable} is not set (see .ci/servers)");
    }
    address
}

#[tokio::test]
async fn every_line_outlives_the_machine_in_s3() {
    let Some(endpoint) = server_of("TREFOIL_TEST_S3_ENDPOINT") else { return };
    let s3 = format!("storage: {{s3: {{endpoint: '{endpoint}', bucketnames: {BUCKET}, {S3}}}}}");
    outlives_the_machine(Server::new(&s3)).await;
}

#[tokio::test]
async fn every_line_outlives_the_machine_in_azure() {
    let Some(endpoint) = server_of("TREFOIL_TEST_AZURITE_ENDPOINT") else { return };
    let connection = format!("{AZURE};BlobEndpoint={endpoint};");
    let azure =
        format!("storage: {{azure: {{connection_string: '{connection}', container_name: {BUCKET}}}}}");
    outlives_the_machine(Server::new(&azure)).await;
}

async fn outlives_the_machine(mut server: Server) {
    // The bucket may hold other runs' lines.
    let run = base::Clock::System.now_ns().to_string();
    let streams: Vec<Stream> = ["web", "db", "odd"].into_iter().map(|app| Stream::make(app, &run)).collect();
    server.start().await;
    for stream in &streams {
        server.push(&stream.body()).await;
    }
    server.flush().await;
    server.kill();
    std::fs::remove_dir_all(server.data()).unwrap();

    server.start().await;
    let from_bucket = moved_by(&server, &streams).await;
    assert!(from_bucket.moved_bytes > 0.0 && from_bucket.cache_misses > 0.0, "{from_bucket:?}");
    let from_cache = moved_by(&server, &streams).await;
    assert_eq!(from_cache.moved_bytes, 0.0, "the second time everything is in the cache: {from_cache:?}");
    server.kill();

    // The cache outlives a crash, but nothing depends on it.
    server.start().await;
    let after_crash = moved_by(&server, &streams).await;
    assert_eq!(after_crash.cache_misses, 0.0, "a kill leaves the cache: {after_crash:?}");
    server.kill();
    let spoiled = spoil(&server.data().join("cache"));
    assert!(spoiled > 0, "there are files in the cache");
    server.start().await;
    let after_spoiling = moved_by(&server, &streams).await;
    assert!(after_spoiling.moved_bytes > 0.0, "spoiled pages are fetched again: {after_spoiling:?}");
    server.kill();
    std::fs::remove_dir_all(server.data().join("cache")).unwrap();
    server.start().await;
    let after_loss = moved_by(&server, &streams).await;
    assert!(after_loss.cache_misses > 0.0, "a lost cache is filled again: {after_loss:?}");
    let refilled = moved_by(&server, &streams).await;
    assert_eq!(refilled.moved_bytes, 0.0, "{refilled:?}");
}

/// What reading everything once took.
#[derive(Debug)]
struct Moved {
    moved_bytes: f64,
    cache_misses: f64,
}

async fn moved_by(server: &Server, streams: &[Stream]) -> Moved {
    let count = async || Moved {
        moved_bytes: server.metric("trefoil_bucket_moved_bytes_total", "operation=\"get_range\"").await,
        cache_misses: server.metric("trefoil_bucket_cache_misses_total", "").await,
    };
    let before = count().await;
    for stream in streams {
        assert!(stream.read(server).await == stream.rows, "{} differs from what was pushed", stream.app);
    }
    let after = count().await;
    Moved {
        moved_bytes: after.moved_bytes - before.moved_bytes,
        cache_misses: after.cache_misses - before.cache_misses,
    }
}

/// Turns a byte in the middle of every file below `dir`; gives their number.
fn spoil(dir: &Path) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += spoil(&path);
        } else if let Ok(mut bytes) = std::fs::read(&path)
            && !bytes.is_empty()
        {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0xff;
            std::fs::write(&path, bytes).unwrap();
            files += 1;
        }
    }
    files
}

/// Lines of a stream, oldest first: time, text, metadata.
struct Stream {
    app: &'static str,
    run: String,
    rows: Vec<(i64, String, Value)>,
}

const ROWS: usize = 1500;

impl Stream {
    fn make(app: &'static str, run: &str) -> Self {
        let first_ns = run.parse::<i64>().unwrap() - 60 * base::unit::SECOND_NS;
        let rows = (0..ROWS).map(|n| {
            let ts_ns = first_ns + n as i64 / 3 * 1000;
            let metadata = if n % 4 == 0 { json!({ "trace_id": format!("{n:032x}") }) } else { json!({}) };
            (ts_ns, text(app, n), metadata)
        });
        Self { app, run: run.to_owned(), rows: rows.collect() }
    }

    fn body(&self) -> Value {
        let values: Vec<Value> =
            self.rows.iter().map(|(ts, text, metadata)| json!([ts.to_string(), text, metadata])).collect();
        json!({ "streams": [{ "stream": { "app": self.app, "run": self.run }, "values": values }] })
    }

    async fn read(&self, server: &Server) -> Vec<(i64, String, Value)> {
        let query = format!("{{app=\"{}\",run=\"{}\"}} | drop detected_level", self.app, self.run);
        let (start, end) = (self.rows[0].0, self.rows[ROWS - 1].0 + 1);
        let params = [
            ("query", query.as_str()),
            ("start", &start.to_string()),
            ("end", &end.to_string()),
            ("limit", "5000"),
            ("direction", "forward"),
        ];
        let data = server.get("/loki/api/v1/query_range", &params).await;
        let result = data["result"].as_array().unwrap();
        let values = result.iter().flat_map(|stream| stream["values"].as_array().unwrap());
        let mut rows: Vec<(i64, String, Value)> = values
            .map(|value| {
                let metadata = value[2].get("structuredMetadata").cloned().unwrap_or_else(|| json!({}));
                (value[0].as_str().unwrap().parse().unwrap(), value[1].as_str().unwrap().to_owned(), metadata)
            })
            .collect();
        rows.sort_by_key(|(ts, text, _)| (*ts, self.place(text)));
        rows
    }

    /// Where a line of this stream was pushed; lines of a time may be answered in several groups.
    fn place(&self, text: &str) -> Option<usize> {
        self.rows.iter().position(|row| row.1 == text)
    }
}

/// Texts that differ, among them some that are hard to keep.
fn text(app: &str, n: usize) -> String {
    match (app, n % 7) {
        ("odd", 0) => format!("{n}\t\"quoted\" \\ \u{1}\u{7f} naïve 日本語 🦀 \u{fffd}"),
        ("odd", 1) => format!("{n}{}", " ".repeat(n)),
        ("odd", 2) => format!("\r\n{n}\r\nsecond line\n"),
        ("odd", 3) => format!("{n:x}").repeat(700),
        ("db", _) => format!("{{\"level\":\"info\",\"n\":{n},\"took\":\"{}.{:03}s\"}}", n % 5, n * 37 % 1000),
        _ => format!("10.0.{}.{} - - \"GET /item/{n} HTTP/1.1\" 200 {}", n % 9, n % 200, n * 7919 % 50_000),
    }
}
