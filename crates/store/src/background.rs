//! What a store does by itself: looks for rows that should leave memory, reads what other writers of
//! the bucket did, forgets idle streams, merges small blocks, retires old ones.

use crate::compact::Pace;
use crate::engine::{Engine, Phase};
use crate::flush::Reason;
use crate::tenant::TenantState;
use base::unit::{HOUR_NS, Period};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How often the whole bucket is listed for objects that a crash left behind.
const ORPHAN_INTERVAL: Period = Period(6 * HOUR_NS);

/// When something is to be done again.
struct Every {
    period: Period,
    last_ns: i64,
}

impl Every {
    fn new(period: Period, now_ns: i64) -> Self {
        Self { period, last_ns: now_ns }
    }

    /// Whether the period has passed; begins the next one if so. A period of 0 never passes.
    fn is_due(&mut self, now_ns: i64) -> bool {
        let due = self.period.ns() > 0 && now_ns.saturating_sub(self.last_ns) >= self.period.ns();
        if due {
            self.last_ns = now_ns;
        }
        due
    }
}

/// Runs until the store drains or closes.
pub async fn run(engine: Arc<Engine>) {
    let mut phase = engine.phase();
    let served = phase.wait_for(|phase| !matches!(phase, Phase::Opening | Phase::Replaying { .. })).await;
    if !served.is_ok_and(|phase| *phase == Phase::Ready) {
        return;
    }
    // Apart, so that a bucket that hangs does not keep rows in memory from being looked at.
    let ended = phase.wait_for(|phase| *phase != Phase::Ready);
    tokio::select! {
        () = watch_memory(&engine) => {}
        () = watch_blocks(&engine) => {}
        () = watch_small_blocks(&engine) => {}
        _ = ended => {}
    }
}

async fn watch_memory(engine: &Arc<Engine>) {
    loop {
        look(engine);
        tokio::select! {
            () = tokio::time::sleep(engine.config.tick.duration()) => {}
            () = engine.wake.notified() => {}
        }
    }
}

async fn watch_blocks(engine: &Engine) {
    let now_ns = engine.clock.now_ns();
    let mut refresh = Every::new(engine.config.catalogue_refresh, now_ns);
    let mut retention = Every::new(engine.config.retention_interval, now_ns);
    loop {
        let now_ns = engine.clock.now_ns();
        if refresh.is_due(now_ns)
            && let Err(error) = engine.catalogue.refresh().await
        {
            tracing::warn!(%error, "cannot read what is new in the catalogue");
        }
        if retention.is_due(now_ns)
            && let Err(error) = engine.retain(now_ns).await
        {
            tracing::warn!(%error, "cannot remove old blocks");
        }
        tokio::time::sleep(engine.config.tick.duration()).await;
    }
}

/// Apart from the rest, for a merge takes its time.
async fn watch_small_blocks(engine: &Engine) {
    let now_ns = engine.clock.now_ns();
    let mut compaction = Every::new(engine.config.compaction_interval, now_ns);
    let mut orphans = Every::new(ORPHAN_INTERVAL, now_ns.saturating_sub(ORPHAN_INTERVAL.ns()));
    loop {
        let now_ns = engine.clock.now_ns();
        if compaction.is_due(now_ns) {
            if let Err(error) = engine.compact(Pace::Background).await {
                tracing::warn!(%error, "cannot merge blocks; tried again later");
            }
            if orphans.is_due(now_ns)
                && let Err(error) = engine.condemn_orphans(now_ns).await
            {
                tracing::warn!(%error, "cannot look for objects that a crash left behind");
            }
            if let Err(error) = engine.delete_removed(now_ns).await {
                tracing::warn!(%error, "cannot delete removed blocks");
            }
        }
        tokio::time::sleep(engine.config.tick.duration()).await;
    }
}

/// Begins the flushes that are due and brings metrics and streams up to date.
fn look(engine: &Arc<Engine>) {
    let now_ns = engine.clock.now_ns();
    let tenants = engine.all_tenants();
    let mut runs = 0;
    for tenant in &tenants {
        tenant.forget_unused(&engine.memory);
        runs += tenant.heads().each().map(|head| head.run_count()).sum::<u64>();
        let idle = tenant.admission.forget_idle(now_ns.saturating_sub(engine.config.flush_idle.ns()));
        if idle > 0 {
            tenant.meters.streams_removed.add(idle as f64);
            tenant.meters.streams.set(tenant.admission.len() as f64);
        }
        if let Some(reason) = reason_of(engine, tenant, now_ns) {
            begin(engine, tenant, reason);
        }
    }
    if engine.memory.is_tight() {
        // The largest first; a turn that is taken will free memory soon.
        let largest = tenants.iter().max_by_key(|tenant| tenant.active().held_bytes());
        if let Some(tenant) = largest.filter(|_| engine.flush_turns.available_permits() > 0) {
            begin(engine, tenant, Reason::Memory);
        }
    }
    let log_bytes = engine.wal.usage().bytes;
    relieve_log(engine, &tenants, log_bytes);
    engine.meters.memory_runs.set(runs as f64);
    engine.meters.head_bytes.set(engine.memory.share_bytes() as f64);
    engine.meters.wal_bytes.set(log_bytes as f64);
}

/// Begins the flushes that make the log shorter: of the tenant that keeps its oldest part when it is
/// long, of all when it takes no more, for then its disk may be full.
fn relieve_log(engine: &Arc<Engine>, tenants: &[Arc<TenantState>], log_bytes: u64) {
    let keeps = |tenant: &&Arc<TenantState>| !tenant.active().is_empty();
    if engine.log_refused.swap(false, Ordering::Relaxed) {
        for tenant in tenants.iter().filter(keeps) {
            begin(engine, tenant, Reason::Log);
        }
    } else if log_bytes > engine.config.wal_size.0 {
        let oldest = tenants.iter().filter(keeps).min_by_key(|tenant| tenant.active().mark().needed_from);
        if let Some(tenant) = oldest {
            begin(engine, tenant, Reason::Log);
        }
    }
}

/// Why the rows of `tenant` should leave memory now, if they should.
fn reason_of(engine: &Engine, tenant: &TenantState, now_ns: i64) -> Option<Reason> {
    let head = tenant.active();
    let (first_ns, last_ns) = head.mark().received_ns?;
    let config = &engine.config;
    if head.held_bytes() >= config.flush_bytes.0 {
        Some(Reason::Full)
    } else if now_ns.saturating_sub(first_ns) >= config.flush_age.ns() {
        Some(Reason::MaxAge)
    } else if now_ns.saturating_sub(last_ns) >= config.flush_idle.ns() {
        Some(Reason::Idle)
    } else {
        None
    }
}

/// Flushes `tenant` when a slot is free, unless it is waiting for that already.
fn begin(engine: &Arc<Engine>, tenant: &Arc<TenantState>, reason: Reason) {
    if !tenant.schedule() {
        return;
    }
    let (engine, tenant) = (engine.clone(), tenant.clone());
    tokio::spawn(async move {
        let mut phase = engine.phase();
        let flush = async {
            let _turn = engine.flush_turns.acquire().await;
            engine.flush(&tenant, reason).await
        };
        tokio::select! {
            done = flush => {
                if let Err(error) = done {
                    tracing::warn!(tenant = %tenant.name, %error, "rows stay in memory and in the log");
                }
            }
            _ = phase.wait_for(|phase| *phase == Phase::Closed) => {}
        }
        tenant.unschedule();
        engine.wake.notify_one();
    });
}
