//! What is kept of the rows of a series in one pane, for the functions over windows that need no
//! more than a few numbers.
//!
//! A window's value is the merge of its panes. Merging is associative and needs no inverse (sums of
//! floats cannot be taken back exactly, and never when one was infinite), so windows slide over
//! the panes with two stacks: each pane is merged at most twice, however long the range.

use super::window::Windows;

/// Which numbers are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each variant is the fold of its name
pub enum FoldKind {
    Sum,
    Mean,
    Moments,
    Max,
    Min,
    First,
    Last,
}

/// The numbers kept of some rows, at least one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fold {
    /// Sum of the values.
    Sum(f64),
    /// What the mean needs; kept as sum and count, since a running mean loses an infinity.
    Mean {
        /// Sum of the values.
        sum: f64,
        /// Number of rows.
        count: f64,
    },
    /// What the variance needs, after Welford.
    Moments {
        /// Number of rows.
        count: f64,
        /// Their mean.
        mean: f64,
        /// Sum of the squared distances from the mean.
        squares: f64,
    },
    /// Greatest value; NaN only when all are.
    Max(f64),
    /// Least value; NaN only when all are.
    Min(f64),
    /// The oldest value; of several at one time the least.
    First(i64, f64),
    /// The newest value; of several at one time the greatest.
    Last(i64, f64),
}

impl FoldKind {
    /// The fold of a single row.
    #[inline]
    pub fn of(self, ts_ns: i64, value: f64) -> Fold {
        match self {
            Self::Sum => Fold::Sum(value),
            Self::Mean => Fold::Mean { sum: value, count: 1.0 },
            Self::Moments => Fold::Moments { count: 1.0, mean: value, squares: 0.0 },
            Self::Max => Fold::Max(value),
            Self::Min => Fold::Min(value),
            Self::First => Fold::First(ts_ns, value),
            Self::Last => Fold::Last(ts_ns, value),
        }
    }
}

/// The greater number; NaN counts as less than all.
pub fn greater(a: f64, b: f64) -> f64 {
    if b > a || a.is_nan() { b } else { a }
}

/// The lesser number; NaN counts as greater than all.
pub fn lesser(a: f64, b: f64) -> f64 {
    if b < a || a.is_nan() { b } else { a }
}

impl Fold {
    /// Takes the rows of `other` in. Both are of one kind.
    #[inline]
    pub fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Sum(a), Self::Sum(b)) => *a += b,
            (Self::Mean { sum, count }, Self::Mean { sum: s, count: c }) => {
                *sum += s;
                *count += c;
            }
            (Self::Moments { count, mean, squares }, Self::Moments { count: c, mean: m, squares: s }) => {
                let all = *count + c;
                let apart = m - *mean;
                *squares += s + apart * apart * *count * c / all;
                *mean += apart * c / all;
                *count = all;
            }
            (Self::Max(a), Self::Max(b)) => *a = greater(*a, *b),
            (Self::Min(a), Self::Min(b)) => *a = lesser(*a, *b),
            (Self::First(t, v), Self::First(u, w)) => {
                if (*u, w.total_cmp(v)) < (*t, std::cmp::Ordering::Equal) {
                    (*t, *v) = (*u, *w);
                }
            }
            (Self::Last(t, v), Self::Last(u, w)) => {
                if (*u, w.total_cmp(v)) > (*t, std::cmp::Ordering::Equal) {
                    (*t, *v) = (*u, *w);
                }
            }
            (a, b) => debug_assert!(false, "folds of two kinds: {a:?} and {b:?}"),
        }
    }

    /// Variance of a [`Fold::Moments`] over its whole population.
    pub fn variance(&self) -> f64 {
        match self {
            Self::Moments { count, squares, .. } => squares / count,
            _ => f64::NAN,
        }
    }

    /// The number itself; of [`Fold::Mean`] and [`Fold::Moments`] the mean.
    pub fn value(&self) -> f64 {
        match *self {
            Self::Sum(v) | Self::Max(v) | Self::Min(v) | Self::First(_, v) | Self::Last(_, v) => v,
            Self::Mean { sum, count } => sum / count,
            Self::Moments { mean, .. } => mean,
        }
    }
}

/// A sum that keeps what each addition loses, after Kahan and Neumaier: the same to the last digits whatever
/// the order of additions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ExactSum {
    sum: f64,
    lost: f64,
}

impl ExactSum {
    /// Adds `value`.
    pub fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        if sum.is_infinite() {
            self.lost = 0.0;
        } else if self.sum.abs() >= value.abs() {
            self.lost += self.sum - sum + value;
        } else {
            self.lost += value - sum + self.sum;
        }
        self.sum = sum;
    }

    /// The sum.
    pub fn value(self) -> f64 {
        if self.sum.is_infinite() { self.sum } else { self.sum + self.lost }
    }

    /// Everything times `factor`.
    pub fn scale(&mut self, factor: f64) {
        self.sum *= factor;
        self.lost *= factor;
    }
}

