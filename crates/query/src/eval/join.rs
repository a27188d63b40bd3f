//! How series of two sides find each other by labels: the part of binary operators that LogQL and PromQL
//! share. What an operator makes of two values is the matter of its language.

use super::series::{METRIC_NAME, StepSeries};
use hashbrown::HashMap;
use model::{Labels, LabelsBuilder};

/// `on (…)` or `ignoring (…)`, with what the language says about names.
#[derive(Clone, Copy, Debug)]
pub struct Matching<'a> {
    /// `on` instead of `ignoring`.
    pub on: bool,
    /// Labels of `on` or `ignoring`.
    pub labels: &'a [String],
    /// What the metric's name is.
    pub name: Name,
}

/// What the label `__name__` is to an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// A label like others.
    Label,
    /// Not compared unless `on` lists it; results keep it.
    Kept,
    /// Not compared unless `on` lists it; results lose it.
    Lost,
}

/// The side with many series for one of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Many {
    /// `group_left`
    Left,
    /// `group_right`
    Right,
}

/// Why series cannot be joined.
#[derive(Clone, Debug, PartialEq)]
pub enum Mismatch {
    /// Two series of the side that may have one, at one step.
    Duplicate {
        /// Whether that is the right side.
        right: bool,
        /// The labels that they were matched by.
        group: Labels,
        /// The two.
        series: Box<[Labels; 2]>,
    },
    /// Several series of a side find one of the other, and nothing allows it.
    Several,
    /// Several results of a grouped match have the same labels.
    SameLabels,
}

impl Matching<'_> {
    /// The labels by which a series is found.
    pub fn signature(&self, labels: &Labels, builder: &mut LabelsBuilder) -> Labels {
        let hides_name = self.name != Name::Label && !self.on;
        if !self.on && self.labels.is_empty() && !hides_name {
            return labels.clone();
        }
        builder.clear();
        for (name, value) in labels.iter() {
            let hidden = hides_name && name == METRIC_NAME;
            if self.labels.iter().any(|listed| listed == name) == self.on && !hidden {
                builder.set(name, value);
            }
        }
        builder.build()
    }

    /// The labels of a result of one series of each side.
    fn result(&self, labels: &Labels, builder: &mut LabelsBuilder) -> Labels {
        builder.clear();
        for (name, value) in labels.iter() {
            let lost = self.name == Name::Lost && name == METRIC_NAME;
            if self.labels.iter().any(|listed| listed == name) == self.on && !lost {
                builder.set(name, value);
            }
        }
        builder.build()
    }
}

/// Keeps of `series` the points at whose step there is (`wanted`), or is not, a series of `others` that
/// matches: `and` and `unless`, and the right half of `or`.
pub fn retain<V, W>(
    matching: Matching<'_>,
    series: &mut Vec<StepSeries<V>>,
    others: &[StepSeries<W>],
    wanted: bool,
) {
    let mut builder = LabelsBuilder::default();
    let mut present: HashMap<Labels, StepSet> = HashMap::new();
    for one in others {
        let steps = present.entry(matching.signature(&one.labels, &mut builder)).or_default();
        steps.extend(one.points.iter().map(|point| point.0));
    }
    for one in series.iter_mut() {
        let steps = present.get(&matching.signature(&one.labels, &mut builder));
        one.points.retain(|(step, _)| steps.is_some_and(|steps| steps.contains(*step)) == wanted);
    }
    series.retain(|one| !one.points.is_empty());
}

/// Steps, in a bit each.
#[derive(Clone, Debug, Default)]
struct StepSet(Vec<u64>);

impl StepSet {
    /// Says whether it was new.
    fn insert(&mut self, step: u32) -> bool {
        let (word, bit) = ((step / 64) as usize, 1u64 << (step % 64));
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        let new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        new
    }

    fn extend(&mut self, steps: impl Iterator<Item = u32>) {
        steps.for_each(|step| {
            self.insert(step);
        });
    }

    fn contains(&self, step: u32) -> bool {
        self.0.get((step / 64) as usize).is_some_and(|word| word & 1 << (step % 64) != 0)
    }
}

