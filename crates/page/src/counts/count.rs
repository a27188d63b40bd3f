//! Answering questions that only count.

use super::Counts;
use crate::condition::Condition;
use crate::question::Question;
use hashbrown::HashMap;
use model::{Cells, DETECTED_LEVEL, Labels, RowColumns, RunFacts, TimeRange};

/// A question to one page that its counts can answer, for runs whose times let them.
#[derive(Debug)]
pub struct Counting<'a> {
    counts: Option<&'a Counts>,
    range: TimeRange,
    cells: Cells,
    /// For rows without level, then for those of each, whether they pass.
    passing: Vec<bool>,
    /// Whether all rows count alike.
    takes_all: bool,
    /// Whether cells of the counts lie within cells of the question, wherever they are.
    is_nested: bool,
}

impl<'a> Counting<'a> {
    /// Prepares `question` to a page with these `counts`; without them, to one whose rows have no metadata or of which
    /// no metadata is asked for. None when rows have to be read.
    pub fn new(counts: Option<&'a Counts>, question: &Question) -> Option<Self> {
        let cells = question.counted_cells()?;
        let (names, levels) = counts.map_or((&[][..], &[][..]), |counts| (&counts.names, &counts.levels));
        if names.iter().any(|name| name != DETECTED_LEVEL && question.gives_metadata(name)) {
            return None;
        }
        let tells_levels = question.gives_metadata(DETECTED_LEVEL) && !levels.is_empty();
        let levels = std::iter::once("").chain(levels.iter().map(String::as_str));
        let passing: Vec<bool> = levels.map(|level| passes(question, names, level)).collect::<Option<_>>()?;
        let is_nested = counts.is_some_and(|counts| {
            cells.width_ns % counts.width_ns == 0 && cells.edge_ns % counts.width_ns == 0
        });
        let takes_all = !tells_levels && passing.iter().all(|passes| *passes);
        Some(Self { counts, range: question.range, cells, passing, takes_all, is_nested })
    }

    /// Adds what the question asks for of `runs`, each with its position, what is known of it, and a class, to `tally`. None
    /// when a run has to be read: cells of its counts reach over edges of the question's; then a part of them may have been
    /// added.
    pub fn add(&self, runs: impl IntoIterator<Item = (u32, RunFacts, u32)>, tally: &mut Tally) -> Option<()> {
        let levels = self.counts.map_or(&[][..], |counts| &counts.levels);
        let levels = std::iter::once(None).chain(levels.iter().map(|level| Some(level.as_str())));
        let number = |(level, passes): (_, &bool)| match *passes {
            true => tally.content(level).map(Some),
            false => Some(None),
        };
        let contents: Vec<Option<usize>> = levels.zip(&self.passing).map(number).collect::<Option<_>>()?;
        runs.into_iter().try_for_each(|(run, facts, class)| self.count(run, &facts, class, &contents, tally))
    }

    fn count(
        &self,
        run: u32,
        facts: &RunFacts,
        class: u32,
        contents: &[Option<usize>],
        tally: &mut Tally,
    ) -> Option<()> {
        if self.takes_all && self.cells.are_together(facts.min_ns, facts.max_ns) {
            if self.holds(facts.min_ns, facts.max_ns)? {
                tally.add(class, self.cells.end_ns(facts.max_ns), facts.max_ns, [(0, facts.rows)]);
            }
            return Some(());
        }
        let counts = self.counts?;
        let cells = counts.cells_of(run as usize);
        let (mut from, mut end_ns) = (0, i64::MIN);
        while let Some(cell) = cells.numbers.get(from) {
            let first_ns = cell.saturating_mul(counts.width_ns).saturating_add(1).max(facts.min_ns);
            // Mostly the next cell of the question's: a division less.
            let next_end_ns = end_ns
                .checked_add(self.cells.width_ns)
                .filter(|next| from > 0 && end_ns < first_ns && first_ns <= *next);
            end_ns = next_end_ns.unwrap_or_else(|| self.cells.end_ns(first_ns));
            let to = match self.is_nested {
                true => cells.first_from(from, end_ns.div_euclid(counts.width_ns)).max(from + 1),
                false => from + 1,
            };
            let last = cells.numbers.get(to - 1)?.saturating_add(1);
            let last_ns = last.saturating_mul(counts.width_ns).min(facts.max_ns);
            if first_ns > last_ns || end_ns < last_ns {
                return None;
            }
            let holds = self.holds(first_ns, last_ns)?;
            if holds && self.takes_all {
                tally.add(class, end_ns, last_ns, [(0, u64::from(cells.all_rows(from..to)))]);
            } else if holds {
                let of_levels = contents.iter().zip(cells.rows(from..to));
                let rows = of_levels.filter_map(|(content, rows)| Some(((*content)?, rows.into())));
                tally.add(class, end_ns, last_ns, rows);
            }
            from = to;
        }
        Some(())
    }

    /// Whether the question's range holds these times; none when it holds some of them.
    fn holds(&self, min_ns: i64, max_ns: i64) -> Option<bool> {
        let holds = |ns| self.range == TimeRange::ALL || self.range.contains(ns);
        let (first, last) = (holds(min_ns), holds(max_ns));
        (first == last).then_some(first)
    }
}

