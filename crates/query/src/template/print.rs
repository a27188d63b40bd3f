//! `print`, `println` and `printf`: Go's package `fmt`.

use super::functions::{Function, TEXT_BYTES_MAX, function, text, too_long};
use super::value::Type::{Any, Text};
use super::value::Value;
use crate::go;

pub(super) const FUNCTIONS: &[Function] = &[
    function("print", &[], Some(Any), |_, args| Ok(Value::text(joined(args)))),
    function("println", &[], Some(Any), |_, args| {
        let mut out = String::new();
        for (at, arg) in args.iter().enumerate() {
            if at > 0 {
                out.push(' ');
            }
            arg.write(&mut out);
        }
        out.push('\n');
        Ok(Value::text(out))
    }),
    function("printf", &[Text], Some(Any), |_, args| {
        let mut printer =
            Printer { out: String::new(), args: args.get(1..).unwrap_or(&[]), at: 0, reordered: false };
        printer.print(text(args, 0))?;
        Ok(Value::text(printer.out))
    }),
];

/// The arguments one after the other, with a space between two that are no texts.
pub(super) fn joined(args: &[Value<'_>]) -> String {
    let mut out = String::new();
    let mut before_is_text = true;
    for arg in args {
        let is_text = matches!(arg, Value::Text(_));
        if !is_text && !before_is_text {
            out.push(' ');
        }
        arg.write(&mut out);
        before_is_text = is_text;
    }
    out
}

/// Widths and precisions larger than this are refused, as in Go.
const NUMBER_MAX: i64 = 1_000_000;

/// What stands between `%` and the verb.
#[derive(Clone, Copy, Debug, Default)]
struct Spec {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

struct Printer<'p, 'a> {
    out: String,
    args: &'p [Value<'a>],
    /// The next argument.
    at: usize,
    /// Whether arguments were named by number, so that some may be left over.
    reordered: bool,
}

impl Printer<'_, '_> {
    fn print(&mut self, format: &str) -> Result<(), String> {
        let mut rest = format;
        while let Some(percent) = rest.find('%') {
            self.out.push_str(&rest[..percent]);
            rest = self.verb(&rest[percent + 1..]);
            if self.out.len() > TEXT_BYTES_MAX {
                return Err(too_long());
            }
        }
        self.out.push_str(rest);
        let left_over = self.args.get(self.at..).unwrap_or(&[]);
        if !self.reordered && !left_over.is_empty() {
            self.out.push_str("%!(EXTRA ");
            for (at, arg) in left_over.iter().enumerate() {
                if at > 0 {
                    self.out.push_str(", ");
                }
                if let Value::Nil = arg {
                    self.out.push_str("<nil>");
                    continue;
                }
                self.out.push_str(arg.type_name());
                self.out.push('=');
                arg.write(&mut self.out);
            }
            self.out.push(')');
        }
        Ok(())
    }

    /// Prints one verb; `rest` follows its `%`. Gives what follows the verb.
    fn verb<'f>(&mut self, rest: &'f str) -> &'f str {
        let mut spec = Spec::default();
        let flags = rest.bytes().take_while(|c| matches!(c, b'#' | b'0' | b'+' | b'-' | b' ')).count();
        let (flags, mut rest) = rest.split_at(flags);
        for flag in flags.bytes() {
            match flag {
                b'#' => spec.sharp = true,
                b'0' => spec.zero = true,
                b'+' => spec.plus = true,
                b'-' => spec.minus = true,
                _ => spec.space = true,
            }
        }
        let mut good_number = self.argument_number(&mut rest);
        spec.width = self.number(&mut rest, "%!(BADWIDTH)").map(|width| {
            // A negative width from an argument aligns left.
            spec.minus |= width < 0;
            width.unsigned_abs() as usize
        });
        if let Some(tail) = rest.strip_prefix('.') {
            rest = tail;
            good_number &= self.argument_number(&mut rest);
            let precision = self.number(&mut rest, "%!(BADPREC)").unwrap_or(0);
            spec.precision = usize::try_from(precision).ok();
        }
        good_number &= self.argument_number(&mut rest);
        // Go pads with zeros on the left only.
        spec.zero &= !spec.minus;
        let Some(verb) = rest.chars().next() else {
            self.out.push_str("%!(NOVERB)");
            return rest;
        };
        let rest = &rest[verb.len_utf8()..];
        if verb == '%' {
            self.out.push('%');
        } else if !good_number {
            self.out.push_str(&format!("%!{verb}(BADINDEX)"));
        } else if let Some(arg) = self.args.get(self.at) {
            self.at += 1;
            print_arg(&mut self.out, arg, verb, spec);
        } else {
            self.out.push_str(&format!("%!{verb}(MISSING)"));
        }
        rest
    }

    /// Reads `[n]`, which names the next argument. Says whether it is one.
    fn argument_number(&mut self, rest: &mut &str) -> bool {
        let Some(tail) = rest.strip_prefix('[') else { return true };
        self.reordered = true;
        let Some((number, tail)) = tail.split_once(']') else {
            *rest = tail;
            return false;
        };
        *rest = tail;
        match number.parse::<usize>() {
            Ok(number) if number >= 1 && number <= self.args.len() => {
                self.at = number - 1;
                true
            }
            _ => false,
        }
    }

    /// Reads a number or a `*`, which takes the next argument.
    fn number(&mut self, rest: &mut &str, bad: &str) -> Option<i64> {
        if let Some(tail) = rest.strip_prefix('*') {
            *rest = tail;
            let given = self.args.get(self.at).and_then(Value::as_int);
            self.at += 1;
            let number = given.filter(|number| number.abs() <= NUMBER_MAX);
            if number.is_none() {
                self.out.push_str(bad);
            }
            return number;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number = rest[..digits].parse::<i64>().ok().filter(|number| *number <= NUMBER_MAX);
        *rest = &rest[digits..];
        number
    }
}

