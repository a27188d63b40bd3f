use super::*;
use base::unit::{HOUR_NS, Period};
use model::Tenant;

fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

#[test]
fn ranges_are_cut_and_refused() {
    let now_ns = 100 * HOUR_NS;
    let range = |start: i64, end: i64| TimeRange::new(start * HOUR_NS, end * HOUR_NS);
    let back = limits(|limits| limits.max_query_lookback = Period(24 * HOUR_NS));
    assert_eq!(within(range(10, 90), &back, now_ns).unwrap(), range(76, 90));
    let refused = |range, limits: &Limits| within(range, limits, now_ns).unwrap_err().text().to_owned();
    assert_eq!(
        refused(range(10, 20), &back),
        "this data is no longer available, it is past now - max_query_lookback (1d)"
    );
    assert_eq!(
        refused(range(2, 1), &Limits::default()),
        "this data is no longer available, it is past now - max_query_lookback (0s)"
    );
    let short = limits(|limits| limits.max_query_length = Period(12 * HOUR_NS));
    assert_eq!(
        refused(range(0, 18), &short),
        "the query time range exceeds the limit (query length: 18h0m0s, limit: 12h)"
    );
    let default = refused(range(0, 483_795), &Limits::default());
    assert_eq!(default, "the query time range exceeds the limit (query length: 483795h0m0s, limit: 30d1h)");
}

#[test]
fn of_several_tenants_the_strictest_limit_holds() {
    let limits_of: LimitsOf = Arc::new(|tenant: &Tenant| {
        Arc::new(match tenant.as_str() {
            "a" => limits(|limits| limits.max_query_series = 7),
            "b" => limits(|limits| limits.max_query_lookback = Period(HOUR_NS)),
            _ => Limits::default(),
        })
    });
    let tenants = Tenants::read(Some("a|b|c"), true).unwrap();
    let strictest = strictest(&limits_of, &tenants);
    assert_eq!((strictest.max_query_series, strictest.max_query_lookback), (7, Period(HOUR_NS)));
    assert_eq!(smaller(0, 5), 5);
    assert_eq!(smaller(5, 0), 5);
    assert_eq!(smaller(5, 3), 3);
}
