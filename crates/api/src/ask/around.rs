//! `/loki/api/v1/context`: the lines before and after a time, as one reads around a line that was found.

use crate::ask::turn::Waited;
use crate::ask::{Ask, query};
use crate::error::{HttpError, HttpResult};
use ::query::engine::{Answered, RangeQuery};
use axum::Extension;
use base::unit::HOUR_NS;
use model::{Answer, AnsweredLine, AnsweredStream, Direction, Labels, TimeRange};
use std::collections::BTreeMap;

/// Lines on each side when the request does not say.
const LINES_DEFAULT: usize = 10;

/// How far to each side is looked when the request does not say.
const REACH_DEFAULT_NS: i64 = HOUR_NS;

/// Answers `before` lines older than `time` and `after` lines from `time` on, oldest first, of the streams
/// and lines that `query` lets pass, at most `since` away.
pub async fn context(Extension(waited): Extension<Waited>, ask: Ask) -> HttpResult {
    if ask.params.get("time").is_empty() {
        return Err(HttpError::bad_request("time is missing: around which line, in Unix nanoseconds?"));
    }
    let time_ns = ask.params.time(ask.now_ns)?;
    let lines = |name: &str| match ask.params.get(name) {
        "0" => Ok(0),
        _ => ask.params.count(name, LINES_DEFAULT),
    };
    let reach_ns = match ask.params.get("since") {
        "" => REACH_DEFAULT_NS,
        text => crate::params::duration(text).map_err(HttpError::bad_request)?,
    };
    let older = TimeRange::new(time_ns.saturating_sub(reach_ns), time_ns);
    let newer = TimeRange::new(time_ns, time_ns.saturating_add(reach_ns));
    let sides =
        [(older, lines("before")?, Direction::Backward), (newer, lines("after")?, Direction::Forward)];
    let mut answers = Vec::new();
    for (range, limit, direction) in sides {
        if limit > 0 {
            let asked = query::range_query_of(&ask, range, limit)?;
            let asked = RangeQuery { direction, cursor: None, ..asked };
            answers.push(query::answer_range(&ask, waited, asked).await?);
        }
    }
    let Some(answered) = joined(answers)? else {
        return Err(HttpError::bad_request("before and after are both 0: no line is asked for"));
    };
    query::reply(&ask, waited, answered, ask.categorize()).await
}

/// Both sides as one answer, oldest first, with the warnings of both; what it cost is told of the last one.
fn joined(answers: Vec<Answered>) -> HttpResult<Option<Answered>> {
    let mut streams: BTreeMap<Labels, Vec<AnsweredLine>> = BTreeMap::new();
    let mut warnings = Vec::new();
    let mut whole = None;
    for mut answered in answers {
        let Answer::Streams(found) = std::mem::replace(&mut answered.answer, Answer::Streams(Vec::new()))
        else {
            return Err(HttpError::bad_request("the context of a line is lines: the query must give lines"));
        };
        for stream in found {
            streams.entry(stream.labels).or_default().extend(stream.lines);
        }
        warnings.append(&mut answered.warnings);
        whole = Some(answered);
    }
    let in_order = |(labels, mut lines): (Labels, Vec<AnsweredLine>)| {
        lines.sort_by_key(|line| line.ts_ns);
        AnsweredStream { labels, lines }
    };
    let mut streams: Vec<AnsweredStream> = streams.into_iter().map(in_order).collect();
    streams.sort_by_cached_key(|stream| stream.labels.to_string());
    Ok(whole.map(|answered| Answered { answer: Answer::Streams(streams), warnings, ..answered }))
}
