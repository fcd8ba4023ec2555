//! SQL over events: what queries answer, what they may not do, and what ends them.

mod clauses;
mod doors;
mod fill;
mod guide;
mod limits;
mod random;
mod rollups;
mod scope;
mod seed;
mod values;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::seed::Seeded;

/// A query, and the rows that a plain fold over the same events gives.
type Case = (&'static str, fn(&Seeded) -> Vec<Value>);

/// Asks every query of a list and compares: in order when it has one.
async fn compare(seeded: &Seeded, cases: &[Case]) {
    for (text, fold) in cases {
        let mut found = seeded.ask(text).await.unwrap_or_else(|error| panic!("{text}: {error:?}"));
        let mut expected = fold(seeded);
        if !text.contains("ORDER BY") {
            found.sort_by_key(Value::to_string);
            expected.sort_by_key(Value::to_string);
        }
        assert_eq!(found.len(), expected.len(), "{text}\nfound {found:?}\nexpected {expected:?}");
        for (found, expected) in found.iter().zip(&expected) {
            assert!(is_same(found, expected), "{text}\nfound {found}\nexpected {expected}");
        }
    }
}

/// Equal, but for the last digits of fractions.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-9 * a.abs().max(1.0)
        }
        (one, other) => one == other,
    }
}

/// Items by a key, in its order.
fn by<T, K: Ord>(items: &[T], key: impl Fn(&T) -> K) -> BTreeMap<K, Vec<&T>> {
    let mut groups: BTreeMap<K, Vec<&T>> = BTreeMap::new();
    for item in items {
        groups.entry(key(item)).or_default().push(item);
    }
    groups
}

/// A moment as answers write it.
fn moment(time_ms: i64) -> Value {
    let time = chrono::DateTime::from_timestamp_millis(time_ms).unwrap();
    json!(time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}

fn floor(time_ms: i64, unit_ms: i64) -> i64 {
    time_ms - time_ms.rem_euclid(unit_ms)
}

fn month(time_ms: i64) -> i64 {
    use chrono::Datelike;
    let date = chrono::DateTime::from_timestamp_millis(time_ms).unwrap().date_naive();
    date.with_day(1).unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp_millis()
}
