//! Every operation of the document: without credentials, without grants, with
//! exactly the needed grants, by somebody of another workspace; and the audit
//! entries it leaves. An operation without a case fails the test; those that
//! this scheme does not fit are listed with their reason, and may only get fewer.

mod cases;

use std::collections::BTreeSet;

use poem::http::Method;
use serde_json::{Value, json};
use unkey::http::v1::DOCUMENT;

use self::cases::cases;
use super::{V1, text};
use crate::interrupted::{Asked, POLLS};
use crate::strangers::{Elsewhere, Twins};
use crate::support::{Answer, TestApp, some_at_once};
use crate::v2::protections::PROTECTING;

/// What somebody of another workspace is told.
enum Foreign {
    NotFound,
    /// A success that shows nothing of it.
    Shows(fn(&Ids) -> Value),
    /// The request names nothing that belongs to a workspace.
    Nothing,
}

struct Case {
    /// Method and path as the document has them.
    operation: &'static str,
    /// Query or path parameters, `{key}` and the like filled in.
    query: &'static str,
    body: fn(&Ids) -> Value,
    /// `{api}` and the like stand for ids of the fixture.
    grants: &'static [&'static str],
    foreign: Foreign,
    /// Entries of its one audit group; 0 for operations that read.
    audited: usize,
}

/// The fixture: one of everything.
struct Ids {
    api: String,
    key: String,
    secret: String,
    identity: String,
    permission: String,
    role: String,
    namespace: String,
    migration: String,
}

/// Operations without credentials; their own tests are in `verify.rs`,
/// `legacy.rs` and `transport.rs`.
const PUBLIC: &[&str] = &["POST /v1/keys.verifyKey", "POST /v1/keys/verify", "GET /v1/liveness"];

impl Ids {
    async fn make(test: &TestApp) -> Self {
        let v1 = test.v1();
        let api = v1.api().await;
        let options = json!({ "externalId": "ann", "permissions": ["read"], "remaining": 9 });
        let (key, secret) = v1.key(&api, options).await;
        let identity = text(&v1.get("identities.getIdentity?externalId=ann").await.ok()["id"]);
        let permission = text(&v1.get("permissions.listPermissions").await.ok()[0]["id"]);
        let role = text(&v1.post("permissions.createRole", json!({ "name": "editor" })).await.ok()["roleId"]);
        let limit = json!({ "namespace": "email", "identifier": "u", "limit": 1, "duration": 1000 });
        v1.post("ratelimits.limit", limit).await.ok();
        let set = json!({ "namespaceName": "email", "identifier": "vip", "limit": 1, "duration": 1000 });
        v1.post("ratelimits.setOverride", set).await.ok();
        let operator = test.operator().await;
        let namespace =
            test.app.ratelimits.namespaces().find(&operator.workspace, "email").await.unwrap().unwrap();
        let migration = test.app.keys.create_migration(&operator, "sha256").await.unwrap();
        Self {
            namespace: namespace.id.to_string(),
            migration: migration.into_string(),
            api,
            key,
            secret,
            identity,
            permission,
            role,
        }
    }

    fn fill(&self, text: &str) -> String {
        [
            ("{api}", &self.api),
            ("{apiId}", &self.api),
            ("{key}", &self.key),
            ("{keyId}", &self.key),
            ("{identity}", &self.identity),
            ("{permission}", &self.permission),
            ("{role}", &self.role),
            ("{namespace}", &self.namespace),
        ]
        .into_iter()
        .fold(text.to_owned(), |text, (name, id)| text.replace(name, id))
    }
}

impl Case {
    async fn call(&self, test: &TestApp, ids: &Ids, caller: &V1<'_>) -> Answer {
        let (method, path) = self.operation.split_once(' ').unwrap();
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
        let path = ids.fill(&format!("{path}{query}"));
        let request = test.client.request(method.parse::<Method>().unwrap(), path);
        caller
            .send(request.header("content-type", "application/json").body((self.body)(ids).to_string()))
            .await
    }
}

