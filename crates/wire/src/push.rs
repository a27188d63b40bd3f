//! A push after decoding, whatever its wire format: streams with their labels, entries with their
//! metadata, all borrowed from the body where the body holds them as they are. Three flat lists
//! hold everything, so that decoding allocates per push and not per line.

use std::borrow::Cow;
use std::ops::Range;

/// The time of an entry that came without one: long before anything that is taken.
pub const NO_TIME_NS: i64 = i64::MIN;

/// Label pairs sorted by name, without empty values; names may repeat, which admission refuses.
pub type LabelPairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// A pair of structured metadata, any bytes.
pub type Pair<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// What a push holds.
#[derive(Debug, Default)]
pub struct Push<'a> {
    streams: Vec<PushStream<'a>>,
    entries: Vec<Entry<'a>>,
    pairs: Vec<Pair<'a>>,
}

/// A stream of a push.
#[derive(Debug)]
pub struct PushStream<'a> {
    /// Its labels.
    pub labels: LabelPairs<'a>,
    entries: Range<usize>,
}

/// Memory of an entry besides its pairs, or of a pair.
pub const ITEM_BYTES: usize = size_of::<Entry<'_>>();

#[derive(Debug)]
struct Entry<'a> {
    ts_ns: i64,
    line: Cow<'a, [u8]>,
    own: Range<usize>,
    shared: Range<usize>,
}

/// An entry of a push, borrowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PushEntry<'p, 'a> {
    /// When, Unix nanoseconds.
    pub ts_ns: i64,
    /// The text, any bytes.
    pub line: &'p [u8],
    /// Its own structured metadata in the order in which it came.
    pub own: &'p [Pair<'a>],
    /// Structured metadata that it shares with its neighbours (an OTLP resource's and scope's);
    /// comes after its own, and of pairs with one name the last one holds. The same slice means
    /// the same pairs.
    pub shared: &'p [Pair<'a>],
}

impl<'a> Push<'a> {
    /// The streams in their order.
    pub fn streams(&self) -> &[PushStream<'a>] {
        &self.streams
    }

    /// Number of entries in all streams.
    pub fn entry_count(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of all lines.
    pub fn line_bytes(&self) -> usize {
        self.entries.iter().map(|entry| entry.line.len()).sum()
    }

    /// The entries of `stream`.
    pub fn entries<'p>(
        &'p self,
        stream: &PushStream<'a>,
    ) -> impl ExactSizeIterator<Item = PushEntry<'p, 'a>> + use<'p, 'a> {
        let entries = self.entries.get(stream.entries.clone()).unwrap_or(&[]);
        entries.iter().map(|entry| PushEntry {
            ts_ns: entry.ts_ns,
            line: &entry.line,
            own: self.pairs.get(entry.own.clone()).unwrap_or(&[]),
            shared: self.pairs.get(entry.shared.clone()).unwrap_or(&[]),
        })
    }
}

impl PushStream<'_> {
    /// Number of its entries.
    pub fn entry_count(&self) -> usize {
        self.entries.len()
    }
}

/// An entry that waits for its stream.
#[derive(Debug)]
pub struct SetAside<'a>(Entry<'a>);

/// Builds a [`Push`]: for each stream its entries, for each entry first its pairs.
#[derive(Debug, Default)]
pub struct PushBuilder<'a> {
    push: Push<'a>,
    stream_start: usize,
    entry_start: usize,
    shared: Range<usize>,
}

impl<'a> PushBuilder<'a> {
    /// Adds a pair to the metadata of the entry that comes next.
    pub fn pair(&mut self, name: impl Into<Cow<'a, [u8]>>, value: impl Into<Cow<'a, [u8]>>) {
        self.push.pairs.push((name.into(), value.into()));
    }

    /// Takes the pairs added since the last entry as shared by all entries from now on.
    pub fn share(&mut self) {
        self.shared = self.entry_start..self.push.pairs.len();
        self.entry_start = self.push.pairs.len();
    }

    /// Ends an entry, with the pairs added since the last one.
    pub fn entry(&mut self, ts_ns: i64, line: impl Into<Cow<'a, [u8]>>) {
        let entry = self.set_aside(ts_ns, line);
        self.put_back(entry);
    }

    /// Ends an entry that belongs to another stream than its neighbours: it is given back to
    /// [`PushBuilder::put_back`] when that stream's turn has come.
    pub fn set_aside(&mut self, ts_ns: i64, line: impl Into<Cow<'a, [u8]>>) -> SetAside<'a> {
        let own = self.entry_start..self.push.pairs.len();
        self.entry_start = self.push.pairs.len();
        SetAside(Entry { ts_ns, line: line.into(), own, shared: self.shared.clone() })
    }

    /// Adds an entry that was set aside.
    pub fn put_back(&mut self, entry: SetAside<'a>) {
        self.push.entries.push(entry.0);
    }

    /// Forgets the entries added since the last stream.
    pub fn drop_entries(&mut self) {
        self.push.entries.truncate(self.stream_start);
    }

    /// Whether no entry was added since the last stream.
    pub fn stream_is_empty(&self) -> bool {
        self.push.entries.len() == self.stream_start
    }

    /// Ends a stream, with the entries added since the last one, perhaps none.
    pub fn stream(&mut self, labels: LabelPairs<'a>) {
        let entries = self.stream_start..self.push.entries.len();
        self.stream_start = self.push.entries.len();
        self.push.streams.push(PushStream { labels, entries });
    }

    /// The entries added since it was empty, which all belong to one stream of `labels`, as a push.
    pub(crate) fn only_stream(&mut self, labels: LabelPairs<'a>) -> &Push<'a> {
        self.stream(labels);
        &self.push
    }

    /// Empties it; its room stays.
    pub(crate) fn clear(&mut self) {
        self.push.streams.clear();
        self.push.entries.clear();
        self.push.pairs.clear();
        (self.stream_start, self.entry_start, self.shared) = (0, 0, 0..0);
    }

    /// As [`PushBuilder::stream`], but gives the entries to the last stream if it has these labels.
    pub fn join_stream(&mut self, labels: LabelPairs<'a>) {
        match self.push.streams.last_mut() {
            Some(last) if last.labels == labels => {
                self.stream_start = self.push.entries.len();
                last.entries.end = self.stream_start;
            }
            _ => self.stream(labels),
        }
    }

    /// The push so far.
    pub fn build(self) -> Push<'a> {
        self.push
    }
}
