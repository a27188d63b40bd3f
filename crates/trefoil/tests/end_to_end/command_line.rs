//! Every command against a running server, with exactly what it prints.

use crate::server::Server;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn trefoil(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trefoil"));
    for variable in ["LOKI_ADDR", "LOKI_ORG_ID", "LOKI_USERNAME", "LOKI_BEARER_TOKEN", "TREFOIL_CONFIG"] {
        command.env_remove(variable);
    }
    command.args(args);
    command
}

/// What a command printed; it must not fail.
struct Printed {
    out: String,
    err: String,
}

fn run(command: &mut Command) -> Printed {
    let done = command.output().unwrap();
    let out = String::from_utf8(done.stdout).unwrap();
    let err = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success(), "{command:?}: {err}");
    Printed { out, err }
}

/// What a command that asks `server` prints.
fn ask(server: &Server, args: &[&str]) -> String {
    run(trefoil(args).env("LOKI_ADDR", server.url())).out
}

fn shared() -> PathBuf {
    std::env::var_os("TREFOIL_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from)
}

/// Real log files where they are present, else one that is made below `dir`.
fn log_files(dir: &Path) -> Vec<PathBuf> {
    let real = std::fs::read_dir(shared().join("data/loghub"));
    let paths = real.into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut logs: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|e| e == "log")).collect();
    if logs.is_empty() {
        eprintln!("no real log files here, a made one is used");
        let path = dir.join("made.log");
        let lines = (0..9000)
            .map(|n| format!("{n} GET /item/{} \"naïve 日本語\" took={}ms\r\n", n % 70, n * 7 % 900));
        std::fs::write(&path, lines.collect::<String>()).unwrap();
        logs.push(path);
    }
    logs.sort();
    logs
}

