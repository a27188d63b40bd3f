//! What sections of a page are called.

/// Which section of its page it is: a number, and two flags in the lowest bits. The page's kind says
/// what the number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag(u16);

impl Tag {
    /// Set for sections in the block's search region instead of the page's body.
    const IN_SEARCH: u16 = 1;
    /// Set for sections that may be ignored by who does not know them.
    const OPTIONAL: u16 = 2;

    /// The filter of a page of any kind.
    pub const FILTER: Self = Self(1 << 2 | Self::IN_SEARCH | Self::OPTIONAL);
    /// The filter of the words of a page's texts.
    pub const WORD_FILTER: Self = Self(2 << 2 | Self::IN_SEARCH | Self::OPTIONAL);

    /// The numbers of rows of a page by run, time and level.
    pub const COUNTS: Self = Self(3 << 2 | Self::IN_SEARCH | Self::OPTIONAL);

    /// A section of the body that readers must know.
    pub const fn body(number: u16) -> Self {
        Self(number << 2)
    }

    /// A section of the body that readers may ignore.
    pub const fn optional(number: u16) -> Self {
        Self(number << 2 | Self::OPTIONAL)
    }

    /// Its number.
    pub fn number(self) -> u16 {
        self.0 >> 2
    }

    /// Whether it lies in the block's search region instead of the page's body.
    pub fn in_search(self) -> bool {
        self.0 & Self::IN_SEARCH != 0
    }

    /// Whether it may be ignored by who does not know it.
    pub fn is_optional(self) -> bool {
        self.0 & Self::OPTIONAL != 0
    }

    /// The tag that is stored as this number.
    pub fn from_raw(raw: u16) -> Self {
        Self(raw)
    }

    /// The number that it is stored as.
    pub fn raw(self) -> u16 {
        self.0
    }
}
