//! LEB128 variable-length unsigned integers and length-prefixed bytes, as all our formats use them.

/// Appends `value`.
#[inline]
pub fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Bytes that `value` takes.
#[inline]
pub fn len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// Appends the length of `bytes`, then `bytes`.
#[inline]
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Takes a value off the front of `input`; `None` when it is cut or longer than 64 bits.
#[inline]
pub fn take(input: &mut &[u8]) -> Option<u64> {
    // Most values are short.
    match *input {
        [byte, rest @ ..] if *byte < 0x80 => {
            *input = rest;
            Some(u64::from(*byte))
        }
        [low, high, rest @ ..] if *high < 0x80 => {
            *input = rest;
            Some(u64::from(low & 0x7f) | u64::from(*high) << 7)
        }
        _ => take_long(input),
    }
}

fn take_long(input: &mut &[u8]) -> Option<u64> {
    if let Some(first) = input.first_chunk::<8>() {
        let word = u64::from_le_bytes(*first);
        let ends = !word & 0x8080_8080_8080_8080;
        if ends != 0 {
            // Up to the first byte without a mark: groups of seven bits, moved together in three steps.
            let mut value = word & (ends ^ (ends - 1)) & 0x7f7f_7f7f_7f7f_7f7f;
            value = value & 0x007f_007f_007f_007f | (value & 0x7f00_7f00_7f00_7f00) >> 1;
            value = value & 0x0000_3fff_0000_3fff | (value & 0x3fff_0000_3fff_0000) >> 2;
            value = value & 0x0000_0000_0fff_ffff | (value & 0x0fff_ffff_0000_0000) >> 4;
            *input = &input[ends.trailing_zeros() as usize / 8 + 1..];
            return Some(value);
        }
    }
    take_bytewise(input)
}

fn take_bytewise(input: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for (at, byte) in input.iter().take(10).enumerate() {
        if at == 9 && *byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            *input = &input[at + 1..];
            return Some(value);
        }
    }
    None
}

/// Takes length-prefixed bytes off the front of `input`.
#[inline]
pub fn take_bytes<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take(input)?).ok()?;
    let (head, tail) = input.split_at_checked(length)?;
    *input = tail;
    Some(head)
}

/// Takes eight little-endian bytes off the front of `input`.
#[inline]
pub fn take_i64(input: &mut &[u8]) -> Option<i64> {
    let (head, tail) = input.split_first_chunk::<8>()?;
    *input = tail;
    Some(i64::from_le_bytes(*head))
}

#[cfg(test)]
mod tests;
