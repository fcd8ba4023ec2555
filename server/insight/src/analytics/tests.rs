//! Tests of questions on a small index.

use base::clock::HOUR_MS;
use base::ids::WorkspaceId;

use super::*;
use crate::search::{Indexer, Kind};
use base::events::{KeyFacts, Noted, Recorder, Stored, Verification, Writer, last_chunk};
use base::store::Durability;

const START_MS: i64 = 1_790_553_600_000;

/// A moment for the threads that give way to everybody: whoever waits for them
/// in a busy loop keeps them from the core.
async fn pause() {
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
}

struct Fixture {
    analytics: Analytics,
    _dir: tempfile::TempDir,
}

fn facts(workspace: &str, key: &str, external_id: Option<&str>) -> KeyFacts {
    KeyFacts {
        workspace: workspace.into(),
        api: "api_1".into(),
        keyspace: "ks_1".into(),
        key: key.into(),
        balance: None,
        lineage: None,
        identity: external_id.map(|id| format!("id_{id}").as_str().into()),
        external_id: external_id.map(ToOwned::to_owned),
        noted: Noted::default(),
    }
}

/// 48 verifications an hour apart, alternating between two keys; a third of
/// them limited; tagged; and one of another workspace.
async fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let events =
        Database::open::<migration::Events>(&dir.path().join("events.db"), Durability::Normal).await.unwrap();
    let search = Search::open(&dir.path().join("index")).unwrap();
    let recorder = Recorder::default();
    let writer = Writer::start(recorder.clone(), events.clone());
    let keys = [facts("ws_1", "key_1", Some("ann")), facts("ws_1", "key_2", None)];
    let record = |facts: &KeyFacts, hour: i64, outcome: &'static str, tags: &[String]| {
        let request_id = format!("req_{hour}");
        recorder.verification(&Verification {
            time_ms: START_MS + hour * HOUR_MS,
            request_id: &request_id,
            facts,
            door: "v2",
            root_key: None,
            ip: None,
            outcome,
            denial: None,
            spent_credits: 2,
            balance: None,
            latency_us: 7,
            tags,
        });
    };
    for hour in 0..48 {
        let outcome = if hour % 3 == 0 { "RATE_LIMITED" } else { "VALID" };
        let tags = if hour % 2 == 0 { vec!["b".to_owned(), "a".to_owned()] } else { Vec::new() };
        record(&keys[usize::from(hour % 2 == 1)], hour, outcome, &tags);
    }
    record(&facts("ws_2", "key_9", None), 0, "VALID", &[]);
    writer.shutdown().await.unwrap();
    let indexer = Indexer::start(search.clone(), events.clone());
    let last = last_chunk(events.reader()).await.unwrap();
    while search.cursor() < last {
        pause().await;
    }
    indexer.shutdown().await.unwrap();
    Fixture { analytics: Analytics::new(search, events), _dir: dir }
}

fn question() -> Question {
    Question {
        kind: Kind::Verifications,
        workspace: WorkspaceId::from("ws_1"),
        start_ms: START_MS,
        end_ms: START_MS + 48 * HOUR_MS,
        filter: Filter::default(),
        buckets: None,
        group_by: Vec::new(),
    }
}

