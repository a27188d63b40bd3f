//! Address patterns: `ip("10.0.0.0/8")`, found anywhere in a text.

use std::net::IpAddr;

/// An address, a range or a network.
#[derive(Clone, Debug)]
pub(super) enum IpPattern {
    /// `from` to `to`, both of one family, both inside. A single address is a range of one.
    Range { from: IpAddr, to: IpAddr },
    /// A single address with a zone: texts have no zones, so it is never found.
    Zoned,
}

impl IpPattern {
    /// Reads `1.2.3.4`, `1.2.3.4-1.2.3.9` or `1.2.3.0/24`, version 4 or 6.
    ///
    /// # Errors
    /// Loki's words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let parsed = Self::single(text).or_else(|| Self::network(text)).or_else(|| Self::range(text));
        parsed.ok_or_else(|| format!("ip: invalid pattern: {}", crate::go::quote(text)))
    }

    fn single(text: &str) -> Option<Self> {
        if let Some((address, zone)) = text.split_once('%') {
            let is_v6 = address.parse::<std::net::Ipv6Addr>().is_ok();
            return (is_v6 && !zone.is_empty()).then_some(Self::Zoned);
        }
        let address = text.parse().ok()?;
        Some(Self::Range { from: address, to: address })
    }

    fn range(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let (from, to) = (from.parse::<IpAddr>().ok()?, to.parse::<IpAddr>().ok()?);
        (from.is_ipv4() == to.is_ipv4() && from <= to).then_some(Self::Range { from, to })
    }

    fn network(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        let well_written = length == "0" || !length.starts_with('0');
        if !well_written || length.len() > 3 || !length.bytes().all(|c| c.is_ascii_digit()) {
            return None;
        }
        let length: u32 = length.parse().ok()?;
        Some(match address.parse::<IpAddr>().ok()? {
            IpAddr::V4(address) if length <= 32 => {
                let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
                let from = u32::from(address) & mask;
                Self::Range { from: IpAddr::V4(from.into()), to: IpAddr::V4((from | !mask).into()) }
            }
            IpAddr::V6(address) if length <= 128 => {
                let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
                let from = u128::from(address) & mask;
                Self::Range { from: IpAddr::V6(from.into()), to: IpAddr::V6((from | !mask).into()) }
            }
            _ => return None,
        })
    }

    fn holds(&self, address: IpAddr) -> bool {
        match self {
            // Addresses of other families compare outside of every range.
            Self::Range { from, to } => *from <= address && address <= *to,
            Self::Zoned => false,
        }
    }

    /// Whether an address of the pattern stands in `text`. What may be an address is found by how
    /// it begins, and reaches as far as its characters do.
    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let length = match (begins_v4(rest), begins_v6(rest)) {
                (true, _) => rest.iter().take_while(|c| c.is_ascii_digit() || **c == b'.').count(),
                (_, true) => {
                    rest.iter().take_while(|c| c.is_ascii_hexdigit() || matches!(c, b'.' | b':')).count()
                }
                _ => 0,
            };
            let address = std::str::from_utf8(&rest[..length]).ok().and_then(|text| text.parse().ok());
            if address.is_some_and(|address| self.holds(address)) {
                return true;
            }
            at += length + 1;
        }
        false
    }
}

/// One to three digits and a dot, with at least four bytes left.
fn begins_v4(text: &[u8]) -> bool {
    match text {
        [first, a, b, c, ..] => first.is_ascii_digit() && [a, b, c].contains(&&b'.'),
        _ => false,
    }
}

/// One to four hexadecimal digits and a colon, or `::x`, with at least five bytes left.
fn begins_v6(text: &[u8]) -> bool {
    let Some(begin) = text.first_chunk::<5>() else { return text.len() >= 3 && begins_v6_short(text) };
    begins_v6_short(begin)
}

fn begins_v6_short(begin: &[u8]) -> bool {
    if let [b':', b':', digit, ..] = begin {
        return digit.is_ascii_hexdigit();
    }
    let digits = begin.iter().take_while(|c| c.is_ascii_hexdigit()).count();
    (1..=4).contains(&digits) && begin.get(digits) == Some(&b':')
}
