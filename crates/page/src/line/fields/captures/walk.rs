//! Where the pieces of a pattern or an expression are in a template.

use super::Found;
use super::items::{Fit, Items, Stuck};
use model::fields::{Bytes, PatternPiece, RegexpPiece};

/// What lines are read by.
pub enum Walk<'p> {
    Pattern(&'p [PatternPiece]),
    Regexp(&'p [RegexpPiece]),
}

impl Walk<'_> {
    /// Where the first `count` pieces are; none where that cannot be told.
    pub fn find(&self, items: &Items<'_>, count: usize) -> Result<Option<Found>, Stuck> {
        match self {
            Self::Pattern(pieces) => pattern(items, pieces.get(..count).unwrap_or(pieces)).map(Some),
            Self::Regexp(pieces) => regexp(items, pieces),
        }
    }
}

fn pattern(items: &Items<'_>, pieces: &[PatternPiece]) -> Result<Found, Stuck> {
    let mut found: Found = Vec::with_capacity(pieces.len());
    let mut at = 0;
    for piece in pieces {
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

/// Only lines that surely match at their start: a match that begins there is the first one.
fn regexp(items: &Items<'_>, pieces: &[RegexpPiece]) -> Result<Option<Found>, Stuck> {
    let mut found: Found = Vec::with_capacity(pieces.len());
    let mut at = 0;
    for piece in pieces {
        let fit = match piece {
            RegexpPiece::Text(text) => items.fit(at, text),
            RegexpPiece::One(bytes) => items.one(at, bytes),
            RegexpPiece::End if at == items.len() => Fit::UpTo(at),
            RegexpPiece::End => Fit::Not,
            RegexpPiece::Run { bytes, at_least_one, .. } => match items.run(at, bytes)? {
                (end, Some(Stuck(value))) if *at_least_one => match end > at {
                    // There are values, but they may be empty.
                    true => Fit::MayBe(value),
                    false => Fit::Not,
                },
                (end, _) => Fit::UpTo(end),
            },
        };
        match fit {
            Fit::UpTo(end) => {
                found.push(at..end);
                at = end;
            }
            Fit::MayBe(value) => return Err(Stuck(value)),
            Fit::Not => return Ok(None),
        }
    }
    Ok(Some(found))
}

/// One of `bytes` and none of `others`, as far as there is one that is printed.
pub fn one_of(bytes: &Bytes, others: &Bytes) -> &'static [u8] {
    const CHOICE: &[u8] =
        b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_./: ,;\t\"'[](){}<>=+*&%$#@!?|\\~^`";
    let place = CHOICE.iter().position(|byte| bytes.has(*byte) && !others.has(*byte));
    place.and_then(|at| CHOICE.get(at..=at)).unwrap_or(&[])
}
