//! Ten classes of questions.

use crate::corpus::Corpus;

pub struct Query {
    pub name: &'static str,
    pub text: String,
    pub start_ns: i64,
    pub end_ns: i64,
    pub limit: usize,
}

pub fn all(corpus: &Corpus) -> Vec<Query> {
    let (start_ns, end_ns) = corpus.span_ns;
    let query = |name, text: String| Query { name, text, start_ns, end_ns: end_ns + 1, limit: 100 };
    let everything = "{kind=~\".+\"}";
    let first = corpus.streams.first().and_then(|s| s.labels.get("app")).unwrap_or_default();
    vec![
        query("needle id over all", format!("{everything} |= \"{}\"", corpus.needle)),
        query("absent word over all", format!("{everything} |= \"nosuchwordanywhere\"")),
        query(
            "common phrase, count over all",
            format!("sum(count_over_time({everything} |= \"{}\" [6h]))", corpus.phrase),
        ),
        query("newest 100 lines of an app", format!("{{app=\"{first}\"}}")),
        query(
            "case-insensitive regex, count",
            format!("sum(count_over_time({everything} |~ \"(?i)time.?out|refused\" [6h]))"),
        ),
        query(
            "literal-free regex, count",
            format!("sum(count_over_time({everything} |~ \"[0-9]{{5}}[a-f][0-9]{{3}}\" [6h]))"),
        ),
        query(
            "json field filter, count",
            "sum(count_over_time({kind=\"json\"} | json | status >= 500 [6h]))".to_owned(),
        ),
        query(
            "logfmt duration filter, count",
            "sum(count_over_time({kind=\"logfmt\"} | logfmt | duration > 1s [6h]))".to_owned(),
        ),
        query("count by app per hour", format!("sum by (app) (count_over_time({everything} [1h]))")),
        query(
            "p99 of a json field by app",
            "quantile_over_time(0.99, {kind=\"json\"} | json | unwrap latency_ms [6h]) by (app)".to_owned(),
        ),
    ]
}