impl FromIterator<u32> for StepSet {
    fn from_iter<T: IntoIterator<Item = u32>>(steps: T) -> Self {
        let mut set = Self::default();
        set.extend(steps.into_iter());
        set
    }
}

/// An operator between the values of two sides.
#[derive(Clone, Copy, Debug)]
pub struct Join<'a> {
    /// How series find each other.
    pub matching: Matching<'a>,
    /// The side that may have many series, and the labels that its results take from the other.
    pub group: Option<(Many, &'a [String])>,
    /// Whether a match counts as such also where the operator gives nothing.
    pub counts_all: bool,
}

/// Values in place of what a side has not.
#[derive(Clone, Debug)]
pub struct Fill<V> {
    /// Where a series of the right side finds none on the left.
    pub left: Option<V>,
    /// Where a series of the left side finds none on the right.
    pub right: Option<V>,
}

/// What a join makes its results with.
struct Joining<'j, V, F> {
    join: &'j Join<'j>,
    /// Whether the side with many is the right one.
    swapped: bool,
    combine: F,
    /// The steps that found a match, by signature, and in a grouped match by the labels made.
    matched: HashMap<(Labels, Option<Labels>), StepSet>,
    builder: LabelsBuilder,
    joined: Vec<StepSeries<V>>,
}

impl Join<'_> {
    /// What `combine` gives of the values of matching series, left one first, at each step that both have.
    /// Results are ordered as the series of the side with many.
    ///
    /// # Errors
    /// [`Mismatch`].
    pub fn join<V: Clone>(
        &self,
        left: &[StepSeries<V>],
        right: &[StepSeries<V>],
        combine: impl FnMut(&V, &V) -> Option<V>,
    ) -> Result<Vec<StepSeries<V>>, Mismatch> {
        self.join_filled(left, right, Fill { left: None, right: None }, combine)
    }

    /// As [`Join::join`], with values in place of what is missing on a side. Then several results may have
    /// the same labels, at different steps.
    ///
    /// # Errors
    /// [`Mismatch`].
    pub fn join_filled<V: Clone>(
        &self,
        left: &[StepSeries<V>],
        right: &[StepSeries<V>],
        fill: Fill<V>,
        combine: impl FnMut(&V, &V) -> Option<V>,
    ) -> Result<Vec<StepSeries<V>>, Mismatch> {
        let swapped = matches!(self.group, Some((Many::Right, _)));
        let (many, one) = if swapped { (right, left) } else { (left, right) };
        let (fill_many, fill_one) = if swapped { (fill.right, fill.left) } else { (fill.left, fill.right) };
        let ones = self.ones(one, !swapped)?;
        let mut joining = Joining {
            join: self,
            swapped,
            combine,
            matched: HashMap::new(),
            builder: LabelsBuilder::default(),
            joined: Vec::new(),
        };
        for series in many {
            let signature = self.matching.signature(&series.labels, &mut joining.builder);
            let others = ones.get(&signature).into_iter().flatten().filter_map(|at| one.get(*at));
            for other in others.clone() {
                let pairs = both(&series.points, &other.points);
                let from = (&series.labels, &other.labels, series.sheds_name);
                joining.add(&signature, from, pairs)?;
            }
            if let Some(fill) = &fill_one {
                let present: StepSet = others.flat_map(|other| &other.points).map(|point| point.0).collect();
                let missing = series.points.iter().filter(|point| !present.contains(point.0));
                let from = (&series.labels, &signature, series.sheds_name);
                joining.add(&signature, from, missing.map(|(step, value)| (*step, value, fill)))?;
            }
        }
        if let Some(fill) = &fill_many {
            let present = self.present(many);
            for other in one {
                let signature = self.matching.signature(&other.labels, &mut joining.builder);
                let known = present.get(&signature);
                let missing = other.points.iter();
                let missing = missing.filter(|point| !known.is_some_and(|steps| steps.contains(point.0)));
                let from = (&signature, &other.labels, other.sheds_name);
                joining.add(&signature, from, missing.map(|(step, value)| (*step, fill, value)))?;
            }
        }
        Ok(joining.joined)
    }

    /// The steps at which there is a series of a signature.
    fn present<V>(&self, series: &[StepSeries<V>]) -> HashMap<Labels, StepSet> {
        let mut builder = LabelsBuilder::default();
        let mut present: HashMap<Labels, StepSet> = HashMap::new();
        for one in series {
            let steps = present.entry(self.matching.signature(&one.labels, &mut builder)).or_default();
            steps.extend(one.points.iter().map(|point| point.0));
        }
        present
    }

    /// The series of the side that may have one per signature and step, by signature.
    fn ones<V>(
        &self,
        series: &[StepSeries<V>],
        right: bool,
    ) -> Result<HashMap<Labels, Vec<usize>>, Mismatch> {
        let mut builder = LabelsBuilder::default();
        let mut ones: HashMap<Labels, Vec<usize>> = HashMap::new();
        for (at, one) in series.iter().enumerate() {
            ones.entry(self.matching.signature(&one.labels, &mut builder)).or_default().push(at);
        }
        for (group, members) in ones.iter().filter(|(_, members)| members.len() > 1) {
            let mut steps: HashMap<u32, usize> = HashMap::new();
            for at in members {
                for (step, _) in series.get(*at).into_iter().flat_map(|one| &one.points) {
                    if let Some(first) = steps.insert(*step, *at) {
                        let named = |at: usize| series.get(at).map(|one| one.labels.clone());
                        let series = [named(*at), named(first)].map(Option::unwrap_or_default);
                        let group = group.clone();
                        return Err(Mismatch::Duplicate { right, group, series: Box::new(series) });
                    }
                }
            }
        }
        Ok(ones)
    }

    /// Labels of a result, from those of both sides.
    fn labels(&self, many: &Labels, one: &Labels, builder: &mut LabelsBuilder) -> Labels {
        let Some((_, included)) = self.group else { return self.matching.result(many, builder) };
        let mut builder = LabelsBuilder::from(many.as_ref());
        if self.matching.name == Name::Lost {
            builder.remove(METRIC_NAME);
        }
        for name in included {
            match one.get(name).filter(|value| !value.is_empty()) {
                Some(value) => builder.set(name, value),
                None => builder.remove(name),
            };
        }
        builder.build()
    }
}

