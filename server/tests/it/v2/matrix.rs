//! Every operation of the document: without credentials, without grants, with
//! exactly the needed grants, with a foreign workspace's ids; and the audit
//! entries it leaves. An operation without a case fails the test; those that
//! this scheme does not fit are listed with their reason, and may only get fewer.

mod cases;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use unkey::http::v2::DOCUMENT;

pub use self::cases::cases;
use crate::interrupted::{Asked, POLLS, drop_after};
use crate::strangers::{Elsewhere, Twins};
use crate::support::{Answer, TestApp, some_at_once};

/// What somebody of another workspace is told.
pub enum Foreign {
    /// This error.
    Fails(u16, &'static str),
    /// A success that shows nothing of it: the member of `data` is this.
    Shows(&'static str, Value),
    /// The request names nothing that belongs to a workspace.
    Nothing,
}

pub struct Case {
    pub operation: &'static str,
    body: fn(&Ids) -> Value,
    /// `{api}` and the like stand for ids of the fixture.
    pub grants: &'static [&'static str],
    /// What a root key without grants is told; `None` when it needs none.
    denied: Option<(u16, &'static str)>,
    foreign: Foreign,
    /// Entries of its one audit group; 0 for operations that read.
    audited: usize,
}

/// The fixture: one of everything.
pub struct Ids {
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
    webhook: String,
    delivery: String,
    root_key: String,
    root_key_secret: String,
}

/// Operations with other credentials; their own tests are in `portal.rs`.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("portal.exchangeCode", "public: the code is the credential"),
    ("portal.listKeys", "asks for a portal session"),
    ("portal.rerollKey", "asks for a portal session"),
    ("portal.getVerifications", "asks for a portal session"),
];

impl Ids {
    pub async fn make(test: &TestApp) -> Self {
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
        // Nothing is sent: that is done by the clock.
        let body = json!({ "url": "https://example.com/hook", "events": ["identity.*"] });
        let webhook = test.call("webhooks.createEndpoint", body).await.data();
        let body = json!({ "endpointId": webhook["endpointId"] });
        let sent = test.call("webhooks.sendTest", body).await.data();
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
            webhook: text(&webhook["endpointId"]),
            delivery: text(&sent["deliveryId"]),
            root_key: text(&root_key["keyId"]),
            root_key_secret: text(&root_key["key"]),
            api,
        }
    }

    /// Puts a long text beside what it shows.
    pub async fn lengthen(&self, test: &TestApp, meta: &Value) {
        test.call("keys.updateKey", json!({ "keyId": self.key, "meta": meta })).await.data();
        test.call("identities.updateIdentity", json!({ "identity": self.identity, "meta": meta }))
            .await
            .data();
    }

    pub fn fill(&self, grant: &str) -> String {
        [
            ("{ws}", &self.workspace),
            ("{api}", &self.api),
            ("{keyspace}", &self.keyspace),
            ("{key}", &self.key),
            ("{identity}", &self.identity),
            ("{permission}", &self.permission),
            ("{portal}", &self.portal),
            ("{webhook}", &self.webhook),
            ("{root_key}", &self.root_key),
        ]
        .into_iter()
        .fold(grant.to_owned(), |grant, (name, id)| grant.replace(name, id))
    }
}

impl Case {
    /// Whether it changes nothing.
    pub fn reads(&self) -> bool {
        self.audited == 0
    }

    /// Calls it with every right.
    pub async fn ask(&self, test: &TestApp, ids: &Ids) -> Answer {
        test.call(self.operation, (self.body)(ids)).await
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

impl Ids {
    /// What requests of the cases call it.
    fn names(&self) -> Vec<&str> {
        let ids = [
            &self.api,
            &self.keyspace,
            &self.key,
            &self.secret,
            &self.identity,
            &self.permission,
            &self.role,
            &self.migration,
            &self.portal,
            &self.webhook,
            &self.delivery,
            &self.root_key,
        ];
        ids.into_iter()
            .map(String::as_str)
            .chain(["ann", "read", "editor", "email", "vip", "first"])
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_cannot_tell_what_exists_from_what_does_not() {
    let test = TestApp::start().await;
    let ids = Ids::make(&test).await;
    let (twins, elsewhere) = (Twins::of(&ids.names()), Elsewhere::make(&test).await);
    let mut compared = 0;
    for case in cases() {
        let body = (case.body)(&ids);
        let absent = twins.absent_body(&body);
        // Whoever limits makes the namespace they name in their own workspace.
        let makes_it = matches!(case.foreign, Foreign::Nothing) || case.operation == "ratelimit.limit";
        if body == absent || makes_it {
            continue;
        }
        compared += 1;
        let workspace = ids.workspace.clone();
        let own = |grant: &&str| ids.fill(grant).replace(&workspace, "{ws}");
        let grants: Vec<String> = case.grants.iter().map(own).collect();
        let absent_grants: Vec<String> = grants.iter().map(|grant| twins.absent(grant)).collect();
        let mut callers = elsewhere.callers(&test, [grants, absent_grants]).await;
        callers.push(("unkey_nobody".to_owned(), "unkey_nobody".to_owned()));
        for (of_foreign, of_absent) in &callers {
            let foreign = test.call_as(of_foreign, case.operation, body.clone()).await;
            let nothing = test.call_as(of_absent, case.operation, absent.clone()).await;
            assert_eq!(twins.told(&foreign), twins.told(&nothing), "{}", case.operation);
        }
        let json = Some("application/json");
        let foreign = test.raw(case.operation, None, json, body.to_string()).await;
        let nothing = test.raw(case.operation, None, json, absent.to_string()).await;
        assert_eq!(twins.told(&foreign), twins.told(&nothing), "{} by nobody", case.operation);
    }
    assert!(compared >= 38, "{compared} operations name something");
}

/// All changes, in an order in which each still finds what it is about.
fn changes() -> Vec<Case> {
    let mut changes: Vec<Case> = cases().into_iter().filter(|case| case.audited > 0).collect();
    let ends = |case: &Case| ["delete", "revoke", "remove"].iter().any(|verb| case.operation.contains(verb));
    changes.sort_by_key(|case| (ends(case), case.operation == "apis.deleteApi"));
    changes
}

#[tokio::test]
async fn no_caller_that_goes_away_leaves_memory_behind_the_database() {
    for polls in POLLS {
        let test = TestApp::start().await;
        let ids = Ids::make(&test).await;
        let asked = Asked {
            workspace: &ids.workspace,
            api: &ids.api,
            key_secret: &ids.secret,
            identity: &ids.identity,
            root_key: &ids.root_key_secret,
            namespace: "email",
        };
        for case in changes() {
            let request = test.call(case.operation, (case.body)(&ids));
            asked.agree_after(&test, case.operation, polls, request).await;
        }
        // A namespace that the hot path makes: there is no task around it.
        for name in ["new1", "new2"] {
            let limit = || json!({ "namespace": name, "identifier": "u", "limit": 9, "duration": 60000 });
            drop_after(polls, test.call("ratelimit.limit", limit())).await;
            test.call("ratelimit.limit", limit()).await.data();
        }
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
        .collect();
    assert_eq!(described, known);
    assert!(EXCEPTIONS.len() <= 4, "exceptions may only get fewer");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_asks_for_its_grant_and_audits_itself() {
    some_at_once(cases().into_iter().map(run)).await;
}
