//! Tests of questions on a small index.

use entity::ids::WorkspaceId;

use super::*;
use crate::events::{KeyFacts, Noted, Recorder, Stored, Verification, Writer, last_chunk};
use crate::search::{Indexer, Kind};
use crate::store::Durability;

const START_MS: i64 = 1_790_553_600_000;
const HOUR_MS: i64 = 60 * 60_000;

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
        tokio::task::yield_now().await;
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
