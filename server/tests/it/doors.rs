//! One truth behind every door: each use case from the same start through each
//! of them leaves the same rows, the same audit entries and the same next
//! verification.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use base::access::Role;

use crate::dashboard::Browser;
use crate::interrupted::{Asked, POLLS};
use crate::support::{START_MS, TestApp, some_at_once};

/// Of no key.
const HASH: &str = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";

/// A change, as each door spells it: operation and body.
struct UseCase {
    name: &'static str,
    v1: fn(&Ids) -> (&'static str, Value),
    v2: fn(&Ids) -> (&'static str, Value),
}

/// The same change in the dashboard: the page with the form, where the form
/// posts to, and the fields that are filled in.
struct Form {
    page: String,
    action: String,
    fields: Vec<(&'static str, &'static str)>,
}

/// The use cases that one form of the dashboard is.
fn form_of(case: &str, ids: &Ids) -> Option<Form> {
    let form = |page: String, action: String, fields: &[(&'static str, &'static str)]| {
        Some(Form { page, action, fields: fields.to_vec() })
    };
    let new = |path: &str, fields: &[(&'static str, &'static str)]| form(path.into(), path.into(), fields);
    let delete = |page: String, thing: String, confirm: &'static str| {
        form(page, format!("{thing}/delete"), &[("confirm", confirm)])
    };
    let (key, identity) = (format!("/keys/{}", ids.key), format!("/identities/{}", ids.identity));
    let limit = [
        ("limits.0.name", "tokens"),
        ("limits.0.limit", "3"),
        ("limits.0.duration", "1s"),
        // As a limit is that says nothing of it over the APIs.
        ("limits.0.auto_apply", ""),
        ("meta", "{\"a\":1}"),
    ];
    match case {
        "clear what a key has" => {
            let page = format!("{key}/edit");
            form(page.clone(), page, &[("credits", ""), ("limits.0.name", ""), ("enabled", "")])
        }
        "delete a key" => form(format!("{key}/edit"), format!("{key}/delete"), &[]),
        "create an API" => new("/apis/new", &[("name", "orders")]),
        "delete an API" => {
            let api = format!("/apis/{}", ids.api);
            delete(format!("{api}/settings"), api, "payments")
        }
        "create a permission" => {
            new("/permissions/new", &[("slugs", "docs"), ("description", "All documents")])
        }
        "delete a permission" => {
            let permission = format!("/permissions/{}", ids.permission);
            delete(format!("{permission}/edit"), permission, "read")
        }
        "create a role" => new("/roles/new", &[("name", "writer")]),
        "delete a role" => {
            let role = format!("/roles/{}", ids.role);
            delete(format!("{role}/edit"), role, "editor")
        }
        "create an identity" => {
            let fields: Vec<_> = limit.into_iter().chain([("external_id", "bob")]).collect();
            new("/identities/new", &fields)
        }
        "change an identity" => form(format!("{identity}/edit"), format!("{identity}/edit"), &limit),
        "delete an identity" => delete(format!("{identity}/edit"), identity, "ann"),
        _ => None,
    }
}

/// The start: one of everything, with the same ids in every run.
#[derive(PartialEq, Debug)]
struct Ids {
    api: String,
    key: String,
    secret: String,
    identity: String,
    permission: String,
    role: String,
    migration: String,
}

impl Ids {
    async fn make(test: &TestApp) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let api = test.api().await;
        test.set_recoverable(&api).await;
        let role = json!({ "name": "editor", "permissions": ["write"] });
        let role = test.call("permissions.createRole", role).await.data();
        let options = json!({
            "externalId": "ann", "permissions": ["read"], "roles": ["editor"], "credits": { "remaining": 9 },
            "ratelimits": [{ "name": "default", "limit": 5, "duration": 60_000, "autoApply": true }],
        });
        let (key, secret) = test.key(&api, options).await;
        test.call("permissions.createRole", json!({ "name": "viewer" })).await.data();
        let identity = test.call("identities.getIdentity", json!({ "identity": "ann" })).await.data();
        let permission = test.call("permissions.getPermission", json!({ "permission": "read" })).await.data();
        let limit = json!({ "namespace": "email", "identifier": "u", "limit": 1, "duration": 1000 });
        test.call("ratelimit.limit", limit).await.data();
        let set = json!({ "namespace": "email", "identifier": "vip", "limit": 1, "duration": 1000 });
        test.call("ratelimit.setOverride", set).await.data();
        let migration = test.app.keys.create_migration(&test.operator().await, "sha256").await.unwrap();
        Self {
            api,
            key,
            secret,
            identity: text(&identity["id"]),
            permission: text(&permission["id"]),
            role: text(&role["roleId"]),
            migration: migration.into_string(),
        }
    }
}

