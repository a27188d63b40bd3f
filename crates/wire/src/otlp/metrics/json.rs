//! OTLP metrics in JSON: ids in hex, whole numbers as numbers or strings, names of fields in camel or snake case.

use crate::go_json::Reader;
use crate::otlp::json::{id, key_values, list, number};
use crate::otlp::metrics::{
    CUMULATIVE, Data, ExponentialBuckets, ExponentialPoint, HistogramPoint, Metric, Metrics, NumberPoint,
    PointExemplar, PointHead, Points, ResourceMetrics, ScopeMetrics, Sum, SummaryPoint,
};
use crate::refused::Refused;
use model::labels::GoQuoted;

/// Reads a request.
///
/// # Errors
/// [`base::Kind::Invalid`] in the words of the OpenTelemetry collector's decoder.
pub fn metrics(body: &[u8]) -> Result<Metrics<'_>, Refused> {
    let mut reader = Reader::whole(body);
    let reader = &mut reader;
    let mut out = Metrics::default();
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"resourceMetrics" | b"resource_metrics" => list(reader, &mut out.resources, resource_metrics)?,
            _ => drop(reader.skip()?),
        }
    }
    Ok(out)
}

fn resource_metrics<'a>(reader: &mut Reader<'a>) -> Result<ResourceMetrics<'a>, Refused> {
    let mut out = ResourceMetrics::default();
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"resource" => {
                while let Some(name) = reader.field()? {
                    match name.as_ref() {
                        b"attributes" => out.attributes = key_values(reader, 0)?,
                        _ => drop(reader.skip()?),
                    }
                }
            }
            b"scopeMetrics" | b"scope_metrics" => list(reader, &mut out.scopes, scope_metrics)?,
            _ => drop(reader.skip()?),
        }
    }
    Ok(out)
}

fn scope_metrics<'a>(reader: &mut Reader<'a>) -> Result<ScopeMetrics<'a>, Refused> {
    let mut out = ScopeMetrics::default();
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"scope" => {
                while let Some(name) = reader.field()? {
                    match name.as_ref() {
                        b"name" => out.name = reader.string()?,
                        b"version" => out.version = reader.string()?,
                        b"attributes" => out.attributes = key_values(reader, 0)?,
                        _ => drop(reader.skip()?),
                    }
                }
            }
            b"metrics" => list(reader, &mut out.metrics, metric)?,
            b"schemaUrl" | b"schema_url" => out.schema_url = reader.string()?,
            _ => drop(reader.skip()?),
        }
    }
    Ok(out)
}

fn metric<'a>(reader: &mut Reader<'a>) -> Result<Metric<'a>, Refused> {
    let mut out = Metric::default();
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"name" => out.name = reader.string()?,
            b"description" => out.description = reader.string()?,
            b"unit" => out.unit = reader.string()?,
            b"gauge" => out.data = Data::Gauge(points(reader, number_point)?.0.points),
            b"sum" => {
                let (points, monotonic) = points(reader, number_point)?;
                out.data = Data::Sum(Sum { points, monotonic });
            }
            b"histogram" => out.data = Data::Histogram(points(reader, histogram_point)?.0),
            b"exponentialHistogram" | b"exponential_histogram" => {
                out.data = Data::Exponential(points(reader, exponential_point)?.0);
            }
            b"summary" => out.data = Data::Summary(points(reader, summary_point)?.0.points),
            _ => drop(reader.skip()?),
        }
    }
    Ok(out)
}

/// The points of any kind of metric, and whether it only grows.
fn points<'a, P>(
    reader: &mut Reader<'a>,
    point: fn(&mut Reader<'a>) -> Result<P, Refused>,
) -> Result<(Points<P>, bool), Refused> {
    let mut out = Points::default();
    let mut monotonic = false;
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"dataPoints" | b"data_points" => list(reader, &mut out.points, point)?,
            b"aggregationTemporality" | b"aggregation_temporality" => out.temporality = temporality(reader)?,
            b"isMonotonic" | b"is_monotonic" => monotonic = reader.bool()?,
            _ => drop(reader.skip()?),
        }
    }
    Ok((out, monotonic))
}

/// A temporality as number or by the name of its constant.
fn temporality(reader: &mut Reader<'_>) -> Result<i32, Refused> {
    if reader.peek_token() != b'"' {
        return number(reader, "ReadInt32");
    }
    let name = reader.string()?;
    match name.strip_prefix(b"AGGREGATION_TEMPORALITY_") {
        Some(b"UNSPECIFIED") => Ok(0),
        Some(b"DELTA") => Ok(1),
        Some(b"CUMULATIVE") => Ok(CUMULATIVE),
        _ => {
            let name = String::from_utf8_lossy(&name);
            Err(reader.refused("ReadEnumValue", format!("unknown string value {}", GoQuoted(&name))))
        }
    }
}

