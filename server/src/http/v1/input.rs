//! Reading what an operation is asked: a JSON body, or a query string that is
//! brought into the form of one (docs/contract/v1.md#input).

use poem_openapi::registry::MetaSchema;
use poem_openapi::types::Type;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

use crate::http::body::{MAX_HOT_BYTES, MAX_VALUES, excess};
use crate::http::headers::JsonTypes;
use base::error::{Code, Error, Result};
use base::json_object;

/// What an operation is asked. Bounds of single members are attributes of the
/// type; here is what its attributes cannot say.
pub trait Input: Type + DeserializeOwned + Send + Sync + 'static {
    /// Rules across members that v1 checks before it asks who calls.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Whether it is read strictly first, by types that keep their bounds, and the
    /// schema only explains a failure. A test holds the two together.
    const IS_HOT: bool = false;

    /// Whether a part of its successes is enough for the request log.
    const IS_SAMPLED: bool = Self::IS_HOT;
}

/// The JSON of a body, integral floats as integers, as in the language v1 was
/// written in. Anything but JSON is an empty object.
///
/// Fails with `invalid_input` for more than [`MAX_VALUES`] values, too long a text,
/// a member that is there twice, or a text with a NUL.
pub fn body(content_type: &str, bytes: &[u8]) -> Result<Value> {
    if !JsonTypes::Suffixed.contain(content_type) {
        return Ok(Value::Object(Map::new()));
    }
    if let Some(excess) = excess(bytes, MAX_VALUES) {
        return Err(Error::invalid(format!(": {excess}")));
    }
    let mut value = json_object::parse(bytes).map_err(|error| match error.is_data() {
        true => Error::invalid(format!(": {error}")),
        false => Error::new(Code::BodyUnreadable, "Malformed JSON in request body").because(error),
    })?;
    crate::http::openapi::tidy_numbers(&mut value);
    Ok(value)
}

/// An input of the hot path that keeps all bounds; anything else takes the long
/// way, which explains what is wrong.
pub fn hot<I: Input>(content_type: &str, bytes: &[u8]) -> Option<I> {
    let is_other = !JsonTypes::Suffixed.contain(content_type) || json_object::may_have_nul(bytes);
    if !I::IS_HOT || bytes.len() > MAX_HOT_BYTES || is_other {
        return None;
    }
    serde_json::from_slice(bytes).ok()
}

/// A query string as an object of the types that `schema` names. What cannot
/// be of its type stays text, to be refused as such.
pub fn query(schema: &MetaSchema, pairs: &[(String, String)]) -> Value {
    let mut members = Map::new();
    for (name, property) in &schema.properties {
        let values: Vec<&str> =
            pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect();
        let kind = super::faults::kind(property);
        if let Some(value) = coerced(kind, name, &values) {
            members.insert((*name).to_owned(), value);
        }
    }
    Value::Object(members)
}

fn coerced(kind: &str, name: &str, values: &[&str]) -> Option<Value> {
    match (kind, values) {
        (_, []) => None,
        ("array", values) => Some(list(name, values).into_iter().map(Value::from).collect()),
        // Refused: one value was asked for.
        (_, [_, _, ..]) => Some(values.iter().copied().map(Value::from).collect()),
        ("boolean", [value]) => Some(Value::Bool(!matches!(*value, "" | "false" | "0"))),
        ("integer" | "number", [value]) => Some(number(value)),
        (_, [value]) => Some(Value::from(*value)),
    }
}

/// As `Number()` of JavaScript, infinities excepted.
fn number(text: &str) -> Value {
    let text = text.trim();
    if text.is_empty() {
        return Value::from(0);
    }
    if let Ok(integer) = text.parse::<i64>() {
        return Value::from(integer);
    }
    let mut value =
        text.parse::<f64>().ok().and_then(Number::from_f64).map_or(Value::from(text), Value::Number);
    crate::http::openapi::tidy_numbers(&mut value);
    value
}

/// Some clients repeat a parameter, others join its values with commas. A tag
/// may hold a comma itself, so a joined one is that tag or any of its parts
/// (docs/decisions.md#lists-in-a-query-are-repeated-or-joined).
fn list(name: &str, values: &[&str]) -> Vec<String> {
    let [joined] = values else { return values.iter().map(ToString::to_string).collect() };
    let parts = joined.split(',').filter(|part| !part.is_empty()).map(ToOwned::to_owned);
    let mut list: Vec<String> = parts.collect();
    if name == "tag" && list.len() > 1 {
        list.push((*joined).to_owned());
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_become_what_their_schema_asks_for() {
        assert_eq!(coerced("integer", "limit", &["5"]), Some(Value::from(5)));
        assert_eq!(coerced("integer", "limit", &["5.0"]), Some(Value::from(5)));
        assert_eq!(coerced("integer", "limit", &[""]), Some(Value::from(0)));
        assert_eq!(coerced("integer", "limit", &["five"]), Some(Value::from("five")));
        assert_eq!(coerced("string", "keyId", &["5"]), Some(Value::from("5")));
        assert!(coerced("string", "keyId", &["a", "b"]).is_some_and(|value| value.is_array()));
        for (text, value) in
            [("true", true), ("1", true), ("no", true), ("false", false), ("0", false), ("", false)]
        {
            assert_eq!(coerced("boolean", "decrypt", &[text]), Some(Value::from(value)), "{text}");
        }
        assert_eq!(coerced("string", "keyId", &[]), None);
    }

    #[test]
    fn lists_are_repeated_or_joined() {
        assert_eq!(list("groupBy", &["key", "day"]), ["key", "day"]);
        assert_eq!(list("groupBy", &["key,day"]), ["key", "day"]);
        assert_eq!(list("tag", &["a,b"]), ["a", "b", "a,b"]);
        assert_eq!(list("tag", &["a,b", "c"]), ["a,b", "c"]);
        assert_eq!(list("tag", &["a"]), ["a"]);
    }
}
