//! What ends a query: each limit of the contract with its code.

use std::time::Duration;

use base::error::Code;
use insight::sql::{Allowance, Ask, Limits, Sql, SqlConfig};
use serde_json::json;

use super::seed::Seeded;

/// The room with other limits than the app's.
fn room(seeded: &Seeded, limits: Limits, allowance: Allowance) -> Sql {
    let app = &seeded.test.app;
    let config = SqlConfig { limits, allowance, ..SqlConfig::default() };
    Sql::new(config, app.store.clone(), &domain::apis::ApiFeed, app.search.clone(), app.events().clone())
        .unwrap()
}

fn patient() -> Limits {
    Limits { time: Duration::from_secs(120), memory_bytes: 1 << 40, ..Limits::default() }
}

async fn ends(seeded: &Seeded, limits: Limits, text: &str) -> Code {
    let sql = room(seeded, limits, Allowance::default());
    let asked = sql.ask(&seeded.cx, Ask { text: text.to_owned(), family: None }).await;
    asked.map(|answer| answer.rows.len()).expect_err(text).code()
}

const CROSS: &str =
    "key_verifications_v1 AS a CROSS JOIN key_verifications_v1 AS b CROSS JOIN key_verifications_v1 AS c";

#[tokio::test(flavor = "multi_thread")]
async fn every_limit_has_its_code() {
    let seeded = Seeded::start().await;
    let short = Limits { time: Duration::from_millis(300), ..patient() };
    let forever = format!("SELECT count() FROM {CROSS} WHERE a.key_id || b.key_id != c.key_id");
    assert_eq!(ends(&seeded, short, &forever).await, Code::QueryTimeout);

    let few = Limits { rows_read: 100, ..patient() };
    for text in [
        "SELECT groupArray(request_id) FROM key_verifications_v1",
        "SELECT request_id FROM key_verifications_v1 WHERE latency >= 0",
        "SELECT count() FROM key_verifications_per_minute_v1",
    ] {
        assert_eq!(ends(&seeded, few, text).await, Code::QueryRows, "{text}");
    }

    let small = Limits { memory_bytes: 1 << 19, ..patient() };
    let wide = "x".repeat(8000);
    let text = format!("SELECT length(groupArray(concat('{wide}', request_id))) FROM key_verifications_v1");
    assert_eq!(ends(&seeded, small, &text).await, Code::QueryMemory);

    let tight = Limits { result_bytes: 2000, ..patient() };
    let text = "SELECT request_id, key_id FROM key_verifications_v1";
    assert_eq!(ends(&seeded, tight, text).await, Code::QueryMemory);

    let narrow = Limits { result_rows: 10, ..patient() };
    let text = "SELECT request_id FROM key_verifications_v1 UNION ALL SELECT request_id FROM ratelimits_v1";
    assert_eq!(ends(&seeded, narrow, text).await, Code::QueryRows);
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_that_only_the_engine_sees_is_bounded_too() {
    let seeded = Seeded::start().await;
    let wide = "x".repeat(8000);
    let text =
        format!("SELECT concat('{wide}', a.request_id, b.request_id) AS k, count() FROM {CROSS} GROUP BY k");
    let limits = Limits { memory_bytes: 256 << 20, ..patient() };
    assert_eq!(ends(&seeded, limits, &text).await, Code::QueryMemory);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_select_is_cut_at_the_most_rows() {
    let seeded = Seeded::start().await;
    let sql = room(&seeded, Limits { result_rows: 10, ..patient() }, Allowance::default());
    for (text, rows) in [
        ("SELECT request_id FROM key_verifications_v1", 10),
        ("SELECT request_id FROM key_verifications_v1 LIMIT 1000000000000000000000", 10),
        ("SELECT request_id FROM key_verifications_v1 LIMIT -1", 10),
        ("SELECT request_id FROM key_verifications_v1 LIMIT 3", 3),
        ("SELECT request_id FROM key_verifications_v1 LIMIT 5 OFFSET 498", 2),
        ("SELECT request_id FROM (SELECT request_id FROM key_verifications_v1)", 10),
        (
            "SELECT a.request_id FROM key_verifications_v1 AS a JOIN (SELECT request_id FROM key_verifications_v1) AS b ON a.request_id = b.request_id",
            10,
        ),
    ] {
        let answer = sql.ask(&seeded.cx, Ask { text: text.to_owned(), family: None }).await.unwrap();
        assert_eq!(answer.rows.len(), rows, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_has_a_quota_by_the_hour() {
    let seeded = Seeded::start().await;
    let sql = room(&seeded, patient(), Allowance { queries: 2, ..Allowance::default() });
    let ask = |text: &str| Ask { text: text.to_owned(), family: None };
    for _ in 0..5 {
        // Mistakes cost nothing.
        assert_eq!(sql.ask(&seeded.cx, ask("SELECT 1")).await.unwrap_err().code(), Code::AnalyticsQuery);
    }
    let good = "SELECT count() FROM ratelimits_v1";
    for _ in 0..2 {
        sql.ask(&seeded.cx, ask(good)).await.unwrap();
    }
    assert_eq!(sql.ask(&seeded.cx, ask(good)).await.unwrap_err().code(), Code::QueryQuota);
    sql.ask(&seeded.neighbour, ask(good)).await.unwrap();
    let mut later = seeded.cx.clone();
    later.now_ms += 3_600_000;
    sql.ask(&later, ask(good)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn lower_bounds_lie_within_retention() {
    let seeded = Seeded::start().await;
    let raw = "SELECT count() FROM key_verifications_v1 WHERE";
    let hourly = "SELECT sum(count) FROM key_verifications_per_hour_v1 WHERE";
    for text in [
        format!("{raw} time >= 1000"),
        format!("{raw} 1000 < time"),
        format!("{raw} time BETWEEN 5 AND 1791369600000"),
        format!("{raw} fromUnixTimestamp64Milli(time) > '2020-01-01'"),
        format!("{hourly} time = '2020-01-01'"),
        format!("{hourly} time >= now() - INTERVAL 401 DAY"),
        format!("{hourly} count > 0 OR time >= toStartOfMonth(now() - INTERVAL 2 YEAR)"),
        "SELECT countIf(time >= '2020-01-01') FROM key_verifications_v1".to_owned(),
    ] {
        let error = seeded.ask(&text).await.expect_err(&text);
        assert_eq!(error.code(), Code::QueryRetention, "{text}: {error:?}");
        assert!(error.detail().contains("2025-09-02"), "{error}");
    }
    for (text, count) in [
        (format!("{raw} time < 1000"), 0),
        (format!("{raw} time >= toUnixTimestamp64Milli(now() - INTERVAL 400 DAY)"), seeded.v.len()),
        (format!("{hourly} time >= now() - INTERVAL 400 DAY"), seeded.v.len()),
    ] {
        assert_eq!(seeded.ask(&text).await.unwrap(), [json!([count])], "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deep_and_long_trees_are_answered_or_refused() {
    let seeded = Seeded::start().await;
    let t = "key_verifications_v1";
    let chain = (1..63).map(|number| format!("a{} AS a{number}", number - 1)).collect::<Vec<_>>().join(", ");
    for text in [
        format!("SELECT {} FROM {t}", ["1"; 900].join(" + ")),
        format!("SELECT count() FROM {t} WHERE {}", ["key_id = 'a'"; 400].join(" OR ")),
        format!("SELECT count() FROM {t} WHERE {}", ["key_id != 'a'"; 400].join(" AND ")),
        format!("SELECT {}1 FROM {t}", "NOT ".repeat(3000)),
        format!("SELECT {}1 FROM {t}", "-".repeat(3000)),
        format!("SELECT {}1 FROM {t}", "x->".repeat(4000)),
        format!("SELECT {}time{} FROM {t}", "toStartOfHour(".repeat(45), ")".repeat(45)),
        format!("SELECT {}FROM {t}", "SELECT * FROM ((((".repeat(12)),
        format!("SELECT {}1{} FROM {t}", "abs(".repeat(3000), ")".repeat(3000)),
        format!("SELECT {}1{} FROM {t}", "[".repeat(3000), "]".repeat(3000)),
        format!("SELECT * FROM {}{t}{}", "(".repeat(3000), ")".repeat(3000)),
        format!("{}SELECT 1 FROM {t}{}", "SELECT * FROM (".repeat(500), ")".repeat(500)),
        vec![format!("SELECT 1 FROM {t}"); 300].join(" UNION ALL "),
        format!("SELECT key_id AS a0, {chain} FROM {t}"),
        format!("SELECT {} FROM {t}", ["CASE WHEN 1 THEN"; 500].join(" ")),
        format!("SELECT 1 FROM {t} WHERE key_id IN ({})", ["'a'"; 1500].join(",")),
    ] {
        let shown = &text[..text.len().min(60)];
        match seeded.ask(&text).await {
            Ok(rows) => assert!(!rows.is_empty() || shown.contains("IN"), "{shown}"),
            Err(error) => assert!(error.code() == Code::AnalyticsQuery, "{shown}: {error:?}"),
        }
    }
}
