//! A small number for each row, in byte planes: the lowest byte of all, then the next byte of all, and so on. How
//! many planes there are follows from their length; when all numbers are 0 there is none.

use base::{Error, Result};

/// The planes of `numbers`.
pub fn of(numbers: &[u32]) -> Vec<u8> {
    let all = numbers.iter().fold(0, |all, number| all | number);
    let width = (u32::BITS - all.leading_zeros()).div_ceil(8);
    let plane = |at: u32| numbers.iter().map(move |number| (number >> (8 * at)) as u8);
    (0..width).flat_map(plane).collect()
}

/// The numbers of `rows` rows.
///
/// # Errors
/// [`base::Kind::Corrupt`] when `planes` are not as long as some planes of so many rows.
pub fn read(planes: &[u8], rows: usize) -> Result<Vec<u32>> {
    let most = size_of::<u32>() * rows;
    if planes.len() > most || !planes.len().is_multiple_of(rows.max(1)) {
        return Err(Error::corrupt(format!("{} bytes for the numbers of {rows} rows", planes.len())));
    }
    let mut numbers = vec![0; rows];
    for (at, plane) in planes.chunks_exact(rows.max(1)).enumerate() {
        for (number, byte) in numbers.iter_mut().zip(plane) {
            *number |= u32::from(*byte) << (8 * at);
        }
    }
    Ok(numbers)
}
