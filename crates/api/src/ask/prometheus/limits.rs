//! What bounds a query besides the limits of its tenant.

use crate::ask::prometheus::parameter::invalid;
use crate::error::{HttpError, HttpResult};
use query::eval::window::Steps;
use query::promql::ast::{Expr, ValueType};

/// Most points of a series.
const POINTS_MAX: i64 = 11_000;

/// Refuses more steps than a graph can show.
///
/// # Errors
/// 400 when there are more.
pub fn check_points(steps: &Steps) -> HttpResult<()> {
    if steps.end_ns.saturating_sub(steps.start_ns) / steps.step_ns > POINTS_MAX {
        return Err(HttpError::bad_request(
            "exceeded maximum resolution of 11,000 points per timeseries. \
             Try decreasing the query resolution (?step=XX)",
        ));
    }
    Ok(())
}

/// Refuses what has no value at each step.
///
/// # Errors
/// 400 for a text or a range.
pub fn check_type(expr: &Expr) -> HttpResult<()> {
    match expr.value_type() {
        ValueType::Scalar | ValueType::Vector => Ok(()),
        other => {
            let other = other.documented();
            let why = format!(
                "invalid expression type \"{other}\" for range query, must be Scalar or instant Vector"
            );
            Err(invalid("query", why))
        }
    }
}
