//! Durations that are calculated from the query's step and range.

use super::MetricQuery;
use crate::promql::ast::{Duration, DurationExpr, DurationOp};
use base::{Error, Result};

/// Nanoseconds of `duration`.
///
/// # Errors
/// [`base::Kind::Invalid`] for a division by zero, or a result that is no number or out of range.
pub(super) fn ns(duration: &Duration, query: &MetricQuery) -> Result<i64> {
    match duration {
        Duration::Fixed(ms) => Ok(ms.saturating_mul(1_000_000)),
        Duration::Computed(expr) => {
            let seconds = seconds(expr, query)?;
            if !seconds.is_finite() || seconds.abs() > 9e9 {
                return Err(invalid(query, expr, "duration out of range"));
            }
            Ok((seconds * 1000.0).round() as i64 * 1_000_000)
        }
    }
}

/// As [`ns`], of a range or a step, which must be positive.
///
/// # Errors
/// Besides those of [`ns`], [`base::Kind::Invalid`] for what is not positive.
pub(super) fn positive_ns(duration: &Duration, query: &MetricQuery) -> Result<i64> {
    let ns = ns(duration, query)?;
    match duration {
        Duration::Computed(expr) if ns <= 0 => Err(invalid(query, expr, "duration must be greater than 0")),
        Duration::Fixed(_) if ns <= 0 => Err(Error::invalid("duration must be greater than 0")),
        _ => Ok(ns),
    }
}

fn invalid(query: &MetricQuery, expr: &DurationExpr, what: &str) -> Error {
    Error::invalid(format!("{}: parse error: {what}", expr.span().place(&query.text)))
}

fn seconds(expr: &DurationExpr, query: &MetricQuery) -> Result<f64> {
    Ok(match expr {
        DurationExpr::Number(number) => number.value,
        DurationExpr::Step(_) if query.instant => 0.0,
        DurationExpr::Step(_) => query.steps.step_ns as f64 / 1e9,
        DurationExpr::Range(_) => query.steps.end_ns.saturating_sub(query.steps.start_ns) as f64 / 1e9,
        DurationExpr::Negative(inner, _) => -seconds(inner, query)?,
        DurationExpr::Paren(inner, _) => seconds(inner, query)?,
        DurationExpr::Choice(choice) => {
            let (left, right) = (seconds(&choice.left, query)?, seconds(&choice.right, query)?);
            if choice.largest { left.max(right) } else { left.min(right) }
        }
        DurationExpr::Binary(binary) => {
            let (left, right) = (seconds(&binary.left, query)?, seconds(&binary.right, query)?);
            match binary.op {
                DurationOp::Add => left + right,
                DurationOp::Sub => left - right,
                DurationOp::Mul => left * right,
                DurationOp::Div if right == 0.0 => return Err(invalid(query, expr, "division by zero")),
                DurationOp::Mod if right == 0.0 => return Err(invalid(query, expr, "modulo by zero")),
                DurationOp::Div => left / right,
                DurationOp::Mod => left % right,
                DurationOp::Pow => left.powf(right),
            }
        }
    })
}
