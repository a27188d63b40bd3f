//! What a tenant may do. Names, units and defaults are those of Loki's `limits_config`; what is about metrics or
//! traces has Mimir's and Tempo's.

use crate::signal::Signal;
use crate::tenant::Tenant;
use base::unit::{ByteSize, DAY_NS, HOUR_NS, MINUTE_NS, Period};
use base::{Error, Result, settings};
use std::sync::Arc;

/// Gives the limits of a tenant as they are now; asked again for every request, since overrides
/// are re-read while running.
pub type LimitsOf = Arc<dyn Fn(&Tenant) -> Arc<Limits> + Send + Sync>;

fn texts(items: &[&str]) -> Vec<String> {
    items.iter().map(|i| (*i).to_owned()).collect()
}

settings! {
    /// Limits of one tenant.
    pub struct Limits {
        /// How the ingestion rate is shared: `global` (over all distributors) or `local` (each).
        ingestion_rate_strategy: String = "global".to_owned(),
        /// Bytes a tenant may push in a second, in MB.
        ingestion_rate_mb: f64 = 4.0,
        /// Bytes a tenant may push at once, in MB.
        ingestion_burst_size_mb: f64 = 6.0,
        /// Bytes a log stream may get in a second.
        per_stream_rate_limit: ByteSize = ByteSize(3 << 20),
        /// Bytes a log stream may get at once.
        per_stream_rate_limit_burst: ByteSize = ByteSize(15 << 20),
        /// Active log streams of a tenant in the whole cluster; 0 is no limit.
        max_global_streams_per_user: u64 = 5000,
        /// Active log streams of a tenant on one node; 0 is no limit.
        max_streams_per_user: u64 = 0,
        /// Active series of metrics of a tenant in the whole cluster; 0 is no limit.
        max_global_series_per_user: u64 = 150_000,
        /// Samples, native histograms and exemplars a tenant may write in a second; 0 is no limit.
        ingestion_rate: f64 = 10_000.0,
        /// Samples, native histograms and exemplars a tenant may write at once.
        ingestion_burst_size: u64 = 200_000,
        /// Most labels of a series of a metric. (In Mimir `max_label_names_per_series`, which is the limit of log streams here.)
        max_label_names_per_metric_series: usize = 30,
        /// The same of a series whose metric ends with `_info`.
        max_label_names_per_info_series: usize = 80,
        /// Longest name, meaning and unit in the metadata of a metric, in bytes; longer texts are cut.
        max_metadata_length: usize = 1024,
        /// Oldest sample that is taken; 0 takes any.
        past_grace_period: Period = Period(0),
        /// Take native histograms.
        native_histograms_ingestion_enabled: bool = true,
        /// Most buckets of a native histogram; 0 is no limit.
        max_native_histogram_buckets: usize = 0,
        /// Make native histograms coarser that have too many buckets, instead of refusing them.
        reduce_native_histogram_over_max_buckets: bool = true,
        /// Names of metrics from OTLP tell unit and kind.
        otel_metric_suffixes_enabled: bool = true,
        /// Attributes of OTLP resources that become labels of every series, joined by commas.
        promote_otel_resource_attributes: String = String::new(),
        /// `target_info` repeats the attributes that `job` and `instance` are made of.
        otel_keep_identifying_resource_attributes: bool = false,
        /// Name, version and attributes of OTLP scopes become labels of every series.
        otel_promote_scope_metadata: bool = false,
        /// Longest line; 0 is no limit.
        max_line_size: ByteSize = ByteSize(256 << 10),
        /// Cut lines that are too long instead of refusing them.
        max_line_size_truncate: bool = false,
        /// What is appended to a cut line.
        max_line_size_truncate_identifier: String = String::new(),
        /// Most labels of a stream.
        max_label_names_per_series: usize = 15,
        /// Longest label name in bytes.
        max_label_name_length: usize = 1024,
        /// Longest label value in bytes.
        max_label_value_length: usize = 2048,
        /// Refuse lines older than `reject_old_samples_max_age`.
        reject_old_samples: bool = true,
        /// Oldest line that is taken. There is no other rule about order.
        reject_old_samples_max_age: Period = Period(7 * DAY_NS),
        /// How far in the future a line's time may lie.
        creation_grace_period: Period = Period(10 * MINUTE_NS),
        /// Move a line that repeats the time of the line before it in a push by one nanosecond.
        increment_duplicate_timestamp: bool = false,
        /// Take structured metadata.
        allow_structured_metadata: bool = true,
        /// Most bytes of structured metadata of a line.
        max_structured_metadata_size: ByteSize = ByteSize(64 << 10),
        /// Most pairs of structured metadata of a line.
        max_structured_metadata_entries_count: usize = 128,
        /// Labels that give `service_name`, the first present; empty turns it off.
        discover_service_name: Vec<String> = texts(&[
            "service", "app", "application", "app_name", "name", "app_kubernetes_io_name", "container",
            "container_name", "k8s_container_name", "component", "workload", "job", "k8s_job_name",
        ]),
        /// Find each line's level and keep it as `detected_level`.
        discover_log_levels: bool = true,
        /// Names of labels, metadata and fields that hold a level.
        log_level_fields: Vec<String> = texts(&[
            "level", "LEVEL", "Level", "log.level", "severity", "SEVERITY", "Severity", "SeverityText", "lvl",
            "LVL", "Lvl", "severity_text", "Severity_Text", "SEVERITY_TEXT",
        ]),
        /// How deep a level is looked for in JSON.
        log_level_from_json_max_depth: usize = 2,
        /// Labels that every stream must have.
        enforced_labels: Vec<String> = Vec::new(),
        /// Refuse all pushes until then (RFC 3339).
        block_ingestion_until: String = String::new(),
        /// Status of a blocked push.
        block_ingestion_status_code: u16 = 260,
        /// Bytes of spans a tenant may send in a second; 0 is no limit.
        ingestion_rate_limit_bytes: ByteSize = ByteSize(30_000_000),
        /// Bytes of spans a tenant may send at once.
        ingestion_burst_size_bytes: ByteSize = ByteSize(30_000_000),
        /// Longest name and text of an attribute of spans; longer ones are cut. 0 is no limit.
        ingestion_max_attribute_bytes: ByteSize = ByteSize(2048),
        /// Most bytes of spans of a trace; what comes further is refused. 0 is no limit.
        max_bytes_per_trace: ByteSize = ByteSize(5_000_000),
        /// Most bytes in an answer of values of a tag; 0 is no limit.
        max_bytes_per_tag_values_query: ByteSize = ByteSize(1_000_000),
        /// Longest time range of a search for traces; 0 is no limit.
        max_search_duration: Period = Period(7 * DAY_NS),
        /// Longest time range of a query for series of spans; 0 is no limit.
        max_metrics_duration: Period = Period(DAY_NS),
        /// How OTLP attributes become labels and metadata.
        otlp_config: OtlpConfig = OtlpConfig::default(),
        /// Most lines a log query may ask for; 0 is no limit.
        max_entries_limit_per_query: usize = 5000,
        /// Most series a metric query may give.
        max_query_series: usize = 500,
        /// Longest time range of a query; 0 is no limit.
        max_query_length: Period = Period(30 * DAY_NS + HOUR_NS),
        /// Longest `[range]` in a metric query; 0 is no limit.
        max_query_range: Period = Period(0),
        /// How far back queries may look; 0 is no limit.
        max_query_lookback: Period = Period(0),
        /// Time a query may take.
        query_timeout: Period = Period(MINUTE_NS),
        /// Most matchers in a selector.
        max_streams_matchers_per_query: usize = 1000,
        /// Tails a tenant may have open.
        max_concurrent_tail_requests: usize = 10,
        /// Most streams a query may touch.
        cardinality_limit: usize = 100_000,
        /// Most bytes a query may read; 0 is no limit.
        max_query_bytes_read: ByteSize = ByteSize(0),
        /// Most bytes one querier may read for a query; 0 is no limit.
        max_querier_bytes_read: ByteSize = ByteSize(150 << 30),
        /// Most bytes a query may hold in memory.
        max_query_memory: ByteSize = ByteSize(1 << 30),
        /// Length of the pieces that a query is cut into.
        split_queries_by_interval: Period = Period(HOUR_NS),
        /// Answer `index/volume`.
        volume_enabled: bool = true,
        /// Most series in an answer of `index/volume`.
        volume_max_series: usize = 1000,
        /// Aggregations that may be answered by estimation.
        shard_aggregations: Vec<String> = Vec::new(),
        /// Queries that are refused.
        blocked_queries: Vec<BlockedQuery> = Vec::new(),
        /// Labels that every selector must name.
        required_labels: Vec<String> = Vec::new(),
        /// Fewest matchers in a selector.
        minimum_labels_number: usize = 0,
        /// `disabled`, `filter-only` or `filter-and-delete`.
        deletion_mode: String = "filter-and-delete".to_owned(),
        /// How long lines are kept where `compactor.retention_enabled` is set; 0 keeps them for ever.
        retention_period: Period = Period(0),
        /// How long samples of metrics are kept where `compactor.retention_enabled` is set; 0 keeps them for ever.
        compactor_blocks_retention_period: Period = Period(0),
        /// How long spans of traces are kept where `compactor.retention_enabled` is set; 0 keeps them for ever.
        block_retention: Period = Period(0),
    }
}

