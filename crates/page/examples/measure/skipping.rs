//! What filters of words cost, and which pages they open wrongly.

use memchr::memmem;
use model::filter::Needle;
use model::{LineFilter, Predicate, Projection, RowColumns, TimeRange};
use page::{Question, Sealed};
use std::collections::BTreeSet;
use std::time::Instant;

/// Pages with their texts.
pub struct Pages {
    pages: Vec<(Vec<u8>, Sealed)>,
    needles: [BTreeSet<Vec<u8>>; 2],
}

/// Needles of each sort that are asked of every page.
const NEEDLES_MAX: usize = 400;
/// Lines of each page that give needles.
const LINES: usize = 2000;

impl Pages {
    pub fn new() -> Self {
        Self { pages: Vec::new(), needles: Default::default() }
    }

    /// Adds a page, and as needles words of five letters or more (not of hexadecimal digits), and phrases of three words.
    pub fn add(&mut self, rows: &RowColumns, sealed: Sealed) {
        for row in rows.rows().take(LINES) {
            let words: Vec<&[u8]> = row.body.split(|byte| *byte == b' ').collect();
            let long = |word: &&[u8]| word.len() >= 5 && !word.iter().all(u8::is_ascii_hexdigit);
            let runs = row.body.split(|byte| !byte.is_ascii_alphabetic());
            self.needles[0].extend(runs.filter(long).map(<[u8]>::to_vec));
            let worded = |words: &&[&[u8]]| {
                words
                    .iter()
                    .all(|word| word.iter().all(|byte| byte.is_ascii_alphabetic() || b".:,".contains(byte)))
            };
            let phrases = words.windows(3).filter(worded).map(|words| words.join(&b' '));
            self.needles[1].extend(phrases.filter(|phrase| phrase.len() >= 12));
        }
        self.pages.push((rows.bodies.to_vec(), sealed));
    }

    /// Prints what a pass over all texts takes that collects their grams.
    pub fn print_cost(&self) {
        let before = crate::cpu_seconds(Instant::now());
        let (mut bytes, mut found) = (0, 0);
        for (text, _) in &self.pages {
            let mut grams = page::filter::word::Grams::default();
            grams.add(text);
            found += grams.keys().map_or(0, <[u64]>::len);
            bytes += text.len();
        }
        let seconds = crate::cpu_seconds(Instant::now()) - before;
        println!("{found} grams: {:.2} CPU s/GB over texts", seconds / (bytes as f64 / 1e9));
    }

    /// Prints which share of the pages without a needle is opened.
    pub fn print(&self) -> Result<(), base::Error> {
        for (sort, needles) in ["words", "phrases"].iter().zip(&self.needles) {
            let (mut lacking, mut opened, mut having) = (0u64, 0u64, 0u64);
            let step = needles.len().div_ceil(NEEDLES_MAX).max(1);
            for needle in needles.iter().step_by(step) {
                let finder = memmem::Finder::new(needle);
                let filter = LineFilter { negated: false, any: vec![Needle::text(needle)] };
                let question = Question::new(TimeRange::ALL, &[Predicate::Line(filter)], Projection::ALL);
                for (text, sealed) in &self.pages {
                    let allowed = sealed.page.allows(&sealed.search, &question)?;
                    if finder.find(text).is_some() {
                        having += 1;
                        assert!(allowed, "a page with {:?} was skipped", String::from_utf8_lossy(needle));
                    } else {
                        lacking += 1;
                        opened += u64::from(allowed);
                    }
                }
            }
            let share = 100.0 * opened as f64 / lacking.max(1) as f64;
            println!(
                "{sort}: {} needles, {having} times in a page, {lacking} times not: of these {share:.2} % opened",
                needles.len().div_ceil(step)
            );
        }
        Ok(())
    }
}
