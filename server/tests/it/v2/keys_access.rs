//! v2 `keys.{add,remove,set}{Permissions,Roles}`.

use serde_json::{Value, json};

use crate::support::TestApp;

fn names(list: &Value, field: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn permissions_are_added_removed_and_set() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key_id, key) = test.key(&api, json!({ "permissions": ["b"] })).await;
    let change = async |operation: &str, permissions: Value| {
        test.call(operation, json!({ "keyId": key_id, "permissions": permissions })).await
    };
    let added = change("keys.addPermissions", json!(["c", "a", "b", "C"])).await.data();
    assert_eq!(names(&added, "slug"), ["b", "c", "a"]);
    assert_eq!(
        test.last_audit().await,
        [
            "permission.create",
            "permission.create",
            "authorization.connect_permission_and_key",
            "authorization.connect_permission_and_key"
        ]
    );
    let holds = async |query: &str| {
        test.verify_with(json!({ "key": key, "permissions": query })).await["code"].clone()
    };
    assert_eq!(holds("a AND b AND c").await, "VALID");
    let left = change("keys.removePermissions", json!(["a", "c"])).await.data();
    assert_eq!(names(&left, "slug"), ["b"]);
    assert_eq!(holds("a").await, "INSUFFICIENT_PERMISSIONS");
    change("keys.removePermissions", json!(["never"])).await.fails(404, "data/permission_not_found");
    let set = change("keys.setPermissions", json!(["d", "a"])).await.data();
    assert_eq!(names(&set, "slug"), ["d", "a"]);
    assert_eq!(holds("b").await, "INSUFFICIENT_PERMISSIONS");
    assert!(names(&change("keys.setPermissions", json!([])).await.data(), "slug").is_empty());
    change("keys.addPermissions", json!([])).await.fails(400, "application/invalid_input");
}

#[tokio::test]
async fn adding_what_is_there_leaves_no_trace() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key_id, _) = test.key(&api, json!({ "permissions": ["a"] })).await;
    let before = test.audit_entries().await;
    test.call("keys.addPermissions", json!({ "keyId": key_id, "permissions": ["a"] })).await.data();
    assert_eq!(test.audit_entries().await, before);
}

#[tokio::test]
async fn roles_are_added_removed_and_set() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key_id, key) = test.key(&api, json!({})).await;
    for (name, permissions) in [("editor", json!(["write", "read"])), ("viewer", json!(["read"]))] {
        let body = json!({ "name": name, "permissions": permissions });
        test.call("permissions.createRole", body).await.data();
    }
    let change = async |operation: &str, roles: Value| {
        test.call(operation, json!({ "keyId": key_id, "roles": roles })).await
    };
    let added = change("keys.addRoles", json!(["viewer", "Editor"])).await.data();
    assert_eq!(names(&added, "name"), ["viewer", "editor"]);
    assert_eq!(names(&added[1]["permissions"], "slug"), ["read", "write"]);
    let holds = async |query: &str| {
        test.verify_with(json!({ "key": key, "permissions": query })).await["code"].clone()
    };
    assert_eq!(holds("write").await, "VALID");
    assert_eq!(names(&change("keys.removeRoles", json!(["editor"])).await.data(), "name"), ["viewer"]);
    assert_eq!(holds("write").await, "INSUFFICIENT_PERMISSIONS");
    assert_eq!(names(&change("keys.setRoles", json!(["editor"])).await.data(), "name"), ["editor"]);
    assert_eq!(holds("write").await, "VALID");
    change("keys.setRoles", json!(["nobody"])).await.fails(404, "data/role_not_found");
    assert!(names(&change("keys.setRoles", json!([])).await.data(), "name").is_empty());
}

#[tokio::test]
async fn a_new_slug_needs_the_grant_to_make_it() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key_id, _) = test.key(&api, json!({})).await;
    test.call("permissions.createPermission", json!({ "name": "known", "slug": "known" })).await.data();
    let grants = ["api.*.update_key", "rbac.*.add_permission_to_key"];
    let caller = test.new_root_key(false, &grants).await;
    let add = async |slug: &str| {
        test.call_as(&caller, "keys.addPermissions", json!({ "keyId": key_id, "permissions": [slug] })).await
    };
    add("known").await.data();
    add("unknown").await.fails(403, "authorization/insufficient_permissions");
}
