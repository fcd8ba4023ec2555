//! A case per operation: a good body, the grants it needs, what others are told,
//! and how many audit entries it leaves.

use serde_json::json;

use super::{Case, Foreign};

const FORBIDDEN: Option<(u16, &str)> = Some((403, "authorization/insufficient_permissions"));
const NO_API: (u16, &str) = (404, "data/api_not_found");
/// Of no key.
const HASH: &str = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
const NO_KEY: (u16, &str) = (404, "data/key_not_found");
const NO_PORTAL: (u16, &str) = (404, "data/portal_not_found");

fn fails((status, code): (u16, &'static str)) -> Foreign {
    Foreign::Fails(status, code)
}

pub fn cases() -> Vec<Case> {
    [
        keys(),
        access(),
        apis(),
        identities(),
        permissions(),
        ratelimit(),
        portals(),
        webhooks(),
        root_keys(),
        others(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn keys() -> Vec<Case> {
    vec![
        Case {
            operation: "keys.createKey",
            body: |ids| json!({ "apiId": ids.api }),
            grants: &["api.{api}.create_key"],
            denied: Some(NO_API),
            foreign: fails(NO_API),
            audited: 1,
        },
        Case {
            operation: "keys.getKey",
            body: |ids| json!({ "keyId": ids.key }),
            grants: &["unkey:v1:{ws}:keyspaces/{keyspace}/keys/{key}#read_key"],
            denied: FORBIDDEN,
            foreign: fails(NO_KEY),
            audited: 0,
        },
        Case {
            operation: "keys.whoami",
            body: |ids| json!({ "key": ids.secret }),
            grants: &["api.*.read_key"],
            denied: Some(NO_KEY),
            foreign: fails(NO_KEY),
            audited: 0,
        },
        Case {
            operation: "keys.updateKey",
            body: |ids| json!({ "keyId": ids.key, "name": "new" }),
            grants: &["api.{api}.update_key"],
            denied: FORBIDDEN,
            foreign: fails(NO_KEY),
            audited: 1,
        },
        Case {
            operation: "keys.updateCredits",
            body: |ids| json!({ "keyId": ids.key, "operation": "set", "value": 3 }),
            grants: &["unkey:v1:{ws}:keyspaces/*/keys/*#update_key"],
            denied: FORBIDDEN,
            foreign: fails(NO_KEY),
            audited: 1,
        },
        Case {
            operation: "keys.deleteKey",
            body: |ids| json!({ "keyId": ids.key }),
            grants: &["api.*.delete_key"],
            denied: FORBIDDEN,
            foreign: fails(NO_KEY),
            audited: 1,
        },
        Case {
            operation: "keys.verifyKey",
            body: |ids| json!({ "key": ids.secret }),
            grants: &["api.{api}.verify_key"],
            denied: None,
            foreign: Foreign::Shows("code", json!("NOT_FOUND")),
            audited: 0,
        },
        Case {
            operation: "keys.explainKey",
            body: |ids| json!({ "keyId": ids.key }),
            grants: &["api.{api}.read_key"],
            denied: FORBIDDEN,
            foreign: fails(NO_KEY),
            audited: 0,
        },
        Case {
            operation: "keys.rerollKey",
            body: |ids| json!({ "keyId": ids.key, "expiration": 0 }),
            grants: &["api.{api}.create_key", "api.{api}.encrypt_key"],
            denied: FORBIDDEN,
            foreign: fails(NO_KEY),
            audited: 1,
        },
        Case {
            operation: "keys.migrateKeys",
            body: |ids| json!({ "migrationId": ids.migration, "apiId": ids.api, "keys": [{ "hash": HASH }] }),
            grants: &["api.{api}.create_key"],
            denied: FORBIDDEN,
            foreign: fails(NO_API),
            audited: 1,
        },
    ]
}

fn access() -> Vec<Case> {
    let case = |operation, body, grants, audited| Case {
        operation,
        body,
        grants,
        denied: FORBIDDEN,
        foreign: fails(NO_KEY),
        audited,
    };
    vec![
        case(
            "keys.addPermissions",
            |ids| json!({ "keyId": ids.key, "permissions": ["other"] }),
            &["api.{api}.update_key", "rbac.*.add_permission_to_key", "rbac.*.create_permission"],
            2,
        ),
        case(
            "keys.removePermissions",
            |ids| json!({ "keyId": ids.key, "permissions": ["read"] }),
            &["api.{api}.update_key", "rbac.*.remove_permission_from_key"],
            1,
        ),
        case(
            "keys.setPermissions",
            |ids| json!({ "keyId": ids.key, "permissions": [] }),
            &["unkey:v1:{ws}:keyspaces/{keyspace}/keys/*#update_key"],
            1,
        ),
        case(
            "keys.addRoles",
            |ids| json!({ "keyId": ids.key, "roles": ["editor"] }),
            &["api.{api}.update_key", "rbac.*.add_role_to_key"],
            1,
        ),
        case(
            "keys.removeRoles",
            |ids| json!({ "keyId": ids.key, "roles": ["editor"] }),
            &["api.*.update_key"],
            0,
        ),
        case(
            "keys.setRoles",
            |ids| json!({ "keyId": ids.key, "roles": ["editor"] }),
            &["api.*.update_key"],
            1,
        ),
    ]
}

fn apis() -> Vec<Case> {
    vec![
        Case {
            operation: "apis.createApi",
            body: |_| json!({ "name": "another" }),
            grants: &["api.*.create_api"],
            denied: FORBIDDEN,
            foreign: Foreign::Nothing,
            audited: 1,
        },
        Case {
            operation: "apis.getApi",
            body: |ids| json!({ "apiId": ids.api }),
            grants: &["api.{api}.read_api"],
            denied: FORBIDDEN,
            foreign: fails(NO_API),
            audited: 0,
        },
        Case {
            operation: "apis.deleteApi",
            body: |ids| json!({ "apiId": ids.api }),
            grants: &["api.{api}.delete_api"],
            denied: FORBIDDEN,
            foreign: fails(NO_API),
            audited: 1,
        },
        Case {
            operation: "apis.listKeys",
            body: |ids| json!({ "apiId": ids.api }),
            grants: &["api.{api}.read_key", "api.*.read_api"],
            denied: Some(NO_API),
            foreign: fails(NO_API),
            audited: 0,
        },
    ]
}

fn identities() -> Vec<Case> {
    const ABSENT: (u16, &str) = (404, "data/identity_not_found");
    vec![
        Case {
            operation: "identities.createIdentity",
            body: |_| json!({ "externalId": "somebody" }),
            grants: &["identity.*.create_identity"],
            denied: FORBIDDEN,
            foreign: Foreign::Nothing,
            audited: 1,
        },
        Case {
            operation: "identities.getIdentity",
            body: |ids| json!({ "identity": ids.identity }),
            grants: &["identity.{identity}.read_identity"],
            denied: FORBIDDEN,
            foreign: fails(ABSENT),
            audited: 0,
        },
        Case {
            operation: "identities.listIdentities",
            body: |_| json!({}),
            grants: &["unkey:v1:{ws}:projects/*/identities/*#read_identity"],
            denied: FORBIDDEN,
            foreign: Foreign::Shows("", json!([])),
            audited: 0,
        },
        Case {
            operation: "identities.updateIdentity",
            body: |_| json!({ "identity": "ann", "meta": { "a": 1 } }),
            grants: &["identity.*.update_identity"],
            denied: FORBIDDEN,
            foreign: fails(ABSENT),
            audited: 1,
        },
        Case {
            operation: "identities.deleteIdentity",
            body: |ids| json!({ "identity": ids.identity }),
            grants: &["identity.*.delete_identity"],
            denied: FORBIDDEN,
            foreign: fails(ABSENT),
            audited: 1,
        },
    ]
}

fn permissions() -> Vec<Case> {
    let case = |operation, body, grants, foreign, audited| Case {
        operation,
        body,
        grants,
        denied: FORBIDDEN,
        foreign,
        audited,
    };
    let no_permission = || Foreign::Fails(404, "data/permission_not_found");
    let no_role = || Foreign::Fails(404, "data/role_not_found");
    let nothing = || Foreign::Shows("", json!([]));
    vec![
        case(
            "permissions.createPermission",
            |_| json!({ "name": "n", "slug": "s" }),
            &["rbac.*.create_permission"],
            Foreign::Nothing,
            1,
        ),
        case(
            "permissions.getPermission",
            |ids| json!({ "permission": ids.permission }),
            &["rbac.*.read_permission"],
            no_permission(),
            0,
        ),
        case("permissions.listPermissions", |_| json!({}), &["rbac.*.read_permission"], nothing(), 0),
        case(
            "permissions.updatePermission",
            |ids| json!({ "permission": ids.permission, "name": "new" }),
            &["unkey:v1:{ws}:projects/*/rbac/permissions/{permission}#write"],
            no_permission(),
            1,
        ),
        case(
            "permissions.deletePermission",
            |_| json!({ "permission": "read" }),
            &["rbac.*.delete_permission"],
            no_permission(),
            1,
        ),
        case(
            "permissions.createRole",
            |_| json!({ "name": "another", "permissions": ["read"] }),
            &["rbac.*.create_role", "rbac.*.add_permission_to_role"],
            Foreign::Nothing,
            2,
        ),
        case("permissions.getRole", |ids| json!({ "role": ids.role }), &["rbac.*.read_role"], no_role(), 0),
        case("permissions.listRoles", |_| json!({}), &["rbac.*.read_role"], nothing(), 0),
        case(
            "permissions.updateRole",
            |ids| json!({ "role": ids.role, "name": "new" }),
            &["rbac.*.update_role"],
            no_role(),
            1,
        ),
        case(
            "permissions.deleteRole",
            |_| json!({ "role": "editor" }),
            &["rbac.*.delete_role"],
            no_role(),
            1,
        ),
        case(
            "permissions.setRolePermissions",
            |ids| json!({ "roleId": ids.role, "permissions": ["read"] }),
            &["rbac.*.add_permission_to_role", "rbac.*.remove_permission_from_role"],
            no_role(),
            1,
        ),
    ]
}

fn ratelimit() -> Vec<Case> {
    const ABSENT: (u16, &str) = (404, "data/ratelimit_namespace_not_found");
    vec![
        Case {
            operation: "ratelimit.limit",
            body: |_| json!({ "namespace": "email", "identifier": "u", "limit": 1, "duration": 1000 }),
            grants: &["ratelimit.*.limit"],
            denied: FORBIDDEN,
            foreign: Foreign::Shows("remaining", json!(0)),
            audited: 0,
        },
        Case {
            operation: "ratelimit.multiLimit",
            body: |_| json!([{ "namespace": "sms", "identifier": "u", "limit": 1, "duration": 1000 }]),
            grants: &["ratelimit.*.limit", "ratelimit.*.create_namespace"],
            denied: FORBIDDEN,
            foreign: Foreign::Nothing,
            audited: 1,
        },
        Case {
            operation: "ratelimit.setOverride",
            body: |_| json!({ "namespace": "email", "identifier": "u", "limit": 1, "duration": 1000 }),
            grants: &["ratelimit.*.set_override"],
            denied: FORBIDDEN,
            foreign: fails(ABSENT),
            audited: 1,
        },
        Case {
            operation: "ratelimit.getOverride",
            body: |_| json!({ "namespace": "email", "identifier": "vip" }),
            grants: &["ratelimit.*.read_override"],
            denied: Some((404, "data/ratelimit_override_not_found")),
            foreign: fails(ABSENT),
            audited: 0,
        },
        Case {
            operation: "ratelimit.deleteOverride",
            body: |_| json!({ "namespace": "email", "identifier": "vip" }),
            grants: &["ratelimit.*.delete_override"],
            denied: FORBIDDEN,
            foreign: fails(ABSENT),
            audited: 1,
        },
        Case {
            operation: "ratelimit.listOverrides",
            body: |_| json!({ "namespace": "email" }),
            grants: &["ratelimit.*.read_override"],
            denied: FORBIDDEN,
            foreign: fails(ABSENT),
            audited: 0,
        },
    ]
}

fn portals() -> Vec<Case> {
    let case = |operation, body, grants, foreign, audited| Case {
        operation,
        body,
        grants,
        denied: Some(NO_PORTAL),
        foreign,
        audited,
    };
    vec![
        case(
            "portal.createPortal",
            |ids| json!({ "slug": "second", "displayName": "Second", "keyspaceId": ids.keyspace }),
            &["portal.*.create_portal"],
            Foreign::Fails(404, "data/key_space_not_found"),
            1,
        ),
        case(
            "portal.getPortal",
            |ids| json!({ "portal": ids.portal }),
            &["portal.{portal}.read_portal"],
            fails(NO_PORTAL),
            0,
        ),
        case(
            "portal.updatePortal",
            |_| json!({ "portal": "first", "displayName": "New" }),
            &["portal.{portal}.update_portal"],
            fails(NO_PORTAL),
            1,
        ),
        case(
            "portal.deletePortal",
            |ids| json!({ "portal": ids.portal }),
            &["portal.*.delete_portal"],
            fails(NO_PORTAL),
            1,
        ),
        case(
            "portal.createSession",
            |ids| json!({ "portal": ids.portal, "externalId": "ann", "scopes": ["keys:read"] }),
            &["portal.{portal}.create_portal_session", "api.*.read_key", "api.*.read_api"],
            fails(NO_PORTAL),
            1,
        ),
        case(
            "portal.listSessions",
            |ids| json!({ "portal": ids.portal }),
            &["portal.*.read_portal"],
            fails(NO_PORTAL),
            0,
        ),
        case(
            "portal.revokeSession",
            |ids| json!({ "portal": ids.portal, "externalId": "ann" }),
            &["portal.*.update_portal"],
            fails(NO_PORTAL),
            1,
        ),
    ]
}

fn webhooks() -> Vec<Case> {
    let case = |operation, body, grants, foreign, audited| Case {
        operation,
        body,
        grants,
        denied: FORBIDDEN,
        foreign,
        audited,
    };
    let nothing = || Foreign::Nothing;
    let absent = || fails((404, "data/webhook_not_found"));
    vec![
        case(
            "webhooks.createEndpoint",
            |_| json!({ "url": "https://example.com/", "events": ["key.*"] }),
            &["webhook.*.create_webhook"],
            nothing(),
            1,
        ),
        case("webhooks.listEndpoints", |_| json!({}), &["webhook.*.read_webhook"], nothing(), 0),
        case(
            "webhooks.getEndpoint",
            |ids| json!({ "endpointId": ids.webhook }),
            &["webhook.{webhook}.read_webhook"],
            absent(),
            0,
        ),
        case(
            "webhooks.updateEndpoint",
            |ids| json!({ "endpointId": ids.webhook, "description": "ours" }),
            &["webhook.{webhook}.update_webhook"],
            absent(),
            1,
        ),
        case(
            "webhooks.deleteEndpoint",
            |ids| json!({ "endpointId": ids.webhook }),
            &["webhook.*.delete_webhook"],
            absent(),
            1,
        ),
        case(
            "webhooks.rotateSecret",
            |ids| json!({ "endpointId": ids.webhook, "gracePeriod": 0 }),
            &["webhook.{webhook}.update_webhook"],
            absent(),
            1,
        ),
        case(
            "webhooks.listDeliveries",
            |ids| json!({ "endpointId": ids.webhook }),
            &["webhook.{webhook}.read_webhook"],
            absent(),
            0,
        ),
        case(
            "webhooks.getDelivery",
            |ids| json!({ "endpointId": ids.webhook, "deliveryId": ids.delivery }),
            &["webhook.*.read_webhook"],
            absent(),
            0,
        ),
        case(
            "webhooks.replayDelivery",
            |ids| json!({ "endpointId": ids.webhook, "deliveryId": ids.delivery }),
            &["webhook.{webhook}.update_webhook"],
            absent(),
            1,
        ),
        case(
            "webhooks.sendTest",
            |ids| json!({ "endpointId": ids.webhook }),
            &["webhook.*.update_webhook"],
            absent(),
            1,
        ),
    ]
}

fn root_keys() -> Vec<Case> {
    vec![
        Case {
            operation: "rootKeys.createKey",
            body: |_| json!({ "permissions": [] }),
            grants: &["unkey:v1:{ws}:rootKeys/*#write"],
            denied: FORBIDDEN,
            foreign: Foreign::Nothing,
            audited: 1,
        },
        Case {
            operation: "rootKeys.listKeys",
            body: |_| json!({}),
            grants: &["unkey:v1:{ws}:rootKeys/*#read"],
            denied: None,
            foreign: Foreign::Nothing,
            audited: 0,
        },
        Case {
            operation: "rootKeys.updateKey",
            body: |ids| json!({ "keyId": ids.root_key, "name": "new" }),
            grants: &["unkey:v1:{ws}:rootKeys/{root_key}#write"],
            denied: FORBIDDEN,
            foreign: fails(NO_KEY),
            audited: 1,
        },
        Case {
            operation: "rootKeys.deleteKey",
            body: |ids| json!({ "keyId": ids.root_key }),
            grants: &["unkey:v1:{ws}:rootKeys/{root_key}#delete"],
            denied: FORBIDDEN,
            foreign: fails(NO_KEY),
            audited: 1,
        },
        Case {
            operation: "rootKeys.rerollKey",
            body: |ids| json!({ "keyId": ids.root_key, "expiration": null }),
            grants: &["unkey:v1:{ws}:rootKeys/{root_key}#write"],
            denied: FORBIDDEN,
            foreign: fails(NO_KEY),
            audited: 1,
        },
    ]
}

fn others() -> Vec<Case> {
    let read = |operation, grants| Case {
        operation,
        body: |_| json!({}),
        grants,
        denied: FORBIDDEN,
        foreign: Foreign::Nothing,
        audited: 0,
    };
    vec![
        read("workspace.getLimits", &["unkey:v1:{ws}:limits#read"]),
        read("workspace.getUsage", &["unkey:v1:{ws}:usage#read"]),
        read("configuration.export", &["unkey:v1:{ws}:configuration#read"]),
        Case {
            operation: "configuration.apply",
            body: |_| json!({ "document": { "version": 1, "permissions": [{ "slug": "applied" }] } }),
            grants: &[
                "unkey:v1:{ws}:configuration#read",
                "unkey:v1:{ws}:configuration#write",
                "rbac.*.create_permission",
            ],
            denied: FORBIDDEN,
            foreign: Foreign::Nothing,
            audited: 1,
        },
        Case {
            operation: "analytics.getVerifications",
            body: |_| json!({ "query": "SELECT key_id FROM key_verifications_v1 WHERE key_id = 'none'" }),
            grants: &["api.{api}.read_analytics"],
            denied: FORBIDDEN,
            foreign: Foreign::Shows("", json!([])),
            audited: 0,
        },
        Case {
            operation: "analytics.getRatelimits",
            body: |_| json!({ "query": "SELECT identifier FROM ratelimits_v1" }),
            grants: &["ratelimit.*.read_analytics"],
            denied: FORBIDDEN,
            foreign: Foreign::Shows("", json!([])),
            audited: 0,
        },
    ]
}
