//! Bytes to answers about streams.

use crate::{DECODED_BYTES_MAX, HEAD_BYTES, MAGIC};
use base::{Error, Result};
use hashbrown::HashMap;
use model::{Labels, MatchOp, Matcher, varint};
use roaring::RoaringBitmap;
use std::ops::Range;

/// A decoded index. Its tables are read where they lie: opening allocates once, whatever the number
/// of streams.
#[derive(Debug)]
pub struct Index {
    raw: Vec<u8>,
    name_count: usize,
    value_count: usize,
    stream_count: usize,
    /// Names, and which values each has.
    names: Table,
    name_values: Table,
    values: Table,
    streams: Table,
    postings: Table,
}

/// Where a table of ends and the heap that they cut lie.
#[derive(Clone, Copy, Debug, Default)]
struct Table {
    ends: usize,
    heap: usize,
}

fn corrupt(what: &str) -> Error {
    Error::corrupt(format!("index: {what}"))
}

fn u32_at(raw: &[u8], at: usize) -> Option<u32> {
    raw.get(at..)?.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes))
}

impl Index {
    /// Decodes and checks what [`crate::encode`] gave.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| corrupt("wrong magic or version"))?;
        let raw_len = u32_at(rest, 0).ok_or_else(|| corrupt("cut head"))? as usize;
        if raw_len > DECODED_BYTES_MAX {
            return Err(corrupt(&format!("{raw_len} bytes, limit {DECODED_BYTES_MAX}")));
        }
        let frame = &rest[4..];
        let raw = zstd::bulk::decompress(frame, raw_len).map_err(|e| corrupt("zstd frame").because(e))?;
        if raw.len() != raw_len {
            return Err(corrupt(&format!("{} bytes instead of {raw_len}", raw.len())));
        }
        Self::from_raw(raw)
    }

    /// Checks decoded tables: what a fuzzer feeds besides [`Index::decode`].
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn from_raw(raw: Vec<u8>) -> Result<Self> {
        let mut head = [0usize; HEAD_BYTES / 4];
        for (at, number) in head.iter_mut().enumerate() {
            *number = u32_at(&raw, 4 * at).ok_or_else(|| corrupt("cut head"))? as usize;
        }
        let [name_count, value_count, stream_count, names_len, values_len, streams_len, postings_len] = head;
        let mut at = HEAD_BYTES;
        let mut place = |len: usize| {
            let start = at;
            at = start.saturating_add(len);
            start
        };
        let [name_ends, name_value_ends] = [name_count, name_count].map(|count| place(4 * count));
        let [value_ends, stream_ends, posting_ends] =
            [value_count, stream_count, value_count].map(|count| place(4 * count));
        let heaps = [names_len, values_len, streams_len, postings_len].map(place);
        let index = Self {
            name_count,
            value_count,
            stream_count,
            names: Table { ends: name_ends, heap: heaps[0] },
            name_values: Table { ends: name_value_ends, heap: 0 },
            values: Table { ends: value_ends, heap: heaps[1] },
            streams: Table { ends: stream_ends, heap: heaps[2] },
            postings: Table { ends: posting_ends, heap: heaps[3] },
            raw,
        };
        if at != index.raw.len() {
            return Err(corrupt("lengths do not add up"));
        }
        index.check(&[
            (index.names, name_count, names_len),
            (index.name_values, name_count, value_count),
            (index.values, value_count, values_len),
            (index.streams, stream_count, streams_len),
            (index.postings, value_count, postings_len),
        ])?;
        Ok(index)
    }

    fn check(&self, tables: &[(Table, usize, usize)]) -> Result<()> {
        for (table, count, len) in tables {
            let ends: Option<Vec<u32>> =
                (0..*count).map(|at| u32_at(&self.raw, table.ends + 4 * at)).collect();
            let ends = ends.ok_or_else(|| corrupt("cut table"))?;
            if !ends.is_sorted() || ends.last().map_or(0, |end| *end as usize) != *len {
                return Err(corrupt("ends out of order"));
            }
        }
        if !ascending((0..self.name_count).map(|at| self.name(at))) {
            return Err(corrupt("names not ascending"));
        }
        for name in 0..self.name_count {
            if !ascending(self.values_of(name).map(|at| self.value(at))) {
                return Err(corrupt("values not ascending"));
            }
        }
        Ok(())
    }

    fn piece(&self, table: Table, at: usize) -> Range<usize> {
        let end = |at: usize| u32_at(&self.raw, table.ends + 4 * at).map_or(0, |end| end as usize);
        let start = at.checked_sub(1).map_or(0, end);
        table.heap + start..table.heap + end(at)
    }

    fn bytes(&self, table: Table, at: usize) -> &[u8] {
        self.raw.get(self.piece(table, at)).unwrap_or(&[])
    }

    fn name(&self, at: usize) -> Option<&str> {
        std::str::from_utf8(self.bytes(self.names, at)).ok()
    }

    fn value(&self, at: usize) -> Option<&str> {
        std::str::from_utf8(self.bytes(self.values, at)).ok()
    }

    fn values_of(&self, name: usize) -> Range<usize> {
        self.piece(self.name_values, name)
    }

    /// Number of streams.
    pub fn stream_count(&self) -> u32 {
        self.stream_count as u32
    }

    /// Bytes held in memory, for caches.
    pub fn held_bytes(&self) -> u64 {
        self.raw.len() as u64
    }

    /// All label names, ascending.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        (0..self.name_count).filter_map(|at| self.name(at))
    }

    /// All values of the label `name`, ascending.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let values = self.find_name(name).map_or(0..0, |at| self.values_of(at));
        values.filter_map(|at| self.value(at))
    }

    /// The labels of the stream of `ordinal`; none beyond the last.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn labels(&self, ordinal: u32) -> Result<Option<Labels>> {
        if ordinal as usize >= self.stream_count {
            return Ok(None);
        }
        let mut rest = self.bytes(self.streams, ordinal as usize);
        let mut canonical = Vec::new();
        let (mut value, mut first, mut last_name) = (0u64, true, None);
        while !rest.is_empty() {
            let step = varint::take(&mut rest).ok_or_else(|| corrupt("cut labels"))?;
            value = value
                .checked_add(step)
                .filter(|_| first || step > 0)
                .ok_or_else(|| corrupt("labels out of order"))?;
            first = false;
            let at = usize::try_from(value).ok().filter(|at| *at < self.value_count);
            let at = at.ok_or_else(|| corrupt("labels beyond the dictionary"))?;
            let name = self.name_of_value(at);
            if last_name.replace(name) == Some(name) {
                return Err(corrupt("stream with a label twice"));
            }
            varint::put_bytes(&mut canonical, self.bytes(self.names, name));
            varint::put_bytes(&mut canonical, self.bytes(self.values, at));
        }
        Ok(Some(model::LabelsRef::trusted(&canonical).to_owned()))
    }

    /// For each of `ordinals` the first of them that is alike in the labels `names`.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn alike(&self, ordinals: impl Iterator<Item = u32>, names: &[String]) -> Result<Vec<u32>> {
        let wanted: Vec<Range<usize>> =
            names.iter().filter_map(|name| self.find_name(name)).map(|name| self.values_of(name)).collect();
        if wanted.is_empty() {
            let mut ordinals = ordinals.peekable();
            let first = ordinals.peek().copied().unwrap_or(0);
            return Ok(ordinals.map(|_| first).collect());
        }
        let mut firsts: HashMap<Vec<u64>, u32, foldhash::fast::RandomState> = HashMap::default();
        let (mut values, mut last_values, mut last) = (Vec::new(), Vec::new(), None);
        let mut alike = Vec::with_capacity(ordinals.size_hint().0);
        for ordinal in ordinals {
            values.clear();
            let mut rest = self.bytes(self.streams, ordinal as usize);
            let mut value = 0u64;
            while !rest.is_empty() {
                let step = varint::take(&mut rest).ok_or_else(|| corrupt("cut labels"))?;
                value = value.checked_add(step).ok_or_else(|| corrupt("labels out of order"))?;
                if wanted.iter().any(|values| values.contains(&(value as usize))) {
                    values.push(value);
                }
            }
            // Neighbours are mostly alike.
            let first = match last.filter(|_| last_values == values) {
                Some(first) => first,
                None => *firsts.entry_ref(values.as_slice()).or_insert(ordinal),
            };
            alike.push(first);
            last = Some(first);
            std::mem::swap(&mut values, &mut last_values);
        }
        Ok(alike)
    }

    /// Ordinals, ascending, of the streams that match all of `matchers`.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn matching(&self, matchers: &[Matcher]) -> Result<Vec<u32>> {
        let mut found = RoaringBitmap::new();
        found.insert_range(0..self.stream_count());
        // Those that a missing label does not pass name streams; the others only take some away.
        for matcher in matchers.iter().filter(|matcher| !matcher.matches_empty()) {
            found &= self.with_value(matcher, true)?;
        }
        for matcher in matchers.iter().filter(|matcher| matcher.matches_empty()) {
            if !found.is_empty() {
                found -= self.with_value(matcher, false)?;
            }
        }
        Ok(found.iter().collect())
    }

    /// Streams whose label has a value for which `matcher` says `verdict`.
    fn with_value(&self, matcher: &Matcher, verdict: bool) -> Result<RoaringBitmap> {
        let mut out = RoaringBitmap::new();
        let Some(name) = self.find_name(&matcher.name) else { return Ok(out) };
        let values = self.values_of(name);
        let exact = matches!((matcher.op, verdict), (MatchOp::Equal, true) | (MatchOp::NotEqual, false));
        if exact {
            if let Some(at) = find(values, |at| self.bytes(self.values, at).cmp(matcher.value.as_bytes())) {
                self.add_posting(at, &mut out)?;
            }
            return Ok(out);
        }
        for at in values {
            if self.value(at).is_some_and(|value| matcher.matches(value) == verdict) {
                self.add_posting(at, &mut out)?;
            }
        }
        Ok(out)
    }

    fn add_posting(&self, value: usize, out: &mut RoaringBitmap) -> Result<()> {
        let mut rest = self.bytes(self.postings, value);
        let mut end = 0u64;
        while !rest.is_empty() {
            let gap = varint::take(&mut rest).ok_or_else(|| corrupt("cut posting"))?;
            let length = varint::take(&mut rest).ok_or_else(|| corrupt("cut posting"))?;
            let start = end.checked_add(gap).ok_or_else(|| corrupt("posting out of range"))?;
            end = start.checked_add(length).and_then(|last| last.checked_add(1)).unwrap_or(u64::MAX);
            if end > self.stream_count as u64 {
                return Err(corrupt("posting beyond the last stream"));
            }
            out.insert_range(start as u32..end as u32);
        }
        Ok(())
    }

    fn find_name(&self, name: &str) -> Option<usize> {
        find(0..self.name_count, |at| self.bytes(self.names, at).cmp(name.as_bytes()))
    }

    /// The name that a value belongs to: the first whose values end behind it.
    fn name_of_value(&self, value: usize) -> usize {
        let (mut low, mut high) = (0, self.name_count);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.values_of(middle).end <= value { low = middle + 1 } else { high = middle }
        }
        low
    }
}

/// Whether all are text and each is greater than the one before.
fn ascending<'a>(mut names: impl Iterator<Item = Option<&'a str>>) -> bool {
    let mut last = None;
    names.all(|name| name.is_some() && std::mem::replace(&mut last, name) < name)
}

/// Binary search in a sorted range.
fn find(range: Range<usize>, order: impl Fn(usize) -> std::cmp::Ordering) -> Option<usize> {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low + (high - low) / 2;
        match order(middle) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return Some(middle),
        }
    }
    None
}
