//! The committed OpenAPI documents are the ones this program serves.

use std::path::Path;

use serde_json::Value;

#[track_caller]
fn is_committed(version: &str, document: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("openapi/{version}.json"));
    let committed = std::fs::read_to_string(&path).expect("the document is committed");
    let served = serde_json::to_string_pretty(document).unwrap() + "\n";
    assert!(
        committed == served,
        "server/openapi/{version}.json is out of date; run `cargo run -- openapi --version {version} > server/openapi/{version}.json`"
    );
}

#[test]
fn v1_document_is_committed() {
    is_committed("v1", &unkey::http::v1::DOCUMENT);
}

#[test]
fn v2_document_is_committed() {
    is_committed("v2", &unkey::http::v2::DOCUMENT);
}
