//! Every operation of the document: without credentials, without grants, with
//! exactly the needed grants, with a foreign workspace's ids; and the audit
//! entries it leaves. An operation without a case fails the test; those that
//! this scheme does not fit are listed with their reason, and may only get fewer.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use unkey::http::v2::DOCUMENT;

use crate::support::TestApp;

/// What somebody of another workspace is told.
enum Foreign {
    /// This error.
    Fails(u16, &'static str),
    /// A success that shows nothing of it: the member of `data` is this.
    Shows(&'static str, Value),
    /// The request names nothing that belongs to a workspace.
    Nothing,
}

struct Case {
    operation: &'static str,
    body: fn(&Ids) -> Value,
    /// `{api}` and the like stand for ids of the fixture.
    grants: &'static [&'static str],
    /// What a root key without grants is told; `None` when it needs none.
    denied: Option<(u16, &'static str)>,
    foreign: Foreign,
    /// Entries of its one audit group; 0 for operations that read.
    audited: usize,
}

/// The fixture: one of everything.
struct Ids {
    workspace: String,
    api: String,
    keyspace: String,
    key: String,
    secret: String,
    identity: String,
    permission: String,
    role: String,
    migration: String,
    portal: String,
    root_key: String,
}

const FORBIDDEN: Option<(u16, &str)> = Some((403, "authorization/insufficient_permissions"));
const NO_API: (u16, &str) = (404, "data/api_not_found");
const NO_KEY: (u16, &str) = (404, "data/key_not_found");
const NO_PORTAL: (u16, &str) = (404, "data/portal_not_found");

fn fails((status, code): (u16, &'static str)) -> Foreign {
    Foreign::Fails(status, code)
}

/// Operations with other credentials; their own tests are in `portal.rs`.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("portal.exchangeCode", "public: the code is the credential"),
    ("portal.listKeys", "asks for a portal session"),
    ("portal.rerollKey", "asks for a portal session"),
    ("portal.getVerifications", "asks for a portal session"),
];

fn cases() -> Vec<Case> {
    [keys(), access(), apis(), identities(), permissions(), ratelimit(), portals(), root_keys(), others()]
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
            operation: "keys.rerollKey",
            body: |ids| json!({ "keyId": ids.key, "expiration": 0 }),
            grants: &["api.{api}.create_key", "api.{api}.encrypt_key"],
            denied: FORBIDDEN,
            foreign: fails(NO_KEY),
            audited: 1,
        },
        Case {
            operation: "keys.migrateKeys",
            body: |ids| json!({ "migrationId": ids.migration, "apiId": ids.api, "keys": [{ "hash": "abc" }] }),
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
    ]
}

/// Refused for everybody until SQL is answered; their grants are tested in `root_keys.rs`.
const NOT_YET: &[&str] = &["analytics.getVerifications", "analytics.getRatelimits"];

impl Ids {
    async fn make(test: &TestApp) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let api = test.api().await;
        let limits = json!([{ "name": "requests", "limit": 5, "duration": 60000, "autoApply": false }]);
        let options = json!({ "externalId": "ann", "permissions": ["read"], "ratelimits": limits, "credits": { "remaining": 9 } });
        let (key, secret) = test.key(&api, options).await;
        let keyspace = text(&test.verify(&secret).await["keyspaceId"]);
        let identity = test.call("identities.getIdentity", json!({ "identity": "ann" })).await.data();
        let permission = test.call("permissions.getPermission", json!({ "permission": "read" })).await.data();
        let role = test.call("permissions.createRole", json!({ "name": "editor" })).await.data();
        let body = json!({ "namespace": "email", "identifier": "u", "limit": 1, "duration": 1000 });
        test.call("ratelimit.limit", body).await.data();
        let body = json!({ "namespace": "email", "identifier": "vip", "limit": 1, "duration": 1000 });
        test.call("ratelimit.setOverride", body).await.data();
        let operator = test.operator().await;
        let migration = test.app.keys.create_migration(&operator, "sha256").await.unwrap();
        let spare = test.api().await;
        let (_, spare_secret) = test.key(&spare, json!({})).await;
        let served = text(&test.verify(&spare_secret).await["keyspaceId"]);
        let body = json!({ "slug": "first", "displayName": "First", "keyspaceId": served });
        let portal = test.call("portal.createPortal", body).await.data();
        let body = json!({ "portal": "first", "externalId": "ann", "scopes": ["keys:read"] });
        test.call("portal.createSession", body).await.data();
        let root_key = test.call("rootKeys.createKey", json!({ "permissions": [] })).await.data();
        Self {
            workspace: operator.workspace.into_string(),
            keyspace,
            key,
            secret,
            identity: text(&identity["id"]),
            permission: text(&permission["id"]),
            role: text(&role["roleId"]),
            migration: migration.into_string(),
            portal: text(&portal["portalId"]),
            root_key: text(&root_key["keyId"]),
            api,
        }
    }

