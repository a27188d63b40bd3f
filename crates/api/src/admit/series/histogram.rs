//! Checks of native histograms, and how too fine ones are made coarser.

use crate::admit::series::refusals::Why;
use model::Limits;
use model::sample::{Buckets, Histogram, is_stale};
use wire::histogram::{SCHEMA_MAX, SCHEMA_MIN, reduce};

/// The schema of custom buckets.
const CUSTOM: i32 = -53;

/// The finest schema that anybody writes; finer ones than are stored are reduced.
const WRITTEN_SCHEMA_MAX: i32 = 52;

/// Brings `histogram` into the form that is stored.
///
/// # Errors
/// Why it is refused and what is wrong with it.
pub(super) fn admit(histogram: &mut Histogram, limits: &Limits) -> Result<(), (Why, String)> {
    let known = (SCHEMA_MIN..=WRITTEN_SCHEMA_MAX).contains(&histogram.schema) || histogram.schema == CUSTOM;
    if !known {
        let what =
            format!("has schema {}, it may be {SCHEMA_MIN} to {SCHEMA_MAX} or {CUSTOM}", histogram.schema);
        return Err((Why::HistogramSchema, what));
    }
    for (side, word) in [(&histogram.positive, "positive"), (&histogram.negative, "negative")] {
        buckets(side, word)?;
    }
    custom(histogram)?;
    count(histogram)?;
    if histogram.schema != CUSTOM {
        reduce(histogram, SCHEMA_MAX);
    }
    fewer(histogram, limits)
}

fn buckets(side: &Buckets, word: &str) -> Result<(), (Why, String)> {
    if let Some((offset, _)) = side.spans.iter().skip(1).find(|(offset, _)| *offset < 0) {
        return Err((Why::HistogramOffset, format!("has a {word} span that goes back by {offset}")));
    }
    let spanned: u64 = side.spans.iter().map(|(_, length)| u64::from(*length)).sum();
    if spanned != side.counts.len() as u64 {
        let what = format!("has {} {word} buckets in spans of {spanned}", side.counts.len());
        return Err((Why::HistogramSpans, what));
    }
    match side.counts.iter().find(|count| is_no_count(**count)) {
        Some(count) => Err((Why::HistogramNegative, format!("has a {word} bucket of {count} observations"))),
        None => Ok(()),
    }
}

fn is_no_count(count: f64) -> bool {
    count.is_nan() || count < 0.0
}

/// Custom buckets end at ascending numbers, and there are no others.
fn custom(histogram: &Histogram) -> Result<(), (Why, String)> {
    let bounds = &histogram.custom_values;
    if histogram.schema != CUSTOM {
        return match bounds.len() {
            0 => Ok(()),
            some => Err((
                Why::HistogramSpans,
                format!("has {some} custom bounds, but schema {}", histogram.schema),
            )),
        };
    }
    let ascending = bounds.windows(2).all(|pair| pair[0] < pair[1]);
    if !ascending || bounds.iter().any(|bound| bound.is_nan() || *bound == f64::INFINITY) {
        return Err((Why::HistogramSpans, "has custom bounds that do not ascend".to_owned()));
    }
    let ends =
        histogram.positive.spans.iter().map(|(offset, length)| i64::from(*offset) + i64::from(*length));
    let from_zero = histogram.positive.spans.first().is_none_or(|(offset, _)| *offset >= 0);
    if !from_zero || ends.sum::<i64>() > bounds.len() as i64 + 1 {
        return Err((Why::HistogramSpans, format!("has buckets beyond its {} custom bounds", bounds.len())));
    }
    if histogram.zero_count != 0.0 || histogram.zero_threshold != 0.0 || !histogram.negative.counts.is_empty()
    {
        return Err((
            Why::HistogramSpans,
            "has custom buckets and a zero bucket or negative ones".to_owned(),
        ));
    }
    Ok(())
}

/// Whole counts add up: exactly, or to no more than all where observations of NaN are in no bucket. Of counts that are no
/// whole numbers the sum is not exact.
fn count(histogram: &Histogram) -> Result<(), (Why, String)> {
    for count in [histogram.count, histogram.zero_count] {
        if is_no_count(count) {
            return Err((Why::HistogramNegative, format!("has a count of {count}")));
        }
    }
    if !histogram.integer || is_stale(histogram.sum) {
        return Ok(());
    }
    let sides = [&histogram.positive, &histogram.negative];
    let in_buckets = sides.iter().flat_map(|side| &side.counts).sum::<f64>() + histogram.zero_count;
    let what = || format!("counts {} observations, its buckets hold {in_buckets}", histogram.count);
    match histogram.sum.is_nan() {
        true if in_buckets > histogram.count => Err((Why::HistogramCountTooSmall, what())),
        false if in_buckets != histogram.count => Err((Why::HistogramCount, what())),
        _ => Ok(()),
    }
}

/// Makes it coarser until it has as many buckets as it may.
fn fewer(histogram: &mut Histogram, limits: &Limits) -> Result<(), (Why, String)> {
    let most = limits.max_native_histogram_buckets;
    let has = |histogram: &Histogram| histogram.positive.counts.len() + histogram.negative.counts.len();
    if most == 0 || has(histogram) <= most {
        return Ok(());
    }
    let what = format!("has {} buckets, limit {most}", has(histogram));
    if !limits.reduce_native_histogram_over_max_buckets {
        return Err((Why::HistogramBuckets, what));
    }
    while has(histogram) > most {
        if histogram.schema <= SCHEMA_MIN {
            return Err((Why::HistogramNotReducible, what));
        }
        let schema = histogram.schema - 1;
        reduce(histogram, schema);
    }
    Ok(())
}
