//! Needles over several literals and values.

use super::value::Place;
use super::{Hits, InTable, Stop};
use std::ops::Range;

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

/// The alignments of a part of the needle in the texts of one template.
pub struct Alignments<'i, 't, 's, 'a> {
    table: &'i mut InTable<'t, 's, 'a>,
    template: usize,
    needle: &'s [u8],
    part: Range<usize>,
    /// Whether the part ends where the text ends.
    to_end: bool,
    /// Conditions on the values before the place that is looked at.
    before: Conjunction,
}

impl<'i, 't, 's, 'a> Alignments<'i, 't, 's, 'a> {
    /// For `template` and the needle's bytes `part`.
    pub fn new(table: &'i mut InTable<'t, 's, 'a>, template: usize, part: Range<usize>) -> Self {
        let needle = table.search.needle();
        Self { table, template, needle, part, to_end: false, before: Vec::new() }
    }

    fn literal(&self, step: usize) -> &[u8] {
        let programs = &self.table.programs;
        let step = programs.steps(self.template as u32).get(step);
        step.map_or(&[], |step| step.literal.of(programs.literals()))
    }

    /// Whether `step` is the last one, a literal and no value.
    fn is_last(&self, step: usize) -> bool {
        self.table.column(self.template, step).is_none()
    }

    fn rest(&self, at: usize) -> &'s [u8] {
        self.needle.get(at..self.part.end).unwrap_or(&[])
    }

    /// Appends all to `out`, but for those within one literal or value when the place is anywhere.
    pub fn find(mut self, place: Place, out: &mut Vec<Conjunction>) -> Result<(), Stop> {
        let (start, end) = (self.part.start, self.part.end);
        self.to_end = matches!(place, Place::End | Place::Whole);
        if matches!(place, Place::Start | Place::Whole) {
            return self.literal_from(0, start, out);
        }
        for step in 0..self.table.programs.steps(self.template as u32).len() {
            self.table.search.charge((end - start) / 8 + 1)?;
            if self.is_last(step) {
                if self.to_end && self.literal(step).ends_with(self.rest(start)) {
                    self.done(out)?;
                }
                continue;
            }
            for at in self.literal_ends(step, start) {
                self.value(step, at, out)?;
            }
            for at in self.followers(step + 1, start + 1) {
                if self.holds(step, Place::End, start, at)? {
                    self.literal_from(step + 1, at, out)?;
                    self.before.pop();
                }
            }
        }
        Ok(())
    }

    /// Up to where the part from `start` on, but not all of it, may be the end of the literal of `step`.
    fn literal_ends(&self, step: usize, start: usize) -> Vec<usize> {
        let literal = self.literal(step);
        let Some(last) = literal.last() else { return Vec::new() };
        let front = self.needle.get(start..self.part.end.saturating_sub(1)).unwrap_or(&[]);
        let front = &front[..front.len().min(literal.len())];
        let ends = memchr::memchr_iter(*last, front).filter(|at| literal.ends_with(&front[..=*at]));
        ends.map(|at| start + at + 1).collect()
    }

    /// From where on, but not before `from`, the part can go on with the literal of `step`.
    fn followers(&self, step: usize, from: usize) -> Vec<usize> {
        let (literal, end) = (self.literal(step), self.part.end);
        match literal.first() {
            // The text ends where the part does.
            None if self.is_last(step) => {
                if self.to_end && from <= end {
                    vec![end]
                } else {
                    Vec::new()
                }
            }
            None => (from..end).collect(),
            Some(first) => {
                let rest = self.rest(from);
                let fits = |at: &usize| {
                    let len = literal.len().min(rest.len() - at);
                    rest[*at..at + len] == literal[..len]
                };
                memchr::memchr_iter(*first, rest).filter(fits).map(|at| from + at).collect()
            }
        }
    }

    /// Adds the condition that the value of `step` has a part of the needle at `place`; false, and
    /// without adding it, when that holds for none.
    fn holds(&mut self, step: usize, place: Place, from: usize, to: usize) -> Result<bool, Stop> {
        let Some(column) = self.table.column(self.template, step) else { return Ok(false) };
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

    /// The part from `at` on starts with the value of `step`, or is its start.
    fn value(&mut self, step: usize, at: usize, out: &mut Vec<Conjunction>) -> Result<(), Stop> {
        if !self.to_end && self.holds(step, Place::Start, at, self.part.end)? {
            self.done(out)?;
            self.before.pop();
        }
        for end in self.followers(step + 1, at + 1) {
            if self.holds(step, Place::Whole, at, end)? {
                self.literal_from(step + 1, end, out)?;
                self.before.pop();
            }
        }
        Ok(())
    }

    /// The part from `at` on starts with the literal of `step`, or is its start.
    fn literal_from(&mut self, step: usize, at: usize, out: &mut Vec<Conjunction>) -> Result<(), Stop> {
        let (rest, literal) = (self.rest(at), self.literal(step));
        if self.to_end && self.is_last(step) {
            return if literal == rest { self.done(out) } else { Ok(()) };
        }
        if !self.to_end && rest.len() <= literal.len() {
            return if literal.starts_with(rest) { self.done(out) } else { Ok(()) };
        }
        if rest.len() > literal.len() && rest.starts_with(literal) && !self.is_last(step) {
            let next = at + literal.len();
            self.table.search.charge(1)?;
            return self.value(step, next, out);
        }
        Ok(())
    }
}
