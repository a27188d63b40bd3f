//! How large the traces are that come in just now: spans of one trace come in many pushes, and a trace
//! that never ends must not grow without bounds.
//!
//! Sizes are kept in two generations. When the young one is full or has reached its age, it becomes the
//! old one, and the old one is forgotten: memory is bounded, and a trace is remembered for at least
//! [`AGE_NS`] after its last span unless very many traces come. Spans that a client sends again count
//! again.

use base::unit::MINUTE_NS;
use hashbrown::HashMap;
use model::Tenant;
use model::span::TraceId;
use parking_lot::Mutex;

/// Traces in a generation at most, about 10 MB.
const TRACES_MAX: usize = 100_000;

/// Age of a generation in nanoseconds.
const AGE_NS: i64 = 5 * MINUTE_NS;

/// Bytes of the traces that came lately.
#[derive(Debug, Default)]
pub struct TraceSizes(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<(Tenant, TraceId), u64>,
    old: HashMap<(Tenant, TraceId), u64>,
    turned_at_ns: i64,
}

impl TraceSizes {
    /// Adds `bytes` to a trace if it then has at most `most`; says whether it did.
    pub fn add(&self, tenant: &Tenant, trace: TraceId, bytes: u64, most: u64, now_ns: i64) -> bool {
        let mut generations = self.0.lock();
        let Generations { young, old, turned_at_ns } = &mut *generations;
        if young.len() >= TRACES_MAX || now_ns.saturating_sub(*turned_at_ns) >= AGE_NS {
            *old = std::mem::take(young);
            *turned_at_ns = now_ns;
        }
        let key = (tenant.clone(), trace);
        let before = young.get(&key).or_else(|| old.get(&key)).copied().unwrap_or(0);
        let after = before.saturating_add(bytes);
        let fits = after <= most;
        // A trace that is full stays known as full.
        young.insert(key, if fits { after } else { before });
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_fill_up_and_are_forgotten() {
        let (sizes, tenant) = (TraceSizes::default(), Tenant::single());
        let add = |trace: u8, bytes, now_ns| sizes.add(&tenant, [trace; 16], bytes, 100, now_ns);
        assert!(add(1, 60, 0) && add(1, 40, 0));
        assert!(!add(1, 1, 0), "full");
        assert!(add(2, 100, 0), "another one");
        let other = Tenant::new("other").unwrap();
        assert!(sizes.add(&other, [1; 16], 100, 100, 0), "another tenant's");
        assert!(!add(1, 1, AGE_NS), "remembered for a generation, and again since it was seen");
        assert!(!add(1, 1, 2 * AGE_NS));
        assert!(add(2, 1, 2 * AGE_NS), "not seen for two generations");
    }

    #[test]
    fn memory_is_bounded() {
        let (sizes, tenant) = (TraceSizes::default(), Tenant::single());
        for trace in 0..250_000u128 {
            sizes.add(&tenant, trace.to_be_bytes(), 1, 100, 0);
        }
        let generations = sizes.0.lock();
        assert!(generations.young.len() + generations.old.len() <= 2 * TRACES_MAX);
    }
}
