//! Every command with its options. The help texts are here and nowhere else.

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What was typed.
#[derive(Debug, Parser)]
#[command(
    name = "trefoil",
    version,
    about = "Logs, metrics and traces in one program that speaks the wire of Loki, Prometheus and Tempo",
    long_about = "Trefoil stores logs, metrics and traces and answers LogQL, PromQL and TraceQL. It takes pushes from every agent that speaks to Loki, Prometheus or \
OTLP, and answers Grafana's Loki data source, logcli and this command line.\n\n\
Without a command it runs the server on ./data and port 3100.",
    after_help = "First steps:\n  \
trefoil demo                                    run here, with this machine's own log files in it\n  \
trefoil query '{job=\"varlogs\"} |= \"error\"'      search the last hour\n  \
trefoil tail '{job=\"varlogs\"}'                  watch lines as they come\n  \
trefoil push app.log --label app=shop           load a file\n  \
trefoil check loki.yaml                         what Trefoil does with an existing Loki configuration\n\n\
Flags in Go's style (-config.file=loki.yaml -target=all) are understood too.",
    args_conflicts_with_subcommands = true
)]
pub struct Args {
    /// The command; none means `run`.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of `run` when no command is given.
    #[command(flatten)]
    pub run: RunOptions,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server (the default)
    Run(RunOptions),
    /// Run the server with this machine's own log files tailed into it
    Demo(RunOptions),
    /// Search lines, or plot a metric over time: `trefoil query '{app="shop"} |= "error"'`
    Query(QueryOptions),
    /// Print the lines before and after a time: `trefoil context '{app="shop"}' --time 2026-03-01T10:00:00.5Z`
    Context(ContextOptions),
    /// Evaluate a metric query at one time: `trefoil instant 'sum by (app) (rate({app=~".+"}[5m]))'`
    Instant(InstantOptions),
    /// Show how a query would be answered and what it would read: why is it slow?
    Explain(ExplainOptions),
    /// Look into a block: what is in there, and what takes the space
    Inspect(InspectOptions),
    /// List label names, or the values of one: `trefoil labels app`
    Labels(LabelsOptions),
    /// List streams: `trefoil series '{app="shop"}'`
    Series(SeriesOptions),
    /// Streams, chunks, entries and bytes behind a selector
    Stats(SelectorOptions),
    /// Bytes by label: `trefoil volume '{app=~".+"}' --by app`
    Volume(VolumeOptions),
    /// Watch lines as they come
    Tail(TailOptions),
    /// Load files: `trefoil push app.log other.log.gz --label app=shop`
    Push(PushOptions),
    /// Write lines and read them back for a while; fails when any is missing, doubled or out of order
    Canary(CanaryOptions),
    /// Print the effective configuration, or explain every key
    Config(ConfigOptions),
    /// Explain a configuration file key by key: what is used, what is not, and why
    Check(CheckOptions),
}

/// How the server is started.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct RunOptions {
    /// Configuration file, Trefoil's or Loki's
    #[arg(long = "config.file", alias = "config", value_name = "FILE", env = "TREFOIL_CONFIG")]
    pub config_file: Option<PathBuf>,
    /// Replace ${VAR} and ${VAR:default} in the file by the environment
    #[arg(long = "config.expand-env", num_args = 0..=1, default_missing_value = "true", default_value_t = false)]
    pub expand_env: bool,
    /// Where everything is kept
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Roles to run; today `all`
    #[arg(long, default_value = "all")]
    pub target: String,
    /// Check the configuration and leave
    #[arg(long = "verify-config", num_args = 0..=1, default_missing_value = "true", default_value_t = false)]
    pub verify_config: bool,
    /// Print the effective configuration to standard error at start
    #[arg(long = "print-config-stderr", num_args = 0..=1, default_missing_value = "true", default_value_t = false)]
    pub print_config: bool,
    /// Set one key of the configuration, as `server.http_listen_port=3200`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// Where the server is and who asks.
