//! `query`, `query_range` and `format_query`.

use crate::ask::prometheus::{limits, parameter};
use crate::ask::{Ask, json};
use crate::error::{HttpError, HttpResult, status_of};
use crate::params::Params;
use base::Kind;
use http::StatusCode;
use query::engine::Engine;
use query::engine::promql::{
    LOOKBACK_NS, MetricAnswer, MetricAnswered, MetricQuery, MetricSeries, SAMPLES_MAX,
};
use query::eval::sample::Value;
use query::eval::window::Steps;
use query::promql::ast::Expr;
use std::time::Duration;
use wire::json_text::{put_array, put_key};
use wire::reply::prometheus::{
    Bucket, Histogram, Remarks, begin_result, begin_series, end_result, put_histogram, put_sample,
    put_timed_text, success,
};

/// The warning of an answer that was cut by `limit`.
const TRUNCATED: &str = "results truncated due to limit";

/// Answers a query at one point of time.
pub async fn instant(ask: Ask) -> HttpResult {
    let now_ns = ask.now_ns / 1_000_000 * 1_000_000;
    let steps = Steps::instant(parameter::time(&ask.params, "time", now_ns)?);
    let expr = parsed(&ask.params)?;
    answer(&ask, expr, steps, true).await
}

/// Answers a query over a range of time.
pub async fn range(ask: Ask) -> HttpResult {
    let params = &ask.params;
    let required = |name| match params.get(name) {
        "" => Err(parameter::invalid(name, "cannot parse \"\" to a valid timestamp")),
        _ => parameter::time(params, name, 0),
    };
    let (start_ns, end_ns) = (required("start")?, required("end")?);
    if end_ns < start_ns {
        return Err(parameter::invalid("end", "end timestamp must not be before start time"));
    }
    let steps = Steps { start_ns, end_ns, step_ns: parameter::step(params)? };
    limits::check_points(&steps)?;
    let expr = parsed(params)?;
    limits::check_type(&expr)?;
    answer(&ask, expr, steps, false).await
}

/// Prints a query anew.
pub async fn format(params: Params) -> HttpResult {
    let expr = parsed(&params)?;
    let text = query::promql::pretty(&expr);
    Ok(json(success(&Remarks::default(), |out| wire::json_text::put_string(out, text.as_bytes()))))
}

fn parsed(params: &Params) -> HttpResult<Expr> {
    query::promql::parse(params.get("query")).map_err(|why| parameter::invalid("query", why))
}

async fn answer(ask: &Ask, expr: Expr, steps: Steps, instant: bool) -> HttpResult {
    let params = &ask.params;
    let limit = parameter::limit(params)?;
    let lookback_ns = match parameter::duration(params, "lookback_delta")? {
        Some(ns) if ns > 0 => ns,
        _ => LOOKBACK_NS,
    };
    let timeout = parameter::duration(params, "timeout")?;
    let query = MetricQuery {
        tenants: ask.tenants.all().to_vec(),
        text: params.get("query").to_owned(),
        expr,
        steps,
        instant,
        lookback_ns,
        samples_max: SAMPLES_MAX,
    };
    let engine = Engine::new(ask.context.metrics.select.clone(), ask.context.pool.clone());
    let tenant_limits = ask.limits();
    let answering = engine.metrics(query, &tenant_limits);
    let answered = match timeout.and_then(|ns| u64::try_from(ns).ok()) {
        None => answering.await,
        Some(ns) => match tokio::time::timeout(Duration::from_nanos(ns), answering).await {
            Ok(answered) => answered,
            Err(_) => {
                let what = "query timed out in expression evaluation";
                return Err(HttpError::new(StatusCode::GATEWAY_TIMEOUT, what));
            }
        },
    };
    let answered = answered.map_err(refused)?;
    log(ask, &answered, steps);
    let body = ask.context.pool.run(move || reply(answered, limit)).await?;
    Ok(json(body))
}

