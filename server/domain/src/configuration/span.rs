//! A length of time in a document: `1m`, or a number of milliseconds.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use base::duration::duration_ms;

/// The longest first: each divides the one before it.
const UNITS: [(&str, i64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Written as people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub ms: i64,
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let unit = UNITS.into_iter().find(|(_, length_ms)| self.ms % length_ms == 0);
        let (unit, length_ms) = unit.unwrap_or(("ms", 1));
        serializer.serialize_str(&format!("{}{unit}", self.ms / length_ms))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl serde::de::Visitor<'_> for Written {
            type Value = Span;

            fn expecting(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
                formatter.write_str("a length of time such as `1m`, or a number of milliseconds")
            }

            fn visit_i64<E: serde::de::Error>(self, ms: i64) -> Result<Span, E> {
                Ok(Span { ms })
            }

            fn visit_u64<E: serde::de::Error>(self, ms: u64) -> Result<Span, E> {
                i64::try_from(ms).map(|ms| Span { ms }).map_err(E::custom)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Span, E> {
                let written = duration_ms(text).or_else(|| text.parse().ok());
                let ms = written.ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))?;
                Ok(Span { ms })
            }
        }

        deserializer.deserialize_any(Written)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A length of time: a number and `ms`, `s`, `m`, `h`, `d` or `w`, or a number of milliseconds.",
            "anyOf": [
                { "type": "string", "pattern": "^[0-9]+ *(ms|s|m|h|d|w)$" },
                { "type": "integer", "minimum": 1000 }
            ]
        })
    }
}