#[derive(Clone, Debug, ClapArgs)]
pub struct Connection {
    /// Address of the server, Trefoil or Loki
    #[arg(long, env = "LOKI_ADDR", default_value = "http://127.0.0.1:3100", global = true)]
    pub addr: String,
    /// Tenant, sent as X-Scope-OrgID
    #[arg(long, env = "LOKI_ORG_ID", global = true)]
    pub org_id: Option<String>,
    /// User for basic authentication
    #[arg(long, env = "LOKI_USERNAME", global = true)]
    pub username: Option<String>,
    /// Password for basic authentication
    #[arg(long, env = "LOKI_PASSWORD", hide_env_values = true, global = true)]
    pub password: Option<String>,
    /// Bearer token
    #[arg(long, env = "LOKI_BEARER_TOKEN", hide_env_values = true, global = true)]
    pub bearer_token: Option<String>,
    /// Another header, as `Name: value`; may be repeated
    #[arg(long, global = true)]
    pub header: Vec<String>,
}

/// Which time is asked for.
#[derive(Clone, Debug, ClapArgs)]
pub struct Span {
    /// So long before --to (or now)
    #[arg(long, default_value = "1h")]
    pub since: String,
    /// First time, RFC 3339 or Unix seconds or nanoseconds
    #[arg(long)]
    pub from: Option<String>,
    /// Last time
    #[arg(long)]
    pub to: Option<String>,
}

/// How lines are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Time, labels and line
    #[default]
    Default,
    /// The line alone
    Raw,
    /// One JSON object a line
    Jsonl,
}

/// `trefoil query`
#[derive(Clone, Debug, ClapArgs)]
pub struct QueryOptions {
    /// LogQL
    pub query: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub connection: Connection,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub span: Span,
    /// Most lines to print; 0 for all
    #[arg(long, short = 'n', default_value_t = 30)]
    pub limit: usize,
    /// Lines asked for at once
    #[arg(long, default_value_t = 1000)]
    pub batch: usize,
    /// Oldest first
    #[arg(long)]
    pub forward: bool,
    /// Step of metric queries, as `30s`
    #[arg(long)]
    pub step: Option<String>,
    /// How lines are printed
    #[arg(long, short, value_enum, default_value_t)]
    pub output: Output,
    /// Leave labels out
    #[arg(long)]
    pub no_labels: bool,
    /// Answer what was found when a limit or the time ends the work early, with a warning
    #[arg(long)]
    pub partial: bool,
    /// Show the server's statistics at the end
    #[arg(long)]
    pub stats: bool,
    /// No progress, no summary
    #[arg(long, short)]
    pub quiet: bool,
}

/// `trefoil context`
#[derive(Clone, Debug, ClapArgs)]
pub struct ContextOptions {
    /// A selector, and stages where wanted
    pub query: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub connection: Connection,
    /// Around which time, RFC 3339 or Unix seconds or nanoseconds
    #[arg(long)]
    pub time: String,
    /// Lines before it
    #[arg(long, short = 'B', default_value_t = 10)]
    pub before: usize,
    /// Lines from it on
    #[arg(long, short = 'A', default_value_t = 10)]
    pub after: usize,
    /// How far to look to each side
    #[arg(long, default_value = "1h")]
    pub since: String,
    /// How lines are printed
    #[arg(long, short, value_enum, default_value_t)]
    pub output: Output,
    /// Leave labels out
    #[arg(long)]
    pub no_labels: bool,
}

/// `trefoil instant`
#[derive(Clone, Debug, ClapArgs)]
pub struct InstantOptions {
    /// LogQL that gives numbers
    pub query: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub connection: Connection,
    /// At which time; now if not given
    #[arg(long)]
    pub now: Option<String>,
    /// How the answer is printed
    #[arg(long, short, value_enum, default_value_t)]
    pub output: Output,
}

/// `trefoil explain`
#[derive(Clone, Debug, ClapArgs)]
pub struct ExplainOptions {
    /// LogQL
    pub query: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub connection: Connection,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub span: Span,
    /// Answer it too, and show what that really took
    #[arg(long)]
    pub run: bool,
    /// Most lines of the answer
    #[arg(long, short = 'n', default_value_t = 100)]
    pub limit: usize,
    /// Oldest first
    #[arg(long)]
    pub forward: bool,
    /// Step of metric queries, as `30s`
    #[arg(long)]
    pub step: Option<String>,
    /// Print the server's answer instead
    #[arg(long)]
    pub json: bool,
}

