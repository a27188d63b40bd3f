//! Expressions that are pieces one after the other, each of which takes as much as it can.

use crate::fields::{Bytes, RegexpPiece};
use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// The pieces of `hir`, whose groups have these `names` by number; none where it is not such an expression.
pub fn pieces(hir: &Hir, names: &[Option<String>]) -> Option<Vec<RegexpPiece>> {
    let mut reading = Reading { names, open: Vec::new(), pieces: Vec::new() };
    reading.read(hir)?;
    let Reading { pieces, .. } = reading;
    let is_clear = |pair: &[RegexpPiece]| match pair {
        [RegexpPiece::End, _] => false,
        // Where the second takes nothing, what stands behind it may be some that the first takes.
        [RegexpPiece::Run { .. }, RegexpPiece::Run { at_least_one, .. }] => *at_least_one,
        _ => true,
    };
    (!pieces.is_empty() && pieces.windows(2).all(is_clear)).then_some(pieces)
}

struct Reading<'n> {
    names: &'n [Option<String>],
    /// Names of the groups that are open.
    open: Vec<String>,
    pieces: Vec<RegexpPiece>,
}

impl Reading<'_> {
    fn read(&mut self, hir: &Hir) -> Option<()> {
        match hir.kind() {
            HirKind::Empty => {}
            HirKind::Look(Look::Start) if self.pieces.is_empty() => {}
            HirKind::Look(Look::End) => self.pieces.push(RegexpPiece::End),
            HirKind::Literal(text) if text.0.is_ascii() => {
                self.pieces.push(RegexpPiece::Text(text.0.clone()))
            }
            HirKind::Class(class) => {
                let bytes = bytes(class)?;
                // What is not ASCII is more than one byte.
                let piece = (!bytes.has(u8::MAX)).then_some(RegexpPiece::One(bytes));
                self.pieces.push(piece?);
            }
            HirKind::Repetition(repetition) if repetition.max.is_none() && repetition.greedy => {
                let bytes = match repetition.sub.kind() {
                    HirKind::Class(class) => bytes(class)?,
                    HirKind::Literal(one) if one.0.is_ascii() && one.0.len() == 1 => {
                        one.0.iter().copied().collect()
                    }
                    _ => return None,
                };
                let at_least_one = match repetition.min {
                    0 => false,
                    1 => true,
                    _ => return None,
                };
                let names = self.open.clone().into();
                self.pieces.push(RegexpPiece::Run { bytes, at_least_one, names });
            }
            HirKind::Capture(capture) => {
                let name = self.names.get(capture.index as usize)?;
                self.open.extend(name.clone());
                self.read(&capture.sub)?;
                self.open.truncate(self.open.len() - usize::from(name.is_some()));
            }
            HirKind::Concat(subs) => subs.iter().try_for_each(|sub| self.read(sub))?,
            _ => return None,
        }
        Some(())
    }
}

/// The bytes of `class`; none where it has some of what is not ASCII, and some not.
fn bytes(class: &Class) -> Option<Bytes> {
    let (has, others): (Box<dyn Fn(u8) -> bool>, _) = match class {
        Class::Unicode(class) => {
            let in_class =
                |c: u32| class.iter().any(|range| range.start() as u32 <= c && c <= range.end() as u32);
            let others = class.iter().filter(|range| range.end() as u32 >= 0x80);
            let whole = |range: &regex_syntax::hir::ClassUnicodeRange| {
                range.start() as u32 <= 0x80 && range.end() == char::MAX
            };
            let others = others.map(whole).collect::<Vec<_>>();
            (Box::new(move |byte| in_class(u32::from(byte))), others)
        }
        Class::Bytes(class) => {
            let others = class.iter().filter(|range| range.end() >= 0x80);
            let others = others.map(|range| range.start() <= 0x80 && range.end() == u8::MAX).collect();
            (Box::new(|byte| class.iter().any(|range| range.start() <= byte && byte <= range.end())), others)
        }
    };
    let others = match others.as_slice() {
        [] => false,
        [true] => true,
        _ => return None,
    };
    Some(Bytes::of_those(|byte| if byte.is_ascii() { has(byte) } else { others }))
}
