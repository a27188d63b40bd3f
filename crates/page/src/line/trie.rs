//! Texts by what is between their values: a trie of literals. A text goes down the edges of its literals to the one
//! that ends it, which stands for its template. Most texts follow those before them: at each node the edge taken last
//! is tried first, by comparing bytes, before the next value is looked for. Where its literal differs from the text, the edge
//! that was taken when it did so before, at this place by this byte, is tried next.

use super::token::{self, Cut, Kind, Span, Value};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::hash::{BuildHasher, Hasher};
use std::ops::Range;

/// Where texts start: an edge that leads there from nowhere.
const ROOT: u32 = 0;
/// No edge.
const NONE: u32 = u32::MAX;
/// Edges that are tried, the one taken last included. Each agrees with more of the text than the one before.
const TRIES: usize = 6;
/// Places for what to try next.
const TURNS: usize = 1 << 10;

/// A literal, and what follows it.
#[derive(Clone, Debug)]
pub struct Edge {
    /// The literal: where it first was.
    pub literal: Span,
    /// What it starts with ([`Start`]).
    pub start: Start,
    /// The edge taken last behind this one.
    last: u32,
    /// The column of the values behind it; behind the last literal the template.
    pub target: u32,
    /// How the value behind it is told.
    kind: Kind,
    /// How it is told first whether a text goes on like that: not at all where the literal does not tell alone what
    /// follows it, for a quote in it has no end in the text.
    pub hint: Kind,
    /// The edge before.
    from: u32,
    /// What its column is known by.
    pub key: u64,
}

/// Literals of texts.
#[derive(Debug)]
pub struct Trie {
    edges: Vec<Edge>,
    known: HashTable<u32>,
    /// By [`Turn::place`] the edge that was taken there; made when there is one. Another turn may have the same place:
    /// what is found is only a guess.
    turns: Vec<u32>,
}

/// The first bytes of a literal as a number, and which of its bits count: most literals are not longer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start {
    word: u64,
    mask: u64,
}

impl Start {
    const BYTES: usize = 8;

    fn new(literal: &[u8]) -> Self {
        let mut start = Self::default();
        for (at, byte) in literal.iter().take(Self::BYTES).enumerate() {
            start.word |= u64::from(*byte) << (8 * at);
            start.mask |= 0xff << (8 * at);
        }
        start
    }

    /// Whether there is the `literal` of this start at `at` of `all`, where it has room.
    #[inline]
    pub fn is_at(self, all: &[u8], at: usize, literal: Span) -> bool {
        let len = literal.len as usize;
        let Some(rest) = all.get(at..) else { return false };
        match rest.first_chunk::<{ Self::BYTES }>() {
            Some(start) if u64::from_le_bytes(*start) & self.mask != self.word => false,
            Some(_) if len <= Self::BYTES => true,
            _ => rest.get(..len).is_some_and(|rest| same(rest, literal.of(all))),
        }
    }
}

/// Where a text leaves an edge that it was thought to take.
#[derive(Clone, Copy, Debug)]
struct Turn {
    edge: u32,
    /// Bytes of its literal that are as in the text; all of them when the value behind it is told otherwise.
    at: u32,
    /// The byte of the text there; one that is none at its end.
    byte: u32,
}

impl Turn {
    fn place(self) -> usize {
        let key = u64::from(self.edge) << 32 | u64::from(self.at) << 9 | u64::from(self.byte);
        (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - TURNS.ilog2())) as usize
    }
}

/// A text on its way.
#[derive(Debug)]
pub struct Walk<'t> {
    /// The text and those behind it, where it lies among all, and its bytes.
    text: &'t [u8],
    start: u32,
    len: usize,
    how: Cut,
    /// The edge that led here.
    edge: u32,
    /// Where the next literal starts.
    literal: usize,
    /// Where the next value is looked for.
    next: usize,
    quotes_end: bool,
    values: usize,
    /// The values to come, once they are known: they are looked for all at once where [`Cut::Digits`] is asked.
    known: Option<std::vec::IntoIter<Span>>,
}

