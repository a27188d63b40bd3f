//! LogQL: what parses prints to something that parses to the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(tree) = query::logql::parse(text) {
        let printed = query::logql::print(&tree);
        let again = query::logql::parse(&printed).expect("what was printed parses");
        assert_eq!(query::logql::print(&again), printed);
    }
});
