//! Aggregates and spans of time, compared with plain folds and with the room that
//! answers the same questions without SQL.

use std::collections::BTreeMap;

use insight::analytics::{Buckets, Filter, GroupBy, Question};
use insight::search::Kind;
use serde_json::{Value, json};

use super::seed::{DAY_MS, HOUR_MS, MINUTE_MS, Seeded, V};
use super::{Case, by, compare, floor, moment, month};
use crate::support::START_MS;

fn credits(events: &[&V]) -> i64 {
    events.iter().map(|event| event.spent_credits).sum()
}

fn valid(events: &[&V]) -> usize {
    events.iter().filter(|event| event.outcome == "VALID").count()
}

/// Between two of the sorted numbers in proportion.
fn quantile(mut numbers: Vec<f64>, level: f64) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let place = level * (numbers.len() - 1) as f64;
    let (low, high) = (numbers[place.floor() as usize], numbers[place.ceil() as usize]);
    low + (high - low) * place.fract()
}

const TOTALS: &[Case] = &[
    ("SELECT count() FROM key_verifications_v1", |s| vec![json!([s.v.len()])]),
    ("SELECT COUNT(*), count(1), count(key_id) FROM key_verifications_v1", |s| {
        vec![json!([s.v.len(), s.v.len(), s.v.len()])]
    }),
    ("SELECT sum(spent_credits), avg(spent_credits) FROM key_verifications_v1", |s| {
        let sum: i64 = s.v.iter().map(|v| v.spent_credits).sum();
        vec![json!([sum, sum as f64 / s.v.len() as f64])]
    }),
    ("SELECT min(latency), max(latency), avg(latency), sum(latency) FROM key_verifications_v1", |s| {
        let all: Vec<f64> = s.v.iter().map(|v| v.latency).collect();
        let sum: f64 = all.iter().sum();
        let low = all.iter().copied().fold(f64::MAX, f64::min);
        vec![json!([low, all.iter().copied().fold(0.0, f64::max), sum / all.len() as f64, sum])]
    }),
    ("SELECT min(time), max(time) FROM key_verifications_v1", |s| {
        vec![json!([s.v.iter().map(|v| v.time).min(), s.v.iter().map(|v| v.time).max()])]
    }),
    ("SELECT uniq(key_id), uniqExact(external_id), count(DISTINCT outcome) FROM key_verifications_v1", |s| {
        vec![json!([
            by(&s.v, |v| v.key_id.clone()).len(),
            by(&s.v, |v| v.external_id.clone()).len(),
            by(&s.v, |v| v.outcome).len()
        ])]
    }),
    ("SELECT uniq(key_id, outcome) FROM key_verifications_v1", |s| {
        vec![json!([by(&s.v, |v| (v.key_id.clone(), v.outcome)).len()])]
    }),
    (
        "SELECT quantile(latency), quantile(0.75)(latency), quantile(0.99)(latency) FROM key_verifications_v1",
        |s| {
            let all: Vec<f64> = s.v.iter().map(|v| v.latency).collect();
            vec![json!([quantile(all.clone(), 0.5), quantile(all.clone(), 0.75), quantile(all, 0.99)])]
        },
    ),
    ("SELECT quantile(0.9)(spent_credits) FROM key_verifications_v1", |s| {
        vec![json!([quantile(s.v.iter().map(|v| v.spent_credits as f64).collect(), 0.9)])]
    }),
    (
        "SELECT countIf(outcome = 'VALID'), sumIf(spent_credits, outcome != 'VALID') FROM key_verifications_v1",
        |s| {
            let all: Vec<&V> = s.v.iter().collect();
            let rest: i64 = s.v.iter().filter(|v| v.outcome != "VALID").map(|v| v.spent_credits).sum();
            vec![json!([valid(&all), rest])]
        },
    ),
    (
        "SELECT count(), sum(spent_credits), max(latency), any(key_id), avg(latency) FROM key_verifications_v1 WHERE key_id = 'nobody'",
        |_| vec![json!([0, 0, 0, "", null])],
    ),
    ("SELECT sum(spent_credits * 2 + 1) FROM key_verifications_v1", |s| {
        vec![json!([s.v.iter().map(|v| v.spent_credits * 2 + 1).sum::<i64>()])]
    }),
    ("SELECT avg(if(outcome = 'VALID', 1, 0)) FROM key_verifications_v1", |s| {
        let all: Vec<&V> = s.v.iter().collect();
        vec![json!([valid(&all) as f64 / s.v.len() as f64])]
    }),
];

