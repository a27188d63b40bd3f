//! Parameters of queries that Loki does not have: reading page by page with a cursor, and answers that may
//! be partial.

use crate::ask::Ask;
use crate::error::{HttpError, HttpResult};
use query::engine::{Cursor, Partial};
use std::time::Instant;

/// The word that asks for the first page.
const FIRST: &str = "start";

/// Where `cursor` says to go on; none without it. Its text is `start` or the `cursor` of the answer before:
/// the time of the last line and how many of that time were given.
///
/// # Errors
/// 400 for a text that no answer gave.
pub fn cursor(ask: &Ask) -> HttpResult<Option<Cursor>> {
    match ask.params.get("cursor") {
        "" => Ok(None),
        FIRST => Ok(Some(Cursor::before_all(ask.params.direction()?))),
        text => {
            let given = text.split_once('.').and_then(|(ts_ns, given)| {
                Some(Cursor { ts_ns: ts_ns.parse().ok()?, given: given.parse().ok()? })
            });
            given.map(Some).ok_or_else(|| {
                HttpError::bad_request(format!(
                    "cursor {text:?} was given by no answer; ask with cursor={FIRST} for the first page"
                ))
            })
        }
    }
}

/// The text of a cursor in an answer.
pub fn cursor_text(cursor: Cursor) -> String {
    format!("{}.{}", cursor.ts_ns, cursor.given)
}

/// Whether `partial=true` lets an answer be partial, and when the work has to end for that: when nine tenths
/// of the tenant's `query_timeout` are over, so that there is time left to answer.
pub fn partial(ask: &Ask) -> HttpResult<Option<Partial>> {
    match ask.params.get("partial") {
        "" | "false" => Ok(None),
        "true" => {
            let timeout = ask.limits().query_timeout.duration();
            // Without a timeout there is no end to wait for.
            let time =
                if timeout.is_zero() { std::time::Duration::from_secs(86_400) } else { timeout * 9 / 10 };
            Ok(Some(Partial { deadline: Instant::now() + time }))
        }
        other => Err(HttpError::bad_request(format!("partial is {other:?}, must be true or false"))),
    }
}
