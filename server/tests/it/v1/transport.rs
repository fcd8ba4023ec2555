//! What every v1 request and answer has in common: paths, headers, envelopes,
//! credentials, preflights.

use base::config::V1 as Setting;
use domain::root_keys::CreateRootKey;
use poem::http::Method;
use serde_json::{Value, json};

use super::text;
use crate::support::{START_MS, TestApp, answer};

// row: api-reference/overview
#[tokio::test]
async fn reads_are_get_and_changes_are_post() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let (key_id, _) = v1.key(&v1.api().await, json!({})).await;
    assert_eq!(v1.get(&format!("keys.getKey?keyId={key_id}")).await.ok()["id"], *key_id);
    v1.post("keys.getKey", json!({ "keyId": key_id })).await.refused(404, "NOT_FOUND");
    v1.get(&format!("keys.deleteKey?keyId={key_id}")).await.refused(404, "NOT_FOUND");
    v1.get("keys.nothing").await.refused(404, "NOT_FOUND");
    v1.get("liveness/").await.refused(404, "NOT_FOUND");
    let request = test.client.post("/v1/keys.createKey").body("{");
    let broken = v1.send(request.header("content-type", "application/json")).await;
    assert_eq!(broken.refused(400, "BAD_REQUEST"), "Malformed JSON in request body");
}

#[tokio::test]
async fn bodies_that_are_no_json_are_empty_ones() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let post = |content_type: &str, body: &str| {
        let request = test.client.post("/v1/apis.createApi").body(body.to_owned());
        v1.send(request.header("content-type", content_type))
    };
    for media in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let refused = post(media, r#"{"name":"payments"}"#).await;
        assert_eq!(refused.refused(400, "BAD_REQUEST"), "name: Required", "{media}");
    }
    for media in ["application/json; charset=utf-8", "application/vnd.api+json"] {
        post(media, r#"{"name":"payments","unknown":1}"#).await.ok();
    }
    assert_eq!(
        post("application/json", "").await.refused(400, "BAD_REQUEST"),
        "Malformed JSON in request body"
    );
}

#[tokio::test]
async fn every_answer_carries_the_headers_of_v1() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let answers = [
        v1.get("liveness").await,
        v1.get("apis.getApi").await,
        v1.get("nowhere").await,
        test.v1_anonymous().get("permissions.listRoles").await,
    ];
    for found in answers {
        assert!(found.header("unkey-request-id").starts_with("req_"), "{}", found.body);
        assert!(!found.header("unkey-version").is_empty());
        let latency = found.header("unkey-latency");
        let number = latency.strip_prefix("service=").and_then(|text| text.strip_suffix("ms")).unwrap();
        assert!(number.parse::<f64>().is_ok(), "{latency}");
        assert_eq!(found.header("access-control-allow-origin"), "*");
    }
    let verified = v1.post("keys.verifyKey", json!({ "key": "nobody" })).await;
    assert_eq!(verified.body["requestId"], verified.header("unkey-request-id"));
}

#[tokio::test]
async fn pretty_is_for_people() {
    let test = TestApp::start().await;
    let request = test.client.get("/v1/liveness?pretty").send().await;
    let body = request.0.into_body().into_string().await.unwrap();
    assert!(body.starts_with("{\n  \"status\""), "{body}");
    let request = test.client.get("/v1/nowhere?pretty=true").send().await;
    assert!(request.0.into_body().into_string().await.unwrap().starts_with("{\n  \"error\""));
}

#[tokio::test]
async fn preflights_allow_what_they_are_asked_for() {
    let test = TestApp::start().await;
    let request = test.client.request(Method::OPTIONS, "/v1/keys.verifyKey");
    let asked = request.header("access-control-request-headers", "authorization,content-type");
    let allowed = answer(asked.send().await.0).await;
    assert_eq!((allowed.status.as_u16(), &allowed.body), (204, &Value::Null));
    assert_eq!(allowed.header("access-control-allow-methods"), "GET,HEAD,PUT,POST,DELETE,PATCH");
    assert_eq!(allowed.header("access-control-allow-headers"), "authorization,content-type");
    assert_eq!(allowed.header("access-control-allow-origin"), "*");
    assert_eq!(allowed.header("vary").to_lowercase(), "access-control-request-headers");
    assert!(allowed.header("unkey-version").is_empty());
}