impl FromIterator<f64> for ExactSum {
    fn from_iter<T: IntoIterator<Item = f64>>(values: T) -> Self {
        let mut sum = Self::default();
        values.into_iter().for_each(|value| sum.add(value));
        sum
    }
}

/// A mean that does not overflow where the sum would.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ExactMean {
    /// Of the values, or their mean once the sum overflowed.
    sum: ExactSum,
    count: f64,
    running: bool,
}

impl ExactMean {
    /// Takes `value` in.
    pub fn add(&mut self, value: f64) {
        let count = self.count + 1.0;
        if !self.running {
            let mut sum = self.sum;
            sum.add(value);
            if self.count == 0.0 || !sum.value().is_infinite() || self.sum.value().is_infinite() {
                (self.sum, self.count) = (sum, count);
                return;
            }
            self.running = true;
            self.sum.scale(1.0 / self.count);
        }
        self.sum.scale(self.count / count);
        self.sum.add(value / count);
        self.count = count;
    }

    /// The mean; NaN without values.
    pub fn value(self) -> f64 {
        if self.running { self.sum.value() } else { self.sum.value() / self.count }
    }
}

impl FromIterator<f64> for ExactMean {
    fn from_iter<T: IntoIterator<Item = f64>>(values: T) -> Self {
        let mut mean = Self::default();
        values.into_iter().for_each(|value| mean.add(value));
        mean
    }
}

/// Merges `new` into `panes`; both are ascending by pane.
pub fn merge_panes(panes: &mut Vec<(u64, Fold)>, new: &[(u64, Fold)]) {
    let (Some(first), Some(last)) = (new.first(), panes.last()) else {
        panes.extend_from_slice(new);
        return;
    };
    if first.0 > last.0 {
        panes.extend_from_slice(new);
        return;
    }
    // All before the first new pane stays where it is.
    let from = panes.partition_point(|(pane, _)| *pane < first.0);
    let tail = panes.split_off(from);
    let (mut old, mut new) = (tail.into_iter().peekable(), new.iter().peekable());
    while let (Some(a), Some(b)) = (old.peek(), new.peek()) {
        match a.0.cmp(&b.0) {
            std::cmp::Ordering::Less => panes.extend(old.next()),
            std::cmp::Ordering::Greater => panes.extend(new.next()),
            std::cmp::Ordering::Equal => {
                let (mut entry, other) = (*a, b.1);
                entry.1.merge(&other);
                panes.push(entry);
                old.next();
                new.next();
            }
        }
    }
    panes.extend(old);
    panes.extend(new);
}

/// Calls `emit` with every window that holds rows and their fold, in time order.
pub fn slide(panes: &[(u64, Fold)], windows: &Windows, mut emit: impl FnMut(u32, Fold)) {
    // `panes[low..middle]` lie in `front` as folds of their suffixes, the longest on top;
    // `panes[middle..high]` are merged in `back`.
    let (mut low, mut middle, mut high) = (0, 0, 0);
    let mut front: Vec<Fold> = Vec::new();
    let mut back: Option<Fold> = None;
    let mut step = panes.first().map_or(windows.count(), |(pane, _)| windows.steps(*pane).start);
    while step < windows.count() {
        let window = windows.panes(step);
        while let Some((_, fold)) = panes.get(high).filter(|(pane, _)| *pane < window.end) {
            merge_into(&mut back, fold);
            high += 1;
        }
        while low < high && panes.get(low).is_some_and(|(pane, _)| *pane < window.start) {
            if low == middle {
                turn(panes.get(low..high).unwrap_or_default(), &mut front);
                back = None;
                middle = high;
            }
            front.pop();
            low += 1;
        }
        let mut whole = front.last().copied();
        if let Some(back) = &back {
            merge_into(&mut whole, back);
        }
        if let Some(fold) = whole {
            emit(step, fold);
            step += 1;
        } else {
            // Nothing until the next pane.
            let Some((pane, _)) = panes.get(high) else { return };
            step = windows.steps(*pane).start.max(step + 1);
        }
    }
}

fn merge_into(whole: &mut Option<Fold>, part: &Fold) {
    match whole {
        Some(fold) => fold.merge(part),
        None => *whole = Some(*part),
    }
}

/// Fills `front` with the folds of the suffixes of `panes`.
fn turn(panes: &[(u64, Fold)], front: &mut Vec<Fold>) {
    front.clear();
    for (_, fold) in panes.iter().rev() {
        let mut suffix = *fold;
        if let Some(rest) = front.last() {
            suffix.merge(rest);
        }
        front.push(suffix);
    }
}

#[cfg(test)]
mod tests;
