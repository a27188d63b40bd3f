//! Admission of samples: series after series is checked as it is read, and what passes becomes rows. What does not pass
//! is left out and told in one text; the rest is stored all the same. Times in any order are taken.

mod histogram;
mod labels;
mod refusals;

pub use refusals::{SeriesRefusals, Why, count_discarded};

use crate::admit::families::{FactsByName, FamilyFacts};
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use labels::SeriesLabels;
use model::sample::{Sample, exemplar_body, float_body};
use model::{Batch, BatchBuilder, LabelsRef, Limits, RowRef, Signal, Tenant};
use std::hash::BuildHasher as _;
use wire::Refused;
use wire::series::{Exemplar, Family, Series, Sink};

/// Nanoseconds of a millisecond.
const MS_NS: i64 = 1_000_000;

/// Characters of all labels of an exemplar, by OpenMetrics.
const EXEMPLAR_CHARS_MAX: usize = 128;

/// Numbers of samples, histograms and exemplars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Floats.
    pub samples: u64,
    /// Native histograms.
    pub histograms: u64,
    /// Exemplars.
    pub exemplars: u64,
}

impl Counts {
    /// What rate limits count.
    pub fn total(self) -> u64 {
        self.samples + self.histograms + self.exemplars
    }
}

/// A write after admission.
#[derive(Debug)]
pub struct AdmittedSeries {
    /// What passed.
    pub batch: Batch,
    /// How much passed.
    pub passed: Counts,
    /// How much came.
    pub received: Counts,
    /// What did not pass.
    pub refusals: SeriesRefusals,
    /// What was said about metrics.
    pub families: FactsByName,
}

/// Admits series as they are read.
pub struct SeriesAdmission<'a> {
    limits: &'a Limits,
    now_ns: i64,
    /// Whether a series with nothing in it is wrong, as remote write 2.0 says.
    empty_is_wrong: bool,
    bytes_max: usize,
    bytes: usize,
    batch: BatchBuilder,
    passed: Counts,
    received: Counts,
    refusals: SeriesRefusals,
    families: FactsByName,
    /// Hashes of bodies by hash of series and time.
    seen: HashMap<(u64, i64), u64>,
    hasher: foldhash::fast::RandomState,
    labels: Vec<u8>,
    body: Vec<u8>,
}

impl<'a> SeriesAdmission<'a> {
    /// Admits what `tenant` sends at `now_ns` by its `limits`; all rows and labels may take `bytes_max`.
    pub fn new(tenant: &Tenant, limits: &'a Limits, now_ns: i64, bytes_max: usize) -> Self {
        Self {
            limits,
            now_ns,
            empty_is_wrong: false,
            bytes_max,
            bytes: 0,
            batch: BatchBuilder::new(tenant.clone(), Signal::Sample, now_ns),
            passed: Counts::default(),
            received: Counts::default(),
            refusals: SeriesRefusals::default(),
            families: FactsByName::default(),
            seen: HashMap::new(),
            hasher: foldhash::fast::RandomState::default(),
            labels: Vec::new(),
            body: Vec::new(),
        }
    }

    /// The same where a series with nothing in it is wrong.
    #[must_use]
    pub fn refusing_empty(self) -> Self {
        Self { empty_is_wrong: true, ..self }
    }

    /// What came of it.
    pub fn finish(self) -> AdmittedSeries {
        AdmittedSeries {
            batch: self.batch.build(),
            passed: self.passed,
            received: self.received,
            refusals: self.refusals,
            families: self.families,
        }
    }

    /// Adds a row unless the request has another body at its time.
    fn row(&mut self, shown: &SeriesLabels<'_>, series_hash: u64, ts_ns: i64) -> Result<bool, Refused> {
        let body_hash = self.hasher.hash_one(&self.body);
        match self.seen.entry((series_hash, ts_ns)) {
            Entry::Vacant(free) => drop(free.insert(body_hash)),
            Entry::Occupied(known) if *known.get() == body_hash => {}
            Entry::Occupied(_) => {
                self.refusals.add(Why::DuplicateTimestamp, 1, || {
                    format!("series {shown} has two values at {} ms; the first is kept", ts_ns / MS_NS)
                });
                return Ok(false);
            }
        }
        self.grow(self.body.len())?;
        self.batch.add_row(RowRef { ts_ns, body: &self.body, metadata: LabelsRef::EMPTY });
        Ok(true)
    }

    fn grow(&mut self, bytes: usize) -> Result<(), Refused> {
        /// Bytes of a row besides its body and metadata.
        const ROW_BYTES: usize = 12;
        self.bytes += bytes + ROW_BYTES;
        if self.bytes > self.bytes_max {
            return Err(Refused::too_large(format!(
                "the series of the request take more than {} bytes; send fewer at once \
                 (err-mimir-distributor-max-write-message-size)",
                self.bytes_max
            )));
        }
        Ok(())
    }

