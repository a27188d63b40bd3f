//! One request with its deadline and its tries. Every request may be repeated: objects are immutable,
//! and who creates one checks afterwards whose it is.

use crate::config::BucketConfig;
use crate::faults::Faults;
use crate::meters::{Meters, Operation};
use base::{Error, Kind, Result};
use object_store::Error as StoreError;
use std::time::Duration;
use tokio::time::Instant;

/// The slowest connection with which the bucket still works: each MiB gets a second more.
const SLOWEST_BYTES_PER_SECOND: u64 = 1 << 20;
/// Pause before the second try; doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A request to a store.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What is asked.
    pub operation: Operation,
    /// About which object or prefix.
    pub name: &'a str,
    /// Time besides that of a request that moves nothing.
    pub allowance: Duration,
}

impl<'a> Request<'a> {
    /// A request about `name` that moves `bytes`.
    pub fn moving(bytes: u64, operation: Operation, name: &'a str) -> Self {
        Self { operation, name, allowance: Duration::from_secs(bytes / SLOWEST_BYTES_PER_SECOND) }
    }
}

/// How requests are made to one store.
#[derive(Debug)]
pub struct Attempts {
    /// Name of the store in messages.
    address: String,
    request_timeout: Duration,
    timeout: Duration,
    tries: u32,
    faults: Faults,
    meters: Meters,
}

impl Attempts {
    /// By `config`, for the store called `address`.
    pub fn new(config: &BucketConfig, address: String, meters: Meters) -> Self {
        Self {
            address,
            request_timeout: config.request_timeout.duration(),
            timeout: config.timeout.duration(),
            tries: config.max_retries.saturating_add(1),
            faults: Faults::new(&config.faults),
            meters,
        }
    }

    /// How long one try may take that moves no bytes.
    pub fn request_timeout(&self) -> Duration {
        self.request_timeout
    }

    /// Counts bytes that were moved.
    pub fn count_bytes(&self, operation: Operation, bytes: u64) {
        self.meters.of(operation).bytes.add(bytes as f64);
    }

    /// Makes `request` by `call` until it is answered or the tries or the time are used up.
    ///
    /// # Errors
    /// By what the store answered, naming store, operation and object: [`Kind::Missing`],
    /// [`Kind::Conflict`] when it exists already, [`Kind::Invalid`] for an impossible name,
    /// [`Kind::Unavailable`] for everything else and when nothing is answered in time.
    pub async fn run<T, F>(&self, request: Request<'_>, call: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = object_store::Result<T>>,
    {
        let meters = self.meters.of(request.operation);
        let started = Instant::now();
        let answer = self.tries(request, call).await;
        meters.total.inc();
        meters.seconds.observe(started.elapsed().as_secs_f64());
        match &answer {
            // Missing and existing are answers that callers ask for.
            Err(e) if !matches!(e.kind(), Kind::Missing | Kind::Conflict) => meters.failures.inc(),
            _ => {}
        }
        answer
    }

    async fn tries<T, F>(&self, request: Request<'_>, call: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = object_store::Result<T>>,
    {
        let deadline = Instant::now() + self.timeout + request.allowance;
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let limit = deadline.min(Instant::now() + self.request_timeout + request.allowance);
            let answer = tokio::time::timeout_at(limit, self.faults.strike(call())).await;
            let (error, again) = match answer {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(e)) => (self.error(request, &e), is_passing(&e)),
                Err(_) => (self.hung(request), true),
            };
            // Many clients that failed together must not try again together.
            let wait = pause.mul_f64(rand::random_range(0.5..1.5));
            if !again || attempt >= self.tries || Instant::now() + wait >= deadline {
                return Err(error);
            }
            tracing::debug!(attempt, "will be tried again: {error}");
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Err(Error::bug("more tries than numbers"))
    }

    fn hung(&self, Request { operation, name, allowance }: Request<'_>) -> Error {
        let (address, operation) = (&self.address, operation.name());
        let limit = self.request_timeout + allowance;
        Error::unavailable(format!("{address}: no answer to {operation} {name} within {limit:?}"))
    }

    fn error(&self, Request { operation, name, .. }: Request<'_>, e: &StoreError) -> Error {
        let kind = match e {
            StoreError::NotFound { .. } => Kind::Missing,
            StoreError::AlreadyExists { .. } | StoreError::Precondition { .. } => Kind::Conflict,
            StoreError::InvalidPath { .. } => Kind::Invalid,
            StoreError::NotSupported { .. } | StoreError::NotImplemented { .. } => Kind::Bug,
            // Wrong credentials, too: others may be given while the process runs.
            _ => Kind::Unavailable,
        };
        // The text and not the error: it may hold a response with its connection.
        Error::new(kind, format!("{}: {} {name}: {e}", self.address, operation.name()))
    }
}

/// Whether another try may be answered differently.
fn is_passing(e: &StoreError) -> bool {
    matches!(e, StoreError::Generic { .. } | StoreError::JoinError { .. })
}

#[cfg(test)]
mod tests;
