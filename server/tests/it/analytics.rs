//! The recipes of the documentation, asked of the one room that all doors ask.

use insight::analytics::{Buckets, Counts, Filter, GroupBy, Metric, Question, Row, Unit, Zone};
use insight::search::Kind;
use serde_json::json;

use crate::support::{START_MS, TestApp};

const HOUR_MS: i64 = 60 * 60_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Midnight before the first event.
const MIDNIGHT_MS: i64 = START_MS - START_MS % DAY_MS;

/// Two keys of ann and one of bob, used for three days: some tagged, one call a
/// day past the credits of bob's key.
struct Recipes {
    test: TestApp,
    keys: Vec<(String, String)>,
}

impl Recipes {
    async fn new() -> Self {
        let test = TestApp::start().await;
        let api = test.api().await;
        let mut keys = Vec::new();
        for (external_id, options) in
            [("ann", json!({})), ("ann", json!({})), ("bob", json!({ "credits": { "remaining": 3 } }))]
        {
            let mut options = options;
            options["externalId"] = external_id.into();
            keys.push(test.key(&api, options).await);
        }
        for _ in 0..3 {
            let tags = [json!(["path=/a", "env=live"]), json!(["path=/a"]), json!([])];
            for ((_, key), tags) in keys.iter().zip(tags) {
                test.verify_with(json!({ "key": key, "tags": tags })).await;
            }
            test.verify(&keys[2].1).await;
            test.advance_ms(DAY_MS);
        }
        test.flush_events().await;
        Self { test, keys }
    }

    async fn question(&self) -> Question {
        Question {
            kind: Kind::Verifications,
            workspace: self.test.operator().await.workspace,
            start_ms: MIDNIGHT_MS,
            end_ms: MIDNIGHT_MS + 3 * DAY_MS,
            filter: Filter::default(),
            buckets: None,
            group_by: Vec::new(),
        }
    }

    async fn count(&self, question: Question) -> Vec<Row> {
        self.test.app.analytics.count(question).await.unwrap()
    }

    /// Rows with the empty ones.
    async fn series(&self, unit: Unit, question: Question) -> Vec<Row> {
        let (start_ms, end_ms) = (question.start_ms, question.end_ms);
        let buckets = Buckets::of(unit, Zone::UTC, start_ms, end_ms).unwrap();
        let rows = self.count(Question { buckets: Some(buckets.clone()), ..question }).await;
        buckets.filled(rows, start_ms, end_ms)
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn totals(rows: &[Row]) -> Vec<i64> {
    rows.iter().map(|row| row.counts.total()).collect()
}

// row: analytics/quickstarts
#[tokio::test(flavor = "multi_thread")]
async fn recipes_of_time_are_zero_filled_on_utc_boundaries() {
    let recipes = Recipes::new().await;
    let of_ann = Filter { external_ids: texts(&["ann"]), ..Filter::default() };
    // 1: a user by hour over a day.
    let day = Question { end_ms: MIDNIGHT_MS + DAY_MS, filter: of_ann, ..recipes.question().await };
    let hours = recipes.series(Unit::Hour, day).await;
    assert_eq!(hours.len(), 24);
    assert!(hours.iter().all(|row| row.time_ms % HOUR_MS == 0));
    assert_eq!(totals(&hours).iter().filter(|total| **total == 2).count(), 1);
    assert_eq!(totals(&hours).iter().sum::<i64>(), 2);
    // 2: each key by day.
    let by_key = Question { group_by: vec![GroupBy::Key], ..recipes.question().await };
    let days = recipes.series(Unit::Day, by_key).await;
    assert_eq!(days.len(), 9);
    let of_bob: Vec<i64> =
        days.iter().filter(|row| row.groups[0] == recipes.keys[2].0).map(|row| row.counts.total()).collect();
    assert_eq!(of_bob, [2, 2, 2]);
    // 3: by month; 4: a billing period by day.
    let months = recipes.series(Unit::Month, recipes.question().await).await;
    assert_eq!((months.len(), totals(&months)), (1, vec![12]));
    let billing = recipes.series(Unit::Day, recipes.question().await).await;
    let summed = billing.iter().fold(Counts::default(), |mut sum, row| {
        sum.add(&row.counts);
        sum
    });
    assert_eq!((billing.len(), summed.valid, summed.usage_exceeded, summed.cost), (3, 9, 3, 3));
}

// row: analytics/quickstarts
#[tokio::test(flavor = "multi_thread")]
async fn recipes_of_filters_and_groups() {
    let recipes = Recipes::new().await;
    let analytics = &recipes.test.app.analytics;
    // 5: the identities with the most.
    let top = analytics.top(recipes.question().await, GroupBy::ExternalId, Metric::Total, 10).await.unwrap();
    assert_eq!(top.rows.iter().map(|row| row.groups[0].as_str()).collect::<Vec<_>>(), ["ann", "bob"]);
    assert_eq!(totals(&top.rows), [6, 6]);
    // 6: either of two tags, in one row; an event with both counts once.
    let either = Filter { tags: texts(&["path=/a", "env=live"]), ..Filter::default() };
    assert_eq!(totals(&recipes.count(Question { filter: either, ..recipes.question().await }).await), [6]);
    // 7: several keys.
    let keys =
        Filter { keys: vec![recipes.keys[0].0.clone(), recipes.keys[2].0.clone()], ..Filter::default() };
    assert_eq!(totals(&recipes.count(Question { filter: keys, ..recipes.question().await }).await), [9]);
    // 8: every combination of tags, the empty one too; 9: every single tag.
    let groups = async |by| {
        let mut rows = recipes.count(Question { group_by: vec![by], ..recipes.question().await }).await;
        rows.sort_by(|a, b| a.groups.cmp(&b.groups));
        rows.iter().map(|row| (row.groups[0].clone(), row.counts.total())).collect::<Vec<_>>()
    };
    let pair = |name: &str, total| (name.to_owned(), total);
    assert_eq!(
        groups(GroupBy::Tags).await,
        [pair("", 6), pair(r#"["env=live","path=/a"]"#, 3), pair(r#"["path=/a"]"#, 3)]
    );
    assert_eq!(groups(GroupBy::Tag).await, [pair("", 6), pair("env=live", 3), pair("path=/a", 6)]);
    // 10: everything.
    assert_eq!(totals(&recipes.count(recipes.question().await).await), [12]);
}

// row: analytics/overview
#[tokio::test(flavor = "multi_thread")]
async fn a_verification_is_counted_by_outcome_and_its_counters_add_up() {
    let recipes = Recipes::new().await;
    let tagged = Question {
        filter: Filter { tags: texts(&["path=/a"]), ..Filter::default() },
        ..recipes.question().await
    };
    let analytics = &recipes.test.app.analytics;
    let top = analytics.top(tagged, GroupBy::ExternalId, Metric::Total, 5).await.unwrap();
    let [row] = &top.rows[..] else { panic!("{top:?}") };
    let Counts { valid, rate_limited, insufficient_permissions, forbidden, .. } = row.counts;
    let Counts { disabled, expired, usage_exceeded, .. } = row.counts;
    let sum =
        valid + rate_limited + insufficient_permissions + forbidden + disabled + expired + usage_exceeded;
    assert_eq!((row.groups[0].as_str(), row.counts.total(), sum), ("ann", 6, 6));
    let active = analytics.distinct(recipes.question().await, GroupBy::Key).await.unwrap();
    assert_eq!((active.0[0].count, active.1), (3, 3));
    let latency = analytics.latency(recipes.question().await).await.unwrap();
    assert_eq!(latency[0].count, 12);
}
