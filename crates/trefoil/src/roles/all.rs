//! Every role in one process: the stores are behind both doors of each signal.

use super::demo;
use super::greeting::Greeting;
use super::limits::RuntimeLimits;
use super::process::process;
use super::stores::{Stores, store_config};
use crate::config::{Config, Loaded};
use crate::own_log;
use anyhow::{Context as _, Result};
use base::meter::Registry;
use base::{Clock, Pool};
use bucket::Bucket;
use std::path::PathBuf;
use std::sync::Arc;
use store::Shared;

/// Runs until Ctrl-C or SIGTERM.
pub async fn run(mut loaded: Loaded, with_demo: bool) -> Result<()> {
    if with_demo {
        demo::adjust(&mut loaded.config);
    }
    let config = loaded.config;
    let (level, own_lines) = own_log::start(&config.server.log_level, with_demo);
    for warning in &loaded.warnings {
        tracing::warn!(%warning, "setting has no effect");
    }
    let data = PathBuf::from(&config.common.path_prefix);
    std::fs::create_dir_all(&data)
        .with_context(|| format!("cannot make the data directory {}", data.display()))?;
    let runtime = RuntimeLimits::open(config.limits_config.clone(), &config.runtime_config.file)?;
    tokio::spawn(runtime.clone().watch(config.runtime_config.period.duration()));
    let (registry, pool) = (Registry::default(), Pool::new(config.trefoil.threads)?);
    let bucket = Bucket::open(&config.bucket(&data), &registry)?;
    let of_stores = store_config(&config, &data);
    let limits = runtime.limits_of();
    let shared =
        Shared::new(&of_stores, bucket, limits.clone(), Clock::System, registry.clone(), pool.clone());
    let stores = Stores::open(&of_stores, &shared).await?;
    let [logs, metrics, traces] = stores.doors();
    let context = api::Context {
        limits,
        registry,
        settings: Arc::new(api_settings(&config)),
        process: Arc::new(process(&config, level, stores.clone())),
        ..api::Context::new(logs, metrics, traces, pool)
    };
    let context = if config.pattern_ingester.enabled { context.with_patterns() } else { context };
    let server = api::Server::bind(context, config.server.for_api()).await?;
    let mut greeting = Greeting::new(&server, &data);
    if with_demo {
        greeting.follows(demo::start(&data, greeting.url(), own_lines)?);
    }
    tokio::spawn(greeting.show(stores.progress()));
    server.run(stop_signal()).await;
    tracing::info!("stopping");
    stores.shutdown().await;
    Ok(())
}

fn api_settings(config: &Config) -> api::context::Settings {
    api::context::Settings {
        auth_enabled: config.auth_enabled,
        multi_tenant_queries_enabled: config.querier.multi_tenant_queries_enabled,
        max_recv_msg_size: config.distributor.max_recv_msg_size,
        max_decompressed_size: config.distributor.max_decompressed_size,
        max_inflight_bytes: config.distributor.max_inflight_bytes,
        tail_max_duration: config.querier.tail_max_duration,
        align_queries_with_step: config.query_range.align_queries_with_step,
        max_concurrent_queries: config.querier.max_concurrent,
        ..api::context::Settings::default()
    }
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        // Without the signal there is still Ctrl-C.
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
