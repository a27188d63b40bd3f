//! Admission stream by stream and line by line.

use crate::admit::known::{Found, KnownStream, KnownStreams};
use crate::admit::labels::StreamLabels;
use crate::admit::level::{LevelFinder, Told};
use crate::admit::metadata::{MetadataSet, counted_bytes, write_canonical};
use crate::admit::refusals::{Discarded, Reason, Refusals};
use crate::admit::{Admitted, Judge, Received};
use http::StatusCode;
use model::time::{parse_rfc3339, rfc3339};
use model::{Batch, BatchBuilder, LabelsRef, Limits, RowRef, Tenant};
use std::sync::Arc;
use wire::Push;
use wire::push::{NO_TIME_NS, Pair, PushEntry, PushStream};

/// One push on its way through admission.
pub struct StreamAdmission<'l> {
    tenant: &'l Tenant,
    limits: &'l Arc<Limits>,
    /// Streams whose labels were checked before.
    streams: &'l KnownStreams,
    levels: Option<LevelFinder>,
    /// Entries older than this are refused.
    oldest_ns: i64,
    /// Entries newer than this are refused.
    newest_ns: i64,
    /// Status and text when the tenant may not push.
    blocked: Option<(StatusCode, String)>,
    received: Received,
    bytes: u64,
    truncated: Discarded,
    refusals: Refusals,
    // Buffers that live from line to line.
    own: MetadataSet,
    shared: MetadataSet,
    canonical: Vec<u8>,
    /// The level that alone is in `canonical`; empty where there is more, or nothing.
    canonical_level: Vec<u8>,
    cut_line: Vec<u8>,
}

/// Keeps two different lines of one time apart: a line that repeats the time of the one before it
/// is moved to a nanosecond after it.
#[derive(Default)]
struct Spread<'p> {
    last: Option<(i64, &'p [u8])>,
    /// The last time that was not moved.
    settled_ns: i64,
}

impl<'p> Spread<'p> {
    fn place(&mut self, ts_ns: i64, line: &'p [u8]) -> i64 {
        let placed_ns = match self.last {
            Some((last_ns, last)) if last != line && (ts_ns == self.settled_ns || ts_ns == last_ns) => {
                last_ns.saturating_add(1)
            }
            _ => {
                self.settled_ns = ts_ns;
                ts_ns
            }
        };
        self.last = Some((placed_ns, line));
        placed_ns
    }
}

impl<'l> StreamAdmission<'l> {
    pub fn new(judge: Judge<'l>) -> Self {
        let Judge { tenant, limits, streams, now_ns } = judge;
        let oldest_ns = match limits.reject_old_samples {
            true => now_ns.saturating_sub(limits.reject_old_samples_max_age.ns()).max(0),
            // Nothing was logged before 1970: such a time is a mistake, and Loki has no place for it.
            false => 0,
        };
        Self {
            tenant,
            limits,
            streams,
            levels: LevelFinder::new(limits),
            oldest_ns,
            newest_ns: now_ns.saturating_add(limits.creation_grace_period.ns()),
            blocked: blocked(tenant, limits, now_ns),
            received: Received::default(),
            bytes: 0,
            truncated: Discarded::default(),
            refusals: Refusals::default(),
            own: MetadataSet::default(),
            shared: MetadataSet::default(),
            canonical: Vec::new(),
            canonical_level: Vec::new(),
            cut_line: Vec::new(),
        }
    }

    /// Admits the entries of `stream` of `push` into `batch`. What was `found` by the text of its labels counts
    /// more than the labels themselves.
    ///
    /// # Errors
    /// Metadata with a name that cannot be made a label name, in words for the client.
    pub fn stream(
        &mut self,
        push: &Push<'_>,
        stream: &PushStream<'_>,
        found: Option<&Found<'_>>,
        batch: &mut BatchBuilder,
    ) -> Result<(), String> {
        if stream.entry_count() == 0 {
            return Ok(());
        }
        let known = match found.and_then(|found| found.stream.clone()) {
            Some(known) => known,
            None => match self.check(stream, found) {
                Ok(known) => known,
                Err((reason, text)) => {
                    let discarded = self.receive(push, stream);
                    self.refusals.add(reason, discarded, text);
                    return Ok(());
                }
            },
        };
        if let Some((status, text)) = self.blocked.clone() {
            let discarded = self.receive(push, stream);
            self.refusals.block(discarded, status, text);
            return Ok(());
        }
        self.entries(push, stream, &known, batch)?;
        batch.end_known_stream(known.labels(), known.fingerprint());
        Ok(())
    }