#[tokio::test]
async fn head_is_answered_where_get_is() {
    let test = TestApp::start().await;
    let head = |path: &str| test.client.request(Method::HEAD, path.to_owned()).send();
    assert_eq!(head("/v1/liveness").await.0.status().as_u16(), 200);
    assert_eq!(head("/v1/keys.verifyKey").await.0.status().as_u16(), 404);
}

// row: api-reference/authentication
#[tokio::test]
async fn a_root_key_is_needed_and_its_scope_is_kept() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let (api_1, api_2) = (v1.api().await, v1.api().await);
    let (_, user_key) = v1.key(&api_1, json!({})).await;
    let get = async |caller: &super::V1<'_>, api: &str| caller.get(&format!("apis.getApi?apiId={api}")).await;
    assert_eq!(get(&test.v1_anonymous(), &api_1).await.refused(401, "UNAUTHORIZED"), "key required");
    assert_eq!(get(&test.v1_as("unkey_nobody"), &api_1).await.refused(401, "UNAUTHORIZED"), "key not found");
    get(&test.v1_as(&user_key), &api_1).await.refused(401, "UNAUTHORIZED");
    let reader = test.v1_with(&[&format!("api.{api_1}.read_api")]).await;
    get(&reader, &api_1).await.ok();
    let refused = get(&reader, &api_2).await;
    let message = refused.refused(403, "INSUFFICIENT_PERMISSIONS");
    let expected = format!(
        r#"Missing one of these permissions: ['"*"', '"api.*.read_api"', '"api.{api_2}.read_api"'], have: ['api.{api_1}.read_api']"#
    );
    assert_eq!(message, expected);
    reader.post("apis.createApi", json!({ "name": "other" })).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    // A star alone is everything, here and only here.
    let legacy = test.new_root_key(false, &["*"]).await;
    get(&test.v1_as(&legacy), &api_2).await.ok();
    test.call_as(&legacy, "apis.getApi", json!({ "apiId": api_2 }))
        .await
        .fails(403, "insufficient_permissions");
}

#[tokio::test]
async fn the_scheme_of_a_credential_is_optional() {
    let test = TestApp::start().await;
    let send = |authorization: String| {
        answer_of(test.client.get("/v1/permissions.listRoles").header("authorization", authorization))
    };
    assert_eq!(send(test.root_key.clone()).await.status.as_u16(), 200);
    assert_eq!(send(format!("Bearer {}", test.root_key)).await.status.as_u16(), 200);
    assert_eq!(send(format!("bearer {}", test.root_key)).await.status.as_u16(), 401);
}

async fn answer_of(
    request: poem::test::TestRequestBuilder<'_, super::BoxedEndpoint>,
) -> crate::support::Answer {
    answer(request.send().await.0).await
}

#[tokio::test]
async fn input_is_judged_before_the_caller() {
    let test = TestApp::start().await;
    let nobody = test.v1_anonymous();
    nobody.post("keys.createKey", json!({})).await.refused(400, "BAD_REQUEST");
    nobody
        .post("ratelimits.setOverride", json!({ "identifier": "abc", "limit": 1, "duration": 1000 }))
        .await
        .refused(400, "BAD_REQUEST");
    nobody.get("identities.getIdentity").await.refused(400, "BAD_REQUEST");
    nobody.get("ratelimits.listOverrides").await.refused(400, "BAD_REQUEST");
    nobody.get("analytics.getVerifications?apiId=a&start=2&end=1").await.refused(400, "BAD_REQUEST");
    // Nobody learns whether a key exists.
    let v1 = test.v1();
    let (key_id, key) = v1.key(&v1.api().await, json!({})).await;
    for (id, secret) in [(key_id.as_str(), key.as_str()), ("key_none", "none")] {
        nobody.get(&format!("keys.getKey?keyId={id}")).await.refused(401, "UNAUTHORIZED");
        nobody.get(&format!("keys.getVerifications?keyId={id}")).await.refused(401, "UNAUTHORIZED");
        nobody.post("keys.whoami", json!({ "key": secret })).await.refused(401, "UNAUTHORIZED");
        for operation in ["keys.deleteKey", "keys.updateKey"] {
            nobody.post(operation, json!({ "keyId": id })).await.refused(401, "UNAUTHORIZED");
        }
        let body = json!({ "keyId": id, "op": "set", "value": 1 });
        nobody.post("keys.updateRemaining", body).await.refused(401, "UNAUTHORIZED");
    }
}

#[tokio::test]
async fn liveness_needs_nothing() {
    let test = TestApp::start().await;
    let alive = test.v1_anonymous().get("liveness").await.ok();
    assert!(alive["status"].is_string());
    for service in ["metrics", "logger", "ratelimit", "usagelimit"] {
        assert!(alive["services"][service].is_string(), "{service}");
    }
}

