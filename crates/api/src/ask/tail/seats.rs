//! How many tails each tenant has open.

use base::meter::{Cell, Metric, Registry, Type};
use hashbrown::HashMap;
use model::Tenant;
use parking_lot::Mutex;
use std::sync::Arc;

static ACTIVE: Metric = Metric {
    name: "loki_querier_tail_active",
    help: "Tails that are open now.",
    kind: Type::Gauge,
    labels: &[],
    buckets: &[],
};

/// The open tails of all tenants. Cloning gives the same ones.
#[derive(Clone, Debug)]
pub struct Seats {
    open: Arc<Mutex<HashMap<Tenant, usize>>>,
    active: Cell,
}

/// One open tail; it is over when this is dropped.
#[derive(Debug)]
pub struct Seat {
    seats: Seats,
    tenant: Tenant,
}

impl Seats {
    /// No tail is open yet; `registry` counts them.
    pub fn new(registry: &Registry) -> Self {
        Self { open: Arc::default(), active: registry.cell(&ACTIVE, &[]) }
    }

    /// A seat among at most `limit` of `tenant`; 0 is no limit.
    ///
    /// # Errors
    /// The reason for the close frame when all are taken.
    pub fn take(&self, tenant: &Tenant, limit: usize) -> Result<Seat, String> {
        let mut open = self.open.lock();
        let count = open.get(tenant).copied().unwrap_or(0) + 1;
        if limit > 0 && count > limit {
            return Err(format!(
                "max concurrent tail requests limit exceeded, count > limit ({count} > {limit})"
            ));
        }
        open.insert(tenant.clone(), count);
        self.active.add(1.0);
        Ok(Seat { seats: self.clone(), tenant: tenant.clone() })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.active.add(-1.0);
        let mut open = self.seats.open.lock();
        if let Some(count) = open.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.tenant);
            }
        }
    }
}
