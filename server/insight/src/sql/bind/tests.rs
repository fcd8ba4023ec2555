//! Tests of plans: what is pushed down, what is rolled up, and what the SQL of the
//! engine is made of.

use std::collections::HashMap;

use super::*;
use crate::sql::calendar::Unit;
use crate::sql::check::check;
use crate::sql::parse::parse;
use crate::sql::plan::{Shape, Top};
use crate::sql::tables::Column;
use base::clock::{DAY_MS, HOUR_MS};

/// 2026-10-07 10:40:00 UTC.
const NOW_MS: i64 = 1_791_369_600_000;

fn plan_of(text: &str) -> Result<Plan> {
    let scope = Scope {
        workspace: "ws_1".into(),
        apis: None,
        namespaces: None,
        keyspaces: HashMap::from([("api_1".to_owned(), "ks_1".to_owned())]),
    };
    let facts = Facts {
        now_ms: NOW_MS,
        oldest_ms: NOW_MS - 400 * DAY_MS,
        retention_days: 400,
        region: "here",
        scope: &scope,
        max_rows: 10_000,
    };
    let statement = parse(text)?;
    bind(check(&statement, None)?, &facts)
}

#[track_caller]
fn only_scan(text: &str) -> Scan {
    let mut plan = plan_of(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    assert_eq!(plan.scans.len(), 1, "{text}");
    plan.scans.remove(0)
}

#[test]
fn aggregates_of_one_table_are_rolled_up() {
    let scan = only_scan(
        "SELECT toStartOfHour(fromUnixTimestamp64Milli(time)) AS h, outcome, count() FROM key_verifications_v1 GROUP BY h, outcome",
    );
    assert_eq!((scan.shape, scan.bucket), (Shape::Groups, Some(Unit::Hour)));
    assert_eq!(scan.columns.iter().copied().collect::<Vec<_>>(), [Column::Time, Column::Outcome]);
    let scan =
        only_scan("SELECT toDate(time) AS d, sum(count) FROM key_verifications_per_hour_v1 GROUP BY d");
    assert_eq!((scan.bucket, scan.columns.len()), (Some(Unit::Hour), 1));
    let scan =
        only_scan("SELECT key_id, max(time), sum(spent_credits) FROM key_verifications_v1 GROUP BY key_id");
    assert!(scan.sums.span && scan.sums.cost && scan.columns.len() == 1, "{scan:?}");
    for text in [
        "SELECT groupArray(key_id) FROM key_verifications_v1",
        "SELECT toStartOfHour(fromUnixTimestamp64Milli(time + 1800000)) AS h, count() FROM key_verifications_v1 GROUP BY h",
        "SELECT time, count() FROM key_verifications_v1 GROUP BY time",
        "SELECT max(request_id) FROM key_verifications_v1",
    ] {
        assert_eq!(only_scan(text).shape, Shape::Events, "{text}");
    }
    // Rows of spans that are counted themselves must all be there.
    let scan = only_scan("SELECT count() FROM key_verifications_per_hour_v1");
    assert_eq!(scan.columns.len(), scan.table.keys().len());
}

#[test]
fn bounds_of_time_are_pushed_down_as_whole_spans() {
    let scan = only_scan(
        "SELECT count() FROM key_verifications_v1 WHERE time >= toUnixTimestamp64Milli(now() - INTERVAL 1 DAY) AND 1791369600000 > time",
    );
    assert_eq!((scan.start_ms, scan.end_ms), (NOW_MS - DAY_MS, NOW_MS));
    let hour = Unit::Hour.start_of(NOW_MS);
    let scan = only_scan(
        "SELECT sum(count) FROM key_verifications_per_hour_v1 WHERE time >= now() - INTERVAL 1 DAY AND time <= now()",
    );
    assert_eq!((scan.start_ms, scan.end_ms), (hour + HOUR_MS - DAY_MS, hour + HOUR_MS));
    let scan = only_scan("SELECT sum(count) FROM key_verifications_per_month_v1 WHERE time = '2026-10-01'");
    let october = (1_790_812_800_000, 1_793_491_200_000);
    assert_eq!((scan.start_ms, scan.end_ms), october);
    let scan = only_scan("SELECT sum(count) FROM key_verifications_per_month_v1 WHERE time = '2026-10-02'");
    assert!(scan.start_ms >= scan.end_ms);
    let scan = only_scan("SELECT count() FROM key_verifications_v1");
    assert_eq!((scan.start_ms, scan.end_ms), (NOW_MS - 400 * DAY_MS, i64::MAX));
}

#[test]
fn values_are_looked_up_and_not_asked_again() {
    let scan = only_scan(
        "SELECT count() FROM key_verifications_v1 WHERE key_id = 'a' AND key_id IN ('a', 'b') AND has(tags, 't') \
         AND key_space_id = 'ks_1' AND 'VALID' = outcome",
    );
    assert_eq!((scan.filter.keys, scan.filter.tags), (vec!["a".to_owned()], vec!["t".to_owned()]));
    assert_eq!(
        (scan.filter.apis, scan.filter.outcomes),
        (vec!["api_1".to_owned()], vec!["VALID".to_owned()])
    );
    assert!(scan.columns.is_empty() && !scan.never);
    assert!(only_scan("SELECT count() FROM key_verifications_v1 WHERE key_id = 'a' AND key_id = 'b'").never);
    // What the index cannot say for all rows stays a condition.
    for text in
        ["key_id != 'a'", "identity_id = ''", "key_space_id = 'ks_gone'", "key_id = 'a' OR outcome = 'b'"]
    {
        let scan = only_scan(&format!("SELECT count() FROM key_verifications_v1 WHERE {text}"));
        assert!(
            scan.filter.keys.is_empty() && scan.filter.apis.is_empty() && !scan.columns.is_empty(),
            "{text}"
        );
    }
    let plan = plan_of(
        "SELECT count() FROM key_verifications_v1 AS a LEFT JOIN key_verifications_v1 AS b ON a.key_id = b.key_id \
         WHERE a.outcome = 'x' AND b.outcome = 'y'",
    );
    let scans = plan.unwrap().scans;
    assert!(scans[0].filter.outcomes == ["x"] && scans[1].filter.outcomes.is_empty());
}

#[test]
fn rows_are_cut_by_time_only_where_nothing_else_decides() {
    let scan = only_scan(
        "SELECT key_id FROM key_verifications_v1 WHERE outcome = 'VALID' ORDER BY time DESC LIMIT 5 OFFSET 2",
    );
    assert_eq!(scan.top, Some(Top { rows: 7, newest_first: Some(true) }));
    let scan = only_scan("SELECT key_id FROM key_verifications_v1");
    assert_eq!(scan.top, Some(Top { rows: 10_000, newest_first: None }));
    for text in
        ["WHERE outcome != 'VALID' LIMIT 5", "ORDER BY time, key_id LIMIT 5", "ORDER BY latency LIMIT 5"]
    {
        assert_eq!(only_scan(&format!("SELECT key_id FROM key_verifications_v1 {text}")).top, None, "{text}");
    }
}

#[test]
fn no_text_of_the_caller_is_in_the_sql() {
    let text = "SELECT key_id AS \"evil; DROP TABLE t0\", 'it''s' AS `a``b`, concat(outcome, 'EVIL') AS EVIL \
                FROM key_verifications_v1 AS EVIL WHERE EVIL.key_id LIKE '%EVIL' ORDER BY EVIL LIMIT 7";
    let plan = plan_of(text).unwrap();
    assert!(!plan.sql.to_lowercase().contains("evil") && !plan.sql.contains('\''), "{}", plan.sql);
    assert!(plan.params.contains(&Const::Text("%EVIL".to_owned())));
}

#[test]
fn names_that_multiply_are_refused_in_time() {
    let mut items = vec!["1 + spent_credits AS a0".to_owned()];
    items.extend((1..60).map(|number| format!("a{} + a{} AS a{number}", number - 1, number - 1)));
    let text = format!("SELECT {} FROM key_verifications_v1", items.join(", "));
    let nested = (0..10).fold("SELECT key_id FROM key_verifications_v1".to_owned(), |inner, _| {
        format!("SELECT count(), key_id FROM ({inner}) GROUP BY key_id")
    });
    // Trees are as deep as they are long: on a thread with the stack that queries have.
    let deep = std::thread::Builder::new().stack_size(crate::sql::pool::STACK_BYTES);
    let bound = deep.spawn(move || (plan_of(&text).unwrap_err().code(), plan_of(&nested).is_ok()));
    assert_eq!(bound.unwrap().join().unwrap(), (Code::AnalyticsQuery, true));
}