impl<'t> Walk<'t> {
    /// The text at `span` of `all`.
    pub fn new(all: &'t [u8], span: Span, how: Cut) -> Self {
        Self {
            text: all.get(span.start as usize..).unwrap_or(&[]),
            start: span.start,
            len: span.of(all).len(),
            how,
            edge: ROOT,
            literal: 0,
            next: 0,
            quotes_end: true,
            values: 0,
            known: None,
        }
    }

    /// The text alone.
    fn own(&self) -> &'t [u8] {
        self.text.get(..self.len).unwrap_or(&[])
    }

    fn span(&self, range: &Range<usize>) -> Span {
        Span { start: self.start + range.start as u32, len: range.len() as u32 }
    }

    /// Whether the next value is the last that a text may have.
    fn at_last(&self) -> bool {
        self.values + 1 == token::VALUES_MAX
    }

    /// The next value as it is told without knowing texts, and whether the literal in front of it tells it alone.
    #[inline(never)]
    fn look(&mut self) -> (Value, bool) {
        let (text, len, quotes_end) = (self.own(), self.len, self.quotes_end);
        let value = match self.how {
            Cut::Words => token::next(text, self.next, &mut self.quotes_end),
            Cut::Parts => token::next_part(text, self.next),
            Cut::Digits => {
                let passed = self.values;
                let known = self.known.get_or_insert_with(|| {
                    let mut known = token::digits(text).into_iter();
                    known.by_ref().take(passed).for_each(drop);
                    known
                });
                known.next().map(|value| Value {
                    kind: Kind::Other,
                    next: value.range().end,
                    range: value.range(),
                })
            }
        };
        // The last value has all that is left.
        let value = match value.filter(|_| self.values < token::VALUES_MAX) {
            Some(Value { range, .. }) if self.at_last() => {
                Value { kind: Kind::Other, range: range.start..len, next: len }
            }
            Some(value) => value,
            None => Value { kind: Kind::End, range: len..len, next: len },
        };
        (value, quotes_end == self.quotes_end)
    }

    /// How `value` is told first when it comes again.
    fn hint(&self, value: &Value, certain: bool) -> Kind {
        match value.kind {
            Kind::Other if self.how == Cut::Digits => token::kind_of(self.own(), &value.range),
            kind if certain => kind,
            _ => Kind::Other,
        }
    }
}

/// An edge that was taken.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// The edge.
    pub edge: u32,
    /// Where it leads.
    pub target: u32,
    /// Whether it is new: then its target is to be set.
    pub is_new: bool,
}

/// A step down.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The edge.
    pub taken: Taken,
    /// The value behind its literal; none at the end of the text.
    pub value: Option<Span>,
}

impl Default for Trie {
    fn default() -> Self {
        let (literal, kind) = (Span::default(), Kind::Other);
        let start = Start::default();
        let root = Edge { literal, start, last: NONE, target: 0, kind, hint: kind, from: NONE, key: 0 };
        Self { edges: vec![root], known: HashTable::new(), turns: Vec::new() }
    }
}

impl Trie {
    /// An edge by its number.
    #[inline]
    pub fn edge(&self, edge: u32) -> Option<&Edge> {
        self.edges.get(edge as usize)
    }

    /// Sets where an edge leads and what its column is known by.
    pub fn set(&mut self, edge: u32, target: u32, key: u64) {
        if let Some(edge) = self.edges.get_mut(edge as usize) {
            (edge.target, edge.key) = (target, key);
        }
    }

    /// The edges to `edge`, which is the last of them, from the last to the first.
    pub fn path(&self, edge: u32) -> impl Iterator<Item = &Edge> {
        let mut next = edge;
        std::iter::from_fn(move || {
            let edge = self.edge(next).filter(|_| next != ROOT)?;
            next = edge.from;
            Some(edge)
        })
    }

