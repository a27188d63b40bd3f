//! Searching: from rows that pass sieves to traces that match.

use crate::eval::span::{Spanset, Trace, Value};
use crate::traceql::ast::{Field, Intrinsic, Pipeline};
use crate::traces::candidates::Candidates;
use crate::traces::read::{HeldTrace, Reader};
use crate::traces::sieve;
use crate::traces::{Cost, Traces, around, members, root_service, service};
use base::Result;
use futures_util::future::try_join_all;
use model::attribute;
use model::span::{Attributes, TraceId};
use model::trace::{FoundSpan, FoundSpanset, FoundTrace, OriginSpans, ServiceCounts};
use model::{Limits, Tenant, TimeRange};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// What is searched for.
#[derive(Clone, Debug)]
pub struct Search {
    /// Whose.
    pub tenants: Vec<Tenant>,
    /// Which spansets.
    pub pipeline: Pipeline,
    /// When a span that the query's filter selects starts.
    pub range: TimeRange,
    /// How long traces are, in nanoseconds.
    pub duration_ns: RangeInclusive<i64>,
    /// Most traces.
    pub limit: usize,
    /// Most spans that are told of a spanset.
    pub spans_per_spanset: usize,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Searched {
    /// Traces, the newest first.
    pub traces: Vec<FoundTrace>,
    /// What it cost.
    pub cost: Cost,
}

impl Traces {
    /// The traces that `search` selects. Which ones, when there are more than it may give, depends only
    /// on what is stored: those with the newest spans that pass its first filter.
    ///
    /// # Errors
    /// Of the store, and [`base::Kind::Limit`] beyond `max_query_memory` and `max_querier_bytes_read`.
    pub async fn search(&self, search: &Search, limits: &Limits) -> Result<Searched> {
        let reader = self.reader(&search.tenants, limits);
        let sieves = sieve::of_pipeline(&search.pipeline);
        let mut candidates = Candidates::new(&reader, sieves, search.range, Some(search.limit));
        let mut finder =
            Finder { reader: &reader, search: Arc::new(search.clone()), found: Vec::new(), evaluated: 0 };
        while finder.wants_more()
            && let Some(ready) = candidates.next().await?
        {
            finder.evaluate(ready).await?;
        }
        let Finder { mut found, evaluated, .. } = finder;
        found.sort_by_key(|trace| (Reverse(trace.start_ns), trace.id));
        let known = if found.len() >= search.limit { evaluated } else { candidates.seen() };
        let cost = Cost { traces: evaluated, candidates: known, ..reader.cost() };
        Ok(Searched { traces: found, cost })
    }
}

/// Reads and evaluates traces.
struct Finder<'a> {
    reader: &'a Reader<'a>,
    search: Arc<Search>,
    found: Vec<FoundTrace>,
    evaluated: u64,
}

impl Finder<'_> {
    fn wants_more(&self) -> bool {
        self.found.len() < self.search.limit && self.evaluated < self.reader.traces_max
    }

    async fn evaluate(&mut self, ready: Vec<(i64, TraceId)>) -> Result<()> {
        self.evaluated += ready.len() as u64;
        let evaluating = ready.into_iter().map(|(ts_ns, id)| self.evaluated(ts_ns, id));
        let found = try_join_all(evaluating).await?;
        let left = self.search.limit.saturating_sub(self.found.len());
        self.found.extend(found.into_iter().flatten().take(left));
        Ok(())
    }

    async fn evaluated(&self, ts_ns: i64, id: TraceId) -> Result<Option<FoundTrace>> {
        let range = around(TimeRange::new(ts_ns, ts_ns));
        let HeldTrace { whole, lease } = self.reader.trace(id, range).await?;
        let search = self.search.clone();
        let working = self.reader.pool.run(move || {
            let found = found(id, &whole.groups, &search);
            drop((whole, lease));
            found
        });
        working.await
    }
}

/// What is told of a trace; none when it does not match.
fn found(id: TraceId, groups: &[OriginSpans], search: &Search) -> Option<FoundTrace> {
    let members = members(groups);
    let trace = Trace::new(&members);
    if !search.duration_ns.contains(&trace.duration_ns()) {
        return None;
    }
    let spansets = trace.run(&search.pipeline);
    if spansets.is_empty() {
        return None;
    }
    let fields: Vec<Field> = search.pipeline.fields().into_iter().filter(is_told).collect();
    let told = |spanset| found_spanset(&trace, spanset, &fields, search.spans_per_spanset);
    let spansets = spansets.into_iter().map(told).collect();
    let mut services: BTreeMap<&str, ServiceCounts> = BTreeMap::new();
    for member in &members {
        let counts = services.entry(service(member)).or_default();
        counts.spans += 1;
        counts.errors += u64::from(member.span.status == 2);
    }
    Some(FoundTrace {
        id,
        root_service: root_service(&trace),
        root_name: trace.root().map(|root| root.span.name.clone()),
        start_ns: members.iter().map(|member| member.span.start_ns).min().unwrap_or(0),
        duration_ns: trace.duration_ns(),
        spansets,
        services: services.into_iter().map(|(name, counts)| (name.to_owned(), counts)).collect(),
    })
}

/// Whether a field is told among attributes: not what every answer has in a place of its own.
fn is_told(field: &Field) -> bool {
    !matches!(
        field,
        Field::Intrinsic(
            Intrinsic::Name
                | Intrinsic::Duration
                | Intrinsic::TraceDuration
                | Intrinsic::RootName
                | Intrinsic::RootServiceName
                | Intrinsic::TraceId
                | Intrinsic::SpanId
        )
    )
}

fn found_spanset(trace: &Trace<'_>, spanset: Spanset<'_>, fields: &[Field], most: usize) -> FoundSpanset {
    let span = |at: &usize| {
        let span = trace.members()[*at].span;
        let attributes = trace.values(fields, *at).into_iter();
        let attributes = attributes.filter_map(|(field, value)| Some((name(field), attribute_of(value)?)));
        FoundSpan {
            id: span.span_id,
            name: span.name.clone(),
            start_ns: span.start_ns,
            duration_ns: span.duration_ns,
            attributes: attributes.collect(),
        }
    };
    let mut spans = spanset.spans.clone();
    spans.sort_by_key(|at| trace.members()[*at].span.start_ns);
    let told = spanset.told.iter();
    let told = told.filter_map(|(what, value)| Some((what.to_string(), attribute_of(value.clone())?)));
    FoundSpanset {
        spans: spans.iter().take(most).map(span).collect(),
        matched: spanset.spans.len() as u64,
        attributes: told.collect::<Attributes>(),
    }
}

/// What a field is called in an answer: without its scope.
fn name(field: &Field) -> String {
    match field {
        Field::Attribute(attribute) => attribute.name.clone(),
        Field::Intrinsic(intrinsic) => intrinsic.text().to_owned(),
    }
}

/// A value as an attribute; none for what an answer has no words for.
pub(super) fn attribute_of(value: Value<'_>) -> Option<attribute::Value> {
    Some(match value {
        Value::Nil | Value::Opaque => return None,
        Value::Int(number) | Value::Duration(number) => attribute::Value::Int(number),
        Value::Float(number) => attribute::Value::Double(number),
        Value::Bool(flag) => attribute::Value::Bool(flag),
        Value::Text(text) => attribute::Value::String(text.into_owned()),
        Value::Status(status) => attribute::Value::String(status.text().to_owned()),
        Value::Kind(kind) => attribute::Value::String(kind.text().to_owned()),
        Value::Many(values) => attribute::Value::Array(values.into_iter().filter_map(attribute_of).collect()),
    })
}