async fn sorted(fixture: &Fixture, question: Question) -> Vec<Row> {
    let mut rows = fixture.analytics.count(question).await.unwrap();
    rows.sort_by(|a, b| (a.time_ms, &a.groups).cmp(&(b.time_ms, &b.groups)));
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_groups_and_buckets_agree() {
    let fixture = fixture().await;
    let total = sorted(&fixture, question()).await;
    assert_eq!(total.len(), 1);
    assert_eq!((total[0].counts.valid, total[0].counts.rate_limited, total[0].counts.cost), (32, 16, 96));
    let by_key = sorted(&fixture, Question { group_by: vec![GroupBy::Key], ..question() }).await;
    assert_eq!(by_key.iter().map(|row| row.counts.total()).collect::<Vec<_>>(), [24, 24]);
    let hourly = sorted(&fixture, Question { buckets: Some(Buckets::Every(HOUR_MS)), ..question() }).await;
    assert_eq!((hourly.len(), hourly[0].time_ms), (48, START_MS));
    let noon = START_MS + 12 * HOUR_MS;
    let days = Buckets::From(vec![START_MS - 12 * HOUR_MS, noon, noon + 24 * HOUR_MS]);
    let daily = sorted(&fixture, Question { buckets: Some(days), ..question() }).await;
    assert_eq!(daily.iter().map(|row| row.counts.total()).collect::<Vec<_>>(), [12, 24, 12]);
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_count_one_by_one_or_as_a_list() {
    let fixture = fixture().await;
    let rows = |group_by| sorted(&fixture, Question { group_by: vec![group_by], ..question() });
    let names = |rows: &[Row]| rows.iter().map(|row| row.groups[0].clone()).collect::<Vec<_>>();
    assert_eq!(names(&rows(GroupBy::Tag).await), ["", "a", "b"]);
    assert_eq!(names(&rows(GroupBy::Tags).await), ["", r#"["a","b"]"#]);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_narrow_and_spans_are_half_open() {
    let fixture = fixture().await;
    let count = async |filter: Filter| {
        sorted(&fixture, Question { filter, ..question() })
            .await
            .iter()
            .map(|row| row.counts.total())
            .sum::<i64>()
    };
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!(count(Filter { keys: texts(&["key_1"]), ..Filter::default() }).await, 24);
    assert_eq!(count(Filter { keys: texts(&["key_1", "key_2"]), ..Filter::default() }).await, 48);
    assert_eq!(count(Filter { keys: texts(&["key_9"]), ..Filter::default() }).await, 0);
    assert_eq!(count(Filter { external_ids: texts(&["ann"]), ..Filter::default() }).await, 24);
    assert_eq!(count(Filter { tags: texts(&["a", "nothing"]), ..Filter::default() }).await, 24);
    let limited = Filter { outcomes: texts(&["RATE_LIMITED"]), tags: texts(&["b"]), ..Filter::default() };
    assert_eq!(count(limited).await, 8);
    let two = Question { start_ms: START_MS + HOUR_MS, end_ms: START_MS + 3 * HOUR_MS, ..question() };
    assert_eq!(sorted(&fixture, two).await[0].counts.total(), 2);
    assert!(fixture.analytics.count(Question { end_ms: START_MS, ..question() }).await.is_err());
}

/// Three weeks of verifications by twelve keys, the first of them most: chunk
/// after chunk.
async fn crowd() -> Fixture {
    crowd_of(12, |_, key| 12 - key).await
}

/// Three weeks of verifications by keys that are used so often, by day and number.
async fn crowd_of(keys: i64, uses: fn(i64, i64) -> i64) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let events =
        Database::open::<migration::Events>(&dir.path().join("events.db"), Durability::Normal).await.unwrap();
    let search = Search::open(&dir.path().join("index")).unwrap();
    for day in 0..21 {
        let recorder = Recorder::default();
        let writer = Writer::start(recorder.clone(), events.clone());
        for key in 0..keys {
            let facts = facts("ws_1", &format!("key_{key:02}"), Some(&format!("user_{}", key % 7)));
            for use_of_it in 0..uses(day, key) {
                recorder.verification(&Verification {
                    time_ms: START_MS + day * 24 * HOUR_MS + use_of_it * 1000,
                    request_id: "req",
                    facts: &facts,
                    door: "v2",
                    root_key: None,
                    ip: Some([10, 0, 0, u8::try_from(key).unwrap()].into()),
                    outcome: if use_of_it % 2 == 0 { "VALID" } else { "DISABLED" },
                    denial: None,
                    spent_credits: 1,
                    balance: None,
                    latency_us: u32::try_from(key * 100 + 100).unwrap(),
                    tags: &["all".to_owned(), format!("t{}", key % 3)],
                });
            }
        }
        writer.shutdown().await.unwrap();
    }
    let indexer = Indexer::start(search.clone(), events.clone());
    let last = last_chunk(events.reader()).await.unwrap();
    while search.cursor() < last {
        pause().await;
    }
    indexer.shutdown().await.unwrap();
    Fixture { analytics: Analytics::new(search, events), _dir: dir }
}

fn of_crowd() -> Question {
    Question { end_ms: START_MS + 21 * 24 * HOUR_MS, ..question() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_places_are_those_of_a_full_count() {
    let fixture = crowd().await;
    let top = fixture.analytics.top(of_crowd(), GroupBy::Key, Metric::Total, 3).await.unwrap();
    let places: Vec<_> = top.rows.iter().map(|row| (row.groups[0].as_str(), row.counts.total())).collect();
    assert_eq!(places, [("key_00", 252), ("key_01", 231), ("key_02", 210)]);
    assert!(!top.approximate);
    assert_eq!(top.rows[1].counts.valid, 126);
    let disabled = Metric::Outcome("DISABLED".to_owned());
    let top = fixture.analytics.top(of_crowd(), GroupBy::Key, disabled, 2).await.unwrap();
    let places: Vec<_> = top.rows.iter().map(|row| (row.groups[0].as_str(), row.counts.disabled)).collect();
    assert_eq!(places, [("key_00", 126), ("key_01", 105)]);
    let top = fixture.analytics.top(of_crowd(), GroupBy::Tag, Metric::Cost, 1).await.unwrap();
    assert_eq!((top.rows[0].groups[0].as_str(), top.rows[0].counts.cost), ("all", 1638));
    let top = fixture.analytics.top(of_crowd(), GroupBy::Key, Metric::Denied, 2).await.unwrap();
    let denied: Vec<_> = top.rows.iter().map(|row| (row.groups[0].as_str(), row.counts.disabled)).collect();
    assert_eq!(denied, [("key_00", 126), ("key_01", 105)]);
    let other = Question { workspace: WorkspaceId::from("ws_2"), ..of_crowd() };
    assert!(fixture.analytics.top(other, GroupBy::Key, Metric::Total, 3).await.unwrap().rows.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_come_first_and_say_when() {
    let fixture = fixture().await;
    let top = fixture.analytics.top(question(), GroupBy::Key, Metric::Latest, 2).await.unwrap();
    let order: Vec<_> = top.rows.iter().map(|row| (row.groups[0].as_str(), row.counts.total())).collect();
    assert_eq!((order, top.approximate), (vec![("key_2", 24), ("key_1", 24)], false));
    let names = ["key_1", "key_2", "key_3"].map(str::to_owned);
    let latest = fixture.analytics.latest(question(), GroupBy::Key, &names).await.unwrap();
    assert_eq!(latest.len(), 2);
    assert_eq!((latest["key_1"], latest["key_2"]), (START_MS + 46 * HOUR_MS, START_MS + 47 * HOUR_MS));
    let limited = Filter { outcomes: vec!["RATE_LIMITED".to_owned()], ..Filter::default() };
    let limited = Question { filter: limited, ..question() };
    let latest = fixture.analytics.latest(limited, GroupBy::Key, &names).await.unwrap();
    assert_eq!((latest["key_1"], latest["key_2"]), (START_MS + 42 * HOUR_MS, START_MS + 45 * HOUR_MS));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ranking_says_when_what_was_cut_off_could_change_it() {
    let fixture = crowd().await;
    let top = async |limit| {
        let top = fixture.analytics.top_keeping(5, of_crowd(), GroupBy::Key, Metric::Total, limit);
        top.await.unwrap()
    };
    // Below the fifth place every segment has at most one less a day: three places are proven.
    let three = top(3).await;
    assert_eq!((three.rows.len(), three.rows[2].counts.total(), three.approximate), (3, 210, false));
    assert!(top(8).await.approximate);
}

#[tokio::test(flavor = "multi_thread")]
async fn first_places_are_those_of_counting_everything_ties_by_name() {
    // More groups than the best of a segment, many of them with as many events.
    let fixture = crowd_of(40, |day, key| (key * 7 + day * 5) % 4).await;
    let by_key = Question { group_by: vec![GroupBy::Key], ..of_crowd() };
    let mut all = fixture.analytics.count(by_key).await.unwrap();
    all.sort_by(|a, b| b.counts.total().cmp(&a.counts.total()).then_with(|| a.groups.cmp(&b.groups)));
    for limit in [1, 2] {
        let top = fixture.analytics.top(of_crowd(), GroupBy::Key, Metric::Total, limit).await.unwrap();
        assert_eq!((top.rows.as_slice(), top.approximate), (&all[..limit], false));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_with_two_tags_counts_in_both_in_its_bucket() {
    let fixture = crowd().await;
    let daily = Some(Buckets::of(Unit::Day, Zone::UTC, of_crowd().start_ms, of_crowd().end_ms).unwrap());
    let question = Question { buckets: daily, group_by: vec![GroupBy::Tag], ..of_crowd() };
    let rows = fixture.analytics.count(question).await.unwrap();
    let total = |tag: fn(&str) -> bool| -> i64 {
        let of_tag = rows.iter().filter(|row| tag(&row.groups[0]));
        of_tag.map(|row| row.counts.total()).sum()
    };
    assert_eq!(rows.len(), 21 * 4);
    assert!(rows.iter().filter(|row| row.groups[0] == "all").all(|row| row.counts.total() == 78));
    assert_eq!((total(|tag| tag == "all"), total(|tag| tag != "all")), (21 * 78, 21 * 78));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parts_of_a_span_add_up_to_it() {
    let fixture = crowd().await;
    let (whole, mut parts) = (of_crowd(), 0);
    let total = async |question| -> i64 {
        let rows = fixture.analytics.count(question).await.unwrap();
        rows.iter().map(|row| row.counts.total()).sum()
    };
    let step = 31 * HOUR_MS;
    for start_ms in (whole.start_ms..whole.end_ms).step_by(step as usize) {
        let end_ms = whole.end_ms.min(start_ms + step);
        parts += total(Question { start_ms, end_ms, ..of_crowd() }).await;
    }
    assert_eq!((parts, total(of_crowd()).await), (21 * 78, 21 * 78));
}

#[tokio::test(flavor = "multi_thread")]
async fn different_ones_are_counted_per_bucket_and_over_all() {
    let fixture = crowd().await;
    let distinct = async |question, by| fixture.analytics.distinct(question, by).await.unwrap().0;
    let all = distinct(of_crowd(), GroupBy::Key).await;
    assert_eq!(all, [Distinct { time_ms: 0, count: 12 }]);
    assert_eq!(distinct(of_crowd(), GroupBy::ExternalId).await[0].count, 7);
    assert_eq!(distinct(of_crowd(), GroupBy::Namespace).await[0].count, 0);
    // The last key was used once a day.
    let only = Filter { keys: vec!["key_11".to_owned(), "key_00".to_owned()], ..Filter::default() };
    let daily = Buckets::of(Unit::Day, Zone::UTC, START_MS, START_MS + 2 * 24 * HOUR_MS).unwrap();
    let two_days =
        Question { end_ms: START_MS + 2 * 24 * HOUR_MS, buckets: Some(daily), filter: only, ..question() };
    let (by_day, in_all) = fixture.analytics.distinct(two_days.clone(), GroupBy::ExternalId).await.unwrap();
    assert_eq!((by_day.len(), in_all), (2, 2));
    let counts: Vec<u64> = distinct(two_days, GroupBy::Key).await.iter().map(|row| row.count).collect();
    assert_eq!(counts, [2, 2]);
    let empty = Question { start_ms: 0, end_ms: 10, ..question() };
    assert_eq!(distinct(empty, GroupBy::Key).await[0].count, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn latencies_are_told_by_percentile() {
    let fixture = crowd().await;
    let one =
        Question { filter: Filter { keys: vec!["key_09".to_owned()], ..Filter::default() }, ..of_crowd() };
    let row = fixture.analytics.latency(one).await.unwrap()[0];
    assert_eq!((row.count, row.max_us, row.avg_us), (3 * 21, 1000, 1000.0));
    let within = |us: u64, expected: u64| us.abs_diff(expected) <= expected / 100;
    assert!(within(row.p50_us, 1000) && within(row.p99_us, 1000), "{row:?}");
    let all = fixture.analytics.latency(of_crowd()).await.unwrap()[0];
    // Key n took 100 (n + 1) and was used 12 - n times a day: the 39th of 78 uses is of the fourth.
    assert!(within(all.p50_us, 400) && within(all.p99_us, 1200) && all.max_us == 1200, "{all:?}");
    let hours = Buckets::of(Unit::Hour, Zone::UTC, START_MS, START_MS + 3 * HOUR_MS).unwrap();
    let three = Question { end_ms: START_MS + 3 * HOUR_MS, buckets: Some(hours), ..question() };
    let counts: Vec<u64> =
        fixture.analytics.latency(three).await.unwrap().iter().map(|row| row.count).collect();
    assert_eq!(counts, [78, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_of_a_list_have_a_row_for_each() {
    let fixture = crowd().await;
    let names = ["key_05", "key_nobody", "key_00"].map(str::to_owned).to_vec();
    let rows = fixture.analytics.totals(of_crowd(), GroupBy::Key, names).await.unwrap();
    let totals: Vec<_> = rows.iter().map(|row| (row.groups[0].as_str(), row.counts.total())).collect();
    assert_eq!(totals, [("key_05", 147), ("key_nobody", 0), ("key_00", 252)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_found_by_the_beginning_of_what_they_hold() {
    let fixture = crowd().await;
    let count = async |text: &str| {
        let filter = Filter { text: Some(text.to_owned()), ..Filter::default() };
        let rows = fixture.analytics.count(Question { filter, ..of_crowd() }).await.unwrap();
        rows.iter().map(|row| row.counts.total()).sum::<i64>()
    };
    assert_eq!(count("key_11").await, 21);
    assert_eq!(count("key_1").await, (1 + 2) * 21);
    assert_eq!(count("user_6 10.0.0.6").await, 6 * 21);
    assert_eq!(count("nothing").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_is_kept_counts_no_more() {
    let fixture = crowd().await;
    let floor_ms = START_MS + 10 * 24 * HOUR_MS;
    fixture.analytics.search.forget_before(Kind::Verifications, floor_ms).unwrap();
    let rows = fixture.analytics.count(of_crowd()).await.unwrap();
    assert_eq!(rows[0].counts.total(), 78 * 11);
    let page = PageOf {
        kind: Kind::Verifications,
        workspace: WorkspaceId::from("ws_1"),
        start_ms: START_MS,
        end_ms: floor_ms,
        filter: Filter::default(),
        limit: 10,
        after: None,
    };
    assert!(fixture.analytics.page(page).await.unwrap().events.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_show_every_event_once_newest_first() {
    let fixture = fixture().await;
    let mut of = PageOf {
        kind: Kind::Verifications,
        workspace: WorkspaceId::from("ws_1"),
        start_ms: START_MS,
        end_ms: START_MS + 40 * HOUR_MS,
        filter: Filter { keys: vec!["key_1".to_owned()], ..Filter::default() },
        limit: 7,
        after: None,
    };
    let mut seen = Vec::new();
    loop {
        let page = fixture.analytics.page(of.clone()).await.unwrap();
        seen.extend(page.events.iter().map(Stored::time_ms));
        of.after = page.next;
        if of.after.is_none() {
            break;
        }
    }
    let expected: Vec<i64> = (0..20).rev().map(|number| START_MS + number * 2 * HOUR_MS).collect();
    assert_eq!(seen, expected);
    of.filter = Filter { request_ids: vec!["req_5".to_owned()], ..Filter::default() };
    assert_eq!(fixture.analytics.page(of).await.unwrap().events.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_of_each_group_is_told() {
    let fixture = fixture().await;
    let names = ["key_1", "key_2", "key_9", "none"].map(ToOwned::to_owned);
    let latest = fixture.analytics.latest(question(), GroupBy::Key, &names).await.unwrap();
    assert_eq!(latest.get("key_1"), Some(&(START_MS + 46 * HOUR_MS)));
    assert_eq!(latest.get("key_2"), Some(&(START_MS + 47 * HOUR_MS)));
    assert_eq!(latest.len(), 2, "neither another workspace's nor what has no events");
    let early = Question { end_ms: START_MS + 3 * HOUR_MS, ..question() };
    let latest = fixture.analytics.latest(early, GroupBy::Key, &names[..1]).await.unwrap();
    assert_eq!(latest.into_iter().collect::<Vec<_>>(), [("key_1".to_owned(), START_MS + 2 * HOUR_MS)]);
}
