//! The same events asked in SQL.

use std::time::Instant;

use base::access::{Door, OpCtx, Principal};
use base::ids::WorkspaceId;
use insight::sql::{Ask, Sql};

use crate::{DAY_MS, END_MS, row};

fn context() -> OpCtx {
    OpCtx {
        principal: Principal::Cli,
        workspace: WorkspaceId::from("ws_load"),
        now_ms: END_MS,
        request_id: "req_load".into(),
        door: Door::Cli,
        address: base::address::ClientAddress::NONE,
        user_agent: None,
        unrecorded: false,
        idempotency: None,
    }
}

/// Questions in SQL, as dashboards and bills ask them. Median of five runs.
pub async fn ask(sql: &Sql) {
    let raw_days = "toDate(fromUnixTimestamp64Milli(time))";
    for (name, text) in [
        (
            "SQL: hourly by outcome, 30 days",
            "SELECT time, outcome, sum(count) FROM key_verifications_per_hour_v1 GROUP BY time, outcome ORDER BY time"
                .to_owned(),
        ),
        (
            "SQL: daily by outcome, 30 days",
            "SELECT time, outcome, sum(count) FROM key_verifications_per_day_v1 GROUP BY time, outcome ORDER BY time"
                .to_owned(),
        ),
        (
            "SQL: hourly over single events, 30 days",
            "SELECT toStartOfHour(fromUnixTimestamp64Milli(time)) AS hour, count() FROM key_verifications_v1 GROUP BY hour"
                .to_owned(),
        ),
        (
            "SQL: top 10 keys, 30 days",
            "SELECT key_id, count() AS n FROM key_verifications_v1 GROUP BY key_id ORDER BY n DESC LIMIT 10".to_owned(),
        ),
        (
            "SQL: bill by identity and month",
            "SELECT external_id, time, sum(spent_credits) FROM key_verifications_per_month_v1 GROUP BY external_id, time"
                .to_owned(),
        ),
        (
            "SQL: p99 by day, 30 days",
            format!("SELECT {raw_days} AS day, quantile(0.99)(latency) FROM key_verifications_v1 GROUP BY day"),
        ),
        (
            "SQL: by tag, 30 days",
            "SELECT arrayJoin(tags) AS tag, count() FROM key_verifications_v1 GROUP BY tag".to_owned(),
        ),
        (
            "SQL: one key, hourly, 30 days",
            "SELECT time, sum(count) FROM key_verifications_per_hour_v1 WHERE key_id = 'key_000001' GROUP BY time".to_owned(),
        ),
        (
            "SQL: newest 100 failures, every column",
            "SELECT * FROM key_verifications_v1 WHERE outcome = 'RATE_LIMITED' ORDER BY time DESC LIMIT 100".to_owned(),
        ),
        (
            "SQL: a million single events sorted by latency",
            format!("SELECT key_id, latency FROM key_verifications_v1 WHERE time >= {} ORDER BY latency DESC LIMIT 10", END_MS - 3 * DAY_MS),
        ),
    ] {
        let mut times = Vec::new();
        let mut rows = 0;
        for _ in 0..5 {
            let begun = Instant::now();
            rows = sql.ask(&context(), Ask { text: text.clone(), family: None }).await.unwrap().rows.len();
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        row(name, format!("{:.1} ms ({rows} rows)", times[2].as_secs_f64() * 1000.0));
    }
}
