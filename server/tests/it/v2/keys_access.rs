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
    let added = change("keys.addPermissions", json!(["c", "a", "b", "c"])).await.data();
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
    let added = change("keys.addRoles", json!(["viewer", "editor"])).await.data();
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
async fn a_name_in_another_case_is_404_or_409_and_never_another() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key_id, key) = test.key(&api, json!({})).await;
    let role = json!({ "name": "Editor", "permissions": ["Docs.Write"] });
    test.call("permissions.createRole", role).await.data();
    for operation in ["keys.addRoles", "keys.setRoles", "keys.removeRoles"] {
        let body = json!({ "keyId": key_id, "roles": ["editor"] });
        test.call(operation, body).await.fails(404, "data/role_not_found");
    }
    for (operation, body) in [
        ("keys.createKey", json!({ "apiId": api, "roles": ["editor"] })),
        ("keys.updateKey", json!({ "keyId": key_id, "roles": ["editor"] })),
        ("permissions.getRole", json!({ "role": "editor" })),
        ("permissions.deleteRole", json!({ "role": "editor" })),
        ("permissions.updateRole", json!({ "role": "editor", "description": "x" })),
        ("permissions.setRolePermissions", json!({ "role": "editor", "permissions": [] })),
    ] {
        test.call(operation, body).await.fails(404, "data/role_not_found");
    }
    let other = json!(["docs.write"]);
    for (operation, body) in [
        ("keys.createKey", json!({ "apiId": api, "permissions": other })),
        ("keys.updateKey", json!({ "keyId": key_id, "permissions": other })),
        ("keys.addPermissions", json!({ "keyId": key_id, "permissions": other })),
        ("keys.setPermissions", json!({ "keyId": key_id, "permissions": other })),
        ("permissions.createRole", json!({ "name": "r", "permissions": other })),
        ("permissions.setRolePermissions", json!({ "role": "Editor", "permissions": other })),
    ] {
        let refused = test.call(operation, body).await;
        refused.fails(409, "data/permission_already_exists");
    }
    for (operation, body) in [
        ("keys.removePermissions", json!({ "keyId": key_id, "permissions": other })),
        ("permissions.getPermission", json!({ "permission": "docs.write" })),
        ("permissions.deletePermission", json!({ "permission": "docs.write" })),
    ] {
        test.call(operation, body).await.fails(404, "data/permission_not_found");
    }
    let seen = test.verify_with(json!({ "key": key })).await;
    assert!(seen.get("roles").is_none() && seen.get("permissions").is_none(), "{seen}");
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
