//! Who sees which rows: never those of another workspace, and with a right on
//! some resources only theirs.

use insight::sql::Family;
use serde_json::{Value, json};

use super::seed::{FOREIGN, Seeded};

fn text(query: &str) -> Value {
    json!({ "query": query })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_on_one_api_shows_its_keyspace_only() {
    let seeded = Seeded::start().await;
    let test = &seeded.test;
    let (api, keyspace) = &seeded.apis[0];
    let own = seeded.v.iter().filter(|v| v.key_space_id == *keyspace).count();
    let query = text("SELECT count() AS n, uniq(key_space_id) AS spaces FROM key_verifications_v1");
    let count = async |permissions: &[&str]| {
        let root_key = test.new_root_key(false, permissions).await;
        test.call_as(&root_key, "analytics.getVerifications", query.clone()).await
    };
    let grant = format!("api.{api}.read_analytics");
    let all = json!([{ "n": seeded.v.len(), "spaces": 2 }]);
    assert_eq!(count(&[&grant]).await.data(), json!([{ "n": own, "spaces": 1 }]));
    assert_eq!(count(&["api.*.read_analytics", &grant]).await.data(), all);
    let both = format!("api.{}.read_analytics", seeded.apis[1].0);
    assert_eq!(count(&[&grant, &both]).await.data(), all);
    let nothing = json!([{ "n": 0, "spaces": 0 }]);
    assert_eq!(count(&["api.api_unknown.read_analytics"]).await.data(), nothing);
    assert_eq!(count(&["api.api_foreign.read_analytics"]).await.data(), nothing);
    let admin = format!("unkey:v1:{}:**#*", seeded.cx.workspace);
    let refused = count(&["ratelimit.*.read_analytics", &admin]).await;
    refused.fails(403, "authorization/insufficient_permissions");
    assert_eq!(refused.body["error"]["detail"], "Missing permission: 'api.*.read_analytics'");
    test.call("apis.deleteApi", json!({ "apiId": api })).await.data();
    assert_eq!(count(&[&grant]).await.data(), nothing, "a deleted API is granted no longer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_on_one_namespace_shows_its_decisions_only() {
    let seeded = Seeded::start().await;
    let own = seeded.r.iter().filter(|r| r.namespace_id == "rlns_1").count();
    let query = text(
        "SELECT sum(total) AS n FROM ratelimits_per_day_v1 \
         WHERE namespace_id IN ('rlns_1', 'rlns_2') OR 1 = 1 OR namespace_id = 'rlns_2'",
    );
    let root_key = seeded.test.new_root_key(false, &["ratelimit.rlns_1.read_analytics"]).await;
    let answer = seeded.test.call_as(&root_key, "analytics.getRatelimits", query.clone()).await;
    assert_eq!(answer.data(), json!([{ "n": own }]));
    let refused = seeded.test.call_as(&root_key, "analytics.getVerifications", query).await;
    refused.fails(403, "authorization/insufficient_permissions");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_trick_shows_the_neighbour() {
    let seeded = Seeded::start().await;
    let other = seeded.neighbour.workspace.as_str();
    let foreign_key = format!("key_{FOREIGN}");
    for query in [
        "SELECT count() FROM key_verifications_v1 WHERE 1 = 1 OR workspace_id = '{ws}'".to_owned(),
        "SELECT count() FROM key_verifications_v1 WHERE workspace_id = '{ws}' OR NOT (workspace_id = '{ws}')"
            .to_owned(),
        "SELECT count() FROM (SELECT '{ws}' AS workspace_id, key_id FROM key_verifications_v1) AS t".to_owned(),
        "SELECT count() FROM key_verifications_v1 AS workspace_id WHERE workspace_id.workspace_id != 'x'"
            .to_owned(),
        "SELECT '{ws}' AS workspace_id, count() FROM key_verifications_v1 GROUP BY workspace_id".to_owned(),
        "SELECT count() FROM key_verifications_v1 AS a FULL JOIN key_verifications_v1 AS b ON a.request_id = b.request_id"
            .to_owned(),
        "SELECT count() FROM key_verifications_v1 WHERE /* ' */ 1 = 1 -- AND workspace_id = 'x'".to_owned(),
    ] {
        let query = query.replace("{ws}", other);
        let found = seeded.ask(&query).await.unwrap_or_else(|error| panic!("{query}: {error:?}"));
        let count = found[0].as_array().unwrap().last().unwrap();
        assert_eq!(*count, json!(seeded.v.len()), "{query}");
    }
    for query in [
        format!("SELECT key_id FROM key_verifications_v1 WHERE key_id = '{foreign_key}'"),
        format!("SELECT key_id FROM key_verifications_v1 WHERE workspace_id = '{other}'"),
        format!("SELECT identifier FROM ratelimits_v1 WHERE identifier = '{FOREIGN}'"),
        "SELECT key_id FROM key_verifications_v1 WHERE spent_credits > 1000".to_owned(),
        format!("SELECT request_id FROM key_verifications_v1 WHERE request_id LIKE '{FOREIGN}%'"),
    ] {
        assert_eq!(seeded.ask(&query).await.unwrap(), Vec::<Value>::new(), "{query}");
    }
    let theirs =
        seeded.ask_as(&seeded.neighbour, "SELECT DISTINCT key_id FROM key_verifications_v1", None).await;
    assert_eq!(theirs.unwrap(), [json!([foreign_key])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_names_the_tables_of_its_family() {
    let seeded = Seeded::start().await;
    let ask = async |table: &str, family| {
        seeded.ask_as(&seeded.cx, &format!("SELECT count() FROM {table}"), family).await.is_ok()
    };
    assert!(ask("ratelimits_v1", None).await && ask("key_verifications_v1", None).await);
    assert!(ask("ratelimits_v1", Some(Family::Ratelimits)).await);
    assert!(!ask("ratelimits_v1", Some(Family::Verifications)).await);
    assert!(!ask("key_verifications_per_day_v1", Some(Family::Ratelimits)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_swept_api_keep_their_keyspace() {
    use sea_orm::ConnectionTrait;
    let seeded = Seeded::start().await;
    let db = seeded.test.app.store.database().writer();
    db.execute_unprepared("DELETE FROM apis").await.unwrap();
    for query in [
        "SELECT key_space_id FROM key_verifications_v1 GROUP BY key_space_id",
        "SELECT DISTINCT key_space_id FROM (SELECT key_space_id FROM key_verifications_v1)",
    ] {
        let mut found = seeded.ask(query).await.unwrap();
        let mut expected: Vec<Value> = seeded.apis.iter().map(|(_, keyspace)| json!([keyspace])).collect();
        found.sort_by_key(Value::to_string);
        expected.sort_by_key(Value::to_string);
        assert_eq!(found, expected, "{query}");
    }
    let (_, keyspace) = &seeded.apis[1];
    let own = seeded.v.iter().filter(|v| v.key_space_id == *keyspace).count();
    let query = format!("SELECT count() FROM key_verifications_v1 WHERE key_space_id = '{keyspace}'");
    assert_eq!(seeded.ask(&query).await.unwrap(), [json!([own])]);
}
