//! Series of the shapes that targets give: constants, counters, gauges, histograms, durations, and what rules
//! compute from them.

use crate::Series;

const TARGETS: i64 = 12;
const ROWS: i64 = 1440;
const INTERVAL_NS: i64 = 15_000_000_000;
const EDGES: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, f64::INFINITY];

/// xorshift64*.
struct Chance(u64);

impl Chance {
    /// 0 to 1.
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About normal, with mean 0 and deviation 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

fn rounded(value: f64, digits: i32) -> f64 {
    let power = 10f64.powi(digits);
    (value * power).round() / power
}

/// All series, those of one metric next to each other.
pub fn series() -> Vec<Series> {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut metrics: Vec<Vec<Series>> = Vec::new();
    for target in 0..TARGETS {
        let values = target_values(&mut chance);
        metrics.resize_with(values.len(), Vec::new);
        for (metric, values) in metrics.iter_mut().zip(values) {
            let times = (0..ROWS).map(|n| {
                // Now and then a scrape is some milliseconds late, for all series of the target.
                let late = if (n * 7 + target) % 50 == 0 { (n % 5 + 3) * 1_000_000 } else { 0 };
                1_795_275_005_256_000_000 + target * 1_237_000_000 + n * INTERVAL_NS + late
            });
            metric.push(times.zip(values).collect());
        }
    }
    metrics.into_iter().flatten().collect()
}

/// Values of the series of one target.
fn target_values(chance: &mut Chance) -> Vec<Vec<f64>> {
    let mut out: Vec<Vec<f64>> = Vec::new();
    let mut add = |value: &mut dyn FnMut(i64) -> f64| out.push((0..ROWS).map(value).collect());
    for rate in [4500.0, 45.0, 0.7] {
        let mut count = (chance.next() * 1e7).floor();
        add(&mut |n| {
            let mean: f64 = rate * (1.0 + 0.5 * (n as f64 / 240.0).sin());
            count += (mean + mean.sqrt() * chance.normal()).round().max(0.0);
            count
        });
    }
    for _ in 0..4 {
        let (mut degrees, mut idle) = (20.0 + 40.0 * chance.next(), 1e6 * chance.next());
        add(&mut |_| {
            degrees += 0.3 * chance.normal();
            rounded(degrees, 2)
        });
        add(&mut |_| {
            idle += 15.0 * (1.0 - chance.next() * chance.next());
            rounded(idle, 2)
        });
    }
    let mut memory = 2e9;
    add(&mut |_| {
        memory += 2e6 * chance.normal();
        (memory / 4096.0).floor() * 4096.0
    });
    add(&mut |_| rounded(0.0067 * (0.3 * chance.normal()).exp(), 9));
    add(&mut |_| chance.next());
    add(&mut |_| 300.0 + 20.0 * chance.normal());
    add(&mut |n| f64::from(3 + i32::from(n % 200 == 0)));
    for n in 0..21 {
        add(&mut |_| f64::from(n % 3));
    }
    out.extend(histogram(chance));
    out
}

/// Buckets, count and sum of a few observations per scrape.
fn histogram(chance: &mut Chance) -> Vec<Vec<f64>> {
    let (mut counts, mut sum) = ([0.0; EDGES.len()], 0.0);
    let mut out = vec![Vec::new(); EDGES.len() + 2];
    for _ in 0..ROWS {
        for _ in 0..(chance.next() * 12.0) as u32 {
            let seconds = (chance.normal() - 4.0).exp();
            sum += seconds;
            for (count, edge) in counts.iter_mut().zip(EDGES) {
                *count += f64::from(u8::from(seconds <= edge));
            }
        }
        let last = counts[EDGES.len() - 1];
        for (series, value) in out.iter_mut().zip(counts.into_iter().chain([sum, last])) {
            series.push(value);
        }
    }
    out
}
