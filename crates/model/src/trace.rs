//! Spans together with where they come from: what the wire brings and takes, what a trace is made of.

use crate::span::{Attributes, Origin, Source, Span, SpanId, TraceId};

/// Spans of one origin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OriginSpans {
    /// Their resource and instrumentation scope.
    pub origin: Origin,
    /// The spans.
    pub spans: Vec<Span>,
}

/// Spans of one resource, by scope.
pub type ResourceGroup<'a> = (&'a Source, Vec<&'a OriginSpans>);

/// `groups` by resource: those of one resource beside each other, resources in the order in which they
/// are met.
pub fn by_resource(groups: &[OriginSpans]) -> Vec<ResourceGroup<'_>> {
    let mut found: Vec<ResourceGroup<'_>> = Vec::new();
    for group in groups {
        let resource = &group.origin.resource;
        match found.iter_mut().find(|(known, _)| *known == resource) {
            Some((_, groups)) => groups.push(group),
            None => found.push((resource, vec![group])),
        }
    }
    found
}

/// A trace that a search found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundTrace {
    /// Which.
    pub id: TraceId,
    /// The service of its root; none while the root is not known.
    pub root_service: Option<String>,
    /// The name of its root; none while the root is not known.
    pub root_name: Option<String>,
    /// Its first start, Unix nanoseconds.
    pub start_ns: i64,
    /// From the first start to the last end.
    pub duration_ns: i64,
    /// The spansets that matched.
    pub spansets: Vec<FoundSpanset>,
    /// What each service has in it, by name.
    pub services: Vec<(String, ServiceCounts)>,
}

/// What a service has in a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceCounts {
    /// Spans.
    pub spans: u64,
    /// Spans that ended badly.
    pub errors: u64,
}

/// Spans of a trace that matched together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundSpanset {
    /// Some of them.
    pub spans: Vec<FoundSpan>,
    /// How many there are.
    pub matched: u64,
    /// What the query found out about them.
    pub attributes: Attributes,
}

/// A span that matched.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundSpan {
    /// Which.
    pub id: SpanId,
    /// Its name.
    pub name: String,
    /// When it started, Unix nanoseconds.
    pub start_ns: i64,
    /// How long it took.
    pub duration_ns: i64,
    /// The values that the query asked about or selected.
    pub attributes: Attributes,
}