#[tokio::test]
async fn no_caller_that_goes_away_leaves_memory_behind_the_database() {
    for polls in POLLS {
        let test = TestApp::start().await;
        let ids = Ids::make(&test).await;
        let workspace = test.operator().await.workspace;
        let other_root_key = test.new_root_key(true, &[]).await;
        let asked = Asked {
            workspace: workspace.as_str(),
            api: &ids.api,
            key_secret: &ids.secret,
            identity: &ids.identity,
            root_key: &other_root_key,
            namespace: "email",
        };
        let mut changes: Vec<Case> = cases().into_iter().filter(|case| case.audited > 0).collect();
        changes.sort_by_key(|case| (case.operation.contains("delete"), case.operation.contains("deleteApi")));
        for case in changes {
            let caller = test.v1();
            asked.agree_after(&test, case.operation, polls, case.call(&test, &ids, &caller)).await;
        }
    }
}

async fn run(case: Case) {
    let test = TestApp::start().await;
    let ids = Ids::make(&test).await;
    let operation = case.operation;

    case.call(&test, &ids, &test.v1_anonymous()).await.refused(401, "UNAUTHORIZED");
    case.call(&test, &ids, &test.v1_as("unkey_nobody")).await.refused(401, "UNAUTHORIZED");

    let before = test.audit_entries().await;
    let denied = case.call(&test, &ids, &test.v1_with(&[]).await).await;
    denied.refused(403, "INSUFFICIENT_PERMISSIONS");

    let stranger = test.root_key_of_another_workspace().await;
    let told = case.call(&test, &ids, &test.v1_as(&stranger)).await;
    match &case.foreign {
        Foreign::NotFound => {
            told.refused(404, "NOT_FOUND");
        }
        Foreign::Shows(shown) => assert_eq!(told.ok(), shown(&ids), "{operation}"),
        Foreign::Nothing => {}
    }
    if !matches!(case.foreign, Foreign::Nothing) {
        // The two root keys and the workspace made here are the only changes.
        assert_eq!(test.audit_entries().await, before + 3, "{operation}: a refused call left a trace");
    }

    let grants: Vec<String> = case.grants.iter().map(|grant| ids.fill(grant)).collect();
    let grants: Vec<&str> = grants.iter().map(String::as_str).collect();
    let holder = test.v1_with(&grants).await;
    let before = test.audit_entries().await;
    let answer = case.call(&test, &ids, &holder).await;
    assert!(answer.status.is_success(), "{operation} with {grants:?}: {}", answer.body);
    let written = usize::try_from(test.audit_entries().await - before).unwrap();
    assert_eq!(written, case.audited, "{operation}: audit entries");
    if written > 0 {
        test.assert_one_audit_group(answer.header("unkey-request-id"), written).await;
    }

    // One grant fewer is not enough, and a star alone is.
    for left_out in 0..grants.len() {
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
        let refused = case.call(&test, &ids, &test.v1_with(&fewer).await).await;
        assert!(
            [403, 404].contains(&refused.status.as_u16()),
            "{operation} with {fewer:?}: {}",
            refused.body
        );
        let all = case.call(&test, &ids, &test.v1_with(&["*"]).await).await;
        assert!(all.status.is_success(), "{operation} with everything: {}", all.body);
    }
}

