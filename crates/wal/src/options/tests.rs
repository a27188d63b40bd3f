use super::*;

#[test]
fn sync_reads_and_prints() {
    for (text, sync) in [
        ("always", Sync::Always),
        ("off", Sync::Off),
        ("100ms", Sync::Interval(Duration::from_millis(100))),
        ("1m30s", Sync::Interval(Duration::from_secs(90))),
    ] {
        assert_eq!(text.parse(), Ok(sync));
        assert_eq!(sync.to_string(), text);
        let json = format!("\"{text}\"");
        assert_eq!(serde_json::from_str::<Sync>(&json).unwrap(), sync);
        assert_eq!(serde_json::to_string(&sync).unwrap(), json);
    }
    assert!("sometimes".parse::<Sync>().is_err());
}
