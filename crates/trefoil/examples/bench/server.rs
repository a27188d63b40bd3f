//! The release binary as a process, and its CPU time.

use crate::corpus::Corpus;
use crate::pushes;
use crate::queries::{Form, Query};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Server {
    child: Child,
    dir: tempfile::TempDir,
    url: String,
    http: reqwest::Client,
}

#[derive(Default)]
pub struct Cost {
    pub cpu_seconds: f64,
    /// Of a question that is asked several times: the first time.
    pub first_cpu_seconds: f64,
    pub wall_seconds: f64,
    /// Of a question: what was fetched from the bucket.
    pub fetched_bytes: u64,
    pub answer: String,
}

const CONFIG: &str = "bench.yaml";
/// How often a question is asked when it is warm.
const TIMES: u32 = 5;

impl Server {
    /// On an empty directory; `more` are lines of the configuration.
    pub async fn start(more: &str) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let data = dir.path().join("data");
        std::fs::write(
            dir.path().join(CONFIG),
            format!(
                "server: {{http_listen_address: 127.0.0.1, http_listen_port: {port}, otlp_http_port: 0, otlp_grpc_port: 0, log_level: warn}}\n\
                 common: {{path_prefix: {}}}\n\
                 limits_config: {{ingestion_rate_mb: 10000, ingestion_burst_size_mb: 10000, per_stream_rate_limit: 10GB, per_stream_rate_limit_burst: 10GB, max_global_streams_per_user: 0, max_query_series: 10000}}\n\
                 {more}\n",
                data.display()
            ),
        )?;
        let child = spawn(dir.path())?;
        let server =
            Self { child, dir, url: format!("http://127.0.0.1:{port}"), http: reqwest::Client::new() };
        server.wait_until_ready().await?;
        Ok(server)
    }

    async fn wait_until_ready(&self) -> Result<()> {
        const PAUSE: Duration = Duration::from_millis(1);
        for _ in 0..10_000 {
            if let Ok(answer) = self.http.get(format!("{}/ready", self.url)).send().await
                && answer.status() == 200
            {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!("the server was not ready within 10 s")
    }

    /// Ends the process as an operator does and starts it again: seconds from the start to being ready.
    pub async fn restart(&mut self) -> Result<f64> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        ensure!(self.child.wait()?.success(), "the server did not end well");
        let started = Instant::now();
        self.child = spawn(self.dir.path())?;
        self.wait_until_ready().await?;
        Ok(started.elapsed().as_secs_f64())
    }

    /// Leaves the data where they are: the configuration to start with.
    pub fn keep(&mut self) -> PathBuf {
        self.dir.disable_cleanup(true);
        self.dir.path().join(CONFIG)
    }

    /// CPU seconds of the threads of the process so far. Its time in `stat` counts in hundredths, this in
    /// nanoseconds; but threads that ended are gone.
    fn cpu_seconds(&self) -> Result<f64> {
        let mut spent_ns = 0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            // It may end meanwhile.
            let stat = std::fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
            spent_ns += stat.split(' ').next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0);
        }
        Ok(spent_ns as f64 / 1e9)
    }

    pub fn peak_memory_mb(&self) -> Result<f64> {
        self.memory_mb("VmHWM:")
    }

    pub fn resident_memory_mb(&self) -> Result<f64> {
        self.memory_mb("VmRSS:")
    }

    fn memory_mb(&self, what: &str) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line =
            status.lines().find_map(|line| line.strip_prefix(what)).context("memory of the process")?;
        let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib * 1.024 / 1000.0)
    }

    /// Pushes everything in order of time, as agents would: streams mixed, 1 MiB a push. What is pushed is made before:
    /// agents are other machines, and do not take the server's caches.
    pub async fn push(&self, corpus: &Corpus) -> Result<Cost> {
        let bodies: Vec<_> = pushes::bodies(corpus).collect();
        let (started, cpu) = (Instant::now(), self.cpu_seconds()?);
        for body in bodies {
            let push = self.http.post(format!("{}/loki/api/v1/push", self.url));
            let answer = push.header("content-type", "application/x-protobuf").body(body).send().await?;
            let status = answer.status();
            ensure!(status == 204, "push was answered {status}: {}", answer.text().await?);
        }
        self.cost(started, cpu)
    }

    /// Asks for an operation, such as `flush`, and waits until it is done.
    pub async fn operate(&self, what: &str) -> Result<Cost> {
        let (started, cpu) = (Instant::now(), self.cpu_seconds()?);
        let answer = self.http.post(format!("{}/{what}", self.url)).send().await?;
        ensure!(answer.status() == 204, "{what} was answered {}", answer.status());
        self.cost(started, cpu)
    }

    /// Asks several times and gives the median, once things are warm.
    pub async fn ask(&self, query: &Query, corpus: &Corpus) -> Result<Cost> {
        let first = self.ask_once(query, corpus).await?;
        let mut costs = Vec::new();
        for _ in 0..TIMES {
            costs.push(self.ask_once(query, corpus).await?);
        }
        costs.sort_unstable_by(|one, other| one.cpu_seconds.total_cmp(&other.cpu_seconds));
        let median = costs.swap_remove(costs.len() / 2);
        Ok(Cost { first_cpu_seconds: first.cpu_seconds, ..median })
    }

    /// Asks, and checks the answer.
    pub async fn ask_once(&self, query: &Query, corpus: &Corpus) -> Result<Cost> {
        let (started, cpu) = (Instant::now(), self.cpu_seconds()?);
        let (path, params) = request(query, corpus.span_ns);
        let ask = self.http.get(format!("{}/loki/api/v1/{path}", self.url)).query(&params);
        let answer = ask.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        let cost = self.cost(started, cpu)?;
        ensure!(status == 200, "{status}: {text}");
        let body: Value = serde_json::from_str(&text)?;
        let (answer, total) = describe(&body["data"]["result"]);
        if let Some(expected) = query.expected {
            let name = query.name;
            ensure!(total == expected as f64, "{name}: {answer}, sum {total}, expected {expected}");
        }
        let fetched = body["data"]["stats"]["querier"]["store"]["chunk"]["compressedBytes"].as_u64();
        Ok(Cost { answer, fetched_bytes: fetched.unwrap_or(0), ..cost })
    }

    fn cost(&self, started: Instant, cpu_before: f64) -> Result<Cost> {
        let wall_seconds = started.elapsed().as_secs_f64();
        Ok(Cost { cpu_seconds: self.cpu_seconds()? - cpu_before, wall_seconds, ..Cost::default() })
    }

    /// Number and bytes of all objects in the bucket.
    pub fn stored(&self) -> Result<(u64, u64)> {
        fn walk(dir: &Path) -> std::io::Result<(u64, u64)> {
            let (mut files, mut bytes) = (0, 0);
            for entry in std::fs::read_dir(dir)?.flatten() {
                let metadata = entry.metadata()?;
                let (more, larger) =
                    if metadata.is_dir() { walk(&entry.path())? } else { (1, metadata.len()) };
                (files, bytes) = (files + more, bytes + larger);
            }
            Ok((files, bytes))
        }
        Ok(walk(&self.dir.path().join("data/bucket"))?)
    }
}

