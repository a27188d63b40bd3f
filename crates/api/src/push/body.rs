//! Bodies of pushes, read within their limits. What is held of all bodies together is counted
//! against one budget: beyond it a client is told to come again.

use crate::context::Context;
use crate::push::failure::Failure;
use axum::body::{Body, Bytes, HttpBody as _};
use base::{ByteBudget, Lease};
use http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

/// What a client hears when pushes in work already hold as much as they may.
const BUSY_TEXT: &str = "The server cannot accept more requests at this time.";

/// A body with its share of the budget.
pub struct Held {
    /// The body as sent.
    pub bytes: Bytes,
    /// Its share.
    pub lease: BodyLease,
}

/// Bodies that may be decompressed at once and still fit into the budget.
const BODIES_AT_ONCE: u64 = 4;

/// A share of the budget.
pub struct BodyLease {
    lease: Lease,
    budget: ByteBudget,
}

impl BodyLease {
    /// A share of `bytes`.
    ///
    /// # Errors
    /// 503 when others hold too much.
    pub fn new(context: &Context, bytes: u64) -> Result<Self, Failure> {
        let limit_bytes = context.settings.max_inflight_bytes.0;
        let budget = context.admission.in_work.get_or_init(|| ByteBudget::new("push", limit_bytes)).clone();
        let lease = budget.lease(bytes).map_err(|_| busy())?;
        Ok(Self { lease, budget })
    }

    /// The most that one body may become when it is decompressed. The share for that is taken when
    /// the size is known, so bodies being decompressed at once must fit together.
    pub fn room_bytes(&self) -> u64 {
        let most = self.budget.limit_bytes() / BODIES_AT_ONCE;
        most.saturating_sub(self.lease.bytes())
    }

    /// The share with `bytes` more.
    ///
    /// # Errors
    /// 503 when others hold too much.
    pub fn grow(mut self, bytes: u64) -> Result<Self, Failure> {
        self.lease.grow(bytes).map_err(|_| busy())?;
        Ok(self)
    }
}

fn busy() -> Failure {
    Failure::new(StatusCode::SERVICE_UNAVAILABLE, BUSY_TEXT)
}

/// Reads `body` whole.
///
/// # Errors
/// 413 for more than `max_recv_msg_size`, 503 when too much is in work, 400 when the client stops.
pub async fn read(context: &Context, body: Body) -> Result<Held, Failure> {
    let limit = context.settings.max_recv_msg_size.0;
    let announced = body.size_hint().exact();
    if announced.is_some_and(|size| size > limit) {
        return Err(too_large(announced.unwrap_or(limit), limit));
    }
    // Of a body of unknown length the share is taken when it is here; the limit bounds it till then.
    let lease = BodyLease::new(context, announced.unwrap_or(0))?;
    let collected = Limited::new(body, limit as usize).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            too_large(limit + 1, limit)
        } else {
            Failure::new(StatusCode::BAD_REQUEST, error.to_string())
        }
    })?;
    let bytes = collected.to_bytes();
    let missing = (bytes.len() as u64).saturating_sub(announced.unwrap_or(0));
    Ok(Held { lease: lease.grow(missing)?, bytes })
}

fn too_large(size: u64, limit: u64) -> Failure {
    let text = format!("request body too large: message size too large than max ({size} vs {limit})");
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, text)
}
