//! What the limits of a tenant refuse, in Loki's words.

use super::RangeQuery;
use super::ending::Ending;
use crate::logql::ast::{LineOp, LineOperand, Stage};
use crate::plan::{Leaf, MetricPlan, Plan};
use base::unit::{Period, go_duration_text};
use base::{Error, Result};
use model::limits::BlockedQuery;
use model::{Limits, Matcher, TimeRange};

/// Most steps of a range query.
const STEPS_MAX: i64 = 11_000;

/// Refuses a range query with a step that is not positive or with too many steps.
///
/// # Errors
/// [`base::Kind::Invalid`].
pub fn resolution(start_ns: i64, end_ns: i64, step_ns: i64) -> Result<()> {
    if step_ns <= 0 {
        return Err(Error::invalid(
            "zero or negative query resolution step widths are not accepted. Try a positive integer",
        ));
    }
    if end_ns.saturating_sub(start_ns) / step_ns > STEPS_MAX {
        return Err(Error::invalid(
            "exceeded maximum resolution of 11,000 points per time series. \
             Try increasing the value of the step parameter",
        ));
    }
    Ok(())
}

/// Refuses a time range longer than `max_query_length`.
///
/// # Errors
/// [`base::Kind::Limit`].
pub fn length(limits: &Limits, start_ns: i64, end_ns: i64) -> Result<()> {
    let (limit, asked) = (limits.max_query_length, end_ns.saturating_sub(start_ns));
    if limit.is_zero() || asked <= limit.ns() {
        return Ok(());
    }
    Err(Error::limit(format!(
        "the query time range exceeds the limit (query length: {}, limit: {})",
        go_duration_text(asked),
        limit.prometheus_text()
    )))
}

/// Refuses a cursor where the place in the answer does not follow from a time.
///
/// # Errors
/// [`base::Kind::Invalid`].
pub(super) fn cursor(query: &RangeQuery, ending: &Ending) -> Result<()> {
    let hindered = match query.interval_ns > 0 {
        true => "an interval",
        false if ending.is_none() => return Ok(()),
        false => "distinct or sort by",
    };
    match query.cursor {
        None => Ok(()),
        Some(_) => Err(Error::invalid(format!("a query with {hindered} cannot be read with a cursor"))),
    }
}

/// Moves `start_ns` up to what `max_query_lookback` leaves to see; `None` when nothing is left.
pub fn lookback(limits: &Limits, start_ns: i64, end_ns: i64, now_ns: i64) -> Option<i64> {
    if limits.max_query_lookback.is_zero() {
        return Some(start_ns);
    }
    let oldest_ns = now_ns.saturating_sub(limits.max_query_lookback.ns());
    (end_ns >= oldest_ns).then(|| start_ns.max(oldest_ns))
}

/// Refuses a log query for more lines than `max_entries_limit_per_query`.
///
/// # Errors
/// [`base::Kind::Limit`].
pub fn entries(limits: &Limits, asked: usize) -> Result<()> {
    let limit = limits.max_entries_limit_per_query;
    if limit == 0 || asked <= limit {
        return Ok(());
    }
    Err(Error::limit(format!(
        "max entries limit per query exceeded, limit > max_entries_limit_per_query ({asked} > {limit})"
    )))
}

/// Refuses a selector with too many matchers, or without those that must be there.
///
/// # Errors
/// [`base::Kind::Limit`].
pub fn matchers(limits: &Limits, matchers: &[Matcher]) -> Result<()> {
    let (limit, count) = (limits.max_streams_matchers_per_query, matchers.len());
    if count > limit {
        return Err(Error::limit(format!(
            "max streams matchers per query exceeded, matchers-count > limit ({count} > {limit})"
        )));
    }
    let present: Vec<&str> = matchers.iter().map(|matcher| matcher.name.as_str()).collect();
    let missing: Vec<&str> =
        limits.required_labels.iter().map(String::as_str).filter(|name| !present.contains(name)).collect();
    if !missing.is_empty() {
        return Err(Error::limit(format!(
            "stream selector is missing required matchers [{}], labels present in the query were [{}]",
            missing.join(", "),
            present.join(", ")
        )));
    }
    if count < limits.minimum_labels_number {
        return Err(Error::limit(format!(
            "stream selector has less label matchers than required: \
             (present: [{}], number_present: {count}, required_number_label_matchers: {})",
            present.join(", "),
            limits.minimum_labels_number
        )));
    }
    Ok(())
}

/// Refuses a `[range]` longer than `max_query_range`. Loki cuts the ranges of some instant queries
/// into pieces of `split_queries_by_interval` and checks those.
///
/// # Errors
/// [`base::Kind::Limit`].
pub fn range(limits: &Limits, plan: &MetricPlan, instant: bool) -> Result<()> {
    let limit = limits.max_query_range;
    if limit.is_zero() {
        return Ok(());
    }
    for leaf in &plan.leaves {
        let range_ns = match instant && is_split(limits, plan, leaf) {
            true => limits.split_queries_by_interval.ns(),
            false => leaf.range.range_ns,
        };
        if range_ns > limit.ns() {
            return Err(Error::limit(format!(
                "[interval] value exceeds limit: [{}] > [{}]",
                Period(range_ns).prometheus_text(),
                limit.prometheus_text()
            )));
        }
    }
    Ok(())
}

