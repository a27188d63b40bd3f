//! The binary as a process, on a directory and ports of its own.

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Longest wait for the server to be ready.
const START: Duration = Duration::from_secs(60);

pub struct Server {
    dir: tempfile::TempDir,
    pub http_port: u16,
    pub otlp_http_port: u16,
    pub otlp_grpc_port: u16,
    /// Added to the command line.
    pub flags: Vec<String>,
    child: Option<Child>,
}

impl Server {
    /// `common` is added to the section `common` of the configuration, in YAML's flow style.
    pub fn new(common: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let [http_port, otlp_http_port, otlp_grpc_port] = free_ports();
        let server = Self { dir, http_port, otlp_http_port, otlp_grpc_port, flags: Vec::new(), child: None };
        let text = format!(
            "server: {{http_listen_address: 127.0.0.1, http_listen_port: {http_port}, \
             otlp_http_port: {otlp_http_port}, otlp_grpc_port: {otlp_grpc_port}, log_level: warn}}\n\
             common: {{path_prefix: {}, {common}}}\n\
             limits_config: {{ingestion_rate_mb: 1000, ingestion_burst_size_mb: 1000, \
             per_stream_rate_limit: 1GB, per_stream_rate_limit_burst: 1GB}}\n",
            server.data().display()
        );
        std::fs::write(server.config(), text).unwrap();
        server
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.http_port)
    }

    pub fn config(&self) -> PathBuf {
        self.dir.path().join("trefoil.yaml")
    }

    /// The directory below which it keeps everything.
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Starts it and waits until it is ready.
    pub async fn start(&mut self) {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir.path().join("stderr"))
            .unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_trefoil"))
            .arg(format!("-config.file={}", self.config().display()))
            .args(&self.flags)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.child = Some(child.unwrap());
        let started = std::time::Instant::now();
        while started.elapsed() < START {
            if let Ok(answer) = reqwest::get(format!("{}/ready", self.url())).await
                && answer.status() == 200
            {
                return;
            }
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().unwrap()) {
                panic!("the server ended with {status} at start:\n{}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server was not ready in {START:?}:\n{}", self.log());
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// What it wrote to standard error.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("stderr")).unwrap_or_default()
    }

    /// Pushes a body of Loki's JSON.
    pub async fn push(&self, body: &Value) {
        let request = reqwest::Client::new()
            .post(format!("{}/loki/api/v1/push", self.url()))
            .header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 204, "{}", answer.text().await.unwrap());
    }

    pub async fn flush(&self) {
        let answer = reqwest::Client::new().post(format!("{}/flush", self.url())).send().await.unwrap();
        assert_eq!(answer.status(), 204, "{}", answer.text().await.unwrap());
    }

    /// The `data` that a path of the API answers, with metadata apart from labels.
    pub async fn get(&self, path: &str, params: &[(&str, &str)]) -> Value {
        let request = reqwest::Client::new()
            .get(format!("{}{path}", self.url()))
            .header("x-loki-response-encoding-flags", "categorize-labels")
            .query(params);
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, 200, "{path} {params:?}: {text}");
        serde_json::from_str::<Value>(&text).unwrap()["data"].take()
    }

    /// The sum of a metric over all its labels that contain `label`.
    pub async fn metric(&self, name: &str, label: &str) -> f64 {
        let text = reqwest::get(format!("{}/metrics", self.url())).await.unwrap().text().await.unwrap();
        let rows = text.lines().filter(|row| row.starts_with(name) && row.contains(label));
        rows.map(|row| row.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the server's log:\n{}", self.log());
        }
        self.kill();
    }
}

fn free_ports() -> [u16; 3] {
    // All are held until each is known, so that none is given twice.
    let held = [(); 3].map(|()| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}
