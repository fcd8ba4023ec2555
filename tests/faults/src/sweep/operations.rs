//! A request for every operation that changes something, of both APIs. What
//! stands in `<` and `>` is named by [`Objects`](super::objects::Objects).

use std::collections::BTreeSet;

use e2e::ROOT_KEY;
use serde_json::Value;

use super::objects::Objects;
use crate::doors::wire::Request;

/// Method, path and body.
type Operation = (&'static str, &'static str, &'static str);

/// Of v1.
const V1: &[Operation] = &[
    ("POST", "/v1/apis.createApi", r#"{"name":"<new>"}"#),
    ("POST", "/v1/apis.deleteApi", r#"{"apiId":"<api>"}"#),
    ("POST", "/v1/apis.deleteKeys", r#"{"apiId":"<api>"}"#),
    ("POST", "/v1/identities.createIdentity", r#"{"externalId":"<new>","meta":{"plan":1}}"#),
    ("POST", "/v1/identities.deleteIdentity", r#"{"identityId":"<identity>"}"#),
    ("POST", "/v1/identities.updateIdentity", r#"{"identityId":"<identity>","meta":{"plan":2}}"#),
    ("POST", "/v1/keys", r#"{"apiId":"<api>","name":"<new>"}"#),
    ("POST", "/v1/keys.addPermissions", r#"{"keyId":"<key>","permissions":[{"name":"<spare_slug>"}]}"#),
    ("POST", "/v1/keys.addRoles", r#"{"keyId":"<key>","roles":[{"name":"<spare_role_name>"}]}"#),
    ("POST", "/v1/keys.createKey", r#"{"apiId":"<api>","name":"<new>"}"#),
    ("POST", "/v1/keys.deleteKey", r#"{"keyId":"<key>"}"#),
    ("POST", "/v1/keys.removePermissions", r#"{"keyId":"<key>","permissions":[{"name":"<slug>"}]}"#),
    ("POST", "/v1/keys.removeRoles", r#"{"keyId":"<key>","roles":[{"name":"<role_name>"}]}"#),
    ("POST", "/v1/keys.setPermissions", r#"{"keyId":"<key>","permissions":[{"name":"<spare_slug>"}]}"#),
    ("POST", "/v1/keys.setRoles", r#"{"keyId":"<key>","roles":[{"name":"<spare_role_name>"}]}"#),
    ("POST", "/v1/keys.updateKey", r#"{"keyId":"<key>","enabled":false}"#),
    ("POST", "/v1/keys.updateRemaining", r#"{"keyId":"<key>","op":"decrement","value":7}"#),
    ("POST", "/v1/keys.verifyKey", r#"{"key":"<secret>"}"#),
    ("POST", "/v1/keys/verify", r#"{"key":"<secret>"}"#),
    ("PUT", "/v1/keys/<key>", r#"{"enabled":false}"#),
    ("DELETE", "/v1/keys/<key>", ""),
    (
        "POST",
        "/v1/migrations.createKeys",
        r#"[{"apiId":"<api>","hash":{"value":"<hash>","variant":"sha256_base64"}}]"#,
    ),
    (
        "POST",
        "/v1/migrations.enqueueKeys",
        r#"{"migrationId":"<migration>","apiId":"<api>","keys":[{"hash":{"value":"<hash>","variant":"sha256_base64"}}]}"#,
    ),
    ("POST", "/v1/permissions.createPermission", r#"{"name":"<new>"}"#),
    ("POST", "/v1/permissions.createRole", r#"{"name":"<new>"}"#),
    ("POST", "/v1/permissions.deletePermission", r#"{"permissionId":"<permission>"}"#),
    ("POST", "/v1/permissions.deleteRole", r#"{"roleId":"<role>"}"#),
    ("POST", "/v1/ratelimits.deleteOverride", r#"{"namespaceName":"<namespace>","identifier":"<place>"}"#),
    (
        "POST",
        "/v1/ratelimits.limit",
        r#"{"namespace":"<namespace>","identifier":"<new>","limit":5,"duration":60000}"#,
    ),
    (
        "POST",
        "/v1/ratelimits.setOverride",
        r#"{"namespaceName":"<namespace>","identifier":"<place>","limit":9,"duration":60000}"#,
    ),
];

/// Of v2.
const V2: &[Operation] = &[
    ("POST", "/v2/apis.createApi", r#"{"name":"<new>"}"#),
    ("POST", "/v2/apis.deleteApi", r#"{"apiId":"<api>"}"#),
    ("POST", "/v2/configuration.apply", r#"{"document":{"version":1,"permissions":[{"slug":"<new>"}]}}"#),
    ("POST", "/v2/identities.createIdentity", r#"{"externalId":"<new>","meta":{"plan":1}}"#),
    ("POST", "/v2/identities.deleteIdentity", r#"{"identity":"<person>"}"#),
    ("POST", "/v2/identities.updateIdentity", r#"{"identity":"<person>","meta":{"plan":2}}"#),
    ("POST", "/v2/keys.addPermissions", r#"{"keyId":"<key>","permissions":["<spare_slug>"]}"#),
    ("POST", "/v2/keys.addRoles", r#"{"keyId":"<key>","roles":["<spare_role_name>"]}"#),
    ("POST", "/v2/keys.createKey", r#"{"apiId":"<api>","name":"<new>","externalId":"<new>"}"#),
    ("POST", "/v2/keys.deleteKey", r#"{"keyId":"<key>"}"#),
    (
        "POST",
        "/v2/keys.migrateKeys",
        r#"{"migrationId":"<migration>","apiId":"<api>","keys":[{"hash":"<hash>"}]}"#,
    ),
    ("POST", "/v2/keys.removePermissions", r#"{"keyId":"<key>","permissions":["<slug>"]}"#),
    ("POST", "/v2/keys.removeRoles", r#"{"keyId":"<key>","roles":["<role_name>"]}"#),
    ("POST", "/v2/keys.rerollKey", r#"{"keyId":"<key>","expiration":0}"#),
    ("POST", "/v2/keys.setPermissions", r#"{"keyId":"<key>","permissions":["<spare_slug>"]}"#),
    ("POST", "/v2/keys.setRoles", r#"{"keyId":"<key>","roles":["<spare_role_name>"]}"#),
    ("POST", "/v2/keys.updateCredits", r#"{"keyId":"<key>","operation":"set","value":7}"#),
    ("POST", "/v2/keys.updateKey", r#"{"keyId":"<key>","enabled":false}"#),
    ("POST", "/v2/keys.verifyKey", r#"{"key":"<secret>","credits":{"cost":3}}"#),
    ("POST", "/v2/permissions.createPermission", r#"{"name":"<new>","slug":"<new>"}"#),
    ("POST", "/v2/permissions.createRole", r#"{"name":"<new>","permissions":["<slug>"]}"#),
    ("POST", "/v2/permissions.deletePermission", r#"{"permission":"<permission>"}"#),
    ("POST", "/v2/permissions.deleteRole", r#"{"role":"<role>"}"#),
    ("POST", "/v2/permissions.setRolePermissions", r#"{"roleId":"<role>","permissions":["<spare_slug>"]}"#),
    ("POST", "/v2/permissions.updatePermission", r#"{"permission":"<permission>","slug":"<new>"}"#),
    ("POST", "/v2/permissions.updateRole", r#"{"role":"<role>","description":"another"}"#),
    (
        "POST",
        "/v2/portal.createPortal",
        r#"{"slug":"<new>","displayName":"<new>","keyspaceId":"<spare_keyspace>"}"#,
    ),
    (
        "POST",
        "/v2/portal.createSession",
        r#"{"portal":"<portal>","externalId":"<new>","scopes":["keys:read"]}"#,
    ),
    ("POST", "/v2/portal.deletePortal", r#"{"portal":"<portal>"}"#),
    ("POST", "/v2/portal.exchangeCode", r#"{"code":"<code>"}"#),
    ("POST", "/v2/portal.rerollKey", r#"{"keyId":"<key>","expiration":0}"#),
    ("POST", "/v2/portal.revokeSession", r#"{"portal":"<portal>","externalId":"<person>"}"#),
    ("POST", "/v2/portal.updatePortal", r#"{"portal":"<portal>","enabled":false}"#),
    ("POST", "/v2/ratelimit.deleteOverride", r#"{"namespace":"<namespace>","identifier":"<place>"}"#),
    (
        "POST",
        "/v2/ratelimit.limit",
        r#"{"namespace":"<namespace>","identifier":"<new>","limit":5,"duration":60000}"#,
    ),
    (
        "POST",
        "/v2/ratelimit.multiLimit",
        r#"[{"namespace":"<namespace>","identifier":"<new>","limit":5,"duration":60000}]"#,
    ),
    (
        "POST",
        "/v2/ratelimit.setOverride",
        r#"{"namespace":"<namespace>","identifier":"<place>","limit":9,"duration":60000}"#,
    ),
    ("POST", "/v2/rootKeys.createKey", r#"{"name":"<new>","permissions":["api.*.read_api"]}"#),
    ("POST", "/v2/rootKeys.deleteKey", r#"{"keyId":"<root>"}"#),
    ("POST", "/v2/rootKeys.rerollKey", r#"{"keyId":"<root>","expiration":0}"#),
    ("POST", "/v2/rootKeys.updateKey", r#"{"keyId":"<root>","enabled":false}"#),
    ("POST", "/v2/webhooks.createEndpoint", r#"{"url":"https://<new>.invalid/","events":["webhook.*"]}"#),
    ("POST", "/v2/webhooks.deleteEndpoint", r#"{"endpointId":"<webhook>"}"#),
    ("POST", "/v2/webhooks.replayDelivery", r#"{"endpointId":"<webhook>","deliveryId":"<delivery>"}"#),
    ("POST", "/v2/webhooks.rotateSecret", r#"{"endpointId":"<webhook>"}"#),
    ("POST", "/v2/webhooks.sendTest", r#"{"endpointId":"<webhook>"}"#),
    ("POST", "/v2/webhooks.updateEndpoint", r#"{"endpointId":"<webhook>","description":"<new>"}"#),
];

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Operation> {
    V1.iter().chain(V2)
}

/// The request, about these objects.
pub fn request(operation: &Operation, objects: &Objects) -> Request {
    let (method, path, body) = operation;
    let credential = match *path {
        "/v2/portal.rerollKey" => ("cookie", format!("portal_session={}", objects.name("token"))),
        // Whoever has a code needs nothing else, and must not come with more.
        "/v2/portal.exchangeCode" => ("cookie", "none=1".to_owned()),
        _ => ("authorization", format!("Bearer {ROOT_KEY}")),
    };
    Request {
        method,
        path: objects.fill(path),
        headers: vec![credential, ("content-type", "application/json".to_owned())],
        body: objects.fill(body).into_bytes(),
    }
}

/// Operations that only look, of those that are sent as a `POST`.
fn only_looks(path: &str) -> bool {
    let name = path.rsplit_once('.').map_or("", |(_, name)| name);
    name.starts_with("get") || name.starts_with("list") || ["whoami", "explainKey", "export"].contains(&name)
}

/// Operations that an OpenAPI document has and nothing is sent to here.
pub fn missing(document: &Value) -> Vec<String> {
    let have: BTreeSet<_> = all().map(|(method, path, _)| (method.to_lowercase(), plain(path))).collect();
    let paths = document["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(|(method, _)| (method.clone(), path.clone()))
    });
    let missing = all.filter(|(method, path)| {
        method != "get" && !only_looks(path) && !have.contains(&(method.clone(), plain(path)))
    });
    missing.map(|(method, path)| format!("{method} {path}")).collect()
}

/// A path up to its first parameter.
fn plain(path: &str) -> String {
    path.split(['<', '{']).next().unwrap_or_default().to_owned()
}
