//! What was kept never changes an answer.

use std::collections::HashMap;

use base::clock::{DAY_MS, HOUR_MS, MINUTE_MS};
use base::events::{Chunk, Stored, StoredVerification};
use base::ids::WorkspaceId;
use base::store::Durability;
use proptest::prelude::*;

use super::kept::Kept;
use super::*;
use crate::search::Kind;

/// A Wednesday noon: spans cross the border of weeks.
const START_MS: i64 = 1_790_769_600_000;
const DAYS: i64 = 12;

/// What happens between questions.
#[derive(Clone, Debug)]
enum Step {
    /// Events: minutes from the start, and what tells them apart.
    Add(Vec<(i64, u8)>),
    Seal,
    Rebuild,
    /// Minutes from the start.
    Forget(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let minutes = 0..DAYS * 24 * 60;
    let events = prop::collection::vec((minutes.clone(), any::<u8>()), 1..60);
    let step = prop_oneof![
        5 => events.prop_map(Step::Add),
        2 => Just(Step::Seal),
        1 => Just(Step::Rebuild),
        1 => minutes.prop_map(Step::Forget),
    ];
    prop::collection::vec(step, 2..8)
}

/// Spans in milliseconds from the start, and which of the questions below.
fn questions() -> impl Strategy<Value = Vec<(i64, i64, usize)>> {
    let span = (-DAY_MS..DAYS * DAY_MS, 1..DAYS * DAY_MS, 0..BUCKETS);
    let short = (0..DAYS * DAY_MS, 1..1000_i64, 0..BUCKETS);
    let aligned = (-4_i64..DAYS * 4, 1..DAYS * 4, 0..BUCKETS);
    let aligned = aligned.prop_map(|(start, length, of)| (start * 6 * HOUR_MS, length * 6 * HOUR_MS, of));
    prop::collection::vec(prop_oneof![3 => span, 3 => aligned, 1 => short], 3)
}

const BUCKETS: usize = 6;

fn buckets(of: usize, start_ms: i64, end_ms: i64) -> Option<Buckets> {
    let zone = |name| Zone::parse(name).unwrap();
    match of {
        0 => None,
        1 => Some(Buckets::Every(30 * MINUTE_MS)),
        2 => Some(Buckets::of(Unit::Day, zone("Asia/Kolkata"), start_ms, end_ms).unwrap()),
        3 => Some(Buckets::Every(7001)),
        // As the first page asks: one of the ends is in the middle of an hour.
        4 => Some(Buckets::From(vec![start_ms, start_ms + (end_ms - start_ms) / 2, end_ms])),
        // Begins within the span.
        _ => Some(Buckets::From(vec![start_ms + 2 * HOUR_MS, start_ms + 5 * HOUR_MS])),
    }
}

fn event(minutes: i64, of: u8) -> Stored {
    let outcome = ["VALID", "VALID", "DISABLED", "RATE_LIMITED"][usize::from(of) % 4];
    Stored::Verification(StoredVerification {
        time_ms: START_MS + minutes * MINUTE_MS,
        request_id: "req".to_owned(),
        workspace: format!("ws_{}", of % 8 / 7),
        api: format!("api_{}", of % 3),
        keyspace: "ks_1".to_owned(),
        key: format!("key_{}", of % 23),
        identity: None,
        external_id: None,
        door: "v2".to_owned(),
        root_key: None,
        ip: None,
        outcome: outcome.to_owned(),
        denial: None,
        spent_credits: i64::from(of % 5),
        balance: None,
        latency_us: u32::from(of) * 10,
        tags: Vec::new(),
    })
}

struct World {
    search: Search,
    chunks: Vec<Chunk>,
    keeping: Analytics,
    plain: Analytics,
    _dir: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("events.db");
        let events = Database::open::<migration::Events>(&file, Durability::Normal).await.unwrap();
        let search = Search::open(&dir.path().join("index")).unwrap();
        let of_segments_from = |least_events| {
            let kept = Arc::new(Kept::of_segments_from(least_events));
            Analytics { kept, ..Analytics::new(search.clone(), events.clone()) }
        };
        let (keeping, plain) = (of_segments_from(1), of_segments_from(u32::MAX));
        Self { search, chunks: Vec::new(), keeping, plain, _dir: dir }
    }