    /// The next step of `walk` among `all` texts.
    #[inline]
    pub fn step(&mut self, all: &[u8], walk: &mut Walk<'_>, hash: &foldhash::fast::RandomState) -> Step {
        let (taken, value) = match self.follow(all, walk) {
            Ok(found) => {
                if let Some(known) = &mut walk.known {
                    known.next();
                }
                found
            }
            Err(turn) => {
                let (edge, is_new, value) = self.take(all, walk, hash);
                self.learn(turn, edge);
                let target = self.edges.get(edge as usize).map_or(0, |edge| edge.target);
                (Taken { edge, target, is_new }, value)
            }
        };
        let span = (value.kind != Kind::End).then(|| walk.span(&value.range));
        (walk.edge, walk.literal, walk.next) = (taken.edge, value.range.end, value.next);
        walk.values += 1;
        Step { taken, value: span }
    }

    /// An edge from where `walk` is that the text goes on like; else where it left the last one that was tried.
    #[inline]
    fn follow(&mut self, all: &[u8], walk: &Walk<'_>) -> Result<(Taken, Value), Option<Turn>> {
        let first = self.edges.get(walk.edge as usize).map_or(NONE, |edge| edge.last);
        if walk.at_last() {
            return Err(None);
        }
        let turn = match self.try_edge(all, walk, first) {
            Ok((target, value)) => return Ok((Taken { edge: first, target, is_new: false }, value)),
            Err(turn) => turn,
        };
        self.turn(all, walk, turn)
    }

    /// Where edge `number` leads, and the value behind its literal, if the text of `walk` goes on like that.
    #[inline]
    fn try_edge(&self, all: &[u8], walk: &Walk<'_>, number: u32) -> Result<(u32, Value), Option<Turn>> {
        let edge = self.edges.get(number as usize).ok_or(None)?;
        let (left, len) = (walk.len - walk.literal.min(walk.len), edge.literal.len as usize);
        let is_same = len <= left && edge.start.is_at(all, walk.start as usize + walk.literal, edge.literal);
        if is_same && let Some(value) = token::value_at(walk.text, 0..walk.len, walk.literal + len, edge.hint)
        {
            return Ok((edge.target, value));
        }
        let rest = walk.own().get(walk.literal..).unwrap_or(&[]);
        let at = if is_same { len } else { common(edge.literal.of(all), rest) };
        let byte = rest.get(at).map_or(u32::from(u8::MAX) + 1, |byte| u32::from(*byte));
        Err(Some(Turn { edge: number, at: at as u32, byte }))
    }

    /// As [`Trie::follow`], where the edge taken last was left at `turn`.
    #[inline(never)]
    fn turn(
        &mut self,
        all: &[u8],
        walk: &Walk<'_>,
        mut turn: Option<Turn>,
    ) -> Result<(Taken, Value), Option<Turn>> {
        for _ in 1..TRIES {
            let Some(left) = turn else { break };
            let next = self.turns.get(left.place()).copied().unwrap_or(NONE);
            if self.edges.get(next as usize).is_none_or(|edge| edge.from != walk.edge) {
                break;
            }
            match self.try_edge(all, walk, next) {
                Ok((target, value)) => {
                    if let Some(from) = self.edges.get_mut(walk.edge as usize) {
                        from.last = next;
                    }
                    return Ok((Taken { edge: next, target, is_new: false }, value));
                }
                Err(Some(further)) if further.at > left.at => turn = Some(further),
                Err(_) => break,
            }
        }
        Err(turn)
    }

    /// Keeps that `edge` was taken at `turn`.
    fn learn(&mut self, turn: Option<Turn>, edge: u32) {
        let Some(turn) = turn else { return };
        if self.turns.is_empty() {
            self.turns = vec![NONE; TURNS];
        }
        if let Some(place) = self.turns.get_mut(turn.place()) {
            *place = edge;
        }
    }

