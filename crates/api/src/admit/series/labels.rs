//! Checks of a series' labels.

use crate::admit::series::refusals::Why;
use model::labels::GoQuoted;
use model::{Limits, varint};
use std::fmt;
use wire::series::{Label, METRIC_NAME};

/// Bytes of labels that a text quotes.
const SHOWN_BYTES_MAX: usize = 1024;

/// Labels sorted by name, without empty values, which are as good as none.
pub(super) struct SeriesLabels<'a>(Vec<Label<'a>>);

impl<'a> SeriesLabels<'a> {
    /// Labels in any order.
    pub(super) fn of(labels: &[Label<'a>]) -> Self {
        let mut labels: Vec<_> = labels.iter().copied().filter(|(_, value)| !value.is_empty()).collect();
        if !labels.is_sorted_by(|a, b| a.0 <= b.0) {
            labels.sort_by(|a, b| a.0.cmp(b.0));
        }
        Self(labels)
    }

    /// Appends the canonical bytes; only of checked labels they are.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for (name, value) in &self.0 {
            varint::put_bytes(out, name);
            varint::put_bytes(out, value);
        }
    }

    /// Whether they may be the labels of a series.
    ///
    /// # Errors
    /// Why not, and what is told.
    pub(super) fn check(&self, limits: &Limits) -> Result<(), (Why, String)> {
        let Some((_, metric)) = self.0.iter().find(|(name, _)| *name == METRIC_NAME) else {
            return Err((Why::MissingMetricName, format!("series {self} has no label __name__")));
        };
        if std::str::from_utf8(metric).is_err() {
            let text = format!("series {self} has a metric name that is not UTF-8");
            return Err((Why::MetricNameInvalid, text));
        }
        let is_info = metric.ends_with(b"_info");
        let (most, key) = match is_info {
            true => (limits.max_label_names_per_info_series, "max_label_names_per_info_series"),
            false => (limits.max_label_names_per_metric_series, "max_label_names_per_metric_series"),
        };
        if self.0.len() > most {
            let text = format!("series {self} has {} labels, {key} is {most}; drop some", self.0.len());
            return Err((Why::MaxLabelNames, text));
        }
        self.check_lengths(limits)?;
        self.check_pairs()
    }

    /// Whether they may be labels at all.
    pub(super) fn check_texts(self) -> Result<Self, (Why, String)> {
        self.check_pairs().map(|()| self)
    }

    fn check_lengths(&self, limits: &Limits) -> Result<(), (Why, String)> {
        let (name_max, value_max) = (limits.max_label_name_length, limits.max_label_value_length);
        for (name, value) in &self.0 {
            if name.len() > name_max {
                let text =
                    format!("series {self} has a label name of {} bytes, limit {name_max}", name.len());
                return Err((Why::LabelNameTooLong, text));
            }
            if value.len() > value_max {
                let name = String::from_utf8_lossy(name);
                let text = format!(
                    "series {self} has a value of {} bytes for label {name:?}, limit {value_max}",
                    value.len()
                );
                return Err((Why::LabelValueTooLong, text));
            }
        }
        Ok(())
    }

    fn check_pairs(&self) -> Result<(), (Why, String)> {
        for (name, value) in &self.0 {
            if name.is_empty() || std::str::from_utf8(name).is_err() {
                let text = format!("series {self} has a label name that is empty or not UTF-8");
                return Err((Why::LabelInvalid, text));
            }
            if std::str::from_utf8(value).is_err() {
                let name = String::from_utf8_lossy(name);
                return Err((Why::LabelValueInvalid, format!("series {self}: label {name:?} is not UTF-8")));
            }
        }
        match self.0.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => {
                let name = String::from_utf8_lossy(pair[0].0);
                Err((Why::DuplicateLabelNames, format!("series {self} has label {name:?} twice")))
            }
            None => Ok(()),
        }
    }
}

/// `up{job="a"}`, cut when it is long.
impl fmt::Display for SeriesLabels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metric =
            self.0.iter().find(|(name, _)| *name == METRIC_NAME).map_or(&b""[..], |(_, value)| value);
        let mut out = String::from_utf8_lossy(metric).into_owned();
        out.push('{');
        for (name, value) in self.0.iter().filter(|(name, _)| *name != METRIC_NAME) {
            if out.len() > SHOWN_BYTES_MAX {
                break;
            }
            let comma = if out.ends_with('{') { "" } else { ", " };
            let value = value.get(..SHOWN_BYTES_MAX).unwrap_or(value);
            let name = name.get(..SHOWN_BYTES_MAX).unwrap_or(name);
            let (name, value) = (String::from_utf8_lossy(name), String::from_utf8_lossy(value));
            out.push_str(&format!("{comma}{name}={}", GoQuoted(&value)));
        }
        let cut = out.floor_char_boundary(SHOWN_BYTES_MAX);
        match cut < out.len() {
            true => write!(f, "{}…}}", &out[..cut]),
            false => write!(f, "{out}}}"),
        }
    }
}
