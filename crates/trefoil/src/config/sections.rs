//! Every section of the configuration with its keys, docs and defaults. `limits_config` is
//! [`model::Limits`]; the buckets' sections belong to the bucket.

use base::setting::Setting;
use base::settings;
use base::unit::{ByteSize, MINUTE_NS, Period};
use bucket::config::{
    AzureConfig, BucketConfig, CacheConfig, FaultsConfig, FilesystemConfig, GcsConfig, S3Config,
};
use model::Limits;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

settings! {
    /// The whole configuration.
    pub struct Config {
        /// Ask for `X-Scope-OrgID` on every request; without it every request is tenant `fake`.
        auth_enabled: bool = false,
        /// HTTP and the other doors.
        server: Server = Server::default(),
        /// What several parts share.
        common: Common = Common::default(),
        /// Log, heads and when they become blocks.
        ingester: Ingester = Ingester::default(),
        /// Sizes of pushes.
        distributor: Distributor = Distributor::default(),
        /// How queries run.
        querier: Querier = Querier::default(),
        /// How queries are prepared.
        query_range: QueryRange = QueryRange::default(),
        /// What happens to old blocks.
        compactor: Compactor = Compactor::default(),
        /// Patterns that lines follow.
        pattern_ingester: PatternIngester = PatternIngester::default(),
        /// Limits of every tenant that the runtime file does not name.
        limits_config: Limits = Limits::default(),
        /// Limits of single tenants, re-read while running.
        runtime_config: RuntimeConfig = RuntimeConfig::default(),
        /// Where blocks are kept, in Loki's older place; `common.storage` does the same.
        storage_config: StorageConfig = StorageConfig::default(),
        /// What Loki has no word for.
        trefoil: Own = Own::default(),
    }
}

settings! {
    /// HTTP and the other doors.
    pub struct Server {
        /// Address that HTTP listens on; empty is all.
        http_listen_address: String = String::new(),
        /// Port of HTTP: pushes, queries, operation, page.
        http_listen_port: u16 = 3100,
        /// Put before every path.
        http_path_prefix: String = String::new(),
        /// Most connections at once; further ones wait.
        http_listen_conn_limit: usize = 16_384,
        /// Port that takes OTLP over HTTP besides; 0 is none.
        otlp_http_port: u16 = 4318,
        /// Port that takes OTLP over gRPC; 0 is none.
        otlp_grpc_port: u16 = 4317,
        /// Longest time to read a request.
        http_server_read_timeout: Period = Period::seconds(30),
        /// Longest time to write an answer.
        http_server_write_timeout: Period = Period::seconds(30),
        /// Longest life of an idle connection.
        http_server_idle_timeout: Period = Period::seconds(120),
        /// Longest wait for open requests at shutdown.
        graceful_shutdown_timeout: Period = Period::seconds(30),
        /// `debug`, `info`, `warn` or `error`.
        log_level: String = "info".to_owned(),
    }
}

impl Server {
    /// The same for the server.
    pub fn for_api(&self) -> api::ServerConfig {
        let host = if self.http_listen_address.is_empty() { "0.0.0.0" } else { &self.http_listen_address };
        let door = |port: u16| if port == 0 { String::new() } else { format!("{host}:{port}") };
        api::ServerConfig {
            http_listen_address: host.to_owned(),
            http_listen_port: self.http_listen_port,
            http_path_prefix: self.http_path_prefix.clone(),
            http_server_read_timeout: self.http_server_read_timeout,
            http_server_write_timeout: self.http_server_write_timeout,
            http_server_idle_timeout: self.http_server_idle_timeout,
            http_listen_conn_limit: self.http_listen_conn_limit,
            graceful_shutdown_timeout: self.graceful_shutdown_timeout,
            otlp_grpc_listen_address: door(self.otlp_grpc_port),
            otlp_http_listen_address: door(self.otlp_http_port),
        }
    }
}

settings! {
    /// What several parts share.
    pub struct Common {
        /// Directory below which everything is kept.
        path_prefix: String = "./data".to_owned(),
        /// Where blocks are kept.
        storage: Storage = Storage::default(),
    }
}

settings! {
    /// Where blocks are kept: the one that is filled in, else the local directory.
    pub struct Storage {
        /// A local directory.
        filesystem: Filesystem = Filesystem::default(),
        /// S3 or what speaks it.
        s3: S3Config = S3Config::default(),
        /// Azure Blob.
        azure: AzureConfig = AzureConfig::default(),
        /// Google Cloud Storage.
        gcs: GcsConfig = GcsConfig::default(),
        /// What is the same for all of them.
        object_store: ObjectStore = ObjectStore::default(),
    }
}

settings! {
    /// What is the same for all places of blocks.
    pub struct ObjectStore {
        /// Put before the name of every object, with a `/`; empty for none.
        storage_prefix: String = String::new(),
    }
}

settings! {
    /// A local directory.
    pub struct Filesystem {
        /// Directory of blocks; empty is `bucket` below `common.path_prefix`.
        chunks_directory: String = String::new(),
    }
}