fn print_arg(out: &mut String, arg: &Value<'_>, verb: char, spec: Spec) {
    match (verb, arg) {
        ('T', _) => pad(out, arg.type_name(), spec),
        ('v', Value::Nil) => pad(out, "<nil>", spec),
        ('v', Value::Text(text)) if spec.sharp => pad(out, &go::quote(text), spec),
        (_, Value::Bool(value)) if matches!(verb, 't' | 'v') => pad(out, &value.to_string(), spec),
        (_, Value::Float(value)) => float(out, *value, verb, spec, arg),
        (_, Value::Text(text)) => string(out, text, verb, spec, arg),
        (_, Value::Int(value) | Value::Int64(value)) => integer(out, *value, verb, spec, arg),
        (
            'v' | 's' | 'q' | 'x' | 'X',
            Value::Duration(_) | Value::Month(_) | Value::Weekday(_) | Value::Time(_),
        ) => {
            string(out, &arg.to_text(), verb, spec, arg);
        }
        (_, Value::Duration(value) | Value::Month(value) | Value::Weekday(value)) => {
            integer(out, *value, verb, spec, arg);
        }
        (_, Value::List(items)) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { " " } else { "" });
                print_arg(out, item, verb, spec);
            }
            out.push(']');
        }
        (_, Value::Map(pairs)) => {
            let pairs: Vec<_> = pairs.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
            map(out, &pairs, verb, spec);
        }
        (_, Value::Fields(fields)) => {
            let mut pairs: Vec<_> = fields.iter().map(|(key, value)| (*key, Value::text(*value))).collect();
            pairs.sort_unstable_by_key(|(key, _)| *key);
            map(out, &pairs, verb, spec);
        }
        _ => bad_verb(out, verb, arg),
    }
}

