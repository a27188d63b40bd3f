//! The demo's sources: this machine's own log files and Trefoil's own log, pushed through the same
//! door as everybody's.

use crate::config::Config;
use crate::own_log::Copied;
use agent::{Chunk, Outbox, OutboxConfig, Tail, TailConfig};
use anyhow::Result;
use base::Clock;
use model::Labels;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;

/// Where machines keep their logs.
const LOG_FOLDERS: &[&str] = &["/var/log"];
/// Bytes a push of the demo holds at most.
const BATCH_BYTES: usize = 1 << 20;
const BATCH_WAIT: Duration = Duration::from_millis(500);
const POLL: Duration = Duration::from_millis(500);
/// Own lines sent together at most.
const OWN_LINES: usize = 200;

/// What the demo changes in a configuration: old log files are longer than a second's allowance.
pub fn adjust(config: &mut Config) {
    config.pattern_ingester.enabled = true;
    let limits = &mut config.limits_config;
    limits.ingestion_rate_mb = limits.ingestion_rate_mb.max(64.0);
    limits.ingestion_burst_size_mb = limits.ingestion_burst_size_mb.max(128.0);
    limits.per_stream_rate_limit.0 = limits.per_stream_rate_limit.0.max(64 << 20);
    limits.per_stream_rate_limit_burst.0 = limits.per_stream_rate_limit_burst.0.max(128 << 20);
}

/// Starts the sources against the server at `url`; gives the files that are followed.
///
/// # Errors
/// When the folder for positions cannot be made.
pub fn start(data: &Path, url: &str, own_log: Option<Copied>) -> Result<Vec<PathBuf>> {
    let folder = data.join("agent");
    std::fs::create_dir_all(&folder)?;
    let config = OutboxConfig {
        url: format!("{url}/loki/api/v1/push"),
        tenant: Some(model::tenant::SINGLE_TENANT.to_owned()),
        batch_bytes: BATCH_BYTES,
        batch_wait: BATCH_WAIT,
    };
    let (outbox, sender) = Outbox::new(config)?;
    tokio::spawn(outbox.run());
    let tail = Tail::new(
        TailConfig {
            paths: LOG_FOLDERS.iter().map(PathBuf::from).collect(),
            labels: Labels::from_pairs([("job", "varlogs")]),
            positions_file: folder.join("positions.json"),
            poll: POLL,
        },
        Clock::System,
    );
    let files = tail.find();
    tokio::spawn(tail.run(sender.clone()));
    if let Some(lines) = own_log {
        tokio::spawn(copy_own(lines, sender));
    }
    Ok(files)
}

/// Sends Trefoil's own lines as they come.
async fn copy_own(mut lines: Copied, outbox: mpsc::Sender<Chunk>) {
    let labels = Labels::from_pairs([("job", "trefoil")]);
    let mut together = Vec::new();
    while lines.recv_many(&mut together, OWN_LINES).await > 0 {
        let chunk = Chunk { labels: labels.clone(), lines: std::mem::take(&mut together), done: None };
        if outbox.send(chunk).await.is_err() {
            return;
        }
    }
}
