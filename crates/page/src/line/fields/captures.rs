//! Templates read as `| pattern` and `| regexp` read lines: texts, and between them what is captured.
//!
//! What a capture holds that nobody wants is left out, the texts around it are kept: each is then found where the one before
//! ended. Where an expression asks for at least one byte, one stands for what is left out.
//!
//! Where a text may also come within a value, the value is looked at: what bytes its column has, and where it is of
//! templates itself (a request in quotes is), all of these, as if each stood in the line. Whatever stands there, the same
//! must be kept. A value in which captures end is kept whole when one of these is wanted; otherwise the texts between them
//! stand for it.

mod items;
mod walk;

use super::super::rebuild::Reader;
use super::skeleton::{Kept, Place, Skeleton};
use base::Result;
use items::{Item, Items, Stuck};
use model::Fields;
use model::fields::{Bytes, PatternPiece, RegexpPiece};
use std::ops::Range;
use walk::Walk;

/// Templates within values that are looked at for one template.
const VARIANTS_MAX: usize = 512;
/// Bytes and values of a template; longer ones are not looked at.
const ITEMS_MAX: usize = 16 << 10;
/// Bytes and values that are looked at for all templates of a page: what is left of them is not worth more.
pub const WORK_MAX: usize = 4 << 20;

/// A piece of what a line is read by.
#[derive(Clone, Copy, Debug)]
struct Piece<'p> {
    is: Is<'p>,
    /// Whether it is kept as it is.
    wanted: bool,
}

#[derive(Clone, Copy, Debug)]
enum Is<'p> {
    /// Stands for itself.
    Text(&'p [u8]),
    /// This stands for what is left out of it, unless that is nothing.
    Capture(&'p [u8]),
}

/// The captures of `fields` with the texts around them; none where a text may come elsewhere.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn of_pattern<'p>(
    skeleton: &Skeleton,
    pieces: &'p [PatternPiece],
    fields: &Fields,
    (reader, work): (&Reader<'_>, &mut usize),
) -> Result<Option<Vec<Kept<'p>>>> {
    let piece = |piece: &'p PatternPiece| match piece {
        PatternPiece::Text(text) => Piece { is: Is::Text(text), wanted: false },
        PatternPiece::Capture(name) => {
            let wanted = name.as_ref().is_some_and(|name| fields.has(name));
            Piece { is: Is::Capture(&[]), wanted }
        }
    };
    let mut all: Vec<Piece<'p>> = pieces.iter().map(piece).collect();
    // Nothing behind the last one that is wanted, but the text that ends it.
    let last = all.iter().rposition(|piece| piece.wanted).map_or(0, |last| last + 2);
    let front = all.iter().take_while(|piece| matches!(piece.is, Is::Text(_))).count();
    all.truncate(last.max(front));
    Proof { pieces: all, walk: Walk::Pattern(pieces), reader, variants: VARIANTS_MAX, work }.of(skeleton)
}

/// The same of an expression.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn of_regexp<'p>(
    skeleton: &Skeleton,
    pieces: &'p [RegexpPiece],
    fields: &Fields,
    (reader, work): (&Reader<'_>, &mut usize),
) -> Result<Option<Vec<Kept<'p>>>> {
    let mut before = Bytes::default();
    let piece = |piece: &'p RegexpPiece| {
        // The run in front of this one must not take what stands for it.
        let taken = std::mem::take(&mut before);
        match piece {
            RegexpPiece::Text(text) => Piece { is: Is::Text(text), wanted: false },
            // What it was is not known where a value is left out.
            RegexpPiece::One(_) | RegexpPiece::End => Piece { is: Is::Capture(&[]), wanted: true },
            RegexpPiece::Run { bytes, at_least_one, names } => {
                before = *bytes;
                let stands_for_it = if *at_least_one { walk::one_of(bytes, &taken) } else { &[] };
                let needs_itself = *at_least_one && stands_for_it.is_empty();
                let wanted = needs_itself || names.iter().any(|name| fields.has(name));
                Piece { is: Is::Capture(stands_for_it), wanted }
            }
        }
    };
    let all = pieces.iter().map(piece).collect();
    Proof { pieces: all, walk: Walk::Regexp(pieces), reader, variants: VARIANTS_MAX, work }.of(skeleton)
}

