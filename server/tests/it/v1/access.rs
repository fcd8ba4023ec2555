//! v1 `keys.{add,remove,set}{Permissions,Roles}`.

use serde_json::{Value, json};

use super::{V1, text};
use crate::support::{Answer, TestApp};

/// A key of an API, and the caller who changes it.
struct Fixture {
    key_id: String,
    key: String,
}

impl Fixture {
    async fn make(v1: &V1<'_>) -> Self {
        let (key_id, key) = v1.key(&v1.api().await, json!({})).await;
        Self { key_id, key }
    }

    async fn change(&self, v1: &V1<'_>, operation: &str, items: Value) -> Answer {
        let field = if operation.ends_with("Roles") { "roles" } else { "permissions" };
        v1.post(operation, json!({ "keyId": self.key_id, field: items })).await
    }

    async fn held(&self, v1: &V1<'_>) -> Value {
        v1.verify(&self.key).await["permissions"].clone()
    }
}

fn names(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| text(&item["name"])).collect()
}

// row: api-reference/keys/add-permissions
#[tokio::test]
async fn permissions_are_added() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let key = Fixture::make(&v1).await;
    let added = key.change(&v1, "keys.addPermissions", json!([{ "name": "a", "create": true }])).await.ok();
    assert!(text(&added[0]["id"]).starts_with("perm_"));
    assert_eq!(test.last_audit().await, ["permission.create", "authorization.connect_permission_and_key"]);
    let added = key.change(&v1, "keys.addPermissions", json!([{ "name": "b", "create": true }])).await.ok();
    assert_eq!(names(&added), ["b"]);
    assert_eq!(key.held(&v1).await, json!(["a", "b"]));
    // The id wins over the name.
    let both = json!([{ "id": added[0]["id"], "name": "unknown" }]);
    assert_eq!(names(&key.change(&v1, "keys.addPermissions", both).await.ok()), ["b"]);
    let unknown = key.change(&v1, "keys.addPermissions", json!([{ "name": "nothing" }])).await;
    assert!(unknown.refused(404, "NOT_FOUND").contains("nothing"));
    key.change(&v1, "keys.addPermissions", json!([])).await.refused(400, "BAD_REQUEST");
    let refused = key.change(&v1, "keys.addPermissions", json!([{}])).await;
    assert_eq!(refused.refused(400, "BAD_REQUEST"), "permissions.0: Provide either an id or a name");
    let adder = test.v1_with(&["rbac.*.add_permission_to_key"]).await;
    key.change(&adder, "keys.addPermissions", json!([{ "name": "a" }])).await.ok();
    let create = json!([{ "name": "c", "create": true }]);
    let refused = key.change(&adder, "keys.addPermissions", create).await;
    assert!(refused.refused(403, "INSUFFICIENT_PERMISSIONS").contains("create_permission"));
}

// row: api-reference/keys/remove-permissions
#[tokio::test]
async fn permissions_are_removed_by_id_and_by_name() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let key = Fixture::make(&v1).await;
    let create = json!([{ "name": "a", "create": true }, { "name": "b", "create": true }, { "name": "c", "create": true }]);
    let added = key.change(&v1, "keys.addPermissions", create).await.ok();
    let remover = test.v1_with(&["rbac.*.remove_permission_from_key"]).await;
    let remove = json!([{ "id": added[0]["id"] }, { "name": "b" }, { "slug": "never" }]);
    assert_eq!(key.change(&remover, "keys.removePermissions", remove).await.ok(), json!({}));
    let disconnect = "authorization.disconnect_permission_and_key";
    assert_eq!(test.last_audit().await, [disconnect, disconnect]);
    assert_eq!(key.held(&v1).await, json!(["c"]));
    key.change(&test.v1_with(&[]).await, "keys.removePermissions", json!([{ "name": "c" }]))
        .await
        .refused(403, "INSUFFICIENT_PERMISSIONS");
}

// row: api-reference/keys/set-permissions
#[tokio::test]
async fn permissions_are_replaced() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let key = Fixture::make(&v1).await;
    let create = json!([{ "name": "a", "create": true }, { "name": "b", "create": true }]);
    key.change(&v1, "keys.addPermissions", create).await.ok();
    let set = key.change(&v1, "keys.setPermissions", json!([{ "name": "c", "create": true }])).await.ok();
    assert_eq!(names(&set), ["c"]);
    let events = test.last_audit().await;
    assert!(events.iter().any(|event| event == "authorization.connect_permission_and_key"));
    assert!(events.iter().any(|event| event == "authorization.disconnect_permission_and_key"));
    assert_eq!(key.held(&v1).await, json!(["c"]));
    // A list that cannot be met changes nothing.
    let half = json!([{ "name": "a" }, { "name": "nothing" }]);
    key.change(&v1, "keys.setPermissions", half).await.refused(404, "NOT_FOUND");
    assert_eq!(key.held(&v1).await, json!(["c"]));
    // Any root key may replace by the same; what is added and taken needs its right.
    let anybody = test.v1_with(&[]).await;
    key.change(&anybody, "keys.setPermissions", json!([{ "slug": "c" }])).await.ok();
    let both = json!([{ "name": "a" }, { "name": "c" }]);
    key.change(&anybody, "keys.setPermissions", both.clone()).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    key.change(&test.v1_with(&["rbac.*.add_permission_to_key"]).await, "keys.setPermissions", both)
        .await
        .ok();
    let one = json!([{ "name": "a" }]);
    key.change(&anybody, "keys.setPermissions", one.clone()).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    key.change(&test.v1_with(&["rbac.*.remove_permission_from_key"]).await, "keys.setPermissions", one)
        .await
        .ok();
    assert_eq!(key.held(&v1).await, json!(["a"]));
}