    /// Checks the labels of a stream that is new.
    fn check(
        &self,
        stream: &PushStream<'_>,
        found: Option<&Found<'_>>,
    ) -> Result<Arc<KnownStream>, (Reason, String)> {
        let labels = StreamLabels::new(&stream.labels, &self.limits.discover_service_name);
        if let Some(refused) = labels.refused(self.limits, self.tenant) {
            return Err(refused);
        }
        let known = Arc::new(KnownStream::new(&labels, self.limits));
        if let Some(found) = found {
            self.streams.add(self.tenant, self.limits, found.text, known.clone());
        }
        Ok(known)
    }

    /// Counts what came in with a stream of which nothing passes.
    fn receive(&mut self, push: &Push<'_>, stream: &PushStream<'_>) -> Discarded {
        let mut shared_bytes = SharedBytes::default();
        let (mut line_bytes, mut metadata_bytes) = (0, 0);
        for entry in push.entries(stream) {
            line_bytes += entry.line.len() as u64;
            metadata_bytes += counted_bytes(entry.own) + shared_bytes.of(entry.shared);
        }
        let lines = stream.entry_count() as u64;
        self.received.lines += lines;
        self.received.line_bytes += line_bytes;
        self.received.metadata_bytes += metadata_bytes;
        Discarded { lines, bytes: line_bytes + metadata_bytes }
    }

    fn entries(
        &mut self,
        push: &Push<'_>,
        stream: &PushStream<'_>,
        known: &KnownStream,
        batch: &mut BatchBuilder,
    ) -> Result<(), String> {
        let (labels, label_level) = (known.labels(), known.level());
        let mut spread = self.limits.increment_duplicate_timestamp.then(Spread::default);
        let mut shared_bytes = SharedBytes::default();
        let mut shared: &[Pair<'_>] = &[];
        self.shared.fill(&[])?;
        for entry in push.entries(stream) {
            let size = Size {
                line: entry.line.len() as u64,
                metadata: counted_bytes(entry.own) + shared_bytes.of(entry.shared),
            };
            self.received.lines += 1;
            self.received.line_bytes += size.line;
            self.received.metadata_bytes += size.metadata;
            if let Some((reason, text)) = self.entry_refused(&entry, size, labels) {
                self.refusals.add(reason, Discarded { lines: 1, bytes: size.line + size.metadata }, text);
                continue;
            }
            if !same_slice(shared, entry.shared) {
                shared = entry.shared;
                self.shared.fill(shared)?;
            }
            let ts_ns = spread.as_mut().map_or(entry.ts_ns, |spread| spread.place(entry.ts_ns, entry.line));
            self.entry(&entry, ts_ns, label_level, batch)?;
            self.bytes += size.metadata;
        }
        Ok(())
    }

    /// Adds an entry that passed its checks.
    fn entry(
        &mut self,
        entry: &PushEntry<'_, '_>,
        ts_ns: i64,
        label_level: Option<&[u8]>,
        batch: &mut BatchBuilder,
    ) -> Result<(), String> {
        let text = cut(entry.line, self.limits, &mut self.cut_line);
        if text.len() != entry.line.len() {
            self.truncated.add(1, entry.line.len().saturating_sub(text.len()) as u64);
        }
        self.own.fill(entry.own)?;
        let level = self.levels.as_ref().map(|finder| {
            let (own, shared) = match (entry.own, entry.shared) {
                ([], []) => (Told::default(), Told::default()),
                _ => (finder.told(&self.own), finder.told(&self.shared)),
            };
            finder.level(label_level, own, shared, text)
        });
        let level = level.filter(|level| !level.is_empty());
        // Most lines bring nothing, and have the level of the one before them.
        let is_alone = self.own.is_empty() && self.shared.is_empty();
        if !is_alone || level.is_none_or(|level| level != self.canonical_level) {
            self.canonical.clear();
            write_canonical(&mut self.canonical, &self.own, &self.shared, level);
            self.canonical_level.clear();
            self.canonical_level.extend_from_slice(level.filter(|_| is_alone).unwrap_or(&[]));
        }
        self.bytes += text.len() as u64;
        batch.add_row(RowRef { ts_ns, body: text, metadata: LabelsRef::trusted(&self.canonical) });
        Ok(())
    }

    /// What the limits have against an entry, in Loki's words.
    fn entry_refused(
        &self,
        entry: &PushEntry<'_, '_>,
        size: Size,
        labels: LabelsRef<'_>,
    ) -> Option<(Reason, String)> {
        let (limits, ts_ns) = (self.limits, entry.ts_ns);
        if ts_ns < self.oldest_ns {
            let (time, oldest) = (seconds_text(ts_ns), seconds_text(self.oldest_ns));
            let text = format!(
                "entry for stream '{}' has timestamp too old: {time}, oldest acceptable timestamp is: {oldest}",
                labels
            );
            return Some((Reason::TooOld, text));
        }
        if ts_ns > self.newest_ns {
            let time = seconds_text(ts_ns);
            let text = format!("entry for stream '{}' has timestamp too new: {time}", labels);
            return Some((Reason::TooNew, text));
        }
        let line_max = limits.max_line_size.0;
        if line_max != 0 && size.line > line_max && !limits.max_line_size_truncate {
            let text = format!(
                "max entry size '{line_max}' bytes exceeded for stream '{}' while adding an entry with length '{}' bytes",
                labels, size.line
            );
            return Some((Reason::LineTooLong, text));
        }
        match entry.own.len() + entry.shared.len() {
            0 => None,
            count => self.metadata_refused(count, size.metadata, labels),
        }
    }

    fn metadata_refused(&self, count: usize, bytes: u64, labels: LabelsRef<'_>) -> Option<(Reason, String)> {
        let limits = self.limits;
        let (bytes_max, count_max) =
            (limits.max_structured_metadata_size.0, limits.max_structured_metadata_entries_count);
        let (reason, what, setting, to) = if !limits.allow_structured_metadata {
            let what = "includes structured metadata, but this feature is disallowed".to_owned();
            (Reason::DisallowedMetadata, what, "allow_structured_metadata", "enable")
        } else if bytes_max != 0 && bytes > bytes_max {
            let what =
                format!("has structured metadata too large: '{bytes}' bytes, limit: '{bytes_max}' bytes");
            (Reason::MetadataTooLarge, what, "max_structured_metadata_size", "increase")
        } else if count_max != 0 && count > count_max {
            let what = format!("has too many structured metadata labels: '{count}', limit: '{count_max}'");
            (Reason::MetadataTooMany, what, "max_structured_metadata_entries_count", "increase")
        } else {
            return None;
        };
        let text = format!(
            "stream '{}' {what}. Please see `limits_config.{setting}` or contact your Loki administrator to {to} it",
            labels
        );
        Some((reason, text))
    }

    /// What came of the push of `streams` streams.
    pub fn finish(self, batch: Batch, streams: u64) -> Admitted {
        Admitted {
            batch,
            bytes: self.bytes,
            received: Received { streams, ..self.received },
            refusals: self.refusals,
            truncated: self.truncated,
        }
    }
}

/// What limits count of an entry.
#[derive(Clone, Copy)]
struct Size {
    line: u64,
    metadata: u64,
}

/// Bytes of shared pairs, counted again only when the pairs change.
#[derive(Default)]
struct SharedBytes<'p, 'a> {
    pairs: &'p [Pair<'a>],
    bytes: u64,
}