/// Lines without their ends, which are `\n` or `\r\n`.
fn lines_of(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_back_line_for_line() {
    let dir = tempfile::tempdir().unwrap();
    let files = log_files(dir.path());
    let mut server = Server::new("");
    server.start().await;
    let mut push = trefoil(&["push", "--label", "app=files", "--addr", &server.url()]);
    let printed = run(push.args(&files));
    let lines: Vec<Vec<String>> = files.iter().map(|path| lines_of(path)).collect();
    let count: usize = lines.iter().map(Vec::len).sum();
    assert!(printed.err.starts_with(&format!("{count} lines, ")), "{}", printed.err);
    assert!(printed.err.contains(&format!(" from {} file(s) in ", files.len())), "{}", printed.err);
    assert!(printed.err.ends_with("find them with: trefoil query '{app=\"files\"}'\n"), "{}", printed.err);

    come_back(&server, &files, &lines);
    server.flush().await;
    come_back(&server, &files, &lines);
}

fn come_back(server: &Server, files: &[PathBuf], lines: &[Vec<String>]) {
    for (path, lines) in files.iter().zip(lines) {
        let selector = format!("{{app=\"files\", filename=\"{}\"}}", path.display());
        let found = ask(server, &["query", &selector, "--limit", "0", "-o", "raw", "--forward", "--quiet"]);
        assert!(found.lines().eq(lines.iter()), "{} came back otherwise", path.display());
        let newest = ask(server, &["query", &selector, "--limit", "3", "-o", "raw"]);
        assert!(newest.lines().eq(lines.iter().rev().take(3)), "{newest}");
    }
}

/// A server with two small streams of ten lines of nine bytes each.
async fn small() -> (Server, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::new("");
    server.start().await;
    for app in ["shop", "till"] {
        let path = dir.path().join(app);
        let lines: String = (0..10).map(|n| format!("{app} no {n}\n")).collect();
        std::fs::write(&path, lines).unwrap();
        let label = format!("app={app}");
        let printed =
            run(trefoil(&["push", "--quiet", "--label", &label, "--addr", &server.url()]).arg(&path));
        assert_eq!((printed.out.as_str(), printed.err.as_str()), ("", ""));
    }
    (server, dir)
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_tables() {
    let (server, dir) = small().await;
    let (shop, till) = (dir.path().join("shop"), dir.path().join("till"));
    assert_eq!(ask(&server, &["labels"]), "app\nfilename\nservice_name\n");
    assert_eq!(ask(&server, &["labels", "app"]), "shop\ntill\n");
    let stream = |app: &str, path: &Path| {
        format!("{{app=\"{app}\", filename=\"{}\", service_name=\"{app}\"}}\n", path.display())
    };
    let both = stream("shop", &shop) + &stream("till", &till);
    assert_eq!(ask(&server, &["series"]), both);
    assert_eq!(ask(&server, &["series", "{app=\"till\"}"]), stream("till", &till));
    assert_eq!(
        ask(&server, &["series", "--analyze-labels"]),
        "2 streams, 3 labels\n\
         label         values  streams\n\
         app           2       2\n\
         filename      2       2\n\
         service_name  2       2\n"
    );
    let stats = ask(&server, &["stats", "{app=~\".+\"}"]);
    // Per row: the line's 9 bytes, and 21 of `detected_level` and `unknown`.
    assert_eq!(stats, "         count\nstreams  2\nchunks   2\nentries  20\nbytes    600 (600 B)\n");
    let volume = ask(&server, &["volume", "{app=~\".+\"}", "--by", "app"]);
    let bar = "█".repeat(30);
    assert_eq!(
        volume,
        format!("series        bytes\n{{app=\"shop\"}}  300 B  {bar}\n{{app=\"till\"}}  300 B  {bar}\n")
    );
    let counts = ask(&server, &["instant", "sum by (app) (count_over_time({app=~\".+\"}[1h]))"]);
    assert_eq!(counts, "series        value\n{app=\"shop\"}  10\n{app=\"till\"}  10\n");
    assert_eq!(ask(&server, &["instant", "1 + 1"]), "2\n");
    let json = ask(&server, &["query", "{app=\"shop\"} |= \"no 7\"", "-o", "jsonl", "-q"]);
    let row: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(row["line"], "shop no 7");
    let refused = trefoil(&["query", "{app=", "--addr", &server.url()]).output().unwrap();
    let err = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(err.starts_with("trefoil: parse error"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tail_begins_with_the_past_and_goes_on() {
    let (server, dir) = small().await;
    let mut tail = trefoil(&["tail", "{app=\"shop\"}", "-n", "2", "-o", "raw", "--addr", &server.url()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(tail.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(printed.next().as_deref(), Some("shop no 8"));
    assert_eq!(printed.next().as_deref(), Some("shop no 9"));
    let more = dir.path().join("more");
    std::fs::write(&more, "one more\nand another").unwrap();
    run(trefoil(&["push", "-q", "--label", "app=shop", "--addr", &server.url()]).arg(&more));
    assert_eq!(printed.next().as_deref(), Some("one more"));
    assert_eq!(printed.next().as_deref(), Some("and another"));
    tail.kill().unwrap();
    tail.wait().unwrap();
}

#[test]
fn no_server_is_said_with_what_to_do() {
    let done = trefoil(&["labels", "--addr", "http://127.0.0.1:9"]).output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    let err = String::from_utf8(done.stderr).unwrap();
    assert!(err.starts_with("trefoil: no answer from http://127.0.0.1:9: is the server running?"), "{err}");
}

#[test]
fn check_and_config_tell_what_a_file_means() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("loki.yaml");
    let text = "server:\n  http_listen_port: ${PORT:3201}\n\
                memberlist: {join_members: [a]}\n\
                limits_config: {retention_period: 30d}\n\
                nonsense: 1\n";
    std::fs::write(&file, text).unwrap();
    let path = file.to_str().unwrap();
    let printed = run(&mut trefoil(&["check", "--expand-env", path]));
    assert_eq!(
        printed.out,
        format!(
            "used     limits_config.retention_period\n\
             not used memberlist: one process needs no gossip\n\
             not used nonsense: Trefoil has no such setting\n\
             used     server.http_listen_port\n\
             \n2 keys used, 2 not; the file is valid. Run it with: trefoil -config.file={path} -config.expand-env=true\n"
        )
    );
    let printed = run(trefoil(&["config", "--config.file", path, "--config.expand-env"]).env("PORT", "3202"));
    assert!(printed.out.contains("\n  http_listen_port: 3202\n"), "{}", printed.out);
    let without = trefoil(&["check", path]).output().unwrap();
    assert_eq!(without.status.code(), Some(1));
    let err = String::from_utf8(without.stderr).unwrap();
    assert!(err.contains("${PORT:3201}") && err.contains("--expand-env"), "{err}");
}

#[test]
fn a_configuration_of_loki_is_valid() {
    let file = shared().join("conformance/loki/loki-reference.yaml");
    if !file.is_file() {
        eprintln!("skipped: {} is not here (TREFOIL_SHARED names the folder)", file.display());
        return;
    }
    let flag = format!("-config.file={}", file.display());
    let mut command = trefoil(&[&flag, "-config.expand-env=true", "-verify-config"]);
    command.env("CONF_HTTP_PORT", "3100").env("CONF_GRPC_PORT", "9095");
    let printed = run(command.env("CONF_DATA_DIR", "/data").env("CONF_OVERRIDES", ""));
    assert_eq!(printed.out, "config is valid\n");
    assert!(printed.err.contains("not used: common.ring: one process needs no ring\n"), "{}", printed.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_as_loki_has_them() {
    let mut server = Server::new("");
    let log = server.data().join("elsewhere");
    server.flags = vec![
        "-target".to_owned(),
        "all".to_owned(),
        format!("-ingester.wal-dir={}", log.display()),
        "-validation.reject-old-samples=false".to_owned(),
        "-querier.max-concurrent".to_owned(),
        "7".to_owned(),
    ];
    server.start().await;
    let config = reqwest::get(format!("{}/config", server.url())).await.unwrap().text().await.unwrap();
    assert!(config.contains("max_concurrent: 7") && config.contains("reject_old_samples: false"), "{config}");
    assert!(log.is_dir() && !server.data().join("wal").exists());
}

/// The value of a row that `explain` prints: what stands behind `name`.
fn row<'a>(screen: &'a str, name: &str) -> &'a str {
    let row = screen.lines().find_map(|line| line.strip_prefix("  ")?.strip_prefix(name)?.strip_prefix(' '));
    row.unwrap_or_else(|| panic!("no row {name} in\n{screen}")).trim_start()
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_shows_plan_estimate_and_actuals() {
    let (server, dir) = small().await;
    let query = "{app=\"shop\"} |= \"no 7\" | json | status>=500";
    let screen = ask(&server, &["explain", query]);
    let mut lines = screen.lines();
    assert_eq!((lines.next(), lines.next()), (Some(query), Some("")));
    assert_eq!(lines.next(), Some(format!("leaf 1  {query}").as_str()));
    assert_eq!(row(&screen, "selector"), "{app=\"shop\"}");
    assert_eq!(
        row(&screen, "stages"),
        "|= \"no 7\"      store  searched in templates and columns; filters skip pages without its words and long ids"
    );
    assert!(
        screen.contains("| status>=500  engine label filter after json: the label comes from the line\n"),
        "{screen}"
    );
    assert_eq!((row(&screen, "streams"), row(&screen, "in memory")), ("1", "10 rows, 300 B"));
    assert_eq!(row(&screen, "in blocks"), "0 of 0 in the range, 0 pages");
    assert!(screen.ends_with("--run answers the query and shows what that took\n"), "{screen}");

    server.flush().await;
    let count = "sum by (app) (count_over_time({app=~\".+\"}[1h])) > 1";
    let screen = ask(&server, &["explain", count, "--run"]);
    assert!(screen.contains("\n  >\n  ├─ leaf 1\n  └─ 1\n\nleaf 1  count_over_time("), "{screen}");
    assert_eq!((row(&screen, "streams"), row(&screen, "in memory")), ("2", "0 rows, 0 B"));
    assert_eq!(row(&screen, "in blocks"), "1 of 1 in the range, 1 page");
    assert!(row(&screen, "filters").starts_with("not asked: "), "{screen}");
    assert!(row(&screen, "to fetch").starts_with("directory "), "{screen}");
    assert_eq!(row(&screen, "pages"), "1 of 1 read, 0 skipped by filters");
    assert!(row(&screen, "rows").starts_with("20 looked at in blocks, 0 in memory, "), "{screen}");
    let json: serde_json::Value = serde_json::from_str(&ask(&server, &["explain", count, "--json"])).unwrap();
    assert_eq!(json["leaves"][0]["estimate"]["pages"], 1);
    assert_eq!(json["actual"], serde_json::Value::Null);
    inspect(&server, dir.path());
}

/// The one block of `server`, looked into; damaged copies go to `dir`.
fn inspect(server: &Server, dir: &Path) {
    let bucket = server.data().join("bucket");
    let find = Command::new("find").arg(&bucket).args(["-name", "*.block"]).output().unwrap();
    let path = String::from_utf8(find.stdout).unwrap().lines().next().unwrap().to_owned();
    let screen = run(&mut trefoil(&["inspect", &path])).out;
    assert!(screen.starts_with(&format!("{path}\n  tenant    fake, logs\n")), "{screen}");
    assert_eq!(row(&screen, "rows"), "20 in 2 streams and 1 page");
    for line in
        ["\nwhat takes the space\n", "\nstreams\n", "\npages\n", "\npage 0: sections\n", " times (rises) "]
    {
        assert!(screen.contains(line), "{line} is not in\n{screen}");
    }
    assert!(screen.contains("{app=\"shop\", filename="), "{screen}");
    // By its name in the bucket the same.
    let name = path.strip_prefix(&format!("{}/", bucket.display())).unwrap();
    let data = server.data().display().to_string();
    let named = run(&mut trefoil(&["inspect", name, "--data", &data])).out;
    assert_eq!(named.lines().skip(1).collect::<Vec<_>>(), screen.lines().skip(1).collect::<Vec<_>>());
    let json = run(&mut trefoil(&["inspect", &path, "--json"])).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["block"]["rows"], &json["pages"][0]["rows"]), (&20.into(), &20.into()));

    let refused = |args: &[&str], why: &str| {
        let done = trefoil(args).output().unwrap();
        let err = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(1), "{err}");
        assert!(err.starts_with("trefoil: ") && err.contains(why), "{err}");
    };
    refused(&["inspect", &path, "--page", "9"], "there is no page 9: the block has 1, the first is 0");
    refused(&["inspect", "no/such.block", "--data", &data], "is neither a file here nor an object of");
    let damaged = dir.join("damaged.block");
    let bytes = std::fs::read(&path).unwrap();
    let spoil = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        std::fs::write(&damaged, bytes).unwrap();
        damaged.display().to_string()
    };
    refused(&["inspect", &spoil(10)], "wrong checksum");
    refused(&["inspect", &spoil(bytes.len() - 20)], "wrong checksum of the footer");
    refused(&["inspect", &spoil(bytes.len() - 120)], "wrong checksum in the tail");
    std::fs::write(&damaged, &bytes[..50]).unwrap();
    refused(&["inspect", &damaged.display().to_string()], "an object of 50 bytes is no block");
}
