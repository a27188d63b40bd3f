//! The series that tells what is known of a resource.

use crate::otlp::metrics::map::Translation;
use crate::otlp::metrics::map::labels::{
    Identity, SERVICE_INSTANCE, SERVICE_NAME, SERVICE_NAMESPACE, labels_of, series_of,
};
use crate::otlp::metrics::{PointHead, ResourceMetrics};
use crate::refused::Refused;
use crate::series::{Family, FamilyKind, Sink};
use std::borrow::Cow;

/// Time between samples of `target_info`, so that one is found for every point: half of what PromQL looks back.
const STEP_MS: i64 = 150_000;

/// Samples of `target_info` for one resource; points that lie further apart than that get only the last.
const SAMPLES_MAX: i64 = 1000;

/// `target_info`, a gauge that is always 1: what else is known of a resource whose points have `job` or `instance`.
pub(super) fn target_info(
    resource: &ResourceMetrics<'_>,
    identity: &Identity<'_>,
    translation: &Translation,
    sink: &mut impl Sink,
) -> Result<(), Refused> {
    let identifying = [SERVICE_NAME, SERVICE_NAMESPACE, SERVICE_INSTANCE];
    let others = resource.attributes.iter().filter(|pair| !identifying.contains(&pair.key.as_ref()));
    if (identity.job.is_none() && identity.instance.is_none()) || others.clone().next().is_none() {
        return Ok(());
    }
    let metrics = resource.scopes.iter().flat_map(|scope| &scope.metrics);
    let times = metrics.flat_map(|metric| metric.data.heads()).map(PointHead::ts_ms);
    let Some((first, last)) = times.fold(None, |span: Option<(i64, i64)>, ts_ms| {
        Some(span.map_or((ts_ms, ts_ms), |(first, last)| (first.min(ts_ms), last.max(ts_ms))))
    }) else {
        return Ok(());
    };
    let labels =
        if translation.keep_identifying { labels_of(resource.attributes.iter()) } else { labels_of(others) };
    // An attribute without a usable name is left out with all the others: the points themselves were taken.
    let Ok(mut labels) = labels else { return Ok(()) };
    for (name, value) in [(&b"job"[..], &identity.job), (b"instance", &identity.instance)] {
        labels.extend(value.as_deref().map(|value| (Cow::Borrowed(name), Cow::Borrowed(value))));
    }
    let mut series = series_of("target_info", &labels, None);
    if (last - first) / STEP_MS < SAMPLES_MAX {
        let steps = (first..last).step_by(STEP_MS as usize);
        series.floats.extend(steps.map(|ts_ms| (ts_ms, 1.0)));
    }
    series.floats.push((last, 1.0));
    sink.family(Family { name: b"target_info", kind: FamilyKind::Info, help: b"Target metadata", unit: b"" });
    sink.series(&series)
}
