//! The request log: what is in it, what is not, and how it is searched.

use base::events::{Stored, StoredRequest};
use base::ids::WorkspaceId;
use insight::analytics::{Filter, PageOf};
use insight::search::Kind;
use serde_json::json;

use crate::support::{START_MS, TestApp};

async fn logged(test: &TestApp, workspace: WorkspaceId, filter: Filter) -> Vec<StoredRequest> {
    test.flush_events().await;
    let of = PageOf {
        kind: Kind::Requests,
        workspace,
        start_ms: START_MS - 1,
        end_ms: START_MS + 60_000,
        filter,
        limit: 100,
        after: None,
    };
    let events = test.app.analytics.page(of).await.unwrap().events.into_iter();
    let request = |event| match event {
        Stored::Request(request) => request,
        other => panic!("{other:?} is no request"),
    };
    events.map(request).collect()
}

pub async fn own(test: &TestApp, filter: Filter) -> Vec<StoredRequest> {
    logged(test, test.operator().await.workspace, filter).await
}

pub fn of_path(path: &str) -> Filter {
    Filter { paths: vec![path.to_owned()], ..Filter::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_logged_with_its_caller_and_without_its_secret() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let answer = test.call("keys.createKey", json!({ "apiId": api, "name": "Billing" })).await;
    let request_id = answer.body["meta"]["requestId"].as_str().unwrap().to_owned();
    let key = answer.data()["key"].as_str().unwrap().to_owned();
    let found = own(&test, of_path("/v2/keys.createKey")).await;
    let [request] = &found[..] else { panic!("{found:?}") };
    assert_eq!((request.status, request.method.as_str(), request.door.as_str()), (200, "POST", "v2"));
    assert_eq!(request.request_id, request_id);
    assert!(request.root_key.as_deref().unwrap().starts_with("key_"));
    let (asked, told) = (request.request_body.as_deref().unwrap(), request.response_body.as_deref().unwrap());
    assert!(asked.contains("Billing") && told.contains("[redacted]"), "{asked} {told}");
    assert!(!told.contains(&key), "the plaintext is in the log");
    assert!(request.response_bytes > 0);
    for text in ["billing", "createkey", &api] {
        let filter = Filter { text: Some(text.to_owned()), ..Filter::default() };
        assert!(own(&test, filter).await.iter().any(|found| found.request_id == request_id), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_hot_requests_failures_and_unknown_keys_are_logged_and_a_part_of_the_rest() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, key) = test.key(&api, json!({})).await;
    for _ in 0..150 {
        test.verify(&key).await;
    }
    test.verify("pasted_secret").await;
    test.call("keys.verifyKey", json!({ "key": "" })).await.fails(400, "invalid_input");
    let found = own(&test, of_path("/v2/keys.verifyKey")).await;
    let of = |outcome: &str| found.iter().filter(|one| one.outcome.as_deref() == Some(outcome)).count();
    // One in a hundred, beginning with the first.
    assert_eq!((of("VALID"), of("NOT_FOUND")), (2, 1));
    let refused = found.iter().find(|request| request.status == 400).unwrap();
    assert_eq!(refused.outcome.as_deref(), Some("unkey:application:invalid_input"));
    assert!(found.iter().all(|request| request.root_key.is_some()));
    let texts = found.iter().filter_map(|request| request.request_body.as_deref());
    assert!(texts.clone().count() > 0);
    assert!(!texts.clone().any(|text| text.contains(&key) || text.contains("pasted_secret")));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_nobody_are_of_no_workspace_and_show_no_credentials() {
    let test = TestApp::start().await;
    let body = json!({ "name": "unkey_pasted_root_key" }).to_string();
    test.raw("apis.createApi", Some("Bearer unkey_wrong"), Some("application/json"), body).await;
    test.raw("no.suchRoute/unkey_in_path", None, None, "password=1").await;
    let found = logged(&test, "".into(), Filter::default()).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(own(&test, of_path("/v2/apis.createApi")).await.is_empty());
    let text = format!("{found:?}");
    assert!(
        !text.contains("unkey_wrong") && !text.contains("pasted_root") && !text.contains("password"),
        "{text}"
    );
    let statuses: Vec<u16> = found.iter().map(|request| request.status).collect();
    assert!(statuses.contains(&401) && statuses.contains(&404), "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_portal_codes_are_never_logged() {
    let test = TestApp::start().await;
    let body = json!({ "code": "a-secret-code" }).to_string();
    test.raw("portal.exchangeCode", None, Some("application/json"), body).await;
    let found = logged(&test, "".into(), of_path("/v2/portal.exchangeCode")).await;
    let [request] = &found[..] else { panic!("{found:?}") };
    assert_eq!((&request.request_body, &request.response_body), (&None, &None));
    assert!(request.request_bytes > 0);
}
