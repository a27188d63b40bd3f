//! Configuration: defaults, then the file, then flags. Keys are Loki's where the meaning is the
//! same, so that an existing file works; what has no meaning here is named, never ignored in silence.

mod expand;
mod known;
pub mod sections;
mod tree;

use crate::cli::args::{CheckOptions, ConfigOptions, RunOptions};
use crate::cli::paint::Paint;
use anyhow::{Context, Result, bail};
use base::meter::Registry;
use bucket::Bucket;
use model::Limits;
pub use sections::Config;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;
use tree::Verdict;

/// A configuration and what was said in it that has no effect.
pub struct Loaded {
    /// What is in force.
    pub config: Config,
    /// One sentence for each key without effect.
    pub warnings: Vec<String>,
}

/// Limits of single tenants, from the runtime file.
pub type Overrides = BTreeMap<String, Limits>;

/// Opens the bucket that `options` name, as the server would.
///
/// # Errors
/// As [`load`]; a store that cannot be opened.
pub fn open_bucket(options: &RunOptions) -> Result<Bucket> {
    let config = load(options)?.config;
    let data = Path::new(&config.common.path_prefix);
    Ok(Bucket::open(&config.bucket(data), &Registry::default())?)
}

/// Reads what `options` name.
///
/// # Errors
/// A file that cannot be read or is no YAML, a value of the wrong form, an unknown `--set` key.
pub fn load(options: &RunOptions) -> Result<Loaded> {
    let mut written = match &options.config_file {
        Some(file) => read_yaml(file, options.expand_env)?,
        None => Value::Object(Map::new()),
    };
    for pair in &options.set {
        let (key, value) =
            pair.split_once('=').with_context(|| format!("--set {pair:?} is not key=value"))?;
        tree::put(&mut written, key, tree::scalar(value));
    }
    let schema = serde_json::to_value(Config::default())?;
    let mut warnings = Vec::new();
    for (path, verdict) in tree::judge(&written, &schema) {
        if let Verdict::Unused(why) = verdict {
            warnings.push(format!("{path}: {why}"));
        }
    }
    let pruned = tree::pruned(&written, &schema);
    let mut config: Config = serde_path_to_error::deserialize(pruned).map_err(|e| {
        // "server.http_listen_port: invalid type: string ...": the key, then the value.
        let error = e.to_string();
        let hint = expand_hint(&error, options.expand_env);
        anyhow::anyhow!("the configuration is wrong: {error}{hint}")
    })?;
    sections::settle(&mut config, &written);
    if let Some(data) = &options.data {
        config.common.path_prefix = data.to_string_lossy().into_owned();
    }
    if options.target != "all" {
        bail!("-target={}: today only `all` can be run: one process with every role", options.target);
    }
    Ok(Loaded { config, warnings })
}

/// What is said besides when `text` has variables that were not to be replaced.
fn expand_hint(text: &str, expand_env: bool) -> &'static str {
    if text.contains("${") && !expand_env {
        "\nit has variables: replace them with --expand-env (check) or -config.expand-env=true (server)"
    } else {
        ""
    }
}

fn read_yaml(file: &Path, expand_env: bool) -> Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let text = if expand_env { expand::expand(&text, |name| std::env::var(name).ok()) } else { text };
    if text.trim().is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let value: Value = serde_saphyr::from_str(&text).map_err(|e| {
        let hint = expand_hint(&text, expand_env);
        anyhow::anyhow!("{} is no valid YAML: {e}{hint}", file.display())
    })?;
    match value {
        Value::Null => Ok(Value::Object(Map::new())),
        Value::Object(_) => Ok(value),
        _ => bail!("{}: the top of the file must be a map of sections", file.display()),
    }
}

/// Reads the runtime file: limits of single tenants over `defaults`.
///
/// # Errors
/// As [`load`]; a wrong tenant names itself.
pub fn read_overrides(text: &str, defaults: &Limits) -> Result<(Overrides, Vec<String>)> {
    let value: Value = if text.trim().is_empty() { Value::Null } else { serde_saphyr::from_str(text)? };
    let mut overrides = Overrides::new();
    let mut warnings = Vec::new();
    for (section, content) in value.as_object().into_iter().flatten() {
        if section != "overrides" {
            warnings.push(format!("{section}: not used in the runtime file; only `overrides` is"));
            continue;
        }
        for (tenant, keys) in content.as_object().into_iter().flatten() {
            let limits = tenant_limits(tenant, keys, defaults, &mut warnings)?;
            overrides.insert(tenant.clone(), limits);
        }
    }
    Ok((overrides, warnings))
}

fn tenant_limits(
    tenant: &str,
    keys: &Value,
    defaults: &Limits,
    warnings: &mut Vec<String>,
) -> Result<Limits> {
    let schema = serde_json::to_value(Limits::default())?;
    for (path, verdict) in tree::judge_section("limits_config", keys, &schema) {
        if let Verdict::Unused(why) = verdict {
            warnings.push(format!("overrides of tenant {tenant}: {path}: {why}"));
        }
    }
    let Value::Object(known) = tree::pruned(keys, &schema) else {
        return Ok(defaults.clone());
    };
    defaults.overlaid(known).with_context(|| format!("overrides of tenant {tenant}"))
}

/// `trefoil config`: the effective configuration, or every key with its doc.
pub fn print(options: &ConfigOptions) -> Result<()> {
    if options.reference {
        print!("{}", sections::reference());
        return Ok(());
    }
    let loaded = load(&options.run)?;
    print!("{}", to_yaml(&loaded.config)?);
    Ok(())
}

/// The configuration as YAML; secrets show as asterisks.
pub fn to_yaml(config: &Config) -> Result<String> {
    Ok(serde_saphyr::to_string(config)?)
}

/// The keys that differ from their defaults, as YAML.
pub fn changed_yaml(config: &Config) -> Result<String> {
    let defaults = serde_json::to_value(Config::default())?;
    let value = tree::differing(&serde_json::to_value(config)?, &defaults);
    Ok(serde_saphyr::to_string(&value)?)
}

/// `trefoil check`: what becomes of each key of a file.
pub fn check(options: &CheckOptions) -> Result<()> {
    let written = read_yaml(&options.file, options.expand_env)?;
    let schema = serde_json::to_value(Config::default())?;
    let paint = Paint::stdout();
    let is_runtime_file = written.get("overrides").is_some();
    if is_runtime_file {
        let text = std::fs::read_to_string(&options.file)?;
        let (overrides, warnings) = read_overrides(&text, &Limits::default())?;
        println!("{} tenants with limits of their own", overrides.len());
        for warning in warnings {
            println!("{} {warning}", paint.warn("not used"));
        }
        return Ok(());
    }
    let (mut used, mut unused) = (0, 0);
    for (path, verdict) in tree::judge(&written, &schema) {
        match verdict {
            Verdict::Used => {
                used += 1;
                println!("{}     {path}", paint.good("used"));
            }
            Verdict::Unused(why) => {
                unused += 1;
                println!("{} {path}: {why}", paint.warn("not used"));
            }
        }
    }
    let run = RunOptions {
        config_file: Some(options.file.clone()),
        expand_env: options.expand_env,
        target: "all".to_owned(),
        ..RunOptions::default()
    };
    load(&run)?;
    let expand = if options.expand_env { " -config.expand-env=true" } else { "" };
    println!(
        "\n{used} keys used, {unused} not; the file is valid. Run it with: trefoil -config.file={}{expand}",
        options.file.display()
    );
    Ok(())
}

#[cfg(test)]
mod tests;
