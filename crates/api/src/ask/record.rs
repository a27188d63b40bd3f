//! What a query leaves behind: one line in the log with the fields that operators of Loki build on,
//! metrics by Loki's names, and the statistics block of the answer.

use crate::ask::Ask;
use crate::ask::turn::Waited;
use crate::context::Context;
use crate::error::{HttpError, HttpResult, status_of};
use base::Kind;
use base::meter::{Metric, SECONDS_BUCKETS, Type};
use base::unit::go_duration_text;
use http::{HeaderMap, StatusCode, header};
use model::{Answer, TimeRange};
use query::engine::{Answered, QueryStats};
use query::logql::ast::{Expr, Stage};
use std::time::{Duration, Instant};
use wire::reply::stats::{Chunk, Index, Ingester, Querier, Stats, Store, Summary};

static LATENCY: Metric = Metric {
    name: "loki_logql_querystats_latency_seconds",
    help: "Time from a query to its answer.",
    kind: Type::Histogram,
    labels: &["status_code", "type", "range"],
    buckets: SECONDS_BUCKETS,
};

static BYTES_PER_SECOND: Metric = Metric {
    name: "loki_logql_querystats_bytes_processed_per_seconds",
    help: "Bytes that a query looked at in a second.",
    kind: Type::Histogram,
    labels: &["status_code", "type", "range"],
    buckets: &[5e7, 1e8, 2e8, 4e8, 6e8, 8e8, 1e9, 2e9, 3e9, 4e9, 5e9, 6e9, 1e10, 1.5e10, 2e10],
};

static DUPLICATES: Metric = Metric {
    name: "loki_logql_querystats_duplicates_total",
    help: "Lines that queries dropped as duplicates.",
    kind: Type::Counter,
    labels: &[],
    buckets: &[],
};

/// Queries that take longer are called slow.
const SLOW: Duration = Duration::from_secs(10);

/// What was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// LogQL.
    pub query: String,
    /// `range` or `instant`.
    pub range_type: &'static str,
    /// When; start and end are one for an instant.
    pub range: TimeRange,
    /// Distance of steps.
    pub step_ns: i64,
    /// Most lines.
    pub limit: usize,
}

/// A query under way. Dropped without [`Record::finish`], it was given up: by the client, or when
/// its time was over.
pub struct Record {
    context: Context,
    asked: Asked,
    tenants: String,
    user_agent: String,
    tags: String,
    now_ns: i64,
    waited: Duration,
    started: Instant,
    status: StatusCode,
    stats: QueryStats,
    returned_lines: usize,
}

impl Record {
    /// Begins the record of a query.
    pub fn start(ask: &Ask, waited: Waited, asked: Asked) -> Self {
        Self {
            context: ask.context.clone(),
            asked,
            tenants: ask.tenants.to_string(),
            user_agent: header_text(&ask.headers, header::USER_AGENT.as_str()),
            tags: clean_tags(&header_text(&ask.headers, "X-Query-Tags")),
            now_ns: ask.now_ns,
            waited: waited.0,
            started: Instant::now(),
            status: status_of(Kind::Cancelled),
            stats: QueryStats::default(),
            returned_lines: 0,
        }
    }

    /// Ends the record, and passes on what the query gave.
    ///
    /// # Errors
    /// Those that it was given.
    pub fn finish(mut self, answered: base::Result<Answered>) -> HttpResult<Answered> {
        match answered {
            Ok(answered) => {
                self.status = StatusCode::OK;
                self.stats = answered.stats.clone();
                if let Answer::Streams(streams) = &answered.answer {
                    self.returned_lines = streams.iter().map(|stream| stream.lines.len()).sum();
                }
                Ok(answered)
            }
            Err(error) => {
                let error = HttpError::from(error);
                self.status = error.status();
                Err(error)
            }
        }
    }

    fn count(&self, elapsed: Duration, query_type: &str) {
        let registry = &self.context.registry;
        let labels = [self.status.as_str(), query_type, self.asked.range_type];
        registry.buckets(&LATENCY, &labels).observe(elapsed.as_secs_f64());
        let rate = per_second(self.stats.bytes_processed(), elapsed);
        registry.buckets(&BYTES_PER_SECOND, &labels).observe(rate as f64);
        registry.cell(&DUPLICATES, &[]).add(self.stats.scan.duplicates as f64);
    }

