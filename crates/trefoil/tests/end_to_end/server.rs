//! The server of these tests, and how it is asked.

use crate::process::{Process, free_ports};
use serde_json::Value;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;

pub struct Server {
    process: Process,
    pub otlp_http_port: u16,
    pub otlp_grpc_port: u16,
}

impl Deref for Server {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}

impl Server {
    /// `common` is added to the section `common` of the configuration, in YAML's flow style.
    pub fn new(common: &str) -> Self {
        let [http_port, otlp_http_port, otlp_grpc_port] = free_ports();
        let server = Self { process: Process::new(http_port), otlp_http_port, otlp_grpc_port };
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

    /// The directory below which it keeps everything.
    pub fn data(&self) -> PathBuf {
        self.dir().join("data")
    }

    /// Pushes a body of Loki's JSON.
    pub async fn push(&self, body: &Value) {
        let request = reqwest::Client::new()
            .post(format!("{}/loki/api/v1/push", self.url()))
            .header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.unwrap();
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
