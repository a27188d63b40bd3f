//! Checks of a stream's labels.

use crate::admit::refusals::Reason;
use model::labels::GoQuoted;
use model::{Limits, Tenant, varint};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;
use wire::otlp::map::{SERVICE_NAME, UNKNOWN_SERVICE};
use wire::push::LabelPairs;

/// Labels of streams that Loki's own parts push; they keep the labels they have.
const INTERNAL: [&str; 2] = ["__aggregated_metric__", "__pattern__"];

/// The labels of a stream as they will be stored.
pub struct StreamLabels<'p> {
    pairs: Vec<(Cow<'p, str>, Cow<'p, str>)>,
    internal: bool,
}

impl<'p> StreamLabels<'p> {
    /// Labels as pushed, with `service_name` from the first label of `discover` where there is none.
    pub fn new(pushed: &'p LabelPairs<'_>, discover: &'p [String]) -> Self {
        let borrowed = pushed.iter().map(|(name, value)| (Cow::Borrowed(&**name), Cow::Borrowed(&**value)));
        let mut labels = Self { pairs: borrowed.collect(), internal: false };
        labels.internal = INTERNAL.iter().any(|name| labels.get(name).is_some());
        if !discover.is_empty() && !labels.internal && labels.get(SERVICE_NAME).is_none() {
            let found = discover.iter().find_map(|name| labels.get(name));
            let value = found.map_or(Cow::Borrowed(UNKNOWN_SERVICE), |value| Cow::Owned(value.to_owned()));
            let at = labels.pairs.partition_point(|(name, _)| name.as_ref() < SERVICE_NAME);
            labels.pairs.insert(at, (Cow::Borrowed(SERVICE_NAME), value));
        }
        labels
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref())
    }

    /// Appends the canonical bytes. Gives where in them the value of the label `told` lies.
    pub fn write(&self, out: &mut Vec<u8>, told: Option<&str>) -> Option<Range<usize>> {
        let mut place = None;
        for (name, value) in &self.pairs {
            varint::put_bytes(out, name.as_bytes());
            varint::put_bytes(out, value.as_bytes());
            if told == Some(name.as_ref()) {
                place = Some(out.len() - value.len()..out.len());
            }
        }
        place
    }

    /// `{a="b", c="d"}`, repeated names and all.
    pub fn text(&self) -> String {
        let mut text = String::from("{");
        for (at, (name, value)) in self.pairs.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            let _ = write!(text, "{comma}{name}={}", GoQuoted(value));
        }
        text + "}"
    }

    /// What `limits` have against them, in Loki's words.
    pub fn refused(&self, limits: &Limits, tenant: &Tenant) -> Option<(Reason, String)> {
        self.shape_refused(limits).or_else(|| self.enforced_missing(limits, tenant))
    }

    fn shape_refused(&self, limits: &Limits) -> Option<(Reason, String)> {
        if self.pairs.is_empty() {
            let text = "error at least one label pair is required per stream";
            return Some((Reason::MissingLabels, text.to_owned()));
        }
        // Repeated names have no canonical form, so not even an internal stream may have them.
        let repeated = self.pairs.windows(2).find(|pair| pair[0].0 == pair[1].0);
        if self.internal {
            return repeated
                .map(|pair| self.refusal(Reason::DuplicateLabelNames, "duplicate label name", &pair[0].0));
        }
        // The name that discovery adds, or could have added, does not count.
        let count = self.pairs.len() - usize::from(self.get(SERVICE_NAME).is_some());
        let max = limits.max_label_names_per_series;
        if count > max {
            let text = format!("entry for stream '{}' has {count} label names; limit {max}", self.text());
            return Some((Reason::MaxLabelNames, text));
        }
        let mut last = "";
        for (name, value) in &self.pairs {
            if name.len() > limits.max_label_name_length {
                return Some(self.refusal(Reason::LabelNameTooLong, "label name too long", name));
            }
            if value.len() > limits.max_label_value_length {
                return Some(self.refusal(Reason::LabelValueTooLong, "label value too long", value));
            }
            if name.as_ref() == last {
                return Some(self.refusal(Reason::DuplicateLabelNames, "duplicate label name", name));
            }
            last = name;
        }
        None
    }

    fn refusal(&self, reason: Reason, what: &str, which: &str) -> (Reason, String) {
        (reason, format!("stream '{}' has {what}: '{which}'", self.text()))
    }

    fn enforced_missing(&self, limits: &Limits, tenant: &Tenant) -> Option<(Reason, String)> {
        if self.internal {
            return None;
        }
        let missing: Vec<&str> = limits
            .enforced_labels
            .iter()
            .map(String::as_str)
            .filter(|name| self.get(name).is_none())
            .collect();
        if missing.is_empty() {
            return None;
        }
        let text = format!(
            "missing required labels '{}' for user '{tenant}' for stream '{}' (policy: '')",
            missing.join(","),
            self.text()
        );
        Some((Reason::MissingEnforcedLabels, text))
    }
}
