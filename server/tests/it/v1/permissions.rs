//! v1 `permissions.*`.

use serde_json::json;

use super::text;
use crate::support::TestApp;

// row: api-reference/permissions/create-permission
#[tokio::test]
async fn a_permission_is_made() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let create = async |name: &str| v1.post("permissions.createPermission", json!({ "name": name })).await;
    assert!(text(&create("docs.read").await.ok()["permissionId"]).starts_with("perm_"));
    assert_eq!(test.last_audit().await, ["permission.create"]);
    let message = "Permission with name \"docs.read\" already exists in this workspace";
    assert_eq!(create("docs.read").await.refused(409, "CONFLICT"), message);
    assert_eq!(
        create("ab").await.refused(400, "BAD_REQUEST"),
        "name: String must contain at least 3 character(s)"
    );
    let spaces = create("with spaces").await;
    assert_eq!(
        spaces.refused(400, "BAD_REQUEST"),
        "name: Only alphanumeric, underscores, periods, colons and hyphens are allowed"
    );
    let described = |description: &str| json!({ "name": "described", "description": description });
    v1.post("permissions.createPermission", described("ab")).await.refused(400, "BAD_REQUEST");
    v1.post("permissions.createPermission", described("")).await.ok();
}

// row: api-reference/permissions/get-permission
#[tokio::test]
async fn a_permission_is_read() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let body = json!({ "name": "Read", "slug": "docs.read", "description": "Reads documents" });
    let id = text(&v1.post("permissions.createPermission", body).await.ok()["permissionId"]);
    let read = v1.get(&format!("permissions.getPermission?permissionId={id}")).await.ok();
    let expected = json!({ "id": id, "name": "Read", "slug": "docs.read", "description": "Reads documents" });
    assert_eq!(read, expected);
    let absent = v1.get("permissions.getPermission?permissionId=perm_none").await;
    assert_eq!(absent.refused(404, "NOT_FOUND"), "permission perm_none not found");
}

// row: api-reference/permissions/list-permissions
#[tokio::test]
async fn all_permissions_of_the_workspace_are_listed() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    assert_eq!(v1.get("permissions.listPermissions").await.ok(), json!([]));
    for number in 0..101 {
        v1.post("permissions.createPermission", json!({ "name": format!("p{number:03}") })).await.ok();
    }
    let stranger = test.root_key_of_another_workspace().await;
    let stranger = test.v1_as(&stranger);
    stranger.post("permissions.createPermission", json!({ "name": "theirs" })).await.ok();
    let listed = v1.get("permissions.listPermissions").await.ok();
    assert_eq!(listed.as_array().unwrap().len(), 101);
    assert_eq!(stranger.get("permissions.listPermissions").await.ok().as_array().unwrap().len(), 1);
}

// row: api-reference/permissions/delete-permission
#[tokio::test]
async fn a_deleted_permission_is_gone_from_roles_and_keys() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let id =
        text(&v1.post("permissions.createPermission", json!({ "name": "read" })).await.ok()["permissionId"]);
    test.call("permissions.createRole", json!({ "name": "reader", "permissions": ["read"] })).await.data();
    let api = v1.api().await;
    let (_, direct) = v1.key(&api, json!({ "permissions": ["read"] })).await;
    let (key_id, by_role) = v1.key(&api, json!({ "roles": ["reader"] })).await;
    assert_eq!(v1.verify(&direct).await["permissions"], json!(["read"]));
    assert_eq!(v1.verify(&by_role).await["permissions"], json!(["read"]));
    assert_eq!(v1.post("permissions.deletePermission", json!({ "permissionId": id })).await.ok(), json!({}));
    assert_eq!(test.last_audit().await, ["permission.delete"]);
    assert_eq!(v1.verify(&direct).await["permissions"], json!([]));
    assert_eq!(v1.verify(&by_role).await["permissions"], json!([]));
    v1.get(&format!("keys.getKey?keyId={key_id}")).await.ok();
    let again = v1.post("permissions.deletePermission", json!({ "permissionId": id })).await;
    assert_eq!(again.refused(404, "NOT_FOUND"), format!("Permission {id} not found"));
}

// row: api-reference/permissions/create-role
#[tokio::test]
async fn a_role_is_made() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let create = async |name: &str| v1.post("permissions.createRole", json!({ "name": name })).await;
    assert!(text(&create("the editors").await.ok()["roleId"]).starts_with("role_"));
    assert_eq!(test.last_audit().await, ["role.create"]);
    let message = "Role with name \"the editors\" already exists in this workspace";
    assert_eq!(create("the editors").await.refused(409, "CONFLICT"), message);
    create("ab").await.refused(400, "BAD_REQUEST");
}

// row: api-reference/permissions/get-role
#[tokio::test]
async fn a_role_is_read() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let body = json!({ "name": "editor", "description": "Edits" });
    let id = text(&v1.post("permissions.createRole", body).await.ok()["roleId"]);
    let read = v1.get(&format!("permissions.getRole?roleId={id}")).await.ok();
    assert_eq!(read, json!({ "id": id, "name": "editor", "description": "Edits" }));
    let absent = v1.get("permissions.getRole?roleId=role_none").await;
    assert_eq!(absent.refused(404, "NOT_FOUND"), "role role_none not found");
}

// row: api-reference/permissions/list-roles
#[tokio::test]
async fn all_roles_of_the_workspace_are_listed() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    for name in ["editor", "viewer"] {
        v1.post("permissions.createRole", json!({ "name": name })).await.ok();
    }
    let stranger = test.root_key_of_another_workspace().await;
    assert_eq!(test.v1_as(&stranger).get("permissions.listRoles").await.ok(), json!([]));
    let listed = v1.get("permissions.listRoles").await.ok();
    let mut names: Vec<String> = listed.as_array().unwrap().iter().map(|role| text(&role["name"])).collect();
    names.sort_unstable();
    assert_eq!(names, ["editor", "viewer"]);
}

// row: api-reference/permissions/delete-role
#[tokio::test]
async fn a_deleted_role_takes_what_only_it_gave() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let role = json!({ "name": "editor", "permissions": ["read", "write"] });
    let id = text(&test.call("permissions.createRole", role).await.data()["roleId"]);
    let options = json!({ "roles": ["editor"], "permissions": ["read"] });
    let (key_id, key) = v1.key(&v1.api().await, options).await;
    assert_eq!(v1.post("permissions.deleteRole", json!({ "roleId": id })).await.ok(), json!({}));
    assert_eq!(test.last_audit().await, ["role.delete"]);
    let verified = v1.verify(&key).await;
    assert_eq!((&verified["permissions"], &verified["roles"]), (&json!(["read"]), &json!([])));
    assert_eq!(v1.get(&format!("keys.getKey?keyId={key_id}")).await.ok()["roles"], json!([]));
    let again = v1.post("permissions.deleteRole", json!({ "roleId": id })).await;
    assert_eq!(again.refused(404, "NOT_FOUND"), format!("Role {id} not found"));
}
