//! How many bytes a tenant may push: a token bucket for each.

use hashbrown::HashMap;
use model::{Limits, Tenant};
use parking_lot::Mutex;

/// Bytes in a megabyte of the limits.
pub const MB: f64 = 1_048_576.0;

/// Buckets that are kept before full ones are thrown away. A full bucket is as good as none.
const BUCKETS_MAX: usize = 4096;

/// The buckets of all tenants.
#[derive(Debug, Default)]
pub struct IngestionRate {
    buckets: Mutex<HashMap<Tenant, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    filled_at_ns: i64,
}

impl Bucket {
    /// The tokens at `now_ns`, with what has flowed in since.
    fn level(&self, rate: f64, burst: f64, now_ns: i64) -> f64 {
        let seconds = now_ns.saturating_sub(self.filled_at_ns).max(0) as f64 / 1e9;
        (self.tokens + seconds * rate).min(burst)
    }
}

impl IngestionRate {
    /// Takes `bytes` out of the bucket of `tenant` if it holds as many. The limits may differ from
    /// call to call: tokens above a smaller burst are lost.
    pub fn take(&self, tenant: &Tenant, limits: &Limits, bytes: u64, now_ns: i64) -> bool {
        let (rate, burst) = (limits.ingestion_rate_mb * MB, (limits.ingestion_burst_size_mb * MB).floor());
        self.take_at(tenant, (rate, burst), bytes, now_ns)
    }

    /// As [`IngestionRate::take`], of a bucket that holds `burst` and is filled with `rate` a second.
    pub fn take_at(&self, tenant: &Tenant, (rate, burst): (f64, f64), bytes: u64, now_ns: i64) -> bool {
        let mut buckets = self.buckets.lock();
        if buckets.len() >= BUCKETS_MAX && !buckets.contains_key(tenant) {
            // A bucket untouched for a minute is refilled by any sensible burst and rate.
            const FORGET_AFTER_NS: i64 = base::unit::MINUTE_NS;
            buckets.retain(|_, bucket| now_ns.saturating_sub(bucket.filled_at_ns) < FORGET_AFTER_NS);
        }
        let full = Bucket { tokens: burst, filled_at_ns: now_ns };
        let bucket = buckets.entry(tenant.clone()).or_insert(full);
        let level = bucket.level(rate, burst, now_ns);
        let fits = bytes as f64 <= level;
        let taken = if fits { bytes as f64 } else { 0.0 };
        *bucket = Bucket { tokens: level - taken, filled_at_ns: now_ns.max(bucket.filled_at_ns) };
        fits
    }
}
