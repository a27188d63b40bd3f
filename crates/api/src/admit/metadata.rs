//! Structured metadata in canonical form, built without an allocation per line.

pub use model::DETECTED_LEVEL;
use model::varint;
use std::cmp::Ordering;
use std::ops::Range;
use wire::label_name;
use wire::push::Pair;

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
            label_name::put_normal(&mut self.bytes, name)?;
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

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
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
    let is_clean = std::str::from_utf8(value).is_ok_and(|text| !text.contains('\u{fffd}'));
    if is_clean {
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

/// Pairs of `own` and `shared` by name, of which `shared` wins.
fn merged<'s>(own: &'s MetadataSet, shared: &'s MetadataSet) -> impl Iterator<Item = (&'s [u8], &'s [u8])> {
    let (mut own, mut shared) = (own.iter().peekable(), shared.iter().peekable());
    std::iter::from_fn(move || {
        let (Some(a), Some(b)) = (own.peek(), shared.peek()) else {
            return own.next().or_else(|| shared.next());
        };
        match a.0.cmp(b.0) {
            Ordering::Less => own.next(),
            Ordering::Equal => {
                own.next();
                shared.next()
            }
            Ordering::Greater => shared.next(),
        }
    })
}

/// Appends the canonical bytes of `own` and `shared` together, of which `shared` wins, with `level`
/// as the line's level. Pairs without value are left out.
pub fn write_canonical(out: &mut Vec<u8>, own: &MetadataSet, shared: &MetadataSet, level: Option<&[u8]>) {
    let level_name = DETECTED_LEVEL.as_bytes();
    if own.is_empty() && shared.is_empty() {
        // Most lines bring none.
        level.into_iter().for_each(|level| put_pair(out, level_name, level));
        return;
    }
    let mut waiting = level;
    for (name, value) in merged(own, shared) {
        if level_name <= name
            && let Some(level) = waiting.take()
        {
            put_pair(out, level_name, level);
        }
        if level.is_none() || name != level_name {
            put_pair(out, name, value);
        }
    }
    if let Some(level) = waiting {
        put_pair(out, level_name, level);
    }
}

fn put_pair(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    if !value.is_empty() {
        varint::put_bytes(out, name);
        varint::put_bytes(out, value);
    }
}
