//! Sampled grams: a few keys per long id, such that any long enough cut of the id shares one.
//!
//! An *id* is a maximal run of `[A-Za-z0-9_-]` with a digit, [`ID_BYTES_MIN`] bytes or longer. Of each
//! [`WINDOW`] neighbouring grams of [`GRAM_BYTES`] lower-cased bytes the one with the least hash
//! gives a key (a *minimizer*). [`ID_BYTES_MIN`] bytes hold just one window, so a cut of that length has a
//! window in common with the id, and with it a key. Shorter windows were measured at two to five
//! times the size.

use hashbrown::HashSet;

/// Bytes of a gram.
pub const GRAM_BYTES: usize = 6;
/// Grams of a window.
pub const WINDOW: usize = 11;
/// Bytes of the shortest run that is an id, and of the shortest cut that can be looked up.
pub const ID_BYTES_MIN: usize = GRAM_BYTES + WINDOW - 1;

/// Bytes of text in which an id is expected, to size tables.
const BYTES_PER_ID: usize = 512;

/// The lower-cased byte for bytes of an id, 0 for others.
const FOLDED: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        if b.is_ascii_alphanumeric() || b == b'_' || b == b'-' {
            table[byte] = b.to_ascii_lowercase();
        }
        byte += 1;
    }
    table
};

/// Whether ids have such bytes.
pub fn in_id(byte: u8) -> bool {
    folded(byte) != 0
}

fn folded(byte: u8) -> u8 {
    FOLDED[usize::from(byte)]
}

/// Calls `found` with each id of `text`. Looks at every sixteenth byte until one may be in an id.
pub fn ids<'a>(text: &'a [u8], mut found: impl FnMut(&'a [u8])) {
    let in_id = |at: usize| folded(text[at]) != 0;
    // Everything before `start` is done, and no id reaches over it.
    let mut start = 0;
    while start + ID_BYTES_MIN <= text.len() {
        let probe = start + ID_BYTES_MIN - 1;
        if !in_id(probe) {
            start = probe + 1;
            continue;
        }
        let mut from = probe;
        while from > start && in_id(from - 1) {
            from -= 1;
        }
        let mut to = probe + 1;
        while to < text.len() && in_id(to) {
            to += 1;
        }
        let run = &text[from..to];
        if is_id(run) {
            found(run);
        }
        start = to;
    }
}

/// Whether a run of id bytes is long enough and has a digit.
fn is_id(run: &[u8]) -> bool {
    run.len() >= ID_BYTES_MIN && run.iter().any(u8::is_ascii_digit)
}

/// Calls `found` with the keys of `id`, of which every cut of [`ID_BYTES_MIN`] bytes has one.
/// Neighbouring windows often share theirs: it is given once for them.
pub fn keys(id: &[u8], mut found: impl FnMut(u64)) {
    if let Ok(id) = <&[u8; ID_BYTES_MIN]>::try_from(id) {
        return found(key_of_window(id));
    }
    const MASK: usize = WINDOW.next_power_of_two() - 1;
    let mut recent = [0u64; MASK + 1];
    let mut gram = 0u64;
    // Where the last key was found; none before the first window is full.
    let mut least: Option<usize> = None;
    for (at, byte) in id.iter().enumerate() {
        gram = ((gram << 8) | u64::from(folded(*byte))) & GRAM;
        let Some(position) = (at + 1).checked_sub(GRAM_BYTES) else { continue };
        let hash = hash(gram);
        recent[position & MASK] = hash;
        let Some(start) = (position + 1).checked_sub(WINDOW) else { continue };
        let next = match least {
            Some(least) if least >= start => {
                if hash >= recent[least & MASK] {
                    continue;
                }
                position
            }
            _ => (start..position + 1).min_by_key(|at| recent[at & MASK]).unwrap_or(position),
        };
        least = Some(next);
        found(recent[next & MASK]);
    }
}

/// All bytes of a gram.
const GRAM: u64 = (1 << (8 * GRAM_BYTES)) - 1;

/// A bijection, so it stands for the gram itself.
fn hash(gram: u64) -> u64 {
    gram.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Bytes of an id in lower case, all at once.
fn lower(id: u128) -> u128 {
    const fn each(byte: u8) -> u128 {
        u128::from_ne_bytes([byte; ID_BYTES_MIN])
    }
    // They are ASCII, so no sum carries into the next byte.
    let upper = (id + each(0x80 - b'A')) & !(id + each(0x7f - b'Z')) & each(0x80);
    id | upper >> 2
}

/// The key of an id that has just one window, as most ids in hexadecimal digits do.
fn key_of_window(id: &[u8; ID_BYTES_MIN]) -> u64 {
    let id = lower(u128::from_be_bytes(*id));
    (0..WINDOW).map(|at| hash((id >> (8 * at)) as u64 & GRAM)).fold(u64::MAX, u64::min)
}

/// The keys of all cuts of ids in `needle`: a text that contains the needle has all of them. Empty
/// when the needle has no cut that is long enough and has a digit.
pub fn needle_keys(needle: &[u8]) -> Vec<u64> {
    let mut out = Vec::new();
    ids(needle, |cut| keys(cut, |key| out.push(key)));
    out
}

/// Distinct keys in the order they were first seen, so that equal pages have equal filters.
#[derive(Debug, Default)]
pub struct KeySet<'a> {
    keys: Vec<u64>,
    seen: HashSet<u64, foldhash::fast::RandomState>,
    seen_ids: HashSet<&'a [u8], foldhash::fast::RandomState>,
}

impl<'a> KeySet<'a> {
    /// An empty set for a text of so many bytes.
    pub fn of_bytes(bytes: usize) -> Self {
        let mut set = Self::default();
        // Enough for text with many; growing meanwhile costs more.
        set.seen.reserve(bytes / BYTES_PER_ID);
        set
    }

    /// Takes room for `keys` more.
    pub fn expect(&mut self, keys: usize) {
        self.seen.reserve(keys);
        self.keys.reserve(keys);
    }

    /// Adds the keys of `run` if it is an id.
    pub fn add_id(&mut self, run: &[u8]) {
        if is_id(run) {
            keys(run, |key| self.add(key));
        }
    }

    /// Adds the keys of all ids in `text`, which repeat little.
    pub fn add_ids_of(&mut self, text: &[u8]) {
        ids(text, |id| keys(id, |key| self.add(key)));
    }

    /// Adds a key.
    pub fn add(&mut self, key: u64) {
        if self.seen.insert(key) {
            self.keys.push(key);
        }
    }

    /// Adds the keys of all ids in `text`. Ids that repeat, as pod names do, are cut only once.
    pub fn add_ids(&mut self, text: &'a [u8]) {
        self.seen.reserve(text.len() / BYTES_PER_ID);
        self.seen_ids.reserve(text.len() / BYTES_PER_ID);
        ids(text, |id| {
            if self.seen_ids.insert(id) {
                keys(id, |key| self.add(key));
            }
        });
    }

    /// The keys.
    pub fn keys(&self) -> &[u64] {
        &self.keys
    }
}