/// Whether rows with this level, `""` for none, pass all conditions; none when other metadata of theirs tells.
fn passes(question: &Question, names: &[String], level: &str) -> Option<bool> {
    for condition in question.conditions() {
        let Condition::Metadata(matcher) = condition else { return None };
        let value = if matcher.name == DETECTED_LEVEL {
            level
        } else if names.binary_search(&matcher.name).is_ok() {
            return None;
        } else {
            ""
        };
        if !matcher.matches(value) {
            return Some(false);
        }
    }
    Some(true)
}

/// Levels that are told apart, at most.
const CONTENTS_MAX: usize = 16;

/// Rows of some pages by class, cell of the question and level.
#[derive(Debug)]
pub struct Tally {
    /// Whether rows of other levels have other contents.
    tells_levels: bool,
    /// The level of each content, where they are told apart.
    levels: Vec<Option<String>>,
    /// Positions in `cells` by class and end of the cell.
    places: HashMap<(u32, i64), usize, foldhash::fast::RandomState>,
    /// The key looked up last, and where it is: a run has several cells in a row, a class several runs.
    last: ((u32, i64), usize),
    /// Class and time of the last row.
    cells: Vec<(u32, i64)>,
    /// By cell and content.
    sums: Vec<u64>,
    /// Contents for which there is room.
    stride: usize,
}

impl Tally {
    /// No rows of `question`.
    pub fn new(question: &Question) -> Self {
        let tells_levels = question.gives_metadata(DETECTED_LEVEL);
        Self {
            tells_levels,
            levels: Vec::new(),
            places: HashMap::default(),
            last: ((0, 0), usize::MAX),
            cells: Vec::new(),
            sums: Vec::new(),
            stride: if tells_levels { CONTENTS_MAX } else { 1 },
        }
    }

    /// The content of rows with this level; none when there are too many.
    fn content(&mut self, level: Option<&str>) -> Option<usize> {
        if !self.tells_levels {
            return Some(0);
        }
        let known = self.levels.iter().position(|known| known.as_deref() == level);
        known.or_else(|| {
            self.levels.push(level.map(str::to_owned));
            (self.levels.len() <= CONTENTS_MAX).then(|| self.levels.len() - 1)
        })
    }

    /// Adds rows, by content, of the cell that ends at `end_ns`; the last one may lie at `last_ns`.
    fn add(&mut self, class: u32, end_ns: i64, last_ns: i64, rows: impl IntoIterator<Item = (usize, u64)>) {
        let key = (class, end_ns);
        if self.last.0 != key || self.last.1 == usize::MAX {
            let place = *self.places.entry(key).or_insert(self.cells.len());
            if place == self.cells.len() {
                self.cells.push((class, last_ns));
                self.sums.resize(self.sums.len() + self.stride, 0);
            }
            self.last = (key, place);
        }
        let place = self.last.1;
        if let Some((_, known_ns)) = self.cells.get_mut(place) {
            *known_ns = last_ns.max(*known_ns);
        }
        let sums = self.sums.get_mut(place * self.stride..).unwrap_or(&mut []);
        for (content, count) in rows {
            if let Some(sum) = sums.get_mut(content) {
                *sum += count;
            }
        }
    }

    /// Rows that stand for many, of each class, which are ascending; none when there are more of one kind than a number of
    /// rows can say.
    pub fn given(self) -> Option<Vec<(u32, RowColumns)>> {
        let mut order: Vec<usize> = (0..self.cells.len()).collect();
        order.sort_unstable_by_key(|at| self.cells.get(*at));
        let no_rows = self.no_rows();
        let mut given: Vec<(u32, RowColumns)> = Vec::new();
        for at in order {
            let (class, ts_ns) = *self.cells.get(at)?;
            let sums = self.sums.get(at * self.stride..(at + 1) * self.stride)?;
            for (content, sum) in (0..).zip(sums).filter(|(_, sum)| **sum > 0) {
                if given.last().is_none_or(|(last, _)| *last != class) {
                    given.push((class, no_rows.clone()));
                }
                let (_, rows) = given.last_mut()?;
                rows.ts_ns.push(ts_ns);
                rows.counts.push(u32::try_from(*sum).ok()?);
                match rows.metadata_ends.is_empty() {
                    true => rows.ends.push(0),
                    false => rows.contents.push(content),
                }
            }
        }
        Some(given)
    }

    /// Room for rows of a class, with the metadata of all contents, if any has some.
    fn no_rows(&self) -> RowColumns {
        if self.levels.iter().all(Option::is_none) {
            return RowColumns::default();
        }
        let (mut metadata, mut metadata_ends) = (Vec::new(), Vec::new());
        for level in &self.levels {
            let set = Labels::from_pairs(level.iter().map(|level| (DETECTED_LEVEL, level.as_str())));
            metadata.extend_from_slice(set.bytes());
            metadata_ends.push(metadata.len() as u32);
        }
        let ends = vec![0; metadata_ends.len()];
        RowColumns { ends, metadata: metadata.into(), metadata_ends, ..RowColumns::default() }
    }
}
