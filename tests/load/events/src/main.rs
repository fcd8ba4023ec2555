//! Makes events through the server's own recorder, and measures storing,
//! indexing and questions. Prints one Markdown table.
//!
//!     cargo run --release -p load-events [EVENTS]      ten million unless told
//!
//! Not part of the suite: ten million events take minutes and a gigabyte.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measuring program"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use entity::ids::WorkspaceId;
use unkey::analytics::{Analytics, Buckets, Filter, GroupBy, PageOf, Question};
use unkey::events::{KeyFacts, Noted, Recorder, Verification, Writer, last_chunk};
use unkey::op::{Door, OpCtx, Principal};
use unkey::search::{Indexer, Kind, Search};
use unkey::sql::{Ask, Sql, SqlConfig};
use unkey::store::{Database, Durability, Store};

const DAY_MS: i64 = 24 * 60 * 60_000;
const DAYS: i64 = 30;
/// The last moment of the events: 2026-10-28 00:00 UTC.
const END_MS: i64 = 1_793_145_600_000;
const START_MS: i64 = END_MS - DAYS * DAY_MS;
const KEYS: u64 = 20_000;
const OUTCOMES: [&str; 8] = [
    "VALID",
    "VALID",
    "VALID",
    "VALID",
    "VALID",
    "RATE_LIMITED",
    "USAGE_EXCEEDED",
    "INSUFFICIENT_PERMISSIONS",
];

/// A small generator of its own: figures must not depend on a seed of the day.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Small numbers far more often than large ones, as keys are used.
    fn skewed(&mut self, below: u64) -> u64 {
        let one = self.next() % below;
        let two = self.next() % below;
        let three = self.next() % below;
        one.min(two).min(three)
    }
}

fn facts() -> Vec<KeyFacts> {
    (0..KEYS)
        .map(|number| KeyFacts {
            workspace: "ws_load".into(),
            api: format!("api_{}", number % 20).as_str().into(),
            keyspace: format!("ks_{}", number % 20).as_str().into(),
            key: format!("key_{number:06}").as_str().into(),
            balance: None,
            lineage: None,
            identity: Some(format!("id_{}", number % 5000).as_str().into()),
            external_id: Some(format!("user_{}", number % 5000)),
            noted: Noted::default(),
        })
        .collect()
}

fn row(name: &str, value: impl std::fmt::Display) {
    println!("| {name} | {value} |");
}

fn megabytes(path: &Path) -> u64 {
    if path.is_file() {
        return path.metadata().map(|metadata| metadata.len()).unwrap_or(0);
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| megabytes(&entry.path())).sum()
}