const GROUPS: &[Case] = &[
    ("SELECT outcome, count() AS total FROM key_verifications_v1 GROUP BY outcome", |s| {
        by(&s.v, |v| v.outcome).into_iter().map(|(outcome, all)| json!([outcome, all.len()])).collect()
    }),
    (
        "SELECT key_id, count() AS total FROM key_verifications_v1 GROUP BY key_id ORDER BY total DESC, key_id LIMIT 2",
        |s| {
            let mut all: Vec<_> = by(&s.v, |v| v.key_id.clone()).into_iter().collect();
            all.sort_by_key(|(key, all)| (std::cmp::Reverse(all.len()), key.clone()));
            all.into_iter().take(2).map(|(key, all)| json!([key, all.len()])).collect()
        },
    ),
    (
        "SELECT key_space_id, identity_id, sum(spent_credits) FROM key_verifications_v1 GROUP BY key_space_id, identity_id",
        |s| {
            let groups = by(&s.v, |v| (v.key_space_id.clone(), v.identity_id.clone()));
            groups.into_iter().map(|((space, id), all)| json!([space, id, credits(&all)])).collect()
        },
    ),
    (
        "SELECT external_id, count() AS n FROM key_verifications_v1 WHERE external_id != '' GROUP BY 1 HAVING n > 100 ORDER BY 2 DESC, 1",
        |s| {
            let mut all: Vec<_> = by(&s.v, |v| v.external_id.clone()).into_iter().collect();
            all.retain(|(id, all)| !id.is_empty() && all.len() > 100);
            all.sort_by_key(|(id, all)| (std::cmp::Reverse(all.len()), id.clone()));
            all.into_iter().map(|(id, all)| json!([id, all.len()])).collect()
        },
    ),
    ("SELECT arrayJoin(tags) AS tag, count() FROM key_verifications_v1 GROUP BY tag", |s| {
        let mut tags: BTreeMap<&str, i64> = BTreeMap::new();
        s.v.iter().flat_map(|v| &v.tags).for_each(|tag| *tags.entry(tag).or_default() += 1);
        tags.into_iter().map(|(tag, n)| json!([tag, n])).collect()
    }),
    ("SELECT tags, count() FROM key_verifications_v1 GROUP BY tags", |s| {
        by(&s.v, |v| v.tags.clone()).into_iter().map(|(tags, all)| json!([tags, all.len()])).collect()
    }),
    (
        "SELECT key_id, groupUniqArray(outcome) AS outcomes FROM key_verifications_v1 GROUP BY key_id HAVING has(outcomes, 'VALID')",
        |s| {
            by(&s.v, |v| v.key_id.clone())
                .into_iter()
                .map(|(key, all)| {
                    let outcomes: std::collections::BTreeSet<&str> = all.iter().map(|v| v.outcome).collect();
                    json!([key, outcomes])
                })
                .collect()
        },
    ),
    (
        "SELECT key_id, countIf(outcome = 'VALID') / count() AS rate FROM key_verifications_v1 GROUP BY key_id",
        |s| {
            by(&s.v, |v| v.key_id.clone())
                .into_iter()
                .map(|(key, all)| json!([key, valid(&all) as f64 / all.len() as f64]))
                .collect()
        },
    ),
    ("SELECT outcome, quantile(0.95)(latency) FROM key_verifications_v1 GROUP BY outcome", |s| {
        by(&s.v, |v| v.outcome)
            .into_iter()
            .map(|(o, all)| json!([o, quantile(all.iter().map(|v| v.latency).collect(), 0.95)]))
            .collect()
    }),
    ("SELECT DISTINCT key_id, outcome FROM key_verifications_v1", |s| {
        by(&s.v, |v| (v.key_id.clone(), v.outcome)).into_keys().map(|(k, o)| json!([k, o])).collect()
    }),
    ("SELECT length(groupArray(request_id)), length(groupArray(7)(key_id)) FROM key_verifications_v1", |s| {
        vec![json!([s.v.len(), 7])]
    }),
    (
        "SELECT key_id, max(fromUnixTimestamp64Milli(time)) > '2026-10-07 10:00:00' AS recent FROM key_verifications_v1 GROUP BY key_id",
        |s| {
            let since = START_MS - 40 * MINUTE_MS;
            by(&s.v, |v| v.key_id.clone())
                .into_iter()
                .map(|(key, all)| json!([key, i64::from(all.iter().any(|v| v.time > since))]))
                .collect()
        },
    ),
];