fn map(out: &mut String, pairs: &[(&str, Value<'_>)], verb: char, spec: Spec) {
    out.push_str("map[");
    for (at, (key, value)) in pairs.iter().enumerate() {
        out.push_str(if at > 0 { " " } else { "" });
        print_arg(out, &Value::text(*key), verb, spec);
        out.push(':');
        print_arg(out, value, verb, spec);
    }
    out.push(']');
}

fn bad_verb(out: &mut String, verb: char, arg: &Value<'_>) {
    out.push_str(&format!("%!{verb}("));
    if let Value::Nil = arg {
        out.push_str("<nil>");
    } else {
        out.push_str(arg.type_name());
        out.push('=');
        arg.write(out);
    }
    out.push(')');
}

/// Appends `text` filled to the width.
fn pad(out: &mut String, text: &str, spec: Spec) {
    let missing = spec.width.unwrap_or(0).saturating_sub(text.chars().count());
    let fill = if spec.zero { "0" } else { " " };
    if !spec.minus {
        out.push_str(&fill.repeat(missing));
    }
    out.push_str(text);
    if spec.minus {
        out.push_str(&" ".repeat(missing));
    }
}

fn string(out: &mut String, text: &str, verb: char, spec: Spec, arg: &Value<'_>) {
    let cut: String;
    let text = match spec.precision {
        Some(precision) if !matches!(verb, 'x' | 'X') => {
            cut = text.chars().take(precision).collect();
            &cut
        }
        _ => text,
    };
    match verb {
        'v' | 's' => pad(out, text, spec),
        'q' if spec.sharp && !text.contains(['`', '\n', '\r']) => pad(out, &format!("`{text}`"), spec),
        'q' => pad(out, &go::quote(text), spec),
        'x' | 'X' => {
            let bytes = text.as_bytes();
            let bytes = bytes.get(..spec.precision.unwrap_or(bytes.len())).unwrap_or(bytes);
            let mut hex = String::with_capacity(2 * bytes.len());
            for (at, byte) in bytes.iter().enumerate() {
                let prefix = if verb == 'x' { "0x" } else { "0X" };
                hex.push_str(if spec.space && at > 0 { " " } else { "" });
                hex.push_str(if spec.sharp && (spec.space || at == 0) { prefix } else { "" });
                hex.push_str(&if verb == 'x' { format!("{byte:02x}") } else { format!("{byte:02X}") });
            }
            pad(out, &hex, spec);
        }
        _ => bad_verb(out, verb, arg),
    }
}

fn integer(out: &mut String, value: i64, verb: char, spec: Spec, arg: &Value<'_>) {
    let abs = value.unsigned_abs();
    let (prefix, digits) = match verb {
        'v' | 'd' => ("", abs.to_string()),
        'b' => (if spec.sharp { "0b" } else { "" }, format!("{abs:b}")),
        'o' => (if spec.sharp { "0" } else { "" }, format!("{abs:o}")),
        'O' => ("0o", format!("{abs:o}")),
        'x' => (if spec.sharp { "0x" } else { "" }, format!("{abs:x}")),
        'X' => (if spec.sharp { "0X" } else { "" }, format!("{abs:X}")),
        'U' => ("U+", format!("{abs:04X}")),
        'c' | 'q' => {
            let c = u32::try_from(value).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
            let text = if verb == 'c' { c.to_string() } else { quoted_char(c) };
            return pad(out, &text, Spec { zero: false, ..spec });
        }
        _ => return bad_verb(out, verb, arg),
    };
    let sign = match (value < 0, spec.plus, spec.space) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        _ => "",
    };
    let wanted = match (spec.precision, spec.width) {
        (Some(0), _) if value == 0 => return pad(out, "", Spec { zero: false, ..spec }),
        (Some(precision), _) => precision,
        (None, Some(width)) if spec.zero => width.saturating_sub(sign.len() + prefix.len()),
        _ => 0,
    };
    let zeros = "0".repeat(wanted.saturating_sub(digits.len()));
    pad(out, &format!("{sign}{prefix}{zeros}{digits}"), Spec { zero: false, ..spec });
}

/// As in Go's source, in single quotes.
fn quoted_char(c: char) -> String {
    match c {
        '\'' => "'\\''".to_owned(),
        '"' => "'\"'".to_owned(),
        c => format!("'{}'", go::quote(c.encode_utf8(&mut [0; 4])).trim_matches('"')),
    }
}

fn float(out: &mut String, value: f64, verb: char, spec: Spec, arg: &Value<'_>) {
    let (format, default_precision) = match verb {
        'v' => (b'g', -1),
        'g' | 'G' => (verb as u8, -1),
        'e' | 'E' => (verb as u8, 6),
        'f' | 'F' => (b'f', 6),
        _ => return bad_verb(out, verb, arg),
    };
    let precision = spec.precision.map_or(default_precision, |precision| precision as i32);
    let number = go::format_float(value, format, precision);
    let (sign, digits) = match number.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => (
            if spec.plus {
                "+"
            } else if spec.space {
                " "
            } else {
                ""
            },
            number.trim_start_matches('+'),
        ),
    };
    // Infinities keep their sign.
    let sign = if value == f64::INFINITY && sign.is_empty() { "+" } else { sign };
    if spec.zero && value.is_finite() {
        let missing = spec.width.unwrap_or(0).saturating_sub(sign.len() + digits.len());
        out.push_str(sign);
        out.push_str(&"0".repeat(missing));
        out.push_str(digits);
        return;
    }
    pad(out, &format!("{sign}{digits}"), Spec { zero: false, ..spec });
}
