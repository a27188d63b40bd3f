//! Prometheus itself (the program `prometheus` on the PATH, see `.ci/servers`) scrapes itself and us and writes to us what
//! it scraped. Then both know the same samples, and must answer the same questions with the same numbers. And the SDK of
//! OpenTelemetry (see `.ci/clients`) exports metrics to us.

use crate::server::Server;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Seconds of samples that are asked for.
const ASKED_SECONDS: u64 = 15;

/// Longest wait for anything of Prometheus.
const PATIENCE: Duration = Duration::from_secs(60);

struct Prometheus {
    dir: tempfile::TempDir,
    url: String,
    child: Child,
}

impl Prometheus {
    /// Starts it if it is installed; its writes go to `server`.
    fn start(server: &Server) -> Option<Self> {
        let Some(program) = program() else {
            eprintln!("skipped: there is no program prometheus on the PATH (see .ci/servers)");
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = format!(
            "global: {{scrape_interval: 1s}}\n\
             scrape_configs:\n\
             - {{job_name: prometheus, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}\n\
             - {{job_name: trefoil, static_configs: [{{targets: ['127.0.0.1:{}']}}]}}\n\
             remote_write:\n\
             - url: {}/api/v1/push\n  \
               send_exemplars: true\n  \
               send_native_histograms: true\n  \
               metadata_config: {{send_interval: 1s}}\n  \
               queue_config: {{max_shards: 1, batch_send_deadline: 1s}}\n",
            server.http_port,
            server.url()
        );
        std::fs::write(dir.path().join("prometheus.yml"), config).unwrap();
        let log = std::fs::File::create(dir.path().join("stderr")).unwrap();
        let child = Command::new(program)
            .current_dir(&dir)
            .arg("--config.file=prometheus.yml")
            .arg("--storage.tsdb.path=data")
            .arg("--enable-feature=exemplar-storage,native-histograms")
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        Some(Self { dir, url: format!("http://127.0.0.1:{port}"), child: child.unwrap() })
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("stderr")).unwrap_or_default()
    }

