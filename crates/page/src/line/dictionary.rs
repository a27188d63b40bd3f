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

/// Bytes of a value that are looked at as a number.
const ENDS_BYTES: usize = 8;

/// The first and the last bytes of a value as numbers: all of one that is not longer than both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ends {
    /// Those of a short value in the upper bytes.
    first: u64,
    /// 0 of a short value.
    last: u64,
}

#[derive(Clone, Copy, Debug)]
struct Recent {
    ends: Ends,
    span: Span,
    /// None has the greatest.
    id: u32,
}

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
            Distinct { text, hash, known: HashTable::new(), spans: Vec::new(), ends: Vec::new() };
        let mut ids = Vec::with_capacity(values.len());
        let mut recent = [Recent { ends: Ends::default(), span: Span::default(), id: u32::MAX }; RECENT];
        for (at, span) in values.iter().enumerate() {
            let ends = Ends::of(text, *span);
            let recent = &mut recent[ends.place()];
            let id = if recent.id < u32::MAX && recent.ends == ends && same(text, recent.span, *span) {
                recent.id
            } else {
                let id = distinct.number(*span, ends);
                *recent = Recent { ends, span: *span, id };
                id
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
    ends: Vec<Ends>,
}

impl Distinct<'_> {
    /// The number of a value, a new one if need be.
    fn number(&mut self, span: Span, ends: Ends) -> u32 {
        let Self { text, hash, known, spans, ends: known_ends } = self;
        let hash_of = |ends: Ends, span: Span| {
            let mut hasher = hash.build_hasher();
            hasher.write_u64(ends.first);
            hasher.write_u64(ends.last);
            if span.len as usize > 2 * ENDS_BYTES {
                hasher.write(span.of(text));
            }
            hasher.finish()
        };
        let of = |id: &u32| known_ends.get(*id as usize).copied().zip(spans.get(*id as usize).copied());
        let is_it = |id: &u32| of(id).is_some_and(|known| known.0 == ends && same(text, known.1, span));
        let known_hash = |id: &u32| of(id).map_or(0, |(ends, span)| hash_of(ends, span));
        match known.entry(hash_of(ends, span), is_it, known_hash) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                let id = *entry.insert(spans.len() as u32).get();
                spans.push(span);
                known_ends.push(ends);
                id
            }
        }
    }
}

/// Whether two values with the same ends are equal.
#[inline]
fn same(text: &[u8], one: Span, two: Span) -> bool {
    one.len == two.len && (one.len as usize <= 2 * ENDS_BYTES || trie::same(one.of(text), two.of(text)))
}

impl Ends {
    /// Those of the value at `span`.
    #[inline]
    fn of(text: &[u8], span: Span) -> Self {
        let eight = |at: usize| {
            text.get(at..).and_then(|rest| rest.first_chunk()).map(|bytes| u64::from_le_bytes(*bytes))
        };
        let (start, len) = (span.start as usize, span.len as usize);
        match eight(start) {
            Some(first) if len >= ENDS_BYTES => {
                Self { first, last: eight(start + len - ENDS_BYTES).unwrap_or_default() }
            }
            Some(first) => Self { first: upper(first, len), last: 0 },
            None => {
                let mut bytes = [0; ENDS_BYTES];
                bytes.iter_mut().zip(span.of(text)).for_each(|(to, from)| *to = *from);
                Self { first: upper(u64::from_le_bytes(bytes), len), last: 0 }
            }
        }
    }

    /// Where it is kept among the recent ones.
    #[inline]
    fn place(self) -> usize {
        let mixed = (self.first ^ self.last.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> (u64::BITS - RECENT.ilog2())) as usize
    }
}

/// The `len` lowest bytes of a word, fewer than all, in its upper ones.
#[inline]
fn upper(word: u64, len: usize) -> u64 {
    let unused = 4 * ENDS_BYTES.saturating_sub(len);
    // Twice, for a shift by all bits is none.
    word << unused << unused
}
