//! v2 `portal.*`.

use poem::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Answer, START_MS, TestApp};

/// A portal over an API with two keys of `ann` and one of `bob`.
struct Portal {
    test: TestApp,
    api: String,
    id: String,
    keys: Vec<(String, String)>,
}

impl Portal {
    async fn open() -> Self {
        let test = TestApp::start().await;
        let api = test.api().await;
        let mut keys = Vec::new();
        for external_id in ["ann", "ann", "bob"] {
            keys.push(test.key(&api, json!({ "externalId": external_id })).await);
        }
        let keyspace = test.verify(&keys[2].1).await["keyspaceId"].clone();
        let body = json!({ "slug": "my-portal", "displayName": "Mine", "keyspaceId": keyspace });
        let id = test.call("portal.createPortal", body).await.data()["portalId"].as_str().unwrap().to_owned();
        Self { test, api, id, keys }
    }

    async fn code(&self, external_id: &str, scopes: &[&str]) -> String {
        let body = json!({ "portal": "my-portal", "externalId": external_id, "scopes": scopes });
        let data = self.test.call("portal.createSession", body).await.data();
        assert!(data["id"].as_str().unwrap().starts_with("ps_"));
        data["url"].as_str().unwrap().split_once("?code=").unwrap().1.to_owned()
    }

    async fn token(&self, external_id: &str, scopes: &[&str]) -> String {
        let code = self.code(external_id, scopes).await;
        let answer = self.exchange(&code).await.data();
        assert_eq!(answer["expiresAt"], START_MS + 86_400_000);
        answer["accessToken"].as_str().unwrap().to_owned()
    }

    async fn exchange(&self, code: &str) -> Answer {
        let body = json!({ "code": code }).to_string();
        self.test.raw("portal.exchangeCode", None, Some("application/json"), body).await
    }

    async fn as_user(&self, token: &str, operation: &str, body: Value) -> Answer {
        self.test.with_cookie(operation, &format!("other=1; portal_session={token}"), body).await
    }
}

#[tokio::test]
async fn a_scope_of_older_clients_alone_opens_a_session_that_may_nothing() {
    let portal = Portal::open().await;
    let token = portal.token("ann", &["keys:create"]).await;
    let over = json!({ "startTime": START_MS - 1, "endTime": START_MS });
    for (operation, body) in [
        ("portal.listKeys", json!({})),
        ("portal.rerollKey", json!({ "keyId": portal.keys[0].0, "expiration": 0 })),
        ("portal.getVerifications", over),
    ] {
        let refused = portal.as_user(&token, operation, body).await;
        refused.fails(403, "authorization/insufficient_permissions");
    }
    let body = json!({ "portal": "my-portal", "externalId": "ann", "scopes": [] });
    portal.test.call("portal.createSession", body).await.fails(400, "application/invalid_input");
}

