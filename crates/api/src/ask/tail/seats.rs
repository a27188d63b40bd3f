//! How many tails each tenant has open.

use hashbrown::HashMap;
use model::Tenant;
use parking_lot::Mutex;
use std::sync::Arc;

/// The open tails of all tenants. Cloning gives the same ones.
#[derive(Clone, Debug, Default)]
pub struct Seats(Arc<Mutex<HashMap<Tenant, usize>>>);

/// One open tail; it is over when this is dropped.
#[derive(Debug)]
pub struct Seat {
    seats: Seats,
    tenant: Tenant,
}

impl Seats {
    /// A seat among at most `limit` of `tenant`; 0 is no limit.
    ///
    /// # Errors
    /// The reason for the close frame when all are taken.
    pub fn take(&self, tenant: &Tenant, limit: usize) -> Result<Seat, String> {
        let mut open = self.0.lock();
        let count = open.get(tenant).copied().unwrap_or(0) + 1;
        if limit > 0 && count > limit {
            return Err(format!(
                "max concurrent tail requests limit exceeded, count > limit ({count} > {limit})"
            ));
        }
        open.insert(tenant.clone(), count);
        Ok(Seat { seats: self.clone(), tenant: tenant.clone() })
    }

    /// How many are open.
    pub fn taken(&self) -> usize {
        self.0.lock().values().sum()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.seats.0.lock();
        if let Some(count) = open.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.tenant);
            }
        }
    }
}
