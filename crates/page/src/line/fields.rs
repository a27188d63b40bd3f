//! Texts with the fields left out that nobody wants, so that only the columns of wanted ones are read.
//!
//! A template is read once, as a text with holes ([`skeleton`]), by the rules of the format ([`json`],
//! [`logfmt`], [`captures`]). Where its literals and the [`Alphabet`]s of its holes prove where each field starts and ends,
//! and what it is called, whatever the holes hold, its texts are given as the parts with wanted fields. Texts
//! of other templates are given whole.
//!
//! What is left of a line often is what is left of many: a status, a method. So texts with equal templates and equal
//! values are given once. Where all that is left differs only in a number, the numbers are given, too.

mod captures;
mod json;
mod logfmt;
mod skeleton;

use super::alphabet::Alphabet;
use super::numbers::VALUES_MAX;
use super::rebuild::{Programs, Reader, Rebuilt, text_bound};
use super::slots::{Slots, Wanted, picked};
use super::token::Span;
use super::tree::{Column, Encoding};
use crate::kept::{Held, Item};
use crate::numbered::Numbered;
use base::Result;
use bytes::Bytes;
use hashbrown::HashMap;
use model::fields::Format;
use model::{Fields, Form, Numbers};
use skeleton::Skeleton;
use std::borrow::Cow;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128;

/// With fewer texts that say what another one says than one in this many, all are given.
const REPEATED_IN: usize = 4;

/// Of each template what is given of its texts.
#[derive(Debug, Default)]
struct Shortened {
    programs: Programs,
    /// Of each template its slots: whether their values are given.
    given: Vec<Vec<bool>>,
    /// Of each template the first one of which the same is given; none where its texts are not compared.
    alike: Vec<Option<u32>>,
    /// Whether any template leaves something out.
    any: bool,
}

impl Shortened {
    fn new(reader: &Reader<'_>, alphabets: &[Alphabet], fields: &Fields) -> Result<Self> {
        let (table, literals) = (&reader.tree().table, &reader.tree().literals);
        let mut shortened = Self::default();
        let mut known: HashMap<Vec<u8>, u32, foldhash::fast::RandomState> = HashMap::default();
        let mut work = captures::WORK_MAX;
        for template in 0..table.templates.len() {
            let skeleton = Skeleton::new(table, literals, alphabets, template);
            let kept = match &fields.format {
                Format::Json => json::kept(&skeleton, fields),
                Format::Logfmt => logfmt::kept(&skeleton, fields),
                Format::Pattern(pieces) => {
                    captures::of_pattern(&skeleton, pieces, fields, (reader, &mut work))?
                }
                Format::Regexp(pieces) => {
                    captures::of_regexp(&skeleton, pieces, fields, (reader, &mut work))?
                }
            };
            shortened.any |= kept.is_some();
            let parts = match &kept {
                Some(kept) => kept.iter().flat_map(|kept| skeleton.parts(kept)).collect(),
                None => skeleton.whole(),
            };
            let values = parts.iter().filter(|part| part.slot().is_some()).count();
            let compared = kept.is_some() && values <= VALUES_MAX;
            let alike = compared.then(|| *known.entry(skeleton::bytes(&parts)).or_insert(template as u32));
            shortened.alike.push(alike);
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
        Ok(shortened)
    }

    /// Whether the value of a slot is given.
    fn is_given(&self, template: usize, slot: usize) -> bool {
        self.given.get(template).and_then(|given| given.get(slot)).is_some_and(|given| *given)
    }

    /// The first template of which the same is given; none where texts are taken as different.
    fn alike(&self, template: u32) -> Option<u32> {
        self.alike.get(template as usize).copied().flatten()
    }
}

/// What texts say, each thing once.
#[derive(Clone, Debug)]
pub struct Contents {
    /// Which of the following each text says.
    pub numbered: Arc<Numbered>,
    /// Texts with at least the wanted fields, one after the other.
    pub bytes: Bytes,
    /// Where each ends.
    pub ends: Arc<Vec<u32>>,
    /// The same texts as numbers, where that is all in which they differ.
    pub numbers: Option<Arc<Numbers>>,
}

impl Held for Contents {
    fn held_bytes(&self) -> usize {
        let Numbered { of, firsts } = &*self.numbered;
        let numbers = self.numbers.as_ref().map_or(0, |numbers| numbers.of.held_bytes());
        of.held_bytes() + firsts.held_bytes() + self.bytes.len() + self.ends.held_bytes() + numbers
    }
}

impl Contents {
    /// Those of the texts `wanted`.
    fn pick(&self, wanted: &[u32]) -> Self {
        let (numbered, former) = self.numbered.pick(wanted);
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(former.len()));
        for number in former.iter().map(|number| *number as usize) {
            let end = |number: usize| self.ends.get(number).map_or(0, |end| *end as usize);
            let start = number.checked_sub(1).map_or(0, end);
            bytes.extend_from_slice(self.bytes.get(start..end(number)).unwrap_or(&[]));
            ends.push(bytes.len() as u32);
        }
        let numbers = self.numbers.as_ref().map(|numbers| {
            let of = former.iter().filter_map(|number| numbers.of.get(*number as usize)).copied();
            Arc::new(Numbers { form: numbers.form.clone(), of: of.collect() })
        });
        Self { numbered: Arc::new(numbered), bytes: bytes.into(), ends: Arc::new(ends), numbers }
    }
}

