//! `query_range` and `query`.

use crate::ask::record::{Asked, Record, reply_stats};
use crate::ask::turn::Waited;
use crate::ask::{Ask, json, page};
use crate::error::HttpResult;
use axum::Extension;
use model::TimeRange;
use query::engine::{Answered, Engine, InstantQuery, RangeQuery};
use wire::reply::result::Around;

/// Answers a query over a range of time.
pub async fn range(Extension(waited): Extension<Waited>, ask: Ask) -> HttpResult {
    let query = range_query(&ask)?;
    let categorize = query.categorize;
    let answered = answer_range(&ask, waited, query).await?;
    reply(&ask, waited, answered, categorize).await
}

/// Answers a query at one point of time.
pub async fn instant(Extension(waited): Extension<Waited>, ask: Ask) -> HttpResult {
    let query = instant_query(&ask)?;
    let answered = answer_instant(&ask, waited, query).await?;
    reply(&ask, waited, answered, ask.categorize()).await
}

/// The query at one point of time that the parameters of `ask` describe.
pub fn instant_query(ask: &Ask) -> HttpResult<InstantQuery> {
    let params = &ask.params;
    params.limit()?;
    let time_ns = params.time(ask.now_ns)?;
    params.direction()?;
    Ok(InstantQuery {
        tenants: ask.tenants.all().to_vec(),
        query: params.get("query").to_owned(),
        time_ns,
        partial: page::partial(ask)?,
        now_ns: ask.now_ns,
    })
}

/// As [`answer_range`].
pub async fn answer_instant(ask: &Ask, waited: Waited, query: InstantQuery) -> HttpResult<Answered> {
    let asked = Asked {
        query: query.query.clone(),
        range_type: "instant",
        range: TimeRange::new(query.time_ns, query.time_ns),
        step_ns: 0,
        limit: ask.params.limit()?,
    };
    let record = Record::start(ask, waited, asked);
    record.finish(engine(ask).instant(query, &ask.limits()).await)
}

/// The query that the parameters of `ask` describe.
pub fn range_query(ask: &Ask) -> HttpResult<RangeQuery> {
    let range = ask.params.forward_range(ask.now_ns)?;
    range_query_of(ask, range, ask.params.limit()?)
}

/// [`range_query`] for so many lines in `range`.
pub fn range_query_of(ask: &Ask, range: TimeRange, limit: usize) -> HttpResult<RangeQuery> {
    let params = &ask.params;
    let direction = params.direction()?;
    let step_ns = params.step(range)?;
    let interval_ns = params.interval()?;
    Ok(RangeQuery {
        tenants: ask.tenants.all().to_vec(),
        query: params.get("query").to_owned(),
        start_ns: range.start_ns,
        end_ns: range.end_ns,
        step_ns,
        interval_ns,
        limit,
        direction,
        categorize: ask.categorize(),
        align: ask.context.settings.align_queries_with_step,
        cursor: page::cursor(ask)?,
        partial: page::partial(ask)?,
        now_ns: ask.now_ns,
    })
}

/// Has `query` answered, and leaves a line about it in the log.
pub async fn answer_range(ask: &Ask, waited: Waited, query: RangeQuery) -> HttpResult<Answered> {
    let asked = Asked {
        query: query.query.clone(),
        range_type: "range",
        range: TimeRange::new(query.start_ns, query.end_ns),
        step_ns: query.step_ns,
        limit: query.limit,
    };
    let record = Record::start(ask, waited, asked);
    record.finish(engine(ask).range(query, &ask.limits()).await)
}

/// What answers.
pub fn engine(ask: &Ask) -> Engine {
    Engine::new(ask.context.logs.select.clone(), ask.context.pool.clone())
}

/// Writes an answer.
pub async fn reply(ask: &Ask, waited: Waited, answered: Answered, categorize: bool) -> HttpResult {
    let stats = reply_stats(&answered.stats, waited);
    let around = Around {
        categorize,
        warnings: answered.warnings,
        cursor: answered.next.map(page::cursor_text),
        stats,
    };
    // large answers take a while to write
    let body = ask.context.pool.run(move || wire::reply::result::query(&answered.answer, &around));
    Ok(json(body.await?))
}
