//! What was acknowledged, and the check that it is there.

use crate::rows::{Row, Traffic};
use crate::server::Server;
use std::collections::BTreeSet;
use std::sync::Mutex;

#[derive(Default)]
pub struct Ledger {
    rows: Mutex<BTreeSet<Row>>,
}

impl Ledger {
    pub fn acknowledge(&self, rows: &[Row]) {
        self.rows.lock().unwrap().extend(rows);
    }

    pub fn acknowledged(&self) -> usize {
        self.rows.lock().unwrap().len()
    }

    /// Every acknowledged row must be there once; no row may be there twice.
    pub async fn verify(&self, traffic: impl Traffic, server: &Server, begin_ns: i64) {
        let rows = self.rows.lock().unwrap().clone();
        let found = traffic.find(server, &rows, begin_ns).await;
        let missing: Vec<&Row> = rows.iter().filter(|row| !found.contains_key(row)).collect();
        let (lost, all) = (missing.len(), rows.len());
        assert!(missing.is_empty(), "{lost} of {all} acknowledged rows are lost, as {:?}", missing[0]);
        let doubled: Vec<&Row> = found.iter().filter(|(_, times)| **times > 1).map(|(row, _)| row).collect();
        assert!(doubled.is_empty(), "{} rows are there more than once, as {:?}", doubled.len(), doubled[0]);
    }
}
