//! Structs that only JSON objects become.
//!
//! What serde derives also reads a struct from an array, member by member:
//! `["secret"]` would be `{"key": "secret"}`. No contract says so, and whatever
//! goes by the names of members, as the redaction of logged bodies does, would be
//! passed by. A type of a body that is decoded before its schema is looked at
//! derives `Deserialize` with `#[serde(remote = "Self")]` and stands in
//! [`only_objects`], which costs no allocation.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A struct as its members make it.
pub trait Members<'de>: Sized {
    fn from_members<D: Deserializer<'de>>(members: D) -> Result<Self, D::Error>;
}

/// Reads an object; fails for anything else.
pub fn read<'de, T: Members<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(Object(PhantomData))
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Members<'de>> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::from_members(MapAccessDeserializer::new(members))
    }
}

/// Reads a list of objects, whatever else the type could be read from.
pub fn list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let items = Vec::<Item<T>>::deserialize(deserializer)?;
    Ok(items.into_iter().map(|Item(item)| item).collect())
}

struct Item<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Item<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ItemVisitor(PhantomData))
    }
}

struct ItemVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ItemVisitor<T> {
    type Value = Item<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Item<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Item)
    }
}

/// Makes `Deserialize` of these types accept objects and nothing else.
macro_rules! only_objects {
    ($($type:ty),+ $(,)?) => {$(
        impl<'de> $crate::object::Members<'de> for $type {
            fn from_members<D: ::serde::Deserializer<'de>>(members: D) -> ::std::result::Result<Self, D::Error> {
                // The derived one, which is no method of the trait.
                <$type>::deserialize(members)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                $crate::object::read(deserializer)
            }
        }
    )+};
}

pub(crate) use only_objects;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
    struct Outer {
        first_name: String,
        #[serde(default)]
        inner: Option<Inner>,
        #[serde(default)]
        list: Vec<Inner>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(remote = "Self")]
    struct Inner {
        number: i64,
    }

    only_objects!(Outer, Inner);

    #[test]
    fn objects_are_read_and_arrays_are_not() {
        let outer = |value: Value| {
            let text = value.to_string();
            let (read, converted) =
                (serde_json::from_str::<Outer>(&text), serde_json::from_value::<Outer>(value));
            assert_eq!(read.is_ok(), converted.is_ok());
            read.ok()
        };
        let inner = |number| Inner { number };
        let whole = json!({ "firstName": "a", "inner": { "number": 1 }, "list": [{ "number": 2 }] });
        let expected = Outer { first_name: "a".into(), inner: Some(inner(1)), list: vec![inner(2)] };
        assert_eq!(outer(whole), Some(expected));
        for refused in [
            json!(["a", null, []]),
            json!({ "firstName": "a", "inner": [1] }),
            json!({ "firstName": "a", "list": [[2]] }),
            json!({ "firstName": "a", "unknown": 1 }),
            json!("a"),
            json!(null),
        ] {
            assert_eq!(outer(refused.clone()), None, "{refused}");
        }
    }
}
