//! PromQL: what parses prints, in both forms, to something that parses to the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(tree) = query::promql::parse(text) {
        let printed = query::promql::print(&tree);
        assert_eq!(query::promql::parse(&printed).expect("what was printed parses"), tree);
        // Indentation may take it over the longest query.
        let lines = query::promql::pretty(&tree);
        if lines.len() < 1 << 20 {
            assert_eq!(query::promql::parse(&lines).expect("what was broken open parses"), tree);
        }
    }
});
