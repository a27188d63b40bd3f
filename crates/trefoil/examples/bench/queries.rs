//! The questions, and what the right answers are.

use crate::corpus::{Corpus, Line};
use model::Labels;

pub struct Query {
    pub name: &'static str,
    pub text: String,
    pub form: Form,
    /// Lines answered, or the sum of all numbers answered.
    pub expected: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// At most 100 lines.
    Lines,
    /// Numbers at the end of the time.
    Instant,
    /// Numbers every so many seconds.
    Range(u32),
}

/// Of every line.
const EVERYTHING: &str = "{kind=~\".+\"}";
const LIMIT: u64 = 100;
/// Without a literal of its own case.
const FOLDED: &str = "(?i)TIME.?OUT|refuseD";
/// Without any literal.
pub const DIGITS: &str = "[0-9]{5}[a-f][0-9]{3}";

/// What is in few lines or none: asked warm, and cold after a restart.
pub fn needles(corpus: &Corpus) -> Vec<Query> {
    let needles = &corpus.needles;
    let of = |name, needle: &str| Query {
        name,
        text: format!("{EVERYTHING} |= \"{needle}\""),
        form: Form::Lines,
        expected: Some(containing(corpus, needle).min(LIMIT)),
    };
    let mut all = vec![
        of("rare token", &needles.rare),
        of("request id", &needles.request),
        of("phrase", &needles.phrase),
        of("trace id", &needles.trace),
        of("absent word", "nosuchwordanywhere"),
    ];
    if let Some(trace) = &needles.metadata {
        all.push(Query {
            name: "trace id in metadata",
            text: format!("{EVERYTHING} | trace_id=\"{trace}\""),
            form: Form::Lines,
            expected: Some(1),
        });
    }
    all
}

/// What touches much.
pub fn others(corpus: &Corpus) -> Vec<Query> {
    let common = &corpus.needles.common;
    let count = |name, condition: String, expected: u64| Query {
        name,
        text: format!("sum(count_over_time({EVERYTHING} {condition} [25h]))"),
        form: Form::Instant,
        expected: Some(expected),
    };
    let matching = |expression: &str| {
        let regex = regex::bytes::Regex::new(expression).expect("a literal");
        counted(corpus, |_, line| regex.is_match(line.text))
    };
    // Windows that tile the time have each line once.
    let over = |name, text: String, step_seconds| Query {
        name,
        text,
        form: Form::Range(step_seconds),
        expected: Some(corpus.line_count() as u64),
    };
    let mut all = vec![
        newest(corpus),
        count("common phrase, count", format!("|= \"{common}\""), containing(corpus, common)),
        count("case-insensitive regex, count", format!("|~ \"{FOLDED}\""), matching(FOLDED)),
        count("literal-free regex, count", format!("|~ \"{DIGITS}\""), matching(DIGITS)),
        over("count by app per hour", format!("sum by (app) (count_over_time({EVERYTHING} [1h]))"), 3600),
        over(
            "volume by level per 15 min",
            format!("sum by (detected_level) (count_over_time({EVERYTHING} [15m]))"),
            900,
        ),
    ];
    let has = |kind| corpus.streams.iter().any(|stream| stream.labels.get("kind") == Some(kind));
    if has("json") && has("logfmt") {
        all.extend(fields());
    }
    all
}

fn fields() -> Vec<Query> {
    let instant =
        |name, text: &str| Query { name, text: text.to_owned(), form: Form::Instant, expected: None };
    vec![
        instant(
            "json field filter, count of an app",
            "sum(count_over_time({app=\"json-1\"} | json | status >= 500 [25h]))",
        ),
        instant(
            "logfmt duration filter, count of an app",
            "sum(count_over_time({app=\"logfmt-2\"} | logfmt | duration > 1s [25h]))",
        ),
        instant(
            "json field filter, count of all",
            "sum(count_over_time({kind=\"json\"} | json | status >= 500 [25h]))",
        ),
        instant(
            "p99 of a json field by app",
            "quantile_over_time(0.99, {kind=\"json\"} | json | unwrap latency_ms [25h]) by (app)",
        ),
        instant(
            "topk of a json path",
            "topk(5, sum by (http_path) (count_over_time({kind=\"json\"} | json [25h])))",
        ),
        instant(
            "count by a field of a pattern",
            "sum by (status) (count_over_time({kind=\"nginx\"} | pattern `<ip> - - [<_>] \"<method> <path> <_>\" <status> <size> <_>` [25h]))",
        ),
        Query {
            name: "newest 100 lines with a json field",
            text: "{app=\"json-1\"} | json | status = 502".to_owned(),
            form: Form::Lines,
            expected: None,
        },
        Query {
            name: "newest 100 lines with a rare json field",
            text: "{kind=\"json\"} | json | latency_ms > 1995".to_owned(),
            form: Form::Lines,
            expected: None,
        },
    ]
}

fn newest(corpus: &Corpus) -> Query {
    let app = corpus.streams.first().and_then(|s| s.labels.get("app")).unwrap_or_default();
    let lines = counted(corpus, |labels, _| labels.get("app") == Some(app));
    Query {
        name: "newest 100 lines of an app",
        text: format!("{{app=\"{app}\"}}"),
        form: Form::Lines,
        expected: Some(lines.min(LIMIT)),
    }
}

fn counted(corpus: &Corpus, holds: impl Fn(&Labels, Line<'_>) -> bool) -> u64 {
    corpus.lines().filter(|(labels, line)| holds(labels, *line)).count() as u64
}

fn containing(corpus: &Corpus, needle: &str) -> u64 {
    let finder = memchr::memmem::Finder::new(needle);
    counted(corpus, |_, line| finder.find(line.text).is_some())
}
