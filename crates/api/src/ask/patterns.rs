//! `patterns`: what the miner found in lines pushed lately; nothing where no miner runs.

use crate::ask::{Ask, bounds, json, selector};
use crate::error::HttpResult;
use model::TimeRange;
use wire::reply::metadata::{Pattern, patterns as reply};

/// Patterns of the lines of a selector.
pub async fn patterns(ask: Ask) -> HttpResult {
    let range = ask.params.forward_range(ask.now_ns)?;
    let step_ns = ask.params.step(range)?;
    let matchers = selector::matchers(ask.params.get("query"))?;
    let range = bounds::within(range, &ask.limits(), ask.now_ns)?;
    let range = TimeRange::new(range.start_ns, range.end_ns.saturating_add(1));
    let mut found = Vec::new();
    if let Some(patterns) = &ask.context.patterns {
        for tenant in ask.tenants.all() {
            found.extend(patterns.find(tenant, &matchers, range, step_ns));
        }
    }
    let found = found.into_iter().map(|pattern| Pattern {
        pattern: pattern.text,
        level: pattern.level,
        samples: pattern.samples.iter().map(|(ts_ns, lines)| (ts_ns / 1_000_000_000, *lines)).collect(),
    });
    Ok(json(reply(&found.collect::<Vec<_>>())))
}
