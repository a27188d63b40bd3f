//! Turns: so many questions are answered at once, the others wait in line, and each has its time.

use crate::ask::bounds;
use crate::context::Context;
use crate::error::{HttpError, HttpResult};
use crate::tenant::Tenants;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::middleware::Next;
use hashbrown::HashMap;
use http::StatusCode;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// The places and the line before them; cheap to clone.
#[derive(Clone)]
pub struct Turns {
    context: Context,
    places: Arc<Semaphore>,
    line: Arc<Mutex<HashMap<String, usize>>>,
}

/// How long a question waited for its turn; handlers find it among the request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Waited(pub Duration);

impl Turns {
    /// As many places as the settings of `context` say.
    pub fn new(context: &Context) -> Self {
        let places = Arc::new(Semaphore::new(context.settings.max_concurrent_queries.max(1)));
        Self { context: context.clone(), places, line: Arc::default() }
    }

    /// Stands in line.
    ///
    /// # Errors
    /// 429 when too many of the same tenants stand there.
    fn stand(&self, tenants: &Tenants) -> HttpResult<Standing> {
        let name = tenants.to_string();
        let mut line = self.line.lock();
        let standing = line.entry_ref(&name).or_insert(0);
        if *standing >= self.context.settings.max_outstanding_per_tenant {
            return Err(HttpError::new(StatusCode::TOO_MANY_REQUESTS, "too many outstanding requests"));
        }
        *standing += 1;
        drop(line);
        Ok(Standing { turns: self.clone(), name })
    }
}

/// Somebody in line; leaves it when dropped.
struct Standing {
    turns: Turns,
    name: String,
}

impl Drop for Standing {
    fn drop(&mut self) {
        let mut line = self.turns.line.lock();
        if let Some(standing) = line.get_mut(&self.name) {
            *standing -= 1;
            if *standing == 0 {
                line.remove(&self.name);
            }
        }
    }
}

/// Lets a question wait for its turn, then gives it the time its tenant's limits allow.
pub async fn take(State(turns): State<Turns>, request: Request, next: Next) -> HttpResult {
    let (mut parts, body) = request.into_parts();
    let tenants = Tenants::from_request_parts(&mut parts, &turns.context).await?;
    let came = Instant::now();
    let standing = turns.stand(&tenants)?;
    let place = turns.places.clone().acquire_owned().await;
    let _place =
        place.map_err(|_| HttpError::new(StatusCode::INTERNAL_SERVER_ERROR, "the line is closed"))?;
    drop(standing);
    parts.extensions.insert(Waited(came.elapsed()));
    let answering = next.run(Request::from_parts(parts, body));
    let timeout = bounds::strictest(&turns.context.limits, &tenants).query_timeout;
    if timeout.is_zero() {
        return Ok(answering.await);
    }
    tokio::time::timeout(timeout.duration(), answering).await.map_err(|_| HttpError::timed_out())
}

#[cfg(test)]
mod tests;
