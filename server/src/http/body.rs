//! How large a JSON body may be in the number of its values and in one text: a
//! few bytes of a value cost hundreds in memory, each can have faults of its own,
//! and a text is copied on its way to the database.
//!
//! Counting builds nothing and stops at the bound. How deep values nest is
//! bounded by the parser (127 levels), the bytes by `max_body_bytes`.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// JSON values in one body: members and items on every level.
pub const MAX_VALUES: usize = 20_000;

/// The same for operations that take many rows at once. Only a caller that is
/// known may send so many.
pub const MAX_BULK_VALUES: usize = 200_000;

/// Bytes of one text. Metadata, the longest there is, has no more in all.
pub const MAX_TEXT_BYTES: usize = 1 << 20;

/// Bodies of the hot path up to this size are decoded at once; a larger one takes
/// the long way, which counts first.
pub const MAX_HOT_BYTES: usize = 64 << 10;

/// What a body has too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// More values than this.
    Values(usize),
    /// A text of more than [`MAX_TEXT_BYTES`].
    Text,
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Excess::Values(max) => write!(f, "A body has at most {max} JSON values, nested ones included"),
            Excess::Text => write!(f, "A text in a body has at most {MAX_TEXT_BYTES} bytes"),
        }
    }
}

/// What a body has too much of, if it has more than `max_values` JSON values or a
/// text that is too long. What is no JSON has little: its fault is found where it
/// is parsed.
pub fn excess(body: &[u8], max_values: usize) -> Option<Excess> {
    // A value and what parts it from the next take two bytes at least.
    if body.len() / 2 < max_values && body.len() <= MAX_TEXT_BYTES {
        return None;
    }
    let (left, found) = (Cell::new(max_values), Cell::new(None));
    let counter = Counter { max_values, left: &left, found: &found };
    // A syntax error ends the count; whoever parses the body tells it.
    let _ = counter.deserialize(&mut serde_json::Deserializer::from_slice(body));
    found.get()
}

#[derive(Clone, Copy)]
struct Counter<'a> {
    max_values: usize,
    left: &'a Cell<usize>,
    found: &'a Cell<Option<Excess>>,
}

impl Counter<'_> {
    fn count<E: serde::de::Error>(self) -> Result<(), E> {
        match self.left.get().checked_sub(1) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(self.stop(Excess::Values(self.max_values))),
        }
    }

    fn stop<E: serde::de::Error>(self, excess: Excess) -> E {
        self.found.set(Some(excess));
        E::custom(excess)
    }
}

impl<'de> DeserializeSeed<'de> for Counter<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Counter<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.count()
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        self.count()
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        self.count()
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        self.count()
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        self.count()
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(self.stop(Excess::Text));
        }
        self.count()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.count()?;
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        self.count()?;
        while members.next_key::<serde::de::IgnoredAny>()?.is_some() {
            members.next_value_seed(self)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn values_of(value: &Value) -> usize {
        1 + match value {
            Value::Array(items) => items.iter().map(values_of).sum(),
            Value::Object(members) => members.values().map(values_of).sum::<usize>(),
            _ => 0,
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(|number| json!(number)),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 80, 8, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                proptest::collection::btree_map(".{0,4}", inner, 0..8)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_value_counts_once(value in any_json(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
            let values = values_of(&value);
            prop_assert_eq!(excess(text.as_bytes(), values), None);
            prop_assert_eq!(excess(text.as_bytes(), values - 1), Some(Excess::Values(values - 1)));
        }

        #[test]
        fn what_is_no_json_is_handled(bytes in proptest::collection::vec(any::<u8>(), 0..200), max in 0_usize..4) {
            excess(&bytes, max);
        }
    }

    #[test]
    fn counting_stops_at_the_bound() {
        // The rest would be a syntax error.
        let many = [b"[".as_slice(), &b"0,".repeat(100), b"x"].concat();
        assert_eq!(excess(&many, 50), Some(Excess::Values(50)));
        assert_eq!(excess(&b"[".repeat(1000), 200), None);
        assert_eq!(excess(&b"[".repeat(1000), 100), Some(Excess::Values(100)));
    }

    #[test]
    fn a_text_has_an_end_wherever_it_stands() {
        for (bytes, found) in [(MAX_TEXT_BYTES, None), (MAX_TEXT_BYTES + 1, Some(Excess::Text))] {
            let text = "x".repeat(bytes);
            for body in [json!(text), json!([1, { "a": text }])] {
                assert_eq!(excess(body.to_string().as_bytes(), 20), found);
            }
        }
    }
}
