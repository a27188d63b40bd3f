//! Needles over several literals and values.

use super::value::Place;
use super::{Hits, InTable, Stop};
use crate::template::rebuild::Step;

/// A condition on the value behind the literal of a step.
#[derive(Clone, Debug)]
pub struct Condition {
    /// Which step of the template.
    pub step: usize,
    /// The values for which it holds.
    pub hits: Hits,
}

/// Conditions that must all hold.
pub type Conjunction = Vec<Condition>;

/// The most alignments of a template.
const ALIGNMENTS_MAX: usize = 64;

/// The alignments of a needle in the texts of one template.
pub struct Alignments<'i, 't, 's, 'a> {
    table: &'i mut InTable<'t, 's, 'a>,
    steps: &'t [Step],
    needle: &'s [u8],
    /// Conditions on the values before the place that is looked at.
    before: Conjunction,
}

impl<'i, 't, 's, 'a> Alignments<'i, 't, 's, 'a> {
    /// For the template with these steps.
    pub fn new(table: &'i mut InTable<'t, 's, 'a>, steps: &'t [Step]) -> Self {
        let needle = table.search.needle();
        Self { table, steps, needle, before: Vec::new() }
    }

    fn literal(&self, step: usize) -> &'t [u8] {
        self.steps.get(step).map_or(&[], |step| step.literal.of(self.table.programs.literals()))
    }

    fn column(&self, step: usize) -> Option<u32> {
        let column = self.steps.get(step)?.column;
        ((column as usize) < self.table.table.columns.len()).then_some(column)
    }

    /// Appends all to `out`.
    pub fn find(mut self, out: &mut Vec<Conjunction>) -> Result<(), Stop> {
        for step in 0..self.steps.len() {
            if self.column(step).is_none() {
                continue;
            }
            let literal = self.literal(step);
            self.table.search.charge(self.needle.len() / 8 + 1)?;
            for len in 1..self.needle.len().min(literal.len() + 1) {
                if literal.last() == self.needle.get(len - 1) && literal.ends_with(&self.needle[..len]) {
                    self.value(step, len, out)?;
                }
            }
            for len in 1..self.needle.len() {
                if self.may_follow(step + 1, len) && self.holds(step, Place::End, 0, len)? {
                    self.literal_from(step + 1, len, out)?;
                    self.before.pop();
                }
            }
        }
        Ok(())
    }

    /// Whether the needle from `at` on can go on with the literal of `step`.
    fn may_follow(&self, step: usize, at: usize) -> bool {
        let (rest, literal) = (&self.needle[at..], self.literal(step));
        match literal.first() {
            None => self.column(step).is_some(),
            Some(first) => {
                let len = rest.len().min(literal.len());
                rest.first() == Some(first) && rest[..len] == literal[..len]
            }
        }
    }

    /// Adds the condition that the value of `step` has a part of the needle at `place`; false, and
    /// without adding it, when that holds for none.
    fn holds(&mut self, step: usize, place: Place, from: usize, to: usize) -> Result<bool, Stop> {
        let Some(column) = self.column(step) else { return Ok(false) };
        let hits = self.table.hits(column, place, from, to)?;
        let some = !hits.is_none();
        if some {
            self.before.push(Condition { step, hits });
        }
        Ok(some)
    }

    fn done(&self, out: &mut Vec<Conjunction>) -> Result<(), Stop> {
        if out.len() >= ALIGNMENTS_MAX {
            return Err(Stop::TooCostly);
        }
        out.push(self.before.clone());
        Ok(())
    }

    /// The needle from `at` on starts with the value of `step`, or is its start.
    fn value(&mut self, step: usize, at: usize, out: &mut Vec<Conjunction>) -> Result<(), Stop> {
        if self.holds(step, Place::Start, at, self.needle.len())? {
            self.done(out)?;
            self.before.pop();
        }
        for end in at + 1..self.needle.len() {
            if self.may_follow(step + 1, end) && self.holds(step, Place::Whole, at, end)? {
                self.literal_from(step + 1, end, out)?;
                self.before.pop();
            }
        }
        Ok(())
    }

    /// The needle from `at` on starts with the literal of `step`, or is its start.
    fn literal_from(&mut self, step: usize, at: usize, out: &mut Vec<Conjunction>) -> Result<(), Stop> {
        let (rest, literal) = (&self.needle[at..], self.literal(step));
        if rest.len() <= literal.len() {
            return if literal.starts_with(rest) { self.done(out) } else { Ok(()) };
        }
        if rest.starts_with(literal) && self.column(step).is_some() {
            self.table.search.charge(1)?;
            return self.value(step, at + literal.len(), out);
        }
        Ok(())
    }
}
