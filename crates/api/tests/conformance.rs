//! Asks the HTTP doors over the in-memory store what the real Loki was asked, and compares.
//!
//! The calls with their answers, and the program that compares, lie outside of this repository: in
//! the folder named by `TREFOIL_SHARED`, or in `../shared` beside it. Without them, or without Python
//! and its YAML package, the test says so and passes.

#![allow(clippy::unwrap_used)] // in tests, also in the functions around them

#[path = "../examples/twin_server.rs"]
#[allow(dead_code)] // its `main`
mod twin_server;

use api::server::{Server, ServerConfig};
use std::path::{Path, PathBuf};
use std::process::Command;
use tokio::task::spawn_blocking;

/// The least share of equal answers, in percent. What is left: deletion, rules and ring pages, which
/// are not there yet; limits that the store in memory does not know; lines out of order, which are
/// taken here; volumes of tiny streams, which Loki rounds to KiB by the hour; and mistakes of the
/// reference itself (`index/shards`, a tenant in a sharded sum, a line in an empty range).
const EQUAL_PERCENT: &str = "96";

fn corpus() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("TREFOIL_SHARED").map_or_else(beside, PathBuf::from);
    let folder = shared.join("conformance/loki");
    folder.join("diff.py").exists().then_some(folder)
}

fn has_python() -> bool {
    Command::new("python3").args(["-c", "import yaml"]).output().is_ok_and(|output| output.status.success())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_those_of_loki() {
    let Some(folder) = corpus() else {
        println!("skipped: no conformance calls beside this repository");
        return;
    };
    if !has_python() {
        println!("skipped: no python3 with PyYAML");
        return;
    }
    let overrides = folder.join("loki-reference-overrides.yaml");
    let config = ServerConfig {
        http_listen_address: "127.0.0.1".to_owned(),
        http_listen_port: 0,
        otlp_grpc_listen_address: String::new(),
        otlp_http_listen_address: String::new(),
        ..ServerConfig::default()
    };
    let server = Server::bind(twin_server::context(Some(&overrides)).unwrap(), config).await.unwrap();
    let url = format!("http://{}", server.addresses()[0].1);
    tokio::spawn(server.run(std::future::pending()));
    let compare = move || {
        Command::new("python3")
            .current_dir(&folder)
            .args(["-B", "diff.py", "--corpus", "visible.jsonl", "--golden", "golden", "--push", "-q"])
            .args(["--filter", "^(api|push)[.]", "--wait", "5", "--require", EQUAL_PERCENT, "--b", &url])
            .output()
    };
    let output = spawn_blocking(compare).await.unwrap().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    println!("{}", report.lines().last().unwrap_or(""));
    assert!(output.status.success(), "{report}{}", String::from_utf8_lossy(&output.stderr));
}
