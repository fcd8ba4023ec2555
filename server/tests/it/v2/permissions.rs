use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn slugs_and_role_names_are_unique_whatever_their_case() {
    let test = TestApp::start().await;
    let permission = |slug: &str| json!({ "name": "Any name", "slug": slug });
    let id = test.call("permissions.createPermission", permission("doc.read")).await.data()["permissionId"]
        .clone();
    assert!(id.as_str().unwrap().starts_with("perm_"));
    assert_eq!(test.last_audit().await, ["permission.create"]);
    test.call("permissions.createPermission", permission("DOC.read"))
        .await
        .fails(409, "data/permission_already_exists");
    test.call("permissions.createRole", json!({ "name": "Admin" })).await.data();
    test.call("permissions.createRole", json!({ "name": "admin" }))
        .await
        .fails(409, "data/role_already_exists");
}

#[tokio::test]
async fn a_role_creates_and_connects_its_permissions() {
    let test = TestApp::start().await;
    test.call("permissions.createPermission", json!({ "name": "a", "slug": "a" })).await.data();
    test.call("permissions.createRole", json!({ "name": "r", "permissions": ["a", "A", "b"] })).await.data();
    let events = test.last_audit().await;
    assert_eq!(events.iter().filter(|event| *event == "permission.create").count(), 1);
    assert_eq!(
        events.iter().filter(|event| *event == "authorization.connect_role_and_permission").count(),
        2
    );
    let api = test.api().await;
    let (_, key) = test.key(&api, json!({ "roles": ["r"] })).await;
    let seen = test.verify_with(json!({ "key": key, "permissions": "a AND b" })).await;
    assert_eq!(seen["code"], "VALID");
}

#[tokio::test]
async fn each_part_of_a_role_needs_its_grant() {
    let test = TestApp::start().await;
    let role = json!({ "name": "r", "permissions": ["new.one"] });
    for permissions in
        [&[][..], &["rbac.*.create_role"], &["rbac.*.create_role", "rbac.*.add_permission_to_role"]]
    {
        let caller = test.new_root_key(false, permissions).await;
        let refused = test.call_as(&caller, "permissions.createRole", role.clone()).await;
        refused.fails(403, "authorization/insufficient_permissions");
    }
    let caller = test
        .new_root_key(
            false,
            &["rbac.*.create_role", "rbac.*.add_permission_to_role", "rbac.*.create_permission"],
        )
        .await;
    test.call_as(&caller, "permissions.createRole", role).await.data();
}
