//! Structured metadata in canonical form, built without an allocation per line.

use model::varint;
use std::ops::Range;
use wire::label_name;
use wire::push::Pair;

/// The name under which a line's level is kept.
pub const DETECTED_LEVEL: &str = "detected_level";

/// Bytes that count against limits: names and values as pushed, but for a level that the client
/// brought, which Loki would have added too.
pub fn counted_bytes(pairs: &[Pair<'_>]) -> u64 {
    let counted = pairs.iter().filter(|(name, _)| name.as_ref() != DETECTED_LEVEL.as_bytes());
    counted.map(|(name, value)| (name.len() + value.len()) as u64).sum()
}

/// Pairs of one line, or those that lines share: names made label names, sorted, the last of those
/// with one name. Reused from line to line.
#[derive(Debug, Default)]
pub struct MetadataSet {
    bytes: Vec<u8>,
    slots: Vec<Slot>,
}

#[derive(Clone, Debug)]
struct Slot {
    name: Range<usize>,
    value: Range<usize>,
}

impl MetadataSet {
    /// Holds `pairs` instead of what it held.
    ///
    /// # Errors
    /// A name that cannot be made a label name, in words for the client.
    pub fn fill(&mut self, pairs: &[Pair<'_>]) -> Result<(), String> {
        self.bytes.clear();
        self.slots.clear();
        for (name, value) in pairs {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(label_name::normalize(name)?.as_bytes());
            let middle = self.bytes.len();
            put_clean(&mut self.bytes, value);
            self.slots.push(Slot { name: start..middle, value: middle..self.bytes.len() });
        }
        let Self { bytes, slots } = self;
        let name = |slot: &Slot| &bytes[slot.name.clone()];
        if !slots.is_sorted_by(|a, b| name(a) < name(b)) {
            // Stable, so that the last of equal names ends a row of them.
            slots.sort_by(|a, b| name(a).cmp(name(b)));
            slots.reverse();
            slots.dedup_by(|later, kept| name(later) == name(kept));
            slots.reverse();
        }
        Ok(())
    }

    fn pair(&self, slot: &Slot) -> (&[u8], &[u8]) {
        (&self.bytes[slot.name.clone()], &self.bytes[slot.value.clone()])
    }

    /// Pairs by name.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.slots.iter().map(|slot| self.pair(slot))
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let name = name.as_bytes();
        let at = self.slots.binary_search_by(|slot| self.pair(slot).0.cmp(name)).ok()?;
        Some(self.pair(self.slots.get(at)?).1)
    }
}

/// Appends `value`, with a space for each byte that is not UTF-8 and each U+FFFD.
fn put_clean(out: &mut Vec<u8>, value: &[u8]) {
    let replaced = std::str::from_utf8(value).is_ok_and(|text| !text.contains('\u{fffd}'));
    if replaced {
        out.extend_from_slice(value);
        return;
    }
    for chunk in value.utf8_chunks() {
        for part in chunk.valid().split_inclusive('\u{fffd}') {
            match part.strip_suffix('\u{fffd}') {
                Some(before) => {
                    out.extend_from_slice(before.as_bytes());
                    out.push(b' ');
                }
                None => out.extend_from_slice(part.as_bytes()),
            }
        }
        out.extend(chunk.invalid().iter().map(|_| b' '));
    }
}

/// Appends the canonical bytes of `own` and `shared` together, of which `shared` wins, with `level`
/// as the line's level. Pairs without value are left out.
pub fn write_canonical(out: &mut Vec<u8>, own: &MetadataSet, shared: &MetadataSet, level: Option<&[u8]>) {
    let mut level = level.map(|level| (DETECTED_LEVEL.as_bytes(), level));
    let (mut own, mut shared) = (own.iter().peekable(), shared.iter().peekable());
    loop {
        let next = match (own.peek(), shared.peek()) {
            (Some(a), Some(b)) if a.0 < b.0 => own.next(),
            (Some(a), Some(b)) if a.0 == b.0 => {
                own.next();
                shared.next()
            }
            (Some(_), None) => own.next(),
            (_, Some(_)) => shared.next(),
            (None, None) => None,
        };
        if let Some(first) = level
            && next.is_none_or(|(name, _)| first.0 <= name)
        {
            put_pair(out, first);
            level = None;
        }
        match next {
            Some((name, _)) if name == DETECTED_LEVEL.as_bytes() && out_has_level(level, next) => {}
            Some(pair) => put_pair(out, pair),
            None => return,
        }
    }
}