    /// `ts_ms` in nanoseconds when the limits let it pass.
    fn time(&mut self, shown: &SeriesLabels<'_>, ts_ms: i64) -> Option<i64> {
        let ts_ns = ts_ms.saturating_mul(MS_NS);
        let (future_ns, past_ns) = (self.limits.creation_grace_period.0, self.limits.past_grace_period.0);
        if ts_ns > self.now_ns.saturating_add(future_ns) || ts_ns == i64::MAX {
            self.refusals.add(Why::TooFarInFuture, 1, || {
                let limit = self.limits.creation_grace_period;
                format!("series {shown} has a sample at {ts_ms} ms, more than {limit} in the future; check the clock of its source")
            });
            return None;
        }
        let too_old = past_ns > 0 && ts_ns < self.now_ns.saturating_sub(past_ns);
        if too_old || ts_ns == i64::MIN {
            self.refusals.add(Why::TooFarInPast, 1, || {
                let limit = self.limits.past_grace_period;
                format!("series {shown} has a sample at {ts_ms} ms, before what past_grace_period of {limit} lets in")
            });
            return None;
        }
        Some(ts_ns)
    }

    fn floats(&mut self, shown: &SeriesLabels<'_>, hash: u64, floats: &[(i64, f64)]) -> Result<(), Refused> {
        for (ts_ms, value) in floats {
            let Some(ts_ns) = self.time(shown, *ts_ms) else { continue };
            self.body.clear();
            self.body.extend_from_slice(&float_body(*value));
            self.passed.samples += u64::from(self.row(shown, hash, ts_ns)?);
        }
        Ok(())
    }

    fn histograms(
        &mut self,
        shown: &SeriesLabels<'_>,
        hash: u64,
        series: &Series<'_>,
    ) -> Result<(), Refused> {
        if !self.limits.native_histograms_ingestion_enabled && !series.histograms.is_empty() {
            self.refusals.add(Why::HistogramDisabled, series.histograms.len() as u64, || {
                format!("series {shown} has native histograms, native_histograms_ingestion_enabled is off")
            });
            return Ok(());
        }
        for (ts_ms, histogram) in &series.histograms {
            let Some(ts_ns) = self.time(shown, *ts_ms) else { continue };
            let mut histogram = histogram.clone();
            if let Err((why, what)) = histogram::admit(&mut histogram, self.limits) {
                self.refusals.add(why, 1, || format!("the native histogram of {shown} at {ts_ms} ms {what}"));
                continue;
            }
            self.body.clear();
            Sample::Histogram(Box::new(histogram)).put(&mut self.body);
            self.passed.histograms += u64::from(self.row(shown, hash, ts_ns)?);
        }
        Ok(())
    }

    /// Exemplars that say nothing are left out without a word: sources send them by default.
    fn exemplars(&mut self, shown: &SeriesLabels<'_>, exemplars: &[Exemplar<'_>]) -> Result<(), Refused> {
        for exemplar in exemplars {
            let chars = |text: &[u8]| String::from_utf8_lossy(text).chars().count();
            let length: usize = exemplar.labels.iter().map(|(name, value)| chars(name) + chars(value)).sum();
            if exemplar.labels.is_empty() || length > EXEMPLAR_CHARS_MAX || exemplar.ts_ms == 0 {
                continue;
            }
            let (Ok(labels), Some(ts_ns)) =
                (SeriesLabels::of(&exemplar.labels).check_texts(), self.time(shown, exemplar.ts_ms))
            else {
                continue;
            };
            let mut metadata = Vec::new();
            labels.write(&mut metadata);
            self.grow(9 + metadata.len())?;
            let metadata = LabelsRef::trusted(&metadata);
            self.batch.add_row(RowRef { ts_ns, body: &exemplar_body(exemplar.value), metadata });
            self.passed.exemplars += 1;
        }
        Ok(())
    }
}

impl Sink for SeriesAdmission<'_> {
    fn series(&mut self, series: &Series<'_>) -> Result<(), Refused> {
        let (samples, histograms) = (series.floats.len() as u64, series.histograms.len() as u64);
        self.received.samples += samples;
        self.received.histograms += histograms;
        self.received.exemplars += series.exemplars.len() as u64;
        let labels = SeriesLabels::of(&series.labels);
        if let Err((why, text)) = labels.check(self.limits) {
            self.refusals.add(why, samples + histograms, || text);
            return Ok(());
        }
        if series.is_empty() && self.empty_is_wrong {
            self.refusals.add(Why::Empty, 0, || format!("series {labels} has no sample and no histogram"));
            return Ok(());
        }
        let mut bytes = std::mem::take(&mut self.labels);
        bytes.clear();
        labels.write(&mut bytes);
        let hash = self.hasher.hash_one(&bytes);
        self.grow(bytes.len())?;
        self.floats(&labels, hash, &series.floats)?;
        self.histograms(&labels, hash, series)?;
        self.exemplars(&labels, &series.exemplars)?;
        self.batch.end_stream(LabelsRef::trusted(&bytes));
        self.labels = bytes;
        Ok(())
    }

    fn family(&mut self, family: Family<'_>) {
        let Ok(name) = std::str::from_utf8(family.name) else { return };
        let most = self.limits.max_metadata_length;
        if name.is_empty() || name.len() > most {
            return;
        }
        if self.families.get(name).is_some_and(|known| known.says(&family)) {
            return;
        }
        let facts = FamilyFacts::of(&family, most);
        match self.families.get_mut(name) {
            Some(known) => *known = facts,
            None => drop(self.families.insert(name.to_owned(), facts)),
        }
    }
}

#[cfg(test)]
mod tests;
