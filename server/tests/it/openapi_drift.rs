//! The committed OpenAPI documents are the ones this program serves.

use std::path::Path;

#[test]
fn v2_document_is_committed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/v2.json");
    let committed = std::fs::read_to_string(&path).expect("server/openapi/v2.json is committed");
    let served = serde_json::to_string_pretty(&*unkey::http::v2::DOCUMENT).unwrap() + "\n";
    assert!(
        committed == served,
        "server/openapi/v2.json is out of date; run `cargo run -- openapi --version v2 > server/openapi/v2.json`"
    );
}