settings! {
    /// How OTLP attributes become labels, structured metadata, or nothing.
    pub struct OtlpConfig {
        /// Rules for attributes of resources.
        resource_attributes: OtlpResourceConfig = OtlpResourceConfig::default(),
        /// Rules for attributes of scopes.
        scope_attributes: Vec<OtlpAttributeRule> = Vec::new(),
        /// Rules for attributes of log records.
        log_attributes: Vec<OtlpAttributeRule> = Vec::new(),
        /// Make `severity_text` a label.
        severity_text_as_label: bool = false,
    }
}

settings! {
    /// Rules for attributes of OTLP resources.
    pub struct OtlpResourceConfig {
        /// Do without the default list of label attributes.
        ignore_defaults: bool = false,
        /// Further rules.
        attributes_config: Vec<OtlpAttributeRule> = Vec::new(),
    }
}

settings! {
    /// What happens to some OTLP attributes.
    pub struct OtlpAttributeRule {
        /// `index_label`, `structured_metadata` or `drop`.
        action: String = "structured_metadata".to_owned(),
        /// Names of attributes.
        attributes: Vec<String> = Vec::new(),
        /// Names of attributes as a regex.
        regex: String = String::new(),
    }
}

settings! {
    /// A query that is refused.
    pub struct BlockedQuery {
        /// Text, or regex where `regex` is set; `.*` is everything.
        pattern: String = String::new(),
        /// Whether `pattern` is a regex.
        regex: bool = false,
        /// FNV-1 hash of the query text.
        hash: u32 = 0,
        /// Only queries of these types: `metric`, `filter`, `limited`.
        types: Vec<String> = Vec::new(),
    }
}

