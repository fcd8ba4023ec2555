//! Explanations: the same answer as a verification, and nothing consumed.

use domain::apis::SetApi;
use domain::explain::{Then, Verdict};
use serde_json::{Value, json};

use crate::support::TestApp;

/// What decided, by the trace.
fn decisive(explanation: &Value) -> Option<&str> {
    let steps = explanation["steps"].as_array().unwrap();
    let failed: Vec<&Value> = steps.iter().filter(|step| step["verdict"] == "failed").collect();
    assert!(failed.len() <= 1, "{explanation}");
    failed.first().map(|step| step["check"].as_str().unwrap())
}

fn step<'a>(explanation: &'a Value, check: &str) -> &'a Value {
    explanation["steps"].as_array().unwrap().iter().find(|step| step["check"] == check).unwrap()
}

/// Explains, verifies, and holds the two against each other.
async fn agree(test: &TestApp, demands: Value) -> Value {
    let explained = test.call("keys.explainKey", demands.clone()).await.data();
    let again = test.call("keys.explainKey", demands.clone()).await.data();
    assert_eq!(explained, again, "an explanation consumes nothing");
    let verified = test.verify_with(demands).await;
    assert_eq!(explained["code"], verified["code"], "{explained} {verified}");
    assert_eq!(explained["valid"], verified["valid"]);
    explained
}

#[tokio::test]
async fn every_denial_is_explained_as_it_is_verified() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let limits = json!([{ "name": "requests", "limit": 2, "duration": 60_000, "autoApply": true }]);
    let (id, secret) = test
        .key(
            &api,
            json!({ "ratelimits": limits, "credits": { "remaining": 5 }, "permissions": ["docs.read"] }),
        )
        .await;
    let valid = agree(&test, json!({ "key": secret })).await;
    assert_eq!((valid["keyId"].as_str(), decisive(&valid)), (Some(id.as_str()), None));
    assert_eq!(step(&valid, "permissions")["verdict"], "not_asked");

    let missing = agree(&test, json!({ "key": secret, "permissions": "docs.read AND docs.write" })).await;
    assert_eq!(decisive(&missing), Some("permissions"));
    assert_eq!(step(&missing, "permissions")["fix"]["permission"], "docs.write");
    let parts = step(&missing, "permissions")["values"]["query"].as_array().unwrap();
    assert_eq!(parts[0], json!({ "text": "docs.read", "held": true }));

    let dear = agree(&test, json!({ "key": secret, "credits": { "cost": 9 } })).await;
    assert_eq!((decisive(&dear), &step(&dear, "credits")["fix"]["missing"]), (Some("credits"), &json!(5)));

    // The refused spend above has taken the second token
    // (docs/contract/v2.md#verify-order).
    let limited = agree(&test, json!({ "key": secret })).await;
    assert_eq!(decisive(&limited), Some("ratelimits"));
    let state = &step(&limited, "ratelimits")["values"]["ratelimits"][0];
    assert_eq!((&state["used"], &state["limit"], &state["exceeded"]), (&json!(2), &json!(2), &json!(true)));
    assert_eq!(step(&limited, "credits")["verdict"], "would_pass");

    test.call("keys.updateKey", json!({ "keyId": id, "expires": 1 })).await.data();
    let expired = agree(&test, json!({ "key": secret })).await;
    assert_eq!(decisive(&expired), Some("expiry"));
    assert_eq!(step(&expired, "ratelimits")["verdict"], "would_fail");
    test.call("keys.updateKey", json!({ "keyId": id, "enabled": false })).await.data();
    assert_eq!(decisive(&agree(&test, json!({ "key": secret })).await), Some("enabled"));
    test.call("keys.updateKey", json!({ "keyId": id, "enabled": true, "expires": null })).await.data();

    let list = Some(Some("192.0.2.1".to_owned()));
    let change = SetApi { ip_allowlist: list, ..SetApi::new(api.as_str().into()) };
    test.app.apis.set(&test.operator().await, change).await.unwrap();
    assert_eq!(decisive(&agree(&test, json!({ "key": secret })).await), Some("address"));
    let from_there = json!({ "keyId": id, "ip": "192.0.2.1" });
    let explained = test.call("keys.explainKey", from_there).await.data();
    assert_eq!(step(&explained, "address")["verdict"], "passed");
}

