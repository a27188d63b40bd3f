//! `index/shards`: how a client may cut a query into pieces of about equal size.

use crate::ask::{Ask, bounds, json, selector};
use crate::error::{HttpError, HttpResult};
use base::unit::ByteSize;
use serde_json::json as value;

/// Most pieces of one query.
const SHARDS_MAX: u64 = 1024;

/// Pieces of the space of fingerprints, each holding about the asked number of bytes. Fingerprints
/// are spread evenly, so equal pieces of their space hold about as much.
pub async fn shards(ask: Ask) -> HttpResult {
    let range = ask.params.forward_range(ask.now_ns)?;
    let matchers = selector::matchers(ask.params.get("query"))?;
    let target = ask.params.get("targetBytesPerShard");
    let target: ByteSize = target.parse().map_err(|_| wrong_target(target))?;
    let range = bounds::within(range, &ask.limits(), ask.now_ns)?;
    let held = query::volume::holding(&ask.streams(range, &matchers).await?, range);
    let count = held.bytes.div_ceil(target.0.max(1)).clamp(1, SHARDS_MAX);
    let width = u64::MAX / count;
    let shards = (0..count).map(|at| {
        let min = at * width;
        let max = if at + 1 == count { u64::MAX } else { min + width - 1 };
        let stats = value!({
            "streams": held.streams / count, "chunks": held.runs / count,
            "bytes": held.bytes / count, "entries": held.rows / count,
        });
        value!({"bounds": {"min": min, "max": max}, "stats": stats})
    });
    Ok(json(value!({"shards": shards.collect::<Vec<_>>()}).to_string().into_bytes()))
}

fn wrong_target(text: &str) -> HttpError {
    HttpError::bad_request(format!("targetBytesPerShard is no byte size: {text:?}"))
}
