//! Which texts contain a needle, told from templates and columns without putting texts together.
//!
//! The needle is in a text when it lies in a literal, in a value, or in several neighbours: it ends the first,
//! is all of those between, and starts the last. Each such *alignment* is a conjunction of conditions on
//! columns. All of it is exact; where it would cost more than putting the texts together, it is given up.

mod align;
mod value;

use super::rebuild::{Programs, Reader, View};
use super::tree::Table;
use crate::bits::Bits;
use align::{Alignments, Conjunction};
use base::{Error, Result};
use hashbrown::HashMap;
use memchr::memmem::Finder;
use std::cell::{Cell, OnceCell};
use std::rc::Rc;
use value::Place;

/// Work that may be done, in bytes that are looked at, for each byte of text. Putting a text together and
/// searching it takes about as long.
const WORK_PER_BYTE: u64 = 1;

/// Why there is no answer.
#[derive(Debug)]
enum Stop {
    TooCostly,
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(e: Error) -> Self {
        Self::Failed(e)
    }
}

/// Which values of a column, or texts of a table, are hits.
#[derive(Clone, Debug)]
enum Hits {
    None,
    All,
    Some(Rc<Bits>),
}

impl Hits {
    fn of(bits: Bits) -> Self {
        if bits.is_empty() { Self::None } else { Self::Some(Rc::new(bits)) }
    }

    fn has(&self, at: usize) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Some(bits) => bits.has(at),
        }
    }

    fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

impl Reader<'_> {
    /// The texts that contain the needle of `finder`, which is not empty; none when it is cheaper to search
    /// the texts themselves.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn find(&self, finder: &Finder<'_>) -> Result<Option<Bits>> {
        self.find_within(finder, u64::from(self.tree.table.text_len) * WORK_PER_BYTE)
    }

    /// As [`Reader::find`] with another limit of work.
    pub(super) fn find_within(&self, finder: &Finder<'_>, work: u64) -> Result<Option<Bits>> {
        let table = &self.tree.table;
        let search = Search { reader: self, finder, left: Cell::new(work), in_words: OnceCell::new() };
        let rows = table.rows as usize;
        match search.table(table) {
            Ok(Hits::None) => Ok(Some(Bits::new(rows))),
            Ok(Hits::All) => {
                let mut all = Bits::new(rows);
                all.set_range(0..rows);
                Ok(Some(all))
            }
            Ok(Hits::Some(bits)) => Ok(Some(Rc::unwrap_or_clone(bits))),
            Err(Stop::TooCostly) => Ok(None),
            Err(Stop::Failed(e)) => Err(e),
        }
    }
}

/// A search for one needle.
struct Search<'s, 'a> {
    reader: &'s Reader<'a>,
    finder: &'s Finder<'s>,
    /// Work that may still be done.
    left: Cell<u64>,
    /// Whether the needle is anywhere in the words of all columns.
    in_words: OnceCell<bool>,
}

