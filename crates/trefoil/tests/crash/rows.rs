//! What is pushed and looked for, whatever the signal: rows with a writer, a number and a time, and how a signal
//! sends and finds them.

use crate::server::Server;
use base::unit::{HOUR_NS, SECOND_NS};
use std::collections::{BTreeSet, HashMap};

/// The streams that each writer has.
pub const STREAMS: u64 = 5;
/// Times jump back and forth among so many rows of a writer.
const SHUFFLED: u64 = 4000;
/// Time between two rows of a writer that are neighbours in time.
const STEP_NS: i64 = 1_000_000;

/// A row, told apart by who wrote it and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    pub writer: u64,
    pub number: u64,
}

impl Row {
    pub fn stream(self) -> u64 {
        self.number % STREAMS
    }

    /// When, in whole milliseconds; no two rows of a writer have the same.
    pub fn ts_ns(self, begin_ns: i64) -> i64 {
        let (part, place) = (self.number / SHUFFLED, self.number % SHUFFLED);
        begin_ns + (part * SHUFFLED + place * 7919 % SHUFFLED) as i64 * STEP_NS
    }
}

/// The time of the first rows: long enough ago that the last ones are not in the future.
pub fn begin_ns() -> i64 {
    (base::Clock::System.now_ns() - HOUR_NS) / SECOND_NS * SECOND_NS
}

/// A push.
pub struct Request {
    pub path: &'static str,
    pub headers: &'static [(&'static str, &'static str)],
    pub body: Vec<u8>,
}

/// How the rows of a signal go in and are found again.
pub trait Traffic: Copy + Send + Sync + 'static {
    /// The push of `rows`.
    fn push(self, rows: &[Row], begin_ns: i64) -> Request;

    /// How often the server finds each row that it has. `sought` are those that must be there; others may be.
    fn find(
        self,
        server: &Server,
        sought: &BTreeSet<Row>,
        begin_ns: i64,
    ) -> impl Future<Output = HashMap<Row, u32>> + Send;
}

/// The words by which a row is known in a line or a name.
pub fn words(row: Row) -> String {
    format!("w{}-{}", row.writer, row.number)
}

/// The row of `words`.
pub fn row_of(words: &str) -> Row {
    let (writer, number) = words.strip_prefix('w').and_then(|rest| rest.split_once('-')).unwrap();
    Row { writer: writer.parse().unwrap(), number: number.parse().unwrap() }
}

/// The streams of all rows, as (writer, stream).
pub fn streams(rows: &BTreeSet<Row>) -> BTreeSet<(u64, u64)> {
    rows.iter().map(|row| (row.writer, row.stream())).collect()
}
