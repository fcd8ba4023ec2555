//! The audit catalogue: each event by an action that makes exactly one entry of
//! it, with the right actor and targets. An event without a row fails.

mod people;
mod recovery;

use std::collections::BTreeSet;
use std::future::Future;

use base::access::{Door, Principal};
use base::audit::Event;
use base::secret::PlainKey;
use base::store::{Reader, statement};
use domain::apis::SetApi;
use domain::users::{CreateUser, Role};
use domain::workspaces::CreateWorkspace;
use sea_orm::FromQueryResult;
use serde_json::{Value, json};

use crate::leaks;
use crate::support::TestApp;

/// Who acts in a row.
const ROOT_KEY: &str = "rootkey";
const SYSTEM: &str = "system";
const END_USER: &str = "portalEndUser";
const USER: &str = "user";

#[derive(Debug, FromQueryResult)]
struct Entry {
    id: String,
    actor_type: String,
    actor_id: String,
    request_id: String,
    workspace_id: String,
}

#[derive(FromQueryResult)]
struct TargetRow {
    kind: String,
    target_id: String,
}

/// What was shown so far.
struct Catalogue<'a> {
    test: &'a TestApp,
    root_key: String,
    workspaces: Vec<String>,
    seen: BTreeSet<String>,
}

impl<'a> Catalogue<'a> {
    async fn open(test: &'a TestApp) -> Self {
        let db = test.app.store.read();
        let sql = "SELECT id AS kind, workspace_id AS target_id FROM root_keys";
        let root_key = rows::<TargetRow>(db, sql, []).await.remove(0);
        Self { test, root_key: root_key.kind, workspaces: vec![root_key.target_id], seen: BTreeSet::new() }
    }

    async fn entries(&self, event: &str) -> Vec<Entry> {
        let sql = "SELECT id, actor_type, actor_id, request_id, workspace_id FROM audit_log \
                   WHERE event = $1 ORDER BY seq";
        rows(self.test.app.store.read(), sql, [event.into()]).await
    }

    /// Does the action and holds the one new entry to what it must say. Targets
    /// are kinds, in order.
    async fn row<T>(
        &mut self,
        event: &str,
        actor: &str,
        targets: &[&str],
        action: impl Future<Output = T>,
    ) -> T {
        let before = self.entries(event).await.len();
        let done = action.await;
        let mut entries = self.entries(event).await;
        assert_eq!(entries.len(), before + 1, "{event}: exactly one new entry");
        let entry = entries.remove(before);
        assert_eq!(entry.actor_type, actor, "{event}");
        match actor {
            ROOT_KEY => assert_eq!(entry.actor_id, self.root_key, "{event}"),
            END_USER => assert_eq!(entry.actor_id, "ann", "{event}"),
            _ => assert!(!entry.actor_id.is_empty(), "{event}"),
        }
        assert!(entry.request_id.starts_with("req_"), "{event}");
        if !self.workspaces.contains(&entry.workspace_id) {
            // Only the entry of a workspace's making is the first of another one.
            assert_eq!(event, "workspace.create");
            self.workspaces.push(entry.workspace_id);
        }
        let sql = "SELECT kind, target_id FROM audit_targets WHERE audit_id = $1 ORDER BY position";
        let about: Vec<TargetRow> = rows(self.test.app.store.read(), sql, [entry.id.into()]).await;
        let kinds: Vec<&str> = about.iter().map(|target| target.kind.as_str()).collect();
        assert_eq!(kinds, targets, "{event}");
        assert!(about.iter().all(|target| !target.target_id.is_empty()), "{event}");
        self.seen.insert(event.to_owned());
        done
    }

    /// A row whose action is a call with the root key.
    async fn call(&mut self, event: &str, targets: &[&str], operation: &str, body: Value) -> Value {
        let test = self.test;
        self.row(event, ROOT_KEY, targets, async { test.call(operation, body).await.data() }).await
    }
}

