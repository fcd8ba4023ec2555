//! Whether a body keeps its schema, and what is wrong with it.
//!
//! The schemas are those of the OpenAPI document. Whoever validates has bounded
//! the body first ([`super::body`]): the validator collects the faults of a list
//! before it shows the first.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::{Map, Value, json};

use super::misplaced_members::{MISPLACED, refuse_misplaced};
use base::error::{Fault, MAX_FAULTS, clip};

/// The schema of the bodies of one operation; made when first needed.
pub struct RequestSchema {
    make: Box<dyn Fn() -> Value + Send + Sync>,
    made: OnceLock<(Value, Validator)>,
}

impl RequestSchema {
    /// `make` gives what [`json_schema`] makes.
    pub fn new(make: impl Fn() -> Value + Send + Sync + 'static) -> Self {
        Self { make: Box::new(make), made: OnceLock::new() }
    }

    fn made(&self) -> &(Value, Validator) {
        self.made.get_or_init(|| {
            let schema = (self.make)();
            let validator = validator_of(&schema);
            (schema, validator)
        })
    }

    /// The schema, without references.
    pub fn schema(&self) -> &Value {
        &self.made().0
    }

    pub fn validator(&self) -> &Validator {
        &self.made().1
    }
}

/// Where a validator finds the schema that it is made of.
const PLACE: &str = "body:schema";

/// The keyword that all places of faults begin with, for the schema stands behind it.
const REFERENCE: &str = "/$ref";

/// The library checks what it is given by a schema of schemas, which it compiles anew for each
/// level of nesting and keeps for ever: eleven megabytes for ours. So it is given a reference to
/// the schema, which needs no check, for it is made of types, and tests send bodies to each.
fn validator_of(schema: &Value) -> Validator {
    let resource = Draft::Draft7.create_resource(schema.clone());
    let options = jsonschema::options().with_draft(Draft::Draft7).with_resource(PLACE, resource);
    options.build(&json!({ "$ref": PLACE })).expect("schemas of our own types compile")
}

/// The place in the schema that refused something.
fn place_of<'a>(error: &'a ValidationError<'_>) -> &'a str {
    let place = error.schema_path.as_str();
    place.strip_prefix(REFERENCE).unwrap_or(place)
}

/// A JSON Schema made of an OpenAPI 3.0 one: references inlined, so that the
/// pointers in faults match the contract's, and `nullable` spelled as a type.
pub fn json_schema(schema: &Value, components: &Value) -> Value {
    Conversion { components, reader: Reader::Validator }.of(schema)
}

/// The same for whoever fills it in: with descriptions and defaults, and without what
/// is there to refuse members by name.
pub fn described_schema(schema: &Value, components: &Value) -> Value {
    Conversion { components, reader: Reader::Person }.of(schema)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    Validator,
    Person,
}

/// How schemas of a document become ones that stand alone.
struct Conversion<'a> {
    components: &'a Value,
    reader: Reader,
}

impl Conversion<'_> {
    fn of(&self, schema: &Value) -> Value {
        match schema {
            Value::Object(members) => {
                if let Some(name) =
                    members.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next())
                {
                    return self.of(&self.components[name]);
                }
                if members.get("nullable") == Some(&Value::Bool(true)) {
                    return self.nullable(members);
                }
                let kept = members.iter().filter(|(name, _)| self.keeps(name));
                let mut schema: Map<String, Value> =
                    kept.map(|(name, value)| (name.clone(), self.member(name, value))).collect();
                if self.reader == Reader::Validator {
                    refuse_misplaced(&mut schema);
                }
                Value::Object(schema)
            }
            Value::Array(items) => items.iter().map(|item| self.of(item)).collect(),
            other => other.clone(),
        }
    }

    /// The names under `properties` are the caller's, not keywords.
    fn member(&self, name: &str, value: &Value) -> Value {
        match (name, value) {
            ("properties", Value::Object(properties)) => properties
                .iter()
                .map(|(property, schema)| (property.clone(), self.of(schema)))
                .collect::<Map<_, _>>()
                .into(),
            _ => self.of(value),
        }
    }

    fn nullable(&self, members: &Map<String, Value>) -> Value {
        let mut members = members.clone();
        members.remove("nullable");
        let mut inner = match members.remove("allOf") {
            Some(Value::Array(mut all)) if !all.is_empty() => self.of(&all.remove(0)),
            _ => self.of(&Value::Object(members)),
        };
        if let Some(kind) = inner.get("type").cloned() {
            inner["type"] = Value::Array(vec![kind, "null".into()]);
        }
        if let Some(Value::Array(options)) = inner.get_mut("enum") {
            options.push(Value::Null);
        }
        inner
    }

    fn keeps(&self, keyword: &str) -> bool {
        match keyword {
            "title" | "example" | "format" | "deprecated" => false,
            "description" | "default" => self.reader == Reader::Person,
            _ => true,
        }
    }
}

/// Faults beyond those listed are counted up to here.
const MAX_COUNTED: usize = 1000;

/// Longest name or value that a fault repeats, in bytes.
const MAX_QUOTED_BYTES: usize = 100;

/// Names that one fault repeats.
const MAX_NAMED: usize = 10;

/// The faults of a body, in the words of v2
/// (docs/decisions.md#faults-of-an-input).
pub struct Faults {
    /// The first [`MAX_FAULTS`].
    pub listed: Vec<Fault>,
    /// How many there are, [`MAX_COUNTED`] at most; `None` where nobody counted.
    counted: Option<usize>,
}