/// The query could be read, so what is wrong with it showed when it was executed.
fn refused(error: base::Error) -> HttpError {
    match error.kind() {
        Kind::Invalid | Kind::Limit => HttpError::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        kind => HttpError::new(status_of(kind), error.to_string()),
    }
}

fn log(ask: &Ask, answered: &MetricAnswered, steps: Steps) {
    let stats = &answered.stats;
    tracing::info!(
        component = "querier",
        org_id = %ask.tenants,
        query = ask.params.get("query"),
        start_ns = steps.start_ns,
        end_ns = steps.end_ns,
        step_ns = steps.step_ns,
        seconds = stats.exec_seconds,
        selections = stats.selections,
        total_samples = stats.lines_processed(),
        total_bytes = stats.bytes_processed(),
        returned_points = stats.entries_returned,
        peak_memory_bytes = stats.peak_memory_bytes,
        "metrics query"
    );
}

fn reply(mut answered: MetricAnswered, limit: Option<usize>) -> Vec<u8> {
    let annotations = answered.annotations;
    let mut remarks = Remarks {
        warnings: annotations.warnings.into_iter().collect(),
        infos: annotations.infos.into_iter().collect(),
    };
    if let (MetricAnswer::Vector(series) | MetricAnswer::Matrix(series), Some(limit)) =
        (&mut answered.answer, limit)
        && series.len() > limit
    {
        series.truncate(limit);
        remarks.warnings.push(TRUNCATED.to_owned());
    }
    success(&remarks, |out| put_answer(out, &answered.answer))
}

fn put_answer(out: &mut Vec<u8>, answer: &MetricAnswer) {
    match answer {
        MetricAnswer::Scalar(ts_ns, value) => {
            begin_result(out, "scalar");
            put_sample(out, *ts_ns, *value);
        }
        MetricAnswer::Text(ts_ns, text) => {
            begin_result(out, "string");
            put_timed_text(out, *ts_ns, text);
        }
        MetricAnswer::Vector(series) => {
            begin_result(out, "vector");
            put_array(out, series, |out, one| {
                begin_series(out, one.labels.as_ref());
                match one.points.first() {
                    Some((ts_ns, Value::Float(value))) => {
                        put_key(out, "value");
                        put_sample(out, *ts_ns, *value);
                    }
                    Some((ts_ns, value)) => {
                        put_key(out, "histogram");
                        put_value(out, *ts_ns, value);
                    }
                    None => {}
                }
                out.push(b'}');
            });
        }
        MetricAnswer::Matrix(series) => {
            begin_result(out, "matrix");
            put_array(out, series, put_series);
        }
    }
    end_result(out);
}

/// Numbers under `values`, histograms under `histograms`.
fn put_series(out: &mut Vec<u8>, series: &MetricSeries) {
    begin_series(out, series.labels.as_ref());
    for (key, histograms) in [("values", false), ("histograms", true)] {
        let of_kind = series.points.iter().filter(|point| point.1.histogram().is_some() == histograms);
        let mut of_kind = of_kind.peekable();
        if of_kind.peek().is_some() {
            put_key(out, key);
            put_array(out, of_kind, |out, (ts_ns, value)| put_value(out, *ts_ns, value));
        }
    }
    out.push(b'}');
}

fn put_value(out: &mut Vec<u8>, ts_ns: i64, value: &Value) {
    match value {
        Value::Float(value) => put_sample(out, ts_ns, *value),
        Value::Histogram(histogram) => {
            let buckets = histogram.buckets().into_iter().filter(|bucket| bucket.count != 0.0);
            let buckets = buckets.map(|bucket| Bucket {
                lower: bucket.lower,
                upper: bucket.upper,
                count: bucket.count,
                closed: bucket.closed,
            });
            let buckets = buckets.collect();
            put_histogram(out, ts_ns, &Histogram { count: histogram.count, sum: histogram.sum, buckets });
        }
    }
}
