//! The process's own metrics: declared once with name and help, counted without locks where it
//! matters, rendered as Prometheus text (exposition format 0.0.4).

use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Observations in buckets, in the unit its name ends with.
    Histogram,
}

/// The declaration of a metric: the only place where its name stands.
#[derive(Debug)]
pub struct Metric {
    /// Prometheus name, with unit and `_total` as its kind asks.
    pub name: &'static str,
    /// One sentence for people.
    pub help: &'static str,
    /// What it counts.
    pub kind: Type,
    /// Names of its labels, in the order their values are given.
    pub labels: &'static [&'static str],
    /// Upper bounds of the buckets of a histogram; empty otherwise.
    pub buckets: &'static [f64],
}

/// Bucket bounds for request durations in seconds, as Loki's dashboards expect them.
pub const SECONDS_BUCKETS: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0];

/// A counter or gauge with its label values bound; cheap to clone and keep.
#[derive(Clone, Debug, Default)]
pub struct Cell(Arc<AtomicU64>);

impl Cell {
    /// Adds one.
    pub fn inc(&self) {
        self.add(1.0);
    }

    /// Adds `value`, which may be negative for a gauge.
    pub fn add(&self, value: f64) {
        let mut now = self.0.load(Ordering::Relaxed);
        loop {
            let next = (f64::from_bits(now) + value).to_bits();
            match self.0.compare_exchange_weak(now, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(seen) => now = seen,
            }
        }
    }

    /// Sets a gauge.
    pub fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    /// The value now.
    pub fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}

/// A histogram with its label values bound.
#[derive(Clone, Debug)]
pub struct Buckets(Arc<BucketsInner>);

#[derive(Debug)]
struct BucketsInner {
    bounds: &'static [f64],
    counts: Vec<AtomicU64>,
    sum: Cell,
}

impl Buckets {
    fn new(bounds: &'static [f64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self(Arc::new(BucketsInner { bounds, counts, sum: Cell::default() }))
    }

    /// Counts one observation.
    pub fn observe(&self, value: f64) {
        let at = self.0.bounds.partition_point(|bound| *bound < value);
        self.0.counts[at].fetch_add(1, Ordering::Relaxed);
        self.0.sum.add(value);
    }
}

#[derive(Debug)]
enum Series {
    Cell(Cell),
    Buckets(Buckets),
}

type Family = BTreeMap<Vec<String>, Series>;

/// All metrics of a process. Cloning gives the same registry.
#[derive(Clone, Debug, Default)]
pub struct Registry(Arc<RwLock<BTreeMap<&'static str, (&'static Metric, Family)>>>);

impl Registry {
    /// The counter or gauge `metric` with `values` for its labels, made at first use.
    pub fn cell(&self, metric: &'static Metric, values: &[&str]) -> Cell {
        let made = self.with_series(
            metric,
            values,
            || Series::Cell(Cell::default()),
            |series| match series {
                Series::Cell(cell) => Some(cell.clone()),
                Series::Buckets(_) => None,
            },
        );
        debug_assert!(made.is_some(), "{} is a histogram", metric.name);
        made.unwrap_or_default()
    }

    /// The histogram `metric` with `values` for its labels, made at first use.
    pub fn buckets(&self, metric: &'static Metric, values: &[&str]) -> Buckets {
        let new = || Series::Buckets(Buckets::new(metric.buckets));
        let made = self.with_series(metric, values, new, |series| match series {
            Series::Buckets(buckets) => Some(buckets.clone()),
            Series::Cell(_) => None,
        });
        debug_assert!(made.is_some(), "{} is no histogram", metric.name);
        made.unwrap_or_else(|| Buckets::new(metric.buckets))
    }

    /// Shows `cell` as `metric` with `values` for its labels, too: one count under a name of ours and one that
    /// dashboards know.
    pub fn show_also(&self, metric: &'static Metric, values: &[&str], cell: &Cell) {
        let key = values.iter().map(|v| (*v).to_owned()).collect();
        let mut families = self.0.write();
        let (_, family) = families.entry(metric.name).or_insert_with(|| (metric, Family::new()));
        family.insert(key, Series::Cell(cell.clone()));
    }

    fn with_series<T>(
        &self,
        metric: &'static Metric,
        values: &[&str],
        new: impl FnOnce() -> Series,
        take: impl Fn(&Series) -> Option<T>,
    ) -> Option<T> {
        debug_assert_eq!(metric.labels.len(), values.len(), "labels of {}", metric.name);
        let key: Vec<String> = values.iter().map(|v| (*v).to_owned()).collect();
        let families = self.0.read();
        if let Some(series) = families.get(metric.name).and_then(|(_, family)| family.get(&key)) {
            return take(series);
        }
        drop(families);
        let mut families = self.0.write();
        let (_, family) = families.entry(metric.name).or_insert_with(|| (metric, Family::new()));
        take(family.entry(key).or_insert_with(new))
    }

    /// Prometheus text of everything counted so far.
    pub fn render(&self) -> String {
        let mut out = String::new();
        for (metric, family) in self.0.read().values() {
            let kind = match metric.kind {
                Type::Counter => "counter",
                Type::Gauge => "gauge",
                Type::Histogram => "histogram",
            };
            let _ = writeln!(out, "# HELP {} {}\n# TYPE {} {kind}", metric.name, metric.help, metric.name);
            for (values, series) in family {
                match series {
                    Series::Cell(cell) => {
                        let labels = label_text(metric.labels, values, None);
                        let _ = writeln!(out, "{}{labels} {}", metric.name, cell.get());
                    }
                    Series::Buckets(buckets) => render_buckets(&mut out, metric, values, buckets),
                }
            }
        }
        out
    }
}

fn render_buckets(out: &mut String, metric: &Metric, values: &[String], buckets: &Buckets) {
    let name = metric.name;
    let mut total = 0;
    for (at, count) in buckets.0.counts.iter().enumerate() {
        total += count.load(Ordering::Relaxed);
        let bound = buckets.0.bounds.get(at).map_or("+Inf".to_owned(), f64::to_string);
        let labels = label_text(metric.labels, values, Some(&bound));
        let _ = writeln!(out, "{name}_bucket{labels} {total}");
    }
    let labels = label_text(metric.labels, values, None);
    let _ = writeln!(out, "{name}_sum{labels} {}\n{name}_count{labels} {total}", buckets.0.sum.get());
}

fn label_text(names: &[&str], values: &[String], le: Option<&str>) -> String {
    let mut parts: Vec<String> = names
        .iter()
        .zip(values)
        .map(|(name, value)| {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            format!("{name}=\"{value}\"")
        })
        .collect();
    parts.extend(le.map(|bound| format!("le=\"{bound}\"")));
    if parts.is_empty() { String::new() } else { format!("{{{}}}", parts.join(",")) }
}

#[cfg(test)]
mod tests;