impl Limits {
    /// These limits with the keys of `overrides` replaced.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] for an unknown key or a value of the wrong form.
    pub fn overlaid(&self, overrides: serde_json::Map<String, serde_json::Value>) -> Result<Self> {
        let whole = serde_json::to_value(self).map_err(|e| Error::bug("limits").because(e))?;
        let serde_json::Value::Object(mut whole) = whole else {
            return Err(Error::bug("limits are no map"));
        };
        for (key, value) in overrides {
            if !whole.contains_key(&key) {
                return Err(Error::invalid(format!("unknown limit {key:?}")));
            }
            whole.insert(key, value);
        }
        serde_json::from_value(serde_json::Value::Object(whole))
            .map_err(|e| Error::invalid(format!("limits: {e}")))
    }

    /// How long rows of `signal` are kept; 0 is for ever.
    pub fn retention(&self, signal: Signal) -> Period {
        match signal {
            Signal::Line => self.retention_period,
            Signal::Sample => self.compactor_blocks_retention_period,
            Signal::Span => self.block_retention,
        }
    }

    /// How many streams of `signal` may be active; 0 is no limit. On a single node the cluster's limit is the
    /// node's, too.
    pub fn streams(&self, signal: Signal) -> u64 {
        let limits = match signal {
            Signal::Line => [self.max_global_streams_per_user, self.max_streams_per_user],
            Signal::Sample => [self.max_global_series_per_user, 0],
            Signal::Span => [0, 0],
        };
        limits.into_iter().filter(|limit| *limit > 0).min().unwrap_or(0)
    }

    /// Bytes that one stream of `signal` may get in a second, and at once; none is no limit.
    pub fn stream_rate(&self, signal: Signal) -> Option<(ByteSize, ByteSize)> {
        (signal == Signal::Line).then_some((self.per_stream_rate_limit, self.per_stream_rate_limit_burst))
    }

    /// The same limits for every tenant.
    pub fn fixed(self) -> LimitsOf {
        let limits = Arc::new(self);
        Arc::new(move |_| limits.clone())
    }
}
