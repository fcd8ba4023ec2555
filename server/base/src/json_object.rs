//! Structs that only JSON objects become, and JSON that says everything once, in
//! texts that every database stores.
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
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::map::Entry;
use serde_json::{Map, Value};

/// A struct as its members make it.
pub trait Members<'de>: Sized {
    fn from_members<D: Deserializer<'de>>(members: D) -> Result<Self, D::Error>;
}

/// How the members of an object come to the struct they make.
pub trait Passage {
    fn pass<'de, T: Members<'de>, A: MapAccess<'de>>(members: A) -> Result<T, A::Error>;
}

/// As they are.
pub enum Unwatched {}

impl Passage for Unwatched {
    fn pass<'de, T: Members<'de>, A: MapAccess<'de>>(members: A) -> Result<T, A::Error> {
        T::from_members(MapAccessDeserializer::new(members))
    }
}

/// Reads an object; fails for anything else.
pub fn read<'de, P: Passage, T: Members<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(Object::<P, T>(PhantomData))
}

struct Object<P, T>(PhantomData<(P, T)>);

impl<'de, P: Passage, T: Members<'de>> Visitor<'de> for Object<P, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        P::pass(members)
    }
}

/// Reads a list of objects, whatever else the type could be read from.
pub fn list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let items = Vec::<Item<T>>::deserialize(deserializer)?;
    Ok(items.into_iter().map(|Item(item)| item).collect())
}

struct Item<T>(T);

impl<'de, T: Deserialize<'de>> Members<'de> for Item<T> {
    fn from_members<D: Deserializer<'de>>(members: D) -> Result<Self, D::Error> {
        T::deserialize(members).map(Item)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Item<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read::<Unwatched, Self, D>(deserializer)
    }
}

/// Reads any JSON in which no object has two members of one name: whoever sent them
/// meant one, and it need not be the last. Structs refuse their own by themselves; a
/// [`Value`] would drop the first.
pub fn unique<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    deserializer.deserialize_any(Unique)
}

/// One JSON document, read as [`unique`] does.
///
/// A member that is there twice, and a text with a NUL, which not every database
/// stores, are the errors that are [`serde_json::Error::is_data`].
pub fn parse(document: &[u8]) -> serde_json::Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_slice(document);
    let value = unique(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

struct Unique;

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        unique(deserializer)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        without_nul(text)?;
        Ok(text.into())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        without_nul(&text)?;
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Unique)? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            without_nul(&name)?;
            match object.entry(name) {
                Entry::Vacant(place) => drop(place.insert(members.next_value_seed(Unique)?)),
                Entry::Occupied(there) => {
                    return Err(A::Error::custom(format_args!("`{}` is there twice", there.key())));
                }
            }
        }
        Ok(object.into())
    }
}

fn without_nul<E: Error>(text: &str) -> Result<(), E> {
    match text.contains('\0') {
        true => Err(E::custom("a text has the character U+0000")),
        false => Ok(()),
    }
}

/// Whether a text in this JSON could have a NUL: its escape is there, which may be
/// that of a backslash and what follows it. [`parse`] knows.
pub fn may_have_nul(document: &[u8]) -> bool {
    memchr::memmem::find(document, br"\u0000").is_some()
}

/// Makes `Deserialize` of these types accept objects and nothing else; `by` a
/// [`Passage`] of one's own.
#[macro_export]
macro_rules! only_objects {
    (by $passage:ty: $($type:ty),+ $(,)?) => {$(
        impl<'de> $crate::json_object::Members<'de> for $type {
            fn from_members<D: ::serde::Deserializer<'de>>(members: D) -> ::std::result::Result<Self, D::Error> {
                // The derived one, which is no method of the trait.
                <$type>::deserialize(members)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                $crate::json_object::read::<$passage, Self, D>(deserializer)
            }
        }
    )+};
    ($($type:ty),+ $(,)?) => {
        $crate::json_object::only_objects!(by $crate::json_object::Unwatched: $($type),+);
    };
}

pub use only_objects;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

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

    #[test]
    fn a_member_that_is_there_twice_is_an_error_of_its_own() {
        for twice in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"c":2,"\u0061":null}}]"#] {
            let error = parse(twice.as_bytes()).unwrap_err();
            assert!(error.is_data() && error.to_string().starts_with("`a` is there twice"), "{error}");
        }
        for broken in ["", "{", "{}{}", r#"{"a":1,}"#, "1e999", &"[".repeat(200)] {
            assert!(!parse(broken.as_bytes()).unwrap_err().is_data(), "{broken}");
        }
    }

    #[test]
    fn a_nul_is_refused_wherever_it_stands() {
        for nul in [r#""\u0000""#, r#"{"a":["b\u0000"]}"#, r#"{"\u0000":1}"#, r#""\\\u0000""#] {
            let error = parse(nul.as_bytes()).unwrap_err();
            assert!(error.is_data() && error.to_string().contains("U+0000"), "{error}");
            assert!(may_have_nul(nul.as_bytes()));
        }
        let spelled = r#""\\u0000""#;
        assert_eq!(parse(spelled.as_bytes()).unwrap(), json!(r"\u0000"));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[^\0]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            let members = proptest::collection::btree_map("[^\0]{0,4}", inner.clone(), 0..6);
            prop_oneof![
                proptest::collection::vec(inner, 0..6).prop_map(Value::from),
                members.prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn anything_else_is_read_as_ever(value in any_json()) {
            let text = value.to_string();
            let read: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(parse(text.as_bytes()).unwrap(), read);
        }
    }
}
