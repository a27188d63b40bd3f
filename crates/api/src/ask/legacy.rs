//! The paths under `/api/prom` that Loki kept from its first days, with their shapes.

use crate::ask::turn::Waited;
use crate::ask::{Ask, json, labels, query};
use crate::error::{HttpError, HttpResult};
use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use model::labels::GoQuoted;
use model::{Answer, AnsweredStream};
use serde_json::{Value, json as value};
use std::collections::BTreeSet;

/// `query`: lines only; `regexp` adds a line filter.
pub async fn query(Extension(waited): Extension<Waited>, ask: Ask) -> HttpResult {
    let mut query = query::range_query(&ask)?;
    query.categorize = false;
    match ask.params.get("regexp") {
        "" => {}
        regexp => query.query += &format!(" |~ {}", GoQuoted(regexp)),
    }
    let answered = query::answer_range(&ask, waited, query).await?;
    let Answer::Streams(streams) = answered.answer else {
        return Err(HttpError::bad_request("legacy endpoints only support streams result type"));
    };
    let streams: Vec<Value> = streams.iter().map(stream).collect();
    Ok(json((value!({ "streams": streams }).to_string() + "\n").into_bytes()))
}

/// A stream with its labels as text and its times in RFC 3339.
pub fn stream(stream: &AnsweredStream) -> Value {
    let entries = stream.lines.iter().map(|line| {
        let text = String::from_utf8_lossy(&line.text);
        value!({"ts": model::time::rfc3339(line.ts_ns), "line": text})
    });
    value!({"labels": stream.labels.to_string(), "entries": entries.collect::<Vec<_>>()})
}

/// `label`
pub async fn label_names(ask: Ask) -> HttpResult {
    Ok(values(&labels::found_names(&ask).await?))
}

/// `label/<name>/values`
pub async fn label_values(Path(name): Path<String>, ask: Ask) -> HttpResult {
    Ok(values(&labels::found_values(&ask, &name).await?))
}

fn values(texts: &BTreeSet<String>) -> Response {
    let body = if texts.is_empty() { value!({}) } else { value!({ "values": texts }) };
    json(body.to_string().into_bytes())
}