#[tokio::test]
async fn a_month_that_is_used_up_is_explained_then_and_now() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let body = json!({ "externalId": "ann", "monthlyCredits": 3 });
    test.call("identities.createIdentity", body).await.data();
    let (_, secret) = test.key(&api, json!({ "externalId": "ann", "credits": { "remaining": 9 } })).await;
    let one = agree(&test, json!({ "key": secret })).await;
    assert_eq!(step(&one, "spend_cap")["verdict"], "passed");
    let dear = agree(&test, json!({ "key": secret, "credits": { "cost": 4 } })).await;
    assert_eq!((decisive(&dear), &step(&dear, "credits")["verdict"]), (Some("spend_cap"), &json!("passed")));
    assert_eq!(step(&dear, "spend_cap")["fix"], json!({ "action": "raise_spend_cap", "missing": 2 }));
    let values = &step(&dear, "spend_cap")["values"];
    assert_eq!((&values["monthlyCredits"], &values["spentCredits"]), (&json!(3), &json!(1)));
    let free = agree(&test, json!({ "key": secret, "credits": { "cost": 0 } })).await;
    assert_eq!(free["code"], "VALID");
    // What the key lacks is told first, as it is verified.
    let both = agree(&test, json!({ "key": secret, "credits": { "cost": 10 } })).await;
    assert_eq!(
        (decisive(&both), &step(&both, "spend_cap")["verdict"]),
        (Some("credits"), &json!("would_fail"))
    );

    let refused = test.call("keys.verifyKey", json!({ "key": secret, "credits": { "cost": 3 } })).await;
    let request_id = refused.body["meta"]["requestId"].as_str().unwrap().to_owned();
    test.flush_events().await;
    let cx = test.operator().await;
    let past = test.app.explainer.explain_request(&cx, &request_id.as_str().into()).await.unwrap();
    let failed = past.steps.iter().find(|step| step.then == Some(Then::Failed)).unwrap();
    assert_eq!(failed.check.as_str(), "spend_cap");
    let recorded = past.recorded.unwrap();
    assert_eq!((recorded.denial.as_deref(), recorded.spent_credits), (Some("spend_cap"), 0));
    let of_no_end = test.key(&api, json!({ "externalId": "ann" })).await.1;
    let paid = test.call("keys.verifyKey", json!({ "key": of_no_end, "credits": { "cost": 2 } })).await;
    let request_id = paid.body["meta"]["requestId"].as_str().unwrap().to_owned();
    test.flush_events().await;
    let past = test.app.explainer.explain_request(&cx, &request_id.as_str().into()).await.unwrap();
    assert_eq!(past.recorded.unwrap().spent_credits, 2, "as far as the month is concerned");
}

#[tokio::test]
async fn a_key_that_is_gone_says_what_became_of_it() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (id, secret) = test.key(&api, json!({})).await;
    let unknown = agree(&test, json!({ "key": "nothing_like_it" })).await;
    assert_eq!((decisive(&unknown), &unknown["keyId"]), (Some("found"), &Value::Null));
    test.call("keys.deleteKey", json!({ "keyId": id })).await.data();
    let gone = agree(&test, json!({ "key": secret })).await;
    assert_eq!(step(&gone, "found")["values"]["keyId"], id.as_str());
    assert!(step(&gone, "found")["detail"].as_str().unwrap().contains("was deleted at"));
    let stranger = test.root_key_of_another_workspace().await;
    let foreign = test.call_as(&stranger, "keys.explainKey", json!({ "key": secret })).await.data();
    assert_eq!(foreign["steps"][0]["values"], json!({}), "a foreign key has no fate");
    test.call("keys.explainKey", json!({ "keyId": id })).await.fails(404, "data/key_not_found");
    let both = json!({ "key": secret, "keyId": id });
    test.call("keys.explainKey", both).await.fails(400, "application/invalid_input");
}

#[tokio::test]
async fn the_api_of_a_key_can_be_asked_for() {
    let test = TestApp::start().await;
    let (mine, other) = (test.api().await, test.api().await);
    let (id, _) = test.key(&mine, json!({})).await;
    let explained = test.call("keys.explainKey", json!({ "keyId": id, "apiId": other })).await.data();
    assert_eq!((explained["code"].as_str(), decisive(&explained)), (Some("FORBIDDEN"), Some("api")));
    assert_eq!(step(&explained, "api")["fix"]["apiId"], mine.as_str());
}

#[tokio::test]
async fn a_verification_of_the_past_is_told_beside_what_is_now() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (id, secret) = test.key(&api, json!({})).await;
    let demands = json!({ "key": secret, "permissions": "docs.read" });
    let denied = test.call("keys.verifyKey", demands).await;
    let request = denied.body["meta"]["requestId"].as_str().unwrap().into();
    test.flush_events().await;
    let cx = test.operator().await;
    let explanation = test.app.explainer.explain_request(&cx, &request).await.unwrap();
    let recorded = explanation.recorded.as_ref().unwrap();
    assert_eq!(
        (recorded.outcome.as_str(), recorded.denial.as_deref()),
        ("INSUFFICIENT_PERMISSIONS", Some("docs.read"))
    );
    let of = |explanation: &domain::explain::Explanation, check: &str| {
        let found = explanation.steps.iter().find(|step| step.check.as_str() == check).unwrap();
        (found.then, found.verdict)
    };
    assert_eq!(of(&explanation, "permissions"), (Some(Then::Failed), Verdict::Failed));
    assert_eq!(of(&explanation, "credits").0, Some(Then::NotReached));
    test.call("keys.addPermissions", json!({ "keyId": id, "permissions": ["docs.read"] })).await.data();
    let mended = test.app.explainer.explain_request(&cx, &request).await.unwrap();
    assert_eq!(of(&mended, "permissions"), (Some(Then::Failed), Verdict::Passed));
    assert!(test.app.explainer.explain_request(&cx, &"req_none".into()).await.is_err());
}
