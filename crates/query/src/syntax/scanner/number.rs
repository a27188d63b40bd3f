//! Number lexemes.
//!
//! Two forms of Go's are missing, as in the reference, so that byte sizes can be written: there are
//! no binary numbers (`0B`), and only hexadecimal ones have a `p` exponent (`1PB`).

/// Length of the number at the start of `text`, which starts with a digit, or a dot and a digit.
///
/// # Errors
/// In the words of Go's scanner.
pub fn scan(text: &str) -> Result<usize, String> {
    if text.starts_with("0b") || text.starts_with("0B") {
        // Not the binary number that Go sees, and no zero bytes either.
        return Err("decimal literal has no digits".to_owned());
    }
    let mut number = Number { text, at: 0, base: Base::Decimal, digits: false, bad_digit: None };
    let mut fraction = text.starts_with('.');
    if !fraction {
        number.read_prefix();
        number.read_digits();
        fraction = text[number.at..].starts_with('.');
    }
    if fraction {
        if number.base == Base::Octal {
            return Err("invalid radix point in octal literal".to_owned());
        }
        number.at += 1;
        number.read_digits();
    }
    if !number.digits {
        return Err(format!("{} has no digits", number.base.name()));
    }
    let exponent = number.read_exponent()?;
    if fraction && !exponent && number.base == Base::Hexadecimal {
        return Err("hexadecimal mantissa requires a 'p' exponent".to_owned());
    }
    if let Some(digit) = number.bad_digit.filter(|_| !fraction && !exponent) {
        return Err(format!("invalid digit {digit:?} in {}", number.base.name()));
    }
    match separators_stand_well(&text[..number.at]) {
        true => Ok(number.at),
        false => Err("'_' must separate successive digits".to_owned()),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Base {
    Decimal,
    /// `0x`
    Hexadecimal,
    /// `0o`
    Octal,
    /// A zero and more digits.
    LeadingZero,
}

impl Base {
    fn name(self) -> &'static str {
        match self {
            Self::Decimal => "decimal literal",
            Self::Hexadecimal => "hexadecimal literal",
            Self::Octal | Self::LeadingZero => "octal literal",
        }
    }

    fn radix(self) -> u32 {
        match self {
            Self::Decimal => 10,
            Self::Hexadecimal => 16,
            Self::Octal | Self::LeadingZero => 8,
        }
    }
}

struct Number<'t> {
    text: &'t str,
    at: usize,
    base: Base,
    /// Whether there was any digit.
    digits: bool,
    /// The first decimal digit that is too large for the base.
    bad_digit: Option<char>,
}

impl Number<'_> {
    fn read_prefix(&mut self) {
        let bytes = self.text.as_bytes();
        if bytes.first() != Some(&b'0') {
            return;
        }
        (self.base, self.at) = match bytes.get(1).map(u8::to_ascii_lowercase) {
            Some(b'x') => (Base::Hexadecimal, 2),
            Some(b'o') => (Base::Octal, 2),
            _ => (Base::LeadingZero, 1),
        };
        self.digits = self.base == Base::LeadingZero;
    }

    fn read_digits(&mut self) {
        let radix = self.base.radix();
        for c in self.text[self.at..].chars() {
            let is_digit = c.is_digit(radix.max(10));
            if !is_digit && c != '_' {
                return;
            }
            if is_digit && !c.is_digit(radix) {
                self.bad_digit = self.bad_digit.or(Some(c));
            }
            self.digits |= is_digit;
            self.at += 1;
        }
    }

    /// Whether there is an exponent.
    fn read_exponent(&mut self) -> Result<bool, String> {
        let Some(letter) = self.text[self.at..].chars().next() else { return Ok(false) };
        let decimal = matches!(self.base, Base::Decimal | Base::LeadingZero);
        match letter {
            'e' | 'E' if !decimal => return Err(format!("{letter:?} exponent requires decimal mantissa")),
            'e' | 'E' => self.at += 1,
            'p' | 'P' if self.base == Base::Hexadecimal => self.at += 1,
            _ => return Ok(false),
        }
        if self.text[self.at..].starts_with(['+', '-']) {
            self.at += 1;
        }
        let digits = self.text[self.at..].bytes().take_while(|b| b.is_ascii_digit() || *b == b'_');
        let (len, any) = digits.fold((0, false), |(len, any), b| (len + 1, any || b != b'_'));
        self.at += len;
        if any { Ok(true) } else { Err("exponent has no digits".to_owned()) }
    }
}

/// Underscores stand between digits, or between a prefix and a digit.
fn separators_stand_well(number: &str) -> bool {
    let hexadecimal = number.starts_with("0x") || number.starts_with("0X");
    let prefixed = hexadecimal || number.len() > 1 && number[1..].starts_with(['o', 'O']);
    let body = if prefixed { &number[2..] } else { number };
    let is_digit = |b: u8| b.is_ascii_digit() || hexadecimal && b.is_ascii_hexdigit();
    let mut digit_before = prefixed;
    body.bytes().enumerate().all(|(at, b)| {
        let digit_after = body.as_bytes().get(at + 1).is_some_and(|b| is_digit(*b));
        let well = b != b'_' || digit_before && digit_after;
        digit_before = is_digit(b);
        well
    })
}
