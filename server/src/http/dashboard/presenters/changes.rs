//! Changed fields of the audit log in words: what people call a field, times in their
//! zone, lengths of time with a unit, names for ids.
//!
//! What the log keeps is not touched: exports and the API have it as it is.

use serde_json::{Map, Value};
use web::components::Changed;
use web::number::exact;
use web::texts::{audit as text, common};
use web::time::duration;

use crate::http::dashboard::known_ids::KnownIds;
use crate::http::dashboard::member_request::MemberRequest;

/// `{"field": {"before": .., "after": ..}}` in words; `null` is not set.
pub fn in_words(
    request: &MemberRequest,
    known: &KnownIds,
    event: &str,
    changes: Option<&Value>,
) -> Vec<Changed> {
    let fields = changes.and_then(Value::as_object).into_iter().flatten();
    let time = |time_ms: i64| request.stamp(time_ms).local;
    let side = |field: &str, value: Option<&Value>| value.and_then(|value| in_word(field, value, &time));
    let changed = |(field, sides): (&String, &Value)| {
        let (before, after) = (sides.get("before"), sides.get("after"));
        let words = [before, after].map(|value| side(field, value));
        // Milliseconds that words leave out.
        let [before, after] = match &words {
            [Some(before_words), Some(after_words)] if before_words == after_words => {
                [before, after].map(|value| value.map(Value::to_string))
            }
            _ => words,
        };
        let [before, after] =
            [before, after].map(|words| words.map(|words| known.named(event, field, words)));
        Changed { field: called(field), before, after }
    };
    fields.map(changed).collect()
}

/// As the texts call it; a field that they do not know by the words of its name, so `newField`
/// as `New field`.
fn called(field: &str) -> String {
    if let Some((_, words)) = text::FIELDS.iter().find(|(name, _)| *name == field) {
        return (*words).to_owned();
    }
    let mut words = String::with_capacity(field.len() + 4);
    for character in field.chars() {
        match character {
            first if words.is_empty() => words.extend(first.to_uppercase()),
            upper if upper.is_uppercase() => {
                words.push(' ');
                words.extend(upper.to_lowercase());
            }
            other => words.push(other),
        }
    }
    words
}

fn in_word(field: &str, value: &Value, time: &impl Fn(i64) -> String) -> Option<String> {
    Some(match (field, value) {
        (_, Value::Null) => return None,
        ("expires", Value::Number(number)) if number.is_i64() => time(number.as_i64()?),
        ("duration", Value::Number(number)) if number.is_i64() => duration(number.as_i64()?),
        (_, Value::Number(number)) if number.is_i64() => exact(number.as_i64()?),
        (_, Value::Bool(true)) => common::YES.to_owned(),
        (_, Value::Bool(false)) => common::NO.to_owned(),
        (_, Value::String(text)) => text.clone(),
        (_, Value::Array(all)) if all.iter().all(Value::is_string) => {
            all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        ("refill", Value::Object(members)) => refill(members),
        ("afterwards", Value::Object(members)) => quota(members)?,
        (_, other) => other.to_string(),
    })
}

/// `100 monthly, on day 31`.
fn refill(members: &Map<String, Value>) -> String {
    let text = |name: &str| match members.get(name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.as_i64().map_or_else(|| number.to_string(), exact)),
        Some(other) => Some(other.to_string()),
    };
    let day = text("refillDay").map(|day| text::on_day(&day));
    let amount = [text("amount"), text("interval")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    std::iter::once(amount).chain(day).collect::<Vec<_>>().join(", ")
}

/// `100 / 1m`.
fn quota(members: &Map<String, Value>) -> Option<String> {
    let number = |name: &str| members.get(name).and_then(Value::as_i64);
    Some(format!("{} / {}", exact(number("limit")?), duration(number("duration")?)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_called_as_people_do() {
        let words = ["expires", "defaultPrefix", "ipAllowlist", "remaining", "x", ""].map(called);
        assert_eq!(words, ["Expires", "Default prefix", "Allowed addresses", "Credits left", "X", ""]);
    }

    #[test]
    fn values_are_what_people_say() {
        let word = |field: &str, value: Value| in_word(field, &value, &|time_ms| format!("at {time_ms}"));
        for (field, value, expected) in [
            ("expires", json!(5), Some("at 5")),
            ("expires", json!("soon"), Some("soon")),
            ("duration", json!(60_000), Some("1m")),
            ("limit", json!(1_000), Some("1,000")),
            ("limit", json!(1.5), Some("1.5")),
            ("enabled", json!(false), Some("no")),
            ("name", json!(null), None),
            ("name", json!("a"), Some("a")),
            ("permissions", json!(["a", "b"]), Some("a, b")),
            ("meta", json!({ "a": [1] }), Some("{\"a\":[1]}")),
            (
                "refill",
                json!({ "interval": "monthly", "amount": 1000, "refillDay": 31 }),
                Some("1,000 monthly, on day 31"),
            ),
            ("afterwards", json!({ "limit": 1000, "duration": 60_000 }), Some("1,000 / 1m")),
            ("refill", json!({ "interval": "daily", "amount": 7, "refillDay": null }), Some("7 daily")),
        ] {
            assert_eq!(word(field, value.clone()).as_deref(), expected, "{field} {value}");
        }
    }
}
