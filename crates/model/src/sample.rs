//! A sample: what one series of a metric was at one time.
//!
//! A series is a stream whose labels include `__name__`. A row's body is one of three (`docs/format/batch.md`,
//! "sample"): a float, a native histogram, or an exemplar, whose labels are the row's metadata.

use crate::attribute::{take_count, unzigzag, zigzag};
use crate::varint;

/// The value that says "this series ended": a NaN of this bit pattern (Prometheus, `value.StaleNaN`).
pub const STALE_BITS: u64 = 0x7ff0_0000_0000_0002;

const FLOAT: u8 = 0;
const HISTOGRAM: u8 = 1;
const EXEMPLAR: u8 = 2;

/// What the body of a sample's row says.
#[derive(Clone, Debug, PartialEq)]
pub enum Sample {
    /// A number.
    Float(f64),
    /// A distribution.
    Histogram(Box<Histogram>),
    /// An observation that stands for others; its labels are the row's metadata.
    Exemplar(f64),
}

/// A native histogram, as Prometheus defines it: exponential buckets, or custom ones for schema -53.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// -4 to 8: growth of 2^(2^-schema) per bucket; -53: buckets end at `custom_values`.
    pub schema: i32,
    /// Whether counts came as whole numbers.
    pub integer: bool,
    /// What is known about a reset before it.
    pub reset: ResetHint,
    /// Width of the zero bucket.
    pub zero_threshold: f64,
    /// Observations in the zero bucket.
    pub zero_count: f64,
    /// All observations.
    pub count: f64,
    /// Sum of all observations; [`STALE_BITS`] says that the series ended.
    pub sum: f64,
    /// Buckets of positive observations.
    pub positive: Buckets,
    /// Buckets of negative observations.
    pub negative: Buckets,
    /// Upper bounds of custom buckets, ascending, without the infinite one.
    pub custom_values: Vec<f64>,
}

/// Buckets that are not all there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buckets {
    /// Gap to the end of the span before (the first: index of its first bucket), and number of buckets.
    pub spans: Vec<(i32, u32)>,
    /// Observations of each bucket of the spans, absolute.
    pub counts: Vec<f64>,
}

/// Whether a histogram's counter was reset before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum ResetHint {
    /// To be found out by comparing.
    #[default]
    Unknown = 0,
    /// It was.
    Yes = 1,
    /// It was not.
    No = 2,
    /// It is no counter.
    Gauge = 3,
}

impl ResetHint {
    /// The hint of its number in protocols and stored bytes.
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Unknown, Self::Yes, Self::No, Self::Gauge].into_iter().find(|hint| *hint as u8 == number)
    }
}

/// The body of a float's row.
#[inline]
pub fn float_body(value: f64) -> [u8; 9] {
    tagged(FLOAT, value)
}

/// The body of an exemplar's row.
pub fn exemplar_body(value: f64) -> [u8; 9] {
    tagged(EXEMPLAR, value)
}

#[inline]
fn tagged(tag: u8, value: f64) -> [u8; 9] {
    let mut body = [tag; 9];
    body[1..].copy_from_slice(&value.to_bits().to_le_bytes());
    body
}

/// The value of a float's body, without looking at others: the fast way for most rows.
#[inline]
pub fn float_of(body: &[u8]) -> Option<f64> {
    let [FLOAT, bits @ ..] = body else { return None };
    Some(f64::from_bits(u64::from_le_bytes(bits.try_into().ok()?)))
}

/// Whether `value` says that the series ended.
#[inline]
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE_BITS
}

impl Sample {
    /// Appends the body.
    pub fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Float(value) => out.extend(float_body(*value)),
            Self::Exemplar(value) => out.extend(exemplar_body(*value)),
            Self::Histogram(histogram) => {
                out.push(HISTOGRAM);
                histogram.put(out);
            }
        }
    }

    /// Reads a body; none when it is damaged.
    pub fn read(body: &[u8]) -> Option<Self> {
        let (tag, mut rest) = body.split_first()?;
        let sample = match *tag {
            FLOAT => Self::Float(take_f64(&mut rest)?),
            EXEMPLAR => Self::Exemplar(take_f64(&mut rest)?),
            HISTOGRAM => Self::Histogram(Box::new(Histogram::take(&mut rest)?)),
            _ => return None,
        };
        rest.is_empty().then_some(sample)
    }
}

impl Histogram {
    fn put(&self, out: &mut Vec<u8>) {
        varint::put(out, zigzag(i64::from(self.schema)));
        out.push(u8::from(self.integer) | (self.reset as u8) << 1);
        put_f64(out, self.zero_threshold);
        put_f64(out, self.zero_count);
        put_f64(out, self.count);
        put_f64(out, self.sum);
        self.positive.put(self.integer, out);
        self.negative.put(self.integer, out);
        varint::put(out, self.custom_values.len() as u64);
        self.custom_values.iter().for_each(|bound| put_f64(out, *bound));
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        let schema = i32::try_from(unzigzag(varint::take(input)?)).ok()?;
        let (flags, rest) = input.split_first()?;
        *input = rest;
        let integer = flags & 1 == 1;
        let reset = ResetHint::from_number(flags >> 1)?;
        let [zero_threshold, zero_count, count, sum] =
            [take_f64(input)?, take_f64(input)?, take_f64(input)?, take_f64(input)?];
        let positive = Buckets::take(integer, input)?;
        let negative = Buckets::take(integer, input)?;
        let bounds = take_count(input)?;
        let custom_values = (0..bounds).map(|_| take_f64(input)).collect::<Option<_>>()?;
        Some(Self {
            schema,
            integer,
            reset,
            zero_threshold,
            zero_count,
            count,
            sum,
            positive,
            negative,
            custom_values,
        })
    }
}

impl Buckets {
    /// Whole counts as differences, which are small; others as they are.
    fn put(&self, integer: bool, out: &mut Vec<u8>) {
        varint::put(out, self.spans.len() as u64);
        for (offset, length) in &self.spans {
            varint::put(out, zigzag(i64::from(*offset)));
            varint::put(out, u64::from(*length));
        }
        varint::put(out, self.counts.len() as u64);
        let mut last = 0i64;
        for count in &self.counts {
            if integer {
                varint::put(out, zigzag((*count as i64).wrapping_sub(last)));
                last = *count as i64;
            } else {
                put_f64(out, *count);
            }
        }
    }

    fn take(integer: bool, input: &mut &[u8]) -> Option<Self> {
        let spans = take_count(input)?;
        let take_span = |input: &mut &[u8]| {
            let offset = i32::try_from(unzigzag(varint::take(input)?)).ok()?;
            Some((offset, u32::try_from(varint::take(input)?).ok()?))
        };
        let spans = (0..spans).map(|_| take_span(input)).collect::<Option<_>>()?;
        let counts = take_count(input)?;
        let mut last = 0i64;
        let mut take_bucket = |input: &mut &[u8]| {
            if !integer {
                return take_f64(input);
            }
            last = last.wrapping_add(unzigzag(varint::take(input)?));
            Some(last as f64)
        };
        let counts = (0..counts).map(|_| take_bucket(input)).collect::<Option<_>>()?;
        Some(Self { spans, counts })
    }
}

fn put_f64(out: &mut Vec<u8>, value: f64) {
    out.extend(value.to_bits().to_le_bytes());
}

fn take_f64(input: &mut &[u8]) -> Option<f64> {
    Some(f64::from_bits(varint::take_i64(input)? as u64))
}

#[cfg(test)]
mod tests;
