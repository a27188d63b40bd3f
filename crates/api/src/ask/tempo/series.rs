//! Series of spans: `/api/metrics/query_range` and, over one window, `/api/metrics/query`. `start` and `end` are
//! moved to multiples of `step`; the value at a step is over the time since the step before.

use crate::ask::tempo::{check_length, metrics, named_time, seen, traces};
use crate::ask::{Ask, json};
use crate::error::{HttpError, HttpResult};
use crate::params::{check_steps, duration};
use base::unit::HOUR_NS;
use http::StatusCode;
use model::TimeRange;
use query::eval::window::Steps;
use query::traceql;
use query::traceql::ast::{Expr, MetricsExpr};
use query::traces::SpanMetrics;
use wire::reply::tempo::{Envelope, instant_series, range_series};

/// How far back a question looks that does not say.
const SINCE_DEFAULT_NS: i64 = HOUR_NS;

/// `/api/metrics/query_range`
pub async fn range(ask: Ask) -> HttpResult {
    let (expr, range) = (expr(&ask)?, range_of(&ask)?);
    let step_ns = ask.params.step(range)?;
    check_steps(range, step_ns)?;
    let steps = Steps { start_ns: range.start_ns, end_ns: range.end_ns, step_ns }.aligned();
    let tenants = ask.tenants.all().to_vec();
    answer(&ask, SpanMetrics { tenants, expr, steps, range_ns: step_ns }, range_series).await
}

/// `/api/metrics/query`
pub async fn instant(ask: Ask) -> HttpResult {
    let (expr, range) = (expr(&ask)?, range_of(&ask)?);
    let (tenants, steps) = (ask.tenants.all().to_vec(), Steps::instant(range.end_ns));
    let range_ns = range.length_ns();
    answer(&ask, SpanMetrics { tenants, expr, steps, range_ns }, instant_series).await
}

async fn answer(
    ask: &Ask,
    asked: SpanMetrics,
    write: fn(&[model::Series], &Envelope) -> Vec<u8>,
) -> HttpResult {
    let found = traces(ask).metrics(asked, &ask.limits()).await?;
    let envelope = Envelope { metrics: metrics(&found.cost), partial: found.partial };
    Ok(json(ask.context.pool.run(move || write(&found.series, &envelope)).await?))
}

fn expr(ask: &Ask) -> HttpResult<MetricsExpr> {
    match traceql::parse(ask.params.get("q"))?.expr {
        Expr::Metrics(expr) if expr.compares() => {
            let text = "compare() is not answered yet; ask for rate() by(…) of both selections";
            Err(HttpError::new(StatusCode::NOT_IMPLEMENTED, text))
        }
        Expr::Metrics(expr) => Ok(expr),
        Expr::Spans(_) => Err(HttpError::bad_request(
            "a query for spans, whose place is /api/search; series need a function, as in { } | rate()",
        )),
    }
}

/// The range from `start`, or `since` before the end, to `end`, within the limits of the tenant.
fn range_of(ask: &Ask) -> HttpResult<TimeRange> {
    let since_ns = match ask.params.get("since") {
        "" => SINCE_DEFAULT_NS,
        text => duration(text).map_err(|what| HttpError::bad_request(format!("since: {what}")))?,
    };
    let end_ns = named_time(ask, "end")?.unwrap_or(ask.now_ns);
    let start_ns = named_time(ask, "start")?.unwrap_or_else(|| end_ns.saturating_sub(since_ns));
    let limits = ask.limits();
    let range = seen(TimeRange::new(start_ns, end_ns), &limits, ask.now_ns);
    if range.start_ns >= range.end_ns {
        let text = format!("start ({} ns) must lie before end ({end_ns} ns)", range.start_ns);
        return Err(HttpError::bad_request(text));
    }
    check_length(range, limits.max_metrics_duration, "max_metrics_duration")?;
    Ok(range)
}
