//! How the spans of a trace hang together.

use hashbrown::HashMap;
use model::span::SpanId;

/// Parents and children by position. Spans whose parent is not known are roots here as well; where
/// damaged spans name each other as parents, one of them is taken for a root.
#[derive(Debug)]
pub struct Tree {
    parents: Vec<Option<usize>>,
    /// Every span after its parent.
    order: Vec<usize>,
    /// What siblings share; none for spans without a parent's id.
    families: Vec<Option<usize>>,
    /// How many spans have it as their parent.
    child_counts: Vec<usize>,
    numbers: Vec<Numbers>,
}

/// A span's numbers of the nested set model; all zero where no root is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    pub left: i64,
    pub right: i64,
    /// -1 for a root.
    pub parent: i64,
}

impl Tree {
    /// Of spans given as their own and their parent's id.
    pub fn new(ids: impl Iterator<Item = (SpanId, SpanId)>) -> Self {
        let ids: Vec<(SpanId, SpanId)> = ids.collect();
        let mut positions = HashMap::with_capacity(ids.len());
        for (at, (id, _)) in ids.iter().enumerate() {
            positions.entry(*id).or_insert(at);
        }
        let parent_of = |(at, (_, parent)): (usize, &(SpanId, SpanId))| {
            (*parent != [0; 8]).then(|| positions.get(parent).copied().filter(|found| *found != at))?
        };
        let parents: Vec<Option<usize>> = ids.iter().enumerate().map(parent_of).collect();
        let mut known = HashMap::new();
        let mut family_of = |(_, parent): &(SpanId, SpanId)| {
            let next = known.len();
            (*parent != [0; 8]).then(|| *known.entry(*parent).or_insert(next))
        };
        let families = ids.iter().map(&mut family_of).collect();
        let mut child_counts = vec![0; ids.len()];
        parents.iter().flatten().for_each(|parent| child_counts[*parent] += 1);
        let numbers = vec![Numbers::default(); ids.len()];
        let mut tree =
            Self { parents, order: Vec::with_capacity(ids.len()), families, child_counts, numbers };
        tree.walk(&ids);
        tree
    }

    /// Finds the order and gives the numbers.
    fn walk(&mut self, ids: &[(SpanId, SpanId)]) {
        let is_true_root = |at: usize| ids[at].1 == [0; 8];
        let mut children = Children::of(&self.parents);
        let mut reached = vec![false; self.parents.len()];
        let mut counter = 0;
        // True roots go first, so that their numbers start at 1; what is still not reached at the end
        // is on a circle, of which the one of the least id becomes a root, in whatever order spans come.
        let roots = |parents: &[Option<usize>], wanted: &dyn Fn(usize) -> bool| -> Vec<usize> {
            (0..parents.len()).filter(|at| parents[*at].is_none() && wanted(*at)).collect()
        };
        for root in roots(&self.parents, &is_true_root) {
            self.descend(root, &mut children, &mut reached, Some(&mut counter));
        }
        for root in roots(&self.parents, &|at| !is_true_root(at)) {
            self.descend(root, &mut children, &mut reached, None);
        }
        let mut left: Vec<usize> = (0..self.parents.len()).filter(|at| !reached[*at]).collect();
        left.sort_by_key(|at| ids[*at]);
        for at in left {
            if !reached[at] {
                self.parents[at] = None;
                self.descend(at, &mut children, &mut reached, None);
            }
        }
    }

    fn descend(
        &mut self,
        root: usize,
        children: &mut Children,
        reached: &mut [bool],
        mut counter: Option<&mut i64>,
    ) {
        let mut count = |number: &mut i64| {
            if let Some(counter) = &mut counter {
                **counter += 1;
                *number = **counter;
            }
        };
        let mut path = vec![root];
        self.enter(root, reached, &mut count);
        while let Some(&at) = path.last() {
            match children.next_of(at).filter(|child| !reached[*child]) {
                Some(child) => {
                    self.enter(child, reached, &mut count);
                    path.push(child);
                }
                None if children.is_done(at) => {
                    count(&mut self.numbers[at].right);
                    path.pop();
                }
                None => {}
            }
        }
    }

    fn enter(&mut self, at: usize, reached: &mut [bool], count: &mut impl FnMut(&mut i64)) {
        reached[at] = true;
        self.order.push(at);
        let mut numbers = Numbers::default();
        count(&mut numbers.left);
        numbers.parent = match self.parents[at] {
            Some(parent) => self.numbers[parent].left,
            None if numbers.left > 0 => -1,
            None => 0,
        };
        self.numbers[at] = numbers;
    }

    /// The numbers of the span at `at`.
    pub fn numbers(&self, at: usize) -> Numbers {
        self.numbers[at]
    }

    /// How many spans name the one at `at` as their parent.
    pub fn child_count(&self, at: usize) -> usize {
        self.child_counts[at]
    }

    /// Which spans are children of a marked one.
    pub fn children_of(&self, marks: &[bool]) -> Vec<bool> {
        self.parents.iter().map(|parent| parent.is_some_and(|parent| marks[parent])).collect()
    }

    /// Which spans are below a marked one.
    pub fn descendants_of(&self, marks: &[bool]) -> Vec<bool> {
        let mut found = vec![false; marks.len()];
        for &at in &self.order {
            found[at] = self.parents[at].is_some_and(|parent| marks[parent] || found[parent]);
        }
        found
    }

    /// Which spans are the parent of a marked one.
    pub fn parents_of(&self, marks: &[bool]) -> Vec<bool> {
        let mut found = vec![false; marks.len()];
        for (at, parent) in self.parents.iter().enumerate() {
            if let Some(parent) = parent.filter(|_| marks[at]) {
                found[parent] = true;
            }
        }
        found
    }

    /// Which spans are above a marked one.
    pub fn ancestors_of(&self, marks: &[bool]) -> Vec<bool> {
        let mut found = vec![false; marks.len()];
        for &at in self.order.iter().rev() {
            if let Some(parent) = self.parents[at].filter(|_| marks[at] || found[at]) {
                found[parent] = true;
            }
        }
        found
    }

    /// Which spans have the parent of another span that is marked.
    pub fn siblings_of(&self, marks: &[bool]) -> Vec<bool> {
        let mut marked = vec![0usize; marks.len()];
        let families = self.families.iter().enumerate();
        for (_, family) in families.clone().filter(|(at, _)| marks[*at]) {
            if let Some(family) = family {
                marked[*family] += 1;
            }
        }
        families.map(|(at, family)| family.is_some_and(|f| marked[f] > usize::from(marks[at]))).collect()
    }
}

/// The children of each span that were not visited yet.
struct Children {
    next: Vec<Option<usize>>,
    next_sibling: Vec<Option<usize>>,
}

impl Children {
    fn of(parents: &[Option<usize>]) -> Self {
        let mut children = Self { next: vec![None; parents.len()], next_sibling: vec![None; parents.len()] };
        for (at, parent) in parents.iter().enumerate().rev() {
            if let Some(parent) = *parent {
                children.next_sibling[at] = children.next[parent].replace(at);
            }
        }
        children
    }

    fn next_of(&mut self, at: usize) -> Option<usize> {
        let child = self.next[at]?;
        self.next[at] = self.next_sibling[child];
        Some(child)
    }

    fn is_done(&self, at: usize) -> bool {
        self.next[at].is_none()
    }
}
