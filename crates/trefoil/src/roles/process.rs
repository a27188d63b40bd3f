//! What operators see of the process: what was built, its configuration, its log, its parts.

use super::stores::Stores;
use crate::config::{Config, changed_yaml, to_yaml};
use crate::own_log::LevelHandle;
use api::context::{Build, ConfigText, LogLevel, Process};
use store::Phase;

/// The process as it runs with `config`.
pub fn process(config: &Config, level: LevelHandle, stores: Stores) -> Process {
    let config = config.clone();
    let text = move |which| match which {
        ConfigText::Effective => to_yaml(&config).unwrap_or_default(),
        ConfigText::Changed => changed_yaml(&config).unwrap_or_default(),
        ConfigText::Defaults => to_yaml(&Config::default()).unwrap_or_default(),
    };
    Process {
        build: build(),
        config_text: Box::new(text),
        log_level: Box::new(Level(level)),
        services: Box::new(move || services(&stores)),
    }
}

fn build() -> Build {
    Build {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        revision: env!("TREFOIL_REVISION").to_owned(),
        branch: env!("TREFOIL_BRANCH").to_owned(),
        compiler: env!("TREFOIL_COMPILER").to_owned(),
        ..Build::default()
    }
}

/// Loki's names of what is here, and the stores; the ingester is the store of logs.
fn services(stores: &Stores) -> Vec<(String, String)> {
    let phases = stores.phases();
    let ingester = phases.first().map(|(_, phase)| ("ingester".to_owned(), state(phase)));
    let always = ["server", "distributor", "querier"].map(|name| (name.to_owned(), "Running".to_owned()));
    let each = phases.iter().map(|(signal, phase)| (format!("store-{signal}"), state(phase)));
    always.into_iter().chain(ingester).chain(each).collect()
}

fn state(phase: &Phase) -> String {
    let state = match phase {
        Phase::Opening | Phase::Replaying { .. } => "Starting",
        Phase::Ready => "Running",
        Phase::Failed(_) => "Failed",
        Phase::Draining => "Stopping",
        Phase::Closed => "Terminated",
    };
    state.to_owned()
}

struct Level(LevelHandle);

impl LogLevel for Level {
    fn get(&self) -> String {
        self.0.get()
    }

    fn set(&self, level: &str) -> base::Result<()> {
        self.0.set(level).map_err(base::Error::invalid)
    }
}