/// Reads a field that every point may have; other fields are skipped.
fn head<'a>(reader: &mut Reader<'a>, name: &[u8], head: &mut PointHead<'a>) -> Result<(), Refused> {
    match name {
        b"attributes" => head.attributes = key_values(reader, 0)?,
        b"timeUnixNano" | b"time_unix_nano" => head.time_ns = number(reader, "ReadUint64")?,
        b"flags" => head.flags = number(reader, "ReadUint32")?,
        _ => drop(reader.skip()?),
    }
    Ok(())
}

fn float(reader: &mut Reader<'_>) -> Result<f64, Refused> {
    number(reader, "ReadFloat64")
}

fn count(reader: &mut Reader<'_>) -> Result<u64, Refused> {
    number(reader, "ReadUint64")
}

fn number_point<'a>(reader: &mut Reader<'a>) -> Result<NumberPoint<'a>, Refused> {
    let mut out = NumberPoint::default();
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"asDouble" | b"as_double" => out.value = float(reader)?,
            b"asInt" | b"as_int" => out.value = number::<i64>(reader, "ReadInt64")? as f64,
            b"exemplars" => list(reader, &mut out.exemplars, exemplar)?,
            other => head(reader, other, &mut out.head)?,
        }
    }
    Ok(out)
}

fn histogram_point<'a>(reader: &mut Reader<'a>) -> Result<HistogramPoint<'a>, Refused> {
    let mut out = HistogramPoint::default();
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"count" => out.count = count(reader)?,
            b"sum" => out.sum = Some(float(reader)?),
            b"bucketCounts" | b"bucket_counts" => list(reader, &mut out.bucket_counts, count)?,
            b"explicitBounds" | b"explicit_bounds" => list(reader, &mut out.explicit_bounds, float)?,
            b"exemplars" => list(reader, &mut out.exemplars, exemplar)?,
            other => head(reader, other, &mut out.head)?,
        }
    }
    Ok(out)
}

fn exponential_point<'a>(reader: &mut Reader<'a>) -> Result<ExponentialPoint<'a>, Refused> {
    let mut out = ExponentialPoint::default();
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"count" => out.count = count(reader)?,
            b"sum" => out.sum = Some(float(reader)?),
            b"scale" => out.scale = number(reader, "ReadInt32")?,
            b"zeroCount" | b"zero_count" => out.zero_count = count(reader)?,
            b"zeroThreshold" | b"zero_threshold" => out.zero_threshold = float(reader)?,
            b"positive" => out.positive = exponential_buckets(reader)?,
            b"negative" => out.negative = exponential_buckets(reader)?,
            b"exemplars" => list(reader, &mut out.exemplars, exemplar)?,
            other => head(reader, other, &mut out.head)?,
        }
    }
    Ok(out)
}

fn exponential_buckets(reader: &mut Reader<'_>) -> Result<ExponentialBuckets, Refused> {
    let mut out = ExponentialBuckets::default();
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"offset" => out.offset = number(reader, "ReadInt32")?,
            b"bucketCounts" | b"bucket_counts" => list(reader, &mut out.counts, count)?,
            _ => drop(reader.skip()?),
        }
    }
    Ok(out)
}

fn summary_point<'a>(reader: &mut Reader<'a>) -> Result<SummaryPoint<'a>, Refused> {
    let mut out = SummaryPoint::default();
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"count" => out.count = count(reader)?,
            b"sum" => out.sum = float(reader)?,
            b"quantileValues" | b"quantile_values" => list(reader, &mut out.quantiles, quantile)?,
            other => head(reader, other, &mut out.head)?,
        }
    }
    Ok(out)
}

fn quantile(reader: &mut Reader<'_>) -> Result<(f64, f64), Refused> {
    let mut out = (0.0, 0.0);
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"quantile" => out.0 = float(reader)?,
            b"value" => out.1 = float(reader)?,
            _ => drop(reader.skip()?),
        }
    }
    Ok(out)
}

fn exemplar<'a>(reader: &mut Reader<'a>) -> Result<PointExemplar<'a>, Refused> {
    let mut out = PointExemplar::default();
    while let Some(name) = reader.field()? {
        match name.as_ref() {
            b"timeUnixNano" | b"time_unix_nano" => out.time_ns = number(reader, "ReadUint64")?,
            b"asDouble" | b"as_double" => out.value = float(reader)?,
            b"asInt" | b"as_int" => out.value = number::<i64>(reader, "ReadInt64")? as f64,
            b"traceId" | b"trace_id" => out.trace_id = id(reader, "TraceID")?,
            b"spanId" | b"span_id" => out.span_id = id(reader, "SpanID")?,
            b"filteredAttributes" | b"filtered_attributes" => out.attributes = key_values(reader, 0)?,
            _ => drop(reader.skip()?),
        }
    }
    Ok(out)
}