#[tokio::test]
async fn the_document_is_where_v1_had_it() {
    let test = TestApp::start().await;
    for path in ["/openapi.json", "/v1/openapi.json", "/openapi/v1.json"] {
        let served = test.get(path).await;
        assert_eq!(served.body["info"]["title"], "unkey API, v1", "{path}");
        assert_eq!(served.header("access-control-allow-origin"), "*");
    }
    assert!(test.get("/docs/api/v1").await.content_type.starts_with("text/html"));
}

#[tokio::test]
async fn the_door_can_be_closed() {
    let test = TestApp::start_with(|config| config.v1 = Setting::Off).await;
    let v1 = test.v1();
    for path in ["liveness", "apis.getApi?apiId=a", "openapi.json"] {
        assert!(v1.get(path).await.refused(404, "NOT_FOUND").contains("switched off"), "{path}");
    }
    v1.post("keys.verifyKey", json!({ "key": "a" })).await.refused(404, "NOT_FOUND");
    assert_eq!(test.get("/v2/liveness").await.status.as_u16(), 200);
}

#[tokio::test]
async fn verifying_can_ask_for_a_root_key() {
    let test = TestApp::start_with(|config| config.v1 = Setting::VerifyNeedsRootKey).await;
    let v1 = test.v1();
    let (_, key) = v1.key(&v1.api().await, json!({})).await;
    let body = json!({ "key": key });
    test.v1_anonymous().post("keys.verifyKey", body.clone()).await.refused(401, "UNAUTHORIZED");
    test.v1_as("public").post("keys/verify", body.clone()).await.refused(401, "UNAUTHORIZED");
    let powerless = test.v1_with(&[]).await;
    assert_eq!(powerless.verify(&key).await["code"], "VALID");
    let stranger = test.root_key_of_another_workspace().await;
    assert_eq!(test.v1_as(&stranger).verify(&key).await["code"], "NOT_FOUND");
}

#[tokio::test]
async fn root_keys_are_refused_by_name_of_what_is_wrong() {
    let test = TestApp::start().await;
    let root_key = async |expires_at, ip_allowlist: Option<&str>, limit_per_minute| {
        let command = CreateRootKey {
            name: None,
            permissions: Vec::new(),
            full: true,
            expires_at,
            ip_allowlist: ip_allowlist.map(ToOwned::to_owned),
            limit_per_minute,
        };
        test.app.root_keys.create(&test.operator().await, command).await.unwrap().1.reveal().to_owned()
    };
    let list = async |root_key: &str| test.v1_as(root_key).get("permissions.listRoles").await;
    let expiring = root_key(Some(START_MS + 1000), None, None).await;
    list(&expiring).await.ok();
    test.advance_ms(1001);
    assert_eq!(list(&expiring).await.refused(403, "EXPIRED"), "the key has expired");
    let elsewhere = root_key(None, Some("192.0.2.1"), None).await;
    list(&elsewhere).await.refused(403, "FORBIDDEN");
    let slow = root_key(None, None, Some(1)).await;
    list(&slow).await.ok();
    let limited = list(&slow).await;
    limited.refused(429, "TOO_MANY_REQUESTS");
    assert_eq!(limited.header("unkey-ratelimit-triggered"), "api requests");
}

#[tokio::test]
async fn a_foreign_id_answers_as_absent() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let (key_id, key) = v1.key(&api, json!({ "externalId": "ann" })).await;
    let stranger = test.root_key_of_another_workspace().await;
    let stranger = test.v1_as(&stranger);
    stranger.get(&format!("apis.getApi?apiId={api}")).await.refused(404, "NOT_FOUND");
    stranger.get(&format!("apis.listKeys?apiId={api}")).await.refused(404, "NOT_FOUND");
    stranger.get(&format!("keys.getKey?keyId={key_id}")).await.refused(404, "NOT_FOUND");
    stranger.post("keys.deleteKey", json!({ "keyId": key_id })).await.refused(404, "NOT_FOUND");
    stranger.post("keys.whoami", json!({ "key": key })).await.refused(404, "NOT_FOUND");
    stranger.get("identities.getIdentity?externalId=ann").await.refused(404, "NOT_FOUND");
    stranger.get(&format!("analytics.getVerifications?apiId={api}")).await.refused(404, "NOT_FOUND");
    assert_eq!(text(&v1.verify(&key).await["code"]), "VALID");
}
