//! The list of names that hold a level, made quick to ask: almost every name that is asked for is
//! not in it.

/// Names in their order.
#[derive(Debug)]
pub struct Fields {
    names: Vec<Vec<u8>>,
    /// Bit `n`: some name is `n` bytes long (bit 63: or longer).
    lengths: u64,
}

/// The bit for a name of `len` bytes.
fn length_bit(len: usize) -> u64 {
    1 << len.min(63)
}

impl Fields {
    /// The list.
    pub fn new(names: &[String]) -> Self {
        let lengths = names.iter().fold(0, |bits, name| bits | length_bit(name.len()));
        Self { names: names.iter().map(|name| name.clone().into_bytes()).collect(), lengths }
    }

    /// The place of `name`.
    pub fn place(&self, name: &[u8]) -> Option<usize> {
        if self.lengths & length_bit(name.len()) == 0 {
            return None;
        }
        self.names.iter().position(|known| known == name)
    }

    /// The first place of `name` in any case.
    pub fn place_in_any_case(&self, name: &[u8]) -> Option<usize> {
        if self.lengths & length_bit(name.len()) == 0 {
            return None;
        }
        self.names.iter().position(|known| known.eq_ignore_ascii_case(name))
    }
}
