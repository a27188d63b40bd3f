//! `index/stats`.

use crate::ask::{Ask, bounds, json, selector};
use crate::error::HttpResult;
use wire::reply::metadata::{IndexStats, index_stats};

/// How much the streams of a selector hold in a range.
pub async fn stats(ask: Ask) -> HttpResult {
    let range = ask.params.forward_range(ask.now_ns)?;
    let matchers = selector::matchers(ask.params.get("query"))?;
    let range = bounds::within(range, &ask.limits(), ask.now_ns)?;
    let held = query::volume::holding(&ask.streams(range, &matchers).await?, range);
    Ok(json(index_stats(&IndexStats {
        streams: held.streams,
        chunks: held.runs,
        bytes: held.bytes,
        entries: held.rows,
    })))
}
