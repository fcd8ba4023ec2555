//! The door that proxies ask: what passes, what is said of it, and what is never said.

use base::events::Stored;
use base::ids::ApiId;
use domain::apis::SetApi;
use insight::analytics::{Filter, PageOf};
use insight::search::Kind;
use poem::http::Method;
use serde_json::{Value, json};

use crate::request_log::{of_path, own};
use crate::support::{Answer, START_MS, TestApp, answer};

/// What a proxy is told about a request with these headers.
async fn ask(test: &TestApp, address: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = test.client().get(address);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    answer(request.send().await.0).await
}

async fn ask_with(test: &TestApp, address: &str, key: &str) -> Answer {
    ask(test, address, &[("authorization", &format!("Bearer {key}"))]).await
}

#[track_caller]
fn told(answer: &Answer) -> (u16, &str) {
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.header("x-unkey-request-id").starts_with("req_"));
    let passes = answer.status.as_u16() == 200;
    assert_eq!(!passes, answer.header("x-unkey-key-id").is_empty());
    (answer.status.as_u16(), answer.header("x-unkey-code"))
}

#[tokio::test]
async fn a_request_that_passes_says_whose_it_is() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let limits = json!([{ "name": "requests", "limit": 5, "duration": 60000, "autoApply": true }]);
    let options = json!({
        "name": "Zoë, main", "externalId": "ann.1", "credits": { "remaining": 10 }, "ratelimits": limits,
        "permissions": ["docs.read"],
    });
    let (key_id, key) = test.key(&api, options).await;
    let address = format!("/auth/verify?api={api}&permissions=docs.read+AND+docs.read&cost=3");
    let passed = ask_with(&test, &address, &key).await;
    assert_eq!(told(&passed), (200, "VALID"));
    assert_eq!((passed.header("content-type"), &passed.body), ("", &Value::Null));
    for (name, value) in [
        ("x-unkey-key-id", key_id.as_str()),
        ("x-unkey-key-name", "Zo%C3%AB%2C%20main"),
        ("x-unkey-api-id", &api),
        ("x-unkey-external-id", "ann.1"),
        ("x-unkey-credits", "7"),
        ("x-unkey-limit", "requests"),
        ("ratelimit-limit", "5"),
        ("ratelimit-remaining", "4"),
        ("ratelimit-reset", "60"),
    ] {
        assert_eq!(passed.header(name), value, "{name}");
    }
    assert!(passed.header("x-unkey-identity-id").starts_with("id_"));
    assert_eq!(passed.header("retry-after"), "");
    // What it says of a key that has nothing is said as nothing, and not left out.
    let (_, plain) = test.key(&api, json!({})).await;
    let response = test.client().get(format!("/auth/verify?api={api}"));
    let response = response.header("authorization", format!("Bearer {plain}")).send().await.0;
    for name in ["x-unkey-key-name", "x-unkey-identity-id", "x-unkey-external-id", "x-unkey-credits"] {
        assert_eq!(response.headers().get(name).map(|value| value.len()), Some(0), "{name}");
    }
}

#[tokio::test]
async fn every_denial_has_its_status() {
    let test = TestApp::start().await;
    let (api, other) = (test.api().await, test.api().await);
    let address = format!("/auth/verify?api={api}");
    let at = |more: &str| format!("{address}&{more}");
    let (_, key) = test.key(&api, json!({ "permissions": ["a"] })).await;
    let (_, elsewhere) = test.key(&other, json!({})).await;
    let (_, disabled) = test.key(&api, json!({ "enabled": false })).await;
    let (_, expired) = test.key(&api, json!({ "expires": START_MS + 1000 })).await;
    let (_, poor) = test.key(&api, json!({ "credits": { "remaining": 1 } })).await;
    test.step_ms(2000);
    let own_limit = "limit=burst,limit=1,duration=60000";
    for (address, key, status, code) in [
        (address.clone(), "nobody", 401, "NOT_FOUND"),
        (address.clone(), &*test.root_key, 401, "NOT_FOUND"),
        (address.clone(), &*disabled, 401, "DISABLED"),
        (address.clone(), &*expired, 401, "EXPIRED"),
        (address.clone(), &*elsewhere, 403, "FORBIDDEN"),
        (at("permissions=b"), &*key, 403, "INSUFFICIENT_PERMISSIONS"),
        (at("cost=2"), &*poor, 403, "USAGE_EXCEEDED"),
        (at(own_limit), &*key, 200, "VALID"),
        (at(own_limit), &*key, 429, "RATE_LIMITED"),
    ] {
        let answer = ask_with(&test, &address, key).await;
        assert_eq!(told(&answer), (status, code), "{address}");
        assert_eq!(answer.header("www-authenticate"), if status == 401 { "Bearer" } else { "" });
        assert_eq!(answer.header("retry-after"), if status == 429 { "58" } else { "" });
        assert_eq!(answer.body, Value::Null);
    }
    let network =
        SetApi { ip_allowlist: Some(Some("192.0.2.0/24".into())), ..SetApi::new(ApiId::from(api.clone())) };
    test.app.apis.set(&test.operator().await, network).await.unwrap();
    assert_eq!(told(&ask_with(&test, &address, &key).await), (403, "FORBIDDEN"));
}

