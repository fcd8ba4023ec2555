//! Texts, numbers and lists that carry their bounds: the document shows them, and
//! whoever reads one keeps them.
//!
//! So what the hot path reads without a schema is what its schema accepts. Lengths
//! are in characters. A pattern is kept by the schema alone: no type of the hot path
//! has one.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use poem_openapi::registry::MetaSchema;
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::http::schema::{described, inline};

/// What texts are made of.
pub trait Form: Send + Sync + 'static {
    const PATTERN: Option<&'static str>;
}

macro_rules! forms {
    ($($(#[$doc:meta])* $name:ident = $pattern:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {}

        impl Form for $name {
            const PATTERN: Option<&'static str> = $pattern;
        }
    )+};
}

forms! {
    /// Anything.
    Free = None;
    /// Letters, digits and `_`.
    Word = Some("^[a-zA-Z0-9_]+$");
    /// Words joined by hyphens.
    Hyphened = Some("^[a-zA-Z0-9_-]+$");
    /// Words joined by hyphens and dots.
    Dotted = Some("^[a-zA-Z0-9_.-]+$");
    /// What permissions are made of, `*` among it.
    Slug = Some("^[a-zA-Z0-9_:\\-\\.\\*]+$");
    /// Names and slugs of v1: words joined by dots, colons and hyphens.
    Identifier = Some("^[a-zA-Z0-9_\\.:\\-]*$");
    /// Lower-case words joined by single hyphens.
    LowerHyphened = Some("^[a-z0-9]+(-[a-z0-9]+)*$");
    HttpsUrl = Some("^https://");
    /// `#rrggbb`.
    Rgb = Some("^#[0-9a-fA-F]{6}$");
}

/// The id of a row of ours.
pub type IdText = Text<3, 255, Word>;
/// What a customer calls their own user.
pub type ExternalId = Text<1, 255, Dotted>;
/// The slug of a permission.
pub type PermissionSlug = Text<1, 128, Slug>;
/// The slug or the id of a portal.
pub type PortalIdOrSlug = Text<3, 255, Hyphened>;
/// The slug of a portal.
pub type PortalSlug = Text<3, 64, LowerHyphened>;

/// A colour of a page.
pub type Color = Text<0, { usize::MAX }, Rgb>;

/// A text of `MIN` to `MAX` characters.
#[derive(Clone)]
pub struct Text<const MIN: usize, const MAX: usize = { usize::MAX }, F = Free>(String, PhantomData<F>);

impl<const MIN: usize, const MAX: usize, F> Text<MIN, MAX, F> {
    fn fits(text: &str) -> bool {
        match text.len() {
            // No text has more characters than bytes.
            bytes if bytes < MIN => false,
            bytes if bytes <= MAX && MIN <= 1 => true,
            _ => (MIN..=MAX).contains(&text.chars().count()),
        }
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

impl<const MIN: usize, const MAX: usize, F> Deref for Text<MIN, MAX, F> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MIN: usize, const MAX: usize, F> fmt::Debug for Text<MIN, MAX, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It may be a key.
        write!(f, "Text({} bytes)", self.0.len())
    }
}

impl<const MIN: usize, const MAX: usize, F> From<Text<MIN, MAX, F>> for String {
    fn from(text: Text<MIN, MAX, F>) -> Self {
        text.0
    }
}

/// The texts of a list.
pub fn strings<const MIN: usize, const MAX: usize, F>(
    texts: impl IntoIterator<Item = Text<MIN, MAX, F>>,
) -> Vec<String> {
    texts.into_iter().map(String::from).collect()
}

impl<'de, const MIN: usize, const MAX: usize, F> Deserialize<'de> for Text<MIN, MAX, F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if Self::fits(&text) {
            return Ok(Self(text, PhantomData));
        }
        Err(D::Error::custom(format_args!("a text has {MIN} to {MAX} characters here")))
    }
}

/// A whole number of `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Integer<const MIN: i64, const MAX: i64 = { i64::MAX }>(i64);

/// What a request costs.
pub type Cost = Integer<0>;

impl<const MIN: i64, const MAX: i64> Integer<MIN, MAX> {
    pub const ONE: Self = {
        assert!(MIN <= 1 && 1 <= MAX);
        Self(1)
    };

    pub fn get(self) -> i64 {
        self.0
    }

    /// The number as one that cannot be negative.
    pub fn count(self) -> u64 {
        const { assert!(MIN >= 0) };
        self.0.unsigned_abs()
    }
}

impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for Integer<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        if (MIN..=MAX).contains(&number) {
            return Ok(Self(number));
        }
        Err(D::Error::custom(format_args!("a number is from {MIN} to {MAX} here")))
    }
}

