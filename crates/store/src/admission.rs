//! Which streams of a tenant are active, and which of a batch are refused.
//!
//! A stream is active from its first row until none came for a while, whether its rows are in memory
//! or already in blocks: the limit is about streams, not about when they were flushed.
//!
//! Where neither a number nor a rate is limited, as for traces, nothing is remembered.

use base::unit::ByteSize;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use model::{Batch, Limits, Refusal, Refused};
use parking_lot::Mutex;

/// The active streams of a tenant, by fingerprint. Two streams of one fingerprint (one pair in 2^64)
/// count as one.
#[derive(Debug, Default)]
pub struct Admission {
    active: Mutex<HashMap<u64, Active, foldhash::fast::RandomState>>,
}

/// A stream's tokens: bytes that it may still get now.
#[derive(Clone, Copy, Debug)]
struct Active {
    last_ns: i64,
    tokens: f64,
}

impl Active {
    /// Takes `asked_bytes` at `now_ns` where the `rate` (bytes in a second, and at once) allows; says why it
    /// does not.
    fn take(&mut self, asked_bytes: u64, rate: (ByteSize, ByteSize), now_ns: i64) -> Option<Refusal> {
        let (ByteSize(rate), ByteSize(burst)) = rate;
        let passed_s = now_ns.saturating_sub(self.last_ns).max(0) as f64 / 1e9;
        // Limits may have changed since the last look.
        self.tokens = (self.tokens + passed_s * rate as f64).min(burst as f64);
        self.last_ns = self.last_ns.max(now_ns);
        if asked_bytes as f64 > self.tokens {
            return Some(Refusal::StreamRate { limit_bytes: rate, asked_bytes });
        }
        self.tokens -= asked_bytes as f64;
        None
    }
}

/// What a look at a batch gave.
#[derive(Debug, Default)]
pub struct Admitted {
    /// Streams that were refused.
    pub refused: Vec<Refused>,
    /// Streams that became active.
    pub created: u64,
}

impl Admission {
    /// Says which streams of `batch` are refused at `now_ns` under `limits`.
    pub fn admit(&self, batch: &Batch, limits: &Limits, now_ns: i64) -> Admitted {
        let limit = limits.streams(batch.signal());
        let rate = limits.stream_rate(batch.signal());
        let mut admitted = Admitted::default();
        if limit == 0 && rate.is_none() {
            return admitted;
        }
        let mut active = self.active.lock();
        for (position, stream) in batch.streams().enumerate() {
            let count = active.len() as u64;
            let slot = match active.entry(stream.fingerprint()) {
                Entry::Occupied(slot) => slot.into_mut(),
                Entry::Vacant(_) if limit > 0 && count >= limit => {
                    admitted.refused.push(Refused { stream: position, why: Refusal::StreamLimit { limit } });
                    continue;
                }
                Entry::Vacant(slot) => {
                    admitted.created += 1;
                    slot.insert(Active { last_ns: now_ns, tokens: f64::MAX })
                }
            };
            match rate {
                // As Loki's rate does: text and structured metadata.
                Some(rate) => admitted.refused.extend(
                    slot.take(stream.row_bytes(), rate, now_ns).map(|why| Refused { stream: position, why }),
                ),
                None => slot.last_ns = slot.last_ns.max(now_ns),
            }
        }
        admitted
    }

    /// Counts the streams of `batch` as active without any limit: they were admitted before. Gives
    /// the number of those that were not.
    pub fn note(&self, batch: &Batch) -> u64 {
        let mut active = self.active.lock();
        let mut created = 0;
        for stream in batch.streams() {
            let fresh = Active { last_ns: batch.received_ns(), tokens: f64::MAX };
            match active.entry(stream.fingerprint()) {
                Entry::Occupied(mut slot) => slot.get_mut().last_ns = fresh.last_ns.max(slot.get().last_ns),
                Entry::Vacant(slot) => {
                    slot.insert(fresh);
                    created += 1;
                }
            }
        }
        created
    }

    /// Forgets the streams that got no row since `since_ns`; gives their number.
    pub fn forget_idle(&self, since_ns: i64) -> u64 {
        let mut active = self.active.lock();
        let before = active.len();
        active.retain(|_, stream| stream.last_ns >= since_ns);
        if active.len() * 4 < active.capacity() {
            active.shrink_to_fit();
        }
        (before - active.len()) as u64
    }

    /// Number of active streams.
    pub fn len(&self) -> usize {
        self.active.lock().len()
    }
}

#[cfg(test)]
mod tests;
