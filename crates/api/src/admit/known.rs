//! Streams that were admitted before. Agents push the same streams again and again; to read and to check the
//! labels of each took as long as two of its lines.

use crate::admit::labels::StreamLabels;
use model::{LabelsRef, Limits, Tenant};
use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

/// Bytes of streams that are remembered.
const REMEMBERED_BYTES: u64 = 16 << 20;

/// How many streams that may be; a hint to size tables.
const EXPECTED_STREAMS: usize = 10_000;

/// What an entry takes besides its texts.
const ENTRY_BYTES: usize = 256;

/// Streams by the text of their labels. Forgets those that were not pushed for longest. Cloning gives the
/// same ones.
#[derive(Clone, Debug)]
pub struct KnownStreams(Arc<Cache<Key, Arc<KnownStream>, Weight>>);

/// A stream whose labels were checked.
#[derive(Debug)]
pub struct KnownStream {
    /// Canonical bytes.
    labels: Box<[u8]>,
    fingerprint: u64,
    /// Where the value of the label that tells a level lies in them.
    level: Option<Range<usize>>,
}

/// A stream that may be known.
#[derive(Debug)]
pub struct Found<'a> {
    /// The text of its labels.
    pub text: &'a [u8],
    /// It, if it is.
    pub stream: Option<Arc<KnownStream>>,
}

/// Whose labels and by which limits they were checked. The limits are kept, so that others are never at
/// their address.
#[derive(Debug)]
struct Key {
    tenant: Tenant,
    limits: Arc<Limits>,
    text: Box<[u8]>,
}

struct KeyRef<'k> {
    tenant: &'k Tenant,
    limits: &'k Arc<Limits>,
    text: &'k [u8],
}

impl Key {
    fn as_ref(&self) -> KeyRef<'_> {
        KeyRef { tenant: &self.tenant, limits: &self.limits, text: &self.text }
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_ref().hash(state);
    }
}

impl Hash for KeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.text);
        state.write_usize(Arc::as_ptr(self.limits).addr());
        state.write(self.tenant.as_str().as_bytes());
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        other.as_ref().equivalent(self)
    }
}

impl Eq for Key {}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self.text == *key.text && Arc::ptr_eq(self.limits, &key.limits) && *self.tenant == key.tenant
    }
}

#[derive(Clone, Debug)]
struct Weight;

impl quick_cache::Weighter<Key, Arc<KnownStream>> for Weight {
    fn weight(&self, key: &Key, stream: &Arc<KnownStream>) -> u64 {
        (key.text.len() + stream.labels.len() + ENTRY_BYTES) as u64
    }
}

impl Default for KnownStreams {
    fn default() -> Self {
        Self(Arc::new(Cache::with_weighter(EXPECTED_STREAMS, REMEMBERED_BYTES, Weight)))
    }
}

impl KnownStreams {
    /// The stream that `tenant` names by `text`, if its labels passed `limits` before.
    pub fn find<'a>(&self, tenant: &Tenant, limits: &Arc<Limits>, text: &'a [u8]) -> Found<'a> {
        Found { text, stream: self.0.get(&KeyRef { tenant, limits, text }) }
    }

    /// Remembers a stream whose labels passed.
    pub fn add(&self, tenant: &Tenant, limits: &Arc<Limits>, text: &[u8], stream: Arc<KnownStream>) {
        self.0.insert(Key { tenant: tenant.clone(), limits: limits.clone(), text: text.into() }, stream);
    }
}

impl KnownStream {
    /// A stream of `labels`, which passed `limits`.
    pub fn new(labels: &StreamLabels<'_>, limits: &Limits) -> Self {
        let told_by = limits.log_level_fields.iter().find(|name| labels.get(name).is_some());
        let mut bytes = Vec::new();
        let level = labels.write(&mut bytes, told_by.map(String::as_str));
        let fingerprint = model::stream::fingerprint(&bytes);
        Self { labels: bytes.into(), fingerprint, level }
    }

    /// Its labels.
    pub fn labels(&self) -> LabelsRef<'_> {
        LabelsRef::trusted(&self.labels)
    }

    /// Their fingerprint.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The level that its labels tell.
    pub fn level(&self) -> Option<&[u8]> {
        self.labels.get(self.level.clone()?)
    }
}

#[cfg(test)]
mod tests;
