//! Answers as Tempo's clients read them, in JSON and, where they ask for it, in protobuf. Whole numbers
//! of 64 bits are strings in JSON.

use crate::json_text::{put_array, put_integer, put_key, put_string};
use crate::otlp::traces::encode::put_message;
use crate::otlp::traces::{Style, encode, hex, put_resource_spans, put_value};
use crate::protobuf::{put_bytes, put_varint};
use crate::reply::put_strings;
use model::span::Attributes;
use model::trace::{FoundSpan, FoundSpanset, FoundTrace, OriginSpans};

mod series;

pub use series::{instant_series, range_series};

/// What stands for the root's service as long as the root is not there.
pub const ROOT_MISSING: &str = "<root span not yet received>";

/// What an answer cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Traces that were evaluated.
    pub inspected_traces: u64,
    /// Bytes of rows that were looked at.
    pub inspected_bytes: u64,
    /// Rows that were looked at.
    pub inspected_spans: u64,
    /// Blocks that might hold rows.
    pub blocks: u64,
    /// Pieces of work, and how many of them were done. Fewer than there are: the answer is not complete.
    pub total_jobs: u64,
    /// See [`Metrics::total_jobs`].
    pub completed_jobs: u64,
    /// Bytes of pages as stored.
    pub block_bytes: u64,
    /// Requests to the bucket.
    pub backend_reads: u64,
    /// Bytes fetched from the bucket.
    pub backend_bytes: u64,
}

/// A trace as `/api/traces/{id}` answers it, in JSON.
pub fn trace(groups: &[OriginSpans]) -> Vec<u8> {
    let mut out = b"{\"batches\":".to_vec();
    put_resource_spans(&mut out, groups, Style::Tempo);
    out.push(b'}');
    out
}

/// A trace as `/api/traces/{id}` answers it, in protobuf.
pub fn trace_proto(groups: &[OriginSpans]) -> Vec<u8> {
    encode::traces(groups)
}

/// What is said beside a trace or series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// Why the answer is not complete; none when it is.
    pub partial: Option<String>,
    /// What it cost.
    pub metrics: Metrics,
}

/// A trace as `/api/v2/traces/{id}` answers it, in JSON.
pub fn trace_v2(groups: &[OriginSpans], envelope: &Envelope) -> Vec<u8> {
    let mut out = b"{\"trace\":{\"resourceSpans\":".to_vec();
    put_resource_spans(&mut out, groups, Style::Tempo);
    out.extend_from_slice(b"},\"metrics\":{");
    put_quoted(&mut out, "inspectedBytes", envelope.metrics.inspected_bytes);
    out.push(b'}');
    put_status(&mut out, envelope);
    out.push(b'}');
    out
}

fn put_status(out: &mut Vec<u8>, envelope: &Envelope) {
    put_text(out, "status", if envelope.partial.is_some() { "PARTIAL" } else { "COMPLETE" });
    if let Some(message) = &envelope.partial {
        put_text(out, "message", message);
    }
}

/// A trace as `/api/v2/traces/{id}` answers it, in protobuf: `TraceByIDResponse`.
pub fn trace_v2_proto(groups: &[OriginSpans], envelope: &Envelope) -> Vec<u8> {
    let mut out = Vec::new();
    put_bytes(&mut out, 1, &encode::traces(groups));
    put_message(&mut out, 2, |out| put_varint(out, 1, envelope.metrics.inspected_bytes));
    put_varint(&mut out, 3, u64::from(envelope.partial.is_some()));
    put_bytes(&mut out, 4, envelope.partial.as_deref().unwrap_or("").as_bytes());
    out
}

/// `/api/search`.
pub fn search(traces: &[FoundTrace], metrics: &Metrics) -> Vec<u8> {
    let mut out = b"{\"traces\":".to_vec();
    put_array(&mut out, traces, put_trace);
    put_metrics(&mut out, metrics);
    out.push(b'}');
    out
}

fn put_trace(out: &mut Vec<u8>, trace: &FoundTrace) {
    out.push(b'{');
    put_text(out, "traceID", &hex(&trace.id));
    put_text(out, "rootServiceName", trace.root_service.as_deref().unwrap_or(ROOT_MISSING));
    if let Some(name) = &trace.root_name {
        put_text(out, "rootTraceName", name);
    }
    put_quoted(out, "startTimeUnixNano", trace.start_ns);
    put_key(out, "durationMs");
    put_integer(out, trace.duration_ns.max(0) / 1_000_000);
    // Clients of old read the first spanset under its own name.
    if let Some(first) = trace.spansets.first() {
        put_key(out, "spanSet");
        put_spanset(out, first);
        put_key(out, "spanSets");
        put_array(out, &trace.spansets, put_spanset);
    }
    put_key(out, "serviceStats");
    out.push(b'{');
    for (service, counts) in &trace.services {
        put_key(out, service);
        out.push(b'{');
        put_key(out, "spanCount");
        put_integer(out, counts.spans);
        if counts.errors > 0 {
            put_key(out, "errorCount");
            put_integer(out, counts.errors);
        }
        out.push(b'}');
    }
    out.extend_from_slice(b"}}");
}

