//! Functions and types, value by value.

use serde_json::{Value, json};

use super::seed::Seeded;

/// Expressions and what they are in JSON.
fn expressions() -> Vec<(&'static str, Value)> {
    vec![
        ("1 + 2 * 3", json!(7)),
        ("7 / 2", json!(3.5)),
        ("4 / 2", json!(2)),
        ("1 / 0", Value::Null),
        ("7 % 4", json!(3)),
        ("-7 % 4.5", json!(-2.5)),
        ("9223372036854775807", json!(i64::MAX)),
        ("1 = 1", json!(1)),
        ("true", json!(true)),
        ("NOT true", json!(0)),
        ("1 XOR 1", json!(0)),
        ("NULL IS NULL", json!(1)),
        ("coalesce(NULL, 'a')", json!("a")),
        ("if(1 > 2, 'a', 'b')", json!("b")),
        ("CASE WHEN 1 = 2 THEN 'a' END", Value::Null),
        ("lower('ABC')", json!("abc")),
        ("upper('abc')", json!("ABC")),
        ("trim('  a b ')", json!("a b")),
        ("length('héllo')", json!(6)),
        ("substring('hello', 2, 3)", json!("ell")),
        ("substring('hello', -3)", json!("llo")),
        ("concat('a', 1, true)", json!("a1true")),
        ("'a' || 'b'", json!("ab")),
        ("startsWith('path=/v1', 'path=')", json!(1)),
        ("endsWith('path=/v1', 'v2')", json!(0)),
        ("'a_b' LIKE 'a\\_b'", json!(1)),
        ("'ABC' LIKE 'abc'", json!(0)),
        ("'ABC' ILIKE 'a%'", json!(1)),
        ("'it''s \\'quoted\\''", json!("it's 'quoted'")),
        ("JSONExtractString('{\"a\":{\"b\":\"c\"}}', 'a', 'b')", json!("c")),
        ("JSONExtractString('{\"a\":1}', 'a')", json!("")),
        ("round(2.5)", json!(2)),
        ("round(2.71459, 2)", json!(2.71)),
        ("floor(-1.5)", json!(-2)),
        ("ceil(1.2)", json!(2)),
        ("abs(-3)", json!(3)),
        ("toString(12)", json!("12")),
        ("toString(toDate('2026-10-07'))", json!("2026-10-07")),
        ("toString(toDateTime('2026-10-07 10:40:00'))", json!("2026-10-07 10:40:00")),
        ("toInt32('42')", json!(42)),
        ("toInt64(3.9)", json!(3)),
        ("toInt64(toDateTime('1970-01-01 00:01:00'))", json!(60)),
        ("toFloat64('1.5')", json!(1.5)),
        ("CAST('7' AS Int64)", json!(7)),
        ("has(['a', 'b'], 'b')", json!(1)),
        ("hasAny([1, 2], [2, 3])", json!(1)),
        ("hasAll([1, 2], [2, 3])", json!(0)),
        ("length([1, 2, 3])", json!(3)),
        ("[1, 2]", json!([1, 2])),
        ("[toDate('2026-10-07')]", json!(["2026-10-07T00:00:00Z"])),
        ("arrayFilter(x -> x > 1, [1, 2, 3])", json!([2, 3])),
        ("arrayJoin(['only'])", json!("only")),
        ("now()", json!("2026-10-07T10:40:00Z")),
        ("now64()", json!("2026-10-07T10:40:00Z")),
        ("today()", json!("2026-10-07T00:00:00Z")),
        ("today() - 7", json!("2026-09-30T00:00:00Z")),
        ("now() - 60", json!("2026-10-07T10:39:00Z")),
        ("now() - INTERVAL 1 MONTH", json!("2026-09-07T10:40:00Z")),
        ("now() + toIntervalWeek(1)", json!("2026-10-14T10:40:00Z")),
        ("now() - toIntervalSecond(1)", json!("2026-10-07T10:39:59Z")),
        ("toDate('2026-03-31') - toIntervalQuarter(1)", json!("2025-12-31T00:00:00Z")),
        ("today() - toDate('2026-10-01')", json!(6)),
        ("now() - toDateTime('2026-10-07 10:39:00')", json!(60)),
        ("toDateTime(0)", json!("1970-01-01T00:00:00Z")),
        ("toDateTime64('2026-10-07 10:40:00.125', 3)", json!("2026-10-07T10:40:00.125Z")),
        ("fromUnixTimestamp64Milli(1500)", json!("1970-01-01T00:00:01.5Z")),
        ("toUnixTimestamp64Milli(toDateTime64('1970-01-01 00:00:01.500', 3))", json!(1500)),
        ("toStartOfMinute(now())", json!("2026-10-07T10:40:00Z")),
        ("toStartOfWeek(now())", json!("2026-10-04T00:00:00Z")),
        ("toStartOfWeek(now(), 1)", json!("2026-10-05T00:00:00Z")),
        ("toStartOfQuarter(toDate('2026-08-15'))", json!("2026-07-01T00:00:00Z")),
        ("toStartOfYear(now())", json!("2026-01-01T00:00:00Z")),
        ("date_trunc('month', now())", json!("2026-10-01T00:00:00Z")),
        ("formatDateTime(now(), '%Y-%m-%d %H:%i:%S')", json!("2026-10-07 10:40:00")),
        ("toStartOfDay(now(), 'UTC')", json!("2026-10-07T00:00:00Z")),
        ("now() > '2026-10-07'", json!(1)),
        ("5 BETWEEN 1 AND 4", json!(0)),
        ("2 IN (1, 2)", json!(1)),
        ("2 NOT IN (1, 2)", json!(0)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_answer_like_the_column_store() {
    let seeded = Seeded::start().await;
    let all = expressions();
    for some in all.chunks(20) {
        let listed: Vec<&str> = some.iter().map(|(expression, _)| *expression).collect();
        // Over a row, and over nothing but a group: two ways of reading a SELECT.
        for text in [
            format!("SELECT {} FROM ratelimits_v1 LIMIT 1", listed.join(", ")),
            format!("SELECT DISTINCT {} FROM key_verifications_per_month_v1", listed.join(", ")),
        ] {
            let found = seeded.ask(&text).await.unwrap_or_else(|error| panic!("{text}: {error:?}"));
            assert_eq!(found.len(), 1, "{text}");
            for ((expression, expected), found) in some.iter().zip(found[0].as_array().unwrap()) {
                assert_eq!(found, expected, "{expression}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_have_the_types_that_sdks_decode() {
    let seeded = Seeded::start().await;
    let ask = async |text: &str| seeded.ask(text).await.unwrap().remove(0);
    let row = ask("SELECT time, tags, spent_credits, latency FROM key_verifications_v1 WHERE has(tags, 'path=/v2') LIMIT 1").await;
    assert!(row[0].is_i64() && row[1].is_array() && row[2].is_i64() && row[3].is_number(), "{row}");
    let row = ask("SELECT time, count, latency_p99 FROM key_verifications_per_hour_v1 LIMIT 1").await;
    assert!(row[0].as_str().is_some_and(|time| time.ends_with(":00:00Z")) && row[1].is_i64(), "{row}");
    let row = ask("SELECT time FROM key_verifications_per_day_v1 LIMIT 1").await;
    assert!(row[0].as_str().is_some_and(|time| time.ends_with("T00:00:00Z")), "{row}");
    let row = ask("SELECT passed, `limit`, reset_at FROM ratelimits_v1 LIMIT 1").await;
    assert!(row[0].is_boolean() && row[1].is_i64() && row[2].is_i64(), "{row}");
    let row =
        ask("SELECT avg(latency), quantile(latency) FROM ratelimits_v1 WHERE identifier = 'nobody'").await;
    assert_eq!(row, json!([null, null]));
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_named_by_alias_or_text() {
    let seeded = Seeded::start().await;
    let ask = insight::sql::Ask {
        text: "SELECT count(), count(*), uniq(v.key_id), v.outcome, 1 AS one, \"v\".`key_id` \
               FROM key_verifications_v1 v GROUP BY v.outcome, v.key_id"
            .to_owned(),
        family: None,
    };
    let answer = seeded.test.app.sql.ask(&seeded.cx, ask).await.unwrap();
    let names: Vec<&str> = answer.outputs.iter().map(|output| output.name.as_str()).collect();
    assert_eq!(names, ["count()", "count()", "uniq(v.key_id)", "outcome", "one", "key_id"]);
    assert_eq!(answer.objects()[0].len(), 5);
}
