use super::*;

#[test]
fn dates_of_seconds() {
    assert_eq!(Date::of(0.0), Date { year: 1970, month: 1, day: 1 });
    assert_eq!(Date::of(1_136_239_445.0), Date { year: 2006, month: 1, day: 2 });
    assert_eq!(Date::of(-1.0), Date { year: 1969, month: 12, day: 31 });
    let leap = Date::of(1_456_704_000.0);
    assert_eq!(
        (leap, leap.days_in_month(), leap.day_of_year()),
        (Date { year: 2016, month: 2, day: 29 }, 29, 60)
    );
    assert_eq!(Date::of(1_483_142_400.0).day_of_year(), 366);
    assert_eq!((day_of_week(1_136_239_445.0), hour(1_136_239_445.0), minute(1_136_239_445.0)), (1, 22, 4));
}
