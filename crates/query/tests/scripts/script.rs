//! Reads a script into blocks.

use base::unit::Period;
use model::{Batch, BatchBuilder, Direction, Labels, RowRef, Signal, Tenant};
use query::engine::{InstantQuery, RangeQuery};

/// Second 0 of scripts: a full hour.
pub const BASE_NS: i64 = 1_699_999_200 * 1_000_000_000;

/// A part of a script.
pub enum Block {
    /// Comments and empty lines.
    Text(String),
    /// Forgets lines and limits.
    Clear(String),
    /// Sets limits.
    Limits(String, serde_json::Map<String, serde_json::Value>),
    /// Lines of one stream.
    Load(String, Vec<Batch>),
    /// A query with the answer it should give.
    Ask {
        /// The text up to the answer.
        text: String,
        /// Where it stands.
        line: usize,
        /// The query.
        ask: Ask,
        /// The answer, from `gives` or `fails` on.
        expected: String,
    },
}

/// A query.
pub enum Ask {
    Range(RangeQuery),
    Instant(InstantQuery),
}

/// Reads `text`.
pub fn parse(text: &str) -> Result<Vec<Block>, String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut blocks = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let start = at;
        let line = lines[at].trim_end();
        at += 1;
        if line.is_empty() || line.starts_with('#') {
            blocks.push(Block::Text(lines[start].to_owned()));
            continue;
        }
        while at < lines.len() && lines[at].starts_with(' ') {
            at += 1;
        }
        let body = &lines[start + 1..at];
        let text = lines[start..at].concat();
        let wrong = |what: String| format!("line {}: {what}", start + 1);
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "clear" => blocks.push(Block::Clear(text)),
            "limits" => {
                let map = serde_json::from_str(rest).map_err(|e| wrong(e.to_string()))?;
                blocks.push(Block::Limits(text, map));
            }
            "load" => blocks.push(Block::Load(text, load(rest, body).map_err(wrong)?)),
            "range" | "instant" => {
                let query: String = body.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n");
                let ask = if word == "range" { range(rest, query) } else { instant(rest, query) };
                let answer_start = at;
                if lines.get(at).is_some_and(|line| line.starts_with("gives") || line.starts_with("fails")) {
                    at += 1;
                    while at < lines.len() && lines[at].starts_with(' ') {
                        at += 1;
                    }
                }
                let expected = lines[answer_start..at].concat();
                blocks.push(Block::Ask { text, line: start + 1, ask: ask.map_err(wrong)?, expected });
            }
            _ => return Err(wrong(format!("{word:?} is no command"))),
        }
    }
    Ok(blocks)
}

/// `{app="a", env="b"}` with its tenant, `fake` when there is none before it.
fn selector(text: &str) -> Result<(Tenant, Labels), String> {
    let (tenant, labels) = text.split_once('{').ok_or("no labels")?;
    let tenant = if tenant.trim().is_empty() { "fake" } else { tenant.trim() };
    let pairs = labels.trim_end_matches('}').split(',').filter(|pair| !pair.trim().is_empty());
    let pairs: Option<Vec<(&str, &str)>> = pairs
        .map(|pair| pair.split_once('=').map(|(name, value)| (name.trim(), value.trim().trim_matches('"'))))
        .collect();
    let tenant = Tenant::new(tenant).map_err(|e| e.to_string())?;
    Ok((tenant, Labels::from_pairs(pairs.ok_or("a label without a value")?)))
}

