//! Go templates: any text parses or is refused, and what parses runs within its bounds.
#![no_main]

use query::template::{Input, Template, TemplateScratch};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(template) = Template::parse("line", text) else { return };
    let fields = [("level", "info"), ("n", "7"), ("json", r#"{"a":[1,"x"]}"#)];
    let clock = base::Clock::manual(0);
    let input = Input { fields: &fields, line: "the line é", ts_ns: 1_741_640_402_317_558_270, clock: &clock };
    let mut out = String::new();
    let _ = template.run(&input, &mut TemplateScratch::default(), &mut out);
    // A last text may come on top of what the bound on the whole lets through.
    assert!(out.len() <= 64 << 20);
});
