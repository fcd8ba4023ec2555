//! Every structured error code that v2 can answer with, provoked. A line
//! `// row: <slug>` names the entry of `tests/features/slugs.txt` that a test shows.

use base::entropy::Entropy;
use base::error::Code;
use domain::apis::SetApi;
use domain::root_keys::UpdateRootKey;
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::support::TestApp;

// row: api-reference/errors-v2/overview
#[tokio::test]
async fn every_failure_has_all_members() {
    let test = TestApp::start().await;
    let failed = test.call("apis.getApi", json!({ "apiId": "api_unknown" })).await;
    failed.fails(404, "/docs/errors/unkey/data/api_not_found");
    for member in ["detail", "title", "type"] {
        assert!(failed.body["error"][member].is_string(), "{member}: {}", failed.body);
    }
}

/// Whether an error of this server can have the code.
fn is_answered(code: &str) -> bool {
    Code::ALL.iter().any(|known| known.as_str() == code)
}

// row: api-reference/errors-v2/unkey/application/assertion_failed
#[tokio::test]
async fn a_broken_invariant_is_an_unexpected_error_and_no_panic() {
    assert!(!is_answered("unkey:application:assertion_failed"));
    let test = TestApp::start().await;
    let (key_id, _) = test.key(&test.api().await, json!({ "meta": { "plan": "gold" } })).await;
    // What this server stores is JSON.
    let broken = format!("UPDATE keys SET meta = '{{' WHERE id = '{key_id}'");
    test.app.store.database().writer().execute_unprepared(&broken).await.unwrap();
    let failed = test.call("keys.getKey", json!({ "keyId": key_id })).await;
    failed.fails(500, "application/unexpected_error");
    assert!(!failed.body.to_string().contains("EOF"), "{}", failed.body);
}

// row: api-reference/errors-v2/unkey/data/key_auth_not_found
#[tokio::test]
async fn an_api_without_a_keyspace_cannot_be() {
    assert!(!is_answered("unkey:data:key_auth_not_found"));
    let test = TestApp::start().await;
    let api = test.api().await;
    let db = test.app.store.database().writer();
    let lost = db.execute_unprepared(&format!("UPDATE apis SET keyspace_id = NULL WHERE id = '{api}'")).await;
    let refused = lost.unwrap_err().to_string().to_lowercase().replace('-', " ");
    assert!(refused.contains("not null"), "{refused}");
    test.key(&api, json!({})).await;
    // Keyspaces that requests name have a code of their own.
    let portal = json!({ "slug": "mine", "displayName": "Mine", "keyspaceId": "ks_unknown" });
    test.call("portal.createPortal", portal).await.fails(404, "data/key_space_not_found");
    // Foreign keys forbid it, too: a key whose API is gone looks absent.
    let (key_id, key) = test.key(&api, json!({})).await;
    test.force_past_references(&format!("DELETE FROM apis WHERE id = '{api}'")).await;
    test.call("keys.getKey", json!({ "keyId": key_id })).await.fails(404, "data/key_not_found");
    assert_eq!(test.verify(&key).await["code"], "NOT_FOUND");
    test.call("keys.createKey", json!({ "apiId": api })).await.fails(404, "data/api_not_found");
}

// row: api-reference/errors-v2/unkey/application/invalid_input
#[tokio::test]
async fn invalid_input() {
    let test = TestApp::start().await;
    let body = json!({ "namespace": "n", "identifier": "i", "limit": 0, "duration": 1000 });
    let refused = test.call("ratelimit.limit", body).await;
    refused.fails(400, "application/invalid_input");
    assert_eq!(refused.body["error"]["errors"][0]["location"], "/properties/limit/minimum");
}

// row: api-reference/errors-v2/unkey/application/protected_resource
#[tokio::test]
async fn protected_resource() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let protect = SetApi { delete_protection: Some(true), ..SetApi::new(api.as_str().into()) };
    test.app.apis.set(&test.operator().await, protect).await.unwrap();
    test.call("apis.deleteApi", json!({ "apiId": api })).await.fails(412, "application/protected_resource");
}

