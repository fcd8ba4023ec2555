//! v1 `analytics.getVerifications`.

use serde_json::{Value, json};

use super::{V1, text};
use crate::support::{START_MS, TestApp};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Two keys of one identity, a third without, and what was verified of them.
struct Fixture {
    api: String,
    anns: String,
    alone: String,
    identity: Value,
}

impl Fixture {
    async fn make(test: &TestApp) -> Self {
        let v1 = test.v1();
        let api = v1.api().await;
        let (anns, ann) = v1.key(&api, json!({ "externalId": "ann", "remaining": 2 })).await;
        let (alone, other) = v1.key(&api, json!({})).await;
        for tags in [json!(["path=/a", "b"]), json!(["b", "path=/a"]), json!(["b"])] {
            v1.verify_with(json!({ "key": ann, "tags": tags })).await;
        }
        v1.verify(&other).await;
        let wrong = json!({ "key": other, "authorization": { "permissions": "p" } });
        v1.verify_with(wrong).await;
        test.flush_events().await;
        let identity = v1.get("identities.getIdentity?externalId=ann").await.ok();
        let identity = json!({ "id": identity["id"], "externalId": "ann" });
        Self { api, anns, alone, identity }
    }

    async fn count(&self, v1: &V1<'_>, query: &str) -> Value {
        let rows = v1.get(&format!("analytics.getVerifications?apiId={}&{query}", self.api)).await.ok();
        assert!(rows.as_array().unwrap().iter().all(|row| row["apiId"] == *self.api), "{rows}");
        rows
    }
}

fn only(rows: &Value) -> &Value {
    assert_eq!(rows.as_array().unwrap().len(), 1, "{rows}");
    &rows[0]
}

// row: api-reference/analytics/get_verifications
#[tokio::test]
async fn verifications_are_counted_by_outcome() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let empty = v1.api().await;
    let zero = json!([{
        "valid": 0, "notFound": 0, "forbidden": 0, "usageExceeded": 0, "rateLimited": 0, "unauthorized": 0,
        "disabled": 0, "insufficientPermissions": 0, "expired": 0, "total": 0, "apiId": empty,
    }]);
    assert_eq!(v1.get(&format!("analytics.getVerifications?apiId={empty}")).await.ok(), zero);
    let events = Fixture::make(&test).await;
    let rows = events.count(&v1, "").await;
    let all = only(&rows);
    assert_eq!((&all["total"], &all["valid"]), (&json!(5), &json!(3)));
    assert_eq!((&all["usageExceeded"], &all["insufficientPermissions"]), (&json!(1), &json!(1)));
    let of = async |query: &str| only(&events.count(&v1, query).await)["total"].clone();
    assert_eq!(of("externalId=ann").await, 3);
    assert_eq!(of(&format!("keyId={}", events.alone)).await, 2);
    assert_eq!(of(&format!("keyId={}&keyId={}", events.alone, events.anns)).await, 5);
    assert_eq!(of(&format!("keyId={},{}", events.alone, events.anns)).await, 5);
    assert_eq!(of("tag=path=/a").await, 2);
    assert_eq!(of("tag=path=/a&tag=b").await, 3);
    assert_eq!(of("tag=path=/a,none").await, 2);
    assert_eq!(of(&format!("start={}&end={}", START_MS - DAY_MS, START_MS - HOUR_MS)).await, 0);
    // A start within an hour means that hour.
    assert_eq!(of(&format!("start={}", START_MS - 1)).await, 5);
    let refused = async |query: &str| {
        let answer = v1.get(&format!("analytics.getVerifications?{query}")).await;
        (answer.status.as_u16(), text(&answer.body["error"]["message"]))
    };
    let api = &events.api;
    let backwards = (400, "start cannot be equal or greater than end".to_owned());
    assert_eq!(refused(&format!("apiId={api}&start=5&end=5")).await, backwards);
    // One client sends the end of its own build.
    assert_eq!(refused(&format!("apiId={api}&end=1746664158001")).await, backwards);
    let both = (400, "You can not group by tag and tags at the same time".to_owned());
    assert_eq!(refused(&format!("apiId={api}&groupBy=tag&groupBy=tags")).await, both);
    assert_eq!(
        refused(&format!("apiId={api}&externalId=bob")).await,
        (404, "we're unable to find the identity".to_owned())
    );
    assert_eq!(refused("apiId=api_none").await, (404, "we're unable to find the API".to_owned()));
    assert_eq!(refused(&format!("apiId={api}&groupBy=week")).await.0, 400);
    assert_eq!(refused("").await, (400, "apiId: Required".to_owned()));
    let reader = test.v1_with(&[&format!("api.{api}.read_api")]).await;
    events.count(&reader, "externalId=ann").await;
    let powerless = test.v1_with(&["api.*.read_key"]).await;
    powerless
        .get(&format!("analytics.getVerifications?apiId={api}"))
        .await
        .refused(403, "INSUFFICIENT_PERMISSIONS");
}

