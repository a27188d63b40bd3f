use super::*;
use crate::config::Secret;

#[test]
fn s3_endpoints_mean_what_they_mean_in_loki() {
    // endpoint, insecure, s3forcepathstyle: url, virtual hosted
    for (endpoint, insecure, path_style, url, virtual_hosted) in [
        ("", false, false, None, true),
        ("", false, true, None, false),
        ("minio.example:9000", true, true, Some("http://minio.example:9000"), false),
        ("s3.eu-west-1.amazonaws.com", false, false, Some("https://b.s3.eu-west-1.amazonaws.com"), true),
        ("https://b.oss.example/", false, false, Some("https://b.oss.example"), true),
        ("http://127.0.0.1:8014", false, false, Some("http://127.0.0.1:8014"), false),
        ("http://[::1]:8014", false, false, Some("http://[::1]:8014"), false),
        ("minio:9000", true, false, Some("http://minio:9000"), false),
    ] {
        let config = S3Config {
            bucketnames: "b".to_owned(),
            insecure,
            s3forcepathstyle: path_style,
            ..S3Config::default()
        };
        let found = Endpoint::of(endpoint, &config);
        assert_eq!((found.url.as_deref(), found.virtual_hosted), (url, virtual_hosted), "{endpoint}");
        assert_eq!(found.plain, url.is_some_and(|url| url.starts_with("http://")), "{endpoint}");
    }
}

#[test]
fn azure_connection_strings_are_read() {
    let emulator = Connection::parse(
        "DefaultEndpointsProtocol=http;AccountName=dev;AccountKey=a+b/c==;BlobEndpoint=http://127.0.0.1:1/dev/;",
    );
    assert_eq!((emulator.account_name.as_str(), emulator.account_key.as_str()), ("dev", "a+b/c=="));
    assert_eq!(emulator.endpoint("dev").as_deref(), Some("http://127.0.0.1:1/dev"));
    let portal = Connection::parse("AccountName=x; EndpointSuffix=core.chinacloudapi.cn");
    assert_eq!(portal.endpoint("x").as_deref(), Some("https://x.blob.core.chinacloudapi.cn"));
    assert_eq!(Connection::parse("").endpoint("x"), None);
}

#[test]
fn every_kind_of_cloud_opens_without_asking_anybody() {
    let azure = AzureConfig {
        account_name: "account".to_owned(),
        account_key: Secret::new("a2V5"),
        container_name: "container".to_owned(),
        ..AzureConfig::default()
    };
    // A key that is no key of anybody, made for this test's builder only.
    let service_account = Secret::new(
        r#"{"gcs_base_url":"https://localhost","disable_oauth":true,"client_email":"","private_key":"","private_key_id":""}"#,
    );
    let gcs = GcsConfig { bucket_name: "bucket".to_owned(), service_account };
    for (kind, address) in [
        ("azure", "azure container container of account"),
        ("gcs", "gcs bucket bucket"),
        ("memory", "memory"),
    ] {
        let config = BucketConfig {
            object_store: kind.to_owned(),
            azure: azure.clone(),
            gcs: gcs.clone(),
            ..BucketConfig::default()
        };
        let cloud = open(&config).unwrap();
        assert_eq!((cloud.address.as_str(), cloud.far), (address, true));
    }
}
