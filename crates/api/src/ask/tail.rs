//! `tail`: lines over a websocket, those of the near past first, then new ones as they are pushed.
//!
//! What is wrong with the parameters is said before the connection becomes a websocket, what is
//! wrong later is the reason of its close frame.

mod follower;
mod lines;
mod seats;

pub use seats::Seats;

use crate::ask::turn::Waited;
use crate::ask::{Ask, query as ask_query};
use crate::error::{HttpError, HttpResult};
use crate::stopping::Stopping;
use axum::Extension;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use base::unit::SECOND_NS;
use follower::{Follower, Layout, Parts};
use lines::Filter;
use model::{Answer, AnsweredStream, Direction, Tenant};
use query::engine::RangeQuery;
use query::logql::ast::{Expr, LogExpr};
use std::time::Duration;
use wire::reply::tail::TailLine;

/// Longest delay that a client may ask for, so that lines of slow senders come in order.
const DELAY_MAX_S: i64 = 5;

/// Bytes of frames that wait for a slow client before sending blocks.
const FRAME_BUFFER_BYTES: usize = 1 << 20;

/// Close code for what went wrong on the server.
const INTERNAL_ERROR: u16 = 1011;

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// `/loki/api/v1/tail`
pub async fn tail(
    upgrade: Upgrade,
    Extension(stopping): Extension<Stopping>,
    Extension(seats): Extension<Seats>,
    ask: Ask,
) -> HttpResult {
    open(upgrade, stopping, seats, ask, Layout::Current)
}

/// `/api/prom/tail`
pub async fn legacy(
    upgrade: Upgrade,
    Extension(stopping): Extension<Stopping>,
    Extension(seats): Extension<Seats>,
    ask: Ask,
) -> HttpResult {
    open(upgrade, stopping, seats, ask, Layout::Legacy)
}

fn open(upgrade: Upgrade, stopping: Stopping, seats: Seats, ask: Ask, layout: Layout) -> HttpResult {
    let question = Question::read(&ask)?;
    let upgrade = upgrade.map_err(|_| HttpError::bad_request("Bad Request"))?;
    let upgrade = upgrade.max_write_buffer_size(FRAME_BUFFER_BYTES).max_message_size(FRAME_BUFFER_BYTES);
    Ok(upgrade.on_upgrade(move |mut socket| async move {
        let tail = async {
            let limit = ask.limits().max_concurrent_tail_requests;
            let _seat = seats.take(&question.tenant, limit)?;
            follower(&ask, question, layout).await?.run(&mut socket, stopping).await
        };
        if let Err(reason) = tail.await {
            close(&mut socket, &reason).await;
        }
    }))
}

/// What a tail is asked for.
struct Question {
    tenant: Tenant,
    expr: Expr,
    history: RangeQuery,
    delay: Duration,
}

impl Question {
    fn read(ask: &Ask) -> HttpResult<Self> {
        let params = &ask.params;
        let tenant = ask.tenants.one()?.clone();
        let expr = query::logql::parse(params.get("query"))?;
        let limit = params.limit()?;
        let start_ns = params.range(ask.now_ns)?.start_ns;
        let history = RangeQuery {
            tenants: vec![tenant.clone()],
            query: params.get("query").to_owned(),
            start_ns,
            end_ns: ask.now_ns.saturating_add(1),
            step_ns: SECOND_NS,
            interval_ns: 0,
            limit,
            direction: Direction::Backward,
            categorize: ask.categorize(),
            align: false,
            cursor: None,
            partial: None,
            now_ns: ask.now_ns,
        };
        Ok(Self { tenant, expr, history, delay: delay(params.get("delay_for"))? })
    }
}

/// Reads whole seconds.
fn delay(text: &str) -> HttpResult<Duration> {
    let seconds = match text {
        "" => 0,
        text => crate::params::integer("Atoi", text).map_err(HttpError::bad_request)?,
    };
    if seconds > DELAY_MAX_S {
        return Err(HttpError::bad_request(format!("delay_for can't be greater than {DELAY_MAX_S}")));
    }
    Ok(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// Starts to listen, then reads the past, so that nothing falls between.
async fn follower(ask: &Ask, question: Question, layout: Layout) -> Result<Follower, String> {
    let text = |error: HttpError| error.text().to_owned();
    let Expr::Log(LogExpr { matchers, stages }) = question.expr else {
        return Err("only log selector is supported".to_owned());
    };
    let categorize = question.history.categorize;
    let filter = Filter::new(matchers, &stages, categorize).map_err(|error| error.to_string())?;
    let live = ask.context.logs.follow.follow(&question.tenant);
    let past = ask_query::answer_range(ask, Waited(Duration::ZERO), question.history).await.map_err(text)?;
    let Answer::Streams(streams) = past.answer else {
        return Err("only log selector is supported".to_owned());
    };
    let life = ask.context.settings.tail_max_duration.duration();
    let pool = ask.context.pool.clone();
    let parts = Parts { pool, live, filter, layout, delay: question.delay, life };
    Ok(Follower::new(parts, oldest_first(streams)))
}

fn oldest_first(streams: Vec<AnsweredStream>) -> Vec<TailLine> {
    let lines = streams.into_iter().flat_map(|stream| {
        let labels = stream.labels;
        stream.lines.into_iter().rev().map(move |line| TailLine { labels: labels.clone(), line })
    });
    let mut lines: Vec<_> = lines.collect();
    lines.sort_by_key(|line| line.line.ts_ns);
    lines
}

async fn close(socket: &mut WebSocket, reason: &str) {
    // a close frame holds at most 123 bytes of reason
    let end = (0..=reason.len().min(123)).rev().find(|end| reason.is_char_boundary(*end)).unwrap_or(0);
    let frame = CloseFrame { code: INTERNAL_ERROR, reason: reason[..end].into() };
    // the client may be gone already
    let _ = socket.send(Message::Close(Some(frame))).await;
}
