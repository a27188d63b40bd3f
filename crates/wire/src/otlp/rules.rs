//! A tenant's rules for OTLP attributes, ready to be asked.

use base::{Error, Result};
use model::go_regex::GoRegex;
use model::limits::{OtlpAttributeRule, OtlpConfig};

/// What happens to an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It becomes a label of the stream.
    IndexLabel,
    /// It becomes structured metadata.
    StructuredMetadata,
    /// Nothing is kept.
    Drop,
}

/// Attributes of resources that become labels unless the tenant's rules say `ignore_defaults`.
pub const DEFAULT_LABELS: [&str; 18] = [
    "service.name",
    "service.namespace",
    "service.instance.id",
    "deployment.environment",
    "deployment.environment.name",
    "cloud.region",
    "cloud.availability_zone",
    "k8s.cluster.name",
    "k8s.namespace.name",
    "k8s.pod.name",
    "k8s.container.name",
    "container.name",
    "k8s.replicaset.name",
    "k8s.deployment.name",
    "k8s.statefulset.name",
    "k8s.daemonset.name",
    "k8s.cronjob.name",
    "k8s.job.name",
];

/// The rules of one tenant.
#[derive(Clone, Debug)]
pub struct Rules {
    resource: List,
    scope: List,
    log: List,
    /// Whether `severity_text` becomes a label too.
    pub severity_text_as_label: bool,
}

#[derive(Clone, Debug, Default)]
struct List(Vec<Rule>);

#[derive(Clone, Debug)]
struct Rule {
    action: Action,
    names: Vec<String>,
    regex: Option<GoRegex>,
}

impl Rules {
    /// Reads the rules of `config`.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] for an unknown action or a text that is no regex.
    pub fn new(config: &OtlpConfig) -> Result<Self> {
        let mut resource = List::new(&config.resource_attributes.attributes_config)?;
        if !config.resource_attributes.ignore_defaults {
            let names = DEFAULT_LABELS.map(str::to_owned).to_vec();
            resource.0.insert(0, Rule { action: Action::IndexLabel, names, regex: None });
        }
        Ok(Self {
            resource,
            scope: List::new(&config.scope_attributes)?,
            log: List::new(&config.log_attributes)?,
            severity_text_as_label: config.severity_text_as_label,
        })
    }

    /// What happens to an attribute of a resource.
    pub fn resource(&self, name: &[u8]) -> Action {
        self.resource.action(name)
    }

    /// What happens to an attribute of a scope.
    pub fn scope(&self, name: &[u8]) -> Action {
        self.scope.action(name)
    }

    /// What happens to an attribute of a log record.
    pub fn log(&self, name: &[u8]) -> Action {
        self.log.action(name)
    }
}

impl List {
    fn new(rules: &[OtlpAttributeRule]) -> Result<Self> {
        rules.iter().map(Rule::new).collect::<Result<_>>().map(Self)
    }

    fn action(&self, name: &[u8]) -> Action {
        let rule = self.0.iter().find(|rule| rule.matches(name));
        rule.map_or(Action::StructuredMetadata, |rule| rule.action)
    }
}

impl Rule {
    fn new(rule: &OtlpAttributeRule) -> Result<Self> {
        let action = match rule.action.as_str() {
            "index_label" => Action::IndexLabel,
            "structured_metadata" => Action::StructuredMetadata,
            "drop" => Action::Drop,
            other => return Err(Error::invalid(format!("unsupported action {other:?} in otlp_config"))),
        };
        let regex = (!rule.regex.is_empty()).then(|| GoRegex::anchored(&rule.regex)).transpose()?;
        Ok(Self { action, names: rule.attributes.clone(), regex })
    }

    fn matches(&self, name: &[u8]) -> bool {
        self.regex.as_ref().is_some_and(|regex| regex.is_match(name))
            || self.names.iter().any(|known| known.as_bytes() == name)
    }
}