/// What a use case left: rows by table, audit entries in order, and what the key
/// of the start verifies as.
#[derive(PartialEq, Debug)]
struct Left {
    rows: Vec<String>,
    audit: Vec<String>,
    verified: Value,
}

/// Tables that use cases change. The last columns of each are not compared:
/// secrets differ, and v1 keeps the external id of a key's owner beside it.
const TABLES: &[(&str, &[&str])] = &[
    ("apis", &[]),
    ("keys", &["hash", "start", "last4", "owner_id"]),
    ("encrypted_keys", &["ciphertext"]),
    ("identities", &[]),
    ("limits", &[]),
    ("permissions", &[]),
    ("roles", &[]),
    ("keys_permissions", &[]),
    ("keys_roles", &[]),
    ("roles_permissions", &[]),
    ("namespaces", &[]),
    ("overrides", &[]),
];

async fn query(test: &TestApp, sql: String) -> Vec<sea_orm::QueryResult> {
    let db = test.app.store.read();
    db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap()
}

/// Every row of a table as text.
async fn rows(test: &TestApp, table: &str, left_out: &[&str]) -> Vec<String> {
    let engine = test.app.store.database().engine();
    let columns = engine.choose(
        format!("SELECT name FROM pragma_table_info('{table}')"),
        format!("SELECT attname::text AS name FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped"),
    );
    let columns = query(test, columns).await;
    let columns = columns.iter().map(|row| row.try_get::<String>("", "name").unwrap());
    let columns: Vec<String> = columns.filter(|name| !left_out.contains(&name.as_str())).collect();
    let shown = |name: &String| {
        engine.choose(format!("quote(\"{name}\")"), format!("quote_nullable(\"{name}\"::text)"))
    };
    let pairs: Vec<String> = columns.iter().map(|name| format!("'{name}=' || {}", shown(name))).collect();
    let found = query(test, format!("SELECT {} AS row FROM {table}", pairs.join(" || ' ' || "))).await;
    found.iter().map(|row| format!("{table}: {}", row.try_get::<String>("", "row").unwrap())).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

fn is_id(word: &str) -> bool {
    word.split_once('_').is_some_and(|(prefix, rest)| prefix.len() <= 4 && rest.len() >= 14)
}

/// Ids that were drawn since the start say only what they are of.
fn masked(text: &str, known: &BTreeSet<String>) -> String {
    let fresh = words(text).filter(|word| is_id(word) && !known.contains(*word));
    fresh.fold(text.to_owned(), |text, word| {
        text.replace(word, &format!("{}_new", word.split('_').next().unwrap_or_default()))
    })
}

async fn audit(test: &TestApp, after: i64, known: &BTreeSet<String>) -> Vec<String> {
    let sql = format!(
        "SELECT event || ' | ' || description || ' | ' || actor_type || ' ' || actor_name || ' | ' \
           || COALESCE(changes, '') || ' | ' || (correlation_id IS NOT NULL) || ' | ' \
           || COALESCE((SELECT string_agg(kind || ' ' || target_id || ' ' || COALESCE(name, ''), ',' ORDER BY position) \
                          FROM audit_targets t WHERE t.audit_id = a.id), '') AS row \
         FROM audit_log a WHERE a.seq > {after} ORDER BY a.seq"
    );
    let rows = query(test, sql).await;
    rows.iter().map(|row| masked(&row.try_get::<String>("", "row").unwrap(), known)).collect()
}

/// Runs a use case through one door, from the start.
async fn run(case: &UseCase, door: &str) -> (Ids, Left) {
    let test = TestApp::start().await;
    let ids = Ids::make(&test).await;
    let mut browser = Browser::of(&test, Role::Owner).await;
    // The key is cached, so that a change that announces too little shows.
    assert_eq!(test.verify(&ids.secret).await["code"], "VALID");
    let mut known = BTreeSet::new();
    for (table, left_out) in TABLES {
        for row in rows(&test, table, left_out).await {
            known.extend(words(&row).filter(|word| is_id(word)).map(str::to_owned));
        }
    }
    let last = query(&test, "SELECT MAX(seq) AS last FROM audit_log".to_owned()).await;
    let last: i64 = last[0].try_get("", "last").unwrap();
    let (status, told) = match form_of(case.name, &ids).filter(|_| door == "dashboard") {
        Some(form) => {
            let page = browser.get(&form.page).await;
            let done = browser.submit(&page, &form.action, &form.fields).await;
            (done.status, done.text)
        }
        None => {
            let v1 = door == "v1";
            let (operation, body) = if v1 { (case.v1)(&ids) } else { (case.v2)(&ids) };
            let answer =
                if v1 { test.v1().post(operation, body).await } else { test.call(operation, body).await };
            (answer.status, answer.body.to_string())
        }
    };
    assert!(status.is_success(), "{} through {door}: {told}", case.name);
    let mut all = Vec::new();
    for (table, left_out) in TABLES {
        all.extend(rows(&test, table, left_out).await.iter().map(|row| masked(row, &known)));
    }
    all.sort_unstable();
    let mut verified = test.verify(&ids.secret).await;
    for limit in verified["ratelimits"].as_array_mut().into_iter().flatten() {
        limit["id"].take();
    }
    if let Some(identity) = verified["identity"].as_object_mut() {
        identity.remove("id");
        identity.remove("ratelimits");
    }
    (ids, Left { rows: all, audit: audit(&test, last, &known).await, verified })
}

/// What was left, whoever did it: people and root keys have names of their own.
fn by_whoever(mut left: Left) -> Left {
    for entry in &mut left.audit {
        *entry = entry.replace("user owner", "somebody").replace("rootkey test", "somebody");
    }
    for row in &mut left.rows {
        let told = row.split(' ').filter(|column| !column.contains("_by='"));
        *row = told.collect::<Vec<_>>().join(" ");
    }
    left
}

fn keys() -> Vec<UseCase> {
    vec![
        UseCase {
            name: "create a key with everything",
            v1: |ids| {
                let key = json!({
                    "apiId": ids.api, "prefix": "abc", "name": "n", "byteLength": 24, "externalId": "bob",
                    "meta": { "a": 1 }, "roles": ["viewer"], "permissions": ["read", "fresh"],
                    "expires": START_MS + 5000, "remaining": 7, "refill": { "interval": "daily", "amount": 7 },
                    "ratelimit": { "limit": 3, "duration": 1000 }, "enabled": false, "recoverable": true,
                });
                ("keys.createKey", key)
            },
            v2: |ids| {
                let limit = json!({ "name": "default", "limit": 3, "duration": 1000, "autoApply": true });
                let key = json!({
                    "apiId": ids.api, "prefix": "abc", "name": "n", "byteLength": 24, "externalId": "bob",
                    "meta": { "a": 1 }, "roles": ["viewer"], "permissions": ["read", "fresh"],
                    "expires": START_MS + 5000, "ratelimits": [limit], "enabled": false, "recoverable": true,
                    "credits": { "remaining": 7, "refill": { "interval": "daily", "amount": 7 } },
                });
                ("keys.createKey", key)
            },
        },
        UseCase {
            name: "change a key",
            v1: |ids| {
                let change = json!({
                    "keyId": ids.key, "name": "n", "meta": { "b": 2 }, "expires": START_MS + 9000,
                    "remaining": 4, "refill": { "interval": "monthly", "amount": 4, "refillDay": 3 },
                    "ratelimit": { "limit": 8, "duration": 2000 },
                    "roles": [{ "name": "viewer" }], "permissions": [{ "name": "fresh", "create": true }],
                });
                ("keys.updateKey", change)
            },
            v2: |ids| {
                let refill = json!({ "interval": "monthly", "amount": 4, "refillDay": 3 });
                let limit = json!({ "name": "default", "limit": 8, "duration": 2000, "autoApply": true });
                let change = json!({
                    "keyId": ids.key, "name": "n", "meta": { "b": 2 }, "expires": START_MS + 9000,
                    "credits": { "remaining": 4, "refill": refill }, "ratelimits": [limit],
                    "roles": ["viewer"], "permissions": ["fresh"],
                });
                ("keys.updateKey", change)
            },
        },
        UseCase {
            name: "clear what a key has",
            v1: |ids| {
                let change =
                    json!({ "keyId": ids.key, "remaining": null, "ratelimit": null, "enabled": false });
                ("keys.updateKey", change)
            },
            v2: |ids| {
                let change =
                    json!({ "keyId": ids.key, "credits": null, "ratelimits": null, "enabled": false });
                ("keys.updateKey", change)
            },
        },
        UseCase {
            name: "set credits",
            v1: |ids| ("keys.updateRemaining", json!({ "keyId": ids.key, "op": "set", "value": 50 })),
            v2: |ids| ("keys.updateCredits", json!({ "keyId": ids.key, "operation": "set", "value": 50 })),
        },
        UseCase {
            name: "take credits",
            v1: |ids| ("keys.updateRemaining", json!({ "keyId": ids.key, "op": "decrement", "value": 5 })),
            v2: |ids| {
                ("keys.updateCredits", json!({ "keyId": ids.key, "operation": "decrement", "value": 5 }))
            },
        },
        UseCase {
            name: "delete a key",
            v1: |ids| ("keys.deleteKey", json!({ "keyId": ids.key })),
            v2: |ids| ("keys.deleteKey", json!({ "keyId": ids.key })),
        },
        UseCase {
            name: "remove a key",
            v1: |ids| ("keys.deleteKey", json!({ "keyId": ids.key, "permanent": true })),
            v2: |ids| ("keys.deleteKey", json!({ "keyId": ids.key, "permanent": true })),
        },
        UseCase {
            name: "verify a key",
            v1: |ids| ("keys.verifyKey", json!({ "key": ids.secret, "remaining": { "cost": 2 } })),
            v2: |ids| ("keys.verifyKey", json!({ "key": ids.secret, "credits": { "cost": 2 } })),
        },
        UseCase {
            name: "import a key",
            v1: |ids| {
                let hash = json!({ "value": HASH, "variant": "sha256_base64" });
                let key = json!({ "apiId": ids.api, "hash": hash, "name": "n", "roles": ["viewer"], "externalId": "bob" });
                ("migrations.createKeys", json!([key]))
            },
            v2: |ids| {
                let key = json!({ "hash": HASH, "name": "n", "roles": ["viewer"], "externalId": "bob" });
                let body = json!({ "migrationId": ids.migration, "apiId": ids.api, "keys": [key] });
                ("keys.migrateKeys", body)
            },
        },
    ]
}

fn access() -> Vec<UseCase> {
    vec![
        UseCase {
            name: "add permissions",
            v1: |ids| {
                let items = json!([{ "name": "write" }, { "name": "fresh", "create": true }]);
                ("keys.addPermissions", json!({ "keyId": ids.key, "permissions": items }))
            },
            v2: |ids| ("keys.addPermissions", json!({ "keyId": ids.key, "permissions": ["write", "fresh"] })),
        },
        UseCase {
            name: "remove permissions",
            v1: |ids| {
                ("keys.removePermissions", json!({ "keyId": ids.key, "permissions": [{ "name": "read" }] }))
            },
            v2: |ids| ("keys.removePermissions", json!({ "keyId": ids.key, "permissions": ["read"] })),
        },
        UseCase {
            name: "replace permissions",
            v1: |ids| {
                ("keys.setPermissions", json!({ "keyId": ids.key, "permissions": [{ "slug": "write" }] }))
            },
            v2: |ids| ("keys.setPermissions", json!({ "keyId": ids.key, "permissions": ["write"] })),
        },
        UseCase {
            name: "add roles",
            v1: |ids| ("keys.addRoles", json!({ "keyId": ids.key, "roles": [{ "name": "viewer" }] })),
            v2: |ids| ("keys.addRoles", json!({ "keyId": ids.key, "roles": ["viewer"] })),
        },
        UseCase {
            name: "remove roles",
            v1: |ids| ("keys.removeRoles", json!({ "keyId": ids.key, "roles": [{ "id": ids.role }] })),
            v2: |ids| ("keys.removeRoles", json!({ "keyId": ids.key, "roles": ["editor"] })),
        },
        UseCase {
            name: "replace roles",
            v1: |ids| ("keys.setRoles", json!({ "keyId": ids.key, "roles": [{ "name": "viewer" }] })),
            v2: |ids| ("keys.setRoles", json!({ "keyId": ids.key, "roles": ["viewer"] })),
        },
        UseCase {
            name: "create a permission",
            v1: |_| {
                ("permissions.createPermission", json!({ "name": "docs", "description": "All documents" }))
            },
            v2: |_| {
                let permission = json!({ "name": "docs", "slug": "docs", "description": "All documents" });
                ("permissions.createPermission", permission)
            },
        },
        UseCase {
            name: "delete a permission",
            v1: |ids| ("permissions.deletePermission", json!({ "permissionId": ids.permission })),
            v2: |ids| ("permissions.deletePermission", json!({ "permission": ids.permission })),
        },
        UseCase {
            name: "create a role",
            v1: |_| ("permissions.createRole", json!({ "name": "writer" })),
            v2: |_| ("permissions.createRole", json!({ "name": "writer" })),
        },
        UseCase {
            name: "delete a role",
            v1: |ids| ("permissions.deleteRole", json!({ "roleId": ids.role })),
            v2: |ids| ("permissions.deleteRole", json!({ "role": ids.role })),
        },
    ]
}

fn others() -> Vec<UseCase> {
    vec![
        UseCase {
            name: "create an API",
            v1: |_| ("apis.createApi", json!({ "name": "orders" })),
            v2: |_| ("apis.createApi", json!({ "name": "orders" })),
        },
        UseCase {
            name: "delete an API",
            v1: |ids| ("apis.deleteApi", json!({ "apiId": ids.api })),
            v2: |ids| ("apis.deleteApi", json!({ "apiId": ids.api })),
        },
        UseCase {
            name: "create an identity",
            v1: |_| {
                let limits = json!([{ "name": "tokens", "limit": 3, "duration": 1000 }]);
                (
                    "identities.createIdentity",
                    json!({ "externalId": "bob", "meta": { "a": 1 }, "ratelimits": limits }),
                )
            },
            v2: |_| {
                let limits = json!([{ "name": "tokens", "limit": 3, "duration": 1000, "autoApply": false }]);
                (
                    "identities.createIdentity",
                    json!({ "externalId": "bob", "meta": { "a": 1 }, "ratelimits": limits }),
                )
            },
        },
        UseCase {
            name: "change an identity",
            v1: |ids| {
                let limits = json!([{ "name": "tokens", "limit": 3, "duration": 1000 }]);
                let change = json!({ "identityId": ids.identity, "meta": { "a": 1 }, "ratelimits": limits });
                ("identities.updateIdentity", change)
            },
            v2: |ids| {
                let limits = json!([{ "name": "tokens", "limit": 3, "duration": 1000, "autoApply": false }]);
                let change = json!({ "identity": ids.identity, "meta": { "a": 1 }, "ratelimits": limits });
                ("identities.updateIdentity", change)
            },
        },
        UseCase {
            name: "delete an identity",
            v1: |ids| ("identities.deleteIdentity", json!({ "identityId": ids.identity })),
            v2: |ids| ("identities.deleteIdentity", json!({ "identity": ids.identity })),
        },
        UseCase {
            name: "limit in a new namespace",
            v1: |_| {
                let body = json!({ "namespace": "sms", "identifier": "u", "limit": 1, "duration": 1000 });
                ("ratelimits.limit", body)
            },
            v2: |_| {
                let body = json!({ "namespace": "sms", "identifier": "u", "limit": 1, "duration": 1000 });
                ("ratelimit.limit", body)
            },
        },
        UseCase {
            name: "set an override",
            v1: |_| {
                let body =
                    json!({ "namespaceName": "email", "identifier": "vip", "limit": 9, "duration": 2000 });
                ("ratelimits.setOverride", body)
            },
            v2: |_| {
                let body = json!({ "namespace": "email", "identifier": "vip", "limit": 9, "duration": 2000 });
                ("ratelimit.setOverride", body)
            },
        },
        UseCase {
            name: "delete an override",
            v1: |_| ("ratelimits.deleteOverride", json!({ "namespaceName": "email", "identifier": "vip" })),
            v2: |_| ("ratelimit.deleteOverride", json!({ "namespace": "email", "identifier": "vip" })),
        },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_door_leaves_the_same() {
    let cases = keys().into_iter().chain(access()).chain(others());
    some_at_once(cases.map(|case| async move {
        let (one, two) = (run(&case, "v1").await, run(&case, "v2").await);
        assert_eq!(one.0, two.0, "{}: the starts differ", case.name);
        assert_eq!(one.1, two.1, "{}", case.name);
        if form_of(case.name, &two.0).is_some() {
            let three = run(&case, "dashboard").await;
            assert_eq!(three.0, two.0, "{}: the starts differ", case.name);
            assert_eq!(by_whoever(three.1), by_whoever(two.1), "{} in the dashboard", case.name);
        }
    }))
    .await;
}

/// The other doors have this test beside their operations.
#[tokio::test]
async fn no_browser_that_goes_away_leaves_memory_behind_the_database() {
    for polls in POLLS {
        let test = TestApp::start().await;
        let ids = Ids::make(&test).await;
        let workspace = test.operator().await.workspace;
        let asked = Asked {
            workspace: workspace.as_str(),
            api: &ids.api,
            key_secret: &ids.secret,
            identity: &ids.identity,
            root_key: &test.root_key,
            namespace: "email",
        };
        let mut browser = Browser::of(&test, Role::Owner).await;
        let mut names: Vec<_> =
            keys().into_iter().chain(access()).chain(others()).map(|case| case.name).collect();
        names.sort_by_key(|name| (name.contains("delete"), name.contains("API"), name.contains("key")));
        for (name, form) in names.into_iter().filter_map(|name| Some((name, form_of(name, &ids)?))) {
            // Asking counts on the limit of the key.
            test.advance_ms(120_000);
            let page = browser.get(&form.page).await;
            let request = browser.submit(&page, &form.action, &form.fields);
            asked.agree_after(&test, name, polls, request).await;
        }
    }
}
