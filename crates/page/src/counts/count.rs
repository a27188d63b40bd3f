//! Answering questions that only count.

use super::{Counts, LEVELS_MAX};
use crate::condition::Condition;
use crate::question::Question;
use bytes::Bytes;
use model::{Cells, DETECTED_LEVEL, LabelsBuilder, RowColumns, RunFacts, TimeRange};

/// A question to one page that its counts can answer, for runs whose times let them.
#[derive(Debug)]
pub struct Counting<'a> {
    counts: Option<&'a Counts>,
    range: TimeRange,
    cells: Cells,
    /// For rows without level, then for those of each: their content, or none where they do not pass.
    contents: Vec<Option<u32>>,
    /// Whether rows of other levels have other contents.
    tells_levels: bool,
    /// Of each content, where levels are told.
    metadata: Bytes,
    metadata_ends: Vec<u32>,
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
        let mut contents = Vec::with_capacity(1 + levels.len());
        let (mut metadata, mut metadata_ends) = (Vec::new(), Vec::new());
        let with_level = levels.iter().map(|level| Some(level.as_str()));
        for (at, level) in (0..).zip(std::iter::once(None).chain(with_level)) {
            let content = if tells_levels { at } else { 0 };
            contents.push(passes(question, names, level.unwrap_or(""))?.then_some(content));
            if tells_levels {
                let mut set = LabelsBuilder::default();
                if let Some(level) = level {
                    set.set(DETECTED_LEVEL, level);
                }
                metadata.extend_from_slice(set.build().bytes());
                metadata_ends.push(metadata.len() as u32);
            }
        }
        let metadata = metadata.into();
        Some(Self { counts, range: question.range, cells, contents, tells_levels, metadata, metadata_ends })
    }

    /// What the question asks for of the run at position `run`, of which these `facts` are known: rows that stand for
    /// many. None when the run has to be read: cells of its counts reach over edges of the question's.
    pub fn run(&self, run: u32, facts: &RunFacts) -> Option<RowColumns> {
        let mut counted = Counted::default();
        if !self.tells_levels
            && self.contents.iter().all(Option::is_some)
            && self.cells.are_together(facts.min_ns, facts.max_ns)
        {
            if self.holds(facts.min_ns, facts.max_ns)? {
                counted.sums[0] = u32::try_from(facts.rows).ok()?;
                counted.give(facts.max_ns);
            }
            return Some(self.rows(counted));
        }
        let counts = self.counts?;
        // The time of the last row counted, and the end of its cell of the question.
        let mut last: Option<(i64, i64)> = None;
        for (cell, numbers) in counts.cells_of(run as usize) {
            let before_ns = cell.saturating_mul(counts.width_ns);
            let min_ns = before_ns.saturating_add(1).max(facts.min_ns);
            let max_ns = before_ns.saturating_add(counts.width_ns).min(facts.max_ns);
            if min_ns > max_ns || !self.cells.are_together(min_ns, max_ns) {
                return None;
            }
            if !self.holds(min_ns, max_ns)? {
                continue;
            }
            let end_ns = self.cells.end_ns(max_ns);
            if let Some((last_ns, _)) = last.filter(|(_, end)| *end != end_ns) {
                counted.give(last_ns);
            }
            last = Some((max_ns, end_ns));
            for (content, number) in self.contents.iter().zip(numbers) {
                let sum = content.and_then(|content| counted.sums.get_mut(content as usize));
                sum.into_iter().for_each(|sum| *sum += number);
            }
        }
        last.into_iter().for_each(|(last_ns, _)| counted.give(last_ns));
        Some(self.rows(counted))
    }

    /// Whether the question's range holds these times; none when it holds some of them.
    fn holds(&self, min_ns: i64, max_ns: i64) -> Option<bool> {
        let holds = |ns| self.range == TimeRange::ALL || self.range.contains(ns);
        let (first, last) = (holds(min_ns), holds(max_ns));
        (first == last).then_some(first)
    }

    fn rows(&self, counted: Counted) -> RowColumns {
        let Counted { ts_ns, contents, counts, .. } = counted;
        let ends = vec![0; if self.tells_levels { self.contents.len() } else { ts_ns.len() }];
        RowColumns {
            ts_ns,
            bodies: Bytes::new(),
            ends,
            metadata: self.metadata.clone(),
            metadata_ends: self.metadata_ends.clone(),
            contents: if self.tells_levels { contents } else { Vec::new() },
            counts,
        }
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

/// Rows that stand for many.
#[derive(Default)]
struct Counted {
    ts_ns: Vec<i64>,
    contents: Vec<u32>,
    counts: Vec<u32>,
    /// By content, of the cell that is being counted.
    sums: [u32; 1 + LEVELS_MAX],
}

impl Counted {
    fn give(&mut self, ts_ns: i64) {
        for (content, sum) in (0..).zip(&mut self.sums) {
            if *sum > 0 {
                self.ts_ns.push(ts_ns);
                self.contents.push(content);
                self.counts.push(std::mem::take(sum));
            }
        }
    }
}
