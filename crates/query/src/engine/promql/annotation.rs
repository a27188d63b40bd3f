//! What an answer's reader should know about it: warnings and infos in Prometheus's words, each with its
//! place in the query.

use crate::eval::sample::{Combining, Remark};
use crate::promql::ast::BinaryOp;
use crate::promql::span::Span;
use model::labels::GoQuoted;
use std::collections::BTreeSet;

/// Warnings and infos, without repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotations {
    /// The answer may be wrong.
    pub warnings: BTreeSet<String>,
    /// The query may be wrong.
    pub infos: BTreeSet<String>,
}

/// Most annotations of a kind; a query over many series would give as many otherwise.
const ANNOTATIONS_MAX: usize = 10;

impl Annotations {
    /// Warns of `what` at `span` of the query `text`.
    pub(super) fn warn(&mut self, text: &str, span: Span, what: &str) {
        add(&mut self.warnings, format!("PromQL warning: {what} ({})", span.place(text)));
    }

    /// Tells `what` about `span` of the query `text`.
    pub(super) fn inform(&mut self, text: &str, span: Span, what: &str) {
        add(&mut self.infos, format!("PromQL info: {what} ({})", span.place(text)));
    }

    /// Passes on what a function of the metric `name` remarked.
    pub(super) fn remark(&mut self, text: &str, span: Span, name: Option<&str>, remark: Remark) {
        let of_metric = name.map_or(String::new(), |name| format!(" for metric name {}", GoQuoted(name)));
        let name = GoQuoted(name.unwrap_or_default());
        match remark {
            Remark::MixedKinds => {
                self.warn(text, span, &format!("encountered a mix of histograms and floats{of_metric}"));
            }
            Remark::HistogramsIgnored => {
                let what = "ignored histograms in a range containing both floats and histograms";
                self.inform(text, span, &format!("{what}{of_metric}"));
            }
            Remark::MixedSchemas => {
                let what = "vector contains a mix of histograms with exponential and custom buckets schemas";
                self.warn(text, span, &format!("{what}{of_metric}"));
            }
            Remark::BoundsReconciled(how) => self.reconciled(text, span, word(how)),
            Remark::NotCounter => {
                let what = "this native histogram metric is not a counter:";
                self.warn(text, span, &format!("{what} {name}"));
            }
            Remark::NotGauge => {
                self.warn(text, span, &format!("this native histogram metric is not a gauge: {name}"));
            }
            Remark::ResetConflict(how) => self.conflicting(text, span, word(how)),
            Remark::IncompatibleKinds { .. } => {}
        }
    }

    /// Passes on what an aggregation remarked.
    pub(super) fn remark_aggregation(&mut self, text: &str, span: Span, remark: Remark) {
        match remark {
            Remark::MixedKinds => {
                self.warn(text, span, "encountered a mix of histograms and floats for aggregation");
            }
            Remark::BoundsReconciled(_) => self.reconciled(text, span, "aggregation"),
            Remark::ResetConflict(_) => self.conflicting(text, span, "aggregation"),
            other => self.remark(text, span, None, other),
        }
    }

    fn reconciled(&mut self, text: &str, span: Span, during: &str) {
        self.inform(text, span, &format!("mismatched custom buckets were reconciled during {during}"));
    }

    fn conflicting(&mut self, text: &str, span: Span, during: &str) {
        self.warn(text, span, &format!("conflicting counter resets during histogram {during}"));
    }

    /// Passes on what an operator remarked.
    pub(super) fn remark_operator(&mut self, text: &str, span: Span, op: BinaryOp, remark: Remark) {
        let Remark::IncompatibleKinds { left, right } = remark else {
            return self.remark(text, span, None, remark);
        };
        let kind = |histogram| if histogram { "histogram" } else { "float" };
        let what = "incompatible sample types encountered for binary operator";
        let (op, left, right) = (GoQuoted(op.text()), kind(left), kind(right));
        self.inform(text, span, &format!("{what} {op}: {left} {} {right}", op.0));
    }
}

fn word(how: Combining) -> &'static str {
    match how {
        Combining::Addition => "addition",
        Combining::Subtraction => "subtraction",
    }
}

fn add(to: &mut BTreeSet<String>, what: String) {
    if to.len() < ANNOTATIONS_MAX {
        to.insert(what);
    }
}
