//! Which slots of templates give their values, and so which values of columns are read.

use super::tree::{Column, Encoding, Table};
use std::borrow::Cow;

/// Which values are wanted, by position, ascending; none is all of them.
pub(super) type Wanted<'w> = Option<&'w [u32]>;

/// The same, of values of a column.
pub(super) type Values<'w> = Option<Cow<'w, [u32]>>;

/// A slot of a template.
#[derive(Clone, Copy, Debug)]
struct Slot {
    column: u32,
    /// Whether its value is given.
    given: bool,
}

/// Of each template its slots, as far as values of their columns are given anywhere.
#[derive(Debug)]
pub(super) struct Slots {
    all: ByTemplate,
    /// Those whose columns have other slots, too.
    shared: ByTemplate,
    columns: Vec<Use>,
}

/// Slots of templates.
#[derive(Debug, Default)]
struct ByTemplate {
    slots: Vec<Slot>,
    /// Where those of each template end.
    ends: Vec<u32>,
}

impl ByTemplate {
    fn push(&mut self, slots: impl Iterator<Item = Slot>) {
        self.slots.extend(slots);
        self.ends.push(self.slots.len() as u32);
    }

    fn of(&self, template: u32) -> &[Slot] {
        let end = |template: u32| self.ends.get(template as usize).map_or(0, |end| *end as usize);
        let start = template.checked_sub(1).map_or(0, end);
        self.slots.get(start..end(template)).unwrap_or(&[])
    }
}

/// Which values of a column are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Use {
    some: bool,
    /// Whether there are others that are not.
    others: bool,
    /// How many values there are.
    values: u32,
    /// How many slots take values from it, and the template of the last of these.
    slots: u32,
    template: u32,
}

impl Slots {
    /// Slots of `table`; `given` says of template and slot whether the value is given. Constants never are.
    pub fn new(table: &Table, given: impl Fn(usize, usize) -> bool) -> Self {
        let each = |template: usize| {
            let columns = table.templates.slots(template).iter().copied().enumerate();
            columns.map(|(slot, column)| Slot { column, given: given(template, slot) }).collect::<Vec<_>>()
        };
        let templates: Vec<Vec<Slot>> = (0..table.templates.len()).map(each).collect();
        let mut columns = vec![Use::default(); table.columns.len()];
        for (template, slots) in (0u32..).zip(&templates) {
            for slot in slots {
                if let Some(uses) = columns.get_mut(slot.column as usize) {
                    uses.some |= slot.given;
                    uses.others |= !slot.given;
                    uses.slots += 1;
                    uses.template = template;
                }
            }
        }
        for (uses, column) in columns.iter_mut().zip(&table.columns) {
            uses.values = column.values;
            uses.some &= !matches!(column, Column { encoding: Encoding::Constant(_), .. });
        }
        let uses = |slot: &Slot| columns.get(slot.column as usize).copied().unwrap_or_default();
        let (mut all, mut shared) = (ByTemplate::default(), ByTemplate::default());
        for slots in &templates {
            all.push(slots.iter().copied().filter(|slot| uses(slot).some));
            shared.push(slots.iter().copied().filter(|slot| uses(slot).some && uses(slot).slots > 1));
        }
        Self { all, shared, columns }
    }

    /// Columns of the values that a text of `template` gives, in order.
    pub fn given(&self, template: u32) -> impl Iterator<Item = u32> {
        self.all.of(template).iter().filter(|slot| slot.given).map(|slot| slot.column)
    }

