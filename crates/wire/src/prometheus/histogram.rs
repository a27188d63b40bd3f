//! A native histogram in remote write; both versions write the same fields.

use crate::prometheus::{PARTS_MAX, push_bounded};
use crate::protobuf::{Fields, Value};
use crate::refused::Refused;
use model::attribute::unzigzag;
use model::sample::{Buckets, Histogram, ResetHint};
use model::varint;

/// Counts of buckets as they came: differences of whole numbers, or floats.
#[derive(Default)]
struct Counts {
    deltas: Vec<i64>,
    floats: Vec<f64>,
}

/// Reads a histogram and its Unix milliseconds. Whether its parts fit together is checked by admission.
///
/// # Errors
/// [`base::Kind::Invalid`] in the words of Go's decoder.
pub(super) fn histogram(bytes: &[u8]) -> Result<(i64, Histogram), Refused> {
    let mut ts_ms = 0;
    let mut out = empty();
    let (mut negative, mut positive) = (Counts::default(), Counts::default());
    let mut fields = Fields::new(bytes, "Histogram");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => (out.count, out.integer) = (value.varint("CountInt")? as f64, true),
            2 => (out.count, out.integer) = (float(value, "CountFloat")?, false),
            3 => out.sum = float(value, "Sum")?,
            4 => out.schema = unzigzag(value.varint("Schema")?) as i32,
            5 => out.zero_threshold = float(value, "ZeroThreshold")?,
            6 => out.zero_count = value.varint("ZeroCountInt")? as f64,
            7 => out.zero_count = float(value, "ZeroCountFloat")?,
            8 => push_bounded(
                &mut out.negative.spans,
                span(value.bytes("NegativeSpans")?)?,
                PARTS_MAX,
                "spans",
            )?,
            9 => deltas(value, "NegativeDeltas", &mut negative.deltas)?,
            10 => floats(value, "NegativeCounts", &mut negative.floats)?,
            11 => push_bounded(
                &mut out.positive.spans,
                span(value.bytes("PositiveSpans")?)?,
                PARTS_MAX,
                "spans",
            )?,
            12 => deltas(value, "PositiveDeltas", &mut positive.deltas)?,
            13 => floats(value, "PositiveCounts", &mut positive.floats)?,
            14 => out.reset = reset(value.varint("ResetHint")?),
            15 => ts_ms = value.varint("Timestamp")? as i64,
            16 => floats(value, "CustomValues", &mut out.custom_values)?,
            _ => {}
        }
    }
    negative.put(out.integer, &mut out.negative);
    positive.put(out.integer, &mut out.positive);
    Ok((ts_ms, out))
}

impl Counts {
    /// Of the two ways the one that the kind of histogram means.
    fn put(self, integer: bool, buckets: &mut Buckets) {
        buckets.counts = if integer {
            let absolute = self.deltas.into_iter().scan(0i64, |count, delta| {
                *count = count.wrapping_add(delta);
                Some(*count as f64)
            });
            absolute.collect()
        } else {
            self.floats
        };
    }
}

fn empty() -> Histogram {
    Histogram {
        schema: 0,
        integer: true,
        reset: ResetHint::Unknown,
        zero_threshold: 0.0,
        zero_count: 0.0,
        count: 0.0,
        sum: 0.0,
        positive: Buckets::default(),
        negative: Buckets::default(),
        custom_values: Vec::new(),
    }
}

fn reset(number: u64) -> ResetHint {
    u8::try_from(number).ok().and_then(ResetHint::from_number).unwrap_or_default()
}

fn span(bytes: &[u8]) -> Result<(i32, u32), Refused> {
    let mut out = (0, 0);
    let mut fields = Fields::new(bytes, "BucketSpan");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => out.0 = unzigzag(value.varint("Offset")?) as i32,
            2 => out.1 = value.varint("Length")? as u32,
            _ => {}
        }
    }
    Ok(out)
}

fn float(value: Value<'_>, field: &str) -> Result<f64, Refused> {
    value.fixed64(field).map(f64::from_bits)
}

/// Numbers that come packed or one by one.
fn deltas(value: Value<'_>, field: &str, out: &mut Vec<i64>) -> Result<(), Refused> {
    let Value::Bytes(mut packed) = value else {
        return push_bounded(out, unzigzag(value.varint(field)?), PARTS_MAX, "buckets");
    };
    while !packed.is_empty() {
        let delta = varint::take(&mut packed).ok_or_else(|| Refused::invalid("unexpected EOF"))?;
        push_bounded(out, unzigzag(delta), PARTS_MAX, "buckets")?;
    }
    Ok(())
}

fn floats(value: Value<'_>, field: &str, out: &mut Vec<f64>) -> Result<(), Refused> {
    let Value::Bytes(packed) = value else {
        return push_bounded(out, float(value, field)?, PARTS_MAX, "buckets");
    };
    let (chunks, rest) = packed.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(Refused::invalid("unexpected EOF"));
    }
    chunks.iter().try_for_each(|chunk| push_bounded(out, f64::from_le_bytes(*chunk), PARTS_MAX, "buckets"))
}