#[tokio::test]
async fn keys_of_every_workspace_pass_for_their_own_api_alone() {
    let test = TestApp::start().await;
    let own_api = test.api().await;
    let root_key = test.root_key_of_another_workspace().await;
    let body = json!({ "name": "theirs" });
    let api =
        test.call_as(&root_key, "apis.createApi", body).await.data()["apiId"].as_str().unwrap().to_owned();
    let key = test.call_as(&root_key, "keys.createKey", json!({ "apiId": api })).await.data()["key"].clone();
    let key = key.as_str().unwrap();
    assert_eq!(told(&ask_with(&test, &format!("/auth/verify?api={api}"), key).await), (200, "VALID"));
    let wrong = ask_with(&test, &format!("/auth/verify?api={own_api}"), key).await;
    assert_eq!(told(&wrong), (403, "FORBIDDEN"));
    assert_eq!(wrong.header("x-unkey-external-id"), "");
}

#[tokio::test]
async fn what_a_client_writes_is_no_demand() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, key) = test.key(&api, json!({ "credits": { "remaining": 5 } })).await;
    let bearer = format!("Bearer {key}");
    // The client's address, in the header or behind the demands, with demands of its own.
    let forwarded = [("authorization", bearer.as_str()), ("x-forwarded-uri", "/x?api=no&cost=0")];
    let one = ask(&test, &format!("/auth/verify?api={api}"), &forwarded).await;
    assert_eq!((told(&one), one.header("x-unkey-credits")), ((200, "VALID"), "4"));
    let behind = format!("/auth/verify/api={api}&cost=2/x/../../cost=0?cost=0&permissions=x&api=no");
    let two = ask(&test, &behind, &forwarded).await;
    assert_eq!((told(&two), two.header("x-unkey-credits")), ((200, "VALID"), "2"));
    for method in [Method::POST, Method::DELETE, Method::HEAD, Method::OPTIONS] {
        let request = test.client().request(method.clone(), format!("/auth/verify?api={api}&cost=0"));
        let response = request.header("authorization", &bearer).send().await.0;
        assert_eq!(response.status().as_u16(), 200, "{method}");
    }
}

