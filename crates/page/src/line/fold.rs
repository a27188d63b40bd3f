//! Templates and columns in lower case, for searches that ignore case.

use super::hex::Case;
use super::rebuild::Reader;
use super::tree::{Encoding, Table, Tree};
use base::Result;

impl<'a> Reader<'a> {
    /// A reader of the same texts in lower case (of ASCII letters): these are the same rows, for a search.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn folded(&self) -> Result<Reader<'a>> {
        let Tree { table, literals } = self.tree();
        let mut table = table.clone();
        fold(&mut table);
        let tree = Tree { table, literals: literals.to_ascii_lowercase() };
        Ok(self.with(tree, self.streams.folded()?))
    }
}

fn fold(table: &mut Table) {
    for column in &mut table.columns {
        match &mut column.encoding {
            Encoding::Constant(value) => value.make_ascii_lowercase(),
            Encoding::Hex { case, .. } => *case = Case::Lower,
            Encoding::Table(inner) => fold(inner),
            Encoding::Integer { .. }
            | Encoding::Dictionary { .. }
            | Encoding::Raw { .. }
            | Encoding::Fixed { .. } => {}
        }
    }
}
