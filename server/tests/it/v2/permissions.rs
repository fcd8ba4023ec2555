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

async fn permission(test: &TestApp, slug: &str) -> String {
    let body = json!({ "name": slug, "slug": slug });
    test.call("permissions.createPermission", body).await.data()["permissionId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn permissions_are_read_listed_changed_and_deleted() {
    let test = TestApp::start().await;
    let id = permission(&test, "documents.read").await;
    permission(&test, "documents.write").await;
    permission(&test, "billing").await;
    for name in [id.as_str(), "documents.read"] {
        let found = test.call("permissions.getPermission", json!({ "permission": name })).await.data();
        assert_eq!(found["id"], id, "{name}");
    }
    let listed = test.call("permissions.listPermissions", json!({ "search": "DOCUMENTS" })).await;
    assert_eq!(listed.body["data"].as_array().unwrap().len(), 2);
    assert_eq!(listed.body["pagination"], json!({ "hasMore": false }));

    let update = json!({ "permission": "documents.read", "slug": "documents.view", "description": "see" });
    let updated = test.call("permissions.updatePermission", update).await.data();
    assert_eq!(
        updated,
        json!({ "id": id, "name": "documents.read", "slug": "documents.view", "description": "see" })
    );
    assert_eq!(test.last_audit().await, ["permission.update"]);
    let nothing =
        test.call("permissions.updatePermission", json!({ "permission": id, "description": "see" })).await;
    assert_eq!(nothing.data()["description"], "see");
    let cleared =
        test.call("permissions.updatePermission", json!({ "permission": id, "description": "" })).await;
    assert_eq!(cleared.data().get("description"), None);
    let taken = json!({ "permission": id, "slug": "BILLING" });
    test.call("permissions.updatePermission", taken).await.fails(409, "data/permission_already_exists");

    test.call("permissions.deletePermission", json!({ "permission": "documents.view" })).await.data();
    test.call("permissions.getPermission", json!({ "permission": id }))
        .await
        .fails(404, "data/permission_not_found");
}

#[tokio::test]
async fn roles_are_read_listed_changed_and_deleted_and_keys_notice() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let body = json!({ "name": "editor", "permissions": ["read", "write"] });
    let id = test.call("permissions.createRole", body).await.data()["roleId"].clone();
    let (_, key) = test.key(&api, json!({ "roles": ["editor"] })).await;
    let code = async |query: &str| {
        test.verify_with(json!({ "key": key, "permissions": query })).await["code"].clone()
    };
    assert_eq!(code("write").await, "VALID");

    let found = test.call("permissions.getRole", json!({ "role": "editor" })).await.data();
    assert_eq!((found["id"].clone(), found["permissions"].as_array().unwrap().len()), (id.clone(), 2));
    let set = json!({ "roleId": id, "permissions": ["read", "new"] });
    let permissions = test.call("permissions.setRolePermissions", set).await.data();
    assert_eq!(permissions[0]["slug"], "new");
    assert_eq!(
        test.last_audit().await,
        [
            "permission.create",
            "authorization.disconnect_role_and_permissions",
            "authorization.connect_role_and_permission"
        ]
    );
    assert_eq!(code("write").await, "INSUFFICIENT_PERMISSIONS");
    assert_eq!(code("new").await, "VALID");

    let updated =
        test.call("permissions.updateRole", json!({ "role": "editor", "name": "author" })).await.data();
    assert_eq!(updated, json!({ "id": id, "name": "author" }));
    assert_eq!(test.verify(&key).await["roles"], json!(["author"]));
    let both = json!({ "role": "author", "roleId": id, "permissions": [] });
    test.call("permissions.setRolePermissions", both).await.fails(400, "application/invalid_input");
    let listed = test.call("permissions.listRoles", json!({ "search": "auth" })).await;
    assert_eq!(listed.body["data"][0]["name"], "author");

    test.call("permissions.deletePermission", json!({ "permission": "new" })).await.data();
    assert_eq!(code("new").await, "INSUFFICIENT_PERMISSIONS");
    test.call("permissions.deleteRole", json!({ "role": "author" })).await.data();
    assert_eq!(code("read").await, "INSUFFICIENT_PERMISSIONS");
    test.call("permissions.deleteRole", json!({ "role": "author" })).await.fails(404, "data/role_not_found");
}
