//! Members that protect in some operation and are none of the one they were sent to.
//!
//! Where unknown members are ignored by contract these are refused: who sends a limit
//! that nobody reads is not limited, and is told that all went well. Schemas refuse
//! them ([`refuse_misplaced`]); so do the types that are read before their schema is
//! looked at ([`known_members`]), as they are read and without an allocation.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};
use serde_json::{Map, Value};

use base::json_object::{Members, Passage};

/// They, as clients and people spell them.
const PROTECTING: [&str; 57] = [
    "ratelimit",
    "ratelimits",
    "rateLimit",
    "rateLimits",
    "rate_limit",
    "rate_limits",
    "limit",
    "limits",
    "duration",
    "autoApply",
    "autoapply",
    "auto_apply",
    "remaining",
    "credits",
    "credit",
    "cost",
    "refill",
    "refillInterval",
    "refillAmount",
    "refillRate",
    "refillDay",
    "refill_interval",
    "refill_amount",
    "refill_day",
    "monthlyCredits",
    "monthly_credits",
    "spendCap",
    "spend_cap",
    "monthlyCredit",
    "monthlycredits",
    "monthlyCap",
    "expires",
    "expiresAt",
    "expires_at",
    "expiry",
    "expiration",
    "enabled",
    "disabled",
    "permissions",
    "permission",
    "roles",
    "role",
    "ipWhitelist",
    "ip_whitelist",
    "ipAllowlist",
    "ip_allowlist",
    "allowedIps",
    "limitPerMinute",
    "limit_per_minute",
    "api_id",
    "apiID",
    "keyspaceId",
    "keyspaces",
    "authorization",
    // A query that was not put where queries are.
    "and",
    "or",
    "query",
];

/// Why a member is refused that is known elsewhere.
pub const MISPLACED: &str = "this is no member of it here, and would be ignored";

/// Lets an object that ignores unknown members ignore none that protects.
pub fn refuse_misplaced(schema: &mut Map<String, Value>) {
    if schema.contains_key("additionalProperties") {
        return;
    }
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    for name in PROTECTING {
        properties.entry(name).or_insert(Value::Bool(false));
    }
}

/// Passes the members of an object on, none that is misplaced. The type names its
/// members: one that takes in those of another (`flatten`) is not looked at.
pub enum Known {}

impl Passage for Known {
    fn pass<'de, T: Members<'de>, A: MapAccess<'de>>(members: A) -> Result<T, A::Error> {
        T::from_members(Struct(members))
    }
}

/// The members of an object, about to become a struct.
struct Struct<A>(A);

impl<'de, A: MapAccess<'de>> Deserializer<'de> for Struct<A> {
    type Error = A::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        visitor.visit_map(Watched { members: self.0, known })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        MapAccessDeserializer::new(self.0).deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Members whose names are looked at as they go by.
struct Watched<A> {
    members: A,
    known: &'static [&'static str],
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Watched<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.members.next_key_seed(Name { inner: seed, known: self.known })
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.members.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.members.size_hint()
    }
}

/// The name of a member on its way to whatever reads it: as a seed, as what the seed
/// is read from, and as what that is given.
struct Name<T> {
    inner: T,
    known: &'static [&'static str],
}

impl<T> Name<T> {
    fn check<E: Error>(&self, name: &str) -> Result<(), E> {
        match self.known.contains(&name) || !PROTECTING.contains(&name) {
            true => Ok(()),
            false => Err(E::custom(format_args!("`{name}`: {MISPLACED}"))),
        }
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Name<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Name { inner: deserializer, known: self.known })
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Name<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_any(Name { inner: visitor, known: self.known })
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_identifier(Name { inner: visitor, known: self.known })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Name<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<V::Value, E> {
        self.check(name)?;
        self.inner.visit_str(name)
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<V::Value, E> {
        self.check(name)?;
        self.inner.visit_borrowed_str(name)
    }

    fn visit_string<E: Error>(self, name: String) -> Result<V::Value, E> {
        self.check(&name)?;
        self.inner.visit_string(name)
    }
}

/// Makes `Deserialize` of these types, which derive it with `remote = "Self"`, accept
/// objects alone, and none with a misplaced member.
macro_rules! known_members {
    ($($type:ty),+ $(,)?) => {
        ::base::json_object::only_objects!(by $crate::http::misplaced_members::Known: $($type),+);
    };
}

pub(crate) use known_members;

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(remote = "Self", rename_all = "camelCase")]
    struct Question {
        key: String,
        #[serde(default)]
        credits: Option<i64>,
        #[serde(default)]
        limits: Vec<Named>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(remote = "Self")]
    struct Named {
        name: String,
    }

    known_members!(Question, Named);

    #[test]
    fn members_that_protect_elsewhere_are_refused_and_others_ignored() {
        let reads = |text: &str| {
            let read = serde_json::from_str::<Question>(text);
            let converted = serde_json::from_str::<Value>(text).map(serde_json::from_value::<Question>);
            assert_eq!(read.is_ok(), converted.is_ok_and(|converted| converted.is_ok()), "{text}");
            read.is_ok()
        };
        assert!(reads(r#"{"key":"a","credits":1,"limits":[{"name":"b","colour":1}],"colour":{}}"#));
        for name in PROTECTING.into_iter().filter(|name| !["credits", "limits"].contains(name)) {
            assert!(!reads(&format!(r#"{{"key":"a","{name}":null}}"#)), "{name}");
            assert!(!reads(&format!(r#"{{"key":"a","limits":[{{"name":"b","{name}":1}}]}}"#)), "{name}");
        }
        assert!(!reads(r#"{"key":"a","ro\u006ces":1}"#) && !reads(r#"["a",1]"#) && !reads(r#"{"key":1}"#));
        assert!(!reads(r#"{"key":"a","limits":[{"name":"b","credits":1}]}"#), "it is a member of another");
    }
}