impl Faults {
    pub fn of(validator: &Validator, body: &Value) -> Self {
        let errors: Vec<_> = validator.iter_errors(body).take(MAX_COUNTED).collect();
        let is_cut = errors.len() == MAX_COUNTED;
        let mut faults = told_once(errors);
        let counted = if is_cut { MAX_COUNTED } else { faults.len() };
        faults.truncate(MAX_FAULTS);
        Self { listed: faults, counted: Some(counted) }
    }

    /// The first fault alone: of a body of many values the validator would
    /// collect all of them before it shows one.
    pub fn first(validator: &Validator, body: &Value) -> Self {
        Self { listed: told_once(validator.validate(body).err().into_iter().collect()), counted: None }
    }

    /// Which part of the faults is listed, to end a sentence; nothing if all are.
    pub fn missing(&self) -> String {
        let listed = self.listed.len();
        match self.counted {
            None => "; only the first fault is listed".to_owned(),
            Some(counted) if counted == listed => String::new(),
            Some(MAX_COUNTED) => format!("; the first {listed} of {MAX_COUNTED} faults or more are listed"),
            Some(counted) => format!("; the first {listed} of {counted} faults are listed"),
        }
    }
}

/// The faults as they are told: of a value of a wrong type that alone, and all members
/// that one object lacks together.
fn told_once(errors: Vec<ValidationError<'_>>) -> Vec<Fault> {
    let place = |error: &ValidationError<'_>| {
        let keyword = place_of(error);
        let schema = keyword.rsplit_once('/').map_or("", |(schema, _)| schema);
        (schema.to_owned(), error.instance_path.as_str().to_owned())
    };
    let is_type = |error: &&ValidationError<'_>| matches!(error.kind, ValidationErrorKind::Type { .. });
    let mistyped: HashSet<_> = errors.iter().filter(is_type).map(place).collect();
    let mut missing: HashMap<_, Vec<String>> = HashMap::new();
    for error in &errors {
        if let ValidationErrorKind::Required { property } = &error.kind {
            let name = property.as_str().unwrap_or_default().to_owned();
            missing.entry(place(error)).or_default().push(name);
        }
    }
    let told = |error: &ValidationError<'_>| {
        let place = place(error);
        let message = match &error.kind {
            ValidationErrorKind::Required { .. } => match missing.remove(&place)?.as_slice() {
                [name] => format!("missing property {}", quoted(std::slice::from_ref(name))),
                names => format!("missing properties {}", quoted(names)),
            },
            ValidationErrorKind::Type { .. } => message(error),
            _ if mistyped.contains(&place) => return None,
            _ => message(error),
        };
        Some(Fault { location: place_of(error).to_owned(), message, fix: None })
    };
    errors.iter().filter_map(told).collect()
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
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            format!("additional properties {} not allowed", quoted(unexpected))
        }
        ValidationErrorKind::Enum { options } => format!("enum: value must be one of {options}"),
        ValidationErrorKind::FalseSchema => MISPLACED.to_owned(),
        ValidationErrorKind::Type { kind } => {
            format!("got {}, want {}", type_of(&error.instance), wanted(kind))
        }
        _ => "the value is not allowed here".to_owned(),
    }
}

/// The first names, each cut where it is long.
fn quoted(names: &[String]) -> String {
    let shown: Vec<String> =
        names.iter().take(MAX_NAMED).map(|name| format!("'{}'", clip(name, MAX_QUOTED_BYTES))).collect();
    let more = match names.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    shown.join(", ") + &more
}

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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(schema: Value, body: Value) -> Vec<(String, String)> {
        let request = RequestSchema::new(move || schema.clone());
        let listed = Faults::of(request.validator(), &body).listed;
        listed.into_iter().map(|fault| (fault.location, fault.message)).collect()
    }

    fn fault(location: &str, message: &str) -> (String, String) {
        (location.to_owned(), message.to_owned())
    }

    #[test]
    fn a_wrong_type_is_the_only_fault_of_its_value() {
        let schema = json!({ "properties": {
            "a": { "type": "string", "enum": ["x", "y"] },
            "b": { "type": "integer", "minimum": 2 },
            "c": { "type": "array", "items": { "type": ["string", "null"], "enum": ["x", null] } },
        } });
        let body = json!({ "a": 1, "b": 1.5, "c": ["z", 1, "x", null] });
        assert_eq!(
            told(schema.clone(), body),
            [
                fault("/properties/a/type", "got number, want string"),
                fault("/properties/b/type", "got number, want integer"),
                fault("/properties/c/items/enum", "enum: value must be one of [\"x\",null]"),
                fault("/properties/c/items/type", "got number, want null or string"),
            ]
        );
        assert_eq!(
            told(schema, json!({ "b": 1 })),
            [fault("/properties/b/minimum", "minimum: got 1, want 2")]
        );
    }

    #[test]
    fn members_that_an_object_lacks_are_one_fault() {
        let inner = json!({ "required": ["x", "y"] });
        let schema = json!({ "required": ["a", "b"], "properties": { "c": { "items": inner } } });
        assert_eq!(
            told(schema, json!({ "c": [{}, { "x": 1 }] })),
            [
                fault("/properties/c/items/required", "missing properties 'x', 'y'"),
                fault("/properties/c/items/required", "missing property 'y'"),
                fault("/required", "missing properties 'a', 'b'"),
            ]
        );
    }
}
