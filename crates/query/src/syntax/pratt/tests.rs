use super::{Binding, Operators, parse};
use base::{Error, Result};

/// Letters with one-character operators between; what it makes shows who binds whom.
struct Letters<'t>(std::iter::Peekable<std::str::Chars<'t>>);

impl Operators for Letters<'_> {
    type Operand = String;
    type Operator = char;

    fn operand(&mut self) -> Result<String> {
        self.0.next().map(String::from).ok_or_else(|| Error::invalid("operand"))
    }

    fn next_operator(&mut self) -> Result<Option<(char, Binding)>> {
        Ok(self.0.peek().map(|operator| match operator {
            '^' => ('^', Binding::right_associative(3)),
            '*' => ('*', Binding::left_associative(2)),
            ',' => (',', Binding { left: u8::MAX, right: 0 }),
            other => (*other, Binding::left_associative(1)),
        }))
    }

    fn apply(&mut self, operator: char, left: String, strength: u8) -> Result<String> {
        self.0.next();
        Ok(format!("({left}{operator}{})", parse(self, strength)?))
    }
}

#[test]
fn binds_by_strength_and_side() {
    for (text, bound) in [
        ("a", "a"),
        ("a+b+c", "((a+b)+c)"),
        ("a^b^c", "(a^(b^c))"),
        ("a+b*c^d+e", "((a+(b*(c^d)))+e)"),
        ("a*b+c", "((a*b)+c)"),
        ("a+b,c+d", "(a+(b,(c+d)))"),
    ] {
        assert_eq!(parse(&mut Letters(text.chars().peekable()), 0).unwrap(), bound);
    }
    assert!(parse(&mut Letters("a+".chars().peekable()), 0).is_err());
}