/// Whether Loki cuts the range of `leaf` in an instant query into pieces.
pub fn is_split(limits: &Limits, plan: &MetricPlan, leaf: &Leaf) -> bool {
    let split_ns = limits.split_queries_by_interval.ns();
    plan.splittable && split_ns > 0 && leaf.range.range_ns > split_ns
}

/// Refuses queries that the operator has blocked.
///
/// # Errors
/// [`base::Kind::Invalid`].
pub fn blocked(limits: &Limits, query: &str, plan: &Plan) -> Result<()> {
    if limits.blocked_queries.iter().any(|rule| is_blocked(rule, query, query_type(plan))) {
        return Err(Error::invalid("query blocked by policy"));
    }
    Ok(())
}

fn is_blocked(rule: &BlockedQuery, query: &str, query_type: &str) -> bool {
    let matches = if rule.hash != 0 {
        rule.hash == fnv1(query)
    } else if rule.pattern.is_empty() || rule.pattern.trim() == query.trim() {
        true
    } else {
        // A pattern that does not compile blocks nothing.
        rule.regex && regex::Regex::new(&rule.pattern).is_ok_and(|regex| regex.is_match(query))
    };
    matches && (rule.types.is_empty() || rule.types.iter().any(|wanted| wanted == query_type))
}

/// `metric`, `filter` (lines, some of them) or `limited` (all lines of some streams).
pub fn query_type(plan: &Plan) -> &'static str {
    match plan {
        Plan::Metric(_) => "metric",
        Plan::Log(log) if log.stages.iter().any(filters) => "filter",
        Plan::Log(_) => "limited",
    }
}

fn filters(stage: &Stage) -> bool {
    match stage {
        // The empty text is in every line.
        Stage::LineFilter(filter) => {
            let empty = LineOperand::Text(String::new());
            !matches!(filter.op, LineOp::Contains | LineOp::Regex) || !filter.any.contains(&empty)
        }
        Stage::LabelFilter(_) => true,
        _ => false,
    }
}

/// FNV-1, 32 bit: how Loki names a query in `blocked_queries.hash` and in its query log.
pub fn fnv1(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| hash.wrapping_mul(0x0100_0193) ^ u32::from(byte))
}

/// The error of too many series in a metric query.
pub fn too_many_series(limit: usize) -> Error {
    Error::limit(format!(
        "maximum number of series ({limit}) reached for a single query; consider reducing query cardinality by \
         adding more specific stream selectors, reducing the time range, or aggregating results with functions \
         like sum(), count() or topk()"
    ))
}

/// Refuses an answer of `index/volume` with too many series.
///
/// # Errors
/// [`base::Kind::Limit`].
pub fn volume_series(limits: &Limits, count: usize) -> Result<()> {
    let limit = limits.volume_max_series;
    if limit == 0 || count <= limit {
        return Ok(());
    }
    Err(Error::limit(format!("the query hit the max number of series limit (limit: {limit} series)")))
}

/// Refuses a query that would read more than `max_query_bytes_read`.
///
/// # Errors
/// [`base::Kind::Limit`].
pub fn bytes_read(limits: &Limits, bytes: u64) -> Result<()> {
    let limit = limits.max_query_bytes_read.0;
    if limit == 0 || bytes <= limit {
        return Ok(());
    }
    Err(Error::limit(format!(
        "the query would read too many bytes (query: {}, limit: {}); consider adding more specific stream \
         selectors or reduce the time range of the query",
        human_bytes(bytes),
        human_bytes(limit)
    )))
}

/// The error of a query that has read more than `max_querier_bytes_read`.
pub fn too_many_bytes_scanned(bytes: u64, limit: u64) -> Error {
    Error::limit(format!(
        "query too large to execute on a single querier: (query: {}, limit: {}); consider adding more specific \
         stream selectors, reduce the time range of the query, or adjust parallelization settings",
        human_bytes(bytes),
        human_bytes(limit)
    ))
}

/// The error of a query that touches more streams than `cardinality_limit`.
pub fn too_many_streams(limit: usize) -> Error {
    Error::limit(format!(
        "cardinality limit exceeded for logs{{}}; {} entries, more than limit of {limit}",
        limit.saturating_add(1)
    ))
}

/// Sizes in Loki's limit texts: decimal units, one fraction digit below ten.
fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 10 {
        return format!("{bytes}B");
    }
    let exponent = bytes.ilog10() / 3;
    let value = bytes as f64 / 1000f64.powi(exponent as i32);
    let rounded = (value * 10.0 + 0.5).floor() / 10.0;
    let unit = UNITS.get(exponent as usize).copied().unwrap_or("EB");
    if rounded < 10.0 { format!("{rounded:.1}{unit}") } else { format!("{rounded:.0}{unit}") }
}

/// The part of a query's time range that is asked of the store for lines: a range of no length
/// still holds its instant.
pub fn line_range(start_ns: i64, end_ns: i64) -> TimeRange {
    TimeRange::new(start_ns, end_ns.max(start_ns.saturating_add(i64::from(start_ns == end_ns))))
}

#[cfg(test)]
mod tests;
