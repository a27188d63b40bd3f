//! Parameters of a request: the URL's query and, for a POST form, the body before it; where a name
//! comes twice, the first counts.

mod form;
mod time;

pub use time::{duration, float_or_duration, integer, timestamp};

use crate::error::{HttpError, HttpResult};
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use base::unit::{HOUR_NS, SECOND_NS};
use http::{Method, header};
use model::{Direction, TimeRange};

/// The largest form that is read from a body, in bytes: what Go's server takes.
const FORM_BYTES_MAX: usize = 10 << 20;

/// How far back a question looks when it does not say.
const SINCE_DEFAULT_NS: i64 = HOUR_NS;

/// Entries of an answer when the request does not say.
const LIMIT_DEFAULT: usize = 100;

/// Most steps in a range query.
const STEPS_MAX: i64 = 11_000;

/// Steps that a range is cut into when the request does not say how long one is.
const STEPS_DEFAULT: i64 = 250;

/// Names and values in the order in which they count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params {
    pairs: Vec<(String, String)>,
}

impl Params {
    /// Reads a query string.
    ///
    /// # Errors
    /// 400 in Go's words for an escape that is none.
    pub fn read(query: &str) -> HttpResult<Self> {
        let mut pairs = Vec::new();
        form::decode(query.as_bytes(), &mut pairs)?;
        Ok(Self { pairs })
    }

    /// The value of `name`; `""` when it is absent, as Go's `Form.Get` has it.
    pub fn get(&self, name: &str) -> &str {
        self.pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Every value of `name`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The range from `start` to `end`, which may lie before `start`: what that means, each endpoint
    /// has its own words for. `now_ns` ends a range that does not say its end.
    ///
    /// # Errors
    /// 400 for a value that is no time or no duration.
    pub fn range(&self, now_ns: i64) -> HttpResult<TimeRange> {
        let wrong = |name: &str, what: String| {
            HttpError::bad_request(format!("could not parse '{name}' parameter: {what}"))
        };
        let since_ns = match self.get("since") {
            "" => SINCE_DEFAULT_NS,
            text => duration(text).map_err(|what| wrong("since", what))?,
        };
        let end_ns = timestamp(self.get("end"), now_ns).map_err(|what| wrong("end", what))?;
        let start_default_ns = end_ns.min(now_ns).saturating_sub(since_ns);
        let start_ns = timestamp(self.get("start"), start_default_ns).map_err(|what| wrong("start", what))?;
        Ok(TimeRange::new(start_ns, end_ns))
    }

    /// [`Params::range`] for endpoints that refuse a range that ends before it starts.
    ///
    /// # Errors
    /// Besides those of [`Params::range`], 400 for such a range.
    pub fn forward_range(&self, now_ns: i64) -> HttpResult<TimeRange> {
        let range = self.range(now_ns)?;
        if range.end_ns < range.start_ns {
            return Err(HttpError::bad_request("end timestamp must not be before or equal to start time"));
        }
        Ok(range)
    }

    /// The instant `time`, now when absent.
    ///
    /// # Errors
    /// 400 for a value that is no time.
    pub fn time(&self, now_ns: i64) -> HttpResult<i64> {
        timestamp(self.get("time"), now_ns).map_err(HttpError::bad_request)
    }

    /// The positive number `name`, `default` when absent.
    ///
    /// # Errors
    /// 400 for a value that is no integer or not positive.
    pub fn count(&self, name: &str, default: usize) -> HttpResult<usize> {
        let text = self.get(name);
        if text.is_empty() {
            return Ok(default);
        }
        let count = integer("Atoi", text).map_err(HttpError::bad_request)?;
        match usize::try_from(count) {
            Ok(count) if count > 0 => Ok(count),
            _ => Err(HttpError::bad_request("limit must be a positive value")),
        }
    }

    /// How many entries: `limit`.
    ///
    /// # Errors
    /// As [`Params::count`].
    pub fn limit(&self) -> HttpResult<usize> {
        self.count("limit", LIMIT_DEFAULT)
    }

    /// Which end of time first: `direction`.
    ///
    /// # Errors
    /// 400 for a word that is no direction.
    pub fn direction(&self) -> HttpResult<Direction> {
        match self.get("direction").to_ascii_uppercase().as_str() {
            "" | "BACKWARD" => Ok(Direction::Backward),
            "FORWARD" => Ok(Direction::Forward),
            _ => Err(HttpError::bad_request(format!("invalid direction '{}'", self.get("direction")))),
        }
    }

    /// The length of a step in `range`, in nanoseconds: `step`, or a 250th of the range.
    ///
    /// # Errors
    /// 400 for a value that is no duration or not positive.
    pub fn step(&self, range: TimeRange) -> HttpResult<i64> {
        let step_ns = match self.get("step") {
            "" => (range.length_ns() / SECOND_NS / STEPS_DEFAULT).max(1) * SECOND_NS,
            text => float_or_duration(text).map_err(HttpError::bad_request)?,
        };
        if step_ns <= 0 {
            let text =
                "zero or negative query resolution step widths are not accepted. Try a positive integer";
            return Err(HttpError::bad_request(text));
        }
        Ok(step_ns)
    }

    /// The least distance between two lines of an answer, in nanoseconds: `interval`.
    ///
    /// # Errors
    /// 400 for a value that is no duration or negative.
    pub fn interval(&self) -> HttpResult<i64> {
        let interval_ns = match self.get("interval") {
            "" => 0,
            text => float_or_duration(text).map_err(HttpError::bad_request)?,
        };
        if interval_ns < 0 {
            return Err(HttpError::bad_request("interval must be >= 0"));
        }
        Ok(interval_ns)
    }
}

/// Refuses more steps in `range` than a graph can show.
///
/// # Errors
/// 400 when there are more.
pub fn check_steps(range: TimeRange, step_ns: i64) -> HttpResult<()> {
    if range.length_ns() / step_ns > STEPS_MAX {
        return Err(HttpError::bad_request(
            "exceeded maximum resolution of 11,000 points per time series. \
             Try increasing the value of the step parameter",
        ));
    }
    Ok(())
}

/// Whether the body of a request of this kind holds parameters.
fn has_form(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or("").trim();
    let method = request.method();
    (method == Method::POST || method == Method::PUT || method == Method::PATCH)
        && kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

async fn read_form(body: Body) -> HttpResult<bytes::Bytes> {
    let read = axum::body::to_bytes(body, FORM_BYTES_MAX).await;
    read.map_err(|error| HttpError::bad_request(format!("cannot read the form in the body: {error}")))
}

impl<S: Send + Sync> FromRequest<S> for Params {
    type Rejection = HttpError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, HttpError> {
        let mut pairs = Vec::new();
        let query = request.uri().query().unwrap_or("").to_owned();
        if has_form(&request) {
            let body = read_form(request.into_body()).await?;
            form::decode(&body, &mut pairs)?;
        }
        form::decode(query.as_bytes(), &mut pairs)?;
        Ok(Self { pairs })
    }
}

#[cfg(test)]
mod tests;