impl Ids {
    /// What requests of the cases call it.
    fn names(&self) -> Vec<&str> {
        let ids = [
            &self.api,
            &self.key,
            &self.secret,
            &self.identity,
            &self.permission,
            &self.role,
            &self.namespace,
            &self.migration,
        ];
        ids.into_iter().map(String::as_str).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_cannot_tell_what_exists_from_what_does_not() {
    let test = TestApp::start().await;
    let ids = Ids::make(&test).await;
    let (twins, elsewhere) = (Twins::of(&ids.names()), Elsewhere::make(&test).await);
    let mut compared = 0;
    for case in cases() {
        let (method, path) = case.operation.split_once(' ').unwrap();
        let path = ids.fill(&format!("{path}?{}", case.query));
        let body = (case.body)(&ids);
        let (absent_path, absent) = (twins.absent(&path), twins.absent_body(&body));
        if (&path, &body) == (&absent_path, &absent) {
            continue;
        }
        compared += 1;
        let grants: Vec<String> = case.grants.iter().map(|grant| ids.fill(grant)).collect();
        let absent_grants: Vec<String> = grants.iter().map(|grant| twins.absent(grant)).collect();
        let strangers = elsewhere.callers(&test, [grants, absent_grants]).await;
        let both = |(foreign, absent): &(String, String)| (test.v1_as(foreign), test.v1_as(absent));
        let mut callers: Vec<(V1<'_>, V1<'_>)> = strangers.iter().map(both).collect();
        callers.push((test.v1_anonymous(), test.v1_anonymous()));
        callers.push((test.v1_as("unkey_nobody"), test.v1_as("unkey_nobody")));
        callers.push((test.v1_as(&ids.secret), test.v1_as(&ids.secret)));
        for (of_foreign, of_absent) in &callers {
            let ask = async |caller: &V1<'_>, path: &str, body: &Value| {
                let request = test.client.request(method.parse::<Method>().unwrap(), path);
                caller.send(request.header("content-type", "application/json").body(body.to_string())).await
            };
            let foreign = ask(of_foreign, &path, &body).await;
            let nothing = ask(of_absent, &absent_path, &absent).await;
            assert_eq!(twins.told(&foreign), twins.told(&nothing), "{}", case.operation);
        }
    }
    assert!(compared >= 34, "{compared} operations name something");
}

#[test]
fn every_operation_has_a_case() {
    let mut described = BTreeSet::new();
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        described.extend(
            item.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())),
        );
    }
    let cased = cases();
    let known = cased.iter().map(|case| case.operation).chain(PUBLIC.iter().copied());
    assert_eq!(described, known.map(str::to_owned).collect());
    assert_eq!((described.len(), PUBLIC.len()), (47, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_asks_for_its_grant_and_audits_itself() {
    some_at_once(cases().into_iter().map(run)).await;
}

/// Names of the members of a body, or of the items of a list.
fn members(operation: &str) -> Vec<String> {
    let (method, path) = operation.split_once(' ').unwrap();
    let body = &DOCUMENT["paths"][path][method.to_lowercase()]["requestBody"]["content"]["application/json"];
    let mut schema = &body["schema"];
    loop {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            schema = &DOCUMENT["components"]["schemas"][name];
        } else if schema["type"] == "array" {
            schema = &schema["items"];
        } else {
            let properties = schema["properties"].as_object();
            return properties.map(|members| members.keys().cloned().collect()).unwrap_or_default();
        }
    }
}

/// v1 ignores members that it does not know, but for these: who sends one and is
/// told that all went well is not protected.
#[tokio::test]
async fn no_operation_ignores_a_member_that_protects() {
    let test = TestApp::start().await;
    let ids = Ids::make(&test).await;
    let before = test.audit_entries().await;
    let mut tried = 0;
    // What a rate limit is asked for is required there, and its cost is known.
    let takes_a_body =
        |case: &Case| !case.operation.starts_with("GET ") && case.operation != "POST /v1/ratelimits.limit";
    for case in cases().into_iter().filter(takes_a_body) {
        let known = members(case.operation);
        if known.is_empty() {
            continue;
        }
        for name in PROTECTING.into_iter().filter(|name| !known.iter().any(|known| known == name)) {
            let mut body = (case.body)(&ids);
            let object = if body.is_array() { &mut body[0] } else { &mut body };
            object[name] = json!(1);
            let (method, path) = case.operation.split_once(' ').unwrap();
            let request = test.client.request(method.parse::<Method>().unwrap(), ids.fill(path));
            let request = request.header("content-type", "application/json").body(body.to_string());
            let answer = test.v1().send(request).await;
            let message = answer.refused(400, "BAD_REQUEST").to_owned();
            assert!(message.contains(name), "{} {name}: {message}", case.operation);
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried}");
    assert_eq!(test.audit_entries().await, before, "nothing was changed");
    // What protects nothing is ignored, by contract.
    test.v1().post("apis.createApi", json!({ "name": "other", "colour": "red" })).await.ok();
}