    fn apply(&mut self, step: &Step) {
        match step {
            Step::Add(events) => {
                let events: Vec<Stored> = events.iter().map(|(minutes, of)| event(*minutes, *of)).collect();
                let chunk = Chunk::holding(self.chunks.len() as i64 + 1, &events);
                self.search.index(self.search.cursor(), std::slice::from_ref(&chunk)).unwrap();
                self.chunks.push(chunk);
            }
            Step::Seal => while self.search.seal_one().unwrap() {},
            Step::Rebuild => {
                self.search.rebuild().unwrap();
                self.search.index(0, &self.chunks).unwrap();
            }
            Step::Forget(minutes) => {
                let before_ms = START_MS + minutes * MINUTE_MS;
                self.search.forget_before(Kind::Verifications, before_ms).unwrap();
            }
        }
    }
}

fn question(start_ms: i64, end_ms: i64, of: usize) -> Question {
    Question {
        kind: Kind::Verifications,
        workspace: WorkspaceId::from("ws_0"),
        start_ms,
        end_ms,
        filter: Filter::default(),
        buckets: buckets(of, start_ms, end_ms),
        group_by: Vec::new(),
    }
}

/// Everything that can be asked, as text.
async fn answers(analytics: &Analytics, question: &Question) -> Vec<String> {
    let of_api = Filter { apis: vec!["api_1".to_owned()], ..Filter::default() };
    let mut told = Vec::new();
    for (filter, group_by) in [(Filter::default(), vec![GroupBy::Api]), (of_api, Vec::new())] {
        let question = Question { filter, group_by, ..question.clone() };
        let rows = analytics.count(question.clone()).await.unwrap();
        let rows: HashMap<_, _> =
            rows.into_iter().map(|row| ((row.time_ms, row.groups), row.counts)).collect();
        let mut rows: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
        rows.sort_unstable();
        told.extend(rows);
        told.push(format!("{:?}", analytics.distinct(question.clone(), GroupBy::Key).await.unwrap()));
        if !matches!(question.buckets, Some(Buckets::Every(7001))) {
            told.push(format!("{:?}", analytics.latency(question.clone()).await.unwrap()));
        }
        for metric in [Metric::Total, Metric::Cost, Metric::Denied, Metric::Latest] {
            let top = analytics.top(question.clone(), GroupBy::Key, metric, 3).await.unwrap();
            told.push(format!("{top:?}"));
        }
        let names = ["key_1".to_owned(), "key_22".to_owned(), "nobody".to_owned()];
        let latest = analytics.latest(question, GroupBy::Key, &names).await.unwrap();
        told.push(format!("{:?}", names.map(|name| latest.get(&name).copied())));
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn answers_are_those_of_the_index_whatever_happened_before(steps in steps(), questions in questions()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for step in &steps {
                world.apply(step);
                for (start, length, of) in &questions {
                    let question = question(START_MS + start, START_MS + start + length, *of);
                    let expected = answers(&world.plain, &question).await;
                    for time in ["first", "second"] {
                        let found = answers(&world.keeping, &question).await;
                        assert_eq!(found, expected, "{time} time after {step:?}: {question:?}");
                    }
                }
            }
            assert_eq!(world.plain.kept.size().0, 0);
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_again_is_kept_once_and_goes_with_its_segment() {
    let mut world = World::new().await;
    let week = 7 * 24 * 60;
    world.apply(&Step::Add((0..200).map(|number| (number * 80, number as u8)).collect()));
    let month = |end_ms: i64| question(end_ms - 28 * DAY_MS, end_ms, 2);
    let end_ms = START_MS + DAYS * DAY_MS;
    world.keeping.count(month(end_ms)).await.unwrap();
    let (entries, bytes) = world.keeping.kept.size();
    assert!(entries > 0 && bytes > 0);
    // Some seconds later the span is another one, and what is asked of segments the same.
    world.keeping.count(month(end_ms + 5000)).await.unwrap();
    assert_eq!(world.keeping.kept.size(), (entries, bytes));
    let of_key = Filter { keys: vec!["key_1".to_owned()], ..Filter::default() };
    world.keeping.count(Question { filter: of_key, ..month(end_ms) }).await.unwrap();
    assert_eq!(world.keeping.kept.size(), (entries, bytes), "few events are found at once");
    world.apply(&Step::Forget(week));
    world.keeping.count(question(START_MS, START_MS + 1, 0)).await.unwrap();
    assert!(world.keeping.kept.size().0 < entries);
    world.apply(&Step::Rebuild);
    world.keeping.count(question(START_MS, START_MS + 1, 0)).await.unwrap();
    assert_eq!(world.keeping.kept.size().0, 0);
}
