//! What is known about metrics and about the program.

use crate::admit::families::FamilyFacts;
use crate::ask::prometheus::parameter;
use crate::ask::{Ask, json};
use crate::context::Context;
use crate::error::HttpResult;
use axum::extract::State;
use axum::response::Response;
use std::collections::BTreeMap;
use wire::json_text::{put_array, put_key};
use wire::reply::prometheus::{Remarks, put_object, success};

/// The Prometheus whose language and answers these are; clients look at it before they use what is new.
const PROMETHEUS_VERSION: &str = "3.14.0";

/// What sources said about metrics.
pub async fn metadata(ask: Ask) -> HttpResult {
    let limit = parameter::limit(&ask.params)?.unwrap_or(usize::MAX);
    let metric = ask.params.get("metric");
    let mut by_name: BTreeMap<String, Vec<FamilyFacts>> = BTreeMap::new();
    for tenant in ask.tenants.all() {
        for (name, facts) in ask.context.admission.families.all(tenant) {
            if metric.is_empty() || metric == name {
                let known = by_name.entry(name).or_default();
                if !known.contains(&facts) {
                    known.push(facts);
                }
            }
        }
    }
    Ok(json(success(&Remarks::default(), |out| {
        out.push(b'{');
        for (name, facts) in by_name.iter().take(limit) {
            put_key(out, name);
            put_array(out, facts, |out, facts| {
                let FamilyFacts { kind, help, unit } = facts;
                put_object(out, [("type", kind.word()), ("help", help), ("unit", unit)]);
            });
        }
        out.push(b'}');
    })))
}

/// What was built.
pub async fn build_info(State(context): State<Context>) -> Response {
    let build = &context.process.build;
    json(success(&Remarks::default(), |out| {
        put_object(
            out,
            [
                ("version", PROMETHEUS_VERSION),
                ("revision", &build.revision),
                ("branch", &build.branch),
                ("buildUser", &build.user),
                ("buildDate", &build.date),
                ("goVersion", &build.compiler),
                ("application", "Trefoil"),
                ("applicationVersion", &build.version),
            ],
        );
    }))
}
