//! A list of addresses in a document: those of it, or `any`.
//!
//! Nothing else lets every address in: a list that is empty, or a name with nothing
//! behind it, may be one whose entries were taken out for a moment.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const ANY: &str = "any";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Allowlist {
    Any,
    These(Vec<String>),
}

impl Serialize for Allowlist {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Allowlist::Any => serializer.serialize_str(ANY),
            Allowlist::These(addresses) => addresses.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Allowlist {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl<'de> Visitor<'de> for Written {
            type Value = Allowlist;

            fn expecting(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
                formatter.write_str("a list of addresses, or `any`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Allowlist, E> {
                if text == ANY {
                    return Ok(Allowlist::Any);
                }
                Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Allowlist, A::Error> {
                let mut addresses = Vec::new();
                while let Some(address) = list.next_element::<String>()? {
                    addresses.push(address);
                }
                Ok(Allowlist::These(addresses))
            }
        }

        deserializer.deserialize_any(Written)
    }
}

impl JsonSchema for Allowlist {
    fn schema_name() -> Cow<'static, str> {
        "Allowlist".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Addresses and networks, or `any`.",
            "anyOf": [
                { "const": "any" },
                { "type": "array", "items": { "type": "string" }, "minItems": 1, "maxItems": 1000 }
            ]
        })
    }
}
