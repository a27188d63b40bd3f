//! What sources say about their metrics: kind, meaning, unit. The latest word of each metric is kept in memory, within a
//! budget; it is not stored, since sources repeat it (Prometheus once a minute).

use hashbrown::HashMap;
use model::Tenant;
use parking_lot::Mutex;
use wire::series::{Family, FamilyKind};

/// Memory for the families of all tenants, and of one, in bytes. What has no room is not kept.
const BYTES_MAX: usize = 64 << 20;
const TENANT_BYTES_MAX: usize = 16 << 20;

/// Memory of an entry besides its texts, in bytes.
const ENTRY_BYTES: usize = 96;

/// What is said about a metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FamilyFacts {
    /// What kind of metric it is.
    pub kind: FamilyKind,
    /// What it means.
    pub help: String,
    /// What it is measured in.
    pub unit: String,
}

/// Facts by the metric's name: of a histogram or summary the part that its series have in common.
pub type FactsByName = HashMap<String, FamilyFacts>;

/// The families of all tenants.
#[derive(Debug, Default)]
pub struct Families {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    tenants: HashMap<Tenant, OfTenant>,
    bytes: usize,
}

#[derive(Debug, Default)]
struct OfTenant {
    facts: FactsByName,
    bytes: usize,
}

impl FamilyFacts {
    /// The facts of `family`, texts cut to `text_bytes_max`.
    pub fn of(family: &Family<'_>, text_bytes_max: usize) -> Self {
        let text = |bytes: &[u8]| {
            let mut text = String::from_utf8_lossy(bytes).into_owned();
            text.truncate(text.floor_char_boundary(text_bytes_max));
            text
        };
        Self { kind: family.kind, help: text(family.help), unit: text(family.unit) }
    }

    /// Whether it is the same.
    pub fn says(&self, family: &Family<'_>) -> bool {
        let texts = (self.help.as_bytes(), self.unit.as_bytes()) == (family.help, family.unit);
        self.kind == family.kind && texts
    }

    fn bytes(&self, name: &str) -> usize {
        name.len() + self.help.len() + self.unit.len() + ENTRY_BYTES
    }
}

impl Families {
    /// Keeps what was said last.
    pub fn put(&self, tenant: &Tenant, families: FactsByName) {
        if families.is_empty() {
            return;
        }
        let mut state = self.state.lock();
        let State { tenants, bytes } = &mut *state;
        let own = tenants.entry(tenant.clone()).or_default();
        for (name, facts) in families {
            let (now, before) = (facts.bytes(&name), own.facts.get(&name).map_or(0, |old| old.bytes(&name)));
            let fits = *bytes - before + now <= BYTES_MAX && own.bytes - before + now <= TENANT_BYTES_MAX;
            if fits {
                *bytes = *bytes - before + now;
                own.bytes = own.bytes - before + now;
                own.facts.insert(name, facts);
            }
        }
    }

    /// What is known of the metric `name`.
    pub fn get(&self, tenant: &Tenant, name: &str) -> Option<FamilyFacts> {
        self.state.lock().tenants.get(tenant)?.facts.get(name).cloned()
    }

    /// What is known of all metrics of `tenant`, by name.
    pub fn all(&self, tenant: &Tenant) -> Vec<(String, FamilyFacts)> {
        let state = self.state.lock();
        let facts = state.tenants.get(tenant).into_iter().flat_map(|own| &own.facts);
        let mut out: Vec<_> = facts.map(|(name, facts)| (name.clone(), facts.clone())).collect();
        drop(state);
        out.sort_by(|a, b| a.0.cmp(&b.0));
        out
    }
}

#[cfg(test)]
mod tests;