// row: api-reference/errors-v2/unkey/application/service_unavailable
#[tokio::test]
async fn service_unavailable() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let big = json!({ "apiId": api, "meta": { "text": "x".repeat(500_000) } });
    // As a disk that is full.
    test.fill_disk_once("keys").await;
    let failed = test.call("keys.createKey", big.clone()).await;
    failed.fails(503, "application/service_unavailable");
    assert_eq!(failed.header("retry-after"), "1");
    assert!(!failed.body.to_string().contains("full"));
    test.call("keys.createKey", big).await.data();
}

// row: api-reference/errors-v2/unkey/application/unexpected_error
#[tokio::test]
async fn unexpected_error() {
    let test = TestApp::start().await;
    test.app.store.database().writer().execute_unprepared("ALTER TABLE apis RENAME TO gone").await.unwrap();
    let failed = test.call("apis.createApi", json!({ "name": "orders" })).await;
    failed.fails(500, "application/unexpected_error");
    assert_eq!(failed.header("retry-after"), "", "another try does not help");
    assert!(!failed.body.to_string().contains("no such table"));
}

// row: api-reference/errors-v2/unkey/authentication/key_not_found
#[tokio::test]
async fn authentication_key_not_found() {
    let test = TestApp::start().await;
    let call = async |root_key: &str| test.call_as(root_key, "permissions.listRoles", json!({})).await;
    call("unkey_doesnotexist").await.fails(401, "authentication/key_not_found");
    let root_key = test.new_root_key(true, &[]).await;
    call(&root_key).await.data();
    let operator = test.operator().await;
    let id = test.app.root_keys.list(&operator).await.unwrap().pop().unwrap().id;
    test.app.root_keys.revoke(&operator, &id).await.unwrap();
    call(&root_key).await.fails(401, "authentication/key_not_found");
}

// row: api-reference/errors-v2/unkey/authentication/malformed
#[tokio::test]
async fn authentication_malformed() {
    let test = TestApp::start().await;
    for header in ["unkey_x", "bearer unkey_x", "Bearer ", "Basic x"] {
        let refused = test.raw("permissions.listRoles", Some(header), Some("application/json"), "{}").await;
        refused.fails(400, "authentication/malformed");
    }
}

// row: api-reference/errors-v2/unkey/authentication/missing
#[tokio::test]
async fn a_request_without_credentials_is_invalid_input() {
    let test = TestApp::start().await;
    let refused = test.raw("permissions.listRoles", None, Some("application/json"), "{}").await;
    refused.fails(400, "application/invalid_input");
    assert_eq!(refused.body["error"]["errors"][0]["location"], "security");
}

// row: api-reference/errors-v2/unkey/authorization/forbidden
#[tokio::test]
async fn forbidden() {
    let test = TestApp::start().await;
    let command = domain::root_keys::CreateRootKey {
        name: None,
        permissions: Vec::new(),
        full: true,
        expires_at: None,
        ip_allowlist: Some("192.0.2.1".into()),
        limit_per_minute: None,
    };
    let (_, elsewhere) = test.app.root_keys.create(&test.operator().await, command).await.unwrap();
    let refused = test.call_as(elsewhere.reveal(), "permissions.listRoles", json!({})).await;
    refused.fails(403, "authorization/forbidden");
}

// row: api-reference/errors-v2/unkey/authorization/insufficient_permissions
#[tokio::test]
async fn insufficient_permissions() {
    let test = TestApp::start().await;
    let reader = test.new_root_key(false, &["api.*.read_api"]).await;
    let refused = test.call_as(&reader, "apis.createApi", json!({ "name": "orders" })).await;
    refused.fails(403, "authorization/insufficient_permissions");
    assert!(refused.body["error"]["detail"].as_str().unwrap().contains("api.*.create_api"));
}

// row: api-reference/errors-v2/unkey/authorization/key_disabled
#[tokio::test]
async fn key_disabled() {
    let test = TestApp::start().await;
    let root_key = test.new_root_key(true, &[]).await;
    let operator = test.operator().await;
    let id = test.app.root_keys.list(&operator).await.unwrap().pop().unwrap().id;
    let call = async || test.call_as(&root_key, "permissions.listRoles", json!({})).await;
    for enabled in [false, true] {
        let switch = UpdateRootKey { enabled: Some(enabled), ..UpdateRootKey::new(id.clone()) };
        test.app.root_keys.update(&operator, switch).await.unwrap();
        if enabled {
            call().await.data();
        } else {
            call().await.fails(403, "authorization/key_disabled");
        }
    }
}

