//! Labels of series: from attributes of points, and what all series of a resource and scope have in common.

use crate::otlp::metrics::map::Translation;
use crate::otlp::metrics::name::label_name;
use crate::otlp::metrics::{PointHead, ResourceMetrics, ScopeMetrics};
use crate::otlp::value::KeyValue;
use crate::push::Pair;
use crate::series::{METRIC_NAME, Series};
use std::borrow::Cow;
use std::collections::BTreeMap;

pub(super) const SERVICE_NAME: &[u8] = b"service.name";
pub(super) const SERVICE_NAMESPACE: &[u8] = b"service.namespace";
pub(super) const SERVICE_INSTANCE: &[u8] = b"service.instance.id";

/// Labels by name.
pub(super) type LabelMap<'a> = BTreeMap<Cow<'a, [u8]>, Cow<'a, [u8]>>;

/// What all series of a resource have in common.
pub(super) struct Identity<'a> {
    pub job: Option<Cow<'a, [u8]>>,
    pub instance: Option<Cow<'a, [u8]>>,
    promoted: Vec<Pair<'a>>,
}

impl<'a> Identity<'a> {
    pub(super) fn of(resource: &'a ResourceMetrics<'_>, translation: &Translation) -> Self {
        let find = |name: &[u8]| {
            resource.attributes.iter().find(|pair| pair.key == name).map(|pair| pair.value.text())
        };
        let job = find(SERVICE_NAME).map(|name| match find(SERVICE_NAMESPACE) {
            Some(namespace) => Cow::Owned([&namespace, &b"/"[..], &name].concat()),
            None => name,
        });
        let is_promoted =
            |pair: &&KeyValue<'_>| translation.promoted.iter().any(|name| *name.as_bytes() == *pair.key);
        let promoted = resource.attributes.iter().filter(is_promoted);
        let promoted = promoted.filter_map(|pair| Some((label_name(&pair.key)?, pair.value.text())));
        Self { job, instance: find(SERVICE_INSTANCE), promoted: promoted.collect() }
    }
}

/// Labels of attributes; of names that become the same one the values are joined.
pub(super) fn labels_of<'a>(
    attributes: impl Iterator<Item = &'a KeyValue<'a>>,
) -> Result<LabelMap<'a>, String> {
    let mut sorted: Vec<_> = attributes.collect();
    sorted.sort_by(|a, b| a.key.cmp(&b.key));
    let mut out = LabelMap::new();
    for attribute in sorted {
        let name = label_name(&attribute.key).ok_or_else(|| {
            format!("attribute {:?} has no usable name", String::from_utf8_lossy(&attribute.key))
        })?;
        let value = attribute.value.text();
        match out.get_mut(&name) {
            Some(known) => {
                let known = known.to_mut();
                known.push(b';');
                known.extend_from_slice(&value);
            }
            None => drop(out.insert(name, value)),
        }
    }
    Ok(out)
}

/// What the labels of a point's series depend on besides the point.
#[derive(Clone, Copy)]
pub(super) struct Common<'a> {
    pub identity: &'a Identity<'a>,
    pub scope: &'a ScopeMetrics<'a>,
    pub promote_scope: bool,
}

impl<'a> Common<'a> {
    /// The labels of a point's series, but for the metric's name.
    pub(super) fn base_labels(self, head: &'a PointHead<'_>) -> Result<LabelMap<'a>, String> {
        let mut out = labels_of(head.attributes.iter())?;
        for (name, value) in &self.identity.promoted {
            out.entry(Cow::Borrowed(name)).or_insert(Cow::Borrowed(value));
        }
        if self.promote_scope && !self.scope.name.is_empty() {
            for attribute in &self.scope.attributes {
                let name = [b"otel_scope_", attribute.key.as_ref()].concat();
                let name = label_name(&name).map(|name| name.into_owned().into());
                out.extend(name.map(|name: Cow<'_, [u8]>| (name, attribute.value.text())));
            }
            let scope = [
                (&b"otel_scope_name"[..], &self.scope.name),
                (b"otel_scope_version", &self.scope.version),
                (b"otel_scope_schema_url", &self.scope.schema_url),
            ];
            out.extend(scope.map(|(name, value)| (Cow::Borrowed(name), Cow::Borrowed(value.as_ref()))));
        }
        for (name, value) in [(&b"job"[..], &self.identity.job), (b"instance", &self.identity.instance)] {
            out.extend(value.as_deref().map(|value| (Cow::Borrowed(name), Cow::Borrowed(value))));
        }
        Ok(out)
    }
}

/// A series of `base` with the metric's name and perhaps one label more, which both win over attributes.
pub(super) fn series_of<'s>(
    name: &'s str,
    base: &'s LabelMap<'_>,
    more: Option<(&'s str, &'s str)>,
) -> Series<'s> {
    let own = |name: &[u8]| name == METRIC_NAME || more.is_some_and(|(more, _)| more.as_bytes() == name);
    let base = base.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
    let mut labels = vec![(METRIC_NAME, name.as_bytes())];
    labels.extend(base.filter(|(name, _)| !own(name)));
    labels.extend(more.map(|(name, value)| (name.as_bytes(), value.as_bytes())));
    Series { labels, ..Series::default() }
}