    /// Of each column which of its values the texts `wanted` of the templates `ids` give.
    pub fn values<'w>(&self, ids: &[u32], wanted: Wanted<'w>) -> Vec<Values<'w>> {
        let all_or_nothing = self.columns.iter().all(|uses| !uses.some || !uses.others);
        match wanted {
            None if all_or_nothing => self.alike(None),
            Some(_) if self.are_rows() => self.alike(wanted),
            Some(rows) if rows.len().saturating_mul(self.all.slots.len()) < ids.len() => {
                self.chosen_few(ids, rows).into_iter().map(|chosen| Some(chosen.into())).collect()
            }
            _ => self.chosen(ids, wanted),
        }
    }

    /// Whether the value of each column in use is at the place of its text.
    fn are_rows(&self) -> bool {
        let columns = || self.all.slots.iter().map(|slot| slot.column);
        self.all.ends.len() == 1
            && columns().enumerate().all(|(at, column)| !columns().take(at).any(|c| c == column))
    }

    /// `values` of each column that gives some.
    fn alike<'w>(&self, values: Wanted<'w>) -> Vec<Values<'w>> {
        let given = |uses: &Use| if uses.some { values.map(Cow::Borrowed) } else { Some(Cow::default()) };
        self.columns.iter().map(given).collect()
    }

    /// As [`Slots::chosen`], of texts so few that what lies between them is only counted.
    fn chosen_few(&self, ids: &[u32], wanted: &[u32]) -> Vec<Vec<u32>> {
        let mut chosen: Vec<Vec<u32>> = vec![Vec::new(); self.columns.len()];
        let mut texts = vec![0u32; self.all.ends.len()];
        let mut passed = 0;
        for row in wanted {
            let between = ids.get(passed..*row as usize).unwrap_or(&[]);
            between
                .iter()
                .filter_map(|id| texts.get_mut(*id as usize).map(|texts| *texts += 1))
                .for_each(drop);
            passed = passed.max(*row as usize);
            let Some(id) = ids.get(passed) else { break };
            let own = self.all.of(*id);
            for (at, slot) in own.iter().enumerate().filter(|(_, slot)| slot.given) {
                let same = |other: &&Slot| other.column == slot.column;
                let in_template = |(template, texts): (u32, &u32)| {
                    *texts * self.all.of(template).iter().filter(same).count() as u32
                };
                let before: u32 =
                    (0u32..).zip(&texts).filter(|(_, texts)| **texts > 0).map(in_template).sum();
                let in_text = own.iter().take(at).filter(same).count() as u32;
                chosen.iter_mut().skip(slot.column as usize).take(1).for_each(|of| of.push(before + in_text));
            }
        }
        chosen
    }

    /// Of each column with one slot, where values are wanted at all, they are known by the texts of its template.
    fn chosen<'w>(&self, ids: &[u32], wanted: Wanted<'_>) -> Vec<Values<'w>> {
        let ranks = wanted.map(|wanted| self.ranks(ids, wanted));
        let shared = self.chosen_shared(ids, wanted);
        let of = |(uses, shared): (&Use, Vec<u32>)| match &ranks {
            _ if !uses.some => Some(Cow::default()),
            None if !uses.others => None,
            Some(ranks) if uses.slots == 1 => {
                Some(Cow::Owned(ranks.get(uses.template as usize).cloned().unwrap_or_default()))
            }
            _ => Some(Cow::Owned(shared)),
        };
        self.columns.iter().zip(shared).map(of).collect()
    }

    /// For each template the texts `wanted`, numbered among those of the template.
    fn ranks(&self, ids: &[u32], wanted: &[u32]) -> Vec<Vec<u32>> {
        let mut templates = vec![(0u32, Vec::new()); self.all.ends.len()];
        let mut passed = 0;
        for row in wanted.iter().map(|row| *row as usize) {
            let Some(between) = ids.get(passed..row) else { continue };
            for id in between {
                templates.iter_mut().skip(*id as usize).take(1).for_each(|(next, _)| *next += 1);
            }
            if let Some((next, ranks)) = ids.get(row).and_then(|id| templates.get_mut(*id as usize)) {
                ranks.push(*next);
                *next += 1;
            }
            passed = row + 1;
        }
        templates.into_iter().map(|(_, ranks)| ranks).collect()
    }

    /// Of each column with several slots its values, one text after the other.
    fn chosen_shared(&self, ids: &[u32], wanted: Wanted<'_>) -> Vec<Vec<u32>> {
        let most = wanted.map_or(ids.len(), <[u32]>::len);
        let is_chosen = |uses: &&Use| uses.some && uses.slots > 1 && (uses.others || wanted.is_some());
        let room = |uses: &Use| if is_chosen(&uses) { most.min(uses.values as usize) } else { 0 };
        let mut chosen: Vec<Vec<u32>> =
            self.columns.iter().map(|uses| Vec::with_capacity(room(uses))).collect();
        if !self.columns.iter().any(|uses| is_chosen(&uses)) {
            return chosen;
        }
        let mut next = vec![0u32; self.columns.len()];
        let mut left = wanted.map(|wanted| wanted.iter().copied().peekable());
        for (row, id) in (0u32..).zip(ids) {
            let is_wanted = left.as_mut().is_none_or(|left| left.next_if_eq(&row).is_some());
            for Slot { column, given } in self.shared.of(*id) {
                let column = *column as usize;
                let (Some(next), Some(chosen)) = (next.get_mut(column), chosen.get_mut(column)) else {
                    continue;
                };
                if is_wanted && *given {
                    chosen.push(*next);
                }
                *next += 1;
            }
            if left.as_mut().is_some_and(|left| left.peek().is_none()) {
                break;
            }
        }
        chosen
    }
}

/// The elements at the positions that are `wanted`.
pub(super) fn picked<'a, T: Copy>(all: Cow<'a, [T]>, wanted: Wanted<'_>) -> Cow<'a, [T]> {
    match wanted {
        None => all,
        Some(rows) => rows.iter().filter_map(|row| all.get(*row as usize).copied()).collect(),
    }
}

#[cfg(test)]
mod tests;
