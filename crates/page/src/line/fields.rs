//! Texts with the fields left out that nobody wants, so that only the columns of wanted ones are read.
//!
//! A template is read once, as a text with holes ([`skeleton`]), by the rules of the format ([`json`],
//! [`logfmt`]). Where its literals and the [`Alphabet`]s of its holes prove where each field starts and ends,
//! and what it is called, whatever the holes hold, its texts are given as the parts with wanted fields. Texts
//! of other templates are given whole.

mod json;
mod logfmt;
mod skeleton;

use super::alphabet::Alphabet;
use super::rebuild::{Programs, Reader, Rebuilt, Wanted, chosen, picked, text_bound};
use super::tree::{Column, Encoding, Table};
use base::Result;
use model::Fields;
use model::fields::Format;
use skeleton::Skeleton;

/// Of each template what is given of its texts.
#[derive(Debug, Default)]
struct Shortened {
    programs: Programs,
    /// Of each template its slots: whether their values are given.
    given: Vec<Vec<bool>>,
    /// Whether any template leaves something out.
    any: bool,
}

impl Shortened {
    fn new(table: &Table, literals: &[u8], alphabets: &[Alphabet], fields: &Fields) -> Self {
        let mut shortened = Self::default();
        for template in 0..table.templates.len() {
            let skeleton = Skeleton::new(table, literals, alphabets, template);
            let kept = match fields.format {
                Format::Json => json::kept(&skeleton, fields),
                Format::Logfmt => logfmt::kept(&skeleton, fields),
            };
            shortened.any |= kept.is_some();
            let parts = match &kept {
                Some(kept) => kept.iter().flat_map(|kept| skeleton.parts(kept)).collect(),
                None => skeleton.whole(),
            };
            let mut given = vec![false; table.templates.slots(template).len()];
            for (slot, _) in parts.iter().filter_map(|part| part.slot()) {
                if let Some(given) = given.get_mut(slot) {
                    *given = true;
                }
            }
            shortened.programs.push(parts.iter().map(skeleton::Piece::as_part));
            shortened.given.push(given);
        }
        shortened.programs.end();
        shortened
    }
}

impl Reader<'_> {
    /// The texts of the rows `wanted` (ascending; none is all) with at least `fields` of them, one after the
    /// other, and where each ends; none where nothing can be left out.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn rebuild_fields(
        &self,
        fields: &Fields,
        wanted: Option<&[u32]>,
    ) -> Result<Option<(Vec<u8>, Vec<u32>)>> {
        let table = &self.tree.table;
        let Some(alphabets) = self.streams.alphabets(table.columns.len())? else { return Ok(None) };
        let shortened = Shortened::new(table, &self.tree.literals, &alphabets, fields);
        if !shortened.any {
            return Ok(None);
        }
        let ids = self.template_ids(table)?;
        let uses = uses(table, &shortened);
        let all_or_nothing = wanted.is_none() && uses.iter().all(|uses| *uses != Use::Some);
        let is_given = |template: usize, slot: usize| {
            shortened.given.get(template).and_then(|given| given.get(slot)).is_some_and(|given| *given)
        };
        let values = (!all_or_nothing).then(|| chosen(table, &ids, wanted, is_given));
        let mut views = Vec::with_capacity(table.columns.len());
        for (at, (column, uses)) in table.columns.iter().zip(&uses).enumerate() {
            let of_values = values.as_ref().and_then(|values| values.get(at)).map(Vec::as_slice);
            let of_column: Wanted<'_> = match uses {
                Use::Nothing => Some(&[]),
                Use::All if wanted.is_none() => None,
                _ => of_values,
            };
            views.push(self.view(column, of_column)?);
        }
        let mut out = Rebuilt::default();
        let (programs, ids) = (&shortened.programs, picked(ids, wanted));
        programs.run(&ids, &views, text_bound(table, programs, &ids, &views)?, &mut out)?;
        Ok(Some(out.into_texts()))
    }
}

/// Which values of a column are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Nothing,
    Some,
    All,
}

/// Of each column which of its values are given, as far as templates tell.
fn uses(table: &Table, shortened: &Shortened) -> Vec<Use> {
    let mut seen = vec![(false, false); table.columns.len()];
    for (template, given) in shortened.given.iter().enumerate() {
        for (column, given) in table.templates.slots(template).iter().zip(given) {
            if let Some((yes, no)) = seen.get_mut(*column as usize) {
                *yes |= *given;
                *no |= !*given;
            }
        }
    }
    let of = |(column, seen): (&Column, (bool, bool))| match (&column.encoding, seen) {
        (Encoding::Constant(_), _) | (_, (false, _)) => Use::Nothing,
        (_, (true, false)) => Use::All,
        (_, (true, true)) => Use::Some,
    };
    table.columns.iter().zip(seen).map(of).collect()
}

#[cfg(test)]
mod tests;
