//! What spans can be asked about: names and values of tags.

use crate::ask::tempo::{metrics, number, path, search_range, traces};
use crate::ask::{Ask, json};
use crate::error::{HttpError, HttpResult};
use axum::extract::Path;
use query::traceql::ast::Intrinsic;
use query::traces::{Cost, TagScope, TagsAsked};
use std::collections::BTreeSet;
use wire::reply::tempo::{self, TagValue};

/// The scope of what every span has.
const INTRINSIC: &str = "intrinsic";

/// Names or values in an answer at most when the request asks for all.
const LIMIT_MAX: usize = 1_000_000;

/// `/api/search/tags`: the names of all scopes, or of one.
pub async fn names(ask: Ask) -> HttpResult {
    let (scopes, cost) = found_names(&ask).await?;
    let names: BTreeSet<String> = scopes.into_iter().flat_map(|(_, names)| names).collect();
    let names: Vec<String> = names.into_iter().collect();
    Ok(json(tempo::tags(&names, &metrics(&cost))))
}

/// `/api/v2/search/tags`: names by scope.
pub async fn scoped_names(ask: Ask) -> HttpResult {
    let (mut scopes, cost) = found_names(&ask).await?;
    if matches!(ask.params.get("scope"), "" | "none" | INTRINSIC) {
        scopes.push((INTRINSIC, intrinsics()));
    }
    scopes.retain(|(_, names)| !names.is_empty());
    Ok(json(tempo::scoped_tags(&scopes, &metrics(&cost))))
}

/// What completion offers: not the places in a tree, nor ids.
fn intrinsics() -> Vec<String> {
    let offered = |intrinsic: &&Intrinsic| {
        !matches!(
            intrinsic,
            Intrinsic::NestedSetLeft
                | Intrinsic::NestedSetRight
                | Intrinsic::NestedSetParent
                | Intrinsic::TraceId
                | Intrinsic::SpanId
                | Intrinsic::ParentId
                | Intrinsic::LinkTraceId
                | Intrinsic::LinkSpanId
        )
    };
    let mut names: Vec<_> =
        Intrinsic::ALL.iter().filter(offered).map(|intrinsic| intrinsic.text().to_owned()).collect();
    names.sort_unstable();
    names
}

async fn found_names(ask: &Ask) -> HttpResult<(Vec<(&'static str, Vec<String>)>, Cost)> {
    let scopes: Vec<TagScope> = match ask.params.get("scope") {
        "" | "none" => TagScope::ALL.to_vec(),
        INTRINSIC => return Ok((Vec::new(), Cost::default())),
        word => match TagScope::ALL.into_iter().find(|scope| scope.word() == word) {
            Some(scope) => vec![scope],
            None => {
                let known = TagScope::ALL.map(TagScope::word).join(", ");
                let text = format!("unknown scope {word:?}; there are {known} and {INTRINSIC}");
                return Err(HttpError::bad_request(text));
            }
        },
    };
    let (found, cost) = traces(ask).tag_names(&asked(ask)?, &scopes, &ask.limits()).await?;
    Ok((found.into_iter().map(|(scope, names)| (scope.word(), names)).collect(), cost))
}

fn asked(ask: &Ask) -> HttpResult<TagsAsked> {
    Ok(TagsAsked {
        tenants: ask.tenants.all().to_vec(),
        range: search_range(ask)?,
        query: ask.params.get("q").to_owned(),
        limit: number(ask, "limit", 0, LIMIT_MAX)?,
    })
}

async fn found_values(ask: &Ask, name: &str) -> HttpResult<(Vec<TagValue>, Cost)> {
    let field = path::field(name);
    let (values, cost) = traces(ask).tag_values(&asked(ask)?, &field, &ask.limits()).await?;
    Ok((values.into_iter().map(|(kind, text)| TagValue { kind, text }).collect(), cost))
}

/// `/api/search/tag/{name}/values`
pub async fn values(Path(name): Path<String>, ask: Ask) -> HttpResult {
    let (values, cost) = found_values(&ask, &name).await?;
    let texts: BTreeSet<String> = values.into_iter().map(|value| value.text).collect();
    let texts: Vec<String> = texts.into_iter().collect();
    Ok(json(tempo::tag_values(&texts, &metrics(&cost))))
}

/// `/api/v2/search/tag/{name}/values`
pub async fn typed_values(Path(name): Path<String>, ask: Ask) -> HttpResult {
    let (values, cost) = found_values(&ask, &name).await?;
    Ok(json(tempo::typed_tag_values(&values, &metrics(&cost))))
}
