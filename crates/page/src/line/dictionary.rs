//! Columns of few distinct values.

use super::token::Span;
use super::trie;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::hash::{BuildHasher, Hasher};

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

/// Values that are kept at hand by their start: most columns have few.
const RECENT: usize = 64;

#[derive(Clone, Copy, Debug)]
struct Recent {
    start: u64,
    span: Span,
    id: u32,
}

/// Bytes of a value that are looked at as a number.
const START_BYTES: usize = 8;

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
        let mut distinct =
            Distinct { text, hash, known: HashTable::new(), spans: Vec::new(), starts: Vec::new() };
        let mut ids = Vec::with_capacity(values.len());
        let mut recent = [None::<Recent>; RECENT];
        for (at, span) in values.iter().enumerate() {
            let start = start_of(text, *span);
            let slot = (start.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - RECENT.ilog2())) as usize;
            let is_it = |known: &Recent| known.start == start && same(text, known.span, *span);
            let id = match recent[slot].filter(is_it) {
                Some(known) => known.id,
                None => {
                    let id = distinct.number(*span, start);
                    recent[slot] = Some(Recent { start, span: *span, id });
                    id
                }
            };
            ids.push(id);
            let scattered = at == PROBE && distinct.spans.len() > PROBE_DISTINCT;
            if scattered || distinct.spans.len() > most {
                return None;
            }
        }
        Some(Self { distinct: distinct.spans, ids })
    }
}

/// Distinct values, by number.
struct Distinct<'t> {
    text: &'t [u8],
    hash: &'t foldhash::fast::RandomState,
    known: HashTable<u32>,
    spans: Vec<Span>,
    /// Of each its start as a number: most values are not longer.
    starts: Vec<u64>,
}

impl Distinct<'_> {
    /// The number of a value, a new one if need be.
    fn number(&mut self, span: Span, start: u64) -> u32 {
        let Self { text, hash, known, spans, starts } = self;
        let hash_of = |start: u64, span: Span| {
            let mut hasher = hash.build_hasher();
            hasher.write_u64(start);
            if span.len as usize > START_BYTES {
                hasher.write(span.of(text));
            }
            hasher.finish()
        };
        let of = |id: &u32| starts.get(*id as usize).copied().zip(spans.get(*id as usize).copied());
        let is_it = |id: &u32| of(id).is_some_and(|known| known.0 == start && same(text, known.1, span));
        let known_hash = |id: &u32| of(id).map_or(0, |(start, span)| hash_of(start, span));
        match known.entry(hash_of(start, span), is_it, known_hash) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                let id = *entry.insert(spans.len() as u32).get();
                spans.push(span);
                starts.push(start);
                id
            }
        }
    }
}

/// Whether two values with the same start are equal.
#[inline]
fn same(text: &[u8], one: Span, two: Span) -> bool {
    one.len == two.len && (one.len as usize <= START_BYTES || trie::same(one.of(text), two.of(text)))
}

/// The first [`START_BYTES`] of the value at `span` as a number; those of a shorter one in its upper bytes.
fn start_of(text: &[u8], span: Span) -> u64 {
    let rest = text.get(span.start as usize..).unwrap_or(&[]);
    let unused = 8 * START_BYTES.saturating_sub(span.len as usize) as u32;
    match rest.first_chunk::<START_BYTES>() {
        // Twice, for a shift by all bits is none.
        Some(bytes) => u64::from_le_bytes(*bytes) << (unused / 2) << (unused - unused / 2),
        None => {
            let mut bytes = [0; START_BYTES];
            let value = span.of(text);
            bytes.iter_mut().zip(value).for_each(|(to, from)| *to = *from);
            u64::from_le_bytes(bytes) << (unused / 2) << (unused - unused / 2)
        }
    }
}
