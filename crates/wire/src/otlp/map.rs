//! OTLP logs as streams, the way Loki maps them: some attributes of the resource become labels, all
//! other attributes and fields become structured metadata, the body becomes the line.

use crate::label_name;
use crate::otlp::rules::{Action, Rules};
use crate::otlp::value::{AnyValue, KeyValue};
use crate::otlp::{LogRecord, Logs, ScopeLogs};
use crate::push::{LabelPairs, Pair, Push, PushBuilder, SetAside};
use crate::refused::Refused;
use crate::room::Room;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The label that names what a stream comes from.
pub const SERVICE_NAME: &str = "service_name";

/// Its value when nothing says what it is.
pub const UNKNOWN_SERVICE: &str = "unknown_service";

type LabelMap<'a> = BTreeMap<Cow<'a, str>, Cow<'a, str>>;

/// Streams of `logs`. `discover` are the labels that give `service_name` where the resource has
/// none, or empty for none; records without any time get `received_ns`. What is repeated for scopes and records, and
/// names that are joined, take of `room`.
///
/// # Errors
/// [`base::Kind::Invalid`] for an attribute without a usable name, [`base::Kind::Limit`] when there is no room.
pub fn push<'a>(
    logs: Logs<'a>,
    rules: &Rules,
    discover: &[String],
    received_ns: i64,
    room: &Room,
) -> Result<Push<'a>, Refused> {
    let aside = BTreeMap::new();
    let mut mapper = Mapper { builder: PushBuilder::default(), rules, received_ns, room, aside };
    for resource in logs.resources {
        let (labels, metadata) = resource_labels(resource.attributes, rules, discover, room)?;
        for scope in resource.scopes {
            mapper.scope(scope, &labels, &metadata)?;
        }
    }
    for (labels, entries) in mapper.aside {
        entries.into_iter().for_each(|entry| mapper.builder.put_back(entry));
        mapper.builder.stream(labels);
    }
    Ok(mapper.builder.build())
}

/// The labels of a resource's streams, and its other attributes.
fn resource_labels<'a>(
    attributes: Vec<KeyValue<'a>>,
    rules: &Rules,
    discover: &[String],
    room: &Room,
) -> Result<(LabelMap<'a>, Vec<Pair<'a>>), Refused> {
    let named = |pair: &KeyValue<'_>| pair.key.as_ref() == b"service.name" && !pair.value.text().is_empty();
    let mut has_service_name = discover.is_empty() || attributes.iter().any(named);
    let (mut labels, mut metadata) = (LabelMap::new(), Vec::new());
    for attribute in attributes {
        match rules.resource(&attribute.key) {
            Action::Drop => {}
            Action::StructuredMetadata => flatten(attribute.key, attribute.value, room, &mut metadata)?,
            Action::IndexLabel => {
                let mut pairs = Vec::new();
                flatten(attribute.key, attribute.value, room, &mut pairs)?;
                for (name, value) in pairs {
                    let (name, value) = label(&name, value)?;
                    if !has_service_name && discover.iter().any(|known| *known == name) {
                        labels.insert(SERVICE_NAME.into(), value.clone());
                        has_service_name = true;
                    }
                    labels.insert(name, value);
                }
            }
        }
    }
    if !has_service_name {
        labels.insert(SERVICE_NAME.into(), UNKNOWN_SERVICE.into());
    }
    Ok((labels, metadata))
}

fn label<'a>(name: &[u8], value: Cow<'a, [u8]>) -> Result<(Cow<'a, str>, Cow<'a, str>), Refused> {
    let name = normal_name(name)?.into_owned();
    let value = match value {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    };
    Ok((Cow::Owned(name), value))
}

fn normal_name(name: &[u8]) -> Result<Cow<'_, str>, Refused> {
    label_name::normalize(name).map_err(|why| Refused::invalid(format!("symbolizer lookup: {why}")))
}

/// Appends `value` under `key`; a map's values under its key and theirs, joined by `_`. Names that
/// are joined are made label names, others stay as they are: admission makes them label names.
fn flatten<'a>(
    key: Cow<'a, [u8]>,
    value: AnyValue<'a>,
    room: &Room,
    out: &mut Vec<Pair<'a>>,
) -> Result<(), Refused> {
    let AnyValue::Map(pairs) = value else {
        return room.keep(out, (key, value.into_text()));
    };
    let prefix = normal_name(&key)?;
    for pair in pairs {
        room.take(prefix.len() + 1 + pair.key.len())?;
        let joined = [prefix.as_bytes(), b"_", &pair.key].concat();
        flatten(Cow::Owned(joined), pair.value, room, out)?;
    }
    Ok(())
}

struct Mapper<'a, 'r> {
    builder: PushBuilder<'a>,
    rules: &'r Rules,
    received_ns: i64,
    room: &'r Room,
    /// Records with labels of their own.
    aside: BTreeMap<LabelPairs<'a>, Vec<SetAside<'a>>>,
}

