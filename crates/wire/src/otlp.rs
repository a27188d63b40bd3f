//! OTLP logs: read from protobuf or JSON, mapped to streams as Loki maps them.

pub mod json;
pub mod map;
pub mod metrics;
pub mod proto;
pub mod rules;
pub mod traces;
pub mod value;

use crate::protobuf::put_bytes;
use std::borrow::Cow;
use value::{AnyValue, KeyValue};

/// A request to export logs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logs<'a> {
    /// Logs by what produced them.
    pub resources: Vec<ResourceLogs<'a>>,
}

/// Logs of one resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceLogs<'a> {
    /// Attributes of the resource.
    pub attributes: Vec<KeyValue<'a>>,
    /// Its logs by instrumentation scope.
    pub scopes: Vec<ScopeLogs<'a>>,
}

/// Logs of one instrumentation scope.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScopeLogs<'a> {
    /// Name of the scope.
    pub name: Cow<'a, [u8]>,
    /// Version of the scope.
    pub version: Cow<'a, [u8]>,
    /// Attributes of the scope.
    pub attributes: Vec<KeyValue<'a>>,
    /// Attributes of the scope that were dropped before.
    pub dropped_attributes: u32,
    /// Its records.
    pub records: Vec<LogRecord<'a>>,
}

/// A log record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogRecord<'a> {
    /// When it happened, Unix nanoseconds; 0 is unknown.
    pub time_ns: u64,
    /// When it was observed, Unix nanoseconds; 0 is unknown.
    pub observed_ns: u64,
    /// 1 (trace) to 24 (fatal); 0 is unknown.
    pub severity_number: i32,
    /// The severity as its source calls it.
    pub severity_text: Cow<'a, [u8]>,
    /// What is logged.
    pub body: AnyValue<'a>,
    /// Attributes of the record.
    pub attributes: Vec<KeyValue<'a>>,
    /// Attributes of the record that were dropped before.
    pub dropped_attributes: u32,
    /// W3C trace flags and others.
    pub flags: u32,
    /// The trace it belongs to; all zero is none.
    pub trace_id: [u8; 16],
    /// The span it belongs to; all zero is none.
    pub span_id: [u8; 8],
    /// Name of the event that it is.
    pub event_name: Cow<'a, [u8]>,
}

impl Logs<'_> {
    /// Number of records.
    pub fn record_count(&self) -> usize {
        self.resources.iter().flat_map(|resource| &resource.scopes).map(|scope| scope.records.len()).sum()
    }
}

/// A `google.rpc.Status` that says `message`: the body of a failed export over HTTP.
pub fn status(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 4);
    put_bytes(&mut out, 2, message);
    out
}

#[cfg(test)]
mod tests;