    fn fill(&self, grant: &str) -> String {
        [
            ("{ws}", &self.workspace),
            ("{api}", &self.api),
            ("{keyspace}", &self.keyspace),
            ("{key}", &self.key),
            ("{identity}", &self.identity),
            ("{permission}", &self.permission),
            ("{portal}", &self.portal),
            ("{root_key}", &self.root_key),
        ]
        .into_iter()
        .fold(grant.to_owned(), |grant, (name, id)| grant.replace(name, id))
    }
}

async fn run(case: Case) {
    let test = TestApp::start().await;
    let ids = Ids::make(&test).await;
    let (operation, body) = (case.operation, (case.body)(&ids));

    let nobody = test.raw(operation, None, Some("application/json"), body.to_string()).await;
    nobody.fails(400, "application/invalid_input");
    assert_eq!(nobody.body["error"]["errors"][0]["location"], "security", "{operation}");

    let before = test.audit_entries().await;
    let powerless = test.new_root_key(false, &[]).await;
    let denied = test.call_as(&powerless, operation, body.clone()).await;
    match case.denied {
        Some((status, code)) => denied.fails(status, code),
        None => assert_eq!(denied.status.as_u16(), 200, "{operation}: {}", denied.body),
    }

    let stranger = test.root_key_of_another_workspace().await;
    let told = test.call_as(&stranger, operation, body.clone()).await;
    match &case.foreign {
        Foreign::Fails(status, code) => told.fails(*status, code),
        Foreign::Shows(member, value) => {
            let data = told.data();
            assert_eq!(if member.is_empty() { &data } else { &data[member] }, value, "{operation}");
        }
        Foreign::Nothing => {}
    }
    if !matches!(case.foreign, Foreign::Nothing | Foreign::Shows("remaining", _)) {
        // The two root keys and the workspace made here are the only changes.
        assert_eq!(test.audit_entries().await, before + 3, "{operation}: a refused call left a trace");
    }

    let grants: Vec<String> = case.grants.iter().map(|grant| ids.fill(grant)).collect();
    let grants: Vec<&str> = grants.iter().map(String::as_str).collect();
    let holder = test.new_root_key(false, &grants).await;
    let before = test.audit_entries().await;
    let answer = test.call_as(&holder, operation, body.clone()).await;
    assert_eq!(answer.status.as_u16(), 200, "{operation} with {grants:?}: {}", answer.body);
    let written = usize::try_from(test.audit_entries().await - before).unwrap();
    assert_eq!(written, case.audited, "{operation}: audit entries");
    if written > 0 {
        let request = answer.body["meta"]["requestId"].as_str().unwrap();
        test.assert_one_audit_group(request, written).await;
    }

    // One grant fewer is not enough.
    for left_out in 0..if case.denied.is_some() { grants.len() } else { 0 } {
        if grants.len() < 2 || grants[left_out].contains("encrypt_key") {
            continue;
        }
        let test = TestApp::start().await;
        let ids = Ids::make(&test).await;
        let fewer: Vec<String> = case
            .grants
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != left_out)
            .map(|(_, grant)| ids.fill(grant))
            .collect();
        let fewer: Vec<&str> = fewer.iter().map(String::as_str).collect();
        let holder = test.new_root_key(false, &fewer).await;
        let answer = test.call_as(&holder, operation, (case.body)(&ids)).await;
        assert!([403, 404].contains(&answer.status.as_u16()), "{operation} with {fewer:?}: {}", answer.body);
    }
}

#[test]
fn every_operation_has_a_case() {
    let described: BTreeSet<&str> = DOCUMENT["paths"]
        .as_object()
        .unwrap()
        .keys()
        .filter(|path| !path.ends_with("/liveness"))
        .map(|path| path.trim_start_matches("/v2/"))
        .collect();
    let known: BTreeSet<&str> = cases()
        .iter()
        .map(|case| case.operation)
        .chain(EXCEPTIONS.iter().map(|(operation, _)| *operation))
        .chain(NOT_YET.iter().copied())
        .collect();
    assert_eq!(described, known);
    assert!(EXCEPTIONS.len() <= 4 && NOT_YET.len() <= 2, "exceptions may only get fewer");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_asks_for_its_grant_and_audits_itself() {
    let mut running = tokio::task::JoinSet::new();
    for case in cases() {
        running.spawn(run(case));
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
}
