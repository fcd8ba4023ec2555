//! Makes events through the server's own recorder, and measures storing,
//! indexing and questions. Prints one Markdown table.
//!
//!     cargo run --release -p load-events [EVENTS]                  ten million unless told
//!     cargo run --release -p load-events EVENTS --into events.db   only stores them, in this file
//!     ... EVENTS --into events.db keys.tsv   of these keys, until now, busy by day and quiet by night; a line
//!         has workspace, API, keyspace, key, identity and external id, the last two perhaps empty
//!
//! Not part of the suite: ten million events take minutes and a gigabyte.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measuring program"
)]

mod sql;

use std::path::Path;
use std::time::{Duration, Instant};

use base::events::{KeyFacts, Noted, Recorder, Verification, Writer, last_chunk};
use base::ids::WorkspaceId;
use base::store::{Database, Durability, Store};
use insight::analytics::{Analytics, Buckets, Filter, GroupBy, Metric, PageOf, Question};
use insight::search::{Indexer, Kind, Search};
use insight::sql::{Sql, SqlConfig};

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

/// Whose events are made, and when.
struct Plan {
    facts: Vec<KeyFacts>,
    end_ms: i64,
    /// How much busier noon is than the mean.
    swing: f64,
    /// One of these each, all as often.
    outcomes: Vec<&'static str>,
}

impl Plan {
    fn even() -> Self {
        Self { facts: facts(), end_ms: END_MS, swing: 0.0, outcomes: OUTCOMES.to_vec() }
    }

    fn of_keys(file: &str) -> Self {
        let text = std::fs::read_to_string(file).unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let end_ms = i64::try_from(now.as_millis()).unwrap();
        let mut outcomes = vec!["VALID"; 56];
        outcomes.extend(&OUTCOMES[5..]);
        outcomes.push("RATE_LIMITED");
        Self { facts: text.lines().map(key_of_line).collect(), end_ms, swing: 0.7, outcomes }
    }

    /// When the event at this share of the span happened.
    fn time_ms(&self, share: f64) -> i64 {
        let even = share * (DAYS * DAY_MS) as f64;
        let day = DAY_MS as f64 / std::f64::consts::TAU;
        self.end_ms - DAYS * DAY_MS + (even - day * self.swing * (even / day).sin()) as i64
    }
}

