use super::*;

#[test]
fn strikes_are_as_frequent_as_asked_and_repeatable() {
    let config = FaultsConfig { fail_percent: 30, hang_percent: 10, ..FaultsConfig::default() };
    let play = |config: &FaultsConfig| -> Vec<Strike> {
        let faults = Faults::new(config);
        (0..10_000).map(|_| faults.next()).collect()
    };
    let strikes = play(&config);
    assert_eq!(strikes, play(&config));
    assert_ne!(strikes, play(&FaultsConfig { seed: 2, ..config }));
    let count = |wanted: Strike| strikes.iter().filter(|strike| **strike == wanted).count();
    for (strike, expected) in [
        (Strike::Fail { done: false }, 1500),
        (Strike::Fail { done: true }, 1500),
        (Strike::Hang { done: false }, 500),
        (Strike::Hang { done: true }, 500),
    ] {
        assert!(count(strike).abs_diff(expected) < expected / 5, "{strike:?}");
    }
    let calm = Faults::new(&FaultsConfig::default());
    assert!((0..1000).all(|_| calm.next() == Strike::Nothing));
}