/// `trefoil inspect`
#[derive(Clone, Debug, ClapArgs)]
pub struct InspectOptions {
    /// File of a block, or its name in the configured bucket
    pub block: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub run: RunOptions,
    /// Most streams to list
    #[arg(long, default_value_t = 10)]
    pub streams: usize,
    /// Most pages to list
    #[arg(long, default_value_t = 10)]
    pub pages: usize,
    /// Look into this page, from 0; without it into the largest one
    #[arg(long)]
    pub page: Option<usize>,
    /// Most templates and columns of that page to list
    #[arg(long, default_value_t = 12)]
    pub templates: usize,
    /// Print everything as JSON
    #[arg(long)]
    pub json: bool,
}

/// `trefoil labels`
#[derive(Clone, Debug, ClapArgs)]
pub struct LabelsOptions {
    /// Print the values of this label
    pub name: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub connection: Connection,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub span: Span,
}

/// `trefoil series`
#[derive(Clone, Debug, ClapArgs)]
pub struct SeriesOptions {
    /// Selector
    #[arg(default_value = "{}")]
    pub selector: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub connection: Connection,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub span: Span,
    /// Count the values of each label instead
    #[arg(long)]
    pub analyze_labels: bool,
}

/// A selector and a span of time.
#[derive(Clone, Debug, ClapArgs)]
pub struct SelectorOptions {
    /// Selector
    pub selector: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub connection: Connection,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub span: Span,
}

/// `trefoil volume`
#[derive(Clone, Debug, ClapArgs)]
pub struct VolumeOptions {
    /// Selector
    pub selector: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub connection: Connection,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub span: Span,
    /// Labels to sum by, comma separated
    #[arg(long, alias = "targetLabels")]
    pub by: Option<String>,
    /// Most rows
    #[arg(long, short = 'n', default_value_t = 30)]
    pub limit: usize,
}

/// `trefoil tail`
#[derive(Clone, Debug, ClapArgs)]
pub struct TailOptions {
    /// LogQL that gives lines
    pub query: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub connection: Connection,
    /// Lines of the past to begin with
    #[arg(long, short = 'n', default_value_t = 10)]
    pub limit: usize,
    /// Wait so many seconds (0 to 5) for late lines
    #[arg(long, default_value_t = 0)]
    pub delay_for: u32,
    /// How lines are printed
    #[arg(long, short, value_enum, default_value_t)]
    pub output: Output,
    /// Leave labels out
    #[arg(long)]
    pub no_labels: bool,
}

/// `trefoil push`
#[derive(Clone, Debug, ClapArgs)]
pub struct PushOptions {
    /// Files to load, plain or .gz or .zst; `-` is standard input
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub connection: Connection,
    /// Label of the stream, as app=shop; may be repeated. `filename` is added.
    #[arg(long, short)]
    pub label: Vec<String>,
    /// Bytes of lines sent at once
    #[arg(long, default_value = "1MB")]
    pub batch: base::unit::ByteSize,
    /// No progress, no summary
    #[arg(long, short)]
    pub quiet: bool,
}

/// `trefoil canary`
#[derive(Clone, Debug, ClapArgs)]
pub struct CanaryOptions {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub connection: Connection,
    /// How long to go on
    #[arg(long = "for", default_value = "10m")]
    pub length: String,
    /// Time between lines
    #[arg(long, default_value = "100ms")]
    pub interval: String,
    /// Bytes of filling in each line
    #[arg(long, default_value_t = 100)]
    pub size: usize,
}

/// `trefoil config`
#[derive(Clone, Debug, ClapArgs)]
pub struct ConfigOptions {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub run: RunOptions,
    /// Explain every key with its default instead
    #[arg(long)]
    pub reference: bool,
}

/// `trefoil check`
#[derive(Clone, Debug, ClapArgs)]
pub struct CheckOptions {
    /// Configuration file, Trefoil's or Loki's
    pub file: PathBuf,
    /// Replace ${VAR} and ${VAR:default} by the environment
    #[arg(long)]
    pub expand_env: bool,
}