settings! {
    /// Where blocks are kept, in Loki's older place.
    pub struct StorageConfig {
        /// A local directory.
        filesystem: OldFilesystem = OldFilesystem::default(),
        /// S3 or what speaks it.
        aws: S3Config = S3Config::default(),
        /// Azure Blob.
        azure: AzureConfig = AzureConfig::default(),
        /// Google Cloud Storage.
        gcs: GcsConfig = GcsConfig::default(),
        /// What is the same for all of them.
        object_store: ObjectStore = ObjectStore::default(),
    }
}

settings! {
    /// A local directory.
    pub struct OldFilesystem {
        /// Directory of blocks.
        directory: String = String::new(),
    }
}

settings! {
    /// Log, heads and when they become blocks.
    pub struct Ingester {
        /// A tenant's rows in memory become a block when none came for so long.
        chunk_idle_period: Period = Period(30 * MINUTE_NS),
        /// A tenant's rows in memory become a block when the oldest is there for so long.
        max_chunk_age: Period = Period(120 * MINUTE_NS),
        /// The write-ahead log.
        wal: Wal = Wal::default(),
    }
}

settings! {
    /// The write-ahead log.
    pub struct Wal {
        /// Directory, with a folder for each signal; empty is `wal` below `common.path_prefix`.
        dir: String = String::new(),
        /// Write everything into blocks at shutdown, so that the next start has nothing to replay.
        flush_on_shutdown: bool = false,
    }
}

settings! {
    /// Sizes of pushes.
    pub struct Distributor {
        /// Largest body of a push as sent.
        max_recv_msg_size: ByteSize = ByteSize(100 << 20),
        /// Largest body of a push after decompression.
        max_decompressed_size: ByteSize = ByteSize(5000 << 20),
        /// Most bytes of pushes in work at once, after decompression; further ones are told to come again.
        max_inflight_bytes: ByteSize = ByteSize(2 << 30),
    }
}

settings! {
    /// How queries run.
    pub struct Querier {
        /// Let `a|b` in `X-Scope-OrgID` read several tenants at once.
        multi_tenant_queries_enabled: bool = false,
        /// Queries that run at once; more wait.
        max_concurrent: usize = 16,
        /// Longest life of a tail.
        tail_max_duration: Period = Period::seconds(3600),
    }
}

settings! {
    /// How queries are prepared.
    pub struct QueryRange {
        /// Move start and end of metric range queries to multiples of the step.
        align_queries_with_step: bool = true,
        /// Aggregations that may be answered by estimation, as `approx_topk`.
        shard_aggregations: String = String::new(),
    }
}

settings! {
    /// What happens to old blocks.
    pub struct Compactor {
        /// Time between looks for small blocks that are worth merging; 0 is never.
        compaction_interval: Period = Period(10 * MINUTE_NS),
        /// Time between the removal of a block and that of its object, for queries that still read it.
        retention_delete_delay: Period = Period(15 * MINUTE_NS),
        /// Remove blocks that are wholly older than their tenant keeps them: `limits_config.retention_period` for logs, `compactor_blocks_retention_period` for metrics, `block_retention` for traces. Without it nothing is ever removed.
        retention_enabled: bool = false,
    }
}

settings! {
    /// Patterns that lines follow.
    pub struct PatternIngester {
        /// Mine patterns from what is pushed, for `/loki/api/v1/patterns`; takes some CPU for each line.
        enabled: bool = false,
    }
}

settings! {
    /// Limits of single tenants.
    pub struct RuntimeConfig {
        /// YAML file with `overrides: {tenant: {limit: value}}`; empty is none.
        file: String = String::new(),
        /// Time between looks at the file.
        period: Period = Period::seconds(10),
    }
}

settings! {
    /// What Loki has no word for.
    pub struct Own {
        /// When an acknowledged push is on disk: `always` (before the acknowledgement), `interval` (within `wal_sync_interval`) or `off` (when the system likes).
        wal_sync: String = "always".to_owned(),
        /// Longest time that acknowledged rows may be in the system's memory alone, for `wal_sync: interval`.
        wal_sync_interval: Period = Period(200_000_000),
        /// Bytes of log lines, samples and spans together that may be in memory before pushes have to wait for blocks.
        head_memory: ByteSize = ByteSize(512 << 20),
        /// A tenant's rows of one signal in memory become a block when they are so many bytes.
        flush_bytes: ByteSize = ByteSize(128 << 20),
        /// Memory for what queries have read of blocks, stored bytes and what was decoded of them, so that those that ask again find it.
        page_cache: ByteSize = ByteSize(256 << 20),
        /// Directory of the disk cache for far buckets; empty is `cache` below `common.path_prefix`.
        cache_dir: String = String::new(),
        /// Bytes that the disk cache may take; 0 is no cache.
        cache_size: ByteSize = ByteSize(10 << 30),
        /// Compute threads; 0 is one per core.
        threads: usize = 0,
        /// Faults that the bucket is to make, for tests of what happens then.
        bucket_faults: FaultsConfig = FaultsConfig::default(),
    }
}