fn load(head: &str, body: &[&str]) -> Result<Vec<Batch>, String> {
    let (tenant, labels) = selector(head)?;
    let mut rows: Vec<(i64, String, Labels)> = Vec::new();
    for line in body {
        let line = line.strip_prefix("  ").unwrap_or(line).trim_end_matches('\n');
        let (times, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (metadata, text) = match rest.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
            Some((metadata, text)) => (metadata, text),
            None => ("", rest),
        };
        let pairs: Option<Vec<(&str, &str)>> =
            metadata.split_whitespace().map(|p| p.split_once('=')).collect();
        let metadata = Labels::from_pairs(pairs.ok_or("metadata is name=value")?);
        for (n, ts_ns) in self::times(times)?.into_iter().enumerate() {
            rows.push((ts_ns, text.replace("$n", &n.to_string()), metadata.clone()));
        }
    }
    let mut batch = BatchBuilder::new(tenant, Signal::Line, BASE_NS);
    let lines = rows.iter().map(|(ts_ns, text, metadata)| RowRef {
        ts_ns: *ts_ns,
        body: text.as_bytes(),
        metadata: metadata.as_ref(),
    });
    batch.add_rows(labels.as_ref(), lines);
    Ok(vec![batch.build()])
}

/// `10s`, or `10s..60s/5s` for every five seconds from ten to sixty.
fn times(text: &str) -> Result<Vec<i64>, String> {
    let Some((from, rest)) = text.split_once("..") else { return Ok(vec![time(text)?]) };
    let (to, step) = rest.split_once('/').ok_or("times are FROM..TO/STEP")?;
    let (mut at, to, step) = (time(from)?, time(to)?, period(step)?);
    let mut times = Vec::new();
    while at <= to {
        times.push(at);
        at += step;
    }
    Ok(times)
}

fn period(text: &str) -> Result<i64, String> {
    text.parse::<Period>().map(|period| period.ns()).map_err(|e| e.to_string())
}

/// Time after second 0; `1m+1ns` and `1m-1ns` are one nanosecond beside.
fn time(text: &str) -> Result<i64, String> {
    let (text, beside) = if let Some(text) = text.strip_suffix("+1ns") {
        (text, 1)
    } else if let Some(text) = text.strip_suffix("-1ns") {
        (text, -1)
    } else {
        (text, 0)
    };
    Ok(BASE_NS + period(text)? + beside)
}

fn tenants(text: &str) -> Result<Vec<Tenant>, String> {
    text.split('|').map(|id| Tenant::new(id).map_err(|e| e.to_string())).collect()
}

fn range(head: &str, query: String) -> Result<Ask, String> {
    let mut words = head.split_whitespace();
    let (start, end) = words.next().and_then(|w| w.split_once("..")).ok_or("range START..END")?;
    let mut asked = RangeQuery {
        tenants: vec![Tenant::single()],
        query,
        start_ns: time(start)?,
        end_ns: time(end)?,
        step_ns: 10 * 1_000_000_000,
        interval_ns: 0,
        limit: 100,
        direction: Direction::Backward,
        categorize: false,
        align: true,
        cursor: None,
        partial: None,
        now_ns: BASE_NS + period("1d")?,
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} without a value"));
        match word {
            "step" => asked.step_ns = period(value()?)?,
            "interval" => asked.interval_ns = period(value()?)?,
            "limit" => asked.limit = value()?.parse().map_err(|_| "limit is a number")?,
            "now" => asked.now_ns = time(value()?)?,
            "tenants" => asked.tenants = tenants(value()?)?,
            "forward" => asked.direction = Direction::Forward,
            "categorize" => asked.categorize = true,
            "unaligned" => asked.align = false,
            _ => return Err(format!("{word:?} is no option of range")),
        }
    }
    Ok(Ask::Range(asked))
}

fn instant(head: &str, query: String) -> Result<Ask, String> {
    let mut words = head.split_whitespace();
    let time_ns = time(words.next().ok_or("instant TIME")?)?;
    let mut asked = InstantQuery {
        tenants: vec![Tenant::single()],
        query,
        time_ns,
        partial: None,
        now_ns: BASE_NS + period("1d")?,
    };
    while let Some(word) = words.next() {
        match word {
            "tenants" => asked.tenants = tenants(words.next().ok_or("tenants a|b")?)?,
            _ => return Err(format!("{word:?} is no option of instant")),
        }
    }
    Ok(Ask::Instant(asked))
}