const TIMES: &[Case] = &[
    (
        "SELECT toStartOfHour(fromUnixTimestamp64Milli(time)) AS hour, count() FROM key_verifications_v1 GROUP BY hour ORDER BY hour",
        |s| {
            by(&s.v, |v| floor(v.time, HOUR_MS))
                .into_iter()
                .map(|(t, all)| json!([moment(t), all.len()]))
                .collect()
        },
    ),
    (
        "SELECT toDate(toDateTime(time / 1000)) AS day, outcome, count() FROM key_verifications_v1 GROUP BY day, outcome",
        |s| {
            by(&s.v, |v| (floor(v.time, DAY_MS), v.outcome))
                .into_iter()
                .map(|((t, outcome), all)| json!([moment(t), outcome, all.len()]))
                .collect()
        },
    ),
    ("SELECT time, sum(count) FROM key_verifications_per_minute_v1 GROUP BY time", |s| {
        by(&s.v, |v| floor(v.time, MINUTE_MS))
            .into_iter()
            .map(|(t, all)| json!([moment(t), all.len()]))
            .collect()
    }),
    (
        "SELECT time, outcome, sum(count) AS n, sum(spent_credits) AS c FROM key_verifications_per_hour_v1 GROUP BY time, outcome",
        |s| {
            by(&s.v, |v| (floor(v.time, HOUR_MS), v.outcome))
                .into_iter()
                .map(|((t, outcome), all)| json!([moment(t), outcome, all.len(), credits(&all)]))
                .collect()
        },
    ),
    (
        "SELECT toStartOfDay(time) AS day, sumIf(count, outcome = 'VALID') FROM key_verifications_per_hour_v1 GROUP BY day",
        |s| {
            by(&s.v, |v| floor(v.time, DAY_MS))
                .into_iter()
                .map(|(t, all)| json!([moment(t), valid(&all)]))
                .collect()
        },
    ),
    (
        "SELECT external_id, time, sum(spent_credits) FROM key_verifications_per_month_v1 WHERE external_id IN ('user 1', 'user 2') GROUP BY external_id, time",
        |s| {
            by(&s.v, |v| (v.external_id.clone(), month(v.time)))
                .into_iter()
                .filter(|((id, _), _)| id == "user 1" || id == "user 2")
                .map(|((id, t), all)| json!([id, moment(t), credits(&all)]))
                .collect()
        },
    ),
    (
        "SELECT formatDateTime(time, '%Y-%m') AS month, sum(count) FROM key_verifications_per_day_v1 GROUP BY month",
        |s| {
            by(&s.v, |v| month(v.time))
                .into_iter()
                .map(|(t, all)| json!([moment(t).as_str().unwrap()[..7], all.len()]))
                .collect()
        },
    ),
    (
        "SELECT date_trunc('week', fromUnixTimestamp64Milli(time)) AS week, count() FROM key_verifications_v1 GROUP BY week",
        |s| {
            // Weeks begin on Monday; the epoch was a Thursday.
            let week = |t: i64| floor(t + 3 * DAY_MS, 7 * DAY_MS) - 3 * DAY_MS;
            by(&s.v, |v| week(v.time)).into_iter().map(|(t, all)| json!([moment(t), all.len()])).collect()
        },
    ),
    (
        "SELECT sum(count) FROM key_verifications_per_hour_v1 WHERE time >= now() - INTERVAL 1 DAY AND time < now()",
        |s| {
            let from = START_MS - DAY_MS + 20 * MINUTE_MS;
            let n = s.v.iter().filter(|v| v.time >= from && floor(v.time, HOUR_MS) < START_MS).count();
            vec![json!([n])]
        },
    ),
    (
        "SELECT count() FROM key_verifications_v1 WHERE time >= toUnixTimestamp64Milli(now() - INTERVAL 30 MINUTE)",
        |s| vec![json!([s.v.iter().filter(|v| v.time >= START_MS - 30 * MINUTE_MS).count()])],
    ),
    (
        "SELECT count() FROM key_verifications_v1 WHERE time BETWEEN '2026-10-01' AND '2026-10-02 12:00:00'",
        |s| {
            let first = floor(START_MS, DAY_MS) - 6 * DAY_MS;
            vec![json!([s
                .v
                .iter()
                .filter(|v| (first..=first + DAY_MS + DAY_MS / 2).contains(&v.time))
                .count()])]
        },
    ),
    ("SELECT count() FROM key_verifications_v1 WHERE NOT (time >= toUnixTimestamp64Milli(today()))", |s| {
        vec![json!([s.v.iter().filter(|v| v.time < floor(START_MS, DAY_MS)).count()])]
    }),
    ("SELECT sum(count) FROM key_verifications_per_day_v1 WHERE time = toDate('2026-10-06')", |s| {
        let day = floor(START_MS, DAY_MS) - DAY_MS;
        vec![json!([s.v.iter().filter(|v| floor(v.time, DAY_MS) == day).count()])]
    }),
    (
        "SELECT toStartOfHour(fromUnixTimestamp64Milli(time)) AS time, count() AS count FROM key_verifications_v1 WHERE time >= '2026-10-07' GROUP BY time ORDER BY time",
        |s| {
            let today = floor(START_MS, DAY_MS);
            by(&s.v, |v| floor(v.time, HOUR_MS))
                .into_iter()
                .filter(|(t, _)| *t >= today)
                .map(|(t, all)| json!([moment(t), all.len()]))
                .collect()
        },
    ),
];

