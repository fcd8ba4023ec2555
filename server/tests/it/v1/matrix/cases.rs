//! A case per operation: a good request, the grants it needs, what others are
//! told, and how many audit entries it leaves.

use serde_json::{Value, json};

use super::{Case, Foreign, Ids};

/// Of no key.
const HASH: &str = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";

fn nothing(_: &Ids) -> Value {
    json!({})
}

/// A guarded operation on something that others do not find.
fn case(operation: &'static str, grants: &'static [&'static str], audited: usize) -> Case {
    Case { operation, query: "", body: nothing, grants, foreign: Foreign::NotFound, audited }
}

impl Case {
    fn query(self, query: &'static str) -> Self {
        Self { query, ..self }
    }

    fn body(self, body: fn(&Ids) -> Value) -> Self {
        Self { body, ..self }
    }

    fn shows(self, shown: fn(&Ids) -> Value) -> Self {
        Self { foreign: Foreign::Shows(shown), ..self }
    }

    /// It names nothing that belongs to a workspace.
    fn of_nothing(self) -> Self {
        Self { foreign: Foreign::Nothing, ..self }
    }
}

pub fn cases() -> Vec<Case> {
    [keys(), access(), apis(), ratelimits(), others(), legacy()].into_iter().flatten().collect()
}

fn keys() -> Vec<Case> {
    vec![
        case("POST /v1/keys.createKey", &["api.{api}.create_key"], 1).body(|ids| json!({ "apiId": ids.api })),
        case("GET /v1/keys.getKey", &["api.{api}.read_key"], 0).query("keyId={key}"),
        case("POST /v1/keys.whoami", &["api.*.read_key"], 0).body(|ids| json!({ "key": ids.secret })),
        case("POST /v1/keys.updateKey", &["api.{api}.update_key"], 1)
            .body(|ids| json!({ "keyId": ids.key, "name": "new" })),
        case("POST /v1/keys.updateRemaining", &["api.*.update_key"], 1)
            .body(|ids| json!({ "keyId": ids.key, "op": "set", "value": 3 })),
        case("POST /v1/keys.deleteKey", &["api.{api}.delete_key"], 1).body(|ids| json!({ "keyId": ids.key })),
        case("GET /v1/keys.getVerifications", &["api.{api}.read_key"], 0).query("keyId={key}"),
        case("POST /v1/migrations.createKeys", &["api.{api}.create_key"], 1)
            .body(|ids| json!([{ "apiId": ids.api, "hash": { "value": HASH, "variant": "sha256_base64" } }])),
        case("POST /v1/migrations.enqueueKeys", &["api.*.create_key"], 1).body(|ids| {
            let key = json!({ "hash": { "value": HASH, "variant": "sha256_base64" } });
            json!({ "migrationId": ids.migration, "apiId": ids.api, "keys": [key] })
        }),
    ]
}

fn access() -> Vec<Case> {
    vec![
        case(
            "POST /v1/keys.addPermissions",
            &["rbac.*.add_permission_to_key", "rbac.*.create_permission"],
            2,
        )
        .body(|ids| json!({ "keyId": ids.key, "permissions": [{ "name": "write", "create": true }] })),
        case("POST /v1/keys.removePermissions", &["rbac.*.remove_permission_from_key"], 1)
            .body(|ids| json!({ "keyId": ids.key, "permissions": [{ "name": "read" }] })),
        case(
            "POST /v1/keys.setPermissions",
            &[
                "rbac.*.add_permission_to_key",
                "rbac.*.remove_permission_from_key",
                "rbac.*.create_permission",
            ],
            3,
        )
        .body(|ids| json!({ "keyId": ids.key, "permissions": [{ "slug": "write", "create": true }] })),
        case("POST /v1/keys.addRoles", &["rbac.*.add_role_to_key"], 1)
            .body(|ids| json!({ "keyId": ids.key, "roles": [{ "id": ids.role }] })),
        case("POST /v1/keys.removeRoles", &["rbac.*.remove_role_from_key"], 0)
            .body(|ids| json!({ "keyId": ids.key, "roles": [{ "name": "editor" }] })),
        case("POST /v1/keys.setRoles", &["rbac.*.add_role_to_key"], 1)
            .body(|ids| json!({ "keyId": ids.key, "roles": [{ "name": "editor" }] })),
    ]
}

fn apis() -> Vec<Case> {
    vec![
        case("POST /v1/apis.createApi", &["api.*.create_api"], 1)
            .body(|_| json!({ "name": "another" }))
            .of_nothing(),
        case("GET /v1/apis.getApi", &["api.{api}.read_api"], 0).query("apiId={api}"),
        case("POST /v1/apis.deleteApi", &["api.{api}.delete_api"], 1).body(|ids| json!({ "apiId": ids.api })),
        case("POST /v1/apis.deleteKeys", &["api.{api}.delete_key"], 2)
            .body(|ids| json!({ "apiId": ids.api })),
        case("GET /v1/apis.listKeys", &["api.{api}.read_key", "api.*.read_api"], 0).query("apiId={api}"),
        case("GET /v1/analytics.getVerifications", &["api.{api}.read_api"], 0).query("apiId={api}"),
    ]
}

fn ratelimits() -> Vec<Case> {
    vec![
        case("POST /v1/ratelimits.limit", &["ratelimit.{namespace}.limit"], 0)
            .body(|_| json!({ "namespace": "email", "identifier": "new", "limit": 1, "duration": 1000 }))
            .of_nothing(),
        case("POST /v1/ratelimits.setOverride", &["ratelimit.*.set_override"], 1).body(
            |ids| json!({ "namespaceId": ids.namespace, "identifier": "new", "limit": 1, "duration": 1000 }),
        ),
        case("GET /v1/ratelimits.getOverride", &["ratelimit.*.read_override"], 0)
            .query("namespaceId={namespace}&identifier=vip"),
        case("GET /v1/ratelimits.listOverrides", &["ratelimit.*.read_override"], 0)
            .query("namespaceId={namespace}"),
        case("POST /v1/ratelimits.deleteOverride", &["ratelimit.*.delete_override"], 1)
            .body(|ids| json!({ "namespaceId": ids.namespace, "identifier": "vip" })),
    ]
}

fn others() -> Vec<Case> {
    vec![
        case("POST /v1/identities.createIdentity", &["identity.*.create_identity"], 1)
            .body(|_| json!({ "externalId": "bob" }))
            .of_nothing(),
        case("GET /v1/identities.getIdentity", &["identity.{identity}.read_identity"], 0)
            .query("identityId={identity}"),
        case("GET /v1/identities.listIdentities", &["identity.*.read_identity"], 0)
            .shows(|_| json!({ "identities": [], "total": 0 })),
        case("POST /v1/identities.updateIdentity", &["identity.*.update_identity"], 1)
            .body(|ids| json!({ "identityId": ids.identity, "meta": { "a": 1 } })),
        case("POST /v1/identities.deleteIdentity", &["identity.{identity}.delete_identity"], 1)
            .body(|ids| json!({ "identityId": ids.identity })),
        case("POST /v1/permissions.createPermission", &["rbac.*.create_permission"], 1)
            .body(|_| json!({ "name": "write" }))
            .of_nothing(),
        case("GET /v1/permissions.getPermission", &["rbac.*.read_permission"], 0)
            .query("permissionId={permission}"),
        case("GET /v1/permissions.listPermissions", &["rbac.*.read_permission"], 0).shows(|_| json!([])),
        case("POST /v1/permissions.deletePermission", &["rbac.*.delete_permission"], 1)
            .body(|ids| json!({ "permissionId": ids.permission })),
        case("POST /v1/permissions.createRole", &["rbac.*.create_role"], 1)
            .body(|_| json!({ "name": "writer" }))
            .of_nothing(),
        case("GET /v1/permissions.getRole", &["rbac.*.read_role"], 0).query("roleId={role}"),
        case("GET /v1/permissions.listRoles", &["rbac.*.read_role"], 0).shows(|_| json!([])),
        case("POST /v1/permissions.deleteRole", &["rbac.*.delete_role"], 1)
            .body(|ids| json!({ "roleId": ids.role })),
    ]
}

fn legacy() -> Vec<Case> {
    vec![
        case("POST /v1/keys", &["api.{api}.create_key"], 1).body(|ids| json!({ "apiId": ids.api })),
        case("PUT /v1/keys/{keyId}", &["api.{api}.update_key"], 1).body(|_| json!({ "name": "new" })),
        case("DELETE /v1/keys/{keyId}", &["api.{api}.delete_key"], 1),
        case("GET /v1/apis/{apiId}", &["api.*.read_api"], 0),
        case("GET /v1/apis/{apiId}/keys", &["api.{api}.read_key", "api.{api}.read_api"], 0),
    ]
}
