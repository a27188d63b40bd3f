//! The release binary as a process, and its CPU time.

use crate::corpus::Corpus;
use crate::queries::Query;
use anyhow::{Context, Result, bail};
use model::{LabelsRef, RowRef};
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Server {
    child: Child,
    dir: tempfile::TempDir,
    url: String,
    http: reqwest::Client,
}

pub struct Cost {
    pub cpu_seconds: f64,
    pub wall_seconds: f64,
    pub answer: String,
}

const PUSH_BYTES: usize = 1 << 20;

impl Server {
    pub async fn start() -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let config = dir.path().join("bench.yaml");
        std::fs::write(
            &config,
            format!(
                "server: {{http_listen_address: 127.0.0.1, http_listen_port: {port}, otlp_http_port: 0, otlp_grpc_port: 0, log_level: warn}}\n\
                 common: {{path_prefix: {}}}\n\
                 limits_config: {{ingestion_rate_mb: 10000, ingestion_burst_size_mb: 10000, per_stream_rate_limit: 10GB, per_stream_rate_limit_burst: 10GB, max_global_streams_per_user: 0, max_query_series: 10000}}\n",
                dir.path().join("data").display()
            ),
        )?;
        let binary = std::env::current_exe()?
            .parent()
            .and_then(Path::parent)
            .context("no target folder")?
            .join("trefoil");
        let child = Command::new(&binary)
            .arg(format!("-config.file={}", config.display()))
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| {
                format!("{} cannot be started; build it with cargo build --release", binary.display())
            })?;
        let server =
            Self { child, dir, url: format!("http://127.0.0.1:{port}"), http: reqwest::Client::new() };
        for _ in 0..200 {
            if let Ok(answer) = server.http.get(format!("{}/ready", server.url)).send().await
                && answer.status() == 200
            {
                return Ok(server);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the server was not ready within 10 s")
    }

    /// User and system CPU seconds of the process so far.
    fn cpu_seconds(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let after_name = stat.rsplit_once(") ").context("stat of the process")?.1;
        let fields: Vec<&str> = after_name.split(' ').collect();
        let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
        Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
    }

    pub fn peak_memory_mb(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
        let kib: f64 = peak.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib / 1000.0 * 1.024)
    }

    /// Pushes everything in order of time, as agents would: streams mixed, 1 MiB a push.
    pub async fn push(&self, corpus: &Corpus) -> Result<Cost> {
        let mut order: Vec<(i64, usize, usize)> = Vec::with_capacity(corpus.line_count());
        for (stream, lines) in corpus.streams.iter().enumerate() {
            order.extend(lines.lines.iter().enumerate().map(|(line, (ts_ns, _))| (*ts_ns, stream, line)));
        }
        order.sort_unstable();
        let mut bodies = Vec::new();
        let mut from = 0;
        while from < order.len() {
            let mut bytes = 0;
            let mut to = from;
            while to < order.len() && bytes < PUSH_BYTES {
                bytes += corpus.streams[order[to].1].lines[order[to].2].1.len();
                to += 1;
            }
            bodies.push(body(corpus, &order[from..to]));
            from = to;
        }
        let (started, cpu) = (Instant::now(), self.cpu_seconds()?);
        for body in bodies {
            let push = self.http.post(format!("{}/loki/api/v1/push", self.url));
            let answer = push.header("content-type", "application/x-protobuf").body(body).send().await?;
            let status = answer.status();
            if status != 204 {
                bail!("push was answered {status}: {}", answer.text().await?);
            }
        }
        self.cost(started, cpu, String::new())
    }

    pub async fn flush(&self) -> Result<Cost> {
        let (started, cpu) = (Instant::now(), self.cpu_seconds()?);
        let answer = self.http.post(format!("{}/flush", self.url)).send().await?;
        if answer.status() != 204 {
            bail!("flush was answered {}", answer.status());
        }
        self.cost(started, cpu, String::new())
    }

    /// Asks several times; gives the cheapest, once things are warm.
    pub async fn ask(&self, query: &Query) -> Result<Cost> {
        const TIMES: u32 = 5;
        let mut last = self.ask_once(query).await?;
        let (started, cpu) = (Instant::now(), self.cpu_seconds()?);
        for _ in 0..TIMES {
            last = self.ask_once(query).await?;
        }
        let cost = self.cost(started, cpu, last)?;
        Ok(Cost {
            cpu_seconds: cost.cpu_seconds / f64::from(TIMES),
            wall_seconds: cost.wall_seconds / f64::from(TIMES),
            answer: cost.answer,
        })
    }

    async fn ask_once(&self, query: &Query) -> Result<String> {
        let is_lines = query.text.starts_with('{');
        let mut params = vec![("query", query.text.clone()), ("limit", query.limit.to_string())];
        let path = if is_lines || query.text.contains("[1h]") {
            params.push(("start", query.start_ns.to_string()));
            params.push(("end", query.end_ns.to_string()));
            params.push(("step", "3600".to_owned()));
            "query_range"
        } else {
            params.push(("time", query.end_ns.to_string()));
            "query"
        };
        let ask = self.http.get(format!("{}/loki/api/v1/{path}", self.url)).query(&params);
        let answer = ask.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        if status != 200 {
            bail!("{status}: {text}");
        }
        let body: Value = serde_json::from_str(&text)?;
        Ok(describe(&body["data"]["result"]))
    }

    fn cost(&self, started: Instant, cpu_before: f64, answer: String) -> Result<Cost> {
        let wall_seconds = started.elapsed().as_secs_f64();
        Ok(Cost { cpu_seconds: self.cpu_seconds()? - cpu_before, wall_seconds, answer })
    }

    /// Bytes of all files that are not the log.
    pub fn stored_bytes(&self) -> Result<u64> {
        fn walk(dir: &Path) -> std::io::Result<u64> {
            let mut bytes = 0;
            for entry in std::fs::read_dir(dir)?.flatten() {
                let metadata = entry.metadata()?;
                bytes += if metadata.is_dir() { walk(&entry.path())? } else { metadata.len() };
            }
            Ok(bytes)
        }
        Ok(walk(&self.dir.path().join("data/bucket"))?)
    }
}

/// The number of lines or series, and the first number where there is one.
fn describe(result: &Value) -> String {
    let rows = result.as_array().map_or(0, Vec::len);
    match &result[0] {
        Value::Object(row) if row.contains_key("stream") => {
            let lines: usize = result
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|s| s["values"].as_array())
                .map(Vec::len)
                .sum();
            format!("{lines} lines")
        }
        row => match row["value"][1].as_str() {
            Some(value) => format!("{rows} series, first {value}"),
            None => format!("{rows} series"),
        },
    }
}

fn body(corpus: &Corpus, rows: &[(i64, usize, usize)]) -> Vec<u8> {
    let mut streams: std::collections::BTreeMap<usize, Vec<RowRef<'_>>> = std::collections::BTreeMap::new();
    for (ts_ns, stream, line) in rows {
        let text = &corpus.streams[*stream].lines[*line].1;
        streams.entry(*stream).or_default().push(RowRef {
            ts_ns: *ts_ns,
            body: text,
            metadata: LabelsRef::EMPTY,
        });
    }
    let streams: Vec<_> =
        streams.into_iter().map(|(stream, lines)| (corpus.streams[stream].labels.as_ref(), lines)).collect();
    wire::loki::encode::push_body(&streams)
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