#[tokio::test]
async fn demands_that_are_not_right_let_nothing_pass() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, key) = test.key(&api, json!({ "permissions": ["a"] })).await;
    for (address, said) in [
        ("/auth/verify".to_owned(), "`api` is missing"),
        (format!("/auth/verify?api={api}&permision=a"), "not known"),
        (format!("/auth/verify?api={api}&cost=-1"), "`cost`"),
        (format!("/auth/verify?api={api}&permissions=a+AND"), "`permissions` cannot be read"),
        (format!("/auth/verify?api={api}&limit=nowhere"), "stored neither"),
        (format!("/auth/verify?api={api}&limit=x,limit=1,duration=9&limit=x,limit=9,duration=9"), "one name"),
        ("/auth/verify/x/api=y?api=y".to_owned(), "empty or cannot be read"),
    ] {
        let response = test.client().get(&address).header("authorization", format!("Bearer {key}"));
        let response = response.send().await.0;
        assert_eq!(response.status().as_u16(), 400, "{address}");
        let text = response.into_body().into_string().await.unwrap();
        assert!(text.contains(said) && !text.contains(&key), "{address}: {text}");
    }
    let off = TestApp::start_with(|config| config.forward_auth = false).await;
    let refused = ask_with(&off, &format!("/auth/verify?api={api}"), &key).await;
    assert_eq!(refused.status.as_u16(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_an_address_is_used_and_kept_nowhere() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key_id, key) = test.key(&api, json!({})).await;
    let behind = format!("/auth/verify/api={api}&from=query:token&tag=edge/a/{key}?token={key}");
    assert_eq!(told(&ask(&test, &behind, &[("user-agent", &key)]).await), (200, "VALID"));
    let address = format!("/auth/verify?api={api}&from=header:x-key&from=query:token");
    let uri = format!("/a?token={key}");
    assert_eq!(told(&ask(&test, &address, &[("x-forwarded-uri", &uri)]).await), (200, "VALID"));
    assert_eq!(
        told(&ask(&test, &address, &[("x-key", "nobody"), ("x-forwarded-uri", &uri)]).await),
        (401, "NOT_FOUND")
    );
    assert_eq!(told(&ask_with(&test, &address, &key).await), (401, "KEY_MISSING"));
    let twice = format!("/auth/verify/api={api}&from=query:token/?token={key}&token=x");
    assert_eq!(told(&ask(&test, &twice, &[]).await), (401, "KEY_AMBIGUOUS"));
    let method = Method::from_bytes(key.as_bytes()).unwrap();
    let request = test.client().request(method, "/auth/verify?api=api_other");
    assert_eq!(request.header("authorization", &key).send().await.0.status().as_u16(), 403);
    let logged = own(&test, of_path("/auth/verify")).await;
    assert!(logged.iter().any(|request| request.method == "other"));
    assert!(logged.iter().all(|request| !format!("{request:?}").contains(&key)), "{logged:?}");
    assert!(logged.iter().all(|request| request.door == "forward_auth"));
    let of = PageOf {
        kind: Kind::Verifications,
        workspace: test.operator().await.workspace,
        start_ms: START_MS - 1,
        end_ms: START_MS + 60_000,
        filter: Filter::default(),
        limit: 10,
        after: None,
    };
    let events = test.app.analytics.page(of).await.unwrap().events;
    assert_eq!(events.len(), 3);
    for event in events {
        let Stored::Verification(event) = event else { panic!("no verification: {event:?}") };
        assert_eq!((event.key.as_str(), event.door.as_str()), (key_id.as_str(), "forward_auth"));
        assert!(!format!("{event:?}").contains(&key));
    }
}

#[tokio::test]
async fn guesses_are_counted() {
    let test = TestApp::start_with(|config| config.v1_unknown_keys_per_minute = Some(3)).await;
    let api = test.api().await;
    let address = format!("/auth/verify?api={api}");
    let (_, key) = test.key(&api, json!({})).await;
    assert_eq!(told(&ask_with(&test, &address, &key).await), (200, "VALID"));
    for guess in ["a", "b", "c"] {
        assert_eq!(told(&ask_with(&test, &address, guess).await), (401, "NOT_FOUND"));
    }
    let refused = ask_with(&test, &address, "d").await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after").is_empty()), (429, false));
    assert_eq!(told(&ask_with(&test, &address, &key).await), (200, "VALID"), "a known key passes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_never_lets_too_many_pass() {
    let test = std::sync::Arc::new(TestApp::start().await);
    let api = test.api().await;
    let limits = json!([{ "name": "requests", "limit": 20, "duration": 60000, "autoApply": true }]);
    let options = json!({ "ratelimits": limits, "credits": { "remaining": 12 } });
    let (_, key) = test.key(&api, options).await;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (test, key, api) = (test.clone(), key.clone(), api.clone());
        running.spawn(async move {
            ask_with(&test, &format!("/auth/verify?api={api}"), &key).await.status.as_u16()
        });
    }
    let statuses = running.join_all().await;
    let count = |status| statuses.iter().filter(|own| **own == status).count();
    assert_eq!((count(200), count(403), count(429)), (12, 8, 30));
    let revoked = json!({ "keyId": test.verify(&key).await["keyId"], "enabled": false });
    test.call("keys.updateKey", revoked).await.data();
    assert_eq!(told(&ask_with(&test, &format!("/auth/verify?api={api}"), &key).await), (401, "DISABLED"));
}
