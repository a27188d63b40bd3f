//! Go's flag style (`-config.file=x`, `-target all`, `-server.http-listen-port=3200`) rewritten to
//! ours before clap sees it, so that command lines and unit files made for Loki go on working.

/// Flags that `run` knows by name; every other dotted flag is a key of the configuration.
const OWN: &[&str] = &[
    "config.file",
    "config.expand-env",
    "target",
    "verify-config",
    "print-config-stderr",
    "version",
    "help",
];

/// Flags of Loki that are written otherwise than their key in the file.
const OTHERWISE: &[(&str, &str)] = &[
    ("auth.multitenancy-enabled", "auth_enabled"),
    ("ingester.wal-dir", "ingester.wal.dir"),
    ("ingester.wal-enabled", "ingester.wal.enabled"),
    ("runtime-config.file", "runtime_config.file"),
    ("runtime-config.reload-period", "runtime_config.period"),
    ("log.level", "server.log_level"),
    ("common.path-prefix", "common.path_prefix"),
    ("validation.reject-old-samples", "limits_config.reject_old_samples"),
    ("validation.reject-old-samples.max-age", "limits_config.reject_old_samples_max_age"),
    ("distributor.ingestion-rate-limit-mb", "limits_config.ingestion_rate_mb"),
    ("distributor.ingestion-burst-size-mb", "limits_config.ingestion_burst_size_mb"),
    ("store.retention", "limits_config.retention_period"),
    ("querier.max-query-series", "limits_config.max_query_series"),
    ("validation.max-entries-limit", "limits_config.max_entries_limit_per_query"),
];

/// Rewrites the arguments after the program's name. Arguments after a command word are left alone,
/// except for `run` and `demo`.
pub fn rewrite(args: Vec<String>) -> Vec<String> {
    let serves = args.first().is_none_or(|first| first.starts_with('-') || first == "run" || first == "demo");
    if !serves {
        return args;
    }
    let mut out = Vec::with_capacity(args.len());
    let mut rest = args.into_iter().peekable();
    while let Some(arg) = rest.next() {
        let Some(flag) = go_flag(&arg) else {
            out.push(arg);
            continue;
        };
        let (name, value) = match flag.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (flag.to_owned(), None),
        };
        if OWN.contains(&name.as_str()) {
            out.push(match value {
                Some(value) => format!("--{name}={value}"),
                None => format!("--{name}"),
            });
            continue;
        }
        // Go's boolean flags stand alone; all others take the next argument.
        let value =
            value.or_else(|| rest.next_if(|next| !next.starts_with('-'))).unwrap_or("true".to_owned());
        out.push(format!("--set={}={value}", key_of_flag(&name)));
    }
    out
}

/// The text behind the dashes of a Go flag; `None` for our own short options and plain words.
fn go_flag(arg: &str) -> Option<&str> {
    let dashes = arg.len() - arg.trim_start_matches('-').len();
    let flag = &arg[dashes..];
    let name = flag.split('=').next().unwrap_or(flag);
    let dotted = name.contains('.') || OWN.contains(&name);
    match dashes {
        1 => (flag.len() > 1).then_some(flag),
        2 => (dotted && !OWN.contains(&name)).then_some(flag),
        _ => None,
    }
}

/// The configuration key behind a flag of Loki.
fn key_of_flag(name: &str) -> String {
    let known = OTHERWISE.iter().find(|(flag, _)| *flag == name);
    known.map_or_else(|| name.replace('-', "_"), |(_, key)| (*key).to_owned())
}

#[cfg(test)]
mod tests;