    /// The edge from where `walk` is to the next value, whether it is new, and the value.
    #[inline(never)]
    fn take(
        &mut self,
        all: &[u8],
        walk: &mut Walk<'_>,
        hash: &foldhash::fast::RandomState,
    ) -> (u32, bool, Value) {
        let (value, certain) = walk.look();
        let (from, kind) = (walk.edge, value.kind);
        let literal = walk.span(&(walk.literal..value.range.start));
        let hash_of = |from: u32, literal: Span, kind: Kind| {
            let mut hasher = hash.build_hasher();
            hasher.write_u64(u64::from(from) << 8 | kind as u64);
            hasher.write(literal.of(all));
            hasher.finish()
        };
        let edges = &self.edges;
        let is_it = |edge: &Edge| {
            edge.from == from && edge.kind == kind && same(edge.literal.of(all), literal.of(all))
        };
        let last = edges.get(from as usize).map_or(NONE, |edge| edge.last);
        if edges.get(last as usize).is_some_and(is_it) {
            return (last, false, value);
        }
        let is_known = |edge: &u32| edges.get(*edge as usize).is_some_and(is_it);
        let known_hash = |edge: &u32| {
            edges.get(*edge as usize).map_or(0, |edge| hash_of(edge.from, edge.literal, edge.kind))
        };
        let (edge, is_new) = match self.known.entry(hash_of(from, literal, kind), is_known, known_hash) {
            Entry::Occupied(entry) => (*entry.get(), false),
            Entry::Vacant(entry) => (*entry.insert(edges.len() as u32).get(), true),
        };
        if is_new {
            let hint = walk.hint(&value, certain);
            let start = Start::new(literal.of(all));
            self.edges.push(Edge { literal, start, last: NONE, target: 0, kind, hint, from, key: 0 });
        }
        if let Some(from) = self.edges.get_mut(from as usize) {
            from.last = edge;
        }
        (edge, is_new, value)
    }
}

/// Bytes that `literal` and `text` have in common at their start.
#[inline]
fn common(literal: &[u8], text: &[u8]) -> usize {
    let len = literal.len().min(text.len());
    let (literal, text) = (literal.get(..len).unwrap_or(&[]), text.get(..len).unwrap_or(&[]));
    let (words, others) = (literal.chunks_exact(8), text.chunks_exact(8));
    let tail = words.remainder().iter().zip(others.remainder());
    let word = |bytes: &[u8]| bytes.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    for (at, (one, other)) in words.zip(others).enumerate() {
        let differ = word(one) ^ word(other);
        if differ != 0 {
            return 8 * at + differ.trailing_zeros() as usize / 8;
        }
    }
    len - tail.len() + tail.take_while(|(one, other)| one == other).count()
}

/// Whether `one` and `two` are equal: most are short.
#[inline]
pub fn same(one: &[u8], two: &[u8]) -> bool {
    if one.len() != two.len() {
        return false;
    }
    let word = |bytes: &[u8]| bytes.first_chunk::<8>().map(|bytes| u64::from_ne_bytes(*bytes));
    let last = |bytes: &[u8]| bytes.last_chunk::<8>().map(|bytes| u64::from_ne_bytes(*bytes));
    let words = |bytes: &[u8]| bytes.first_chunk::<16>().map(|bytes| u128::from_ne_bytes(*bytes));
    let last_words = |bytes: &[u8]| bytes.last_chunk::<16>().map(|bytes| u128::from_ne_bytes(*bytes));
    match one.len() {
        0 => true,
        1 => one.first() == two.first(),
        2..8 => one.iter().zip(two).all(|(one, two)| one == two),
        8..=16 => word(one) == word(two) && last(one) == last(two),
        17..=32 => words(one) == words(two) && last_words(one) == last_words(two),
        _ => one == two,
    }
}

#[cfg(test)]
mod tests;
