//! Writes trees as queries over several lines, as the reference's formatter does: what is longer
//! than a line is broken open, one level of indentation for each level of the tree.

use super::ast::{
    Binary, Expr, Grouping, LabelReplace, LogExpr, MetricExpr, RangeAggregation, Stage, VectorAggregation,
};
use super::literal;
use super::precedence::binding;
use super::print::Joined;
use crate::syntax::duration;
use crate::syntax::pratt::Binding;
use base::unit::go_duration_text;
use model::labels::GoQuoted;
use std::fmt::Display;

/// Longest text that stays on one line.
const LINE_BYTES: usize = 100;

/// `expr` in a form for people.
pub fn pretty(expr: &Expr) -> String {
    match expr {
        Expr::Log(expr) => log(expr, 0),
        Expr::Metric(expr) => metric(expr, 0),
    }
}

fn indent(level: usize) -> String {
    "  ".repeat(level)
}

/// `expr` on one line, when it fits.
fn short(expr: &impl Display, level: usize) -> Option<String> {
    let text = expr.to_string();
    (text.len() <= LINE_BYTES).then(|| indent(level) + &text)
}

fn log(expr: &LogExpr, level: usize) -> String {
    if let Some(short) = short(expr, level) {
        return short;
    }
    let mut text = format!("{}{{{}}}", indent(level), Joined(&expr.matchers, ", "));
    let mut after_filter = false;
    for stage in &expr.stages {
        // Line filters in a row are one stage.
        let filter = matches!(stage, Stage::LineFilter(_));
        match filter && after_filter {
            true => text += " ",
            false => text = text + "\n" + &indent(level + 1),
        }
        text += &stage.to_string();
        after_filter = filter;
    }
    text
}

fn metric(expr: &MetricExpr, level: usize) -> String {
    if let Some(short) = short(expr, level) {
        return short;
    }
    match expr {
        MetricExpr::Range(expr) => range(expr, level),
        MetricExpr::Vector(expr) => vector(expr, level),
        MetricExpr::Binary(expr) => binary(expr, level),
        MetricExpr::LabelReplace(expr) => label_replace(expr, level),
        MetricExpr::VectorFn(_) | MetricExpr::Literal(_) => indent(level) + &expr.to_string(),
    }
}

fn range(expr: &RangeAggregation, level: usize) -> String {
    let mut text = format!("{}{}(\n", indent(level), expr.op.name());
    if let Some(parameter) = expr.parameter {
        text += &format!("{}{},\n", indent(level + 1), literal::write(parameter));
    }
    if let Some(label) = expr.distinct_label() {
        text += &format!("{}{label},\n", indent(level + 1));
    }
    text += &log(&expr.log, level + 1);
    if let Some(unwrap) = expr.unwrap_stage() {
        text += &format!("\n{}{}", indent(level + 2), unwrap.head());
        for filter in &unwrap.filters {
            text += &format!("\n{}| {filter}", indent(level + 2));
        }
    }
    text += &format!(" [{}]", duration::write(expr.range_ns));
    if let Some(offset_ns) = expr.offset_ns {
        text += &format!(" offset {}", offset(offset_ns));
    }
    text += &format!("\n{})", indent(level));
    text + &grouping(expr.grouping.as_ref())
}

/// Prometheus' form where it is exact.
fn offset(ns: i64) -> String {
    if ns % 1_000_000 == 0 { duration::write(ns) } else { go_duration_text(ns) }
}

fn vector(expr: &VectorAggregation, level: usize) -> String {
    let mut text = format!("{}{}{}(\n", indent(level), expr.op.name(), grouping(expr.grouping.as_ref()));
    if let Some(parameter) = expr.parameter {
        text += &format!("{}{parameter},\n", indent(level + 1));
    }
    text += &metric(&expr.inner, level + 1);
    text + &format!("\n{})", indent(level))
}

fn binary(expr: &Binary, level: usize) -> String {
    let mut operator = expr.op.name().to_owned();
    if expr.return_bool {
        operator += " bool";
    }
    if let Some(matching) = &expr.matching {
        let on = if matching.on { "on" } else { "ignoring" };
        operator += &format!(" {on} ({})", Joined(&matching.labels, ", "));
        if let Some((side, include)) = &matching.group {
            operator += &format!(" {} ({})", side.name(), Joined(include, ", "));
        }
    }
    let own = binding(expr.op);
    let left = leg(&expr.left, level + 1, |inner| inner.right <= own.left);
    let right = leg(&expr.right, level + 1, |inner| inner.left < own.right);
    format!("{left}\n{}{operator}\n{right}", indent(level))
}

/// An operand; in parentheses where its own operator would lose it.
fn leg(expr: &MetricExpr, level: usize, loses: impl Fn(Binding) -> bool) -> String {
    match expr {
        MetricExpr::Binary(inner) if short(expr, level).is_none() && loses(binding(inner.op)) => {
            format!("{}(\n{}\n{})", indent(level), metric(expr, level + 1), indent(level))
        }
        _ => metric(expr, level),
    }
}

fn label_replace(expr: &LabelReplace, level: usize) -> String {
    let mut parts = vec![metric(&expr.inner, level + 1)];
    for text in [&expr.dst, &expr.replacement, &expr.src, &expr.regex] {
        parts.push(format!("{}{}", indent(level + 1), GoQuoted(text)));
    }
    format!("{}label_replace(\n{}\n{})", indent(level), parts.join(",\n"), indent(level))
}

fn grouping(grouping: Option<&Grouping>) -> String {
    grouping.map_or_else(String::new, |grouping| {
        let word = if grouping.without { "without" } else { "by" };
        format!(" {word} ({})", Joined(&grouping.labels, ", "))
    })
}