impl<V: Clone, F: FnMut(&V, &V) -> Option<V>> Joining<'_, V, F> {
    /// Adds the results of a series of each side, given their labels and whether the name is shed: at each
    /// step the value of the side with many and that of the other.
    fn add<'a>(
        &mut self,
        signature: &Labels,
        (many, one, sheds_name): (&Labels, &Labels, bool),
        pairs: impl Iterator<Item = (u32, &'a V, &'a V)>,
    ) -> Result<(), Mismatch>
    where
        V: 'a,
    {
        let labels = self.join.labels(many, one, &mut self.builder);
        let key = (signature.clone(), self.join.group.map(|_| labels.clone()));
        let taken = self.matched.entry(key).or_default();
        let mut points = Vec::new();
        for (step, value, other) in pairs {
            let (a, b) = if self.swapped { (other, value) } else { (value, other) };
            let given = (self.combine)(a, b);
            if (self.join.counts_all || given.is_some()) && !taken.insert(step) {
                return Err(match self.join.group {
                    None => Mismatch::Several,
                    Some(_) => Mismatch::SameLabels,
                });
            }
            points.extend(given.map(|value| (step, value)));
        }
        if !points.is_empty() {
            self.joined.push(StepSeries { labels, points, sheds_name });
        }
        Ok(())
    }
}

/// The steps that both have, with the values there.
fn both<'a, V>(a: &'a [(u32, V)], b: &'a [(u32, V)]) -> impl Iterator<Item = (u32, &'a V, &'a V)> {
    let mut b = b.iter().peekable();
    a.iter().filter_map(move |(step, value)| {
        while b.next_if(|other| other.0 < *step).is_some() {}
        b.peek().filter(|other| other.0 == *step).map(|other| (*step, value, &other.1))
    })
}

#[cfg(test)]
mod tests;
