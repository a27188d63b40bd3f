//! Every role in one process: the store is behind both doors.

use super::demo;
use super::greeting::Greeting;
use super::limits::RuntimeLimits;
use crate::config::{Config, Loaded, to_yaml};
use crate::own_log::{self, LevelHandle};
use anyhow::{Context as _, Result};
use api::context::{Build, ConfigText, LogLevel, Process};
use base::meter::Registry;
use base::unit::Period;
use base::{Clock, Pool};
use bucket::Bucket;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Store, StoreConfig};

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
    let store = Store::open(
        store_config(&config, &data),
        bucket,
        runtime.limits_of(),
        Clock::System,
        registry.clone(),
        pool.clone(),
    )
    .await?;
    let context = api::Context {
        limits: runtime.limits_of(),
        registry,
        settings: Arc::new(api_settings(&config)),
        process: Arc::new(process(&config, level)),
        ..api::Context::over(Arc::new(store.clone()), pool)
    };
    let context = if config.pattern_ingester.enabled { context.with_patterns() } else { context };
    let server = api::Server::bind(context, config.server.for_api()).await?;
    let mut greeting = Greeting::new(&server, &data);
    if with_demo {
        greeting.follows(demo::start(&data, greeting.url(), own_lines)?);
    }
    tokio::spawn(greeting.show(store.phase()));
    server.run(stop_signal()).await;
    tracing::info!("stopping");
    store.shutdown().await;
    Ok(())
}

fn store_config(config: &Config, data: &Path) -> StoreConfig {
    let below =
        |text: &str, default: &str| if text.is_empty() { data.join(default) } else { PathBuf::from(text) };
    let own = &config.trefoil;
    StoreConfig {
        wal_dir: below(&config.ingester.wal.dir, "wal"),
        wal_sync: own.wal_sync.clone(),
        wal_sync_interval: own.wal_sync_interval,
        head_memory: own.head_memory,
        flush_bytes: own.flush_bytes,
        flush_age: config.ingester.max_chunk_age,
        flush_idle: config.ingester.chunk_idle_period,
        flush_on_shutdown: config.ingester.wal.flush_on_shutdown,
        retention_interval: match config.compactor.retention_enabled {
            true => StoreConfig::default().retention_interval,
            false => Period(0),
        },
        ..StoreConfig::default()
    }
}

fn api_settings(config: &Config) -> api::context::Settings {
    api::context::Settings {
        auth_enabled: config.auth_enabled,
        multi_tenant_queries_enabled: config.querier.multi_tenant_queries_enabled,
        max_recv_msg_size: config.distributor.max_recv_msg_size,
        max_decompressed_size: config.distributor.max_decompressed_size,
        tail_max_duration: config.querier.tail_max_duration,
        align_queries_with_step: config.query_range.align_queries_with_step,
        max_concurrent_queries: config.querier.max_concurrent,
        ..api::context::Settings::default()
    }
}

fn process(config: &Config, level: LevelHandle) -> Process {
    let config = config.clone();
    let text = move |which| match which {
        ConfigText::Effective => to_yaml(&config).unwrap_or_default(),
        ConfigText::Changed => crate::config::changed_yaml(&config).unwrap_or_default(),
        ConfigText::Defaults => to_yaml(&Config::default()).unwrap_or_default(),
    };
    Process {
        build: Build { version: env!("CARGO_PKG_VERSION").to_owned(), ..Build::default() },
        config_text: Box::new(text),
        log_level: Box::new(Level(level)),
        services: Box::new(|| {
            let parts = ["server", "distributor", "ingester", "querier"];
            parts.iter().map(|name| ((*name).to_owned(), "Running".to_owned())).collect()
        }),
    }
}

struct Level(LevelHandle);

impl LogLevel for Level {
    fn get(&self) -> String {
        self.0.get()
    }

    fn set(&self, level: &str) -> base::Result<()> {
        self.0.set(level).map_err(base::Error::invalid)
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