async fn record(recorder: &Recorder, events: u64) {
    let facts = facts();
    let mut random = Random(88_172_645_463_325_252);
    let step = (END_MS - START_MS) as f64 / events as f64;
    for number in 0..events {
        let key = &facts[usize::try_from(random.skewed(KEYS)).unwrap()];
        let tags = [format!("path=/v1/{}", random.next() % 40), format!("region={}", random.next() % 6)];
        let request_id = format!("req_{number:016}");
        recorder.verification(&Verification {
            time_ms: START_MS + (number as f64 * step) as i64,
            request_id: &request_id,
            facts: key,
            door: "v2",
            root_key: Some("key_root"),
            ip: None,
            outcome: OUTCOMES[usize::try_from(random.next() % 8).unwrap()],
            denial: None,
            spent_credits: 1,
            balance: None,
            latency_us: u32::try_from(random.next() % 2000).unwrap(),
            tags: &tags,
        });
        if number % 4096 == 0 {
            while recorder.health().waiting > 200_000 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }
}

fn question() -> Question {
    Question {
        kind: Kind::Verifications,
        workspace: WorkspaceId::from("ws_load"),
        start_ms: START_MS,
        end_ms: END_MS,
        filter: Filter::default(),
        buckets: None,
        group_by: Vec::new(),
    }
}

/// Median of five runs.
async fn ask(name: &str, analytics: &Analytics, question: Question) {
    let mut times = Vec::new();
    let mut rows = 0;
    for _ in 0..5 {
        let begun = Instant::now();
        rows = analytics.count(question.clone()).await.unwrap().len();
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    row(name, format!("{:.1} ms ({rows} rows)", times[2].as_secs_f64() * 1000.0));
}

fn context() -> OpCtx {
    OpCtx {
        principal: Principal::Cli,
        workspace: WorkspaceId::from("ws_load"),
        now_ms: END_MS,
        request_id: "req_load".into(),
        door: Door::Cli,
        ip: None,
        user_agent: None,
        unrecorded: false,
        idempotency: None,
    }
}

/// Questions in SQL, as dashboards and bills ask them. Median of five runs.
async fn ask_sql(sql: &Sql) {
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

#[tokio::main]
async fn main() {
    let events: u64 = std::env::args().nth(1).map_or(10_000_000, |text| text.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let database =
        Database::open::<migration::Events>(&dir.path().join("events.db"), Durability::Normal).await.unwrap();
    let recorder = Recorder::default();
    let writer = Writer::start(recorder.clone(), database.clone());
    println!("| {events} events over {DAYS} days, {KEYS} keys | |\n|---|---|");

    let begun = Instant::now();
    record(&recorder, events).await;
    writer.shutdown().await.unwrap();
    assert_eq!(recorder.health().lost, 0, "events were dropped");
    row("stored", format!("{:.0} events/s", events as f64 / begun.elapsed().as_secs_f64()));
    database.checkpoint().await.unwrap();
    row(
        "events.db",
        format!("{:.1} bytes per event", megabytes(&dir.path().join("events.db")) as f64 / events as f64),
    );

    let begun = Instant::now();
    let search = Search::open(&dir.path().join("index")).unwrap();
    let indexer = Indexer::start(search.clone(), database.clone());
    let last = last_chunk(database.reader()).await.unwrap();
    while search.cursor() < last {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = begun.elapsed();
    row(
        "index built anew",
        format!("{:.1} s, {:.0} events/s", took.as_secs_f64(), events as f64 / took.as_secs_f64()),
    );
    indexer.shutdown().await.unwrap();
    row(
        "index",
        format!("{:.1} bytes per event", megabytes(&dir.path().join("index")) as f64 / events as f64),
    );
    assert_eq!(search.status().events, events);

    let app = Database::open::<migration::App>(&dir.path().join("app.db"), Durability::Normal).await.unwrap();
    let sql = Sql::new(SqlConfig::default(), Store::new(app), search.clone(), database.clone()).unwrap();
    let analytics = Analytics::new(search, database);
    let hourly = Some(Buckets::Every(60 * 60_000));
    ask("hourly by outcome, 30 days", &analytics, Question { buckets: hourly.clone(), ..question() }).await;
    ask("counts by key, 30 days", &analytics, Question { group_by: vec![GroupBy::Key], ..question() }).await;
    ask("counts by tag, 30 days", &analytics, Question { group_by: vec![GroupBy::Tag], ..question() }).await;
    let of_key = |key: &str| Filter { keys: vec![key.to_owned()], ..Filter::default() };
    let day = Question {
        start_ms: END_MS - DAY_MS,
        filter: of_key("key_000001"),
        buckets: hourly.clone(),
        ..question()
    };
    ask("one key, hourly, 24 hours", &analytics, day).await;
    let month = Question { filter: of_key("key_000001"), buckets: hourly.clone(), ..question() };
    ask("one key, hourly, 30 days", &analytics, month).await;
    let day = Question { start_ms: END_MS - DAY_MS, buckets: hourly, ..question() };
    ask("everything, hourly, 24 hours", &analytics, day).await;

    let filter = Filter {
        outcomes: vec!["RATE_LIMITED".to_owned()],
        tags: vec!["region=3".to_owned()],
        ..Filter::default()
    };
    let page = PageOf {
        kind: Kind::Verifications,
        workspace: WorkspaceId::from("ws_load"),
        start_ms: START_MS,
        end_ms: END_MS,
        filter,
        limit: 100,
        after: None,
    };
    let mut times = Vec::new();
    for _ in 0..5 {
        let begun = Instant::now();
        assert_eq!(analytics.page(page.clone()).await.unwrap().events.len(), 100);
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    row("newest 100 events with two filters", format!("{:.1} ms", times[2].as_secs_f64() * 1000.0));
    ask_sql(&sql).await;
}
