//! The first fault of an input, in the words of v1: `field: reason`
//! (docs/contract/v1.md#first-fault). First is what the type declares first.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::LocationSegment;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use serde_json::Value;

use crate::http::contract::bounded::{Form, Identifier};
use crate::http::misplaced_members::MISPLACED;
use crate::http::openapi::{self, Schema};
use crate::http::validation::{RequestSchema, json_schema, type_of};
use base::error::clip;

/// Longest value that a fault repeats, in bytes.
const MAX_QUOTED_BYTES: usize = 256;

const IDENTIFIER_TEXT: &str = "Only alphanumeric, underscores, periods, colons and hyphens are allowed";

/// Validates inputs of one operation.
pub struct Checker {
    pub request: RequestSchema,
    schema: Schema,
    declared: OnceLock<Declared>,
}

/// The types of an input as they are declared, in their order.
struct Declared {
    root: MetaSchemaRef,
    schemas: BTreeMap<String, MetaSchema>,
}

impl Checker {
    pub fn new(schema: Schema) -> Self {
        let request = RequestSchema::new(move || {
            let mut registry = Registry::new();
            (schema.register)(&mut registry);
            json_schema(&openapi::reference(schema), &openapi::schemas(&registry))
        });
        Self { request, schema, declared: OnceLock::new() }
    }

    fn declared(&self) -> &Declared {
        self.declared.get_or_init(|| {
            let mut registry = Registry::new();
            (self.schema.register)(&mut registry);
            Declared { root: (self.schema.reference)(), schemas: registry.schemas }
        })
    }

    /// The object a query string is read into.
    pub fn object(&self) -> Option<&MetaSchema> {
        let declared = self.declared();
        declared.resolve(&declared.root)
    }

    pub fn fault(&self, input: &Value) -> Option<String> {
        let declared = self.declared();
        let faults = self.request.validator().iter_errors(input).map(|error| Fault::new(declared, &error));
        faults.min_by(|a, b| (&a.place, a.rank).cmp(&(&b.place, b.rank))).map(|fault| fault.text)
    }
}

impl Declared {
    /// The object behind a reference or a wrapper.
    fn resolve<'a>(&'a self, schema: &'a MetaSchemaRef) -> Option<&'a MetaSchema> {
        let schema = match schema {
            MetaSchemaRef::Inline(schema) => schema,
            MetaSchemaRef::Reference(name) => self.schemas.get(name)?,
        };
        match schema.all_of.first() {
            Some(inner) if schema.properties.is_empty() => self.resolve(inner),
            _ => Some(schema),
        }
    }

    /// Positions of the segments of a path in the order of declaration.
    fn place(&self, path: &[Segment]) -> Vec<usize> {
        let mut place = Vec::with_capacity(path.len());
        let mut schema = self.resolve(&self.root);
        for segment in path {
            match segment {
                Segment::Index(index) => {
                    place.push(*index);
                    schema = schema.and_then(|schema| self.resolve(schema.items.as_deref()?));
                }
                Segment::Member(name) => {
                    let properties = schema.map(|schema| schema.properties.as_slice()).unwrap_or_default();
                    let position = properties.iter().position(|(known, _)| known == name);
                    place.push(position.unwrap_or(usize::MAX));
                    schema = position.and_then(|position| self.resolve(&properties[position].1));
                }
            }
        }
        place
    }
}

/// The type a member is declared with.
pub fn kind(schema: &MetaSchemaRef) -> &str {
    match schema {
        MetaSchemaRef::Inline(schema) => schema.ty,
        MetaSchemaRef::Reference(_) => "string",
    }
}

enum Segment {
    Member(String),
    Index(usize),
}

struct Fault {
    place: Vec<usize>,
    /// Of several faults in one place the most telling one counts.
    rank: u8,
    text: String,
}

