use super::*;
use model::sample::{STALE_BITS, exemplar_body, float_body};
use model::{LabelsRef, RowRef};
use proptest::prelude::*;

fn rows(floats: &[(i64, f64)]) -> RowColumns {
    let bodies: Vec<(i64, [u8; 9])> =
        floats.iter().map(|(ts_ns, value)| (*ts_ns, float_body(*value))).collect();
    RowColumns::from_rows(bodies.iter().map(|(ts_ns, body)| RowRef {
        ts_ns: *ts_ns,
        body,
        metadata: LabelsRef::EMPTY,
    }))
}

#[test]
fn exemplars_are_no_samples_and_damage_is_told() {
    let body = exemplar_body(7.0);
    let exemplar = RowRef { ts_ns: 1, body: &body, metadata: LabelsRef::EMPTY };
    assert_eq!(Samples::read(&RowColumns::from_rows([exemplar])).unwrap(), Samples::default());
    let damaged = RowRef { ts_ns: 5, body: &[9, 9], metadata: LabelsRef::EMPTY };
    let error = Samples::read(&RowColumns::from_rows([damaged])).unwrap_err();
    assert_eq!(error.what(), "the sample at 5 ns cannot be read");
}

#[test]
fn the_last_sample_ends_a_series_when_it_says_so() {
    let stale = f64::from_bits(STALE_BITS);
    let mut samples = Samples::read(&rows(&[(10, 1.0), (20, stale), (30, 3.0)])).unwrap();
    samples.settle();
    assert_eq!(samples.last(0, 15), Some((10, Value::Float(1.0))));
    assert_eq!(samples.last(0, 20), None);
    assert_eq!(samples.last(0, 30), Some((30, Value::Float(3.0))));
    assert_eq!(samples.last(30, 40), None, "the first moment is not in it");
    assert_eq!(samples.without_ends().floats, [(10, 1.0), (30, 3.0)]);
    assert_eq!(samples.window(10, 30).floats.len(), 2);
}

proptest! {
    /// Whatever the order and however often they come, the same samples stay.
    #[test]
    fn order_and_repeats_do_not_matter(
        samples in prop::collection::vec((0i64..8, 0u8..4), 0..30), cut in 0usize..30, turn in any::<bool>(),
    ) {
        let floats: Vec<(i64, f64)> = samples.iter().map(|(ts, v)| (*ts, f64::from(*v))).collect();
        let whole = {
            let mut greatest = std::collections::BTreeMap::new();
            for (ts_ns, value) in &floats {
                let bits = greatest.entry(*ts_ns).or_insert(0u64);
                *bits = (*bits).max(value.to_bits());
            }
            greatest.into_iter().map(|(ts_ns, bits)| (ts_ns, f64::from_bits(bits))).collect::<Vec<_>>()
        };
        let (first, second) = floats.split_at(cut.min(floats.len()));
        let (first, second) = if turn { (second, first) } else { (first, second) };
        let mut joined = Samples::read(&rows(first)).unwrap();
        joined.append(Samples::read(&rows(second)).unwrap());
        joined.append(Samples::read(&rows(first)).unwrap());
        joined.settle();
        prop_assert_eq!(joined.floats, whole);
    }
}
