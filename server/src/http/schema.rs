//! Schemas of request bodies: the types JSON needs beyond poem-openapi's own.
//!
//! A schema is written once, as attributes of the request type. The document
//! and the validator ([`super::validation`]) are both derived from it.

use std::borrow::Cow;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// Free-form metadata: a JSON object of at most 100 members.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Meta(pub Map<String, Value>);

/// A member of a partial update: absent keeps, `null` clears, a value sets.
#[derive(Clone, Debug)]
pub struct Patch<T>(pub base::patch::Patch<T>);

impl<T> Default for Patch<T> {
    fn default() -> Self {
        Self(base::patch::Patch::Keep)
    }
}

impl<T> Patch<T> {
    fn value(&self) -> Option<&T> {
        match &self.0 {
            base::patch::Patch::Set(value) => Some(value),
            base::patch::Patch::Keep | base::patch::Patch::Clear => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::<T>::deserialize(deserializer)?;
        Ok(Self(value.map_or(base::patch::Patch::Clear, base::patch::Patch::Set)))
    }
}

/// A required member that may be `null`, shown as such in the document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nullable<T>(pub Option<T>);

/// Reads an optional member that may be left out but not be `null`.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Members that poem-openapi asks of every type in an object. Bodies here are
/// read and written by serde, so that JSON never passes through its traits.
macro_rules! json_by_serde {
    ($type:ty $(, $generic:ident)?) => {
        impl$(<$generic: ::poem_openapi::types::Type + ::serde::de::DeserializeOwned>)? ::poem_openapi::types::ParseFromJSON for $type {
            fn parse_from_json(value: Option<::serde_json::Value>) -> ::poem_openapi::types::ParseResult<Self> {
                ::serde_json::from_value(value.unwrap_or_default()).map_err(|error| ::poem_openapi::types::ParseError::custom(error))
            }
        }

        impl$(<$generic: ::poem_openapi::types::Type>)? ::poem_openapi::types::ToJSON for $type {
            fn to_json(&self) -> Option<::serde_json::Value> {
                None
            }
        }
    };
}

pub(crate) use json_by_serde;

/// The schema of a type that has no members of its own to describe, and what
/// poem-openapi asks for beside it.
macro_rules! described {
    (
        [$($generics:tt)*] $type:ty,
        name: $name:expr,
        schema: $schema:expr
        $(, required: $required:expr)?
        $(, register: $register:expr)?
    ) => {
        impl<$($generics)*> ::poem_openapi::types::Type for $type {
            const IS_REQUIRED: bool = true $(&& $required)?;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> ::std::borrow::Cow<'static, str> {
                ::std::convert::Into::into($name)
            }

            fn schema_ref() -> ::poem_openapi::registry::MetaSchemaRef {
                $schema
            }

            fn register(_registry: &mut ::poem_openapi::registry::Registry) {
                $($register(_registry);)?
            }

            fn as_raw_value(&self) -> Option<&Self::RawValueType> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
                Box::new(std::iter::empty())
            }
        }
    };
}

pub(crate) use described;

/// A schema that stands where it is used.
pub fn inline(schema: MetaSchema) -> MetaSchemaRef {
    MetaSchemaRef::Inline(Box::new(schema))
}

/// Lets the validators written beside a wrapped member see through the wrapper.
macro_rules! raw_values_of {
    ($inner:ident, $self:ident => $value:expr) => {
        type RawValueType = $inner::RawValueType;
        type RawElementValueType = $inner::RawElementValueType;

        fn as_raw_value(&$self) -> Option<&Self::RawValueType> {
            $value.and_then(Type::as_raw_value)
        }

        fn raw_element_iter<'a>(&'a $self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
            match $value {
                Some(value) => value.raw_element_iter(),
                None => Box::new(std::iter::empty()),
            }
        }
    };
}

described!(
    [] Meta,
    name: "Meta",
    schema: inline(MetaSchema {
        additional_properties: Some(Box::new(inline(MetaSchema::ANY))),
        max_properties: Some(100),
        ..MetaSchema::new("object")
    })
);

json_by_serde!(Meta);

/// A JSON object of any members.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AnyObject(pub Map<String, Value>);

described!(
    [] AnyObject,
    name: "AnyObject",
    schema: inline(MetaSchema {
        additional_properties: Some(Box::new(inline(MetaSchema::ANY))),
        ..MetaSchema::new("object")
    })
);

json_by_serde!(AnyObject);

/// Any JSON that says everything once.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct AnyJson(#[serde(deserialize_with = "base::json_object::unique")] pub Value);

described!([] AnyJson, name: "AnyJson", schema: inline(MetaSchema::ANY), required: false);

json_by_serde!(AnyJson);

fn nullable(schema: MetaSchemaRef) -> MetaSchemaRef {
    match schema {
        MetaSchemaRef::Inline(mut schema) => {
            schema.nullable = true;
            MetaSchemaRef::Inline(schema)
        }
        reference => MetaSchemaRef::Inline(Box::new(MetaSchema {
            nullable: true,
            all_of: vec![reference],
            ..MetaSchema::ANY
        })),
    }
}

impl<T: Type> Type for Patch<T> {
    const IS_REQUIRED: bool = false;
    raw_values_of!(T, self => self.value());

    fn name() -> Cow<'static, str> {
        format!("patch_{}", T::name()).into()
    }

    fn schema_ref() -> MetaSchemaRef {
        nullable(T::schema_ref())
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

json_by_serde!(Patch<T>, T);

impl<T: Type> Type for Nullable<T> {
    const IS_REQUIRED: bool = true;
    raw_values_of!(T, self => self.0.as_ref());

    fn name() -> Cow<'static, str> {
        format!("nullable_{}", T::name()).into()
    }

    fn schema_ref() -> MetaSchemaRef {
        nullable(T::schema_ref())
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

json_by_serde!(Nullable<T>, T);
