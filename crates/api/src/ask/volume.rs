//! `index/volume` and `index/volume_range`: bytes by label.

use crate::ask::{Ask, bounds, json, selector};
use crate::error::{HttpError, HttpResult};
use axum::response::Response;
use http::StatusCode;
use model::{Answer, Limits, MatchOp, Matcher, Point, Series, TimeRange};
use query::volume::{GroupBy, Volume, aligned_ranges, volumes};
use wire::reply::result::Around;

/// Groups in an answer when the request does not say.
const GROUPS_DEFAULT: usize = 100;

/// Bytes in the whole range.
pub async fn volume(ask: Ask) -> HttpResult {
    let question = Question::read(&ask)?;
    let ranges = [question.range];
    let volumes = question.answer(&ask, &ranges).await?;
    Ok(reply(&as_vector(&volumes, question.range.end_ns)))
}

/// Bytes in each step of the range.
pub async fn volume_range(ask: Ask) -> HttpResult {
    let question = Question::read(&ask)?;
    let step_ns = ask.params.step(question.range)?;
    crate::params::check_steps(question.range, step_ns)?;
    let ranges = aligned_ranges(question.range, step_ns);
    let volumes = question.answer(&ask, &ranges).await?;
    if volumes.iter().all(|volume| volume.bytes.len() <= 1) {
        return Ok(reply(&as_vector(&volumes, question.range.end_ns)));
    }
    let series = volumes.into_iter().map(|volume| Series {
        labels: volume.labels,
        points: volume.bytes.iter().map(|(at, bytes)| (sample_time(&ranges, *at), bytes.round())).collect(),
    });
    let mut series: Vec<_> = series.collect();
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok(reply(&Answer::Matrix(series)))
}

/// A sample stands at the last millisecond of its step; the last one at the end of the range.
fn sample_time(ranges: &[TimeRange], at: usize) -> i64 {
    let end_ns = ranges.get(at).map_or(0, |range| range.end_ns);
    if at + 1 == ranges.len() { end_ns } else { end_ns - 1_000_000 }
}

fn as_vector(volumes: &[Volume], ts_ns: i64) -> Answer {
    let point =
        |volume: &Volume| Point { labels: volume.labels.clone(), ts_ns, value: volume.total().round() };
    Answer::Vector(volumes.iter().map(point).collect())
}

fn reply(answer: &Answer) -> Response {
    json(wire::reply::result::query(answer, &Around::default()))
}

/// What both endpoints take.
struct Question {
    range: TimeRange,
    matchers: Vec<Matcher>,
    group_by: GroupBy,
    limit: usize,
    series_max: usize,
}

impl Question {
    fn read(ask: &Ask) -> HttpResult<Self> {
        let params = &ask.params;
        let range = params.forward_range(ask.now_ns)?;
        let limit = if params.get("limit") == "0" { GROUPS_DEFAULT } else { params.limit()? };
        let text = params.get("query");
        let mut matchers = selector::matchers_or_all(text)?;
        let targets = params.get("targetLabels").split(',').filter(|name| !name.is_empty());
        let targets: Vec<_> = targets.map(str::to_owned).collect();
        let by_name = match params.get("aggregateBy") {
            "" | "series" => false,
            "labels" => true,
            _ => return Err(HttpError::bad_request("invalid aggregation option")),
        };
        let group_by = group_by(by_name, &targets, &matchers);
        require(&targets, &mut matchers)?;
        let limits: &Limits = &ask.limits();
        if !limits.volume_enabled {
            return Err(HttpError::new(StatusCode::NOT_FOUND, "not found"));
        }
        let range = bounds::within(range, limits, ask.now_ns)?;
        Ok(Self { range, matchers, group_by, limit, series_max: limits.volume_max_series })
    }

    async fn answer(&self, ask: &Ask, ranges: &[TimeRange]) -> HttpResult<Vec<Volume>> {
        let facts = ask.streams(self.range, &self.matchers).await?;
        let mut volumes = volumes(&facts, ranges, &self.group_by);
        if volumes.len() > self.series_max {
            let text =
                format!("the query hit the max number of series limit (limit: {} series)", self.series_max);
            return Err(HttpError::new(StatusCode::INTERNAL_SERVER_ERROR, text));
        }
        volumes.truncate(self.limit);
        Ok(volumes)
    }
}

/// Without target labels the labels of the selector make the groups; without these the whole sets.
fn group_by(by_name: bool, targets: &[String], matchers: &[Matcher]) -> GroupBy {
    if by_name {
        return GroupBy::Names(targets.to_vec());
    }
    if !targets.is_empty() {
        return GroupBy::Series(targets.to_vec());
    }
    if matchers.is_empty() {
        return GroupBy::Stream;
    }
    GroupBy::Series(matchers.iter().map(|matcher| matcher.name.clone()).collect())
}

/// Only streams with every target label count.
fn require(targets: &[String], matchers: &mut Vec<Matcher>) -> HttpResult<()> {
    for name in targets {
        if !matchers.iter().any(|matcher| matcher.name == *name) {
            matchers.push(Matcher::new(name, MatchOp::Regex, ".+")?);
        }
    }
    Ok(())
}
