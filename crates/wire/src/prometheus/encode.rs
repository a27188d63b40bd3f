//! Writes `prometheus.WriteRequest`: what is sent to others that take remote write 1.0.

use crate::protobuf::{put_bytes, put_varint};
use crate::series::{Exemplar, Family, Label, Series};
use model::attribute::zigzag;
use model::sample::{Buckets, Histogram};
use model::varint;

/// The message of `series` and what is said about their metrics, not compressed.
pub fn write_request(series: &[Series<'_>], families: &[Family<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for one in series {
        put_message(&mut out, 1, |out| put_series(out, one));
    }
    for family in families {
        put_message(&mut out, 3, |out| {
            put_varint(out, 1, family.kind as u64);
            put_bytes(out, 2, family.name);
            put_bytes(out, 4, family.help);
            put_bytes(out, 5, family.unit);
        });
    }
    out
}

fn put_series(out: &mut Vec<u8>, series: &Series<'_>) {
    series.labels.iter().for_each(|label| put_label(out, label));
    for (ts_ms, value) in &series.floats {
        put_message(out, 2, |out| {
            put_float(out, 1, *value);
            put_varint(out, 2, *ts_ms as u64);
        });
    }
    for exemplar in &series.exemplars {
        put_message(out, 3, |out| put_exemplar(out, exemplar));
    }
    for (ts_ms, histogram) in &series.histograms {
        put_message(out, 4, |out| put_histogram(out, *ts_ms, histogram));
    }
}

fn put_label(out: &mut Vec<u8>, (name, value): &Label<'_>) {
    put_message(out, 1, |out| {
        put_bytes(out, 1, name);
        put_bytes(out, 2, value);
    });
}

fn put_exemplar(out: &mut Vec<u8>, exemplar: &Exemplar<'_>) {
    exemplar.labels.iter().for_each(|label| put_label(out, label));
    put_float(out, 2, exemplar.value);
    put_varint(out, 3, exemplar.ts_ms as u64);
}

fn put_histogram(out: &mut Vec<u8>, ts_ms: i64, histogram: &Histogram) {
    // Which of the two kinds it is, is told by the field of its count, so that is there even when it is 0.
    if histogram.integer {
        varint::put(out, 1 << 3);
        varint::put(out, histogram.count as u64);
        put_varint(out, 6, histogram.zero_count as u64);
    } else {
        varint::put(out, 2 << 3 | 1);
        out.extend(histogram.count.to_le_bytes());
        put_float(out, 7, histogram.zero_count);
    }
    put_float(out, 3, histogram.sum);
    put_varint(out, 4, zigzag(i64::from(histogram.schema)));
    put_float(out, 5, histogram.zero_threshold);
    put_buckets(out, histogram.integer, &histogram.negative, [8, 9, 10]);
    put_buckets(out, histogram.integer, &histogram.positive, [11, 12, 13]);
    put_varint(out, 14, histogram.reset as u64);
    put_varint(out, 15, ts_ms as u64);
    put_floats(out, 16, &histogram.custom_values);
}

/// `numbers` are those of the fields of spans, differences and floats.
fn put_buckets(out: &mut Vec<u8>, integer: bool, buckets: &Buckets, numbers: [u32; 3]) {
    for (offset, length) in &buckets.spans {
        put_message(out, numbers[0], |out| {
            put_varint(out, 1, zigzag(i64::from(*offset)));
            put_varint(out, 2, u64::from(*length));
        });
    }
    if !integer {
        put_floats(out, numbers[2], &buckets.counts);
        return;
    }
    let (mut packed, mut last) = (Vec::new(), 0i64);
    for count in &buckets.counts {
        varint::put(&mut packed, zigzag((*count as i64).wrapping_sub(last)));
        last = *count as i64;
    }
    put_bytes(out, numbers[1], &packed);
}

fn put_floats(out: &mut Vec<u8>, number: u32, values: &[f64]) {
    let packed: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    put_bytes(out, number, &packed);
}

/// proto3 leaves 0 out, but not -0.
fn put_float(out: &mut Vec<u8>, number: u32, value: f64) {
    if value.to_bits() != 0 {
        varint::put(out, u64::from(number) << 3 | 1);
        out.extend(value.to_le_bytes());
    }
}

/// A message is there even when it is empty.
fn put_message(out: &mut Vec<u8>, number: u32, put: impl FnOnce(&mut Vec<u8>)) {
    let mut message = Vec::new();
    put(&mut message);
    varint::put(out, u64::from(number) << 3 | 2);
    varint::put_bytes(out, &message);
}
