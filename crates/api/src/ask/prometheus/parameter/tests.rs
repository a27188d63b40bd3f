use super::*;

fn refusal<T: std::fmt::Debug>(result: HttpResult<T>) -> String {
    result.unwrap_err().text().to_owned()
}

fn params(query: &str) -> Params {
    Params::read(query).unwrap()
}

#[test]
fn times_are_seconds_or_rfc_3339() {
    for (text, ns) in [
        ("1741640400", 1_741_640_400 * SECOND_NS),
        ("1741640400.1234", 1_741_640_400 * SECOND_NS + 123_000_000),
        ("1.5e3", 1500 * SECOND_NS),
        ("-1", -SECOND_NS),
        ("2025-03-10T21:00:00Z", 1_741_640_400 * SECOND_NS),
        ("9223372036854775", i64::MAX),
    ] {
        assert_eq!(time_of(text), Ok(ns), "{text}");
    }
    for text in ["abc", "NaN", "2025-03-10", "1h"] {
        let said = refusal(time(&params(&format!("time={text}")), "time", 0));
        assert_eq!(said, format!("invalid parameter \"time\": cannot parse {text:?} to a valid timestamp"));
    }
    assert_eq!(time(&params(""), "time", 7).unwrap(), 7);
    assert_eq!(
        refusal(range(&params("start=2&end=1"))),
        "invalid parameter \"end\": end timestamp must not be before start time"
    );
}

#[test]
fn steps_and_limits() {
    assert_eq!(step(&params("step=15")).unwrap(), 15 * SECOND_NS);
    assert_eq!(step(&params("step=1m30s")).unwrap(), 90 * SECOND_NS);
    assert_eq!(
        refusal(step(&params("step=abc"))),
        "invalid parameter \"step\": cannot parse \"abc\" to a valid duration"
    );
    assert!(refusal(step(&params("step=0"))).contains("zero or negative query resolution step widths"));
    assert_eq!(limit(&params("limit=0")).unwrap(), None);
    assert_eq!(limit(&params("limit=5")).unwrap(), Some(5));
    assert_eq!(
        refusal(limit(&params("limit=-5"))),
        "invalid parameter \"limit\": limit must be non-negative"
    );
}

#[test]
fn selectors_must_not_select_everything() {
    assert_eq!(selectors(&params("match[]=up&match[]={a%3D\"b\"}")).unwrap().len(), 2);
    assert_eq!(
        refusal(selectors(&params("match[]={a%3D~\".*\"}"))),
        "invalid parameter \"match[]\": match[] must contain at least one non-empty matcher"
    );
    assert!(refusal(selectors(&params("match[]=sum("))).starts_with("invalid parameter \"match[]\": 1:"));
}
