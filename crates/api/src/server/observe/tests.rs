use super::*;

#[test]
fn routes_have_names_without_slashes() {
    assert_eq!(route_name("/loki/api/v1/label/{name}/values"), "loki_api_v1_label_name_values");
    assert_eq!(route_name("/ready"), "ready");
    assert_eq!(route_name("/"), "root");
}
