//! Schemas of request bodies: the types JSON needs beyond poem-openapi's own,
//! and the validators that explain what is wrong with a body.
//!
//! A schema is written once, as attributes of the request type. The document
//! and the validator are both derived from it.

use std::borrow::Cow;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::error::Fault;

/// Free-form metadata: a JSON object of at most 100 members.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Meta(pub Map<String, Value>);

/// A member of a partial update: absent keeps, `null` clears, a value sets.
#[derive(Clone, Debug)]
pub struct Patch<T>(pub crate::patch::Patch<T>);

impl<T> Default for Patch<T> {
    fn default() -> Self {
        Self(crate::patch::Patch::Keep)
    }
}

impl<T> Patch<T> {
    fn value(&self) -> Option<&T> {
        match &self.0 {
            crate::patch::Patch::Set(value) => Some(value),
            crate::patch::Patch::Keep | crate::patch::Patch::Clear => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::<T>::deserialize(deserializer)?;
        Ok(Self(value.map_or(crate::patch::Patch::Clear, crate::patch::Patch::Set)))
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

/// A member that protects in other operations and is none of this one, where
/// members that are not known are ignored otherwise. A body of the hot path that
/// has one takes the long way, which refuses it.
#[derive(Default)]
pub struct Misplaced(bool);

impl Misplaced {
    pub fn is_there(&self) -> bool {
        self.0
    }
}

impl<'de> Deserialize<'de> for Misplaced {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self(true))
    }
}

/// Members that protect in some operation, as clients and people spell them. Where
/// unknown members are ignored by contract these are refused: who sends a limit
/// that nobody reads is not limited, and is told that all went well.
const PROTECTING: [&str; 44] = [
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
];

/// Members that poem-openapi asks of every type in an object. Bodies here are
/// read and written by serde, so that JSON never passes through its traits.
macro_rules! json_by_serde {
    ($type:ty $(, $generic:ident)?) => {
        impl$(<$generic: Type + DeserializeOwned>)? ParseFromJSON for $type {
            fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
                serde_json::from_value(value.unwrap_or_default()).map_err(|error| ParseError::custom(error))
            }
        }

        impl$(<$generic: Type>)? ToJSON for $type {
            fn to_json(&self) -> Option<Value> {
                None
            }
        }
    };
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

impl Type for Meta {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::empty())
    }

    fn name() -> Cow<'static, str> {
        "Meta".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            additional_properties: Some(Box::new(MetaSchemaRef::Inline(Box::new(MetaSchema::ANY)))),
            max_properties: Some(100),
            ..MetaSchema::new("object")
        }))
    }
}

json_by_serde!(Meta);

/// A JSON object of any members.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AnyObject(pub Map<String, Value>);

impl Type for AnyObject {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "AnyObject".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            additional_properties: Some(Box::new(MetaSchemaRef::Inline(Box::new(MetaSchema::ANY)))),
            ..MetaSchema::new("object")
        }))
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::empty())
    }
}

json_by_serde!(AnyObject);

/// Any JSON at all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct AnyJson(pub Value);

impl Type for AnyJson {
    const IS_REQUIRED: bool = false;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "AnyJson".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::ANY))
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::empty())
    }
}

json_by_serde!(AnyJson);

/// Lists of at most 100 items as bodies, told apart by how few they may be.
macro_rules! batch {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $min_items:expr) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[serde(transparent)]
        pub struct $name<T>(pub Vec<T>);

        impl<T: Type> Type for $name<T> {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = T::RawValueType;

            fn name() -> Cow<'static, str> {
                format!($prefix, T::name()).into()
            }

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Inline(Box::new(MetaSchema {
                    items: Some(Box::new(T::schema_ref())),
                    min_items: $min_items,
                    max_items: Some(100),
                    ..MetaSchema::new("array")
                }))
            }

            fn register(registry: &mut Registry) {
                T::register(registry);
            }

            fn as_raw_value(&self) -> Option<&Self::RawValueType> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
                Box::new(self.0.iter().filter_map(Type::as_raw_value))
            }
        }
    };
}

batch!(
    /// A body that is a list of 1 to 100 items.
    Batch, "batch_{}", Some(1)
);

batch!(
    /// A body that is a list of up to 100 items, or none.
    UpTo100, "up_to_100_{}", None
);

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

