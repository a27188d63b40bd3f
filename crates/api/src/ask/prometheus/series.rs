//! `series`, `labels` and `label/<name>/values`: what is known of series without reading samples.

use crate::ask::prometheus::parameter;
use crate::ask::{Ask, TENANT_LABEL, json, of};
use crate::error::{HttpError, HttpResult};
use axum::extract::Path;
use model::{Labels, Matcher, Signal, StreamQuery, TimeRange};
use query::engine::Engine;
use query::engine::promql::ExemplarQuery;
use std::collections::BTreeSet;
use wire::json_text::{put_array, put_key};
use wire::reply::prometheus::{Remarks, begin_exemplars, put_exemplar, put_label_sets, put_strings, success};

/// How names of labels are written in paths that may hold any text.
const ESCAPED: &str = "U__";

/// Label sets of the series that match any of the selectors.
pub async fn series(ask: Ask) -> HttpResult {
    let selectors = parameter::selectors(&ask.params)?;
    if selectors.is_empty() {
        return Err(HttpError::bad_request("no match[] parameter provided"));
    }
    let limit = parameter::limit(&ask.params)?;
    let (sets, remarks) = cut(found(&ask, selectors).await?, limit);
    Ok(json(success(&remarks, |out| put_label_sets(out, sets.iter().map(Labels::as_ref)))))
}

/// Names of labels.
pub async fn names(ask: Ask) -> HttpResult {
    let limit = parameter::limit(&ask.params)?;
    let sets = found(&ask, parameter::selectors(&ask.params)?).await?;
    let names: BTreeSet<String> =
        sets.iter().flat_map(|labels| labels.iter().map(|(name, _)| name.to_owned())).collect();
    let (names, remarks) = cut(names, limit);
    Ok(json(success(&remarks, |out| put_strings(out, &names))))
}

/// Values of one label.
pub async fn values(Path(name): Path<String>, ask: Ask) -> HttpResult {
    let name = unescaped(&name);
    if name.is_empty() {
        return Err(HttpError::bad_request("invalid label name: \"\""));
    }
    let limit = parameter::limit(&ask.params)?;
    let sets = found(&ask, parameter::selectors(&ask.params)?).await?;
    let values: BTreeSet<String> =
        sets.iter().filter_map(|labels| labels.get(&name)).map(str::to_owned).collect();
    let (values, remarks) = cut(values, limit);
    Ok(json(success(&remarks, |out| put_strings(out, &values))))
}

/// Exemplars of the series that a query names.
pub async fn exemplars(ask: Ask) -> HttpResult {
    let expr = query::promql::parse(ask.params.get("query"));
    let expr = expr.map_err(|why| parameter::invalid("query", why))?;
    let range = parameter::range(&ask.params)?;
    let range = TimeRange::new(range.start_ns, range.end_ns.saturating_add(1));
    let query = ExemplarQuery { tenants: ask.tenants.all().to_vec(), expr, range };
    let engine = Engine::new(ask.context.metrics.select.clone(), ask.context.pool.clone());
    let found = engine.exemplars(&query, &ask.limits()).await?;
    Ok(json(success(&Remarks::default(), |out| {
        put_array(out, &found, |out, (series, exemplars)| {
            begin_exemplars(out, series.as_ref());
            put_key(out, "exemplars");
            put_array(out, exemplars, |out, one| {
                put_exemplar(out, one.labels.as_ref(), one.ts_ns, one.value)
            });
            out.push(b'}');
        });
    })))
}

/// The first so many, with a warning when there are more.
fn cut<T: Ord>(all: BTreeSet<T>, limit: Option<usize>) -> (Vec<T>, Remarks) {
    let most = limit.unwrap_or(usize::MAX);
    let truncated = all.len() > most;
    let warnings = if truncated { vec!["results truncated due to limit".to_owned()] } else { Vec::new() };
    (all.into_iter().take(most).collect(), Remarks { warnings, infos: Vec::new() })
}

/// Label sets of the series that match any of `selectors`, of all when there is none, and have samples in
/// the asked time.
async fn found(ask: &Ask, mut selectors: Vec<Vec<Matcher>>) -> HttpResult<BTreeSet<Labels>> {
    let range = parameter::range(&ask.params)?;
    let range = TimeRange::new(range.start_ns, range.end_ns.saturating_add(1));
    if selectors.is_empty() {
        selectors.push(Vec::new());
    }
    let several = ask.tenants.all().len() > 1;
    let mut sets = BTreeSet::new();
    for selector in &selectors {
        let (of_tenant, own): (Vec<Matcher>, Vec<Matcher>) =
            selector.iter().cloned().partition(|matcher| several && matcher.name == TENANT_LABEL);
        for tenant in ask.tenants.all() {
            if !of_tenant.iter().all(|matcher| matcher.matches(tenant.as_str())) {
                continue;
            }
            let query =
                StreamQuery { tenant: tenant.clone(), signal: Signal::Sample, range, matchers: own.clone() };
            for facts in ask.context.metrics.select.streams(query).await? {
                if facts.runs.iter().any(|run| range.overlaps(run.min_ns, run.max_ns)) {
                    let whose = several.then(|| of(&facts.stream, tenant.as_str()));
                    sets.insert(whose.map_or_else(|| facts.stream.labels.clone(), |own| own.labels.clone()));
                }
            }
        }
    }
    Ok(sets)
}

/// A name as it is: `U__http_2e_status` is `http.status`.
fn unescaped(name: &str) -> String {
    let Some(escaped) = name.strip_prefix(ESCAPED) else { return name.to_owned() };
    let mut out = String::new();
    let mut rest = escaped;
    while let Some((before, after)) = rest.split_once('_') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('_') {
            out.push('_');
            rest = after;
            continue;
        }
        let code = after
            .split_once('_')
            .and_then(|(code, after)| Some((char::from_u32(u32::from_str_radix(code, 16).ok()?)?, after)));
        let Some((c, after)) = code else { return name.to_owned() };
        out.push(c);
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests;
