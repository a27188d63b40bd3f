//! `cargo x conformance`: asks a fresh server what the real Loki was asked, and compares the
//! answers. The calls and answers lie outside the project, in `../shared/conformance/loki` or where
//! `TREFOIL_SHARED` points.

use crate::source;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The server is killed when this is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to do about either failure.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `args` go to the comparing program, as `--filter '^logql[.]json' --show 20 --require 90`.
pub fn run(args: &[String]) -> Result<(), String> {
    let Some(calls) = calls() else {
        println!(
            "skipped: no conformance calls here (set TREFOIL_SHARED to the folder that holds conformance/loki)"
        );
        return Ok(());
    };
    build()?;
    let data = std::env::temp_dir().join(format!("trefoil-conformance-{}", std::process::id()));
    std::fs::create_dir_all(&data).map_err(|e| format!("cannot make {}: {e}", data.display()))?;
    let port = free_port()?;
    let _server = start(&calls, &data, port)?;
    let compared = Command::new("python3")
        .arg(calls.join("diff.py"))
        .args(["--corpus", "visible.jsonl", "--golden", "golden", "--push"])
        .args(["--b", &format!("http://127.0.0.1:{port}")])
        .args(args)
        .current_dir(&calls)
        .status();
    let kept = std::env::var_os("TREFOIL_KEEP").is_some();
    if !kept && let Err(error) = std::fs::remove_dir_all(&data) {
        eprintln!("{} is left behind: {error}", data.display());
    }
    match compared {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the comparison ended with {status}")),
        Err(error) => Err(format!("python3 cannot be run: {error}")),
    }
}

fn calls() -> Option<PathBuf> {
    let shared = std::env::var_os("TREFOIL_SHARED").map(PathBuf::from);
    let shared = shared.or_else(|| Some(source::root().parent()?.join("shared")))?;
    let calls = shared.join("conformance/loki");
    calls.join("diff.py").is_file().then_some(calls)
}

fn build() -> Result<(), String> {
    let status = Command::new("cargo")
        .args(["build", "--release", "-p", "trefoil"])
        .current_dir(source::root())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => Err("trefoil cannot be built".to_owned()),
    }
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|e| format!("no free port: {e}"))
}

/// Starts the server on the configuration that the answers were recorded with.
fn start(calls: &Path, data: &Path, port: u16) -> Result<Running, String> {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| source::root().join("target"), PathBuf::from);
    let child = Command::new(target.join("release/trefoil"))
        .arg(format!("-config.file={}", calls.join("loki-reference.yaml").display()))
        .args([
            "-config.expand-env=true",
            "-target=all",
            "-server.otlp-http-port=0",
            "-server.otlp-grpc-port=0",
        ])
        .env("CONF_HTTP_PORT", port.to_string())
        .env("CONF_GRPC_PORT", "0")
        .env("CONF_DATA_DIR", data)
        .env("CONF_OVERRIDES", calls.join("loki-reference-overrides.yaml"))
        .stdout(Stdio::null())
        .spawn()
        .map_err(|e| format!("trefoil cannot be started: {e}"))?;
    let running = Running(child);
    for _ in 0..200 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(running);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err("the server did not listen within 10 s".to_owned())
}
