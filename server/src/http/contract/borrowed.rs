//! Members of answers that are written from where they are, and described by the type
//! a client reads them as. The answers of the hot path copy nothing.

use std::marker::PhantomData;

use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::http::schema::described;

/// A value that is written as it is and described as an `S`.
pub struct As<V, S>(V, PhantomData<fn() -> S>);

/// A borrowed text.
pub type Str<'k> = As<&'k str, String>;

/// A list that is written item by item, as an `Item` made of each.
pub struct Each<'k, T, Item>(&'k [T], PhantomData<fn() -> Item>);

impl<V, S> From<V> for As<V, S> {
    fn from(value: V) -> Self {
        Self(value, PhantomData)
    }
}

impl<V: Serialize, S> Serialize for As<V, S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.0.serialize(serializer)
    }
}

impl<'k, T, Item> Each<'k, T, Item> {
    /// Nothing where there are no items: such a member is left out.
    pub fn unless_empty(items: &'k [T]) -> Option<Self> {
        (!items.is_empty()).then_some(Self(items, PhantomData))
    }
}

impl<'k, T, Item: From<&'k T> + Serialize> Serialize for Each<'k, T, Item> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_seq(self.0.iter().map(Item::from))
    }
}

/// What poem-openapi asks for and nobody uses: answers are never read, and serde writes
/// them.
macro_rules! described_as {
    ([$($generics:tt)*] $type:ty, $schema:ty) => {
        described!(
            [$($generics)*] $type,
            name: <$schema>::name(),
            schema: <$schema>::schema_ref(),
            required: <$schema>::IS_REQUIRED,
            register: <$schema>::register
        );

        impl<$($generics)*> ParseFromJSON for $type {
            fn parse_from_json(_: Option<Value>) -> ParseResult<Self> {
                Err(ParseError::custom("answers are not read"))
            }
        }

        impl<$($generics)*> ToJSON for $type {
            fn to_json(&self) -> Option<Value> {
                None
            }
        }
    };
}

described_as!([V: Send + Sync, S: Type] As<V, S>, S);
described_as!(['k, T: Sync, I: Type] Each<'k, T, I>, Vec<I>);
