//! Which texts contain a needle, told from templates and columns without putting texts together.
//!
//! The needle is in a text when it lies in a literal, in a value, or in several neighbours: it ends the first,
//! is all of those between, and starts the last. Each such *alignment* is a conjunction of conditions on
//! columns. All of it is exact; where it would cost more than putting the texts together, it is given up.

mod align;
mod parts;
mod value;

use super::rebuild::{Programs, Reader};
use super::tree::Table;
use crate::bits::Bits;
use align::{Alignments, Condition, Conjunction};
use base::{Error, Result};
use hashbrown::HashMap;
use memchr::memmem::Finder;
use std::cell::{Cell, OnceCell};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
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
        self.find_within(finder, u64::from(self.tree().table.text_len) * WORK_PER_BYTE)
    }

    /// As [`Reader::find`] with another limit of work.
    pub(super) fn find_within(&self, finder: &Finder<'_>, work: u64) -> Result<Option<Bits>> {
        let table = &self.tree().table;
        let search = Search::new(self, finder, work);
        let rows = table.rows as usize;
        let all = 0..finder.needle().len();
        let hits = InTable::new(&search, table).and_then(|mut table| table.find(Place::Inside, all));
        match hits {
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

impl<'s, 'a> Search<'s, 'a> {
    fn new(reader: &'s Reader<'a>, finder: &'s Finder<'s>, work: u64) -> Self {
        Self { reader, finder, left: Cell::new(work), in_words: OnceCell::new() }
    }

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
    programs: Arc<Programs>,
    /// Searches in the columns that are tables.
    inner: Vec<Option<Box<Self>>>,
    /// The template of each text, once known.
    ids: OnceCell<Arc<Vec<u32>>>,
    known: Known,
}

impl<'t, 's, 'a> InTable<'t, 's, 'a> {
    fn new(search: &'t Search<'s, 'a>, table: &'s Table) -> Result<Self, Stop> {
        let programs = search.reader.programs(table);
        search.charge(programs.literals().len() / 8 + programs.steps_len())?;
        let inner = table.columns.iter().map(|_| None).collect();
        Ok(Self { search, table, programs, inner, ids: OnceCell::new(), known: HashMap::default() })
    }

    /// The texts that have the needle's bytes `part` at `place`.
    fn find(&mut self, place: Place, part: Range<usize>) -> Result<Hits, Stop> {
        let in_literals = match place {
            Place::Inside => self.in_literals(),
            _ => vec![false; self.table.templates.len()],
        };
        let mut hits = Vec::with_capacity(in_literals.len());
        let mut inside: Vec<Option<Hits>> = vec![None; self.table.columns.len()];
        for (template, all) in in_literals.into_iter().enumerate() {
            let mut of_template = TemplateHits { all, any: Vec::new() };
            if !all {
                if place == Place::Inside {
                    self.in_values(template, &part, &mut inside, &mut of_template.any)?;
                }
                Alignments::new(self, template, part.clone()).find(place, &mut of_template.any)?;
            }
            hits.push(of_template);
        }
        if hits.iter().all(TemplateHits::is_none) {
            return Ok(Hits::None);
        }
        self.rows(&hits)
    }

    /// Appends the steps of `template` whose values can have all of `part` inside; `inside` has what is known of columns.
    fn in_values(
        &mut self,
        template: usize,
        part: &Range<usize>,
        inside: &mut [Option<Hits>],
        any: &mut Vec<Conjunction>,
    ) -> Result<(), Stop> {
        let programs = self.programs.clone();
        for (step, of) in programs.steps(template as u32).iter().enumerate() {
            let Some(known) = inside.get_mut(of.column as usize) else { continue };
            let hits = match known {
                Some(hits) => hits,
                None => known.insert(self.hits(of.column, Place::Inside, part.start, part.end)?),
            };
            if !hits.is_none() {
                any.push(vec![Condition { step, hits: hits.clone() }]);
            }
        }
        Ok(())
    }

    /// The column of a step, if it has one.
    fn column(&self, template: usize, step: usize) -> Option<u32> {
        let column = self.programs.steps(template as u32).get(step)?.column;
        ((column as usize) < self.table.columns.len()).then_some(column)
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

    fn ids(&self) -> Result<&[u32], Stop> {
        if let Some(ids) = self.ids.get() {
            return Ok(ids);
        }
        self.search.charge(self.table.rows as usize * 4)?;
        let ids = self.search.reader.template_ids(self.table)?;
        Ok(self.ids.get_or_init(|| ids))
    }

    /// Per template the steps, and their columns, on whose columns there are conditions.
    fn watched(&self, hits: &[TemplateHits]) -> Vec<Vec<(usize, usize)>> {
        let mut watched = vec![false; self.table.columns.len()];
        for (template, hits) in hits.iter().enumerate() {
            let conditions = hits.any.iter().flatten();
            for column in conditions.filter_map(|condition| self.column(template, condition.step)) {
                if let Some(watched) = watched.get_mut(column as usize) {
                    *watched = true;
                }
            }
        }
        let of_template = |template: usize| {
            let steps = self.programs.steps(template as u32).iter().enumerate();
            let columns = steps.map(|(at, step)| (at, step.column as usize));
            columns.filter(|(_, column)| watched.get(*column).is_some_and(|watched| *watched)).collect()
        };
        (0..hits.len()).map(of_template).collect()
    }

    /// The texts whose template has hits, and values that fit.
    fn rows(&self, hits: &[TemplateHits]) -> Result<Hits, Stop> {
        let watched = self.watched(hits);
        if let ([only], [watched]) = (hits, watched.as_slice())
            && let Some(found) = only.in_all(watched, self.table.rows as usize)
        {
            return Ok(found);
        }
        let ids = self.ids()?;
        self.search.charge(ids.len() * 2)?;
        let plans = hits.iter().zip(watched).map(|(hits, watched)| Plan::new(hits, &watched));
        let plans: Vec<Plan<'_>> = plans.collect();
        let idle: Vec<bool> = plans.iter().map(Plan::is_idle).collect();
        let mut next = vec![0usize; self.table.columns.len()];
        let mut positions: Vec<usize> = Vec::new();
        let found = Bits::from_fn(ids.len(), |row| {
            let id = ids.get(row).map_or(usize::MAX, |id| *id as usize);
            if idle.get(id).is_none_or(|idle| *idle) {
                return false;
            }
            plans.get(id).is_some_and(|plan| plan.holds(&mut next, &mut positions))
        });
        Ok(Hits::of(found))
    }
}

impl TemplateHits {
    /// The hits among so many texts that all have this template, whose `watched` steps have these columns; none
    /// where a column has several values of a text.
    fn in_all(&self, watched: &[(usize, usize)], rows: usize) -> Option<Hits> {
        let columns = |from: usize| watched.iter().skip(from).map(|(_, column)| column);
        if columns(0).enumerate().any(|(at, column)| columns(at + 1).any(|other| other == column)) {
            return None;
        }
        let mut found = Bits::new(rows);
        for conjunction in &self.any {
            let mut holding = Bits::new(rows);
            holding.set_range(0..rows);
            for Condition { hits, .. } in conjunction {
                match hits {
                    Hits::All => {}
                    Hits::None => holding = holding.unset(),
                    Hits::Some(bits) => holding.keep(bits, false),
                }
            }
            found.join(&holding);
        }
        Some(if self.all { Hits::All } else { Hits::of(found) })
    }
}

/// When a text of a template is a hit, and the columns whose values are passed over for it, in order.
enum Plan<'h> {
    /// Never.
    Never(Vec<usize>),
    /// Always.
    Always(Vec<usize>),
    /// When the value of the only column is among any of these.
    One(usize, Vec<&'h Hits>),
    /// When for one of these all values at these places are among hits.
    Any(Vec<usize>, Vec<Vec<(usize, &'h Hits)>>),
}

impl<'h> Plan<'h> {
    fn new(hits: &'h TemplateHits, watched: &[(usize, usize)]) -> Self {
        let place = |condition: &'h Condition| {
            let place = watched.iter().position(|(step, _)| *step == condition.step);
            // A condition without a value never holds.
            (place.unwrap_or(usize::MAX), &condition.hits)
        };
        let columns: Vec<usize> = watched.iter().map(|(_, column)| *column).collect();
        let any = hits.any.iter().map(|conjunction| conjunction.iter().map(place).collect());
        let any: Vec<Vec<(usize, &Hits)>> = any.collect();
        let one = |conjunction: &Vec<(usize, &'h Hits)>| match conjunction.as_slice() {
            [(0, hits)] => Some(*hits),
            _ => None,
        };
        match (columns.as_slice(), any.iter().map(one).collect::<Option<Vec<_>>>()) {
            _ if hits.all => Self::Always(columns),
            _ if any.is_empty() => Self::Never(columns),
            ([column], Some(hits)) => Self::One(*column, hits),
            _ => Self::Any(columns, any),
        }
    }

    /// Whether texts are no hits, and have no values to be passed over.
    fn is_idle(&self) -> bool {
        matches!(self, Self::Never(columns) if columns.is_empty())
    }

    /// Whether the next text of the template is a hit; `next` are the next values of each column.
    fn holds(&self, next: &mut [usize], positions: &mut Vec<usize>) -> bool {
        let mut pass = |column: &usize| {
            let next = next.get_mut(*column)?;
            *next += 1;
            Some(*next - 1)
        };
        match self {
            Self::One(column, hits) => {
                pass(column).is_some_and(|position| hits.iter().any(|hits| hits.has(position)))
            }
            Self::Never(columns) | Self::Always(columns) => {
                columns.iter().filter_map(pass).for_each(drop);
                matches!(self, Self::Always(_))
            }
            Self::Any(columns, any) => {
                positions.clear();
                positions.extend(columns.iter().filter_map(pass));
                let all = |conjunction: &Vec<(usize, &Hits)>| {
                    conjunction
                        .iter()
                        .all(|(place, hits)| positions.get(*place).is_some_and(|at| hits.has(*at)))
                };
                any.iter().any(all)
            }
        }
    }
}
