//! What a query cannot tell apart: streams that are alike in the labels that it asks for, and rows that say the same.
//! Whoever takes runs keeps this from one job to the next.

use crate::eval::line::{Pipeline, StreamPipeline};
use hashbrown::HashMap;
use model::{Labels, LabelsRef, RowColumns, RowRef, varint};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// Streams by the labels that are asked for.
#[derive(Default)]
pub(super) struct Classes {
    /// Positions in `pipelines` by the bytes of these labels.
    known: HashMap<Box<[u8]>, usize, foldhash::fast::RandomState>,
    /// Of each class the pipeline, bound to its labels.
    pipelines: Vec<Arc<StreamPipeline>>,
    /// To put labels together.
    scratch: Vec<u8>,
}

impl Classes {
    /// The class of the stream of `labels`, of which those in `named` are asked for; none: all.
    pub fn class(&mut self, pipeline: &Pipeline, named: Option<&[String]>, labels: &Labels) -> usize {
        self.scratch.clear();
        let is_named = |name: &str| named.is_none_or(|names| names.iter().any(|n| n == name));
        for (name, value) in labels.iter().filter(|(name, _)| is_named(name)) {
            varint::put_bytes(&mut self.scratch, name.as_bytes());
            varint::put_bytes(&mut self.scratch, value.as_bytes());
        }
        if let Some(known) = self.known.get(self.scratch.as_slice()) {
            return *known;
        }
        let labels = LabelsRef::trusted(&self.scratch).to_owned();
        self.pipelines.push(Arc::new(pipeline.for_stream(&labels)));
        self.known.insert(self.scratch.as_slice().into(), self.pipelines.len() - 1);
        self.pipelines.len() - 1
    }

    /// The pipeline of a class.
    pub fn pipeline(&self, class: usize) -> Option<Arc<StreamPipeline>> {
        self.pipelines.get(class).cloned()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.pipelines.len()
    }
}

/// Rows that are remembered. Only then it is judged whether asking on is worth it: rows of one page may all differ, and
/// come again in the next.
const ROWS_MAX: usize = 1 << 16;

/// What became of rows, by what they say: by a hash of that with a seed of the memo's own, long enough that no two of
/// them ever have the same, whoever wrote them. The texts themselves would be compared in places all over the memory.
pub(super) struct Memo<T> {
    of_classes: Vec<OfClass<T>>,
    /// How many are remembered.
    rows: usize,
    seed: u64,
}

/// What a row says, as a memo knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Key(u128);

/// The rows of one class.
struct OfClass<T> {
    known: HashMap<Key, T, BuildHasherDefault<Taken>>,
    asked: u64,
    found: u64,
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        let seed = RandomState::new().build_hasher().finish();
        Self { of_classes: Vec::new(), rows: 0, seed }
    }
}

impl<T: Copy> Memo<T> {
    /// What the contents of `rows` say, of each by position; none where asking is not worth it: hardly two rows of the
    /// class say the same. `bodies` says whether bodies matter; otherwise only their lengths do.
    pub fn keys(&self, class: usize, rows: &RowColumns, bodies: bool) -> Option<Vec<Key>> {
        let is_unlike = |of: &OfClass<T>| self.rows >= ROWS_MAX && of.found < of.asked / 4;
        if rows.contents.is_empty() || self.of_classes.get(class).is_some_and(is_unlike) {
            return None;
        }
        let mut keys = vec![Key::default(); rows.content_count()];
        for at in 0..rows.len() {
            if let Some(key) = keys.get_mut(rows.content(at)).filter(|key| **key == Key::default()) {
                let row = rows.row(at);
                let row = if bodies { row } else { RowRef { body: &[], ..row } };
                *key = Key(hashed(self.seed, row, rows.body_len(at)));
            }
        }
        Some(keys)
    }

    /// What became of rows of `class` that say what `keys` say. All are looked up one after the other, so that the
    /// processor need not wait for each.
    pub fn find(&mut self, class: usize, keys: &[Key]) -> Vec<Option<T>> {
        if self.of_classes.len() <= class {
            self.of_classes.resize_with(class + 1, OfClass::default);
        }
        let Some(of_class) = self.of_classes.get_mut(class) else { return Vec::new() };
        let found: Vec<Option<T>> = keys.iter().map(|key| of_class.known.get(key).copied()).collect();
        of_class.asked += keys.len() as u64;
        of_class.found += found.iter().flatten().count() as u64;
        found
    }

    /// Remembers what became of a row of `class` that says `key`.
    pub fn remember(&mut self, class: usize, key: Key, what: T) {
        if self.rows < ROWS_MAX
            && let Some(of_class) = self.of_classes.get_mut(class)
        {
            self.rows += 1;
            of_class.known.insert(key, what);
        }
    }
}

/// What `row` says, hashed.
fn hashed(seed: u64, row: RowRef<'_>, body_len: usize) -> u128 {
    let of_body = xxh3_128_with_seed(row.body, seed.wrapping_add(body_len as u64));
    match row.metadata.bytes() {
        [] => of_body,
        metadata => xxh3_128_with_seed(metadata, of_body as u64) ^ of_body.rotate_right(64),
    }
}

/// Of a key that is a hash already, a part.
#[derive(Default)]
struct Taken(u64);

impl Hasher for Taken {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        debug_assert!(false, "{} bytes that are no hash", bytes.len());
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }
}

impl<T> Default for OfClass<T> {
    fn default() -> Self {
        Self { known: HashMap::default(), asked: 0, found: 0 }
    }
}