#[tokio::test]
async fn end_users_see_and_reroll_only_their_own_keys() {
    let portal = Portal::open().await;
    let token = portal.token("ann", &["keys:read", "keys:reroll"]).await;
    assert_eq!(portal.test.last_audit().await, ["portal.session.exchange"]);
    let listed = portal.as_user(&token, "portal.listKeys", json!({ "limit": 1 })).await;
    assert_eq!(listed.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(listed.body["pagination"]["hasMore"], true);
    let own = json!({ "keyId": portal.keys[0].0, "expiration": 0 });
    let new = portal.as_user(&token, "portal.rerollKey", own).await.data();
    assert_eq!(portal.test.verify(new["key"].as_str().unwrap()).await["code"], "VALID");
    assert_eq!(portal.test.verify(&portal.keys[0].1).await["code"], "EXPIRED");
    let foreign = json!({ "keyId": portal.keys[2].0, "expiration": 0 });
    portal.as_user(&token, "portal.rerollKey", foreign).await.fails(404, "data/key_not_found");
    let other = portal.test.api().await;
    let (elsewhere, _) = portal.test.key(&other, json!({ "externalId": "ann" })).await;
    let elsewhere = json!({ "keyId": elsewhere, "expiration": 0 });
    portal.as_user(&token, "portal.rerollKey", elsewhere).await.fails(404, "data/key_not_found");
    let span = json!({ "startTime": START_MS, "endTime": START_MS + 60_000 });
    let refused = portal.as_user(&token, "portal.getVerifications", span).await;
    refused.fails(403, "authorization/insufficient_permissions");
}

#[tokio::test]
async fn a_code_works_once_and_a_session_can_be_ended() {
    let portal = Portal::open().await;
    let code = portal.code("ann", &["keys:read"]).await;
    let token = portal.exchange(&code).await.data()["accessToken"].as_str().unwrap().to_owned();
    for wrong in [code.as_str(), "pst_nothing"] {
        portal.exchange(wrong).await.fails(401, "authentication/portal_session_not_found");
    }
    let late = portal.code("bob", &["keys:read"]).await;
    let sessions = portal.test.call("portal.listSessions", json!({ "portal": portal.id })).await.data();
    assert_eq!(
        (sessions[0]["externalId"].clone(), sessions[0]["sessions"][0]["status"].clone()),
        (json!("ann"), json!("active"))
    );
    assert_eq!(sessions[1]["sessions"][0]["status"], "pending");
    portal.test.advance_ms(15 * 60_000 + 1);
    portal.exchange(&late).await.fails(401, "authentication/portal_session_not_found");

    portal.as_user(&token, "portal.listKeys", json!({})).await.data();
    let body = json!({ "portal": "my-portal", "externalId": "ann" });
    assert_eq!(portal.test.call("portal.revokeSession", body.clone()).await.data()["sessionsRevoked"], 1);
    portal.as_user(&token, "portal.listKeys", json!({})).await.fails(401, "portal_session_not_found");
    assert_eq!(portal.test.call("portal.revokeSession", body).await.data()["sessionsRevoked"], 0);
}

#[tokio::test]
async fn a_session_that_is_ended_while_the_clock_is_ahead_stays_ended() {
    let portal = Portal::open().await;
    let (token, code) = (portal.token("ann", &["keys:read"]).await, portal.code("ann", &["keys:read"]).await);
    portal.test.step_ms(2 * 86_400_000);
    let body = json!({ "portal": "my-portal", "externalId": "ann" });
    portal.test.call("portal.revokeSession", body).await.data();
    portal.test.step_ms(-2 * 86_400_000);
    portal.as_user(&token, "portal.listKeys", json!({})).await.fails(401, "portal_session_not_found");
    portal.exchange(&code).await.fails(401, "authentication/portal_session_not_found");
}

#[tokio::test]
async fn credentials_of_the_wrong_kind_are_refused() {
    let portal = Portal::open().await;
    let token = portal.token("ann", &["keys:read"]).await;
    let empty = portal.as_user("", "portal.listKeys", json!({})).await;
    empty.fails(400, "authentication/portal_token_missing");
    portal.as_user("pat_wrong", "portal.listKeys", json!({})).await.fails(401, "portal_session_not_found");
    let bearer = portal.test.call("portal.listKeys", json!({})).await;
    bearer.fails(400, "application/invalid_input");
    assert_eq!(bearer.body["error"]["errors"][0]["location"], "security");
    let none = portal.test.raw("portal.listKeys", None, Some("application/json"), "{}").await;
    none.fails(400, "application/invalid_input");
    portal.test.advance_ms(86_400_001);
    portal.as_user(&token, "portal.listKeys", json!({})).await.fails(401, "portal_session_not_found");
}

#[tokio::test]
async fn nobody_gives_away_what_they_do_not_have() {
    let portal = Portal::open().await;
    let grants = ["portal.*.create_portal_session", "api.*.read_key", "api.*.read_api"];
    let narrow = portal.test.new_root_key(false, &grants).await;
    let open = async |scopes: Value| {
        let body = json!({ "portal": portal.id, "externalId": "ann", "scopes": scopes });
        portal.test.call_as(&narrow, "portal.createSession", body).await
    };
    open(json!(["keys:read"])).await.data();
    open(json!(["keys:read", "keys:reroll"])).await.fails(403, "authorization/insufficient_permissions");
    open(json!(["keys:reroll"])).await.fails(400, "application/invalid_input");
    let stranger = portal.test.new_root_key(false, &["api.*.read_key"]).await;
    let body = json!({ "portal": portal.id, "externalId": "ann", "scopes": ["keys:read"] });
    portal.test.call_as(&stranger, "portal.createSession", body).await.fails(404, "data/portal_not_found");
}

#[tokio::test]
async fn portals_are_read_changed_and_deleted() {
    let portal = Portal::open().await;
    let test = &portal.test;
    let found = test.call("portal.getPortal", json!({ "portal": "my-portal" })).await.data();
    assert_eq!(
        (found["id"].clone(), found["enabled"].clone(), found.get("branding")),
        (json!(portal.id), json!(true), None)
    );
    let by_keyspace = json!({ "keyspaceId": found["keyspaceId"] });
    assert_eq!(test.call("portal.getPortal", by_keyspace.clone()).await.data()["id"], portal.id);
    let again = json!({ "slug": "another", "displayName": "A", "keyspaceId": found["keyspaceId"] });
    test.call("portal.createPortal", again).await.fails(409, "data/portal_already_exists");

    let token = portal.token("ann", &["keys:read"]).await;
    let change =
        json!({ "portal": portal.id, "enabled": false, "primaryColor": "#00ff00", "displayName": "New" });
    test.call("portal.updatePortal", change).await.data();
    let found = test.call("portal.getPortal", json!({ "portal": portal.id })).await.data();
    assert_eq!(found["branding"], json!({ "primaryColor": "#00ff00" }));
    portal.as_user(&token, "portal.listKeys", json!({})).await.fails(401, "portal_session_not_found");
    let body = json!({ "portal": portal.id, "externalId": "ann", "scopes": ["keys:read"] });
    test.call("portal.createSession", body).await.fails(403, "authorization/forbidden");

    test.call("portal.deletePortal", json!({ "portal": portal.id })).await.data();
    test.call("portal.getPortal", json!({ "portal": portal.id })).await.fails(404, "data/portal_not_found");
    let body = json!({ "slug": "my-portal", "displayName": "A", "keyspaceId": found["keyspaceId"] });
    test.call("portal.createPortal", body).await.data();
    assert!(!portal.api.is_empty());
}

#[tokio::test]
async fn verifications_are_counted_per_bucket_and_key() {
    let portal = Portal::open().await;
    let test = &portal.test;
    let (first, second, foreign) = (&portal.keys[0], &portal.keys[1], &portal.keys[2]);
    for _ in 0..3 {
        test.verify(&first.1).await;
    }
    test.verify(&foreign.1).await;
    test.advance_ms(60_000);
    test.call("keys.updateKey", json!({ "keyId": second.0, "enabled": false })).await.data();
    test.verify(&second.1).await;
    test.flush_events().await;
    let token = portal.token_with_analytics().await;
    let span = json!({ "startTime": START_MS, "endTime": START_MS + 120_000 });
    let answer = portal.as_user(&token, "portal.getVerifications", span).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.body["bucketMillis"], 60_000);
    let total = answer.body["data"].as_array().unwrap();
    assert_eq!(total.len(), 3);
    assert_eq!(
        (total[0]["time"].clone(), total[0]["valid"].clone(), total[0]["total"].clone()),
        (json!(START_MS), json!(3), json!(3))
    );
    assert_eq!((total[1]["disabled"].clone(), total[2]["total"].clone()), (json!(1), json!(0)));
    let keys = answer.body["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    let one = json!({ "startTime": START_MS, "endTime": START_MS + 1, "keyId": second.0 });
    let answer = portal.as_user(&token, "portal.getVerifications", one).await;
    assert_eq!((answer.body["keys"].clone(), answer.body["data"][0]["total"].clone()), (json!([]), json!(0)));
    let backwards = json!({ "startTime": 5, "endTime": 5 });
    portal.as_user(&token, "portal.getVerifications", backwards).await.fails(400, "invalid_input");
}

impl Portal {
    async fn token_with_analytics(&self) -> String {
        let code = self.code("ann", &["keys:read", "analytics:read"]).await;
        self.exchange(&code).await.data()["accessToken"].as_str().unwrap().to_owned()
    }
}

/// Keys that are not an end user's own: of another user, of another API, of
/// another workspace, and none at all.
async fn keys_of_others(portal: &Portal) -> Vec<String> {
    let test = &portal.test;
    let ann = json!({ "externalId": "ann" });
    let (other_api, _) = test.key(&test.api().await, ann.clone()).await;
    let stranger = test.root_key_of_another_workspace().await;
    let api = test.call_as(&stranger, "apis.createApi", json!({ "name": "theirs" })).await.data();
    let mut options = ann;
    options["apiId"] = api["apiId"].clone();
    let elsewhere = test.call_as(&stranger, "keys.createKey", options).await.data();
    let mut absent = portal.keys[0].0.clone();
    absent.replace_range(absent.len() - 1.., "0");
    vec![portal.keys[2].0.clone(), other_api, elsewhere["keyId"].as_str().unwrap().to_owned(), absent]
}

/// An answer but for its request id and the key it is about.
fn told(answer: &Answer, key: &str) -> String {
    let mut body = answer.body.clone();
    body.as_object_mut().unwrap().remove("meta");
    format!("{} {body}", answer.status).replace(key, "KEY")
}

#[tokio::test]
async fn an_end_user_learns_nothing_of_other_keys() {
    let portal = Portal::open().await;
    let test = &portal.test;
    let others = keys_of_others(&portal).await;
    let span = json!({ "startTime": START_MS, "endTime": START_MS + 60_000 });
    let mut operations = Vec::new();
    for operation in unkey::http::v2::DOCUMENT["paths"].as_object().unwrap().keys() {
        let asks_for_session = unkey::http::v2::DOCUMENT["paths"][operation]["post"]["security"][0]
            .get("portalSession")
            .is_some();
        if asks_for_session {
            operations.push(operation.trim_start_matches("/v2/").to_owned());
        }
    }
    operations.sort();
    assert_eq!(operations, ["portal.getVerifications", "portal.listKeys", "portal.rerollKey"]);
    for scopes in [&["keys:read"][..], &["keys:read", "keys:reroll", "analytics:read"]] {
        let code = portal.code("ann", scopes).await;
        let token = portal.exchange(&code).await.data()["accessToken"].as_str().unwrap().to_owned();
        for operation in &operations {
            let mut answers = Vec::new();
            for key in &others {
                let body = match operation.as_str() {
                    "portal.rerollKey" => json!({ "keyId": key, "expiration": 0 }),
                    "portal.getVerifications" => {
                        let mut body = span.clone();
                        body["keyId"] = key.as_str().into();
                        body
                    }
                    // A list names a key only where it goes on.
                    _ => json!({ "limit": 100, "cursor": "key_0" }),
                };
                let answer = portal.as_user(&token, operation, body).await;
                assert_tells_nothing(&portal, &answer, operation).await;
                answers.push(told(&answer, key));
            }
            assert!(answers.iter().all(|answer| *answer == answers[0]), "{operation}: {answers:#?}");
        }
    }
    assert_eq!(test.verify(&portal.keys[2].1).await["code"], "VALID");
}

/// No refusal names what is behind a portal.
async fn assert_tells_nothing(portal: &Portal, answer: &Answer, operation: &str) {
    if answer.status.is_success() {
        return;
    }
    let text = answer.body["error"].to_string();
    let workspace = portal.test.operator().await.workspace.into_string();
    for inner in [portal.api.as_str(), &workspace, "ks_", "api_", "ws_", "unkey:v1", "read_key", "create_key"]
    {
        assert!(!text.contains(inner), "{operation} names {inner}: {text}");
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_replaced_says_nothing_of_its_api() {
    let portal = Portal::open().await;
    let test = &portal.test;
    test.set_recoverable(&portal.api).await;
    let (key, _) = test.key(&portal.api, json!({ "externalId": "ann", "recoverable": true })).await;
    let token = portal.token("ann", &["keys:read", "keys:reroll"]).await;
    let off = domain::apis::SetApi {
        recoverable: Some(false),
        ..domain::apis::SetApi::new(portal.api.as_str().into())
    };
    test.app.apis.set(&test.operator().await, off).await.unwrap();
    let body = json!({ "keyId": key, "expiration": 0 });
    let refused = portal.as_user(&token, "portal.rerollKey", body.clone()).await;
    refused.fails(412, "application/precondition_failed");
    assert_eq!(
        refused.body["error"]["detail"],
        "This key cannot be replaced here. Ask whoever gave it to you."
    );
    test.call("apis.deleteApi", json!({ "apiId": portal.api })).await.data();
    for (operation, body) in [("portal.rerollKey", body), ("portal.listKeys", json!({}))] {
        let over = portal.as_user(&token, operation, body).await;
        over.fails(401, "authentication/portal_session_not_found");
    }
}