impl<'a> Mapper<'a, '_> {
    fn scope(
        &mut self,
        scope: ScopeLogs<'a>,
        labels: &LabelMap<'a>,
        metadata: &[Pair<'a>],
    ) -> Result<(), Refused> {
        self.room.take(bytes_of(metadata))?;
        let mut shared = metadata.to_vec();
        for attribute in scope.attributes {
            // Only attributes of resources and records can be labels.
            if self.rules.scope(&attribute.key) == Action::StructuredMetadata {
                flatten(attribute.key, attribute.value, self.room, &mut shared)?;
            }
        }
        for (name, value) in [("scope_name", scope.name), ("scope_version", scope.version)] {
            if !value.is_empty() {
                shared.push((name.as_bytes().into(), value));
            }
        }
        if scope.dropped_attributes > 0 {
            let count = scope.dropped_attributes.to_string().into_bytes();
            shared.push((b"scope_dropped_attributes_count".into(), count.into()));
        }
        for (name, value) in shared {
            self.builder.pair(name, value);
        }
        self.builder.share();
        self.records(scope.records, labels)
    }

    /// Adds records to the stream of `labels`, and those that bring labels of their own to others.
    fn records(&mut self, records: Vec<LogRecord<'a>>, labels: &LabelMap<'a>) -> Result<(), Refused> {
        for record in records {
            let ts_ns = self.time_of(&record);
            let (own_labels, line) = self.record(record)?;
            if own_labels.is_empty() {
                self.builder.entry(ts_ns, line);
                continue;
            }
            self.room.take(bytes_of_labels(labels))?;
            let mut all = labels.clone();
            all.extend(own_labels);
            let entry = self.builder.set_aside(ts_ns, line);
            self.aside.entry(pairs_of(&all)).or_default().push(entry);
        }
        if !self.builder.stream_is_empty() {
            self.room.take(bytes_of_labels(labels))?;
            self.builder.join_stream(pairs_of(labels));
        }
        Ok(())
    }

    fn time_of(&self, record: &LogRecord<'_>) -> i64 {
        match (record.time_ns, record.observed_ns) {
            (0, 0) => self.received_ns,
            (0, observed_ns) => observed_ns as i64,
            (time_ns, _) => time_ns as i64,
        }
    }

    /// Adds a record's metadata; gives the labels it brings, and its line.
    fn record(&mut self, record: LogRecord<'a>) -> Result<(LabelMap<'a>, Cow<'a, [u8]>), Refused> {
        let mut labels = LabelMap::new();
        let mut pairs = Vec::new();
        for attribute in record.attributes {
            // The field wins over an attribute of its name.
            if attribute.key.as_ref() == b"event_name" && !record.event_name.is_empty() {
                continue;
            }
            match self.rules.log(&attribute.key) {
                Action::Drop => {}
                Action::StructuredMetadata => flatten(attribute.key, attribute.value, self.room, &mut pairs)?,
                Action::IndexLabel => {
                    let mut as_labels = Vec::new();
                    flatten(attribute.key, attribute.value, self.room, &mut as_labels)?;
                    for (name, value) in as_labels {
                        labels.extend([label(&name, value)?]);
                    }
                }
            }
            for (name, value) in pairs.drain(..) {
                self.builder.pair(name, value);
            }
        }
        if self.rules.severity_text_as_label && !record.severity_text.is_empty() {
            labels.extend([label(b"severity_text", record.severity_text.clone())?]);
        }
        let both_times = record.time_ns != 0 && record.observed_ns != 0;
        for (name, number) in [
            ("observed_timestamp", if both_times { record.observed_ns } else { 0 }),
            ("severity_number", record.severity_number as u64),
            ("dropped_attributes_count", u64::from(record.dropped_attributes)),
            ("flags", u64::from(record.flags)),
        ] {
            if number != 0 {
                self.builder.pair(name.as_bytes(), (number as i64).to_string().into_bytes());
            }
        }
        for (name, text) in [
            ("severity_text", record.severity_text),
            ("trace_id", hex(&record.trace_id)),
            ("span_id", hex(&record.span_id)),
            ("event_name", record.event_name),
        ] {
            if !text.is_empty() {
                self.builder.pair(name.as_bytes(), text);
            }
        }
        Ok((labels, record.body.into_text()))
    }
}

/// Memory of another copy of `pairs`.
fn bytes_of(pairs: &[Pair<'_>]) -> usize {
    let own = |text: &Cow<'_, [u8]>| if let Cow::Owned(bytes) = text { bytes.len() } else { 0 };
    pairs.iter().map(|pair| size_of_val(pair) + own(&pair.0) + own(&pair.1)).sum()
}

/// Memory of another copy of `labels`, about.
fn bytes_of_labels(labels: &LabelMap<'_>) -> usize {
    labels.iter().map(|pair| 2 * size_of::<Cow<'_, str>>() + pair.0.len() + pair.1.len()).sum()
}

/// Pairs as a stream has them: sorted, without empty values.
fn pairs_of<'a>(labels: &LabelMap<'a>) -> LabelPairs<'a> {
    let pairs = labels.iter().filter(|(_, value)| !value.is_empty());
    pairs.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// `id` in hex; nothing when it is all zero.
fn hex(id: &[u8]) -> Cow<'static, [u8]> {
    if id.iter().all(|byte| *byte == 0) {
        return Cow::Borrowed(&[]);
    }
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = id.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    Cow::Owned(digits.map(|digit| DIGITS[usize::from(digit)]).collect())
}
