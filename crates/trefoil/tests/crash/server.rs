//! The server of these tests, and a disk that gets full.

use crate::process::{Process, free_ports};
use std::io::Write;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the server keeps its data.
pub enum Disk {
    /// A temporary directory.
    Plain,
    /// This directory.
    At(PathBuf),
}

pub struct Server(Process);

impl Deref for Server {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.0
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.0
    }
}

impl Server {
    /// `own` is added to the section `trefoil` of the configuration.
    pub fn new(own: &str, disk: Disk) -> Self {
        let [port] = free_ports();
        let process = Process::new(port);
        let data = match disk {
            Disk::Plain => process.dir().join("data"),
            Disk::At(path) => path.join("data"),
        };
        let text = format!(
            "server: {{http_listen_address: 127.0.0.1, http_listen_port: {port}, otlp_http_port: 0, otlp_grpc_port: 0, log_level: warn}}\n\
             common: {{path_prefix: {}}}\n\
             limits_config: {{ingestion_rate_mb: 1000, ingestion_burst_size_mb: 1000, per_stream_rate_limit: 1GB, per_stream_rate_limit_burst: 1GB, query_timeout: 5m}}\n\
             trefoil:\n  flush_bytes: 300KB\n{own}",
            data.display()
        );
        std::fs::write(process.config(), text).unwrap();
        Self(process)
    }

    pub fn flush_without_waiting(&self) {
        let url = format!("{}/flush", self.url());
        tokio::spawn(async move { reqwest::Client::new().post(url).send().await });
    }

    /// What a path answers; none when there is nothing (404).
    pub async fn ask(&self, path: &str, params: &[(&str, String)]) -> Option<serde_json::Value> {
        for _ in 0..50 {
            // A bucket that fails at random may fail a query; asking again is what a person does.
            let url = format!("{}{path}", self.url());
            let answer = reqwest::Client::new().get(&url).query(params).send().await.unwrap();
            let (status, text) = (answer.status(), answer.text().await.unwrap());
            match status.as_u16() {
                200 => return Some(serde_json::from_str(&text).unwrap()),
                404 => return None,
                _ => assert!(status.is_server_error(), "{path} {params:?}: {status}: {text}"),
            }
        }
        panic!("{path} {params:?} was refused 50 times:\n{}", self.last_words());
    }
}

/// A small disk in memory.
pub struct Tmpfs(tempfile::TempDir);

impl Tmpfs {
    /// Mounts one of `mib` MiB; `None` where that is not allowed.
    pub fn mount(mib: u32) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let size = format!("size={mib}m");
        let status =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(dir.path()).status();
        status.is_ok_and(|status| status.success()).then(|| Self(dir))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes `ballast` until nothing more fits.
    pub fn fill(&self, ballast: &Path) {
        let mut file = std::fs::File::create(ballast).unwrap();
        let block = vec![7u8; 1 << 16];
        while file.write_all(&block).is_ok() {}
        while file.write_all(&block[..512]).is_ok() {}
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}
