//! A trace by its id, in both versions, in JSON or protobuf as the client takes it.

use crate::ask::tempo::{metrics, named_range, path, traces};
use crate::ask::{Ask, json};
use crate::error::{HttpError, HttpResult};
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use query::traces::Whole;
use wire::reply::tempo::{self, Envelope};

const PROTOBUF: &str = "application/protobuf";

/// `/api/traces/{id}`. It has no word for a trace of which parts are missing, and refuses it.
pub async fn first(Path(id): Path<String>, ask: Ask) -> HttpResult {
    let whole = whole(&ask, &id).await?;
    if let Some(why) = whole.partial {
        let text = format!("{why}; /api/v2/traces/{id} gives what fits");
        return Err(HttpError::new(StatusCode::UNPROCESSABLE_ENTITY, text));
    }
    let is_protobuf = takes_protobuf(&ask);
    let write = move || match is_protobuf {
        true => tempo::trace_proto(&whole.groups),
        false => tempo::trace(&whole.groups),
    };
    Ok(answer(ask.context.pool.run(write).await?, is_protobuf))
}

/// `/api/v2/traces/{id}`
pub async fn second(Path(id): Path<String>, ask: Ask) -> HttpResult {
    if !ask.params.get("q").is_empty() {
        let text = "q is not taken for a single trace yet; ask without it";
        return Err(HttpError::new(StatusCode::NOT_IMPLEMENTED, text));
    }
    let whole = whole(&ask, &id).await?;
    let is_protobuf = takes_protobuf(&ask);
    let write = move || {
        let envelope = Envelope { metrics: metrics(&whole.cost), partial: whole.partial };
        match is_protobuf {
            true => tempo::trace_v2_proto(&whole.groups, &envelope),
            false => tempo::trace_v2(&whole.groups, &envelope),
        }
    };
    Ok(answer(ask.context.pool.run(write).await?, is_protobuf))
}

async fn whole(ask: &Ask, id: &str) -> HttpResult<Whole> {
    let id = path::trace_id(id)?;
    let near = named_range(ask)?;
    let whole = traces(ask).by_id(ask.tenants.all(), id, near, &ask.limits()).await?;
    match (whole.groups.is_empty(), &whole.partial) {
        (true, Some(why)) => Err(HttpError::new(StatusCode::UNPROCESSABLE_ENTITY, why.as_str())),
        (true, None) => Err(HttpError::new(StatusCode::NOT_FOUND, "trace not found")),
        (false, _) => Ok(whole),
    }
}

fn takes_protobuf(ask: &Ask) -> bool {
    let accepted = ask.headers.get_all(header::ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    let mut types = accepted.flat_map(|accept| accept.split(','));
    types.any(|accept| accept.split(';').next().is_some_and(|accept| accept.trim() == PROTOBUF))
}

fn answer(body: Vec<u8>, is_protobuf: bool) -> Response {
    match is_protobuf {
        true => ([(header::CONTENT_TYPE, PROTOBUF)], body).into_response(),
        false => json(body),
    }
}
