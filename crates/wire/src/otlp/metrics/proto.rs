//! OTLP metrics in protobuf (`ExportMetricsServiceRequest`); texts stay borrowed from the body.

use crate::otlp::metrics::{
    Data, ExponentialBuckets, ExponentialPoint, HistogramPoint, Metric, Metrics, NumberPoint, PointExemplar,
    PointHead, Points, ResourceMetrics, ScopeMetrics, Sum, SummaryPoint,
};
use crate::otlp::proto::{id, key_value};
use crate::protobuf::{Fields, Value};
use crate::refused::Refused;
use crate::room::Room;
use model::attribute::unzigzag;
use model::varint;

/// Reads a request.
///
/// # Errors
/// [`base::Kind::Invalid`] in the words of Go's decoder.
pub fn metrics(body: &[u8]) -> Result<Metrics<'_>, Refused> {
    let (mut out, room) = (Metrics::default(), &Room::of(body));
    let mut fields = Fields::new(body, "ExportMetricsServiceRequest");
    while let Some((number, value)) = fields.next_field()? {
        if number == 1 {
            room.keep(&mut out.resources, resource_metrics(value.bytes("ResourceMetrics")?, room)?)?;
        }
    }
    Ok(out)
}

fn resource_metrics<'a>(bytes: &'a [u8], room: &Room) -> Result<ResourceMetrics<'a>, Refused> {
    let mut out = ResourceMetrics::default();
    let mut fields = Fields::new(bytes, "ResourceMetrics");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => {
                let mut fields = Fields::new(value.bytes("Resource")?, "Resource");
                while let Some((number, value)) = fields.next_field()? {
                    if number == 1 {
                        room.keep(&mut out.attributes, key_value(value.bytes("Attributes")?, 0, room)?)?;
                    }
                }
            }
            2 => room.keep(&mut out.scopes, scope_metrics(value.bytes("ScopeMetrics")?, room)?)?,
            _ => {}
        }
    }
    Ok(out)
}

fn scope_metrics<'a>(bytes: &'a [u8], room: &Room) -> Result<ScopeMetrics<'a>, Refused> {
    let mut out = ScopeMetrics::default();
    let mut fields = Fields::new(bytes, "ScopeMetrics");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => {
                let mut fields = Fields::new(value.bytes("Scope")?, "InstrumentationScope");
                while let Some((number, value)) = fields.next_field()? {
                    match number {
                        1 => out.name = value.bytes("Name")?.into(),
                        2 => out.version = value.bytes("Version")?.into(),
                        3 => {
                            room.keep(&mut out.attributes, key_value(value.bytes("Attributes")?, 0, room)?)?
                        }
                        _ => {}
                    }
                }
            }
            2 => room.keep(&mut out.metrics, metric(value.bytes("Metrics")?, room)?)?,
            3 => out.schema_url = value.bytes("SchemaUrl")?.into(),
            _ => {}
        }
    }
    Ok(out)
}

fn metric<'a>(bytes: &'a [u8], room: &Room) -> Result<Metric<'a>, Refused> {
    let mut out = Metric::default();
    let mut fields = Fields::new(bytes, "Metric");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => out.name = value.bytes("Name")?.into(),
            2 => out.description = value.bytes("Description")?.into(),
            3 => out.unit = value.bytes("Unit")?.into(),
            5 => out.data = Data::Gauge(points(value.bytes("Gauge")?, "Gauge", room, number_point)?.0.points),
            7 => {
                let (points, monotonic) = points(value.bytes("Sum")?, "Sum", room, number_point)?;
                out.data = Data::Sum(Sum { points, monotonic });
            }
            9 => {
                out.data =
                    Data::Histogram(points(value.bytes("Histogram")?, "Histogram", room, histogram_point)?.0);
            }
            10 => {
                let bytes = value.bytes("ExponentialHistogram")?;
                out.data =
                    Data::Exponential(points(bytes, "ExponentialHistogram", room, exponential_point)?.0);
            }
            11 => {
                out.data =
                    Data::Summary(points(value.bytes("Summary")?, "Summary", room, summary_point)?.0.points);
            }
            _ => {}
        }
    }
    Ok(out)
}

/// The points of any kind of metric, and whether it only grows: where a kind has these fields, they have these numbers.
fn points<'a, P>(
    bytes: &'a [u8],
    message: &'static str,
    room: &Room,
    point: fn(&'a [u8], &Room) -> Result<P, Refused>,
) -> Result<(Points<P>, bool), Refused> {
    let mut out = Points::default();
    let mut monotonic = false;
    let mut fields = Fields::new(bytes, message);
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => room.keep(&mut out.points, point(value.bytes("DataPoints")?, room)?)?,
            2 => out.temporality = value.varint("AggregationTemporality")? as i32,
            3 => monotonic = value.varint("IsMonotonic")? != 0,
            _ => {}
        }
    }
    Ok((out, monotonic))
}

fn number_point<'a>(bytes: &'a [u8], room: &Room) -> Result<NumberPoint<'a>, Refused> {
    let mut out = NumberPoint::default();
    let mut fields = Fields::new(bytes, "NumberDataPoint");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            3 => out.head.time_ns = value.fixed64("TimeUnixNano")?,
            4 => out.value = float(value, "AsDouble")?,
            5 => room.keep(&mut out.exemplars, exemplar(value.bytes("Exemplars")?, room)?)?,
            6 => out.value = value.fixed64("AsInt")? as i64 as f64,
            7 => attribute(value, room, &mut out.head)?,
            8 => out.head.flags = value.varint("Flags")? as u32,
            _ => {}
        }
    }
    Ok(out)
}

