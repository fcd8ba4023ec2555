//! The reference of both APIs: a page for each operation, light and complete.

use poem::http::StatusCode;
use serde_json::Value;

use super::{attributes, get};
use crate::support::TestApp;

/// What one page may weigh, in bytes, and what all pages share.
const PAGE_BYTES: usize = 64 << 10;
const SHARED_BYTES: usize = 32 << 10;

/// The operations of a document: method, path, id and group.
async fn operations(test: &TestApp, version: &str) -> Vec<(String, String, String, String)> {
    let document: Value =
        serde_json::from_str(&get(test, &format!("/openapi/{version}.json")).await.text).unwrap();
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, about) in methods.as_object().unwrap() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            found.push((
                method.to_uppercase(),
                path.clone(),
                text(&about["operationId"]),
                text(&about["tags"][0]),
            ));
        }
    }
    found
}

#[tokio::test]
async fn every_operation_has_a_page_of_its_own() {
    let test = TestApp::start().await;
    for (version, least) in [("v1", 45), ("v2", 60)] {
        let operations = operations(&test, version).await;
        assert!(operations.len() >= least, "{}", operations.len());
        let list = get(&test, &format!("/docs/api/{version}")).await.text;
        for (method, path, id, _) in operations {
            let address = format!("/docs/api/{version}/{id}");
            assert!(list.contains(&format!("href=\"{address}\"")), "{address} is not listed");
            let page = get(&test, &address).await;
            assert_eq!(page.status, StatusCode::OK, "{address}");
            assert!(page.text.contains(&format!("<code>{method} {path}</code>")), "{address}");
            let raw = get(&test, &format!("{address}.md")).await;
            assert!(raw.text.starts_with(&format!("# {id}")), "{}", raw.text);
        }
    }
}

#[tokio::test]
async fn anchors_of_the_page_before_it_lead_to_the_operation() {
    let test = TestApp::start().await;
    for version in ["v1", "v2"] {
        let list = get(&test, &format!("/docs/api/{version}")).await.text;
        for (method, path, _, group) in operations(&test, version).await {
            let group = group.to_lowercase();
            for anchor in [format!("tag/{group}"), format!("tag/{group}/{method}{path}")] {
                assert_eq!(list.matches(&format!("id=\"{anchor}\"")).count(), 1, "{anchor}");
            }
        }
    }
}

#[tokio::test]
async fn a_page_is_light() {
    let test = TestApp::start().await;
    for path in ["/docs/api/v1", "/docs/api/v2", "/docs/api/v2/keys.createKey", "/docs/api/v1/apis.listKeys"]
    {
        let page = get(&test, path).await.text;
        assert!(page.len() < PAGE_BYTES, "{path} has {} bytes", page.len());
        let mut shared = 0;
        for name in ["href", "src"] {
            for link in attributes(&page, name).into_iter().filter(|link| link.starts_with("/docs/assets/")) {
                shared += get(&test, link).await.text.len();
            }
        }
        assert!((1_000..SHARED_BYTES).contains(&shared), "{path} needs {shared} bytes more");
    }
}

#[tokio::test]
async fn a_page_tells_members_bounds_and_an_example() {
    let test = TestApp::start().await;
    let page = get(&test, "/docs/api/v2/keys.createKey.md").await.text;
    for part in [
        "| `apiId` | **required**, string, 3 to 255 characters, `^[a-zA-Z0-9_]+$` |",
        "| `credits.refill.amount` |",
        "| `ratelimits[].name` | **required**, string",
        "| `Idempotency-Key` | string, 1 to 255 characters | A header.",
        "| `data.keyId` | **required**, string |",
        "$ curl \"$URL/v2/keys.createKey\" -H \"Authorization: Bearer $ROOT_KEY\"",
        "-d '{\"apiId\":\"API_ID\"}'",
        "[keys.createKey](../v1/keys.createKey.md)",
        "`unkey.keys.createKey(…)`",
    ] {
        assert!(page.contains(part), "{part} is missing:\n{page}");
    }
    let page = get(&test, "/docs/api/v1/apis.listKeys.md").await.text;
    assert!(page.contains("$ curl \"$URL/v1/apis.listKeys?apiId=API_ID\" -H"), "{page}");
    assert!(page.contains("| `keys[].id` | **required**, string |"), "{page}");
}
