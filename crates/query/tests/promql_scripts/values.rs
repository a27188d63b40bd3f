//! Series and their points, as scripts write them: `http{code="200"} 0+10x5 _ stale {{sum:1 count:1}}`.

use model::Labels;
use model::sample::{Buckets, Histogram, ResetHint, STALE_BITS, Sample};
use query::go;

/// Labels and the rest of the line.
pub fn labels(line: &str) -> Result<(Labels, &str), String> {
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let mut pairs: Vec<(String, String)> = Vec::new();
    if !name.is_empty() {
        pairs.push(("__name__".to_owned(), name.to_owned()));
    }
    let trimmed = rest.trim_start();
    if !trimmed.starts_with('{') || trimmed.starts_with("{{") {
        return Ok((of(&pairs), rest));
    }
    let mut rest = trimmed[1..].trim_start();
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            return Ok((of(&pairs), after));
        }
        let (label, after) = match rest.starts_with(['"', '\'', '`']) {
            true => quoted(rest)?,
            false => {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        rest = after.trim_start();
        if let Some(after) = rest.strip_prefix('=') {
            let (value, after) = quoted(after.trim_start())?;
            pairs.push((label, value));
            rest = after.trim_start();
        } else {
            pairs.push(("__name__".to_owned(), label));
        }
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        if rest.is_empty() {
            return Err("labels without an end".to_owned());
        }
    }
}

fn of(pairs: &[(String, String)]) -> Labels {
    let full = pairs.iter().filter(|(_, value)| !value.is_empty());
    Labels::from_pairs(full.map(|(name, value)| (name.as_str(), value.as_str())))
}

/// A quoted text at the start of `text`, and the rest.
pub fn quoted(text: &str) -> Result<(String, &str), String> {
    let quote = text.chars().next().filter(|c| "\"'`".contains(*c)).ok_or(format!("no quote: {text}"))?;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' && quote != '`' {
            escaped = true;
        } else if c == quote {
            let inner = &text[1..at];
            let plain = match quote {
                '`' => inner.to_owned(),
                _ => unescaped(inner),
            };
            return Ok((plain, &text[at + 1..]));
        }
    }
    Err(format!("a quote without an end: {text}"))
}

fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some('t')) => out.push('\t'),
            ('\\', Some(other)) => out.push(other),
            (other, _) => out.push(other),
        }
    }
    out
}

/// The points of a series; none where there is no sample.
pub fn points(text: &str) -> Result<Vec<Option<Sample>>, String> {
    let mut points = Vec::new();
    for token in tokens(text) {
        let (token, times) = match token.rsplit_once('x') {
            Some((before, times)) if times.chars().all(|c| c.is_ascii_digit()) && !times.is_empty() => {
                (before.to_owned(), times.parse::<usize>().map_err(|e| e.to_string())?)
            }
            _ => (token.clone(), 0),
        };
        match token.as_str() {
            "_" => points.extend(std::iter::repeat_n(None, times.max(1))),
            "stale" => {
                points
                    .extend(std::iter::repeat_n(Some(Sample::Float(f64::from_bits(STALE_BITS))), times + 1));
            }
            token if token.starts_with("{{") => points.extend(histograms(token, times)?),
            token => {
                let (start, step) = number_and_step(token)?;
                let mut value = start;
                for _ in 0..=times {
                    points.push(Some(Sample::Float(value)));
                    value += step;
                }
            }
        }
    }
    Ok(points)
}

fn tokens(text: &str) -> Vec<String> {
    let mut tokens = vec![String::new()];
    let mut depth = 0;
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            '#' if depth == 0 => break,
            _ => {}
        }
        match tokens.last_mut() {
            Some(last) if depth > 0 || !c.is_whitespace() => last.push(c),
            _ => tokens.push(String::new()),
        }
    }
    tokens.retain(|token| !token.is_empty());
    tokens
}

fn number(text: &str) -> Result<f64, String> {
    go::parse_float(text).map_err(|_| format!("no number: {text}"))
}

fn number_and_step(token: &str) -> Result<(f64, f64), String> {
    if let Ok(value) = number(token) {
        return Ok((value, 0.0));
    }
    let bytes = token.as_bytes();
    let sign = (1..bytes.len())
        .find(|at| matches!(bytes[*at], b'+' | b'-') && !matches!(bytes[at - 1], b'e' | b'E' | b'+' | b'-'));
    let sign = sign.ok_or(format!("no point: {token}"))?;
    let step = token[sign..].strip_prefix('+').unwrap_or(&token[sign..]);
    let step = if let Some(twice) = step.strip_prefix("--") { twice } else { step };
    Ok((number(&token[..sign])?, number(step)?))
}