fn key_of_line(line: &str) -> KeyFacts {
    let fields: Vec<&str> = line.split('\t').collect();
    let [workspace, api, keyspace, key, identity, external_id] = fields[..] else {
        panic!("six fields: {line}")
    };
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    KeyFacts {
        workspace: workspace.into(),
        api: api.into(),
        keyspace: keyspace.into(),
        key: key.into(),
        balance: None,
        lineage: None,
        identity: given(identity).map(|id| id.as_str().into()),
        external_id: given(external_id),
        noted: Noted::default(),
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

async fn record(recorder: &Recorder, events: u64, plan: &Plan) {
    let mut random = Random(88_172_645_463_325_252);
    for number in 0..events {
        let key = &plan.facts[usize::try_from(random.skewed(plan.facts.len() as u64)).unwrap()];
        let tags = [format!("path=/v1/{}", random.next() % 40), format!("region={}", random.next() % 6)];
        let request_id = format!("req_{number:016}");
        recorder.verification(&Verification {
            time_ms: plan.time_ms(number as f64 / events as f64),
            request_id: &request_id,
            facts: key,
            door: "v2",
            root_key: Some("key_root"),
            ip: None,
            outcome: plan.outcomes[usize::try_from(random.next() % plan.outcomes.len() as u64).unwrap()],
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
async fn measure<T>(name: &str, ask: impl AsyncFn() -> T, tell: impl Fn(&T) -> String) {
    let mut times = Vec::new();
    let mut told = String::new();
    for _ in 0..5 {
        let begun = Instant::now();
        let answer = ask().await;
        times.push(begun.elapsed());
        told = tell(&answer);
    }
    times.sort_unstable();
    row(name, format!("{:.1} ms ({told})", times[2].as_secs_f64() * 1000.0));
}

async fn count(name: &str, analytics: &Analytics, question: Question) {
    let ask = async || analytics.count(question.clone()).await.unwrap().len();
    measure(name, ask, |rows| format!("{rows} rows")).await;
}

async fn top(name: &str, analytics: &Analytics, by: GroupBy) {
    let ask = async || analytics.top(question(), by, Metric::Total, 10).await.unwrap();
    measure(name, ask, |top| if top.approximate { "approximate".into() } else { "exact".into() }).await;
}

async fn store(path: &Path, events: u64, plan: &Plan) -> Database {
    let database = Database::open::<migration::Events>(path, Durability::Normal).await.unwrap();
    let recorder = Recorder::default();
    let writer = Writer::start(recorder.clone(), database.clone());
    println!("| {events} events over {DAYS} days, {} keys | |\n|---|---|", plan.facts.len());
    let begun = Instant::now();
    record(&recorder, events, plan).await;
    writer.shutdown().await.unwrap();
    assert_eq!(recorder.health().lost, 0, "events were dropped");
    row("stored", format!("{:.0} events/s", events as f64 / begun.elapsed().as_secs_f64()));
    database.checkpoint().await.unwrap();
    row("events.db", format!("{:.1} bytes per event", megabytes(path) as f64 / events as f64));
    database
}

/// Builds the index from nothing, and waits until weeks that are over are sealed.
async fn index(dir: &Path, database: &Database, events: u64) -> Search {
    let begun = Instant::now();
    let search = Search::open(dir).unwrap();
    let indexer = Indexer::start(search.clone(), database.clone());
    let last = last_chunk(database.reader()).await.unwrap();
    while search.cursor() < last {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = begun.elapsed().as_secs_f64();
    row("index built anew", format!("{took:.1} s, {:.0} events/s", events as f64 / took));
    assert_eq!(search.status().events, events);
    let weeks = search.between(Kind::Verifications, START_MS, END_MS);
    let open = |week: &insight::search::Week| week.searcher().segment_readers().len() > 1;
    let begun = Instant::now();
    while weeks.iter().rev().skip(1).any(|week| open(week)) {
        assert!(begun.elapsed() < Duration::from_secs(300), "weeks that are over are not sealed");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    row(
        "weeks that are over sealed, ten idle seconds later",
        format!("{:.1} s", begun.elapsed().as_secs_f64()),
    );
    indexer.shutdown().await.unwrap();
    row("index", format!("{:.1} bytes per event", megabytes(dir) as f64 / events as f64));
    search
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let events: u64 = arguments.get(1).map_or(10_000_000, |text| text.parse().unwrap());
    if let [_, _, flag, path, keys @ ..] = &arguments[..]
        && flag == "--into"
    {
        let plan = keys.first().map_or_else(Plan::even, |file| Plan::of_keys(file));
        store(Path::new(path), events, &plan).await.close().await.unwrap();
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let database = store(&dir.path().join("events.db"), events, &Plan::even()).await;
    let search = index(&dir.path().join("index"), &database, events).await;
    let app = Database::open::<migration::App>(&dir.path().join("app.db"), Durability::Normal).await.unwrap();
    let queries = Sql::new(
        SqlConfig::default(),
        Store::new(app),
        &domain::apis::ApiFeed,
        search.clone(),
        database.clone(),
    )
    .unwrap();
    ask(&Analytics::new(search, database)).await;
    sql::ask(&queries).await;
}

async fn ask(analytics: &Analytics) {
    let hourly = Some(Buckets::Every(60 * 60_000));
    let daily = Some(Buckets::Every(DAY_MS));
    let by_hour = Question { buckets: hourly.clone(), ..question() };
    count("hourly by outcome, 30 days", analytics, by_hour.clone()).await;
    top("top 10 keys, 30 days", analytics, GroupBy::Key).await;
    top("top 10 identities, 30 days", analytics, GroupBy::ExternalId).await;
    top("top 10 tags, 30 days", analytics, GroupBy::Tag).await;
    count("counts by key, 30 days", analytics, Question { group_by: vec![GroupBy::Key], ..question() }).await;
    count("counts by tag, 30 days", analytics, Question { group_by: vec![GroupBy::Tag], ..question() }).await;
    let by_day = Question { buckets: daily, ..question() };
    let active = async || analytics.distinct(by_day.clone(), GroupBy::Key).await.unwrap().0.len();
    measure("active keys a day, 30 days", active, |days| format!("{days} rows")).await;
    let latency = async || analytics.latency(by_day.clone()).await.unwrap().len();
    measure("latency percentiles a day, 30 days", latency, |days| format!("{days} rows")).await;
    let of_key = |key: &str| Filter { keys: vec![key.to_owned()], ..Filter::default() };
    let key_by_hour = Question { filter: of_key("key_000001"), ..by_hour.clone() };
    let day_of_key = Question { start_ms: END_MS - DAY_MS, ..key_by_hour.clone() };
    count("one key, hourly, 24 hours", analytics, day_of_key).await;
    count("one key, hourly, 30 days", analytics, key_by_hour).await;
    let day = Question { start_ms: END_MS - DAY_MS, ..by_hour };
    count("everything, hourly, 24 hours", analytics, day).await;
    let names: Vec<String> = (0..100).map(|number| format!("key_{number:06}")).collect();
    let totals = async || analytics.totals(question(), GroupBy::Key, names.clone()).await.unwrap().len();
    measure("totals of 100 keys, 30 days", totals, |rows| format!("{rows} rows")).await;
    let filter = Filter {
        outcomes: vec!["RATE_LIMITED".to_owned()],
        tags: vec!["region=3".to_owned()],
        ..Filter::default()
    };
    page("newest 100 events with two filters", analytics, filter).await;
    let filter = Filter { text: Some("key_0000".to_owned()), ..Filter::default() };
    page("newest 100 events of keys that begin so", analytics, filter).await;
}

async fn page(name: &str, analytics: &Analytics, filter: Filter) {
    let page = PageOf {
        kind: Kind::Verifications,
        workspace: WorkspaceId::from("ws_load"),
        start_ms: START_MS,
        end_ms: END_MS,
        filter,
        limit: 100,
        after: None,
    };
    let ask = async || analytics.page(page.clone()).await.unwrap().events.len();
    measure(name, ask, |events| format!("{events} events")).await;
}
