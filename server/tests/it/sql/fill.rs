//! `WITH FILL`: the rows that a series lacks, and the bounds of it.

use base::error::Code;
use serde_json::{Value, json};

use super::seed::{DAY_MS, HOUR_MS, Seeded};
use super::{Case, by, compare, floor, moment, month};
use crate::support::START_MS;

const FILLED: &[Case] = &[
    (
        "SELECT time, sum(count) AS total FROM key_verifications_per_hour_v1 WHERE time >= now() - INTERVAL 24 HOUR \
         GROUP BY time ORDER BY time ASC WITH FILL FROM toStartOfHour(now() - INTERVAL 24 HOUR) \
         TO toStartOfHour(now()) STEP INTERVAL 1 HOUR",
        |s| {
            let until = floor(START_MS, HOUR_MS);
            let own = s.v.iter().filter(|v| floor(v.time, HOUR_MS) >= START_MS - DAY_MS).collect::<Vec<_>>();
            let hours = by(&own, |v| floor(v.time, HOUR_MS));
            let count = |hour: i64| hours.get(&hour).map_or(0, Vec::len);
            let mut rows: Vec<Value> = (0..24)
                .map(|hour| until - DAY_MS + hour * HOUR_MS)
                .map(|hour| json!([moment(hour), count(hour)]))
                .collect();
            // The hour that now is: beyond the series, and kept.
            rows.push(json!([moment(until), count(until)]));
            rows
        },
    ),
    (
        "SELECT time AS day, sum(count) AS n FROM key_verifications_per_day_v1 GROUP BY day ORDER BY day DESC \
         WITH FILL STEP INTERVAL -1 DAY LIMIT 30 OFFSET 5",
        |s| {
            let days = by(&s.v, |v| floor(v.time, DAY_MS));
            let (first, last) = (*days.keys().next().unwrap(), *days.keys().last().unwrap());
            let all = (0..).map(|day| last - day * DAY_MS).take_while(|day| *day >= first);
            let counted = all.map(|day| json!([moment(day), days.get(&day).map_or(0, Vec::len)]));
            counted.skip(5).take(30).collect()
        },
    ),
    (
        "SELECT time AS month, sum(count) AS n FROM key_verifications_per_month_v1 GROUP BY month ORDER BY month \
         WITH FILL FROM toDate('2026-06-01') TO toDate('2027-01-01') STEP INTERVAL 1 MONTH",
        |s| {
            let months = by(&s.v, |v| month(v.time));
            let starts = ["06", "07", "08", "09", "10", "11", "12"]
                .map(|number| format!("2026-{number}-01T00:00:00Z"));
            let count = |start: &String| {
                months.iter().find(|(time, _)| moment(**time) == **start).map_or(0, |(_, all)| all.len())
            };
            starts.iter().map(|start| json!([start, count(start)])).collect()
        },
    ),
    (
        "SELECT outcome, spent_credits AS n, count() AS total FROM key_verifications_v1 GROUP BY outcome, n \
         ORDER BY outcome, n WITH FILL FROM 0 TO 5",
        |s| {
            let mut rows = Vec::new();
            for (outcome, own) in by(&s.v, |v| v.outcome) {
                let spent = by(&own, |v| v.spent_credits);
                let mut all: Vec<i64> = (0..5).chain(spent.keys().copied()).collect();
                all.sort_unstable();
                all.dedup();
                rows.extend(all.into_iter().map(|n| json!([outcome, n, spent.get(&n).map_or(0, Vec::len)])));
            }
            rows
        },
    ),
    (
        "SELECT avg(n) FROM (SELECT time, sum(count) AS n FROM key_verifications_per_hour_v1 WHERE key_id = 'nobody' \
         GROUP BY time ORDER BY time WITH FILL FROM now() - toIntervalHour(3) TO now() STEP INTERVAL 1 HOUR)",
        |_| vec![json!([0])],
    ),
    (
        "SELECT 1 AS n FROM ratelimits_v1 WHERE identifier = 'user_3' UNION SELECT 4 FROM ratelimits_v1 \
         WHERE identifier = 'user_3' ORDER BY n WITH FILL TO 7 STEP 2",
        |_| vec![json!([1]), json!([3]), json!([4]), json!([5])],
    ),
    (
        "SELECT external_id, length(groupArray(DISTINCT key_id)) AS keys FROM key_verifications_v1 GROUP BY external_id",
        |s| {
            let keys = |all: &Vec<&super::seed::V>| by(all, |v| v.key_id.clone()).len();
            by(&s.v, |v| v.external_id.clone())
                .into_iter()
                .map(|(user, all)| json!([user, keys(&all)]))
                .collect()
        },
    ),
    (
        "SELECT groupArray(2)(DISTINCT outcome) AS two FROM key_verifications_v1 WHERE outcome = 'VALID'",
        |_| vec![json!([["VALID"]])],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_series_is_filled_up() {
    let seeded = Seeded::start().await;
    compare(&seeded, FILLED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_that_makes_no_sense_or_no_end_is_refused() {
    let seeded = Seeded::start().await;
    let of = |fill: &str| {
        format!(
            "SELECT time, outcome, count() AS n FROM key_verifications_per_day_v1 GROUP BY time, outcome ORDER BY {fill}"
        )
    };
    for fill in [
        "time WITH FILL STEP INTERVAL -1 DAY",
        "time DESC WITH FILL STEP INTERVAL 1 DAY",
        "time WITH FILL STEP 0",
        "time WITH FILL STEP INTERVAL 1 HOUR",
        "time WITH FILL STEP 1.5",
        "time WITH FILL FROM 5",
        "time WITH FILL TO outcome",
        "outcome WITH FILL",
        "time WITH FILL, n WITH FILL",
        "time WITH FILL INTERPOLATE (n AS n + 1)",
        "max(count) WITH FILL",
    ] {
        let error = seeded.ask(&of(fill)).await.expect_err(fill);
        assert_eq!(error.code(), Code::AnalyticsQuery, "{fill}: {error:?}");
    }
    let endless = of("time WITH FILL FROM toDate('1980-01-01') TO toDate('2080-01-01')");
    assert_eq!(seeded.ask(&endless).await.unwrap_err().code(), Code::QueryRows);
    let wide = of("n WITH FILL FROM 0 TO 9000000000000000000 STEP 1");
    assert_eq!(seeded.ask(&wide).await.unwrap_err().code(), Code::QueryRows);
}
