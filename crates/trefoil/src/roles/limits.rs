//! Limits of each tenant: the configuration's, overlaid by the runtime file, which is read again
//! while running. A file that has become wrong is reported and the last good one stays in force.

use crate::config::{Overrides, read_overrides};
use anyhow::{Context, Result};
use arc_swap::ArcSwap;
use model::{Limits, LimitsOf};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The runtime file and what it said last.
pub struct RuntimeLimits {
    defaults: Arc<Limits>,
    file: Option<PathBuf>,
    current: ArcSwap<BTreeMap<String, Arc<Limits>>>,
}

impl RuntimeLimits {
    /// Reads `file` (none when empty).
    ///
    /// # Errors
    /// A file that is missing or wrong at start.
    pub fn open(defaults: Limits, file: &str) -> Result<Arc<Self>> {
        let file = (!file.is_empty()).then(|| PathBuf::from(file));
        let limits = Self { defaults: Arc::new(defaults), file, current: ArcSwap::default() };
        if let Some(text) = limits.text()? {
            for warning in limits.take(&text)? {
                tracing::warn!(%warning, "setting has no effect");
            }
        }
        Ok(Arc::new(limits))
    }

    /// Gives limits by tenant.
    pub fn limits_of(self: &Arc<Self>) -> LimitsOf {
        let limits = self.clone();
        Arc::new(move |tenant| limits.current.load().get(tenant.as_str()).unwrap_or(&limits.defaults).clone())
    }

    /// Reads the file again and again.
    pub async fn watch(self: Arc<Self>, period: Duration) {
        let mut last = self.text().ok().flatten();
        loop {
            tokio::time::sleep(period).await;
            match self.text() {
                Ok(text) if text == last => {}
                Ok(text) => {
                    match text.as_deref().map(|text| self.take(text)) {
                        Some(Err(error)) => {
                            tracing::error!(%error, "runtime file is wrong; the last good one stays")
                        }
                        Some(Ok(warnings)) => {
                            tracing::info!(unused = warnings.len(), "runtime file was read again")
                        }
                        None => {}
                    }
                    last = text;
                }
                Err(error) => tracing::error!(%error, "runtime file cannot be read; the last good one stays"),
            }
        }
    }

    fn text(&self) -> Result<Option<String>> {
        let Some(file) = &self.file else { return Ok(None) };
        let text =
            std::fs::read_to_string(file).with_context(|| format!("runtime file {}", file.display()))?;
        Ok(Some(text))
    }

    fn take(&self, text: &str) -> Result<Vec<String>> {
        let (overrides, warnings): (Overrides, Vec<String>) = read_overrides(text, &self.defaults)?;
        self.current.store(Arc::new(
            overrides.into_iter().map(|(tenant, limits)| (tenant, Arc::new(limits))).collect(),
        ));
        Ok(warnings)
    }
}