fn histogram_point<'a>(bytes: &'a [u8], room: &Room) -> Result<HistogramPoint<'a>, Refused> {
    let mut out = HistogramPoint::default();
    let mut fields = Fields::new(bytes, "HistogramDataPoint");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            3 => out.head.time_ns = value.fixed64("TimeUnixNano")?,
            4 => out.count = value.fixed64("Count")?,
            5 => out.sum = Some(float(value, "Sum")?),
            6 => eights(value, "BucketCounts", &mut out.bucket_counts, |bits| bits)?,
            7 => eights(value, "ExplicitBounds", &mut out.explicit_bounds, f64::from_bits)?,
            8 => room.keep(&mut out.exemplars, exemplar(value.bytes("Exemplars")?, room)?)?,
            9 => attribute(value, room, &mut out.head)?,
            10 => out.head.flags = value.varint("Flags")? as u32,
            _ => {}
        }
    }
    Ok(out)
}

fn exponential_point<'a>(bytes: &'a [u8], room: &Room) -> Result<ExponentialPoint<'a>, Refused> {
    let mut out = ExponentialPoint::default();
    let mut fields = Fields::new(bytes, "ExponentialHistogramDataPoint");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => attribute(value, room, &mut out.head)?,
            3 => out.head.time_ns = value.fixed64("TimeUnixNano")?,
            4 => out.count = value.fixed64("Count")?,
            5 => out.sum = Some(float(value, "Sum")?),
            6 => out.scale = unzigzag(value.varint("Scale")?) as i32,
            7 => out.zero_count = value.fixed64("ZeroCount")?,
            8 => out.positive = exponential_buckets(value.bytes("Positive")?, room)?,
            9 => out.negative = exponential_buckets(value.bytes("Negative")?, room)?,
            10 => out.head.flags = value.varint("Flags")? as u32,
            11 => room.keep(&mut out.exemplars, exemplar(value.bytes("Exemplars")?, room)?)?,
            14 => out.zero_threshold = float(value, "ZeroThreshold")?,
            _ => {}
        }
    }
    Ok(out)
}

fn exponential_buckets(bytes: &[u8], room: &Room) -> Result<ExponentialBuckets, Refused> {
    let mut out = ExponentialBuckets::default();
    let mut fields = Fields::new(bytes, "Buckets");
    while let Some((number, value)) = fields.next_field()? {
        match (number, value) {
            (1, value) => out.offset = unzigzag(value.varint("Offset")?) as i32,
            (2, Value::Bytes(mut packed)) => {
                while !packed.is_empty() {
                    let count =
                        varint::take(&mut packed).ok_or_else(|| Refused::invalid("unexpected EOF"))?;
                    room.keep(&mut out.counts, count)?;
                }
            }
            (2, value) => room.keep(&mut out.counts, value.varint("BucketCounts")?)?,
            _ => {}
        }
    }
    Ok(out)
}

fn summary_point<'a>(bytes: &'a [u8], room: &Room) -> Result<SummaryPoint<'a>, Refused> {
    let mut out = SummaryPoint::default();
    let mut fields = Fields::new(bytes, "SummaryDataPoint");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            3 => out.head.time_ns = value.fixed64("TimeUnixNano")?,
            4 => out.count = value.fixed64("Count")?,
            5 => out.sum = float(value, "Sum")?,
            6 => room.keep(&mut out.quantiles, quantile(value.bytes("QuantileValues")?)?)?,
            7 => attribute(value, room, &mut out.head)?,
            8 => out.head.flags = value.varint("Flags")? as u32,
            _ => {}
        }
    }
    Ok(out)
}

fn quantile(bytes: &[u8]) -> Result<(f64, f64), Refused> {
    let mut out = (0.0, 0.0);
    let mut fields = Fields::new(bytes, "ValueAtQuantile");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => out.0 = float(value, "Quantile")?,
            2 => out.1 = float(value, "Value")?,
            _ => {}
        }
    }
    Ok(out)
}

fn exemplar<'a>(bytes: &'a [u8], room: &Room) -> Result<PointExemplar<'a>, Refused> {
    let mut out = PointExemplar::default();
    let mut fields = Fields::new(bytes, "Exemplar");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            2 => out.time_ns = value.fixed64("TimeUnixNano")?,
            3 => out.value = float(value, "AsDouble")?,
            4 => out.span_id = id(value, "SpanID")?,
            5 => out.trace_id = id(value, "TraceID")?,
            6 => out.value = value.fixed64("AsInt")? as i64 as f64,
            7 => room.keep(&mut out.attributes, key_value(value.bytes("FilteredAttributes")?, 0, room)?)?,
            _ => {}
        }
    }
    Ok(out)
}

fn attribute<'a>(value: Value<'a>, room: &Room, head: &mut PointHead<'a>) -> Result<(), Refused> {
    room.keep(&mut head.attributes, key_value(value.bytes("Attributes")?, 0, room)?)
}

fn float(value: Value<'_>, field: &str) -> Result<f64, Refused> {
    value.fixed64(field).map(f64::from_bits)
}

/// Numbers of eight bytes that come packed or one by one.
fn eights<T>(
    value: Value<'_>,
    field: &str,
    out: &mut Vec<T>,
    read: impl Fn(u64) -> T,
) -> Result<(), Refused> {
    let Value::Bytes(packed) = value else {
        out.push(read(value.fixed64(field)?));
        return Ok(());
    };
    let (chunks, rest) = packed.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(Refused::invalid("unexpected EOF"));
    }
    out.extend(chunks.iter().map(|chunk| read(u64::from_le_bytes(*chunk))));
    Ok(())
}
