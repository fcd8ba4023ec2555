//! Clauses, joins, subqueries and set operations, compared with plain folds; and
//! what is refused.

use base::error::Code;
use serde_json::json;

use super::seed::{DAY_MS, Seeded};
use super::{Case, by, compare, floor, moment};
use crate::support::START_MS;

const ROWS: &[Case] = &[
    ("SELECT request_id, time, key_id FROM key_verifications_v1 ORDER BY time DESC LIMIT 5", |s| {
        s.v.iter().take(5).map(|v| json!([v.request_id, v.time, v.key_id])).collect()
    }),
    ("SELECT request_id FROM key_verifications_v1 ORDER BY time LIMIT 3 OFFSET 2", |s| {
        s.v.iter().rev().skip(2).take(3).map(|v| json!([v.request_id])).collect()
    }),
    (
        "SELECT request_id FROM key_verifications_v1 WHERE outcome = 'VALID' AND key_id != 'key_a' ORDER BY time DESC LIMIT 2, 4",
        |s| {
            let own = s.v.iter().filter(|v| v.outcome == "VALID" && v.key_id != "key_a");
            own.skip(2).take(4).map(|v| json!([v.request_id])).collect()
        },
    ),
    (
        "SELECT request_id FROM key_verifications_v1 WHERE request_id IN ('req_0003', 'req_0007', 'foreign_1')",
        |_| vec![json!(["req_0003"]), json!(["req_0007"])],
    ),
    (
        "SELECT * EXCEPT (workspace_id, region, source, app_id) FROM key_verifications_v1 WHERE time > toUnixTimestamp64Milli(now()) - 600000",
        |s| {
            let own = s.v.iter().filter(|v| v.time > START_MS - 600_000);
            own.map(|v| {
                let ids = [&v.key_space_id, &v.identity_id, &v.external_id, &v.key_id];
                json!([
                    v.request_id,
                    v.time,
                    ids[0],
                    ids[1],
                    ids[2],
                    ids[3],
                    v.outcome,
                    v.tags,
                    v.spent_credits,
                    v.latency
                ])
            })
            .collect()
        },
    ),
    ("SELECT * EXCEPT (workspace_id) FROM ratelimits_v1 WHERE identifier = 'user_3' AND NOT passed", |s| {
        let own = s.r.iter().filter(|r| r.identifier == "user_3" && !r.passed);
        own.map(|r| {
            let numbers = (r.tokens, r.latency, r.limit, r.remaining, r.reset_at);
            json!([
                r.request_id,
                r.time,
                r.namespace_id,
                r.identifier,
                r.passed,
                numbers.0,
                numbers.1,
                r.override_id,
                numbers.2,
                numbers.3,
                numbers.4
            ])
        })
        .collect()
    }),
    ("SELECT DISTINCT region, source, app_id FROM key_verifications_v1", |_| vec![json!(["", "api", ""])]),
    (
        "SELECT count() FROM key_verifications_v1 PREWHERE has(tags, 'path=/v1') WHERE has(tags, 'region=eu')",
        |s| vec![json!([s.v.iter().filter(|v| v.tags.contains(&"region=eu".to_owned())).count()])],
    ),
    (
        "SELECT count() FROM key_verifications_v1 WHERE (outcome = 'VALID' OR spent_credits >= 2) AND tags != []",
        |s| {
            let own =
                |v: &&super::seed::V| (v.outcome == "VALID" || v.spent_credits >= 2) && !v.tags.is_empty();
            vec![json!([s.v.iter().filter(own).count()])]
        },
    ),
    (
        "SELECT count() FROM key_verifications_v1 WHERE external_id = '' AND key_id NOT IN ('key_b') AND outcome LIKE '%\\_LIMITED'",
        |s| {
            let own = |v: &&super::seed::V| {
                v.external_id.is_empty() && v.key_id != "key_b" && v.outcome == "RATE_LIMITED"
            };
            vec![json!([s.v.iter().filter(own).count()])]
        },
    ),
    (
        "SELECT count() FROM key_verifications_v1 WHERE has(tags, 'it''s') AND outcome IN ['VALID', 'x']",
        |s| {
            let own = |v: &&super::seed::V| v.tags.contains(&"it's".to_owned()) && v.outcome == "VALID";
            vec![json!([s.v.iter().filter(own).count()])]
        },
    ),
];

