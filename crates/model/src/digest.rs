//! What of rows suffices, when a question only counts them or folds numbers out of them.

use crate::fields::Fields;

/// What of rows suffices. A hint: whole rows always fit, and who answers leaves out what costs it little to tell.
///
/// Rows of a digest share what they say ([`crate::RowColumns::contents`]), so that whoever asked looks once at
/// what many rows have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// The fields that suffice of bodies; none: whole bodies, where the projection has them.
    pub fields: Option<Fields>,
    /// The names that matter of labels, and of metadata where the projection has it; none: all. Metadata of other
    /// names may be left out.
    pub names: Option<Vec<String>>,
    /// Where in time rows may be put together; none: nowhere. Where they may, lengths of bodies do not matter, and
    /// rows of streams that are alike in the labels that matter may be given as those of one of them.
    pub cells: Option<Cells>,
    /// Whether bodies that differ only in a number may be given as these numbers ([`crate::RowColumns::numbers`]).
    pub numbers: bool,
}

/// Time cut at regular instants: rows with equal contents in one cell may be given as one row that counts for all
/// ([`crate::RowColumns::counts`]), at any time of the cell. The question's time begins and ends at such instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells {
    /// One of the instants.
    pub edge_ns: i64,
    /// Nanoseconds from one to the next, positive. The times of a cell are those after an instant, up to the next
    /// one and this included, as windows of queries are.
    pub width_ns: i64,
}

impl Cells {
    /// The last nanosecond of the cell that `ts_ns` lies in.
    pub fn end_ns(&self, ts_ns: i64) -> i64 {
        let over = ts_ns.wrapping_sub(self.edge_ns).rem_euclid(self.width_ns);
        if over == 0 { ts_ns } else { ts_ns.saturating_add(self.width_ns - over) }
    }

    /// Whether all times from `first_ns` to `last_ns` lie in one cell.
    pub fn are_together(&self, first_ns: i64, last_ns: i64) -> bool {
        self.end_ns(first_ns) >= last_ns
    }
}

#[cfg(test)]
mod tests;
