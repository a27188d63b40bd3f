//! The binary as a process: started on a directory of its own, waited for, asked, killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for the server to be ready.
const START: Duration = Duration::from_secs(60);
/// So much of its log is told when a test fails.
const LAST_LINES: usize = 40;

pub struct Process {
    dir: tempfile::TempDir,
    pub http_port: u16,
    /// Added to the command line.
    pub flags: Vec<String>,
    child: Option<Child>,
}

impl Process {
    /// A process that is configured to listen on `http_port`, not started.
    pub fn new(http_port: u16) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), http_port, flags: Vec::new(), child: None }
    }

    /// Its own directory.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The file of its configuration.
    pub fn config(&self) -> PathBuf {
        self.dir().join("trefoil.yaml")
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.http_port)
    }

    /// Starts it and waits until it is ready.
    pub async fn start(&mut self) {
        let log =
            std::fs::OpenOptions::new().create(true).append(true).open(self.dir().join("stderr")).unwrap();
        let child = Command::new(program())
            .arg(format!("-config.file={}", self.config().display()))
            .args(&self.flags)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.child = Some(child.unwrap());
        let started = Instant::now();
        while started.elapsed() < START {
            if let Ok(answer) = reqwest::get(format!("{}/ready", self.url())).await
                && answer.status() == 200
            {
                return;
            }
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().unwrap()) {
                panic!("the server ended with {status} at start:\n{}", self.last_words());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server was not ready in {START:?}:\n{}", self.last_words());
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// The end of what it wrote to standard error.
    pub fn last_words(&self) -> String {
        let text = std::fs::read_to_string(self.dir().join("stderr")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
    }

    /// Waits until everything is in blocks.
    pub async fn flush(&self) {
        let answer = reqwest::Client::new().post(format!("{}/flush", self.url())).send().await.unwrap();
        assert_eq!(answer.status(), 204, "{}", answer.text().await.unwrap());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the server's last words:\n{}", self.last_words());
        }
        self.kill();
    }
}

/// The binary of this build, or the one that `TREFOIL_BINARY` names.
fn program() -> PathBuf {
    std::env::var_os("TREFOIL_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_trefoil").into(), PathBuf::from)
}

/// Ports that nobody listens on.
pub fn free_ports<const N: usize>() -> [u16; N] {
    // All are held until each is known, so that none is given twice.
    let held = [(); N].map(|()| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}
