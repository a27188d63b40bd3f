//! Operator precedence parsing: operands with operators between them, each binding its left and its
//! right operand with some strength.

use base::Result;

/// How strongly an operator binds. Left-associative: `right` one above `left`; right-associative:
/// equal. An operator takes part in an operand only when its `left` reaches what is asked there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Towards the operand before it.
    pub left: u8,
    /// Towards the operand after it.
    pub right: u8,
}

impl Binding {
    /// `a - b - c` is `(a - b) - c`.
    pub const fn left_associative(strength: u8) -> Self {
        Self { left: 2 * strength, right: 2 * strength + 1 }
    }

    /// `a ^ b ^ c` is `a ^ (b ^ c)`.
    pub const fn right_associative(strength: u8) -> Self {
        Self { left: 2 * strength, right: 2 * strength }
    }
}

/// A language of operands and operators.
pub trait Operators {
    /// What stands between operators, and what they make.
    type Operand;
    /// An operator.
    type Operator: Copy;

    /// Reads an operand.
    ///
    /// # Errors
    /// The language's syntax errors.
    fn operand(&mut self) -> Result<Self::Operand>;

    /// The operator that comes next, unread.
    ///
    /// # Errors
    /// What the scanner says.
    fn next_operator(&mut self) -> Result<Option<(Self::Operator, Binding)>>;

    /// Reads the operator seen by [`Operators::next_operator`] with its modifiers, then the operand
    /// after it with [`parse`] at `strength`, and combines both.
    ///
    /// # Errors
    /// The language's syntax errors.
    fn apply(&mut self, operator: Self::Operator, left: Self::Operand, strength: u8)
    -> Result<Self::Operand>;
}

/// Reads an expression whose operators bind with at least `strength`.
///
/// # Errors
/// Those of `language`.
pub fn parse<L: Operators>(language: &mut L, strength: u8) -> Result<L::Operand> {
    let first = language.operand()?;
    parse_after(language, first, strength)
}

/// As [`parse`], with the first operand read already.
///
/// # Errors
/// Those of `language`.
pub fn parse_after<L: Operators>(language: &mut L, first: L::Operand, strength: u8) -> Result<L::Operand> {
    let mut left = first;
    while let Some((operator, binding)) = language.next_operator()?.filter(|(_, b)| b.left >= strength) {
        left = language.apply(operator, left, binding.right)?;
    }
    Ok(left)
}

#[cfg(test)]
mod tests;
