//! The v2 operations: their envelope, their errors, and being switched off.

use serde_json::{Value, json};

use super::seed::Seeded;
use crate::support::TestApp;

fn query(text: &str) -> Value {
    json!({ "query": text, "unknown": "members are ignored" })
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_objects_by_the_names_of_their_columns() {
    let seeded = Seeded::start().await;
    let text = "SELECT time, passed, total AS n FROM ratelimits_per_day_v1 WHERE identifier = 'user_4' AND namespace_id = 'rlns_1' ORDER BY time LIMIT 1";
    let answer = seeded.test.call("analytics.getRatelimits", query(text)).await;
    assert_eq!(answer.content_type, "application/json");
    assert!(answer.body.get("pagination").is_none());
    let own = |r: &&super::seed::R| {
        r.identifier == "user_4" && r.namespace_id == "rlns_1" && r.time < 1_791_331_200_000
    };
    let (passed, total) =
        (seeded.r.iter().filter(own).filter(|r| r.passed).count(), seeded.r.iter().filter(own).count());
    assert_eq!(answer.data(), json!([{ "time": "2026-10-06T00:00:00Z", "passed": passed, "n": total }]));
    let text = "SELECT outcome FROM key_verifications_v1 WHERE outcome = 'NEVER'";
    assert_eq!(seeded.test.call("analytics.getVerifications", query(text)).await.data(), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_answer_with_their_codes() {
    let seeded = Seeded::start().await;
    for (text, status, code) in [
        ("SELEC", 400, "user/bad_request/invalid_analytics_query"),
        ("SELECT nothing FROM key_verifications_v1", 400, "user/bad_request/invalid_analytics_query"),
        ("DROP TABLE key_verifications_v1", 400, "user/bad_request/invalid_analytics_query_type"),
        ("SELECT 1 FROM system.tables", 400, "user/bad_request/invalid_analytics_table"),
        ("SELECT 1 FROM ratelimits_v1", 400, "user/bad_request/invalid_analytics_table"),
        ("SELECT sleep(1) FROM key_verifications_v1", 400, "user/bad_request/invalid_analytics_function"),
        (
            "SELECT count() FROM key_verifications_v1 WHERE time > 1",
            400,
            "user/bad_request/query_range_exceeds_retention",
        ),
        (
            "SELECT a.time FROM key_verifications_v1 AS a CROSS JOIN key_verifications_v1 AS b \
             UNION ALL SELECT time FROM key_verifications_v1",
            422,
            "user/unprocessable_entity/query_rows_limit_exceeded",
        ),
    ] {
        let answer = seeded.test.call("analytics.getVerifications", query(text)).await;
        answer.fails(status, code);
        assert_eq!(answer.body["error"].get("errors").is_some(), status == 400, "{text}");
    }
    seeded.test.call("analytics.getVerifications", json!({})).await.fails(400, "application/invalid_input");
}

#[tokio::test(flavor = "multi_thread")]
async fn switched_off_they_are_refused_as_not_configured() {
    let test = TestApp::start_with(|config| config.analytics_sql = false).await;
    let body = query("SELECT count() FROM key_verifications_v1");
    test.call("analytics.getVerifications", body.clone()).await.fails(412, "data/analytics_not_configured");
    let powerless = test.new_root_key(false, &[]).await;
    test.call_as(&powerless, "analytics.getVerifications", body).await.fails(403, "insufficient_permissions");
}
