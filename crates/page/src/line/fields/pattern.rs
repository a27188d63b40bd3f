//! Templates read as `| pattern` reads lines: captures between texts, each up to where the text behind it first comes.
//!
//! What a capture holds that nobody wants is left out, the texts around it are kept: each is then found where the one before
//! ended. Behind the last capture that is wanted nothing is kept.
//!
//! Where a text may also come within a value, the value is looked at: what bytes its column has, and where it is of
//! templates itself (a request in quotes is), all of these, as if each stood in the line. Whatever stands there, the same
//! must be kept. A value in which captures end is kept whole when one of these is wanted; otherwise the texts between them
//! stand for it.

mod items;

use super::super::rebuild::Reader;
use super::skeleton::{Kept, Place, Skeleton};
use base::Result;
use items::{Fit, Item, Items, Stuck};
use model::Fields;
use model::fields::PatternPiece;
use std::ops::Range;

/// Templates within values that are looked at for one template.
const VARIANTS_MAX: usize = 512;

/// The captures of `fields` with the texts around them; none where a text may come elsewhere.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn kept<'p>(
    skeleton: &Skeleton,
    pieces: &'p [PatternPiece],
    fields: &Fields,
    reader: &Reader<'_>,
) -> Result<Option<Vec<Kept<'p>>>> {
    let is_wanted = |piece: &PatternPiece| match piece {
        PatternPiece::Capture(name) => name.as_ref().is_some_and(|name| fields.has(name)),
        PatternPiece::Text(_) => false,
    };
    // Nothing behind the last one that is wanted, but the text that ends it.
    let count = pieces.iter().rposition(is_wanted).map_or(0, |last| (last + 2).min(pieces.len()));
    let front = pieces.iter().take_while(|piece| matches!(piece, PatternPiece::Text(_))).count();
    let pieces = pieces.get(..count.max(front)).unwrap_or(pieces);
    let wanted = pieces.iter().map(is_wanted).collect();
    let mut proof = Proof { pieces, wanted, reader, variants: VARIANTS_MAX };
    proof.kept(Items::of(skeleton, &reader.tree().table))
}

struct Proof<'p, 'r> {
    pieces: &'p [PatternPiece],
    wanted: Vec<bool>,
    reader: &'r Reader<'r>,
    /// Variants that may still be looked at.
    variants: usize,
}

/// Where each piece of a pattern is among items. A capture without a text behind it is the last.
type Found = Vec<Range<usize>>;

impl<'p> Proof<'p, '_> {
    /// What is kept of `items`.
    fn kept(&mut self, mut items: Items<'_>) -> Result<Option<Vec<Kept<'p>>>> {
        let stuck = loop {
            match self.find(&items) {
                Ok(found) => return Ok(self.keep(&items, &found)),
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

    /// Where the pieces are.
    fn find(&self, items: &Items<'_>) -> Result<Found, Stuck> {
        let mut found: Found = Vec::with_capacity(self.pieces.len());
        let mut at = 0;
        for piece in self.pieces {
            let PatternPiece::Text(text) = piece else {
                // Where it ends is told by the text behind it.
                found.push(at..items.len());
                continue;
            };
            let Some(capture) = found.last_mut() else {
                match items.fit(0, text) {
                    Fit::UpTo(end) => at = end,
                    Fit::MayBe(stuck) => return Err(Stuck(stuck)),
                    // No line of this template has any field.
                    Fit::Not => return Ok(Vec::new()),
                }
                found.push(0..at);
                continue;
            };
            let Some(place) = items.find(at, text)? else { break };
            (capture.end, at) = (place.start, place.end);
            found.push(place);
        }
        Ok(found)
    }

    fn is_text(&self, piece: usize) -> bool {
        matches!(self.pieces.get(piece), Some(PatternPiece::Text(_)))
    }

    /// What is kept of `items`, whose pieces were `found`; none where a text lies across the end of a value that is left out.
    fn keep(&self, items: &Items<'_>, found: &Found) -> Option<Vec<Kept<'p>>> {
        let mut wanted = self.wanted.clone();
        let mut out = Out::default();
        let (mut at, end) = (0, found.last().map_or(0, |last| last.end));
        while at < end {
            let group = items.group(at);
            let touching = (0..found.len()).filter(|piece| overlap(&found[*piece], &group));
            let is_value = items.get(at).is_some_and(|item| item.is_within);
            let keeps = touching.clone().any(|piece| wanted.get(piece) == Some(&true));
            if !is_value {
                let is_text = touching.clone().any(|piece| self.is_text(piece));
                if keeps || is_text {
                    out.between(items.get(at)?);
                }
            } else if keeps {
                out.between(items.get(at)?);
                // Of what begins in here something is kept: then all of it, lest the text behind it comes early.
                if let Some(last) =
                    touching.clone().next_back().filter(|last| found[*last].start >= group.start)
                {
                    wanted[last] = true;
                }
            } else {
                for piece in touching.filter(|piece| self.is_text(*piece)) {
                    let is_inside = group.start <= found[piece].start && found[piece].end <= group.end;
                    let Some(PatternPiece::Text(text)) = self.pieces.get(piece).filter(|_| is_inside) else {
                        return None;
                    };
                    out.text(text);
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
        self.close();
        self.kept.push(Kept::Text(text));
    }

    fn close(&mut self) {
        self.kept.extend(self.open.take().map(|(from, to)| Kept::Between(from, to)));
    }

    fn end(mut self) -> Vec<Kept<'p>> {
        self.close();
        self.kept
    }
}