async fn rows<T: FromQueryResult>(
    db: &Reader,
    sql: &str,
    values: impl IntoIterator<Item = sea_orm::Value>,
) -> Vec<T> {
    T::find_by_statement(statement(db, sql, values)).all(db).await.unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

// row: audit-log/types
#[tokio::test]
async fn every_event_has_an_action_that_makes_one_entry_of_it() {
    let test = leaks::start().await;
    let mut catalogue = Catalogue::open(&test).await;
    keys(&mut catalogue).await;
    access(&mut catalogue).await;
    identities_and_limits(&mut catalogue).await;
    portals(&mut catalogue).await;
    webhooks(&mut catalogue).await;
    root_keys(&mut catalogue).await;
    operator(&mut catalogue).await;
    people::sessions(&mut catalogue).await;
    people::second_factor(&mut catalogue).await;
    people::members(&mut catalogue).await;
    people::lists(&mut catalogue).await;
    people::programs(&mut catalogue).await;
    recovery::from_a_backup(&mut catalogue).await;
    let all: BTreeSet<String> = Event::ALL.iter().map(|event| event.as_str().to_owned()).collect();
    let missing: Vec<&String> = all.difference(&catalogue.seen).collect();
    assert!(missing.is_empty(), "no action shows {missing:?}");
}

async fn keys(catalogue: &mut Catalogue<'_>) {
    let test = catalogue.test;
    let api = text(
        &catalogue.call("api.create", &["api"], "apis.createApi", json!({ "name": "payments" })).await["apiId"],
    );
    test.set_recoverable(&api).await;
    let body = json!({ "apiId": api, "recoverable": true });
    let key = text(&catalogue.call("key.create", &["key", "api"], "keys.createKey", body).await["keyId"]);
    let body = json!({ "keyId": key, "decrypt": true });
    catalogue.call("key.decrypt", &["key", "api"], "keys.getKey", body).await;
    let body = json!({ "keyId": key, "enabled": false });
    catalogue.call("key.update", &["key", "api"], "keys.updateKey", body).await;
    let body = json!({ "keyId": key, "operation": "set", "value": 3 });
    catalogue.call("key.update", &["keySpace", "key"], "keys.updateCredits", body).await;
    // A limit of a key is a member of the key: the contract has one event for it.
    let limits = json!([{ "name": "requests", "limit": 5, "duration": 60_000, "autoApply": true }]);
    let body = json!({ "keyId": key, "ratelimits": limits });
    catalogue.call("key.update", &["key", "api"], "keys.updateKey", body).await;
    let body = json!({ "keyId": key, "expiration": 0 });
    let new = catalogue.call("key.reroll", &["key", "key", "api"], "keys.rerollKey", body).await;
    let body = json!({ "keyId": new["keyId"] });
    catalogue.call("key.delete", &["key"], "keys.deleteKey", body).await;
    catalogue.call("api.delete", &["api"], "apis.deleteApi", json!({ "apiId": api })).await;
}

async fn access(catalogue: &mut Catalogue<'_>) {
    let test = catalogue.test;
    let (key, _) = test.key(&test.api().await, json!({})).await;
    let body = json!({ "name": "Read", "slug": "read" });
    catalogue.call("permission.create", &["permission"], "permissions.createPermission", body).await;
    let body = json!({ "permission": "read", "name": "Reading" });
    catalogue.call("permission.update", &["permission"], "permissions.updatePermission", body).await;
    let role =
        catalogue.call("role.create", &["role"], "permissions.createRole", json!({ "name": "editor" })).await;
    let body = json!({ "role": "editor", "description": "Edits texts" });
    catalogue.call("role.update", &["role"], "permissions.updateRole", body).await;
    let pair = &["role", "permission"];
    let body = json!({ "roleId": role["roleId"], "permissions": ["read"] });
    let connect = "authorization.connect_role_and_permission";
    catalogue.call(connect, pair, "permissions.setRolePermissions", body).await;
    let body = json!({ "roleId": role["roleId"], "permissions": [] });
    let disconnect = "authorization.disconnect_role_and_permissions";
    catalogue.call(disconnect, pair, "permissions.setRolePermissions", body).await;
    let (roles, permissions) =
        (json!({ "keyId": key, "roles": ["editor"] }), json!({ "keyId": key, "permissions": ["read"] }));
    let pair = &["key", "role"];
    catalogue.call("authorization.connect_role_and_key", pair, "keys.addRoles", roles.clone()).await;
    catalogue.call("authorization.disconnect_role_and_key", pair, "keys.removeRoles", roles).await;
    let pair = &["key", "permission"];
    let connect = "authorization.connect_permission_and_key";
    catalogue.call(connect, pair, "keys.addPermissions", permissions.clone()).await;
    let disconnect = "authorization.disconnect_permission_and_key";
    catalogue.call(disconnect, pair, "keys.removePermissions", permissions).await;
    catalogue.call("role.delete", &["role"], "permissions.deleteRole", json!({ "role": "editor" })).await;
    let body = json!({ "permission": "read" });
    catalogue.call("permission.delete", &["permission"], "permissions.deletePermission", body).await;
}

async fn identities_and_limits(catalogue: &mut Catalogue<'_>) {
    let limit = |limit: i64| json!([{ "name": "requests", "limit": limit, "duration": 60_000 }]);
    let body = json!({ "externalId": "ann" });
    catalogue.call("identity.create", &["identity"], "identities.createIdentity", body).await;
    let update = "identities.updateIdentity";
    let body = json!({ "identity": "ann", "meta": { "plan": "gold" } });
    catalogue.call("identity.update", &["identity"], update, body).await;
    let pair = &["identity", "ratelimit"];
    let body = json!({ "identity": "ann", "ratelimits": limit(5) });
    catalogue.call("ratelimit.create", pair, update, body).await;
    let body = json!({ "identity": "ann", "ratelimits": limit(6) });
    catalogue.call("ratelimit.update", pair, update, body).await;
    catalogue.call("ratelimit.delete", pair, update, json!({ "identity": "ann", "ratelimits": [] })).await;
    let (key, _) = catalogue.test.key(&catalogue.test.api().await, json!({})).await;
    let (pair, update) = (&["key", "ratelimit"], "keys.updateKey");
    for (event, ratelimits) in
        [("ratelimit.create", limit(5)), ("ratelimit.update", limit(6)), ("ratelimit.delete", json!([]))]
    {
        let body = json!({ "keyId": key, "ratelimits": ratelimits });
        catalogue.call(event, pair, update, body).await;
    }
    let body = json!({ "identity": "ann" });
    catalogue.call("identity.delete", &["identity"], "identities.deleteIdentity", body).await;

    let body = json!({ "namespace": "mail", "identifier": "u", "limit": 1, "duration": 1000 });
    let namespace = &["ratelimitNamespace"];
    catalogue.call("ratelimitNamespace.create", namespace, "ratelimit.limit", body.clone()).await;
    let (set, gone) = ("ratelimit.set_override", "ratelimit.delete_override");
    catalogue.call(set, &["ratelimitOverride"], "ratelimit.setOverride", body).await;
    let body = json!({ "namespace": "mail", "identifier": "u" });
    let both = &["ratelimitOverride", "ratelimitNamespace"];
    catalogue.call(gone, both, "ratelimit.deleteOverride", body).await;
}

async fn webhooks(catalogue: &mut Catalogue<'_>) {
    let (test, one) = (catalogue.test, &["webhook"]);
    // No name ends like this: whatever is sent fails.
    let body = json!({ "url": "https://hooks.invalid/", "events": ["api.create"] });
    let made = catalogue.call("webhook.create", one, "webhooks.createEndpoint", body).await;
    let id = &made["endpointId"];
    let body = json!({ "endpointId": id, "description": "ours" });
    catalogue.call("webhook.update", one, "webhooks.updateEndpoint", body).await;
    let own = json!({ "endpointId": id });
    catalogue.call("webhook.rotate_secret", one, "webhooks.rotateSecret", own.clone()).await;
    let sent = catalogue.call("webhook.test", one, "webhooks.sendTest", own.clone()).await;
    test.app.webhooks.deliver_due().await.unwrap();
    test.step_ms(3 * 86_400_000);
    let last = async { test.app.webhooks.deliver_due().await.unwrap() };
    catalogue.row("webhook.disable", SYSTEM, one, last).await;
    test.step_ms(-3 * 86_400_000);
    let body = json!({ "endpointId": id, "enabled": true });
    catalogue.call("webhook.update", one, "webhooks.updateEndpoint", body).await;
    let body = json!({ "endpointId": id, "deliveryId": sent["deliveryId"] });
    catalogue.call("webhook.replay", one, "webhooks.replayDelivery", body).await;
    catalogue.call("webhook.delete", one, "webhooks.deleteEndpoint", own).await;
}

async fn portals(catalogue: &mut Catalogue<'_>) {
    let test = catalogue.test;
    let api = test.api().await;
    let (key, secret) = test.key(&api, json!({ "externalId": "ann" })).await;
    let keyspace = test.verify(&secret).await["keyspaceId"].clone();
    let body = json!({ "slug": "mine", "displayName": "Mine", "keyspaceId": keyspace });
    catalogue.call("portal.create", &["portal"], "portal.createPortal", body).await;
    let body = json!({ "portal": "mine", "displayName": "Ours" });
    catalogue.call("portal.update", &["portal"], "portal.updatePortal", body).await;
    let body = json!({ "portal": "mine", "externalId": "ann", "scopes": ["keys:read", "keys:reroll"] });
    let session =
        catalogue.call("portal.session.create", &["portalSession"], "portal.createSession", body).await;
    let code = text(&session["url"]).split_once("?code=").unwrap().1.to_owned();
    let exchange = async {
        let body = json!({ "code": code }).to_string();
        test.raw("portal.exchangeCode", None, Some("application/json"), body).await.data()
    };
    let token = catalogue.row("portal.session.exchange", SYSTEM, &["portalSession"], exchange).await;
    let cookie = format!("portal_session={}", text(&token["accessToken"]));
    let reroll = async {
        let body = json!({ "keyId": key, "expiration": 0 });
        test.with_cookie("portal.rerollKey", &cookie, body).await.data()
    };
    catalogue.row("key.reroll", END_USER, &["key", "key", "api"], reroll).await;
    let body = json!({ "portal": "mine", "externalId": "ann" });
    catalogue.call("portal.session.revoke", &["portal"], "portal.revokeSession", body).await;
    catalogue.call("portal.delete", &["portal"], "portal.deletePortal", json!({ "portal": "mine" })).await;
}

async fn root_keys(catalogue: &mut Catalogue<'_>) {
    let own = &["key"];
    let body = json!({ "permissions": [] });
    let id = catalogue.call("rootkey.create", own, "rootKeys.createKey", body).await["keyId"].clone();
    let body = json!({ "keyId": id, "name": "new" });
    catalogue.call("rootkey.update", own, "rootKeys.updateKey", body).await;
    let body = json!({ "keyId": id, "expiration": null });
    let new = catalogue.call("rootkey.reroll", &["key", "key"], "rootKeys.rerollKey", body).await;
    let report =
        leaks::report(catalogue.test, json!([leaks::found(&text(&new["key"]), "https://example.com")]));
    catalogue.row("rootkey.leak", SYSTEM, own, report).await;
    let body = json!({ "keyId": new["keyId"] });
    catalogue.call("rootkey.revoke", own, "rootKeys.deleteKey", body).await;
}

async fn operator(catalogue: &mut Catalogue<'_>) {
    let (test, app) = (catalogue.test, &catalogue.test.app);
    let cx = test.operator().await;
    let api = test.api().await;
    let change = SetApi { name: Some("renamed".into()), ..SetApi::new(api.as_str().into()) };
    catalogue.row("api.update", SYSTEM, &["api"], async { app.apis.set(&cx, change).await.unwrap() }).await;
    let namespace = &["ratelimitNamespace"];
    let rename = async { app.namespaces.rename(&cx, "mail", "letters").await.unwrap() };
    catalogue.row("ratelimitNamespace.update", SYSTEM, namespace, rename).await;
    let delete = async { app.namespaces.delete(&cx, "letters").await.unwrap() };
    catalogue.row("ratelimitNamespace.delete", SYSTEM, namespace, delete).await;
    let command = CreateWorkspace { slug: "second".into(), name: "Second".into() };
    let create = async { app.workspaces.create(&cx, command).await.unwrap() };
    catalogue.row("workspace.create", SYSTEM, &["workspace"], create).await;
    let second = app.workspaces.resolve(Some("second")).await.unwrap();
    let there = app.cx(second.id, Principal::Cli, Door::Cli);
    let rename = async { app.workspaces.rename(&there, Some("Other"), None).await.unwrap() };
    catalogue.row("workspace.update", SYSTEM, &["workspace"], rename).await;
    let delete = async { app.workspaces.delete(&there, "Other").await.unwrap() };
    catalogue.row("workspace.delete", SYSTEM, &["workspace"], delete).await;
    let link = async { app.users.create_setup_link(&cx).await.unwrap() };
    catalogue.row("settings.update", SYSTEM, &["workspace"], link).await;
    let password = || PlainKey::new("a long password".to_owned());
    let command = CreateUser {
        email: "ann@example.com".into(),
        name: "Ann".into(),
        role: Role::Viewer,
        password: password(),
    };
    let create = async { app.users.create(&cx, command).await.unwrap() };
    catalogue.row("user.create", SYSTEM, &["user"], create).await;
    let reset = async { app.sessions.reset_password(&cx, "ann@example.com", password()).await.unwrap() };
    catalogue.row("user.password_reset", SYSTEM, &["user"], reset).await;
    let announce = async { app.keys.create_migration(&cx, "sha256").await.unwrap() };
    catalogue.row("migration.create", SYSTEM, &["migration"], announce).await;
    let rotate = async { app.vault.rotate(&cx).await.unwrap() };
    catalogue.row("masterkey.rotate", SYSTEM, &["workspace"], rotate).await;
}

// row: audit-log/introduction
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_says_who_what_when_and_whence_and_the_event_filter_narrows() {
    use base::audit::AuditFilter;
    use base::store::Page;

    let test = TestApp::start().await;
    let api = test.api().await;
    let (key, _) = test.key(&api, json!({ "name": "Billing" })).await;
    let operator = test.operator().await;
    let page = Page { limit: 100, cursor: None };
    let list =
        async |filter: AuditFilter| test.app.audit_log.list(&operator, &filter, &page).await.unwrap().items;
    let all = list(AuditFilter::default()).await;
    let created = list(AuditFilter { event: Some("key.create".into()), ..AuditFilter::default() }).await;
    let [entry] = &created[..] else { panic!("{created:?}") };
    assert!(all.len() > created.len());
    assert_eq!(
        (entry.actor_type.as_str(), entry.actor_name.as_str(), entry.door.as_str()),
        (ROOT_KEY, "test", "v2")
    );
    assert!(entry.time_ms > 0 && entry.request_id.starts_with("req_"));
    assert_eq!(entry.targets[0].id, key);
    assert_eq!(entry.targets[0].name.as_deref(), Some("Billing"));
    let found = list(AuditFilter { text: Some("billing".into()), ..AuditFilter::default() }).await;
    assert_eq!(found.len(), 1);
}