// row: api-reference/keys/add-roles
#[tokio::test]
async fn roles_are_added() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let key = Fixture::make(&v1).await;
    for (role, permission) in [("reader", "read"), ("writer", "write")] {
        let body = json!({ "name": role, "permissions": [permission] });
        test.call("permissions.createRole", body).await.data();
    }
    let added = key.change(&v1, "keys.addRoles", json!([{ "name": "reader" }])).await.ok();
    assert_eq!(test.last_audit().await, ["authorization.connect_role_and_key"]);
    assert!(text(&added[0]["id"]).starts_with("role_"));
    assert_eq!(key.held(&v1).await, json!(["read"]));
    assert_eq!(
        names(&key.change(&v1, "keys.addRoles", json!([{ "name": "writer" }])).await.ok()),
        ["writer"]
    );
    assert_eq!(key.held(&v1).await, json!(["read", "write"]));
    key.change(&v1, "keys.addRoles", json!([{ "name": "nobody" }])).await.refused(404, "NOT_FOUND");
    let create = json!([{ "name": "fresh", "create": true }]);
    let adder = test.v1_with(&["rbac.*.add_role_to_key"]).await;
    key.change(&adder, "keys.addRoles", create.clone()).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    for right in ["rbac.*.create_role", "rbac.*.create_permission"] {
        let adder = test.v1_with(&["rbac.*.add_role_to_key", right]).await;
        let made = key.change(&adder, "keys.addRoles", create.clone()).await.ok();
        assert!(text(&made[0]["id"]).starts_with("role_"));
        v1.post("permissions.deleteRole", json!({ "roleId": made[0]["id"] })).await.ok();
    }
}

// row: api-reference/keys/remove-roles
#[tokio::test]
async fn roles_are_removed_with_what_only_they_gave() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let key = Fixture::make(&v1).await;
    for (role, permissions) in [("reader", json!(["read"])), ("writer", json!(["read", "write"]))] {
        test.call("permissions.createRole", json!({ "name": role, "permissions": permissions })).await.data();
    }
    key.change(&v1, "keys.addRoles", json!([{ "name": "reader" }, { "name": "writer" }])).await.ok();
    assert_eq!(key.change(&v1, "keys.removeRoles", json!([{ "name": "writer" }])).await.ok(), json!({}));
    assert_eq!(test.last_audit().await, ["authorization.disconnect_role_and_key"]);
    assert_eq!(key.held(&v1).await, json!(["read"]));
    let powerless = test.v1_with(&["api.*.update_key"]).await;
    let refused = key.change(&powerless, "keys.removeRoles", json!([{ "name": "reader" }])).await;
    assert!(refused.refused(403, "INSUFFICIENT_PERMISSIONS").contains("rbac.*.remove_role_from_key"));
}

// row: api-reference/keys/set-roles
#[tokio::test]
async fn roles_are_replaced() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let key = Fixture::make(&v1).await;
    let create = json!([{ "name": "one", "create": true }, { "name": "two", "create": true }]);
    assert_eq!(names(&key.change(&v1, "keys.setRoles", create).await.ok()), ["one", "two"]);
    assert_eq!(names(&key.change(&v1, "keys.setRoles", json!([{ "name": "two" }])).await.ok()), ["two"]);
    assert_eq!(test.last_audit().await, ["authorization.disconnect_role_and_key"]);
    assert_eq!(v1.verify(&key.key).await["roles"], json!(["two"]));
    let anybody = test.v1_with(&[]).await;
    key.change(&anybody, "keys.setRoles", json!([{ "name": "two" }])).await.ok();
    let other = json!([{ "name": "one" }]);
    key.change(&anybody, "keys.setRoles", other.clone()).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    let both = ["rbac.*.add_role_to_key", "rbac.*.remove_role_from_key"];
    key.change(&test.v1_with(&both).await, "keys.setRoles", other).await.ok();
    let fresh = json!([{ "name": "fresh", "create": true }]);
    key.change(&test.v1_with(&both).await, "keys.setRoles", fresh)
        .await
        .refused(403, "INSUFFICIENT_PERMISSIONS");
}

#[tokio::test]
async fn a_key_that_is_not_there_is_not_changed() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    for operation in
        ["addPermissions", "removePermissions", "setPermissions", "addRoles", "removeRoles", "setRoles"]
    {
        let field = if operation.ends_with("Roles") { "roles" } else { "permissions" };
        let body = json!({ "keyId": "key_none", field: [{ "name": "name" }] });
        let refused = v1.post(&format!("keys.{operation}"), body).await;
        assert_eq!(refused.refused(404, "NOT_FOUND"), "key key_none not found", "{operation}");
    }
}
