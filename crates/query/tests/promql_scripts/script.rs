//! Reads a script into blocks.

use crate::values;
use model::sample::Sample;
use model::{Batch, BatchBuilder, Labels, RowRef, Signal, Tenant};
use query::eval::window::Steps;
use query::go;

/// A part of a script.
pub enum Block {
    /// Forgets all samples.
    Clear,
    /// Samples.
    Load(Batch),
    /// A query with its answer.
    Ask(Box<Ask>),
}

/// A query with what its answer should be.
#[derive(Clone, Debug)]
pub struct Ask {
    pub line: usize,
    pub query: String,
    pub steps: Steps,
    pub instant: bool,
    pub ordered: bool,
    /// What must be besides the answer.
    pub expects: Vec<Expect>,
    pub answer: Expected,
}

/// `expect fail msg: …` and the like.
#[derive(Clone, Debug)]
pub struct Expect {
    /// `fail`, `warn`, `no_warn`, `info`, `no_info`
    pub what: String,
    /// A text, or a regex, that the message must be.
    pub message: Option<Message>,
}

/// What a message must be.
#[derive(Clone, Debug)]
pub enum Message {
    Text(String),
    Regex(String),
}

/// An answer as written.
#[derive(Clone, Debug)]
pub enum Expected {
    Scalar(f64),
    Text(String),
    /// Series with a point for each step, in their order; at an instant one.
    Series(Vec<(Labels, Vec<Option<Sample>>)>),
    /// The same with other times than those of the query.
    Range(Steps, Vec<(Labels, Vec<Option<Sample>>)>),
}

impl Ask {
    /// Whether the answer at an instant may differ from that within a range.
    pub fn depends_on_range(&self) -> bool {
        ["start()", "end()", "range()", "step()"].iter().any(|word| self.query.contains(word))
    }
}

fn duration(text: &str) -> Result<i64, String> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    if let Ok(seconds) = digits.parse::<f64>() {
        return Ok(sign * (seconds * 1000.0).round() as i64 * 1_000_000);
    }
    query::syntax::duration::parse(digits).map(|ns| sign * ns)
}

/// Reads `text`.
pub fn parse(text: &str) -> Vec<Result<Block, String>> {
    let lines: Vec<&str> = text.lines().collect();
    let mut blocks = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let (start, head) = (at, lines[at].trim());
        at += 1;
        if head.is_empty() || head.starts_with('#') {
            continue;
        }
        while lines.get(at).is_some_and(|line| !line.trim().is_empty() && line.starts_with([' ', '\t'])) {
            at += 1;
        }
        let body = lines[start + 1..at].iter().map(|line| line.trim());
        let body: Vec<&str> = body.filter(|line| !line.starts_with('#')).collect();
        let word = head.split_whitespace().next().unwrap_or("");
        let block = match word {
            "clear" => Ok(Block::Clear),
            "load" | "load_with_nhcb" => load(head, &body).map(Block::Load),
            word if word.starts_with("eval") => {
                ask(start + 1, head, &body).map(|ask| Block::Ask(Box::new(ask)))
            }
            _ => Err(format!("{word:?} is no command")),
        };
        blocks.push(block.map_err(|wrong| format!("{}: {wrong}", start + 1)));
    }
    blocks
}

fn load(head: &str, body: &[&str]) -> Result<Batch, String> {
    let step = head.split_whitespace().nth(1).ok_or("load without a step")?;
    let step_ns = duration(step)?;
    let mut batch = BatchBuilder::new(Tenant::single(), Signal::Sample, 0);
    for line in body {
        let (labels, rest) = values::labels(line).map_err(|wrong| format!("{line}: {wrong}"))?;
        if rest.starts_with("@st") {
            return Err("start timestamps are to come".to_owned());
        }
        let points = values::points(rest).map_err(|wrong| format!("{line}: {wrong}"))?;
        let bodies = (0i64..).zip(&points).filter_map(|(at, point)| {
            let mut body = Vec::new();
            point.as_ref()?.put(&mut body);
            Some((at * step_ns, body))
        });
        let bodies: Vec<(i64, Vec<u8>)> = bodies.collect();
        let rows = bodies.iter().map(|(ts_ns, body)| RowRef {
            ts_ns: *ts_ns,
            body,
            metadata: model::LabelsRef::EMPTY,
        });
        batch.add_rows(labels.as_ref(), rows);
    }
    Ok(batch.build())
}

/// The next word and the rest.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
}

fn ask(line: usize, head: &str, body: &[&str]) -> Result<Ask, String> {
    let (command, rest) = word(head);
    let (kind, rest) = word(rest);
    let (steps, query) = match kind {
        "instant" => {
            let (_, rest) = word(rest);
            let (time, query) = word(rest);
            (Steps::instant(duration(time)?), query)
        }
        "range" => range(rest)?,
        _ => return Err(format!("{kind:?} is no way to ask")),
    };
    let mut ask = Ask {
        line,
        query: query.trim().to_owned(),
        steps,
        instant: kind == "instant",
        ordered: command == "eval_ordered",
        expects: Vec::new(),
        answer: Expected::Series(Vec::new()),
    };
    for (form, what) in [("eval_fail", "fail"), ("eval_warn", "warn"), ("eval_info", "info")] {
        if command == form {
            ask.expects.push(Expect { what: what.to_owned(), message: None });
        }
    }
    body.iter().try_for_each(|line| expected(&mut ask, line))?;
    Ok(ask)
}

/// `from 0 to 10m step 1m` and the rest.
fn range(text: &str) -> Result<(Steps, &str), String> {
    let (_, rest) = word(text);
    let (start, rest) = word(rest);
    let (_, rest) = word(rest);
    let (end, rest) = word(rest);
    let (_, rest) = word(rest);
    let (step, rest) = word(rest);
    Ok((Steps { start_ns: duration(start)?, end_ns: duration(end)?, step_ns: duration(step)? }, rest))
}

fn expected(ask: &mut Ask, line: &str) -> Result<(), String> {
    for (prefix, regex) in [("expected_fail_message", false), ("expected_fail_regexp", true)] {
        if let Some(text) = line.strip_prefix(prefix) {
            let text = text.trim().to_owned();
            let message = if regex { Message::Regex(text) } else { Message::Text(text) };
            ask.expects.push(Expect { what: "fail".to_owned(), message: Some(message) });
            return Ok(());
        }
    }
    if let Some(rest) = line.strip_prefix("expect ") {
        let (what, rest) = word(rest);
        let rest = rest.trim();
        match what {
            "ordered" => ask.ordered = true,
            "string" => ask.answer = Expected::Text(values::quoted(rest)?.0),
            "range" => {
                let (_, rest) = word(rest);
                ask.answer = Expected::Range(range(rest)?.0, Vec::new());
            }
            _ => {
                let message = match (rest.strip_prefix("msg:"), rest.strip_prefix("regex:")) {
                    (Some(text), _) => Some(Message::Text(text.trim().to_owned())),
                    (_, Some(text)) => Some(Message::Regex(text.trim().to_owned())),
                    _ => None,
                };
                ask.expects.push(Expect { what: what.to_owned(), message });
            }
        }
        return Ok(());
    }
    if let Ok(number) = go::parse_float(line) {
        ask.answer = Expected::Scalar(number);
        return Ok(());
    }
    let (labels, rest) = values::labels(line)?;
    let points = values::points(rest)?;
    match &mut ask.answer {
        Expected::Series(series) | Expected::Range(_, series) => series.push((labels, points)),
        _ => return Err(format!("two kinds of answers: {line}")),
    }
    Ok(())
}
