//! Texts of one template, cut side by side.
//!
//! Where a value ends must be known before the next one can be looked at, so a text alone keeps a processor waiting most of
//! the time. Texts in a row often have the same template: then some are cut at once, slot by slot, and what is waited for
//! in one is done in the others. A text that differs is left to the [trie](super::trie).

use super::class::{ALNUM, class, digits_end, pair_end};
use super::token::{self, Kind, Span};
use super::trie::{Edge, Start, Trie};

/// Texts that are cut at once.
pub const ROWS: usize = 8;

/// Templates with more slots are left to the trie.
const SLOTS_MAX: usize = 64;

/// A bit for each text.
const ALL: u32 = u32::MAX >> (u32::BITS - ROWS as u32);

/// A template that texts are compared with.
#[derive(Debug)]
pub struct Form {
    /// Its number.
    pub template: u32,
    /// Its literals and what follows each; the last one ends it.
    parts: Vec<Part>,
    /// Whether no two slots have the same column.
    pub is_plain: bool,
}

#[derive(Debug)]
struct Part {
    literal: Span,
    start: Start,
    /// How the value behind it is told.
    kind: Kind,
    /// Whether this literal and the next one tell that no letter or digit stands beside the value.
    is_bounded: bool,
    /// The value's column.
    column: u32,
}

/// What was found of texts that were cut at once.
#[derive(Debug, Default)]
pub struct Found {
    /// Of each slot the values of all texts.
    values: Vec<[Span; ROWS]>,
    /// A bit for each text: whether it has the template.
    matched: u32,
}

impl Found {
    /// How many texts have the template.
    pub fn count(&self) -> usize {
        self.matched.count_ones() as usize
    }

    /// Whether the text at `row` has the template.
    pub fn has(&self, row: usize) -> bool {
        self.matched >> row & 1 != 0
    }
}

impl Form {
    /// The template that `edge` ends, if its literals alone tell its values.
    pub fn new(all: &[u8], trie: &Trie, edge: u32) -> Option<Self> {
        let template = trie.edge(edge)?.target;
        let mut edges: Vec<&Edge> = trie.path(edge).collect();
        edges.reverse();
        let slots = edges.len().checked_sub(1).filter(|slots| *slots <= SLOTS_MAX)?;
        let (last, others) = edges.split_last()?;
        if last.hint != Kind::End || others.iter().any(|edge| edge.hint == Kind::Other) {
            return None;
        }
        let is_plain = (1..slots).all(|at| edges[..at].iter().all(|edge| edge.target != edges[at].target));
        let is_other = |byte: Option<&u8>| byte.is_some_and(|byte| class(*byte) & ALNUM == 0);
        let part = |at: usize| {
            let Edge { literal, start, hint, target, .. } = *edges[at];
            let next = edges.get(at + 1).and_then(|edge| edge.literal.of(all).first());
            let is_bounded = is_other(literal.of(all).last()) && is_other(next);
            Part { literal, start, kind: hint, is_bounded, column: target }
        };
        let parts = (0..edges.len()).map(part).collect();
        Some(Self { template, parts, is_plain })
    }

    /// Cuts the texts `rows` of `all`.
    pub fn cut(&self, all: &[u8], rows: &[Span; ROWS], found: &mut Found) {
        found.values.resize(self.parts.len(), [Span::default(); ROWS]);
        let mut cut = Cut {
            all,
            ends: rows.map(|row| row.start + row.len),
            at: rows.map(|row| row.start),
            matched: ALL,
        };
        for (part, values) in self.parts.iter().zip(&mut found.values) {
            cut.part(part, rows, values);
            if cut.matched == 0 {
                break;
            }
        }
        found.matched = cut.matched;
    }

    /// Columns and values of the text at `row` of those that were cut.
    pub fn values<'f>(&'f self, found: &'f Found, row: usize) -> impl Iterator<Item = (u32, Span)> + 'f {
        self.slots().zip(&found.values).map(move |(column, values)| (column, values[row]))
    }

    /// Columns and their values of all texts that were cut.
    pub fn columns<'f>(&'f self, found: &'f Found) -> impl Iterator<Item = (u32, &'f [Span; ROWS])> + 'f {
        self.slots().zip(&found.values)
    }

    fn slots(&self) -> impl Iterator<Item = u32> + '_ {
        self.parts.iter().take(self.parts.len().saturating_sub(1)).map(|part| part.column)
    }
}

/// Texts that are being cut.
struct Cut<'t> {
    all: &'t [u8],
    /// Where the next literal of each starts.
    at: [u32; ROWS],
    /// Where each ends.
    ends: [u32; ROWS],
    /// Those that have the template so far.
    matched: u32,
}

impl Cut<'_> {
    /// Cuts the next value off all texts, which start where `rows` do.
    fn part(&mut self, part: &Part, rows: &[Span; ROWS], values: &mut [Span; ROWS]) {
        let all = self.all;
        let first = |at: usize| rows[at].start as usize;
        match part.kind {
            Kind::Word => self.values(part, values, |start, end, _| Some(token::word_at(all, start, end)?.0)),
            Kind::Pair => self.values(part, values, |start, end, _| Some(pair_end(all, start, end))),
            Kind::Quoted => self.values(part, values, |start, end, _| token::string_at(all, start, end)),
            Kind::Number if part.is_bounded => {
                self.values(part, values, |start, end, _| Some(digits_end(all, start, end)));
            }
            Kind::Number => {
                self.values(part, values, |start, end, row| token::number_at(all, first(row)..end, start));
            }
            Kind::Run | Kind::Head | Kind::Part => self.values(part, values, |start, end, row| {
                token::run_at(all, first(row)..end, start, part.kind)
            }),
            // An end has no bytes, and is told apart from a value that has none by standing where the text ends.
            Kind::End => self.values(part, values, |start, end, _| (start == end).then_some(start)),
            Kind::Other => self.matched = 0,
        }
    }

    /// Of each text the value behind the literal of `part`, which ends where `end_of` says for where it starts, the end of
    /// the text, and which one that is.
    #[inline(always)]
    fn values(
        &mut self,
        part: &Part,
        values: &mut [Span; ROWS],
        end_of: impl Fn(usize, usize, usize) -> Option<usize>,
    ) {
        let (literal, is_end) = (part.literal.len as usize, part.kind == Kind::End);
        let places = self.at.iter_mut().zip(&mut self.ends);
        for (row, (value, (at, end))) in values.iter_mut().zip(places).enumerate() {
            let start = *at as usize + literal;
            let is_same = start <= *end as usize && part.start.is_at(self.all, *at as usize, part.literal);
            match if is_same { end_of(start, *end as usize, row) } else { None } {
                Some(to) if to > start || is_end => {
                    *value = Span { start: start as u32, len: (to - start) as u32 };
                    *at = to as u32;
                }
                // It starts behind its end from now on.
                _ => (*at, *end, self.matched) = (1, 0, self.matched & !(1 << row)),
            }
        }
    }
}

#[cfg(test)]
mod tests;
