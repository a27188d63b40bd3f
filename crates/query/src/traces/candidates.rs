//! Candidates: traces that may match, from rows that pass sieves, newest first.

use crate::eval::span::{Trace, Value};
use crate::traceql::ast::FieldExpr;
use crate::traces::members;
use crate::traces::read::{Origins, Passed, Passing, Reader, spans};
use crate::traces::sieve::Sieve;
use base::Result;
use hashbrown::{HashMap, HashSet};
use model::span::{Origin, TraceId, trace_id_of};
use model::trace::OriginSpans;
use model::{Projection, Run, TimeRange};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Traces that are given at once, to be read and evaluated beside one another.
pub(super) const AT_ONCE: usize = 8;

/// Traces that wait to be evaluated at most; the oldest are given up beyond that.
const WAITING_MAX: usize = 100_000;

/// Candidates as their rows come.
pub(super) struct Candidates<'a> {
    reader: &'a Reader<'a>,
    sieves: Vec<Sieve>,
    passing: Passing,
    /// Whether rows may still come.
    more: bool,
    known: Known,
    origins: Origins,
}

impl<'a> Candidates<'a> {
    /// Traces with a span in `range` that passes any of `sieves`. `few` says how many the asker expects to
    /// be enough.
    pub fn new(reader: &'a Reader<'a>, sieves: Vec<Sieve>, range: TimeRange, few: Option<usize>) -> Self {
        let metadata = sieves.iter().any(|sieve| sieve.check.is_some());
        let passing = reader.passing(&sieves, range, Projection { body: true, metadata }, few);
        Self { reader, sieves, passing, more: true, known: Known::default(), origins: Origins::default() }
    }

    /// The next ones, each with the start of its newest span that passed; none at the end.
    ///
    /// # Errors
    /// Of the store, and of the limits on memory and bytes.
    pub async fn next(&mut self) -> Result<Option<Vec<(i64, TraceId)>>> {
        while self.more || !self.known.waiting.is_empty() {
            let bound_ns = if self.more { self.passing.bound_ns() } else { None };
            let ready = match self.more && bound_ns.is_none() {
                true => Vec::new(),
                false => self.known.take(bound_ns, AT_ONCE),
            };
            if !ready.is_empty() {
                return Ok(Some(ready));
            }
            if self.more {
                match self.reader.next(&mut self.passing).await? {
                    Some(passed) => {
                        let ids = ids(self.reader, &self.sieves, passed, &mut self.origins).await?;
                        self.known.add_all(ids);
                    }
                    None => self.more = false,
                }
            }
        }
        Ok(None)
    }

    /// How many are known so far.
    pub fn seen(&self) -> u64 {
        self.known.seen.len() as u64
    }
}

/// The rows of `passed` that pass the rest of their sieve: times and trace ids.
async fn ids(
    reader: &Reader<'_>,
    sieves: &[Sieve],
    passed: Passed,
    origins: &mut Origins,
) -> Result<Vec<(i64, TraceId)>> {
    let Passed { sieve, run, lease } = passed;
    let check = sieves.get(sieve).and_then(|sieve| sieve.check.clone());
    let origin = origins.of(&run);
    let working = reader.pool.run(move || {
        let ids = match check {
            None => run.rows.rows().filter_map(|row| Some((row.ts_ns, trace_id_of(row.body)?))).collect(),
            Some(check) => checked(&run, &origin, &check)?,
        };
        drop((run, lease));
        Ok(ids)
    });
    working.await?
}

fn checked(run: &Run, origin: &Origin, check: &FieldExpr) -> Result<Vec<(i64, TraceId)>> {
    // Not a trace, but the check looks at each span alone.
    let group = [OriginSpans { origin: origin.clone(), spans: spans(run)? }];
    let members = members(&group);
    let all = Trace::new(&members);
    let holds = |at: &usize| all.value(check, *at) == Value::Bool(true);
    let passing = (0..members.len()).filter(holds).map(|at| members[at].span);
    Ok(passing.map(|span| (span.start_ns, span.trace_id)).collect())
}

/// Traces of which rows were met.
#[derive(Default)]
struct Known {
    /// All that were ever met, and the newest of their spans.
    seen: HashMap<TraceId, i64>,
    /// Those that are still to be evaluated.
    waiting: BTreeSet<(Reverse<i64>, TraceId)>,
    taken: HashSet<TraceId>,
}

impl Known {
    fn add_all(&mut self, ids: Vec<(i64, TraceId)>) {
        for (ts_ns, id) in ids {
            let newest = self.seen.entry(id).or_insert(ts_ns);
            if self.taken.contains(&id) {
                continue;
            }
            if *newest < ts_ns {
                self.waiting.remove(&(Reverse(*newest), id));
                *newest = ts_ns;
            }
            self.waiting.insert((Reverse(*newest), id));
            if self.waiting.len() > WAITING_MAX {
                self.waiting.pop_last();
            }
        }
    }

    /// The next ones, newest first, of which no newer one can come any more.
    fn take(&mut self, bound_ns: Option<i64>, most: usize) -> Vec<(i64, TraceId)> {
        let mut taken = Vec::new();
        while let Some((Reverse(ts_ns), id)) = self.waiting.first().copied() {
            if taken.len() == most || bound_ns.is_some_and(|bound_ns| ts_ns <= bound_ns) {
                break;
            }
            self.waiting.pop_first();
            self.taken.insert(id);
            taken.push((ts_ns, id));
        }
        taken
    }
}