// row: analytics/quickstarts
#[tokio::test]
async fn rows_are_told_apart_by_time() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let events = Fixture::make(&test).await;
    let start = START_MS - 24 * HOUR_MS;
    let hours = events.count(&v1, &format!("externalId=ann&groupBy=hour&start={start}")).await;
    let hours = hours.as_array().unwrap();
    // 24 slots before that of the end, which shows because it has events.
    assert_eq!(hours.len(), 25);
    let first = start - start.rem_euclid(HOUR_MS);
    for (position, row) in hours.iter().enumerate() {
        assert_eq!(row["time"], first + i64::try_from(position).unwrap() * HOUR_MS);
        assert_eq!(row["total"], if position == 24 { 3 } else { 0 });
    }
    test.advance_ms(2 * HOUR_MS);
    let until = events.count(&v1, &format!("groupBy=hour&start={}", START_MS - 28 * HOUR_MS)).await;
    assert_eq!(until.as_array().unwrap().len(), 30);
    let days = events.count(&v1, &format!("groupBy=key&groupBy=day&start={start}")).await;
    assert_eq!(days.as_array().unwrap().len(), 2);
    assert_eq!(days[0]["time"], START_MS - START_MS.rem_euclid(DAY_MS));
    let months = events.count(&v1, &format!("groupBy=month&start={}", START_MS - 40 * DAY_MS)).await;
    let months = months.as_array().unwrap();
    assert_eq!(months.len(), 3, "{months:?}");
    // 2026-10-01 00:00:00 UTC
    assert_eq!((&months[2]["time"], &months[2]["total"]), (&json!(1_790_812_800_000_i64), &json!(5)));
    // Ordered first, then cut.
    let top =
        events.count(&v1, &format!("groupBy=hour&start={start}&orderBy=total&order=desc&limit=1")).await;
    assert_eq!(only(&top)["total"], 5);
    let late =
        events.count(&v1, &format!("groupBy=hour&start={start}&orderBy=time&order=desc&limit=1")).await;
    assert!(only(&late)["time"].as_i64() > Some(START_MS));
    v1.get(&format!("analytics.getVerifications?apiId={}&groupBy=hour&start=0", events.api))
        .await
        .refused(400, "BAD_REQUEST");
}

#[tokio::test]
async fn times_that_nothing_can_be_are_answered() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let events = Fixture::make(&test).await;
    let (first, last) = (i64::MIN, i64::MAX);
    assert_eq!(only(&events.count(&v1, &format!("start={first}&end={last}")).await)["total"], 5);
    let days = async |start: i64, end: i64| {
        v1.get(&format!("keys.getVerifications?keyId={}&start={start}&end={end}", events.anns)).await
    };
    days(first, last).await.refused(400, "BAD_REQUEST");
    days(1, last).await.refused(400, "BAD_REQUEST");
    assert_eq!(days(last - 1, last).await.ok(), json!({ "verifications": [] }));
}

// row: analytics/overview
#[tokio::test]
async fn rows_are_told_apart_by_key_identity_and_tag() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let events = Fixture::make(&test).await;
    let keys = events.count(&v1, "groupBy=key&orderBy=total&order=desc").await;
    assert_eq!((&keys[0]["keyId"], &keys[0]["total"]), (&json!(events.anns), &json!(3)));
    assert_eq!((&keys[1]["keyId"], &keys[1]["total"]), (&json!(events.alone), &json!(2)));
    let identities = events.count(&v1, "groupBy=identity&orderBy=total&order=desc&limit=5").await;
    assert_eq!((&identities[0]["identity"], &identities[0]["total"]), (&events.identity, &json!(3)));
    assert_eq!((identities[1].get("identity"), &identities[1]["total"]), (None, &json!(2)));
    let sum: i64 = [
        "valid",
        "notFound",
        "forbidden",
        "usageExceeded",
        "rateLimited",
        "unauthorized",
        "disabled",
        "insufficientPermissions",
        "expired",
    ]
    .iter()
    .map(|outcome| identities[1][outcome].as_i64().unwrap())
    .sum();
    assert_eq!(identities[1]["total"], sum);
    let tags = events.count(&v1, "groupBy=tag&orderBy=total").await;
    let found: Vec<(String, i64)> = tags
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (text(&row["tag"]), row["total"].as_i64().unwrap()))
        .collect();
    assert_eq!(found, [("path=/a".to_owned(), 2), ("b".to_owned(), 3)]);
    let sets = events.count(&v1, "groupBy=tags&orderBy=total&order=desc").await;
    let mut found: Vec<String> = sets.as_array().unwrap().iter().map(|row| row["tags"].to_string()).collect();
    found.sort_unstable();
    assert_eq!(found, [r#"["b","path=/a"]"#, r#"["b"]"#, "[]"]);
    let joined = events.count(&v1, "groupBy=key,tag").await;
    assert!(
        joined.as_array().unwrap().iter().all(|row| row["keyId"] == *events.anns && row["tag"].is_string())
    );
}
