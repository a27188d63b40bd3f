//! `detected_labels`, `detected_fields`, `detected_field/<name>/values`: what is worth asking for.

use crate::ask::turn::Waited;
use crate::ask::{Ask, bounds, json, query as ask_query, selector};
use crate::error::{HttpError, HttpResult};
use axum::Extension;
use axum::extract::Path;
use model::{Answer, AnsweredStream};
use query::detect;
use query::logql::ast::Expr;
use std::collections::{BTreeMap, BTreeSet};
use wire::reply::detected as reply;

/// Fields in an answer when the request does not say.
const FIELDS_DEFAULT: usize = 1000;

/// Lines that are looked at when the request does not say.
const LINES_DEFAULT: usize = 100;

/// Labels that are shown whatever their values are.
const ALWAYS: [&str; 4] = ["cluster", "namespace", "instance", "pod"];

/// Labels whose values are more than ids, with how many they have.
pub async fn labels(ask: Ask) -> HttpResult {
    let range = ask.params.forward_range(ask.now_ns)?;
    let matchers = match ask.params.get("query") {
        "" => Vec::new(),
        query => selector::matchers_or_all(query)?,
    };
    let range = bounds::within(range, &ask.limits(), ask.now_ns)?;
    let facts = ask.streams(range, &matchers).await?;
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in facts.iter().flat_map(|facts| facts.stream.labels.iter()) {
        values.entry(name).or_default().insert(value);
    }
    let shown = values
        .into_iter()
        .filter(|(name, values)| ALWAYS.contains(name) || !values.iter().all(|value| detect::is_id(value)));
    let labels = shown.map(|(name, values)| reply::DetectedLabel {
        label: name.to_owned(),
        cardinality: values.len() as u64,
    });
    Ok(json(reply::detected_labels(&labels.collect::<Vec<_>>())))
}

/// Fields in the newest lines of a query.
pub async fn fields(Extension(waited): Extension<Waited>, ask: Ask) -> HttpResult {
    let (streams, limit) = lines(&ask, waited).await?;
    let fields = ask.context.pool.run(move || detect::fields(&streams, limit)).await??;
    let fields = fields.into_iter().map(|field| reply::DetectedField {
        label: field.label,
        kind: field.kind.text(),
        cardinality: field.cardinality,
        parsers: field.parsers.into_iter().map(detect::Parser::text).collect(),
        json_path: field.json_path,
    });
    Ok(json(reply::detected_fields(&fields.collect::<Vec<_>>(), limit as u64)))
}

/// Values of one field in the newest lines of a query.
pub async fn values(Path(name): Path<String>, Extension(waited): Extension<Waited>, ask: Ask) -> HttpResult {
    let (streams, limit) = lines(&ask, waited).await?;
    let values = ask.context.pool.run(move || detect::field_values(&streams, &name, limit)).await??;
    Ok(json(reply::detected_field_values(&values, limit as u64)))
}

/// The lines to look at, with labels by category, and how many fields or values to give.
async fn lines(ask: &Ask, waited: Waited) -> HttpResult<(Vec<AnsweredStream>, usize)> {
    let params = &ask.params;
    let range = params.forward_range(ask.now_ns)?;
    let mut query = ask_query::range_query_of(ask, range, params.count("line_limit", LINES_DEFAULT)?)?;
    let limit = match params.get("limit") {
        "" => params.count("field_limit", FIELDS_DEFAULT)?,
        _ => params.limit()?,
    };
    if !matches!(query::logql::parse(&query.query)?, Expr::Log(_)) {
        return Err(HttpError::bad_request("only log selector is supported"));
    }
    query.categorize = true;
    match ask_query::answer_range(ask, waited, query).await?.answer {
        Answer::Streams(streams) => Ok((streams, limit)),
        _ => Err(HttpError::bad_request("only log selector is supported")),
    }
}