fn put_spanset(out: &mut Vec<u8>, spanset: &FoundSpanset) {
    out.push(b'{');
    put_key(out, "spans");
    put_array(out, &spanset.spans, put_span);
    put_key(out, "matched");
    put_integer(out, spanset.matched);
    put_attributes(out, &spanset.attributes);
    out.push(b'}');
}

fn put_span(out: &mut Vec<u8>, span: &FoundSpan) {
    out.push(b'{');
    put_text(out, "spanID", &hex(&span.id));
    if !span.name.is_empty() {
        put_text(out, "name", &span.name);
    }
    put_quoted(out, "startTimeUnixNano", span.start_ns);
    put_quoted(out, "durationNanos", span.duration_ns);
    put_attributes(out, &span.attributes);
    out.push(b'}');
}

fn put_attributes(out: &mut Vec<u8>, attributes: &Attributes) {
    if attributes.is_empty() {
        return;
    }
    put_key(out, "attributes");
    put_array(out, attributes, |out, (name, value)| {
        out.push(b'{');
        put_text(out, "key", name);
        put_key(out, "value");
        put_value(out, value);
        out.push(b'}');
    });
}

fn put_metrics(out: &mut Vec<u8>, metrics: &Metrics) {
    put_key(out, "metrics");
    out.push(b'{');
    for (key, number) in [
        ("inspectedTraces", metrics.inspected_traces),
        ("totalBlocks", metrics.blocks),
        ("completedJobs", metrics.completed_jobs),
        ("totalJobs", metrics.total_jobs),
    ] {
        put_key(out, key);
        put_integer(out, number);
    }
    for (key, number) in [
        ("inspectedBytes", metrics.inspected_bytes),
        ("inspectedSpans", metrics.inspected_spans),
        ("totalBlockBytes", metrics.block_bytes),
        ("backendReads", metrics.backend_reads),
        ("backendBytes", metrics.backend_bytes),
    ] {
        put_quoted(out, key, number);
    }
    out.push(b'}');
}

/// `/api/search/tags`.
pub fn tags<T: AsRef<str>>(names: &[T], metrics: &Metrics) -> Vec<u8> {
    let mut out = b"{\"tagNames\":".to_vec();
    put_strings(&mut out, names);
    put_metrics(&mut out, metrics);
    out.push(b'}');
    out
}

/// `/api/v2/search/tags`: names by scope.
pub fn scoped_tags(scopes: &[(&str, Vec<String>)], metrics: &Metrics) -> Vec<u8> {
    let mut out = b"{\"scopes\":".to_vec();
    put_array(&mut out, scopes, |out, (scope, names)| {
        out.push(b'{');
        put_text(out, "name", scope);
        put_key(out, "tags");
        put_strings(out, names);
        out.push(b'}');
    });
    put_metrics(&mut out, metrics);
    out.push(b'}');
    out
}

/// `/api/search/tag/{name}/values`.
pub fn tag_values<T: AsRef<str>>(values: &[T], metrics: &Metrics) -> Vec<u8> {
    let mut out = b"{\"tagValues\":".to_vec();
    put_strings(&mut out, values);
    put_metrics(&mut out, metrics);
    out.push(b'}');
    out
}

/// A value of a tag as people would write it in a query.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagValue {
    /// `string`, `int`, `float`, `bool`, `duration` or `keyword`.
    pub kind: &'static str,
    /// Its text.
    pub text: String,
}

/// `/api/v2/search/tag/{name}/values`.
pub fn typed_tag_values<'a>(values: impl IntoIterator<Item = &'a TagValue>, metrics: &Metrics) -> Vec<u8> {
    let mut out = b"{\"tagValues\":".to_vec();
    put_array(&mut out, values, |out, value| {
        out.push(b'{');
        put_text(out, "type", value.kind);
        put_text(out, "value", &value.text);
        out.push(b'}');
    });
    put_metrics(&mut out, metrics);
    out.push(b'}');
    out
}

fn put_text(out: &mut Vec<u8>, key: &str, text: &str) {
    put_key(out, key);
    put_string(out, text.as_bytes());
}

fn put_quoted(out: &mut Vec<u8>, key: &str, number: impl itoa::Integer) {
    put_key(out, key);
    out.push(b'"');
    put_integer(out, number);
    out.push(b'"');
}

#[cfg(test)]
mod tests;
