//! `io.prometheus.write.v2.Request`: all texts stand once in a table of symbols, series name them by position and bring
//! the metadata of their metric along.

use crate::prometheus::histogram::histogram;
use crate::prometheus::write_v1::sample;
use crate::prometheus::{FLOATS_MAX, PARTS_MAX, SYMBOLS_MAX, push_bounded};
use crate::protobuf::{Fields, Value};
use crate::refused::Refused;
use crate::series::{Exemplar, Family, FamilyKind, Label, METRIC_NAME, Series, Sink};
use model::varint;

/// Reads a decompressed body into `sink`.
///
/// # Errors
/// [`base::Kind::Invalid`] in the words of Go's decoder, for a table that does not begin with the empty text, and for a
/// reference beyond the table; and what the sink refuses. What came before was given to the sink.
pub fn read(body: &[u8], sink: &mut impl Sink) -> Result<(), Refused> {
    let symbols = Symbols::read(body)?;
    let mut scratch = Series::default();
    let mut fields = Fields::new(body, "Request");
    while let Some((number, value)) = fields.next_field()? {
        if number == 5 {
            scratch.clear();
            let family = symbols.series(value.bytes("Timeseries")?, &mut scratch)?;
            let name = scratch.label(METRIC_NAME).unwrap_or(b"");
            if family != Family::default() && !name.is_empty() {
                sink.family(Family { name, ..family });
            }
            sink.series(&scratch)?;
        }
    }
    Ok(())
}

/// The table of texts.
struct Symbols<'a>(Vec<&'a [u8]>);

impl<'a> Symbols<'a> {
    /// The table stands in the message before or after those who refer to it.
    fn read(body: &'a [u8]) -> Result<Self, Refused> {
        let mut symbols = Vec::new();
        let mut fields = Fields::new(body, "Request");
        while let Some((number, value)) = fields.next_field()? {
            if number == 4 {
                push_bounded(&mut symbols, value.bytes("Symbols")?, SYMBOLS_MAX, "symbols")?;
            }
        }
        match symbols.first() {
            None | Some(&b"") => Ok(Self(symbols)),
            Some(_) => Err(Refused::invalid("the first symbol is not the empty string")),
        }
    }

    fn get(&self, at: u64) -> Result<&'a [u8], Refused> {
        let found = usize::try_from(at).ok().and_then(|at| self.0.get(at));
        found.copied().ok_or_else(|| {
            Refused::invalid(format!("symbol {at} is referred to, there are only {}", self.0.len()))
        })
    }

    fn series(&self, bytes: &'a [u8], out: &mut Series<'a>) -> Result<Family<'a>, Refused> {
        let mut family = Family::default();
        let mut labels = Pairs::default();
        let mut fields = Fields::new(bytes, "TimeSeries");
        while let Some((number, value)) = fields.next_field()? {
            match number {
                1 => labels.take(value, self, &mut out.labels)?,
                2 => push_bounded(&mut out.floats, sample(value.bytes("Samples")?)?, FLOATS_MAX, "samples")?,
                3 => {
                    let histogram = histogram(value.bytes("Histograms")?)?;
                    push_bounded(&mut out.histograms, histogram, PARTS_MAX, "histograms")?;
                }
                4 => {
                    let exemplar = self.exemplar(value.bytes("Exemplars")?)?;
                    push_bounded(&mut out.exemplars, exemplar, PARTS_MAX, "exemplars")?;
                }
                5 => family = self.family(value.bytes("Metadata")?)?,
                _ => {}
            }
        }
        labels.end()?;
        Ok(family)
    }

    fn exemplar(&self, bytes: &'a [u8]) -> Result<Exemplar<'a>, Refused> {
        let mut out = Exemplar::default();
        let mut labels = Pairs::default();
        let mut fields = Fields::new(bytes, "Exemplar");
        while let Some((number, value)) = fields.next_field()? {
            match number {
                1 => labels.take(value, self, &mut out.labels)?,
                2 => out.value = f64::from_bits(value.fixed64("Value")?),
                3 => out.ts_ms = value.varint("Timestamp")? as i64,
                _ => {}
            }
        }
        labels.end()?;
        Ok(out)
    }

    fn family(&self, bytes: &'a [u8]) -> Result<Family<'a>, Refused> {
        let mut out = Family::default();
        let mut fields = Fields::new(bytes, "Metadata");
        while let Some((number, value)) = fields.next_field()? {
            match number {
                1 => out.kind = FamilyKind::from_number(value.varint("Type")?),
                3 => out.help = self.get(value.varint("HelpRef")?)?,
                4 => out.unit = self.get(value.varint("UnitRef")?)?,
                _ => {}
            }
        }
        Ok(out)
    }
}

/// Labels from references in pairs, which may come packed or one by one.
#[derive(Default)]
struct Pairs<'a> {
    name: Option<&'a [u8]>,
}

impl<'a> Pairs<'a> {
    fn take(
        &mut self,
        value: Value<'_>,
        symbols: &Symbols<'a>,
        out: &mut Vec<Label<'a>>,
    ) -> Result<(), Refused> {
        let Value::Bytes(mut packed) = value else {
            return self.add(symbols.get(value.varint("LabelsRefs")?)?, out);
        };
        while !packed.is_empty() {
            let at = varint::take(&mut packed).ok_or_else(|| Refused::invalid("unexpected EOF"))?;
            self.add(symbols.get(at)?, out)?;
        }
        Ok(())
    }

    fn add(&mut self, symbol: &'a [u8], out: &mut Vec<Label<'a>>) -> Result<(), Refused> {
        match self.name.take() {
            None => self.name = Some(symbol),
            Some(name) => push_bounded(out, (name, symbol), PARTS_MAX, "labels")?,
        }
        Ok(())
    }

    fn end(&self) -> Result<(), Refused> {
        match self.name {
            None => Ok(()),
            Some(_) => Err(Refused::invalid("labels are references in pairs, there is one too many")),
        }
    }
}