    /// The largest value of one of its own metrics; 0 while there is none.
    async fn metric(&self, name: &str) -> f64 {
        let Ok(answer) = reqwest::get(format!("{}/metrics", self.url)).await else { return 0.0 };
        let text = answer.text().await.unwrap();
        let rows = text
            .lines()
            .filter(|row| row.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])));
        rows.map(|row| row.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).fold(0.0, f64::max)
    }

    /// Waits until it has written all samples up to `unix_seconds`.
    async fn sent(&self, unix_seconds: u64) {
        let started = Instant::now();
        while self.metric("prometheus_remote_storage_queue_highest_sent_timestamp_seconds").await
            < unix_seconds as f64
        {
            assert!(started.elapsed() < PATIENCE, "nothing is written:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("Prometheus' log:\n{}", self.log());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join("prometheus")).find(|file| file.is_file())
}

fn now_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// An answer as points by series: times in milliseconds and values.
type Points = BTreeMap<String, Vec<(i64, f64)>>;

fn points(result: &Value) -> Points {
    let point = |pair: &Value| {
        let ts_ms = (pair[0].as_f64().unwrap() * 1000.0).round() as i64;
        (ts_ms, pair[1].as_str().unwrap().parse::<f64>().unwrap())
    };
    let mut out = Points::new();
    for series in result.as_array().unwrap() {
        let values = series["values"].as_array().map(|values| values.iter().map(point).collect());
        let values = values.unwrap_or_else(|| vec![point(&series["value"])]);
        let labels: BTreeMap<_, _> = series["metric"].as_object().unwrap().iter().collect();
        assert!(out.insert(format!("{labels:?}"), values).is_none(), "a series twice: {labels:?}");
    }
    out
}

async fn ask(url: &str, path: &str, params: &[(&str, String)]) -> Value {
    let answer = reqwest::Client::new().get(format!("{url}{path}")).query(params).send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(status, 200, "{url}{path} {params:?}: {text}");
    serde_json::from_str::<Value>(&text).unwrap()["data"].take()
}

fn assert_same(query: &str, ours: &Points, theirs: &Points) {
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>(), "{query}");
    for (labels, expected) in theirs {
        let found = &ours[labels];
        let times = |points: &[(i64, f64)]| points.iter().map(|point| point.0).collect::<Vec<_>>();
        assert_eq!(times(found), times(expected), "{query} {labels}");
        for ((ts_ms, a), (_, b)) in found.iter().zip(expected) {
            let same = a.to_bits() == b.to_bits()
                || (a.is_nan() && b.is_nan())
                || (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
            assert!(same, "{query} {labels} at {ts_ms}: {a}, Prometheus has {b}");
        }
    }
}

const QUERIES: [&str; 16] = [
    "up",
    "count by (job) ({__name__=~\".+\"})",
    "sum by (job) (scrape_samples_scraped)",
    "process_resident_memory_bytes{job=\"prometheus\"} / 1024",
    "rate(prometheus_http_requests_total[5s])",
    "sum by (handler) (increase(prometheus_http_request_duration_seconds_count[10s]))",
    "histogram_quantile(0.9, sum by (le) (rate(prometheus_http_request_duration_seconds_bucket[10s])))",
    "topk(3, go_memstats_alloc_bytes)",
    "max_over_time(go_goroutines[10s]) - min_over_time(go_goroutines[10s])",
    "avg_over_time(scrape_duration_seconds[7s])",
    "irate(process_cpu_seconds_total[10s])",
    "prometheus_build_info * on (instance) group_left () up",
    "label_replace(up, \"port\", \"$1\", \"instance\", \".*:(.*)\")",
    "deriv(process_cpu_seconds_total[10s]) > bool 0.5",
    "quantile_over_time(0.5, prometheus_tsdb_head_series[10s] offset 2s)",
    "cortex_distributor_received_samples_total",
];

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_writes_to_us_and_we_answer_as_it_does() {
    let mut server = Server::new("");
    server.start().await;
    let Some(prometheus) = Prometheus::start(&server) else { return };
    let started = Instant::now();
    while prometheus.metric("prometheus_ready").await < 1.0 {
        assert!(started.elapsed() < PATIENCE, "Prometheus is not ready:\n{}", prometheus.log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let start = now_seconds() + 2;
    let end = start + ASKED_SECONDS;
    prometheus.sent(end + 3).await;

    // All was taken.
    for lost in ["failed", "dropped", "retried"] {
        let name = format!("prometheus_remote_storage_samples_{lost}_total");
        assert_eq!(prometheus.metric(&name).await, 0.0, "{lost}\n{}", prometheus.log());
    }
    let sent = prometheus.metric("prometheus_remote_storage_samples_total").await;
    let received = server.metric("cortex_distributor_received_samples_total", "fake").await;
    assert!(sent > 1000.0 && received >= sent, "{received} of {sent}");
    assert_eq!(server.metric("cortex_discarded_samples_total", "").await, 0.0);

    for flushed in [false, true] {
        if flushed {
            server.flush().await;
        }
        for query in QUERIES {
            compare(&server, &prometheus, query, start, end).await;
        }
    }
}

/// As range query, and as instant query at its end.
async fn compare(server: &Server, prometheus: &Prometheus, query: &str, start: u64, end: u64) {
    let range = [
        ("query", query.to_owned()),
        ("start", start.to_string()),
        ("end", end.to_string()),
        ("step", "1".to_owned()),
    ];
    let instant = [("query", query.to_owned()), ("time", end.to_string())];
    for (path, params) in [("query_range", &range[..]), ("query", &instant)] {
        let ours = ask(&server.url(), &format!("/prometheus/api/v1/{path}"), params).await;
        let theirs = ask(&prometheus.url, &format!("/api/v1/{path}"), params).await;
        assert_eq!(ours["resultType"], theirs["resultType"], "{path} {query}");
        let theirs = points(&theirs["result"]);
        assert!(!theirs.is_empty(), "{path} {query} finds nothing in Prometheus");
        assert_same(query, &points(&ours["result"]), &theirs);
    }
}

const OTLP_SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/clients/otlp_metrics.py");

/// Samples of one export of the script: three numbers, 16 buckets with count and sum, a native histogram, `target_info`.
const OTLP_SAMPLES: f64 = (3 + 18 + 1 + 1) as f64;

#[tokio::test(flavor = "multi_thread")]
async fn opentelemetry_sdk_exports_metrics_over_every_door() {
    let Some(python) = std::env::var_os("TREFOIL_TEST_PYTHON") else {
        eprintln!("skipped: TREFOIL_TEST_PYTHON is not set (see .ci/clients)");
        return;
    };
    let mut server = Server::new("");
    server.start().await;
    let doors = [
        ("http", format!("{}/otlp/v1/metrics", server.url()), "main-port"),
        ("http", format!("http://127.0.0.1:{}/v1/metrics", server.otlp_http_port), "http-port"),
        ("grpc", format!("http://127.0.0.1:{}", server.otlp_grpc_port), "grpc-port"),
    ];
    for (protocol, address, service) in &doors {
        let done = Command::new(&python).args([OTLP_SCRIPT, protocol, address, service]).output().unwrap();
        assert!(done.status.success(), "{service}: {}", String::from_utf8_lossy(&done.stderr));
    }
    let received = server.metric("cortex_distributor_received_samples_total", "fake").await;
    assert_eq!(received, OTLP_SAMPLES * doors.len() as f64);
    assert_eq!(server.metric("cortex_discarded_samples_total", "").await, 0.0);
    let expected = [
        ("orders_placed_total{payment_kind=\"card\"}", 3.0),
        ("carts", -2.0),
        ("cpu_utilization_ratio", 0.25),
        ("request_duration_milliseconds_sum", 30.0),
        ("request_duration_milliseconds_bucket{le=\"25\"}", 0.0),
        ("request_duration_milliseconds_bucket{le=\"50\"}", 1.0),
        ("histogram_count(payload_bytes)", 1.0),
        ("histogram_sum(payload_bytes)", 300.0),
        ("target_info{host_name=\"machine-7\"}", 1.0),
    ];
    for (_, _, service) in &doors {
        for (query, value) in expected {
            let query = format!("sum(({query}) and on (job) target_info{{job=\"shop/{service}\"}})");
            let answer = ask(&server.url(), "/prometheus/api/v1/query", &[("query", query.clone())]).await;
            let found: Vec<_> =
                points(&answer["result"]).into_values().flatten().map(|point| point.1).collect();
            assert_eq!(found, [value], "{query}");
        }
    }
}