fn spawn(dir: &Path) -> Result<Child> {
    let binary =
        std::env::current_exe()?.parent().and_then(Path::parent).context("no target folder")?.join("trefoil");
    let config = format!("-config.file={}", dir.join(CONFIG).display());
    let started = Command::new(&binary).arg(config).stdout(Stdio::null()).spawn();
    started.with_context(|| {
        format!("{} cannot be started; build it with cargo build --release", binary.display())
    })
}

/// Path and parameters. Ranges are asked for as dashboards do: at multiples of the step.
fn request(query: &Query, span_ns: (i64, i64)) -> (&'static str, Vec<(&'static str, String)>) {
    // The last line is in it.
    let (start_ns, end_ns) = (span_ns.0, span_ns.1 + 1_000_000);
    let mut params = vec![("query", query.text.clone()), ("limit", "100".to_owned())];
    let mut range = |start_ns: i64, end_ns: i64| {
        params.extend([("start", start_ns.to_string()), ("end", end_ns.to_string())]);
    };
    let path = match query.form {
        Form::Instant => {
            params.push(("time", end_ns.to_string()));
            "query"
        }
        Form::Lines => {
            range(start_ns, end_ns);
            "query_range"
        }
        Form::Range(step_seconds) => {
            let step_ns = i64::from(step_seconds) * 1_000_000_000;
            let after = |ns: i64| ns.div_euclid(step_ns) * step_ns + step_ns;
            range(after(start_ns), after(end_ns));
            params.push(("step", step_seconds.to_string()));
            "query_range"
        }
    };
    (path, params)
}

/// What an answer is, and its number of lines or the sum of its numbers.
fn describe(result: &Value) -> (String, f64) {
    let rows = result.as_array().map(Vec::as_slice).unwrap_or_default();
    let values = |row: &Value| row["values"].as_array().cloned().unwrap_or_default();
    if rows.first().is_some_and(|row| row.get("stream").is_some()) {
        let lines: usize = rows.iter().map(|row| values(row).len()).sum();
        return (format!("{lines} lines"), lines as f64);
    }
    let number = |point: &Value| point[1].as_str().and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    let numbers = rows.iter().flat_map(|row| match row.get("value") {
        Some(point) => vec![number(point)],
        None => values(row).iter().map(number).collect(),
    });
    let numbers: Vec<f64> = numbers.collect();
    let first = numbers.first().map_or("nothing".to_owned(), f64::to_string);
    (format!("{} series, first number {first}", rows.len()), numbers.iter().sum())
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