impl Config {
    /// Where blocks are kept: the first of S3, Azure and GCS that names a bucket, else the local
    /// directory, by default below `data`.
    pub fn bucket(&self, data: &Path) -> BucketConfig {
        let storage = &self.common.storage;
        let below = |text: &str, default: &str| match text {
            "" => data.join(default).to_string_lossy().into_owned(),
            text => text.to_owned(),
        };
        let object_store = match () {
            () if !storage.s3.bucketnames.is_empty() => "s3",
            () if !storage.azure.container_name.is_empty() => "azure",
            () if !storage.gcs.bucket_name.is_empty() => "gcs",
            () => "filesystem",
        };
        let cache = match self.trefoil.cache_size {
            ByteSize(0) => CacheConfig::default(),
            size => CacheConfig { directory: below(&self.trefoil.cache_dir, "cache"), size },
        };
        BucketConfig {
            object_store: object_store.to_owned(),
            storage_prefix: storage.object_store.storage_prefix.clone(),
            filesystem: FilesystemConfig { directory: below(&storage.filesystem.chunks_directory, "bucket") },
            aws: storage.s3.clone(),
            azure: storage.azure.clone(),
            gcs: storage.gcs.clone(),
            cache,
            faults: self.trefoil.bucket_faults.clone(),
            ..BucketConfig::default()
        }
    }
}

/// Makes what was written in one of several places stand in one: the storage in `common.storage`.
pub fn settle(config: &mut Config, written: &Value) {
    let storage = &mut config.common.storage;
    let old = &config.storage_config;
    if storage.filesystem.chunks_directory.is_empty() {
        storage.filesystem.chunks_directory.clone_from(&old.filesystem.directory);
    }
    if storage.object_store.storage_prefix.is_empty() {
        storage.object_store.clone_from(&old.object_store);
    }
    let wanted = object_store_of(written);
    if storage.s3 == S3Config::default()
        && (wanted.is_none() || wanted == Some("s3") || wanted == Some("aws"))
    {
        storage.s3.clone_from(&old.aws);
    }
    if storage.azure == AzureConfig::default() && (wanted.is_none() || wanted == Some("azure")) {
        storage.azure.clone_from(&old.azure);
    }
    if storage.gcs == GcsConfig::default() && (wanted.is_none() || wanted == Some("gcs")) {
        storage.gcs.clone_from(&old.gcs);
    }
    let listed =
        config.query_range.shard_aggregations.split(',').map(str::trim).filter(|name| !name.is_empty());
    let listed: Vec<String> = listed.map(str::to_owned).collect();
    config.limits_config.shard_aggregations.extend(listed);
}

/// The store that the newest entry of `schema_config` names.
fn object_store_of(written: &Value) -> Option<&str> {
    written.get("schema_config")?.get("configs")?.as_array()?.last()?.get("object_store")?.as_str()
}

/// Every key with its doc, type and default, as Markdown.
pub fn reference() -> String {
    let sections: [(&str, &[Setting]); 20] = [
        ("", Config::SETTINGS),
        ("server", Server::SETTINGS),
        ("common", Common::SETTINGS),
        ("common.storage", Storage::SETTINGS),
        ("common.storage.filesystem", Filesystem::SETTINGS),
        ("common.storage.object_store", ObjectStore::SETTINGS),
        ("common.storage.s3", S3Config::SETTINGS),
        ("common.storage.azure", AzureConfig::SETTINGS),
        ("common.storage.gcs", GcsConfig::SETTINGS),
        ("ingester", Ingester::SETTINGS),
        ("ingester.wal", Wal::SETTINGS),
        ("distributor", Distributor::SETTINGS),
        ("querier", Querier::SETTINGS),
        ("query_range", QueryRange::SETTINGS),
        ("compactor", Compactor::SETTINGS),
        ("pattern_ingester", PatternIngester::SETTINGS),
        ("runtime_config", RuntimeConfig::SETTINGS),
        ("storage_config", StorageConfig::SETTINGS),
        ("trefoil", Own::SETTINGS),
        ("limits_config", Limits::SETTINGS),
    ];
    let mut out = String::from(
        "# Configuration\n\nEvery key, made from its declaration by `trefoil config --reference`. Periods are written \
as `1h30m`, sizes as `256KB`.\n",
    );
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    for (path, settings) in sections {
        let title = if path.is_empty() { "top level" } else { path };
        let _ = write!(out, "\n## {title}\n\n| key | default | what it does |\n|---|---|---|\n");
        let section =
            path.split('.').filter(|part| !part.is_empty()).fold(&defaults, |tree, part| &tree[part]);
        for setting in settings {
            let default = match &section[setting.name] {
                Value::Object(_) => String::new(),
                Value::String(text) if text.is_empty() => String::new(),
                other => format!("`{}`", other.to_string().trim_matches('"')),
            };
            let doc = setting.doc.split_whitespace().collect::<Vec<_>>().join(" ");
            let _ = writeln!(out, "| `{}` | {default} | {doc} |", setting.name);
        }
    }
    out
}
