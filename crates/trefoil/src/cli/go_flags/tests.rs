use super::*;

fn rewritten(args: &[&str]) -> Vec<String> {
    rewrite(args.iter().map(|a| (*a).to_owned()).collect())
}

#[test]
fn go_flags_become_ours() {
    assert_eq!(
        rewritten(&["-config.file=loki.yaml", "-config.expand-env=true", "-target=all"]),
        ["--config.file=loki.yaml", "--config.expand-env=true", "--target=all"]
    );
    assert_eq!(rewritten(&["-config.file", "loki.yaml"]), ["--config.file", "loki.yaml"]);
    assert_eq!(
        rewritten(&["-server.http-listen-port", "3200", "--ingester.wal-dir=/w"]),
        ["--set=server.http_listen_port=3200", "--set=ingester.wal.dir=/w"]
    );
}

#[test]
fn our_own_options_are_left_alone() {
    for args in
        [&["query", "{a=\"b\"}", "-n", "5"][..], &["demo", "--data", "/tmp/x"], &["--data=/x"], &["-h"]]
    {
        assert_eq!(rewritten(args), args);
    }
}
