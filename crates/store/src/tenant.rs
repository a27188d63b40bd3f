//! What a store holds of one tenant.

use crate::admission::Admission;
use crate::head::{Head, Memory};
use crate::meters::TenantMeters;
use arc_swap::ArcSwap;
use model::Tenant;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{Mutex, RwLock};

/// Heads, active streams, and the locks that put appends and flushes in order.
#[derive(Debug)]
pub struct TenantState {
    /// Who.
    pub name: Tenant,
    /// The active streams.
    pub admission: Admission,
    /// Own metrics.
    pub meters: TenantMeters,
    /// Held shared from before an append's record goes to the log until its rows are in the head, held
    /// alone while the head is frozen. So the rows of a frozen head are exactly those of this tenant's records
    /// up to the last one inserted, and one position tells what a flush covers.
    pub gate: RwLock<()>,
    /// Held while flushing: blocks of a tenant are committed in the order of its log.
    pub flushing: Mutex<()>,
    heads: ArcSwap<Heads>,
    /// A flush waits for its turn.
    scheduled: AtomicBool,
}

/// The rows that are not in blocks, as a question reads them.
#[derive(Clone, Debug)]
pub struct Heads {
    /// On its way into blocks.
    pub frozen: Option<Arc<Head>>,
    /// Where rows are inserted.
    pub active: Arc<Head>,
}

impl TenantState {
    /// A tenant without rows.
    pub fn new(name: Tenant, memory: &Memory, meters: TenantMeters) -> Self {
        let heads = Heads { frozen: None, active: Arc::new(Head::new(memory.clone())) };
        Self {
            name,
            admission: Admission::default(),
            meters,
            gate: RwLock::default(),
            flushing: Mutex::default(),
            heads: ArcSwap::from_pointee(heads),
            scheduled: AtomicBool::new(false),
        }
    }

    /// The heads now.
    pub fn heads(&self) -> Arc<Heads> {
        self.heads.load_full()
    }

    /// The head for the next row. Ask while holding the gate.
    pub fn active(&self) -> Arc<Head> {
        self.heads.load().active.clone()
    }

    /// Freezes the active head, or answers the one that an interrupted flush left frozen and `true`.
    /// To be called by the holder of `flushing`.
    pub async fn freeze(&self, memory: &Memory) -> (Arc<Head>, bool) {
        if let Some(frozen) = self.heads.load().frozen.clone() {
            return (frozen, true);
        }
        let alone = self.gate.write().await;
        let frozen = self.active();
        let active = Arc::new(Head::new(memory.clone()));
        self.heads.store(Arc::new(Heads { frozen: Some(frozen.clone()), active }));
        drop(alone);
        frozen.freeze();
        (frozen, false)
    }

    /// Forgets the frozen head: its rows are in blocks that the catalogue names. To be called by the
    /// holder of `flushing`.
    pub fn forget_frozen(&self) {
        let active = self.active();
        self.heads.store(Arc::new(Heads { frozen: None, active }));
    }

    /// Replaces an active head without rows that only failed appends have left their mark in: the mark
    /// would keep the log. Does nothing while an append is under way.
    pub fn forget_unused(&self, memory: &Memory) {
        let active = self.active();
        if active.is_empty() && active.mark().needed_from.is_some() {
            let (Ok(_turn), Ok(_alone)) = (self.flushing.try_lock(), self.gate.try_write()) else { return };
            if self.active().is_empty() {
                let frozen = self.heads.load().frozen.clone();
                self.heads.store(Arc::new(Heads { frozen, active: Arc::new(Head::new(memory.clone())) }));
            }
        }
    }

    /// Says that a flush is wanted; false when one was already.
    pub fn schedule(&self) -> bool {
        !self.scheduled.swap(true, Ordering::Relaxed)
    }

    /// Says that the wanted flush has begun or will not come.
    pub fn unschedule(&self) {
        self.scheduled.store(false, Ordering::Relaxed);
    }

    /// Bytes of memory of all its heads.
    pub fn held_bytes(&self) -> u64 {
        let heads = self.heads.load();
        heads.active.held_bytes() + heads.frozen.as_ref().map_or(0, |frozen| frozen.held_bytes())
    }
}

impl Heads {
    /// Both, the older rows first.
    pub fn each(&self) -> impl Iterator<Item = &Arc<Head>> {
        self.frozen.iter().chain(std::iter::once(&self.active))
    }
}