/// A list of `MIN` to `MAX` items.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct List<T, const MIN: usize, const MAX: usize>(Vec<T>);

/// A list of up to so many items, or none.
pub type UpTo<T, const MAX: usize> = List<T, 0, MAX>;

impl<T, const MIN: usize, const MAX: usize> List<T, MIN, MAX> {
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }
}

impl<T, const MAX: usize> Default for List<T, 0, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MIN: usize, const MAX: usize> IntoIterator for List<T, MIN, MAX> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de, T: Deserialize<'de>, const MIN: usize, const MAX: usize> Deserialize<'de> for List<T, MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items = Vec::deserialize(deserializer)?;
        if (MIN..=MAX).contains(&items.len()) {
            return Ok(Self(items));
        }
        Err(D::Error::custom(format_args!("a list has {MIN} to {MAX} items here")))
    }
}

described!(
    [const MIN: usize, const MAX: usize, F: Form] Text<MIN, MAX, F>,
    name: format!("text_{MIN}_{MAX}"),
    schema: inline(MetaSchema {
        min_length: (MIN > 0).then_some(MIN),
        max_length: (MAX < usize::MAX).then_some(MAX),
        pattern: F::PATTERN.map(ToOwned::to_owned),
        ..MetaSchema::new("string")
    })
);

described!(
    [const MIN: i64, const MAX: i64] Integer<MIN, MAX>,
    name: format!("integer_{MIN}_{MAX}"),
    schema: inline(MetaSchema {
        // Bounds are far below 2^53, where floats become inexact.
        minimum: Some(MIN as f64),
        maximum: (MAX < i64::MAX).then_some(MAX as f64),
        ..MetaSchema::new_with_format("integer", "int64")
    })
);

described!(
    [T: Type, const MIN: usize, const MAX: usize] List<T, MIN, MAX>,
    name: format!("list_{MIN}_{MAX}_{}", T::name()),
    schema: inline(MetaSchema {
        items: Some(Box::new(T::schema_ref())),
        min_items: (MIN > 0).then_some(MIN),
        max_items: Some(MAX),
        ..MetaSchema::new("array")
    }),
    register: T::register
);

macro_rules! read_by_serde {
    ([$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> ParseFromJSON for $type {
            fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
                serde_json::from_value(value.unwrap_or_default()).map_err(ParseError::custom)
            }
        }
    };
}

read_by_serde!([const MIN: usize, const MAX: usize, F: Form] Text<MIN, MAX, F>);
read_by_serde!([const MIN: i64, const MAX: i64] Integer<MIN, MAX>);
read_by_serde!([T: Type + serde::de::DeserializeOwned, const MIN: usize, const MAX: usize] List<T, MIN, MAX>);

/// The document shows defaults.
impl<const MIN: i64, const MAX: i64> ToJSON for Integer<MIN, MAX> {
    fn to_json(&self) -> Option<Value> {
        Some(Value::from(self.0))
    }
}

impl<const MIN: usize, const MAX: usize, F: Form> ToJSON for Text<MIN, MAX, F> {
    fn to_json(&self) -> Option<Value> {
        Some(Value::from(self.0.as_str()))
    }
}

/// A list that is left out is empty; none has another default.
impl<T: Type, const MIN: usize, const MAX: usize> ToJSON for List<T, MIN, MAX> {
    fn to_json(&self) -> Option<Value> {
        self.0.is_empty().then(|| Value::Array(Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        #[test]
        fn lengths_are_in_characters(text in ".{0,8}") {
            let length = text.chars().count();
            prop_assert_eq!(<Text<3, 5>>::fits(&text), (3..=5).contains(&length));
            prop_assert_eq!(<Text<1, 5>>::fits(&text), (1..=5).contains(&length));
            prop_assert_eq!(<Text<0, 5>>::fits(&text), length <= 5);
            prop_assert_eq!(<Text<1>>::fits(&text), length >= 1);
        }

        #[test]
        fn numbers_are_within_their_bounds(number: i64) {
            let read = |value: Value| serde_json::from_value::<Integer<1, 100>>(value).ok().map(Integer::get);
            let bounds = (1..=100).contains(&number);
            prop_assert_eq!(read(json!(number)), bounds.then_some(number));
            prop_assert_eq!(read(json!(number.rem_euclid(102))).is_some(), (1..=100).contains(&number.rem_euclid(102)));
        }
    }

    #[test]
    fn lists_have_as_many_items_as_they_may() {
        let reads =
            |items: usize| serde_json::from_value::<List<bool, 1, 2>>(json!(vec![true; items])).is_ok();
        assert_eq!([0, 1, 2, 3].map(reads), [false, true, true, false]);
    }
}
