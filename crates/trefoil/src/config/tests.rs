use super::*;
use base::unit::DAY_NS;

fn load_text(text: &str, set: &[&str]) -> Result<Loaded> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("config.yaml");
    std::fs::write(&file, text)?;
    load(&RunOptions {
        config_file: Some(file),
        target: "all".to_owned(),
        set: set.iter().map(|s| (*s).to_owned()).collect(),
        ..RunOptions::default()
    })
}

#[test]
fn an_empty_file_gives_the_defaults() {
    let loaded = load_text("", &[]).unwrap();
    assert_eq!(loaded.config, Config::default());
    assert!(loaded.warnings.is_empty());
}

#[test]
fn keys_of_the_same_meaning_are_used_and_others_named_once() {
    let loaded = load_text(
        "auth_enabled: true\n\
         server: {http_listen_port: 3200, grpc_listen_port: 9096}\n\
         common: {path_prefix: /srv, ring: {kvstore: {store: inmemory}}}\n\
         limits_config: {max_line_size: 1KB, retention_period: 744h, split_metadata_queries_by_interval: 1d}\n\
         nonsense: {a: 1, b: 2}\n",
        &["ingester.wal.dir=/wal"],
    )
    .unwrap();
    let config = &loaded.config;
    assert!(config.auth_enabled);
    assert_eq!(config.server.http_listen_port, 3200);
    assert_eq!(config.limits_config.max_line_size.0, 1024);
    assert_eq!(config.limits_config.retention_period.ns(), 31 * base::unit::DAY_NS);
    assert_eq!(config.ingester.wal.dir, "/wal");
    let named: Vec<&str> = loaded.warnings.iter().filter_map(|w| w.split(':').next()).collect();
    for name in [
        "server.grpc_listen_port",
        "common.ring",
        "limits_config.split_metadata_queries_by_interval",
        "nonsense",
    ] {
        assert!(named.contains(&name), "{name} is not named in {:?}", loaded.warnings);
    }
    assert_eq!(named.len(), 4, "{:?}", loaded.warnings);
}

#[test]
fn wrong_values_name_themselves() {
    for (text, words) in [
        ("server: {http_listen_port: many}", ["server.http_listen_port", "many"]),
        ("server: {http_listen_port: 99999}", ["server.http_listen_port", "99999"]),
        ("server: 3", ["server", "3"]),
        ("limits_config: {max_line_size: 1XB}", ["limits_config.max_line_size", "1XB"]),
        ("limits_config: {query_timeout: soon}", ["limits_config.query_timeout", "soon"]),
        (
            "limits_config: {split_queries_by_interval: -1h}",
            ["limits_config.split_queries_by_interval", "-1h"],
        ),
        ("- a\n- b\n", ["map of sections", ""]),
        ("a: [", ["no valid YAML", ""]),
    ] {
        let error = load_text(text, &[]).err().map(|e| format!("{e:#}")).unwrap_or_default();
        assert!(words.iter().all(|word| error.contains(word)), "{text}: {error}");
    }
}

#[test]
fn storage_comes_from_either_place() {
    let loaded = load_text(
        "schema_config: {configs: [{object_store: s3}]}\n\
         storage_config: {aws: {bucketnames: old, region: eu}, filesystem: {directory: /blocks}, \
         object_store: {storage_prefix: eu1}}\n",
        &[],
    )
    .unwrap();
    assert_eq!(loaded.config.bucket(Path::new("/data")).storage_prefix, "eu1");
    let storage = &loaded.config.common.storage;
    assert_eq!(storage.s3.bucketnames, "old");
    assert_eq!(storage.filesystem.chunks_directory, "/blocks");
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
}

#[test]
fn overrides_lie_over_the_defaults() {
    let defaults = Limits { max_query_series: 7, ..Limits::default() };
    let text = "overrides:\n  a: {max_line_size: 100B, max_line_size_truncate: true}\n  b: {no_such_limit: 1}\nconfigs: {}\n";
    let (overrides, warnings) = read_overrides(text, &defaults).unwrap();
    assert_eq!((overrides["a"].max_line_size.0, overrides["a"].max_query_series), (100, 7));
    assert_eq!(overrides["b"], defaults);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    let wrong = read_overrides("overrides: {a: {max_line_size: much}}", &defaults).unwrap_err();
    assert!(format!("{wrong:#}").contains("tenant a"), "{wrong:#}");
    let wrong = read_overrides("overrides: {a: {block_retention: -1h}}", &defaults).unwrap_err();
    assert!(format!("{wrong:#}").contains("-1h"), "{wrong:#}");
}

#[test]
fn secrets_are_not_shown() {
    let config = Config {
        common: sections::Common {
            storage: sections::Storage {
                s3: bucket::config::S3Config {
                    secret_access_key: bucket::config::Secret::new("hush"),
                    ..Default::default()
                },
                ..Default::default()
            },
            ..Default::default()
        },
        ..Config::default()
    };
    let text = to_yaml(&config).unwrap();
    assert!(text.contains("secret_access_key") && !text.contains("hush"), "{text}");
}

#[test]
fn the_reference_page_is_up_to_date() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/configuration.md");
    if std::env::var_os("TREFOIL_UPDATE").is_some() {
        std::fs::create_dir_all(page.parent().unwrap()).unwrap();
        std::fs::write(&page, sections::reference()).unwrap();
    }
    let written = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        written == sections::reference(),
        "run TREFOIL_UPDATE=1 cargo test -p trefoil to write the page anew"
    );
}

#[test]
fn each_signal_has_its_retention() {
    let kept = "retention_period: 1d, compactor_blocks_retention_period: 2d, block_retention: 3d";
    let loaded =
        load_text(&format!("limits_config: {{{kept}}}\n"), &["distributor.max_inflight_bytes=1MB"]).unwrap();
    let days = model::Signal::ALL.map(|signal| loaded.config.limits_config.retention(signal).ns() / DAY_NS);
    assert_eq!((days, loaded.warnings.len()), ([1, 2, 3], 0));
    assert_eq!(loaded.config.distributor.max_inflight_bytes.0, 1 << 20);
}
