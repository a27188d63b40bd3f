//! TraceQL: what parses prints to something that parses to the same tree.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = query::traceql::lenient::equalities(text);
    if let Ok(query) = query::traceql::parse(text) {
        let printed = query::traceql::print(&query);
        // Names of attributes may need quotes that make the text longer than it may be.
        if printed.len() <= 131_072 {
            assert_eq!(query::traceql::parse(&printed).expect("what was printed parses"), query);
        }
    }
});
