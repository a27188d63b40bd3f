//! Numbers that look random, the same in each run.

/// xorshift64*.
pub struct Chance(u64);

impl Chance {
    pub fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// 0 to 1.
    pub fn next(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() * end as f64) as usize
    }

    /// Around `mean_us` microseconds, in ns: a few are much longer than most.
    pub fn duration_ns(&mut self, mean_us: f64) -> i64 {
        let normal = (0..12).map(|_| self.next()).sum::<f64>() - 6.0;
        (mean_us * 1000.0 * (0.5 * normal).exp()) as i64
    }
}
