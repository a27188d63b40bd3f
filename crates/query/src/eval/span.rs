//! TraceQL's pipelines over the spans of one trace.
//!
//! All spans of the trace are given at once, in any order; what comes out are spansets, which name
//! spans by their position in what was given. A query is evaluated trace by trace, so the order of
//! traces and the choice of the first ones are the caller's.
//!
//! A comparison is true or false, and false with a value that is not there (but for `nil` as written): of `{ .a = 1 }`
//! and `{ .a != 1 }` neither selects a span without `a`, `{ !(.a = 1) }` does. An attribute that stands alone is
//! unknown where it is not there or neither true nor false. Unknown travels as in SQL (`false && unknown` is false,
//! `!unknown` is unknown), and a filter passes what is true.

use crate::traceql::ast::{Field, FieldExpr, Pipeline};
use model::span::{Origin, Span};

mod compute;
mod condition;
mod field;
mod pipeline;
mod structure;
mod tree;
mod value;

pub use pipeline::{Spanset, Told};
pub use value::Value;

/// A span with where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Member<'t> {
    /// The span.
    pub span: &'t Span,
    /// Its resource and instrumentation scope.
    pub origin: &'t Origin,
}

/// All known spans of one trace.
#[derive(Debug)]
pub struct Trace<'t> {
    members: &'t [Member<'t>],
    tree: tree::Tree,
    root: Option<&'t Member<'t>>,
    /// From the first start to the last end.
    duration_ns: i64,
}

impl<'t> Trace<'t> {
    /// The trace of `members`, of which none is known from elsewhere.
    pub fn new(members: &'t [Member<'t>]) -> Self {
        let ids = members.iter().map(|member| (member.span.span_id, member.span.parent_id));
        let starts = members.iter().map(|member| member.span.start_ns);
        let ends = members.iter().map(|member| member.span.start_ns.saturating_add(member.span.duration_ns));
        let duration_ns = ends.max().unwrap_or(0).saturating_sub(starts.min().unwrap_or(0));
        let roots = members.iter().filter(|member| member.span.parent_id == [0; 8]);
        // Of several that start at once always the same, in whatever order they are given.
        let root = roots.min_by_key(|member| (member.span.start_ns, member.span.span_id));
        Self { members, tree: tree::Tree::new(ids), root, duration_ns }
    }

    /// The spans as they were given.
    pub fn members(&self) -> &'t [Member<'t>] {
        self.members
    }

    /// From the first start to the last end, in nanoseconds.
    pub fn duration_ns(&self) -> i64 {
        self.duration_ns
    }

    /// The first span that has no parent; none while it is not known.
    pub fn root(&self) -> Option<&'t Member<'t>> {
        self.root
    }

    /// The spansets that `pipeline` gives; none is empty. The spans of each are in ascending order.
    pub fn run<'q>(&'q self, pipeline: &'q Pipeline) -> Vec<Spanset<'q>> {
        let all = Spanset { spans: (0..self.members.len()).collect(), told: Vec::new() };
        let given = if all.spans.is_empty() { Vec::new() } else { vec![all] };
        pipeline::run(self, pipeline, given)
    }

    /// What the span at `position` has under `field`.
    pub fn field<'q>(&'q self, field: &Field, position: usize) -> Value<'q> {
        field::value(self, field, position)
    }

    /// What `expr` gives for the span at `position`.
    pub fn value<'q>(&'q self, expr: &'q FieldExpr, position: usize) -> Value<'q> {
        condition::value(self, expr, position)
    }
}

#[cfg(test)]
mod tests;
