//! What is kept of the rows of each series while they come, until windows are made of it.

mod values;

use super::fold::{Fold, FoldKind, merge_panes};
use base::{Error, Lease, Result};
use hashbrown::HashMap;
use model::Labels;
pub use values::ValuesByPane;

/// Bytes of a series besides its labels and numbers: map entry, vector, allocations.
const SERIES_BYTES: usize = 96;

/// What a function keeps of the rows of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// A fold per pane.
    Folds(FoldKind),
    /// Every row's time and value.
    Rows,
    /// How often each value is there, per pane.
    Values,
}

/// What was kept of the rows of a series.
#[derive(Clone, Debug)]
pub enum Kept {
    /// Folds, ascending by pane.
    Folds(Vec<(u64, Fold)>),
    /// Times and values, in no order.
    Rows(Vec<KeptRow>),
    /// Values by pane.
    Values(ValuesByPane),
}

/// A row that stands for so many with its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeptRow {
    /// Its time, Unix nanoseconds.
    pub ts_ns: i64,
    /// Its value.
    pub value: f64,
    /// How many it stands for, at least one.
    pub count: u32,
}

impl Keeps {
    /// Of no row.
    pub fn nothing(self) -> Kept {
        match self {
            Self::Folds(_) => Kept::Folds(Vec::new()),
            Self::Rows => Kept::Rows(Vec::new()),
            Self::Values => Kept::Values(ValuesByPane::default()),
        }
    }
}

impl Kept {
    /// Takes a row in; panes come in ascending order, but for a few steps back. A fold takes it once, however many it
    /// stands for.
    pub fn take(&mut self, keeps: Keeps, pane: u64, row: KeptRow) {
        match (self, keeps) {
            (Self::Folds(panes), Keeps::Folds(kind)) => take_fold(panes, kind, pane, row.ts_ns, row.value),
            (Self::Rows(rows), _) => rows.push(row),
            (Self::Values(panes), _) => panes.add(pane, row.value, row.count.into()),
            (Self::Folds(_), Keeps::Rows | Keeps::Values) => {
                debug_assert!(false, "folds where rows are kept")
            }
        }
    }

    /// Takes in what was kept of other rows of the series.
    fn merge(&mut self, new: Self) -> Result<()> {
        match (self, new) {
            (Self::Folds(panes), Self::Folds(new)) => merge_panes(panes, &new),
            (Self::Rows(rows), Self::Rows(new)) => rows.extend(new),
            (Self::Values(panes), Self::Values(new)) => panes.merge(new),
            _ => return Err(Error::bug("a series keeps several kinds of things")),
        }
        Ok(())
    }

    /// Bytes held by panes, rows or values.
    pub fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Folds(panes) => panes.len() * size_of::<(u64, Fold)>(),
            Self::Rows(rows) => rows.len() * size_of::<KeptRow>(),
            Self::Values(panes) => panes.bytes(),
        };
        bytes as u64
    }
}

fn take_fold(panes: &mut Vec<(u64, Fold)>, kind: FoldKind, pane: u64, ts_ns: i64, value: f64) {
    let fold = kind.of(ts_ns, value);
    match panes.last_mut() {
        Some((last, held)) if *last == pane => held.merge(&fold),
        Some((last, _)) if *last > pane => match panes.binary_search_by_key(&pane, |(known, _)| *known) {
            Ok(at) => panes[at].1.merge(&fold),
            Err(at) => panes.insert(at, (pane, fold)),
        },
        _ => panes.push((pane, fold)),
    }
}

/// Series by their labels, with the memory that they are counted for.
pub struct KeptSeries {
    series: HashMap<Labels, Kept>,
    lease: Lease,
}

impl KeptSeries {
    /// None yet; `lease` grows with them.
    pub fn new(lease: Lease) -> Self {
        Self { series: HashMap::new(), lease }
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.series.len()
    }

    /// Takes in what was kept of rows of the series `labels`.
    ///
    /// # Errors
    /// [`base::Kind::Limit`] when the budget of the lease is spent.
    pub fn merge(&mut self, labels: Labels, new: Kept) -> Result<()> {
        // What the new part has at most, before it is merged.
        self.lease.grow(new.bytes())?;
        match self.series.get_mut(&labels) {
            None => {
                self.lease.grow((labels.bytes().len() + SERIES_BYTES) as u64)?;
                self.series.insert(labels, new);
            }
            Some(known) => {
                let apart = known.bytes() + new.bytes();
                known.merge(new)?;
                self.lease.shrink(apart - known.bytes());
            }
        }
        Ok(())
    }

    /// All of them; what stays behind is empty with the lease `empty`.
    pub fn taken(&mut self, empty: Lease) -> Self {
        std::mem::replace(self, Self::new(empty))
    }

    /// Gives each series to `each`, in no order; all are counted for until the last one went.
    ///
    /// # Errors
    /// That of `each`, at once.
    pub fn give(self, mut each: impl FnMut(Labels, Kept) -> Result<()>) -> Result<()> {
        let Self { series, lease } = self;
        let given = series.into_iter().try_for_each(|(labels, kept)| each(labels, kept));
        drop(lease);
        given
    }
}
