//! `explain`: how a query would be answered, and with `run=true` what answering it took.

use crate::ask::query::{answer_instant, answer_range, engine, instant_query, range_query};
use crate::ask::turn::Waited;
use crate::ask::{Ask, json};
use crate::error::{HttpError, HttpResult};
use axum::Extension;
use axum::response::Response;
use model::Answer;
use query::engine::explain::Explanation;
use query::engine::{Answered, QueryStats};
use serde::Serialize;

/// What is answered.
#[derive(Serialize)]
struct Reply<'a> {
    status: &'static str,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(flatten)]
    explanation: &'a Explanation,
    /// None unless it was asked to run.
    actual: Option<Actual<'a>>,
}

/// What answering took.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Actual<'a> {
    #[serde(flatten)]
    stats: &'a QueryStats,
    /// Streams or series in the answer.
    series_returned: usize,
    warnings: &'a [String],
}

/// Explains what `query_range` would do, or where `time` is given and no range, what `query` would.
pub async fn explain(Extension(waited): Extension<Waited>, ask: Ask) -> HttpResult<Response> {
    let params = &ask.params;
    let at_once =
        !params.get("time").is_empty() && params.get("start").is_empty() && params.get("end").is_empty();
    let run = match params.get("run") {
        "" | "false" => false,
        "true" => true,
        other => return Err(HttpError::bad_request(format!("run is {other:?}, must be true or false"))),
    };
    let limits = ask.limits();
    let (explanation, answered) = if at_once {
        let asked = instant_query(&ask)?;
        let explanation = engine(&ask).explain_instant(&asked, &limits).await?;
        let answered = if run { Some(answer_instant(&ask, waited, asked).await?) } else { None };
        (explanation, answered)
    } else {
        let asked = range_query(&ask)?;
        let explanation = engine(&ask).explain_range(&asked, &limits).await?;
        let answered = if run { Some(answer_range(&ask, waited, asked).await?) } else { None };
        (explanation, answered)
    };
    let data = Data { explanation: &explanation, actual: answered.as_ref().map(actual) };
    let body = serde_json::to_vec(&Reply { status: "success", data });
    Ok(json(body.map_err(|e| base::Error::bug("an explanation cannot be written").because(e))?))
}

fn actual(answered: &Answered) -> Actual<'_> {
    let series_returned = match &answered.answer {
        Answer::Streams(streams) => streams.len(),
        Answer::Matrix(series) => series.len(),
        Answer::Vector(series) => series.len(),
        Answer::Scalar { .. } => 1,
    };
    Actual { stats: &answered.stats, series_returned, warnings: &answered.warnings }
}