struct Proof<'p, 'r> {
    pieces: Vec<Piece<'p>>,
    walk: Walk<'p>,
    reader: &'r Reader<'r>,
    /// Variants that may still be looked at.
    variants: usize,
    /// Bytes and values that may be.
    work: &'r mut usize,
}

/// Where each piece is among items, as far as they come.
type Found = Vec<Range<usize>>;

impl<'p> Proof<'p, '_> {
    /// What is kept of `skeleton`.
    fn of(mut self, skeleton: &Skeleton) -> Result<Option<Vec<Kept<'p>>>> {
        if skeleton.len() > ITEMS_MAX {
            return Ok(None);
        }
        self.kept(Items::of(skeleton, &self.reader.tree().table))
    }

    /// What is kept of `items`.
    fn kept(&mut self, mut items: Items<'_>) -> Result<Option<Vec<Kept<'p>>>> {
        let stuck = loop {
            match self.work.checked_sub(items.len()) {
                Some(left) => *self.work = left,
                None => return Ok(None),
            }
            match self.walk.find(&items, self.pieces.len()) {
                Ok(Some(found)) => return Ok(self.keep(&items, &found)),
                Ok(None) => return Ok(None),
                Err(Stuck(at)) if items.look_at(at, self.reader)? => {}
                Err(Stuck(at)) => break at,
            }
        };
        let mut same: Option<Vec<Kept<'p>>> = None;
        for variant in items.variants(stuck, &self.reader.tree().literals) {
            let Some(left) = self.variants.checked_sub(1) else { return Ok(None) };
            self.variants = left;
            let Some(kept) = self.kept(variant)? else { return Ok(None) };
            if same.as_ref().is_some_and(|same| *same != kept) {
                return Ok(None);
            }
            same = Some(kept);
        }
        Ok(same)
    }

    /// What is kept of `items`, whose pieces were `found`; none where a text lies across the end of a value that is left out.
    fn keep(&self, items: &Items<'_>, found: &Found) -> Option<Vec<Kept<'p>>> {
        let mut pieces = self.pieces.clone();
        let mut out = Out::default();
        let (mut at, end) = (0, found.last().map_or(0, |last| last.end));
        while at < end {
            let group = items.group(at);
            let item = items.get(at)?;
            let mut touching = (0..found.len()).filter(|piece| overlap(&found[*piece], &group));
            if touching.clone().any(|piece| pieces.get(piece).is_some_and(|piece| piece.wanted)) {
                out.between(item);
                // Of what begins within it something is kept: then all of it, lest the text behind it comes early.
                if let Some(last) = touching.next_back().filter(|last| found[*last].start >= group.start)
                    && let Some(piece) = pieces.get_mut(last)
                {
                    piece.wanted = true;
                }
            } else {
                for number in touching {
                    let (place, piece) = (&found[number], pieces.get(number)?);
                    let is_inside = group.start <= place.start && place.end <= group.end;
                    match piece.is {
                        Is::Text(_) if !item.is_within => out.between(item),
                        Is::Text(text) if is_inside => out.text(text),
                        Is::Text(_) => return None,
                        Is::Capture(stands_for_it) if group.contains(&place.start) => out.text(stands_for_it),
                        Is::Capture(_) => {}
                    }
                }
            }
            at = group.end;
        }
        Some(out.end())
    }
}

fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start.max(other.start) < one.end.min(other.end)
}

/// What is kept so far.
#[derive(Default)]
struct Out<'p> {
    kept: Vec<Kept<'p>>,
    open: Option<(Place, Place)>,
}

impl<'p> Out<'p> {
    fn between(&mut self, item: &Item<'_>) {
        match &mut self.open {
            Some((_, to)) if *to == item.before => *to = item.behind,
            _ => {
                self.close();
                self.open = Some((item.before, item.behind));
            }
        }
    }

    fn text(&mut self, text: &'p [u8]) {
        if !text.is_empty() {
            self.close();
            self.kept.push(Kept::Text(text));
        }
    }

    fn close(&mut self) {
        self.kept.extend(self.open.take().map(|(from, to)| Kept::Between(from, to)));
    }

    fn end(mut self) -> Vec<Kept<'p>> {
        self.close();
        self.kept
    }
}
