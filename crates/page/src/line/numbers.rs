//! Which values of a column, and which texts, are equal: told by template and values, without putting texts together.

use super::integer::Narrow;
use super::rebuild::{Reader, wrong};
use super::slots::{Slots, Wanted, picked};
use super::token::Span;
use super::tree::{Column, Encoding, Table};
use crate::numbered::Numbered;
use base::Result;
use std::borrow::Cow;

/// With more values in a text, texts are put together and compared.
pub(super) const VALUES_MAX: usize = 8;

/// Bytes that are compared as one integer.
const INTEGER_BYTES: usize = 8;

impl Reader<'_> {
    /// Numbers of the values of `column` that are `wanted`.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub(super) fn numbered_values(&self, column: &Column, wanted: Wanted<'_>) -> Result<Numbered> {
        let count = column.values as usize;
        if wanted.is_some_and(<[u32]>::is_empty) {
            return Ok(Numbered::default());
        }
        match &column.encoding {
            Encoding::Constant(_) => Ok(Numbered::equal(wanted.map_or(count, <[u32]>::len))),
            Encoding::Integer { layout, planes } => {
                let planes = self.streams.get(*planes)?.bytes;
                match layout.narrow(planes, count) {
                    Some(Narrow { low, high, below }) => {
                        let at = |place: usize| {
                            let byte = |of: &[u8]| of.get(place).map_or(0, |byte| u32::from(*byte));
                            byte(low) | byte(high) << 8
                        };
                        numbered_places(count, wanted, at, below)
                    }
                    None => Ok(Numbered::integers(&layout.pick(planes, count, wanted))),
                }
            }
            Encoding::Dictionary { distinct, coding, ids, .. } => {
                let (stored, below) = (self.streams.get(*ids)?.bytes, *distinct as usize);
                match coding.bytes(stored, count) {
                    Some(bytes) => {
                        let at = |place: usize| bytes.get(place).map_or(0, |byte| u32::from(*byte));
                        numbered_places(count, wanted, at, below)
                    }
                    None => {
                        let ids = self.pick_numbers((*coding, *ids), count, below, wanted)?;
                        Ok(Numbered::keys(ids.into_iter(), below))
                    }
                }
            }
            Encoding::Table(table) => self.numbered_texts(table, wanted),
            Encoding::Hex { .. } | Encoding::Raw { .. } | Encoding::Fixed { .. } => {
                let view = self.view(column, wanted)?;
                Ok(numbered_bytes(view.bytes(), view.spans()))
            }
        }
    }

    /// Numbers of the texts of a table in a column that are `wanted`.
    fn numbered_texts(&self, table: &Table, wanted: Wanted<'_>) -> Result<Numbered> {
        let slots = self.slots(table);
        let templates = 0..table.templates.len() as u32;
        if templates.clone().any(|template| slots.given(template).count() > VALUES_MAX) {
            let view = self.view_of_table(table, wanted)?;
            return Ok(numbered_bytes(view.bytes(), view.spans()));
        }
        let ids = self.template_ids(table)?;
        self.numbered_rows(table, &slots, &ids, wanted, Some)
    }

    /// Numbers of the texts `wanted` of the templates `ids`, by the values that `slots` give, [`VALUES_MAX`] of a
    /// text at most. `alike` says of a template by which one it is known; texts of one without all differ, and give
    /// no values.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub(super) fn numbered_rows(
        &self,
        table: &Table,
        slots: &Slots,
        ids: &[u32],
        wanted: Wanted<'_>,
        alike: impl Fn(u32) -> Option<u32>,
    ) -> Result<Numbered> {
        let mut columns = Vec::with_capacity(table.columns.len());
        for (column, values) in table.columns.iter().zip(slots.values(ids, wanted)) {
            columns.push(self.numbered_values(column, values.as_deref())?);
        }
        let templates = table.templates.len();
        let of_templates: Vec<Vec<u32>> =
            (0..templates as u32).map(|template| slots.given(template).collect()).collect();
        // One template, each of whose values has its own column: nothing is to be sorted out.
        if let [own] = of_templates.as_slice()
            && alike(0).is_some()
            && (1..own.len()).all(|at| !own[..at].contains(&own[at]))
        {
            let count =
                wanted.map_or(ids.len(), |rows| rows.partition_point(|row| (*row as usize) < ids.len()));
            let mut numbered = Numbered::equal(count);
            for column in own {
                let values = columns.get_mut(*column as usize).map(std::mem::take);
                let values = values.filter(|values| values.len() == count).ok_or_else(|| wrong("columns"))?;
                numbered = numbered.and(values);
            }
            return Ok(numbered);
        }
        let ids = picked(Cow::Borrowed(ids), wanted);
        let by_slot = by_slot(&ids, &of_templates, &columns)?;
        let alike: Vec<Option<u32>> = (0..templates as u32).map(alike).collect();
        let mut below = templates as u32;
        let key = |id: &u32| {
            alike.get(*id as usize).copied().flatten().unwrap_or_else(|| {
                below += 1;
                below - 1
            })
        };
        let keys: Vec<u32> = ids.iter().map(key).collect();
        let mut numbered = Numbered::keys(keys.into_iter(), below as usize);
        let below = columns.iter().map(|column| column.firsts.len()).max().unwrap_or(0) + 1;
        for values in by_slot {
            numbered = numbered.and(Numbered::keys(values.into_iter(), below));
        }
        Ok(numbered)
    }
}

/// For the first, second and further values of texts their numbers, 0 in texts with fewer.
fn by_slot(ids: &[u32], of_templates: &[Vec<u32>], columns: &[Numbered]) -> Result<Vec<Vec<u32>>> {
    let most = of_templates.iter().map(Vec::len).max().unwrap_or(0).min(VALUES_MAX);
    let mut by_slot = vec![vec![0; ids.len()]; most];
    let mut cursors: Vec<_> = columns.iter().map(|column| column.of.iter()).collect();
    for (row, id) in ids.iter().enumerate() {
        let of_template = of_templates.get(*id as usize).map_or(&[][..], Vec::as_slice);
        for (column, values) in of_template.iter().zip(&mut by_slot) {
            let number = cursors.get_mut(*column as usize).and_then(Iterator::next);
            let (Some(number), Some(value)) = (number, values.get_mut(row)) else {
                return Err(wrong("columns"));
            };
            *value = number + 1;
        }
    }
    Ok(by_slot)
}

/// Numbers of `count` values by the keys that `at` gives, below `below`, of those at the places that are `wanted`.
fn numbered_places(
    count: usize,
    wanted: Wanted<'_>,
    at: impl Fn(usize) -> u32,
    below: usize,
) -> Result<Numbered> {
    match wanted {
        None => Ok(Numbered::keys((0..count).map(at), below)),
        Some(places) if places.last().is_some_and(|last| *last as usize >= count) => Err(wrong("columns")),
        Some(places) => Ok(Numbered::keys(places.iter().map(|place| at(*place as usize)), below)),
    }
}

fn numbered_bytes(bytes: &[u8], spans: &[Span]) -> Numbered {
    if spans.iter().all(|span| span.len as usize == INTEGER_BYTES) {
        let integer = |span: &Span| span.of(bytes).first_chunk().copied().map_or(0, u64::from_le_bytes);
        return Numbered::integers(&spans.iter().map(integer).collect::<Vec<_>>());
    }
    Numbered::texts(spans.iter().map(|span| Some(span.of(bytes))))
}