impl Fault {
    fn new(declared: &Declared, error: &ValidationError<'_>) -> Self {
        let segment = |segment| match segment {
            LocationSegment::Property(name) => Segment::Member(name.into_owned()),
            LocationSegment::Index(index) => Segment::Index(index),
        };
        let mut path: Vec<Segment> = (&error.instance_path).into_iter().map(segment).collect();
        if let ValidationErrorKind::Required { property } = &error.kind {
            path.push(Segment::Member(property.as_str().unwrap_or_default().to_owned()));
        }
        let spelled: Vec<String> = path
            .iter()
            .map(|segment| match segment {
                Segment::Member(name) => name.clone(),
                Segment::Index(index) => index.to_string(),
            })
            .collect();
        let rank = match error.kind {
            ValidationErrorKind::Required { .. } | ValidationErrorKind::Enum { .. } => 0,
            ValidationErrorKind::Type { .. } => 1,
            ValidationErrorKind::MinLength { .. } | ValidationErrorKind::MaxLength { .. } => 2,
            _ => 3,
        };
        Self { place: declared.place(&path), rank, text: format!("{}: {}", spelled.join("."), reason(error)) }
    }
}

fn reason(error: &ValidationError<'_>) -> String {
    match &error.kind {
        ValidationErrorKind::Required { .. } => "Required".to_owned(),
        ValidationErrorKind::MinLength { limit } => {
            format!("String must contain at least {limit} character(s)")
        }
        ValidationErrorKind::MaxLength { limit } => {
            format!("String must contain at most {limit} character(s)")
        }
        ValidationErrorKind::MinItems { limit } => format!("Array must contain at least {limit} element(s)"),
        ValidationErrorKind::MaxItems { limit } => format!("Array must contain at most {limit} element(s)"),
        ValidationErrorKind::Minimum { limit } => format!("Number must be greater than or equal to {limit}"),
        ValidationErrorKind::Maximum { limit } => format!("Number must be less than or equal to {limit}"),
        ValidationErrorKind::Pattern { pattern } if Some(pattern.as_str()) == Identifier::PATTERN => {
            IDENTIFIER_TEXT.to_owned()
        }
        ValidationErrorKind::Enum { options } => not_among(options, &error.instance),
        ValidationErrorKind::FalseSchema => MISPLACED.to_owned(),
        ValidationErrorKind::Type { kind } => {
            format!(
                "Expected {}, received {}",
                wanted(kind, &error.instance),
                received(kind, &error.instance)
            )
        }
        _ => "Invalid input".to_owned(),
    }
}

fn not_among(options: &Value, found: &Value) -> String {
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    let options: Vec<String> =
        options.iter().filter_map(Value::as_str).map(|one| format!("'{one}'")).collect();
    let options = options.join(" | ");
    match found {
        Value::String(text) => {
            let text = clip(text, MAX_QUOTED_BYTES);
            format!("Invalid enum value. Expected {options}, received '{text}'")
        }
        other => format!("Expected {options}, received {}", type_of(other)),
    }
}

/// v1 knows one kind of number, and integers among them.
fn wanted(kind: &TypeKind, found: &Value) -> String {
    match name(kind).as_str() {
        "integer" if !found.is_number() => "number".to_owned(),
        name => name.to_owned(),
    }
}

fn received(kind: &TypeKind, found: &Value) -> &'static str {
    let numeric = matches!(name(kind).as_str(), "integer" | "number");
    match found {
        Value::Number(_) if numeric => "float",
        other => type_of(other),
    }
}

fn name(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => kind.to_string(),
        TypeKind::Multiple(kinds) => {
            let mut names = kinds.iter().map(|kind| kind.to_string()).filter(|name| name != "null");
            names.next().unwrap_or_default()
        }
    }
}

/// The same for a query, whose numbers are read as JavaScript reads them: text
/// that is none is `nan`, and so are several values.
pub fn of_query(fault: String) -> String {
    for received in ["string", "array"] {
        if let Some(place) = fault.strip_suffix(&format!(": Expected number, received {received}")) {
            return format!("{place}: Expected number, received nan");
        }
    }
    fault
}
