//! The binary as a process, on a directory and a port of its own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Where the server keeps its data.
pub enum Disk {
    /// A temporary directory.
    Plain,
    /// This directory.
    At(PathBuf),
}

pub struct Server {
    dir: tempfile::TempDir,
    config: PathBuf,
    port: u16,
    child: Option<Child>,
}

impl Server {
    /// `own` is added to the section `trefoil` of the configuration.
    pub fn new(own: &str, disk: Disk) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let data = match disk {
            Disk::Plain => dir.path().join("data"),
            Disk::At(path) => path.join("data"),
        };
        let config = dir.path().join("trefoil.yaml");
        let text = format!(
            "server: {{http_listen_address: 127.0.0.1, http_listen_port: {port}, otlp_http_port: 0, otlp_grpc_port: 0, log_level: warn}}\n\
             common: {{path_prefix: {}}}\n\
             limits_config: {{ingestion_rate_mb: 1000, ingestion_burst_size_mb: 1000, per_stream_rate_limit: 1GB, per_stream_rate_limit_burst: 1GB, query_timeout: 5m}}\n\
             trefoil:\n  flush_bytes: 300KB\n{own}",
            data.display()
        );
        std::fs::write(&config, text).unwrap();
        Self { dir, config, port, child: None }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn program() -> PathBuf {
        std::env::var_os("TREFOIL_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_trefoil").into(), PathBuf::from)
    }

    /// Starts it and waits until it is ready.
    pub async fn start(&mut self) {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir.path().join("stderr"))
            .unwrap();
        let child = Command::new(Self::program())
            .arg(format!("-config.file={}", self.config.display()))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
        for _ in 0..600 {
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
        panic!("the server was not ready in 30 s:\n{}", self.log());
    }

    pub fn log(&self) -> String {
        let text = std::fs::read_to_string(self.dir.path().join("stderr")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub fn flush_without_waiting(&self) {
        let url = format!("{}/flush", self.url());
        tokio::spawn(async move { reqwest::Client::new().post(url).send().await });
    }

    pub async fn flush(&self) {
        let answer = reqwest::Client::new().post(format!("{}/flush", self.url())).send().await.unwrap();
        assert_eq!(answer.status(), 204, "{}", answer.text().await.unwrap());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the server's last words:\n{}", self.log());
        }
        self.kill();
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
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
