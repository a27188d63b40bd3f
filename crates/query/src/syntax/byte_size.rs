//! Byte sizes as they are written into query texts.

/// `bytes` in at most two digits and a decimal unit: `0B`, `1.5kB`, `12MB`.
pub fn write(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 10 {
        return format!("{bytes}B");
    }
    let power = bytes.ilog(1000);
    let value = (bytes as f64 / 1000f64.powi(power as i32) * 10.0 + 0.5).floor() / 10.0;
    let unit = UNITS.get(power as usize).copied().unwrap_or("EB");
    if value < 10.0 { format!("{value:.1}{unit}") } else { format!("{value:.0}{unit}") }
}

#[cfg(test)]
mod tests;
