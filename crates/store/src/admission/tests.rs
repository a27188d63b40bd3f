use super::*;
use base::unit::{ByteSize, SECOND_NS};
use model::{BatchBuilder, Labels, LabelsRef, RowRef, Signal, Tenant};

fn batch(streams: &[(&str, usize)]) -> Batch {
    batch_of(Signal::Line, streams)
}

fn batch_of(signal: Signal, streams: &[(&str, usize)]) -> Batch {
    let mut batch = BatchBuilder::new(Tenant::single(), signal, 0);
    for (app, bytes) in streams {
        let text = vec![b'x'; *bytes];
        let row = RowRef { ts_ns: 1, body: &text, metadata: LabelsRef::EMPTY };
        batch.add_rows(Labels::from_pairs([("app", *app)]).as_ref(), [row]);
    }
    batch.build()
}

fn limits(streams: u64, rate: u64, burst: u64) -> Limits {
    Limits {
        max_global_streams_per_user: streams,
        per_stream_rate_limit: ByteSize(rate),
        per_stream_rate_limit_burst: ByteSize(burst),
        ..Limits::default()
    }
}

#[test]
fn new_streams_beyond_the_limit_are_refused_and_old_ones_go_on() {
    let admission = Admission::default();
    let limits = limits(2, 1000, 1000);
    let admitted = admission.admit(&batch(&[("a", 1), ("b", 1), ("c", 1), ("a", 1)]), &limits, 0);
    assert_eq!(admitted.created, 2);
    assert_eq!(admitted.refused, [Refused { stream: 2, why: Refusal::StreamLimit { limit: 2 } }]);
    assert_eq!(admission.admit(&batch(&[("b", 1)]), &limits, 1).refused, []);
    assert_eq!(admission.forget_idle(1), 1);
    assert_eq!(admission.admit(&batch(&[("c", 1)]), &limits, 2).refused, []);
}

#[test]
fn the_smaller_of_both_stream_limits_holds_and_zero_is_none() {
    let both = |global, local| {
        Limits { max_global_streams_per_user: global, max_streams_per_user: local, ..Limits::default() }
            .streams(Signal::Line)
    };
    assert_eq!([both(5, 3), both(5, 0), both(0, 3), both(0, 0)], [3, 5, 3, 0]);
}

#[test]
fn series_are_limited_in_number_and_spans_not_at_all() {
    let limits = Limits { max_global_series_per_user: 2, ..limits(1, 1, 1) };
    let admission = Admission::default();
    let three = [("a", 100), ("b", 100), ("c", 100)];
    let admitted = admission.admit(&batch_of(Signal::Sample, &three), &limits, 0);
    assert_eq!(admitted.refused, [Refused { stream: 2, why: Refusal::StreamLimit { limit: 2 } }]);
    assert_eq!((admitted.created, admission.len()), (2, 2));
    assert_eq!(admission.forget_idle(1), 2);
    let admitted = admission.admit(&batch_of(Signal::Span, &three), &limits, 0);
    assert_eq!((admitted.refused, admission.len()), (Vec::new(), 0));
}

#[test]
fn a_stream_gets_its_burst_and_then_its_rate() {
    let admission = Admission::default();
    let limits = limits(0, 100, 300);
    let refused = |bytes: usize, now_ns: i64| {
        let admitted = admission.admit(&batch(&[("a", bytes)]), &limits, now_ns);
        admitted.refused.first().map(|refused| refused.why.clone())
    };
    let rate = |asked_bytes| Some(Refusal::StreamRate { limit_bytes: 100, asked_bytes });
    assert_eq!(refused(301, 0), rate(301), "more than the burst never goes");
    assert_eq!(refused(300, 0), None);
    assert_eq!(refused(1, 0), rate(1));
    assert_eq!(refused(100, SECOND_NS), None);
    assert_eq!(refused(1, SECOND_NS), rate(1));
    assert_eq!(refused(300, 100 * SECOND_NS), None, "tokens do not grow beyond the burst");
    assert_eq!(refused(1, 100 * SECOND_NS), rate(1));
}

#[test]
fn replayed_streams_count_without_limits() {
    let admission = Admission::default();
    assert_eq!(admission.note(&batch(&[("a", 1), ("b", 1)])), 2);
    assert_eq!(admission.note(&batch(&[("a", 1)])), 0);
    assert_eq!(admission.len(), 2);
    let limits = limits(1, 10, 10);
    let admitted = admission.admit(&batch(&[("a", 1), ("c", 1)]), &limits, 0);
    assert_eq!(admitted.refused, [Refused { stream: 1, why: Refusal::StreamLimit { limit: 1 } }]);
}