fn histograms(token: &str, times: usize) -> Result<Vec<Option<Sample>>, String> {
    let end = token.find("}}").ok_or(format!("no histogram: {token}"))? + 2;
    let (first, rest) = token.split_at(end);
    let first = histogram(first)?;
    let step = match rest.chars().next() {
        None => None,
        Some(sign) => Some((sign, histogram(&rest[1..])?)),
    };
    let mut value = query::eval::sample::histogram::Histogram::from_stored(&first);
    let mut points = Vec::new();
    for _ in 0..=times {
        points.push(Some(Sample::Histogram(Box::new(stored(&value)))));
        if let Some((sign, step)) = &step {
            let step = query::eval::sample::histogram::Histogram::from_stored(step);
            let mut quiet = |_| {};
            let hint = value.hint;
            value = match sign {
                '+' => value.plus(&step, &mut quiet),
                _ => value.minus(&step, &mut quiet),
            }
            .map_err(|_| format!("histograms do not go together: {token}"))?;
            value.hint = hint;
        }
    }
    Ok(points)
}

/// As it would be stored.
pub fn stored(value: &query::eval::sample::histogram::Histogram) -> Histogram {
    let buckets = |buckets: &[(i32, f64)]| {
        let mut out = Buckets::default();
        let mut next = 0;
        for (index, count) in buckets {
            match out.spans.last_mut() {
                Some(last) if next == *index => last.1 += 1,
                _ => out.spans.push((*index - next, 1)),
            }
            next = *index + 1;
            out.counts.push(*count);
        }
        out
    };
    Histogram {
        schema: value.schema,
        integer: false,
        reset: value.hint,
        zero_threshold: value.zero_threshold,
        zero_count: value.zero_count,
        count: value.count,
        sum: value.sum,
        positive: buckets(&value.positive),
        negative: buckets(&value.negative),
        custom_values: value.bounds.clone(),
    }
}

/// `{{schema:1 sum:5 count:4 buckets:[1 2 1] offset:0}}`
fn histogram(text: &str) -> Result<Histogram, String> {
    let inner = text.trim().strip_prefix("{{").and_then(|text| text.strip_suffix("}}"));
    let mut rest = inner.ok_or(format!("no histogram: {text}"))?.trim();
    let mut value = Histogram {
        schema: 0,
        integer: false,
        reset: ResetHint::Unknown,
        zero_threshold: 0.0,
        zero_count: 0.0,
        count: 0.0,
        sum: 0.0,
        positive: Buckets::default(),
        negative: Buckets::default(),
        custom_values: Vec::new(),
    };
    let (mut offset, mut n_offset) = (0, 0);
    let (mut buckets, mut n_buckets) = (Vec::new(), Vec::new());
    while let Some((key, after)) = rest.split_once(':') {
        let (word, list, after) = match after.strip_prefix('[') {
            Some(after) => {
                let (list, after) = after.split_once(']').ok_or("a list without an end")?;
                ("", list.split_whitespace().map(number).collect::<Result<Vec<_>, _>>()?, after)
            }
            None => {
                let (word, after) = after.split_once(char::is_whitespace).unwrap_or((after, ""));
                (word, Vec::new(), after)
            }
        };
        match key.trim() {
            "schema" => value.schema = number(word)? as i32,
            "sum" => value.sum = number(word)?,
            "count" => value.count = number(word)?,
            "z_bucket" => value.zero_count = number(word)?,
            "z_bucket_w" => value.zero_threshold = number(word)?,
            "offset" => offset = number(word)? as i32,
            "n_offset" => n_offset = number(word)? as i32,
            "buckets" => buckets = list,
            "n_buckets" => n_buckets = list,
            "custom_values" => value.custom_values = list,
            "counter_reset_hint" => {
                value.reset = match word {
                    "gauge" => ResetHint::Gauge,
                    "reset" => ResetHint::Yes,
                    "not_reset" => ResetHint::No,
                    _ => ResetHint::Unknown,
                };
            }
            other => return Err(format!("{other:?} is nothing of a histogram")),
        }
        rest = after.trim_start();
    }
    let spans = |offset: i32, counts: Vec<f64>| match counts.is_empty() {
        true => Buckets::default(),
        false => Buckets { spans: vec![(offset, counts.len() as u32)], counts },
    };
    value.positive = spans(offset, buckets);
    value.negative = spans(n_offset, n_buckets);
    Ok(value)
}
