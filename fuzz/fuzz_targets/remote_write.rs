//! Bodies of remote write in both versions, and their admission.
#![no_main]

use model::{Limits, Tenant};
use wire::prometheus::{write_v1, write_v2};
use wire::series::{Family, Series, Sink};

/// Checks what it is given.
struct Checked;

impl Sink for Checked {
    fn series(&mut self, series: &Series<'_>) -> Result<(), wire::Refused> {
        let body = wire::prometheus::encode::write_request(std::slice::from_ref(series), &[]);
        let mut again = Again(series);
        assert!(write_v1::read(&body, &mut again).is_ok());
        Ok(())
    }

    fn family(&mut self, _family: Family<'_>) {}
}

/// Checks that a series is read as it was written. Texts of values tell NaN from numbers, and NaN equal to NaN.
struct Again<'a>(&'a Series<'a>);

impl Sink for Again<'_> {
    fn series(&mut self, series: &Series<'_>) -> Result<(), wire::Refused> {
        assert_eq!(format!("{:?}", series.floats), format!("{:?}", self.0.floats));
        assert_eq!(series.labels, self.0.labels);
        assert_eq!(series.exemplars.len(), self.0.exemplars.len());
        assert_eq!(series.histograms.len(), self.0.histograms.len());
        Ok(())
    }

    fn family(&mut self, _family: Family<'_>) {}
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = write_v1::read(bytes, &mut Checked);
    let _ = write_v2::read(bytes, &mut Checked);
    let (tenant, limits) = (Tenant::single(), Limits::default());
    for read in [0, 1] {
        let mut admission = api::admit::series::SeriesAdmission::new(&tenant, &limits, 0, 1 << 20);
        let _ = match read {
            0 => write_v1::read(bytes, &mut admission),
            _ => write_v2::read(bytes, &mut admission),
        };
        let admitted = admission.finish();
        // What is admitted is a batch that the log takes.
        let decoded = model::Batch::decode(admitted.batch.bytes().clone()).expect("an admitted batch is sound");
        for row in decoded.streams().flat_map(|stream| stream.rows()) {
            assert!(model::sample::Sample::read(row.body).is_some());
        }
    }
});
