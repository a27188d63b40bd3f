//! What every handler needs.

use crate::admit::Admission;
use crate::patterns::Patterns;
use base::unit::{ByteSize, Period};
use base::{Clock, Pool, meter::Registry};
use model::{Append, Follow, Limits, LimitsOf, Operate, Select};
use std::sync::Arc;

/// The doors of one signal's store.
#[derive(Clone)]
pub struct Doors {
    /// Where pushes go.
    pub append: Arc<dyn Append>,
    /// Where answers come from.
    pub select: Arc<dyn Select>,
    /// Where tails listen.
    pub follow: Arc<dyn Follow>,
    /// What operators reach.
    pub operate: Arc<dyn Operate>,
}

impl Doors {
    /// `store` behind every door.
    pub fn of<S: Append + Select + Follow + Operate + 'static>(store: Arc<S>) -> Self {
        Self { append: store.clone(), select: store.clone(), follow: store.clone(), operate: store }
    }
}

/// The doors and tools behind the handlers; cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// Log lines.
    pub logs: Doors,
    /// Samples of metrics.
    pub metrics: Doors,
    /// Spans of traces.
    pub traces: Doors,
    /// Limits of each tenant as they are now.
    pub limits: LimitsOf,
    /// Time of day.
    pub clock: Clock,
    /// Own metrics.
    pub registry: Registry,
    /// Compute threads.
    pub pool: Pool,
    /// The rest of the configuration that handlers look at.
    pub settings: Arc<Settings>,
    /// What operators see of the process.
    pub process: Arc<Process>,
    /// Patterns of the lines pushed lately; `None` where they are not mined.
    pub patterns: Option<Patterns>,
    /// What admission remembers between pushes.
    pub admission: Arc<Admission>,
}

impl Context {
    /// A context in which `store` is behind the doors of every signal, with default limits, settings and clock; what
    /// shall differ is set afterwards.
    pub fn over<S: Append + Select + Follow + Operate + 'static>(store: Arc<S>, pool: Pool) -> Self {
        let doors = Doors::of(store);
        Self::new(doors.clone(), doors.clone(), doors, pool)
    }

    /// The same with a store per signal.
    pub fn new(logs: Doors, metrics: Doors, traces: Doors, pool: Pool) -> Self {
        Self {
            logs,
            metrics,
            traces,
            limits: Limits::default().fixed(),
            clock: Clock::System,
            registry: Registry::default(),
            pool,
            settings: Arc::default(),
            process: Arc::default(),
            patterns: None,
            admission: Arc::default(),
        }
    }

    /// The same, with patterns mined from what is appended. Must be called inside of a tokio runtime.
    #[must_use]
    pub fn with_patterns(self) -> Self {
        let patterns = Patterns::start(self.pool.clone(), self.clock.clone());
        let append = patterns.behind(self.logs.append.clone());
        Self { logs: Doors { append, ..self.logs }, patterns: Some(patterns), ..self }
    }

    /// What operators reach, of every signal.
    pub fn operated(&self) -> [&Arc<dyn Operate>; 3] {
        [&self.logs.operate, &self.metrics.operate, &self.traces.operate]
    }
}

base::settings! {
    /// What handlers look at.
    pub struct Settings {
        /// Ask for `X-Scope-OrgID` on every request.
        auth_enabled: bool = false,
        /// Let `a|b` in `X-Scope-OrgID` read several tenants at once.
        multi_tenant_queries_enabled: bool = false,
        /// Largest body of a push as sent, in bytes.
        max_recv_msg_size: ByteSize = ByteSize(100 << 20),
        /// Largest body of a push after decompression, in bytes.
        max_decompressed_size: ByteSize = ByteSize(5000 << 20),
        /// Most bytes of pushes in work at once, after decompression; further ones are told to come again.
        max_inflight_bytes: ByteSize = ByteSize(2 << 30),
        /// Longest life of a tail.
        tail_max_duration: Period = Period::seconds(3600),
        /// Align the start and end of metric range queries to their step.
        align_queries_with_step: bool = true,
        /// Queries that are evaluated at once.
        max_concurrent_queries: usize = 32,
        /// Queries of one tenant that may wait for their turn; one more is refused with 429.
        max_outstanding_per_tenant: usize = 2048,
    }
}

/// What operators see of the process.
pub struct Process {
    /// What was built.
    pub build: Build,
    /// The configuration in effect as YAML, on `/config`.
    pub config_text: Box<dyn Fn(ConfigText) -> String + Send + Sync>,
    /// Reads and sets the level of the process's own log, on `/log_level`.
    pub log_level: Box<dyn LogLevel>,
    /// Parts of the process by name with their state (`Running`, `Starting`, …), on `/services`.
    pub services: Box<dyn Fn() -> Vec<(String, String)> + Send + Sync>,
}

/// Which configuration is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigText {
    /// Every key as it is in effect.
    Effective,
    /// Only keys that differ from their default.
    Changed,
    /// Every key's default.
    Defaults,
}

/// The level of the process's own log.
pub trait LogLevel: Send + Sync {
    /// The level now: `debug`, `info`, `warn` or `error`.
    fn get(&self) -> String;

    /// Sets it.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] for a word that is no level.
    fn set(&self, level: &str) -> base::Result<()>;
}

/// What was built, as `/loki/api/v1/status/buildinfo` and `loki_build_info` tell it.
#[derive(Clone, Debug, Default)]
pub struct Build {
    /// Version of the program.
    pub version: String,
    /// Commit it was built from.
    pub revision: String,
    /// Branch it was built from.
    pub branch: String,
    /// When, RFC 3339.
    pub date: String,
    /// Who.
    pub user: String,
    /// The compiler.
    pub compiler: String,
}

/// A log level that nothing follows, for servers without a log.
struct FixedLevel;

impl LogLevel for FixedLevel {
    fn get(&self) -> String {
        "info".to_owned()
    }

    fn set(&self, level: &str) -> base::Result<()> {
        Err(base::Error::invalid(format!("the log level is fixed, {level:?} was not set")))
    }
}

impl Default for Process {
    fn default() -> Self {
        Self {
            build: Build { version: env!("CARGO_PKG_VERSION").to_owned(), ..Build::default() },
            config_text: Box::new(|_| String::new()),
            log_level: Box::new(FixedLevel),
            services: Box::new(Vec::new),
        }
    }
}