const NESTED: &[Case] = &[
    (
        "SELECT max(n) FROM (SELECT key_id, count() AS n FROM key_verifications_v1 GROUP BY key_id) AS per_key",
        |s| vec![json!([by(&s.v, |v| v.key_id.clone()).values().map(Vec::len).max()])],
    ),
    (
        "WITH busy AS (SELECT key_id, count() AS n FROM key_verifications_v1 GROUP BY key_id HAVING n > 100), \
           names AS (SELECT key_id FROM busy) \
      SELECT v.key_id, count() FROM key_verifications_v1 AS v WHERE v.key_id IN (SELECT key_id FROM names) GROUP BY v.key_id",
        |s| {
            by(&s.v, |v| v.key_id.clone())
                .into_iter()
                .filter(|(_, all)| all.len() > 100)
                .map(|(key, all)| json!([key, all.len()]))
                .collect()
        },
    ),
    (
        "SELECT a.key_id, a.n, b.n FROM (SELECT key_id, count() AS n FROM key_verifications_v1 GROUP BY key_id) AS a \
      JOIN (SELECT key_id, countIf(outcome = 'VALID') AS n FROM key_verifications_v1 GROUP BY key_id) AS b USING (key_id)",
        |s| {
            by(&s.v, |v| v.key_id.clone())
                .into_iter()
                .map(|(key, all)| {
                    json!([key, all.len(), all.iter().filter(|v| v.outcome == "VALID").count()])
                })
                .collect()
        },
    ),
    (
        "SELECT d.day, l.n FROM (SELECT DISTINCT toDate(time) AS day FROM key_verifications_per_day_v1 WHERE time >= '2026-10-05') AS d \
      LEFT JOIN (SELECT time AS day, sum(count) AS n FROM key_verifications_per_day_v1 WHERE time = '2026-10-06' GROUP BY day) AS l ON l.day = d.day \
      ORDER BY d.day",
        |s| {
            let yesterday = floor(START_MS, DAY_MS) - DAY_MS;
            let n = s.v.iter().filter(|v| floor(v.time, DAY_MS) == yesterday).count();
            [(yesterday - DAY_MS, 0), (yesterday, n), (yesterday + DAY_MS, 0)]
                .into_iter()
                .map(|(day, n)| json!([moment(day), n]))
                .collect()
        },
    ),
    (
        "SELECT count() FROM key_verifications_v1 WHERE spent_credits > (SELECT avg(spent_credits) FROM key_verifications_v1)",
        |s| vec![json!([s.v.iter().filter(|v| v.spent_credits > 1).count()])],
    ),
    ("SELECT outcome FROM key_verifications_v1 UNION DISTINCT SELECT identifier FROM ratelimits_v1", |s| {
        let outcomes = by(&s.v, |v| v.outcome).into_keys().map(|outcome| json!([outcome]));
        outcomes.chain(by(&s.r, |r| r.identifier.clone()).into_keys().map(|id| json!([id]))).collect()
    }),
    (
        "SELECT 'v' AS kind, count() AS n FROM key_verifications_v1 UNION ALL SELECT 'r', count() FROM ratelimits_v1 ORDER BY kind LIMIT 2",
        |s| vec![json!(["r", s.r.len()]), json!(["v", s.v.len()])],
    ),
    (
        "SELECT DISTINCT key_id FROM key_verifications_v1 EXCEPT SELECT DISTINCT key_id FROM key_verifications_v1 WHERE external_id = ''",
        |s| {
            by(&s.v, |v| v.key_id.clone())
                .into_iter()
                .filter(|(_, all)| !all[0].external_id.is_empty())
                .map(|(key, _)| json!([key]))
                .collect()
        },
    ),
    (
        "SELECT DISTINCT key_id FROM key_verifications_v1 INTERSECT SELECT 'key_b' FROM key_verifications_v1",
        |_| vec![json!(["key_b"])],
    ),
    (
        "SELECT count() FROM key_verifications_v1 AS v JOIN ratelimits_v1 AS r ON r.request_id = concat('req_r', substring(v.request_id, 6))",
        |s| {
            vec![json!([s
                .v
                .iter()
                .filter(|v| v.request_id.starts_with("req_0") && &v.request_id[5..] < "200")
                .count()])]
        },
    ),
    (
        "SELECT n.namespace_id, v.key_id FROM (SELECT DISTINCT namespace_id FROM ratelimits_v1) AS n CROSS JOIN (SELECT DISTINCT key_id FROM key_verifications_v1) AS v",
        |s| {
            let keys: Vec<String> = by(&s.v, |v| v.key_id.clone()).into_keys().collect();
            ["rlns_1", "rlns_2"]
                .into_iter()
                .flat_map(|ns| keys.iter().map(move |key| json!([ns, key])))
                .collect()
        },
    ),
    (
        "SELECT count() FROM key_verifications_v1 WHERE EXISTS (SELECT 1 FROM ratelimits_v1 WHERE identifier = 'nobody')",
        |_| vec![json!([0])],
    ),
    (
        "SELECT state, count() FROM (SELECT CASE outcome WHEN 'VALID' THEN 'good' WHEN 'RATE_LIMITED' THEN 'slow' ELSE 'bad' END AS state FROM key_verifications_v1) GROUP BY state",
        |s| {
            let state = |outcome: &str| match outcome {
                "VALID" => "good",
                "RATE_LIMITED" => "slow",
                _ => "bad",
            };
            by(&s.v, |v| state(v.outcome)).into_iter().map(|(state, all)| json!([state, all.len()])).collect()
        },
    ),
    (
        "SELECT arrayFilter(x -> startsWith(x, 'path='), tags) AS paths, count() FROM key_verifications_v1 GROUP BY paths",
        |s| {
            let paths = |v: &super::seed::V| -> Vec<String> {
                v.tags.iter().filter(|tag| tag.starts_with("path=")).cloned().collect()
            };
            by(&s.v, paths).into_iter().map(|(paths, all)| json!([paths, all.len()])).collect()
        },
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn clauses_agree_with_plain_folds() {
    let seeded = Seeded::start().await;
    compare(&seeded, ROWS).await;
    compare(&seeded, NESTED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn outer_joins_fill_with_defaults_not_null() {
    let seeded = Seeded::start().await;
    let sides = "(SELECT 'a' AS k, 1 AS n FROM ratelimits_v1 LIMIT 1) AS l {} JOIN \
                 (SELECT 'b' AS k, 2 AS n FROM ratelimits_v1 LIMIT 1) AS r";
    for (word, expected) in [
        ("LEFT", vec![json!(["a", 1, "", 0])]),
        ("RIGHT", vec![json!(["", 0, "b", 2])]),
        ("FULL", vec![json!(["", 0, "b", 2]), json!(["a", 1, "", 0])]),
        ("INNER", vec![]),
    ] {
        let text = format!("SELECT l.k, l.n, r.k, r.n FROM {} ON l.k = r.k", sides.replace("{}", word));
        let mut found = seeded.ask(&text).await.unwrap();
        found.sort_by_key(ToString::to_string);
        assert_eq!(found, expected, "{text}");
    }
    let text = format!("SELECT k FROM {} USING (k) ORDER BY k", sides.replace("{}", "FULL"));
    // ORDER BY one name of two columns: the merged one.
    assert_eq!(seeded.ask(&text).await.unwrap(), [json!(["a"]), json!(["b"])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_understood_is_refused() {
    let seeded = Seeded::start().await;
    let t = "key_verifications_v1";
    for text in [
        format!("SELECT nothing FROM {t}"),
        format!("SELECT key_id, count() FROM {t}"),
        format!("SELECT count() FROM {t} WHERE count() > 1"),
        format!("SELECT sum(count()) FROM {t}"),
        format!("SELECT key_id FROM {t} GROUP BY outcome"),
        format!("SELECT key_id + 1 FROM {t}"),
        format!("SELECT toStartOfHour(time) FROM {t}"),
        format!("SELECT toStartOfDay(now(), 'Europe/Berlin') FROM {t}"),
        format!("SELECT formatDateTime(now(), '%q') FROM {t}"),
        format!("SELECT INTERVAL 1 DAY FROM {t}"),
        format!("SELECT count() OVER () FROM {t}"),
        format!("SELECT tags[1] FROM {t}"),
        format!("SELECT (key_id, outcome) FROM {t}"),
        format!("SELECT * FROM {t} LIMIT 1 BY key_id"),
        format!("SELECT * FROM {t} SAMPLE 0.1"),
        format!("SELECT * FROM {t} FORMAT JSON"),
        format!("SELECT key_id, count() FROM {t} GROUP BY key_id WITH TOTALS"),
        format!("SELECT * FROM {t} AS a JOIN {t} AS a ON 1 = 1"),
        format!("SELECT key_id FROM {t} AS a JOIN {t} AS b ON a.key_id = b.key_id"),
        format!("SELECT * FROM {t} AS a NATURAL JOIN {t} AS b"),
        format!("SELECT * FROM {t} AS a WHERE EXISTS (SELECT 1 FROM {t} AS b WHERE b.key_id = a.key_id)"),
        format!("SELECT key_id FROM {t} UNION ALL SELECT key_id, outcome FROM {t}"),
        format!("SELECT key_id FROM {t} UNION ALL SELECT spent_credits FROM {t}"),
        format!("SELECT key_id, outcome FROM {t} WHERE key_id IN (SELECT key_id, outcome FROM {t})"),
        format!("SELECT key_id FROM {t} WHERE key_id IN (outcome)"),
        format!("SELECT key_id FROM {t} WHERE outcome"),
        format!("WITH RECURSIVE a AS (SELECT 1 AS n FROM {t} UNION ALL SELECT n FROM a) SELECT n FROM a"),
        format!("SELECT quantile(2)(latency) FROM {t}"),
        format!("SELECT 0x1F FROM {t}"),
        format!("SELECT ? FROM {t}"),
        format!("SELECT spent_credits -> 'a' FROM {t}"),
    ] {
        let error = seeded.ask(&text).await.map(|rows| rows.len()).expect_err(&text);
        assert_eq!(error.code(), Code::AnalyticsQuery, "{text}: {error:?}");
        assert!(!error.detail().contains("c_") && !error.detail().contains("t0"), "{text}: {error}");
    }
}