// row: api-reference/errors-v2/unkey/authorization/workspace_disabled
#[tokio::test]
async fn workspace_disabled() {
    let test = TestApp::start().await;
    let operator = test.operator().await;
    let call = async || test.call("permissions.listRoles", json!({})).await;
    test.app.workspaces.set_enabled(&operator, "default", false).await.unwrap();
    call().await.fails(403, "authorization/workspace_disabled");
    test.app.workspaces.set_enabled(&operator, "default", true).await.unwrap();
    call().await.data();
}

// row: api-reference/errors-v2/unkey/data/api_not_found
// row: api-reference/errors-v2/unkey/data/identity_already_exists
// row: api-reference/errors-v2/unkey/data/identity_not_found
// row: api-reference/errors-v2/unkey/data/key_not_found
// row: api-reference/errors-v2/unkey/data/permission_not_found
// row: api-reference/errors-v2/unkey/data/ratelimit_namespace_not_found
// row: api-reference/errors-v2/unkey/data/ratelimit_override_not_found
// row: api-reference/errors-v2/unkey/data/role_not_found
#[tokio::test]
async fn what_is_not_there_and_what_is_there_already() {
    let test = TestApp::start().await;
    let (key_id, _) = test.key(&test.api().await, json!({})).await;
    let limit = json!({ "namespace": "n", "identifier": "i", "limit": 1, "duration": 1000 });
    test.call("ratelimit.limit", limit).await.data();
    test.call("identities.createIdentity", json!({ "externalId": "ann" })).await.data();
    // External ids differ by case.
    test.call("identities.createIdentity", json!({ "externalId": "Ann" })).await.data();
    for (operation, body, status, code) in [
        ("keys.createKey", json!({ "apiId": "api_unknown" }), 404, "data/api_not_found"),
        ("identities.createIdentity", json!({ "externalId": "ann" }), 409, "data/identity_already_exists"),
        ("identities.getIdentity", json!({ "identity": "bob" }), 404, "data/identity_not_found"),
        ("keys.getKey", json!({ "keyId": "key_unknown" }), 404, "data/key_not_found"),
        ("keys.updateKey", json!({ "keyId": "key_unknown" }), 404, "data/key_not_found"),
        ("keys.deleteKey", json!({ "keyId": "key_unknown" }), 404, "data/key_not_found"),
        ("permissions.getPermission", json!({ "permission": "unknown" }), 404, "data/permission_not_found"),
        (
            "keys.removePermissions",
            json!({ "keyId": key_id, "permissions": ["unknown"] }),
            404,
            "data/permission_not_found",
        ),
        ("permissions.getRole", json!({ "role": "unknown" }), 404, "data/role_not_found"),
        ("ratelimit.listOverrides", json!({ "namespace": "x" }), 404, "data/ratelimit_namespace_not_found"),
        (
            "ratelimit.getOverride",
            json!({ "namespace": "n", "identifier": "i" }),
            404,
            "data/ratelimit_override_not_found",
        ),
    ] {
        test.call(operation, body).await.fails(status, code);
    }
}

// row: api-reference/errors-v2/unkey/data/workspace_not_found
#[tokio::test]
async fn workspace_not_found() {
    let test = TestApp::start().await;
    let refused = test.app.workspaces.resolve(Some("nowhere")).await.unwrap_err();
    assert_eq!(refused.code(), Code::WorkspaceNotFound);
    let db = test.app.store.database().writer();
    db.execute_unprepared("UPDATE workspaces SET deleted_at = 1").await.unwrap();
    let root_key = domain::keys::format::root_key(&Entropy::seeded(99).bytes());
    test.call_as(&root_key, "permissions.listRoles", json!({})).await.fails(401, "key_not_found");
    test.call("permissions.listRoles", json!({})).await.fails(404, "data/workspace_not_found");
    test.call("keys.verifyKey", json!({ "key": "x" })).await.fails(404, "data/workspace_not_found");
}
