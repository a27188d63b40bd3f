//! `prometheus.WriteRequest`: series with their labels spelled out, and metadata of metrics apart from them.

use crate::prometheus::histogram::histogram;
use crate::prometheus::{FLOATS_MAX, PARTS_MAX, push_bounded};
use crate::protobuf::Fields;
use crate::refused::Refused;
use crate::series::{Exemplar, Family, FamilyKind, Label, Series, Sink};

/// Reads a decompressed body into `sink`.
///
/// # Errors
/// [`base::Kind::Invalid`] in the words of Go's decoder, and what the sink refuses. What came before was given to the sink.
pub fn read(body: &[u8], sink: &mut impl Sink) -> Result<(), Refused> {
    let mut scratch = Series::default();
    let mut fields = Fields::new(body, "WriteRequest");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => {
                scratch.clear();
                series(value.bytes("Timeseries")?, &mut scratch)?;
                sink.series(&scratch)?;
            }
            3 => sink.family(family(value.bytes("Metadata")?)?),
            _ => {}
        }
    }
    Ok(())
}

fn series<'a>(bytes: &'a [u8], out: &mut Series<'a>) -> Result<(), Refused> {
    let mut fields = Fields::new(bytes, "TimeSeries");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => push_bounded(&mut out.labels, label(value.bytes("Labels")?)?, PARTS_MAX, "labels")?,
            2 => push_bounded(&mut out.floats, sample(value.bytes("Samples")?)?, FLOATS_MAX, "samples")?,
            3 => {
                let exemplar = exemplar(value.bytes("Exemplars")?)?;
                push_bounded(&mut out.exemplars, exemplar, PARTS_MAX, "exemplars")?;
            }
            4 => {
                let histogram = histogram(value.bytes("Histograms")?)?;
                push_bounded(&mut out.histograms, histogram, PARTS_MAX, "histograms")?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn label(bytes: &[u8]) -> Result<Label<'_>, Refused> {
    let mut out: Label<'_> = (b"", b"");
    let mut fields = Fields::new(bytes, "Label");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => out.0 = value.bytes("Name")?,
            2 => out.1 = value.bytes("Value")?,
            _ => {}
        }
    }
    Ok(out)
}

/// Time and value; 2.0 writes the same fields and a start time, which is not kept.
pub(super) fn sample(bytes: &[u8]) -> Result<(i64, f64), Refused> {
    let (mut ts_ms, mut sample) = (0, 0.0);
    let mut fields = Fields::new(bytes, "Sample");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => sample = f64::from_bits(value.fixed64("Value")?),
            2 => ts_ms = value.varint("Timestamp")? as i64,
            _ => {}
        }
    }
    Ok((ts_ms, sample))
}

fn exemplar(bytes: &[u8]) -> Result<Exemplar<'_>, Refused> {
    let mut out = Exemplar::default();
    let mut fields = Fields::new(bytes, "Exemplar");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => push_bounded(&mut out.labels, label(value.bytes("Labels")?)?, PARTS_MAX, "labels")?,
            2 => out.value = f64::from_bits(value.fixed64("Value")?),
            3 => out.ts_ms = value.varint("Timestamp")? as i64,
            _ => {}
        }
    }
    Ok(out)
}

fn family(bytes: &[u8]) -> Result<Family<'_>, Refused> {
    let mut out = Family::default();
    let mut fields = Fields::new(bytes, "MetricMetadata");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => out.kind = FamilyKind::from_number(value.varint("Type")?),
            2 => out.name = value.bytes("MetricFamilyName")?,
            4 => out.help = value.bytes("Help")?,
            5 => out.unit = value.bytes("Unit")?,
            _ => {}
        }
    }
    Ok(out)
}
