use super::*;

const NOW_NS: i64 = 1_741_662_000_000_000_000;

fn refusal(query: &str) -> String {
    check(&Params::read(query).unwrap(), NOW_NS).map_err(|error| error.text().to_owned()).unwrap_err()
}

#[test]
fn requests_are_checked_in_lokis_order() {
    let query = "query=%7Ba%3D%22b%22%7D";
    let filtered = "query=%7Ba%3D%22b%22%7D%7C%3D%22x%22&start=1741640400&end=1741644000";
    assert_eq!(refusal("start=1"), "query not set");
    assert_eq!(refusal("query=%7Bbad&start=1741640400"), "invalid query expression");
    assert_eq!(refusal(query), "start time not set");
    assert_eq!(
        refusal(&format!("{query}&start=1")),
        "invalid start time: require unix seconds or RFC3339 format"
    );
    assert_eq!(
        refusal(&format!("{query}&start=1741640400&end=4102444800")),
        "deletes in the future are not allowed"
    );
    assert_eq!(
        refusal(&format!("{query}&start=1741640400&end=1741640400")),
        "start time can't be greater than or equal to end time"
    );
    assert_eq!(
        refusal(&format!("{filtered}&max_interval=abc")),
        "invalid max_interval: valid time units are 's', 'm', 'h'"
    );
    let long = refusal(&format!("{filtered}&max_interval=25h"));
    assert_eq!(long, "max_interval can't be greater than 24h0m0s");
    for fine in
        [format!("{filtered}&max_interval=1h"), format!("{query}&start=2025-03-10T21:00:00Z&max_interval=x")]
    {
        check(&Params::read(&fine).unwrap(), NOW_NS).unwrap();
    }
}
