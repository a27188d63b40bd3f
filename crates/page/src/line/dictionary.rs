//! Columns of few distinct values.

use super::token::Span;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::hash::BuildHasher;

/// Distinct values of a column in the order of first use, and the number of each value.
#[derive(Debug)]
pub struct Dictionary {
    /// One span of each distinct value.
    pub distinct: Vec<Span>,
    /// Per value its number.
    pub ids: Vec<u32>,
}

/// Values after which it is checked whether they repeat at all.
const PROBE: usize = 256;
/// Distinct values among them from which on it is given up.
const PROBE_DISTINCT: usize = 200;

impl Dictionary {
    /// Numbers `values`; none when more than one in `repeats` is distinct. The hash is keyed, and a
    /// value found by it compared.
    pub fn of(
        text: &[u8],
        values: &[Span],
        repeats: usize,
        hash: &foldhash::fast::RandomState,
    ) -> Option<Self> {
        let most = values.len() / repeats + 4;
        let mut known: HashTable<u32> = HashTable::new();
        let mut out = Self { distinct: Vec::new(), ids: Vec::with_capacity(values.len()) };
        for (at, span) in values.iter().enumerate() {
            let value = span.of(text);
            let Dictionary { distinct, ids } = &mut out;
            let of = |id: &u32| distinct.get(*id as usize).map_or(&[][..], |span| span.of(text));
            let entry = known.entry(hash.hash_one(value), |id| of(id) == value, |id| hash.hash_one(of(id)));
            let id = match entry {
                Entry::Occupied(entry) => *entry.get(),
                Entry::Vacant(entry) => {
                    let id = *entry.insert(distinct.len() as u32).get();
                    distinct.push(*span);
                    id
                }
            };
            ids.push(id);
            let scattered = at == PROBE && out.distinct.len() > PROBE_DISTINCT;
            if scattered || out.distinct.len() > most {
                return None;
            }
        }
        Some(out)
    }
}