const SPANS: &[Case] = &[
    ("SELECT count(), max(count), avg(spent_credits) FROM key_verifications_per_day_v1", |s| {
        let rows = by(&s.v, |v| {
            let ids = (v.key_space_id.clone(), v.identity_id.clone(), v.external_id.clone());
            (floor(v.time, DAY_MS), ids, v.key_id.clone(), v.outcome, v.tags.clone())
        });
        let most = rows.values().map(Vec::len).max();
        let sum: i64 = s.v.iter().map(|v| v.spent_credits).sum();
        vec![json!([rows.len(), most, sum as f64 / rows.len() as f64])]
    }),
    (
        "SELECT time, key_id, outcome, tags, count, spent_credits, latency_avg, latency_p75, latency_p99 FROM key_verifications_per_month_v1",
        |s| {
            by(&s.v, |v| (month(v.time), v.key_id.clone(), v.outcome, v.tags.clone()))
                .into_iter()
                .map(|((t, key, outcome, tags), all)| {
                    let latencies: Vec<f64> = all.iter().map(|v| v.latency).collect();
                    let avg = latencies.iter().sum::<f64>() / latencies.len() as f64;
                    let (p75, p99) = (quantile(latencies.clone(), 0.75), quantile(latencies, 0.99));
                    json!([moment(t), key, outcome, tags, all.len(), credits(&all), avg, p75, p99])
                })
                .collect()
        },
    ),
    (
        "SELECT time, namespace_id, identifier, passed, total, total_tokens, passed_tokens FROM ratelimits_per_hour_v1",
        |s| {
            by(&s.r, |r| (floor(r.time, HOUR_MS), r.namespace_id.clone(), r.identifier.clone()))
                .into_iter()
                .map(|((t, ns, id), all)| {
                    let passed: Vec<_> = all.iter().filter(|r| r.passed).collect();
                    let tokens: i64 = all.iter().map(|r| r.tokens).sum();
                    let passed_tokens: i64 = passed.iter().map(|r| r.tokens).sum();
                    json!([moment(t), ns, id, passed.len(), all.len(), tokens, passed_tokens])
                })
                .collect()
        },
    ),
    (
        "SELECT namespace_id, sum(passed), sum(total) - sum(passed) AS denied, sum(passed_tokens) / sum(total_tokens) FROM ratelimits_per_day_v1 GROUP BY namespace_id",
        |s| {
            by(&s.r, |r| r.namespace_id.clone())
                .into_iter()
                .map(|(ns, all)| {
                    let passed: Vec<_> = all.iter().filter(|r| r.passed).collect();
                    let share = passed.iter().map(|r| r.tokens).sum::<i64>() as f64
                        / all.iter().map(|r| r.tokens).sum::<i64>() as f64;
                    json!([ns, passed.len(), all.len() - passed.len(), share])
                })
                .collect()
        },
    ),
    (
        "SELECT identifier, countIf(NOT passed), sum(tokens) FROM ratelimits_v1 WHERE namespace_id = 'rlns_2' GROUP BY identifier",
        |s| {
            by(&s.r, |r| r.identifier.clone())
                .into_iter()
                .map(|(id, all)| {
                    let own: Vec<_> = all.into_iter().filter(|r| r.namespace_id == "rlns_2").collect();
                    let denied = own.iter().filter(|r| !r.passed).count();
                    json!([id, denied, own.iter().map(|r| r.tokens).sum::<i64>()])
                })
                .collect()
        },
    ),
    ("SELECT passed, count() FROM ratelimits_v1 GROUP BY passed", |s| {
        by(&s.r, |r| r.passed).into_iter().map(|(passed, all)| json!([passed, all.len()])).collect()
    }),
    ("SELECT count() FROM ratelimits_v1 WHERE passed = true AND override_id = 'rlor_1'", |s| {
        vec![json!([s.r.iter().filter(|r| r.passed && r.override_id == "rlor_1").count()])]
    }),
    (
        "SELECT override_id, max(`limit`), max(remaining), max(reset_at) FROM ratelimits_v1 GROUP BY override_id",
        |s| {
            by(&s.r, |r| r.override_id)
                .into_iter()
                .map(|(id, all)| {
                    let max = |of: fn(&super::seed::R) -> i64| all.iter().map(|r| of(r)).max();
                    json!([id, max(|r| r.limit), max(|r| r.remaining), max(|r| r.reset_at)])
                })
                .collect()
        },
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn aggregates_agree_with_plain_folds() {
    let seeded = Seeded::start().await;
    for cases in [TOTALS, GROUPS, TIMES, SPANS] {
        compare(&seeded, cases).await;
    }
}

fn question(seeded: &Seeded, kind: Kind) -> Question {
    Question {
        kind,
        workspace: seeded.cx.workspace.clone(),
        start_ms: START_MS - 60 * DAY_MS,
        end_ms: START_MS + 1,
        filter: Filter::default(),
        buckets: None,
        group_by: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_those_of_the_analytics_room() {
    let seeded = Seeded::start().await;
    let verifications = || question(&seeded, Kind::Verifications);
    let hours = Question { buckets: Some(Buckets::Every(HOUR_MS)), ..verifications() };
    let by_key = Question { group_by: vec![GroupBy::Key], ..verifications() };
    let by_tag = Question { group_by: vec![GroupBy::Tag], ..verifications() };
    let users = vec!["user 1".to_owned(), "user 4".to_owned()];
    let of_users = Question {
        filter: Filter { external_ids: users, ..Filter::default() },
        group_by: vec![GroupBy::ExternalId],
        ..verifications()
    };
    let limits = Question { group_by: vec![GroupBy::Namespace], ..question(&seeded, Kind::Ratelimits) };
    let counts =
        "sumIf(count, outcome = 'VALID'), sumIf(count, outcome = 'RATE_LIMITED'), sum(spent_credits)";
    for (question, text) in [
        (hours, format!("SELECT time, '', {counts} FROM key_verifications_per_hour_v1 GROUP BY time")),
        (by_key, format!("SELECT 0, key_id, {counts} FROM key_verifications_per_day_v1 GROUP BY key_id")),
        (
            by_tag,
            format!(
                "SELECT 0, arrayJoin(if(tags = [], [''], tags)) AS tag, {counts} \
                 FROM key_verifications_per_month_v1 GROUP BY tag"
            ),
        ),
        (
            of_users,
            format!(
                "SELECT 0, external_id, {counts} FROM key_verifications_per_minute_v1 \
                 WHERE external_id IN ('user 1', 'user 4') GROUP BY external_id"
            ),
        ),
        (
            limits,
            "SELECT 0, namespace_id, 0, 0, sum(total_tokens) FROM ratelimits_per_hour_v1 GROUP BY namespace_id"
                .to_owned(),
        ),
    ] {
        let is_hourly = question.buckets.is_some();
        let rows = seeded.test.app.analytics.count(question).await.unwrap();
        let row = |row: &insight::analytics::Row| {
            let time = if is_hourly { moment(row.time_ms) } else { json!(0) };
            let group = row.groups.first().cloned().unwrap_or_default();
            json!([time, group, row.counts.valid, row.counts.rate_limited, row.counts.cost])
        };
        let mut expected: Vec<Value> = rows.iter().map(row).collect();
        let mut found = seeded.ask(&text).await.unwrap_or_else(|error| panic!("{text}: {error:?}"));
        expected.sort_by_key(Value::to_string);
        found.sort_by_key(Value::to_string);
        assert_eq!(found, expected, "{text}");
    }
}
