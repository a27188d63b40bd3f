//! Parameters in Prometheus's forms, refused in its words.

use crate::error::{HttpError, HttpResult};
use crate::params::{Params, float_or_duration};
use base::unit::SECOND_NS;
use model::TimeRange;
use std::fmt::Display;

/// 400 for the parameter `name`.
pub fn invalid(name: &str, why: impl Display) -> HttpError {
    HttpError::bad_request(format!("invalid parameter {name:?}: {why}"))
}

/// Unix nanoseconds of a time: seconds with a fraction, to the millisecond, or RFC 3339.
///
/// # Errors
/// The words for what is neither.
pub fn time_of(text: &str) -> Result<i64, String> {
    let wrong = || format!("cannot parse {text:?} to a valid timestamp");
    if let Ok(seconds) = text.parse::<f64>() {
        let ms = (seconds * 1000.0).round();
        // What i64 holds in nanoseconds; further times mean "the first" and "the last".
        return if ms.is_nan() { Err(wrong()) } else { Ok((ms as i64).saturating_mul(1_000_000)) };
    }
    model::time::parse_rfc3339(text).map_err(|_| wrong())
}

/// The time `name`, `default_ns` when absent.
///
/// # Errors
/// 400 for a value that is no time.
pub fn time(params: &Params, name: &str, default_ns: i64) -> HttpResult<i64> {
    match params.get(name) {
        "" => Ok(default_ns),
        text => time_of(text).map_err(|why| invalid(name, why)),
    }
}

/// The time between `start` and `end`, all of time when they are absent.
///
/// # Errors
/// 400 for a value that is no time, or an end before the start.
pub fn range(params: &Params) -> HttpResult<TimeRange> {
    let range = TimeRange::new(time(params, "start", i64::MIN)?, time(params, "end", i64::MAX)?);
    if range.end_ns < range.start_ns {
        return Err(invalid("end", "end timestamp must not be before start time"));
    }
    Ok(range)
}

/// The duration `name` in nanoseconds, whole milliseconds; none when absent.
///
/// # Errors
/// 400 for a value that is no duration.
pub fn duration(params: &Params, name: &str) -> HttpResult<Option<i64>> {
    match params.get(name) {
        "" => Ok(None),
        text => float_or_duration(text).map(Some).map_err(|why| invalid(name, why)),
    }
}

/// The `step` in nanoseconds.
///
/// # Errors
/// 400 for a value that is no duration or not positive.
pub fn step(params: &Params) -> HttpResult<i64> {
    let text = params.get("step");
    let step_ns = float_or_duration(text).map_err(|why| invalid("step", why))?;
    if step_ns <= 0 {
        let why = "zero or negative query resolution step widths are not accepted. Try a positive integer";
        return Err(invalid("step", why));
    }
    Ok(step_ns.max(SECOND_NS / 1000))
}

/// Most entries of the answer: `limit`, none when absent or 0.
///
/// # Errors
/// 400 for a value that is no number or negative.
pub fn limit(params: &Params) -> HttpResult<Option<usize>> {
    let text = params.get("limit");
    if text.is_empty() {
        return Ok(None);
    }
    let limit = crate::params::integer("ParseUint", text).map_err(|why| invalid("limit", why))?;
    let limit = usize::try_from(limit).map_err(|_| invalid("limit", "limit must be non-negative"))?;
    Ok(Some(limit).filter(|limit| *limit > 0))
}

/// The selectors `match[]`, each all that must match.
///
/// # Errors
/// 400 for a text that is no selector, or one that may match an empty set of labels.
pub fn selectors(params: &Params) -> HttpResult<Vec<Vec<model::Matcher>>> {
    let read = |text: &str| {
        let matchers = query::promql::parse_selector(text).map_err(|why| invalid("match[]", why))?;
        if matchers.iter().all(model::Matcher::matches_empty) {
            return Err(invalid("match[]", "match[] must contain at least one non-empty matcher"));
        }
        Ok(matchers)
    };
    params.all("match[]").map(read).collect()
}

#[cfg(test)]
mod tests;