/// A JSON Schema made of an OpenAPI 3.0 one: references inlined, so that the
/// pointers in faults match the contract's, and `nullable` spelled as a type.
pub fn json_schema(schema: &Value, components: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            if let Some(name) =
                members.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next())
            {
                return json_schema(&components[name], components);
            }
            if members.get("nullable") == Some(&Value::Bool(true)) {
                return nullable_schema(members, components);
            }
            let kept = members.iter().filter(|(name, _)| !is_annotation(name));
            let mut schema: Map<String, Value> =
                kept.map(|(name, value)| (name.clone(), member_schema(name, value, components))).collect();
            refuse_misplaced(&mut schema);
            Value::Object(schema)
        }
        Value::Array(items) => items.iter().map(|item| json_schema(item, components)).collect(),
        other => other.clone(),
    }
}

/// Lets an object that ignores unknown members ignore none that protects.
fn refuse_misplaced(schema: &mut Map<String, Value>) {
    if schema.contains_key("additionalProperties") {
        return;
    }
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    for name in PROTECTING {
        properties.entry(name).or_insert(Value::Bool(false));
    }
}

/// The names under `properties` are the caller's, not keywords.
fn member_schema(name: &str, value: &Value, components: &Value) -> Value {
    match (name, value) {
        ("properties", Value::Object(properties)) => properties
            .iter()
            .map(|(property, schema)| (property.clone(), json_schema(schema, components)))
            .collect::<Map<_, _>>()
            .into(),
        _ => json_schema(value, components),
    }
}

fn nullable_schema(members: &Map<String, Value>, components: &Value) -> Value {
    let mut members = members.clone();
    members.remove("nullable");
    let mut inner = match members.remove("allOf") {
        Some(Value::Array(mut all)) if !all.is_empty() => json_schema(&all.remove(0), components),
        _ => json_schema(&Value::Object(members), components),
    };
    if let Some(kind) = inner.get("type").cloned() {
        inner["type"] = Value::Array(vec![kind, "null".into()]);
    }
    if let Some(Value::Array(options)) = inner.get_mut("enum") {
        options.push(Value::Null);
    }
    inner
}

fn is_annotation(keyword: &str) -> bool {
    matches!(keyword, "description" | "title" | "default" | "example" | "format" | "deprecated")
}

/// Compiles a schema; every schema here comes from this program's own types.
pub fn validator(schema: &Value) -> Validator {
    jsonschema::draft7::new(schema).expect("schemas derived from our own types compile")
}

/// Every fault of `body`, in the words of the contract (D20).
pub fn faults(validator: &Validator, body: &Value) -> Vec<Fault> {
    validator.iter_errors(body).map(|error| fault(&error)).collect()
}

fn fault(error: &ValidationError<'_>) -> Fault {
    Fault { location: error.schema_path.to_string(), message: message(error), fix: None }
}

fn message(error: &ValidationError<'_>) -> String {
    let length = || error.instance.as_str().map_or(0, |text| text.chars().count());
    let items = || error.instance.as_array().map_or(0, Vec::len);
    let members = || error.instance.as_object().map_or(0, Map::len);
    match &error.kind {
        ValidationErrorKind::MinLength { limit } => format!("minLength: got {}, want {limit}", length()),
        ValidationErrorKind::MaxLength { limit } => format!("maxLength: got {}, want {limit}", length()),
        ValidationErrorKind::MinItems { limit } => format!("minItems: got {}, want {limit}", items()),
        ValidationErrorKind::MaxItems { limit } => format!("maxItems: got {}, want {limit}", items()),
        ValidationErrorKind::MaxProperties { limit } => {
            format!("maxProperties: got {}, want {limit}", members())
        }
        ValidationErrorKind::MinProperties { limit } => {
            format!("minProperties: got {}, want {limit}", members())
        }
        ValidationErrorKind::Minimum { limit } => format!("minimum: got {}, want {limit}", error.instance),
        ValidationErrorKind::Maximum { limit } => format!("maximum: got {}, want {limit}", error.instance),
        ValidationErrorKind::Pattern { pattern } => format!("pattern: the value does not match '{pattern}'"),
        ValidationErrorKind::Required { property } => {
            format!("required: missing property '{}'", property.as_str().unwrap_or_default())
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            format!("additionalProperties: '{}' not allowed", unexpected.join("', '"))
        }
        ValidationErrorKind::Enum { options } => format!("enum: value must be one of {options}"),
        ValidationErrorKind::FalseSchema => MISPLACED.to_owned(),
        ValidationErrorKind::Type { kind } => {
            format!("type: got {}, want {}", type_of(&error.instance), wanted(kind))
        }
        _ => "the value is not allowed here".to_owned(),
    }
}

/// Why a member is refused that is known elsewhere.
pub const MISPLACED: &str = "this is no member of it here, and would be ignored";

fn wanted(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => kind.to_string(),
        TypeKind::Multiple(kinds) => {
            kinds.iter().map(|kind| kind.to_string()).collect::<Vec<_>>().join(" or ")
        }
    }
}

/// The name JSON Schema has for the type of a value.
pub fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