fn hashed(rows: &[u32]) -> u128 {
    let bytes: Vec<u8> = rows.iter().flat_map(|row| row.to_le_bytes()).collect();
    xxh3_128(&bytes)
}

impl Reader<'_> {
    /// What the texts `wanted` (ascending; none is all) say in `fields`; none where nothing can be left out.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn contents(&self, fields: &Fields, wanted: Wanted<'_>) -> Result<Option<Contents>> {
        let rows = self.tree().table.rows as usize;
        let all = Item::Contents(fields.clone());
        let some = match wanted {
            Some(wanted) if wanted.len() < rows => wanted,
            _ => return self.keep_contents(all, fields, None),
        };
        let known = self.streams.known::<Option<Contents>>(&all);
        match known.as_deref() {
            Some(None) => Ok(None),
            Some(Some(known)) if !known.numbered.is_different() => Ok(Some(known.pick(some))),
            _ if !self.streams.keeps() => self.read_contents(fields, wanted),
            // Not of all: lines of others may differ in each, and then all of a page would be taken as different.
            _ => self.keep_contents(Item::ContentsOf(fields.clone(), hashed(some)), fields, wanted),
        }
    }

    fn keep_contents(&self, item: Item, fields: &Fields, wanted: Wanted<'_>) -> Result<Option<Contents>> {
        let contents = self.streams.keep(item, || self.read_contents(fields, wanted))?;
        Ok((*contents).clone())
    }

    fn read_contents(&self, fields: &Fields, wanted: Wanted<'_>) -> Result<Option<Contents>> {
        let table = &self.tree().table;
        let Some(alphabets) = self.streams.alphabets(table.columns.len())? else { return Ok(None) };
        let shortened = Shortened::new(self, &alphabets, fields)?;
        if !shortened.any {
            return Ok(None);
        }
        let ids = self.template_ids(table)?;
        let slots = Slots::new(table, |template, slot| {
            shortened.alike(template as u32).is_some() && shortened.is_given(template, slot)
        });
        let mut numbered =
            self.numbered_rows(table, &slots, &ids, wanted, |template| shortened.alike(template))?;
        let firsts: Vec<u32>;
        let given = if numbered.firsts.len() > numbered.len() - numbered.len() / REPEATED_IN {
            numbered = Numbered::different(numbered.len());
            wanted
        } else {
            let row = |first: &u32| wanted.map_or(Some(*first), |rows| rows.get(*first as usize).copied());
            firsts = numbered.firsts.iter().filter_map(row).collect();
            Some(firsts.as_slice())
        };
        let (bytes, ends) = self.texts(&shortened, &ids, given)?;
        let numbers = self.numbers_of_texts(&shortened, &ids, given)?.filter(|of| of.of.len() == ends.len());
        let (numbered, ends, numbers) = (Arc::new(numbered), Arc::new(ends), numbers.map(Arc::new));
        Ok(Some(Contents { numbered, bytes: bytes.into(), ends, numbers }))
    }

    /// The numbers of the rows `wanted`, where what is given of all of them is one text but for a number in it.
    fn numbers_of_texts(
        &self,
        shortened: &Shortened,
        ids: &[u32],
        wanted: Wanted<'_>,
    ) -> Result<Option<Numbers>> {
        let table = &self.tree().table;
        let mut alike =
            picked(Cow::Borrowed(ids), wanted).iter().map(|id| shortened.alike(*id)).collect::<Vec<_>>();
        alike.dedup();
        let [Some(template)] = alike.as_slice() else { return Ok(None) };
        let programs = &shortened.programs;
        let [value, end] = programs.steps(*template) else { return Ok(None) };
        let Some(Column { encoding: Encoding::Integer { layout, planes }, values }) =
            table.columns.get(value.column as usize)
        else {
            return Ok(None);
        };
        if layout.digits != 0 {
            return Ok(None);
        }
        let slots = Slots::new(table, |template, slot| shortened.is_given(template, slot));
        let places = slots.values(ids, wanted).into_iter().nth(value.column as usize).flatten();
        let planes = self.streams.get(*planes)?.bytes;
        let of = layout.pick(planes, *values as usize, places.as_deref());
        let literal = |span: Span| span.of(programs.literals()).to_vec();
        let form = Form { before: literal(value.literal), after: literal(end.literal) };
        Ok(Some(Numbers { form: Arc::new(form), of }))
    }

    /// The texts of the rows `wanted`, shortened, one after the other, and where each ends.
    fn texts(&self, shortened: &Shortened, ids: &[u32], wanted: Wanted<'_>) -> Result<(Vec<u8>, Vec<u32>)> {
        let table = &self.tree().table;
        let slots = Slots::new(table, |template, slot| shortened.is_given(template, slot));
        let views = self.views(table, &slots, ids, wanted)?;
        let (programs, ids) = (&shortened.programs, picked(Cow::Borrowed(ids), wanted));
        let mut out = Rebuilt::default();
        programs.run(&ids, &views, text_bound(table, programs, &ids, &views)?, &mut out)?;
        Ok(out.into_texts())
    }
}

#[cfg(test)]
mod tests;
