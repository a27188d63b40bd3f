//! `cargo x canary [MINUTES]`: a canary writes and reads while the server is flushed, merges its blocks and is
//! killed, all far more often than in life. What is missing, doubled or out of order makes it fail.

use crate::source;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

const PORT: u16 = 13_177;
/// Time between two kills.
const LIFE: Duration = Duration::from_secs(60);
/// Time between two merges that are asked for.
const MERGE: Duration = Duration::from_secs(25);

/// Runs for so many minutes, ten by default.
pub fn run(args: &[String]) -> Result<(), String> {
    let minutes = args.first().map_or("10", String::as_str);
    let binary = match std::env::var_os("TREFOIL_BINARY") {
        Some(binary) => PathBuf::from(binary),
        None => build()?,
    };
    let data = std::env::temp_dir().join(format!("trefoil-canary-{}", std::process::id()));
    std::fs::create_dir_all(&data).map_err(|e| format!("{}: {e}", data.display()))?;
    let done = watch(&binary, &data, minutes);
    println!("objects left: {}", objects(&data.join("bucket/fake")));
    let removed = std::fs::remove_dir_all(&data).map_err(|e| format!("{}: {e}", data.display()));
    done.and(removed)
}

fn watch(binary: &Path, data: &Path, minutes: &str) -> Result<(), String> {
    let settings = data.join("trefoil.yaml");
    let text = format!(
        "server: {{http_listen_address: 127.0.0.1, http_listen_port: {PORT}, otlp_http_port: 0, otlp_grpc_port: 0}}\n\
         common: {{path_prefix: {}}}\n\
         ingester: {{max_chunk_age: 20s, chunk_idle_period: 20s}}\n\
         compactor: {{compaction_interval: 15s, retention_delete_delay: 30s}}\n",
        data.display()
    );
    std::fs::write(&settings, text).map_err(|e| format!("{}: {e}", settings.display()))?;
    let log = data.join("server.log");
    let mut server = Server::start(binary, &settings, &log)?;
    let mut canary = Command::new(binary)
        .args(["canary", "--for", &format!("{minutes}m"), "--interval", "20ms"])
        .args(["--addr", &format!("http://127.0.0.1:{PORT}")])
        .spawn()
        .map_err(|e| format!("{}: {e}", binary.display()))?;
    let (mut born, mut merged, mut kills) = (Instant::now(), Instant::now(), 0u64);
    let ended = loop {
        if let Some(ended) = canary.try_wait().map_err(|e| e.to_string())? {
            break ended;
        }
        if merged.elapsed() > MERGE {
            merged = Instant::now();
            ask("/compact");
        }
        if born.elapsed() > LIFE {
            // In the middle of a flush or of a merge, now earlier, now later.
            ask(if kills.is_multiple_of(2) { "/compact" } else { "/flush" });
            sleep(Duration::from_millis(kills * 37 % 150));
            drop(server);
            kills += 1;
            server = Server::start(binary, &settings, &log)?;
            born = Instant::now();
        }
        sleep(Duration::from_millis(200));
    };
    drop(server);
    let text = std::fs::read_to_string(&log).unwrap_or_default();
    let merges = text.lines().filter(|line| line.contains("merged blocks")).count();
    let errors: Vec<&str> = text.lines().filter(|line| line.contains("ERROR")).collect();
    println!("{kills} kills, {merges} merges, {} errors in the log", errors.len());
    errors.iter().take(10).for_each(|line| println!("{line}"));
    if ended.success() && errors.is_empty() { Ok(()) } else { Err(format!("the canary ended with {ended}")) }
}

/// A server, killed when dropped.
struct Server(Child);

impl Server {
    fn start(binary: &Path, settings: &Path, log: &Path) -> Result<Self, String> {
        let failed = |e: std::io::Error| format!("{}: {e}", binary.display());
        let log = std::fs::OpenOptions::new().create(true).append(true).open(log).map_err(failed)?;
        let same = log.try_clone().map_err(failed)?;
        let mut command = Command::new(binary);
        command.arg("run").arg("--config.file").arg(settings);
        command.stdout(same).stderr(log);
        command.spawn().map(Self).map_err(failed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; that is seen by who asks it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Posts to the server and does not wait for the answer's end.
fn ask(path: &str) {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", PORT)) else { return };
    let _ = stream.set_read_timeout(Some(Duration::from_millis(20)));
    let _ = write!(stream, "POST {path} HTTP/1.1\r\nHost: canary\r\nContent-Length: 0\r\n\r\n");
    let _ = stream.read(&mut [0; 64]);
}

/// Blocks in a directory.
fn objects(directory: &Path) -> usize {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let count = |entry: std::fs::DirEntry| match entry.path() {
        path if path.is_dir() => objects(&path),
        path => usize::from(path.extension().is_some_and(|ending| ending == "block")),
    };
    entries.map(count).sum()
}

/// The debug binary, as the code is now.
fn build() -> Result<PathBuf, String> {
    let mut command = Command::new("cargo");
    command.args(["build", "-p", "trefoil"]).current_dir(source::root());
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| source::root().join("target"), PathBuf::from);
    match command.status() {
        Ok(status) if status.success() => Ok(target.join("debug/trefoil")),
        Ok(status) => Err(format!("{command:?} ended with {status}")),
        Err(error) => Err(format!("{command:?} cannot be run: {error}")),
    }
}
