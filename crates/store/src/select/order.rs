//! Both directions as one: times become keys, of which the larger comes first.

use model::{Direction, TimeRange};

/// The order of a question.
#[derive(Clone, Copy, Debug)]
pub struct Order(pub Direction);

/// Keys from `near`, which comes first, down to `far`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The larger key.
    pub near: i64,
    /// The smaller key.
    pub far: i64,
}

impl Order {
    /// The key of a time; turns keys into times as well.
    pub fn key(self, ns: i64) -> i64 {
        match self.0 {
            Direction::Backward => ns,
            // Turns the order around and, unlike negation, has no overflow.
            Direction::Forward => !ns,
        }
    }

    /// The span of times from `min_ns` to `max_ns`, both included.
    pub fn span(self, min_ns: i64, max_ns: i64) -> Reach {
        let (a, b) = (self.key(min_ns), self.key(max_ns));
        Reach { near: a.max(b), far: a.min(b) }
    }

    /// The span of `range`; none when it is empty.
    pub fn span_of(self, range: TimeRange) -> Option<Reach> {
        let max_ns = range.end_ns.checked_sub(1)?;
        (range.start_ns <= max_ns).then(|| self.span(range.start_ns, max_ns))
    }

    /// What a run's bound says when nothing comes after it.
    pub fn end_ns(self, range: TimeRange) -> i64 {
        match self.0 {
            Direction::Backward => range.start_ns,
            Direction::Forward => range.end_ns,
        }
    }
}

impl Reach {
    /// Whether they share a key.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.far <= other.near && other.far <= self.near
    }

    /// The smallest span around both.
    #[must_use]
    pub fn around(self, other: Self) -> Self {
        Self { near: self.near.max(other.near), far: self.far.min(other.far) }
    }

    /// What they share, if anything.
    pub fn within(self, other: Self) -> Option<Self> {
        let shared = Self { near: self.near.min(other.near), far: self.far.max(other.far) };
        (shared.far <= shared.near).then_some(shared)
    }
}