impl<'p, 'a> SharedBytes<'p, 'a> {
    fn of(&mut self, pairs: &'p [Pair<'a>]) -> u64 {
        if !same_slice(self.pairs, pairs) {
            *self = Self { pairs, bytes: counted_bytes(pairs) };
        }
        self.bytes
    }
}

/// Whether both are the same piece of memory.
fn same_slice<T>(a: &[T], b: &[T]) -> bool {
    std::ptr::eq(a, b)
}

/// `line`, cut to the longest that may be kept when lines are cut.
fn cut<'p>(line: &'p [u8], limits: &Limits, buffer: &'p mut Vec<u8>) -> &'p [u8] {
    let max = limits.max_line_size.0 as usize;
    if !limits.max_line_size_truncate || max == 0 || line.len() <= max {
        return line;
    }
    let mark = limits.max_line_size_truncate_identifier.as_bytes();
    buffer.clear();
    buffer.extend_from_slice(&line[..max.saturating_sub(mark.len())]);
    buffer.extend_from_slice(mark);
    buffer
}

/// Status and text when `tenant` may not push at `now_ns`.
fn blocked(tenant: &Tenant, limits: &Limits, now_ns: i64) -> Option<(StatusCode, String)> {
    let until_ns = parse_rfc3339(&limits.block_ingestion_until).ok()?;
    if now_ns >= until_ns {
        return None;
    }
    let code = limits.block_ingestion_status_code;
    let until = seconds_text(until_ns);
    let text = format!("ingestion blocked for user '{tenant}' until '{until}' with status code '{code}'");
    Some((StatusCode::from_u16(code).unwrap_or(StatusCode::FORBIDDEN), text))
}

/// `ts_ns` as RFC 3339 without parts of a second.
fn seconds_text(ts_ns: i64) -> String {
    if ts_ns == NO_TIME_NS {
        return "0001-01-01T00:00:00Z".to_owned();
    }
    rfc3339(ts_ns.div_euclid(base::unit::SECOND_NS).saturating_mul(base::unit::SECOND_NS))
}