    fn log(&self, elapsed: Duration, query_type: &str) {
        let (asked, stats) = (&self.asked, &self.stats);
        let before_now = |ts_ns: i64| go_duration_text(self.now_ns.saturating_sub(ts_ns));
        tracing::info!(
            target: "metrics.go", // so Loki names the line's origin, and dashboards look for it
            component = "querier",
            org_id = self.tenants,
            latency = if elapsed > SLOW { "slow" } else { "fast" },
            user_agent = self.user_agent,
            query = asked.query,
            query_hash = fnv1(asked.query.as_bytes()),
            query_type,
            range_type = asked.range_type,
            length = go_duration_text(asked.range.length_ns()),
            start_delta = before_now(asked.range.start_ns),
            end_delta = before_now(asked.range.end_ns),
            step = go_duration_text(asked.step_ns),
            duration = go_text(elapsed),
            status = self.status.as_u16(),
            limit = asked.limit,
            returned_lines = self.returned_lines,
            throughput = per_second(stats.bytes_processed(), elapsed),
            total_bytes = stats.bytes_processed(),
            total_bytes_structured_metadata = stats.scan.metadata_bytes,
            lines_per_second = per_second(stats.lines_processed(), elapsed),
            total_lines = stats.lines_processed(),
            post_filter_lines = stats.lines_passed,
            total_entries = stats.entries_returned,
            queue_time = go_text(self.waited),
            compute_seconds = stats.compute_seconds,
            peak_memory_bytes = stats.peak_memory_bytes,
            pages_read = stats.scan.pages_read,
            pages_skipped = stats.scan.pages_skipped,
            fetched_bytes = stats.scan.fetched_bytes,
            bucket_requests = stats.scan.bucket_requests,
            bucket_rounds = stats.scan.bucket_rounds,
            tags = self.tags,
            "query"
        );
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let elapsed = self.started.elapsed();
        let query_type = query_type(&self.asked.query);
        self.count(elapsed, query_type);
        self.log(elapsed, query_type);
    }
}

fn header_text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).map_or_else(String::new, |value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// The tags of a client with every character replaced that might end a field of the log line.
fn clean_tags(tags: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-=.@, ".contains(c);
    tags.chars().map(|c| if allowed(c) { c } else { '_' }).collect()
}

/// How Loki names kinds of queries: by what bounds their cost.
fn query_type(query: &str) -> &'static str {
    match query::logql::parse(query) {
        Ok(Expr::Metric(_)) => "metric",
        Ok(Expr::Log(log)) if log.stages.iter().any(is_filter) => "filter",
        Ok(Expr::Log(_)) => "limited",
        Err(_) => "invalid",
    }
}

fn is_filter(stage: &Stage) -> bool {
    matches!(stage, Stage::LineFilter(_) | Stage::LabelFilter(_))
}

/// 32-bit FNV-1, by which `blocked_queries` name a query too.
fn fnv1(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash: u32, byte| hash.wrapping_mul(0x0100_0193) ^ u32::from(*byte))
}

fn go_text(duration: Duration) -> String {
    go_duration_text(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
}

fn per_second(count: u64, elapsed: Duration) -> u64 {
    (count as f64 / elapsed.as_secs_f64().max(1e-9)) as u64
}

/// The statistics block of an answer. Heads are Loki's ingester, blocks are its store.
pub fn reply_stats(stats: &QueryStats, waited: Waited) -> Stats {
    let scan = &stats.scan;
    let elapsed = Duration::from_secs_f64(stats.exec_seconds.max(0.0));
    let heads = Chunk { head_bytes: scan.head_bytes, head_lines: scan.head_rows, ..Chunk::default() };
    let blocks = Chunk {
        decompressed_bytes: scan.block_bytes,
        decompressed_lines: scan.block_rows,
        compressed_bytes: scan.compressed_bytes,
        duplicates: scan.duplicates,
        post_filter_lines: stats.lines_passed,
        decompressed_metadata_bytes: scan.metadata_bytes,
        ..Chunk::default()
    };
    Stats {
        summary: Summary {
            bytes_per_second: per_second(stats.bytes_processed(), elapsed),
            lines_per_second: per_second(stats.lines_processed(), elapsed),
            total_bytes: stats.bytes_processed(),
            total_lines: stats.lines_processed(),
            exec_seconds: stats.exec_seconds,
            queue_seconds: waited.0.as_secs_f64(),
            subqueries: 0,
            entries_returned: stats.entries_returned,
            splits: stats.selections,
            shards: 0,
            post_filter_lines: stats.lines_passed,
            metadata_bytes: scan.metadata_bytes,
        },
        querier: Querier {
            store: Store {
                chunks_ref: scan.pages_considered,
                chunks_downloaded: scan.pages_read,
                bucket_requests: scan.bucket_requests,
                bucket_rounds: scan.bucket_rounds,
                chunk: blocks,
                ..Store::default()
            },
            exec_seconds: stats.compute_seconds,
        },
        ingester: Ingester {
            reached: 1,
            batches: stats.runs,
            lines_sent: scan.rows_passed,
            store: Store { chunk: heads, ..Store::default() },
            ..Ingester::default()
        },
        index: Index {
            total_chunks: scan.pages_considered,
            post_filter_chunks: scan.pages_considered.saturating_sub(scan.pages_skipped),
            used_filters: scan.pages_skipped > 0,
            ..Index::default()
        },
        ..Stats::default()
    }
}

#[cfg(test)]
mod tests;