impl<'s> Search<'s, '_> {
    fn charge(&self, work: usize) -> Result<(), Stop> {
        let left = self.left.get().checked_sub(work as u64).ok_or(Stop::TooCostly)?;
        self.left.set(left);
        Ok(())
    }

    fn needle(&self) -> &'s [u8] {
        self.finder.needle()
    }

    fn in_words(&self) -> Result<bool, Stop> {
        if let Some(known) = self.in_words.get() {
            return Ok(*known);
        }
        let words = self.reader.streams.words()?;
        self.charge(words.len() / 8)?;
        let found = self.finder.find(words).is_some();
        Ok(*self.in_words.get_or_init(|| found))
    }

    /// The texts of `table` that contain the needle.
    fn table(&self, table: &'s Table) -> Result<Hits, Stop> {
        let programs = Programs::new(table, &self.reader.tree.literals);
        self.charge(programs.literals().len() / 8 + programs.steps_len())?;
        let mut in_table = InTable {
            search: self,
            table,
            programs: &programs,
            views: table.columns.iter().map(|_| OnceCell::new()).collect(),
            known: HashMap::default(),
        };
        let hits = in_table.templates()?;
        if hits.iter().all(TemplateHits::is_none) {
            return Ok(Hits::None);
        }
        self.rows(table, &programs, &hits)
    }

    /// The texts whose template has hits, and values that fit.
    fn rows(&self, table: &Table, programs: &Programs, hits: &[TemplateHits]) -> Result<Hits, Stop> {
        let rows = table.rows as usize;
        let ids = self.reader.streams.get(table.ids)?.bytes;
        self.charge(rows * 4)?;
        let ids = table.coding.decode(ids, rows, table.templates.len())?;
        let mut tracked = vec![false; table.columns.len()];
        for (template, hits) in hits.iter().enumerate() {
            let steps = programs.steps(template as u32);
            let slots = hits.any.iter().flatten().filter_map(|condition| steps.get(condition.step));
            slots.for_each(|step| {
                if let Some(tracked) = tracked.get_mut(step.column as usize) {
                    *tracked = true;
                }
            });
        }
        let is_tracked = |column: u32| tracked.get(column as usize).is_some_and(|tracked| *tracked);
        // Where the tracked values of a template lie: step and column.
        let advances: Vec<Vec<(usize, u32)>> = (0..table.templates.len())
            .map(|template| {
                let steps = programs.steps(template as u32).iter().enumerate();
                steps
                    .filter(|(_, step)| is_tracked(step.column))
                    .map(|(at, step)| (at, step.column))
                    .collect()
            })
            .collect();
        let mut next = vec![0usize; table.columns.len()];
        let mut found = Bits::new(rows);
        let mut positions: Vec<(usize, usize)> = Vec::new();
        for (row, id) in ids.iter().enumerate() {
            let (Some(hits), Some(advances)) = (hits.get(*id as usize), advances.get(*id as usize)) else {
                continue;
            };
            positions.clear();
            for (step, column) in advances {
                if let Some(next) = next.get_mut(*column as usize) {
                    positions.push((*step, *next));
                    *next += 1;
                }
            }
            let holds = |conjunction: &Conjunction| {
                conjunction.iter().all(|condition| {
                    let position = positions.iter().find(|(step, _)| *step == condition.step);
                    position.is_some_and(|(_, at)| condition.hits.has(*at))
                })
            };
            if hits.all || hits.any.iter().any(holds) {
                found.set(row);
            }
        }
        Ok(Hits::of(found))
    }
}

/// When texts of a template contain the needle.
#[derive(Debug, Default)]
struct TemplateHits {
    /// Always.
    all: bool,
    /// When one of these holds.
    any: Vec<Conjunction>,
}

impl TemplateHits {
    fn is_none(&self) -> bool {
        !self.all && self.any.is_empty()
    }
}

/// What was found out about the columns of a table: column, place, and which part of the needle.
type Known = HashMap<(u32, Place, u32, u32), Hits, foldhash::fast::RandomState>;

/// A search in one table.
struct InTable<'t, 's, 'a> {
    search: &'t Search<'s, 'a>,
    table: &'s Table,
    programs: &'t Programs,
    /// Values of columns that had to be put together.
    views: Vec<OnceCell<View<'s>>>,
    known: Known,
}

impl InTable<'_, '_, '_> {
    fn templates(&mut self) -> Result<Vec<TemplateHits>, Stop> {
        let in_literals = self.in_literals();
        let mut inside = Vec::with_capacity(self.table.columns.len());
        for column in 0..self.table.columns.len() {
            inside.push(self.hits(column as u32, Place::Inside, 0, self.search.needle().len())?);
        }
        let mut out = Vec::with_capacity(in_literals.len());
        for (template, all) in in_literals.into_iter().enumerate() {
            let mut hits = TemplateHits { all, any: Vec::new() };
            if !all {
                let steps = self.programs.steps(template as u32);
                let inside = steps.iter().enumerate().filter_map(|(step, at)| {
                    let hits = inside.get(at.column as usize).filter(|hits| !hits.is_none())?;
                    Some(vec![align::Condition { step, hits: hits.clone() }])
                });
                hits.any.extend(inside);
                Alignments::new(self, steps).find(&mut hits.any)?;
            }
            out.push(hits);
        }
        Ok(out)
    }

    /// Per template whether the needle is in one of its literals.
    fn in_literals(&self) -> Vec<bool> {
        let mut out = vec![false; self.table.templates.len()];
        let needle_len = self.search.needle().len();
        let literals = self.programs.literals();
        let mut at = 0;
        while let Some(found) = literals.get(at..).and_then(|rest| self.search.finder.find(rest)) {
            let start = at + found;
            if let Some((template, end)) = self.programs.literal_at(start)
                && start + needle_len <= end
                && let Some(hit) = out.get_mut(template)
            {
                *hit = true;
            }
            at = start + 1;
        }
        out
    }
}
