//! How often each value is there. Milliseconds, sizes and statuses are small integers, of which a table tells that; other
//! values are kept one by one, and those that are equal put together from time to time.

/// Numbers from here on have no place in a table.
const TABLE_MAX: usize = 1 << 16;
/// A table may have so many places for each of the values that are put there first.
const PLACES: usize = 8;
/// With so many values outside the table, it is looked at whether they can be held in less.
const MANY: usize = 1024;

/// Values in no order.
#[derive(Clone, Debug, Default)]
struct Values {
    /// How often each of the first integers is there.
    table: Vec<u64>,
    /// Other values, some of them several times, and how often.
    others: Vec<(f64, u64)>,
    /// With so many others they are looked at again, once that was done.
    look_at: usize,
}

/// Where a value may lie in a table: it is an integer that is small enough.
fn place(value: f64) -> Option<usize> {
    let integer = value as u32;
    let is_same = f64::from(integer).to_bits() == value.to_bits() && (integer as usize) < TABLE_MAX;
    is_same.then_some(integer as usize)
}

impl Values {
    #[inline]
    fn add(&mut self, value: f64, count: u64) {
        match place(value).and_then(|place| self.table.get_mut(place)) {
            Some(sum) => *sum += count,
            None => {
                self.others.push((value, count));
                if self.others.len() >= self.look_at.max(MANY) {
                    self.hold_in_less();
                }
            }
        }
    }

    /// Moves values into the table where they are many for its size, and puts equal ones together.
    fn hold_in_less(&mut self) {
        let places = || self.others.iter().filter_map(|(value, _)| place(*value));
        let len = places().max().map_or(0, |most| most + 1);
        if len > self.table.len() && len <= PLACES * places().count() {
            self.table.resize(len, 0);
            for (value, count) in std::mem::take(&mut self.others) {
                match place(value).and_then(|place| self.table.get_mut(place)) {
                    Some(sum) => *sum += count,
                    None => self.others.push((value, count)),
                }
            }
        }
        self.others.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        self.others.dedup_by(|next, kept| {
            // Each of those that are no number differs from all.
            let is_same = next.0.to_bits() == kept.0.to_bits() && !next.0.is_nan();
            kept.1 += if is_same { next.1 } else { 0 };
            is_same
        });
        self.look_at = 2 * self.others.len();
    }

    fn merge(&mut self, mut new: Self) {
        if self.table.len() < new.table.len() {
            std::mem::swap(&mut self.table, &mut new.table);
        }
        self.table.iter_mut().zip(&new.table).for_each(|(sum, more)| *sum += more);
        new.others.into_iter().for_each(|(value, count)| self.add(value, count));
    }

    /// Appends each value and how often it is there.
    fn put(&self, out: &mut Vec<(f64, u64)>) {
        let in_table = (0u32..).zip(&self.table).filter(|(_, count)| **count > 0);
        out.extend(in_table.map(|(integer, count)| (f64::from(integer), *count)));
        out.extend_from_slice(&self.others);
    }

    fn bytes(&self) -> usize {
        size_of::<(u64, Self)>()
            + self.table.len() * size_of::<u64>()
            + self.others.len() * size_of::<(f64, u64)>()
    }
}

/// Values by pane.
#[derive(Clone, Debug, Default)]
pub struct ValuesByPane {
    /// Ascending by pane.
    panes: Vec<(u64, Values)>,
    bytes: usize,
}

impl ValuesByPane {
    /// Adds a value that is there `count` times in `pane`.
    #[inline]
    pub fn add(&mut self, pane: u64, value: f64, count: u64) {
        self.change(pane, |values| values.add(value, count));
    }

    /// Adds the values of `new`.
    pub fn merge(&mut self, new: Self) {
        for (pane, values) in new.panes {
            self.change(pane, |known| known.merge(values));
        }
    }

    fn change(&mut self, pane: u64, change: impl FnOnce(&mut Values)) {
        // Mostly the last one, or one behind it.
        let at = match self.panes.last() {
            Some((last, _)) if *last == pane => self.panes.len() - 1,
            Some((last, _)) if *last > pane => self.panes.partition_point(|(known, _)| *known < pane),
            _ => self.panes.len(),
        };
        if self.panes.get(at).is_none_or(|(known, _)| *known != pane) {
            self.panes.insert(at, (pane, Values::default()));
            self.bytes += Values::default().bytes();
        }
        if let Some((_, values)) = self.panes.get_mut(at) {
            let before = values.bytes();
            change(values);
            self.bytes = self.bytes + values.bytes() - before;
        }
    }

    /// The position of the first pane that is not before `pane`.
    pub fn position(&self, pane: u64) -> usize {
        self.panes.partition_point(|(known, _)| *known < pane)
    }

    /// The first pane from `position` on.
    pub fn pane(&self, position: usize) -> Option<u64> {
        self.panes.get(position).map(|(pane, _)| *pane)
    }

    /// Replaces `out` by the values of the panes at these positions, some several times, each with how often it is there.
    pub fn put(&self, positions: std::ops::Range<usize>, out: &mut Vec<(f64, u64)>) {
        out.clear();
        self.panes.get(positions).unwrap_or(&[]).iter().for_each(|(_, values)| values.put(out));
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests;
