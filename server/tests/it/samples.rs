//! Bodies made of the schemas of the OpenAPI documents: valid ones, and the
//! places in them.

use serde_json::{Map, Value, json};
use unkey::http::{v1, v2};

/// An operation as its document has it.
pub struct Operation {
    pub method: String,
    pub path: String,
    /// The schema of its body, without references.
    pub body: Option<Value>,
    /// It asks for the cookie of a portal's session.
    pub is_of_portal: bool,
    /// Names of the parameters of its query, with their schemas.
    pub query: Vec<(String, Value)>,
}

/// Every operation of both versions.
pub fn operations() -> Vec<Operation> {
    [&*v1::DOCUMENT, &*v2::DOCUMENT].into_iter().flat_map(of_document).collect()
}

fn of_document(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let body = operation["requestBody"]["content"]["application/json"]["schema"].clone();
            let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
            let query = parameters.iter().filter(|parameter| parameter["in"] == "query");
            let named = |parameter: &Value| {
                (parameter["name"].as_str().unwrap().to_owned(), inlined(document, &parameter["schema"]))
            };
            operations.push(Operation {
                method: method.to_uppercase(),
                path: path.replace("{keyId}", "key_1").replace("{apiId}", "api_1"),
                is_of_portal: operation["security"][0]["portalSession"].is_array(),
                body: (!body.is_null()).then(|| inlined(document, &body)),
                query: query.map(named).collect(),
            });
        }
    }
    operations
}

/// The schema with what its references name in their place.
fn inlined(document: &Value, schema: &Value) -> Value {
    match schema {
        Value::Object(members) => match members.get("$ref").and_then(Value::as_str) {
            Some(path) => inlined(document, document.pointer(path.trim_start_matches('#')).unwrap()),
            None => {
                let member = |(name, value): (&String, &Value)| (name.clone(), inlined(document, value));
                Value::Object(members.iter().map(member).collect())
            }
        },
        Value::Array(items) => items.iter().map(|item| inlined(document, item)).collect(),
        other => other.clone(),
    }
}

/// What a wrapper such as a nullable reference is around; of alternatives the last.
pub fn unwrapped(schema: &Value) -> &Value {
    let of_all = schema["allOf"].as_array().and_then(|parts| parts.first());
    let of_any = schema["anyOf"].as_array().and_then(|parts| parts.last());
    of_all.or(of_any).map_or(schema, unwrapped)
}

pub fn kind(schema: &Value) -> &str {
    unwrapped(schema)["type"].as_str().unwrap_or("any")
}

/// A value that keeps its schema, with every member there is. `number` makes it
/// differ from others.
pub fn sample(schema: &Value, number: usize) -> Value {
    let schema = unwrapped(schema);
    if let Some(options) = schema["enum"].as_array() {
        return options[0].clone();
    }
    match kind(schema) {
        "string" if schema["pattern"] == "^https://" => json!("https://example.com/"),
        "string" if schema["pattern"] == "^#[0-9a-fA-F]{6}$" => json!("#a0b1c2"),
        "string" => {
            let least = usize::try_from(schema["minLength"].as_u64().unwrap_or(1)).unwrap();
            let most = usize::try_from(schema["maxLength"].as_u64().unwrap_or(100)).unwrap();
            let text = format!("abc{number}");
            json!(
                format!("{text}{}", "x".repeat(least.saturating_sub(text.len())))[..]
                    .chars()
                    .take(most)
                    .collect::<String>()
            )
        }
        "integer" | "number" => {
            let least = schema["minimum"].as_i64().unwrap_or(1);
            json!(least.max(1).min(schema["maximum"].as_i64().unwrap_or(i64::MAX)))
        }
        "boolean" => json!(true),
        "array" => json!([sample(&schema["items"], number)]),
        "object" => {
            let members = schema["properties"].as_object().cloned().unwrap_or_default();
            members
                .iter()
                .map(|(name, member)| (name.clone(), sample(member, number)))
                .collect::<Map<_, _>>()
                .into()
        }
        _ => json!("abc"),
    }
}

/// Where in a sample something stands: member names and positions.
pub type Path = Vec<String>;

/// Every place in a sample of the schema, with the schema of what stands there.
pub fn places(schema: &Value) -> Vec<(Path, &Value)> {
    let schema = unwrapped(schema);
    let mut found = vec![(Vec::new(), schema)];
    let below = |name: &str, inner| {
        let under = |(path, schema): (Path, _)| ([vec![name.to_owned()], path].concat(), schema);
        places(inner).into_iter().map(under).collect::<Vec<_>>()
    };
    match kind(schema) {
        "object" => {
            for (name, member) in schema["properties"].as_object().into_iter().flatten() {
                found.extend(below(name, member));
            }
        }
        "array" => found.extend(below("0", &schema["items"])),
        _ => {}
    }
    found
}

/// The value with another at this place.
pub fn with(mut value: Value, path: &[String], other: Value) -> Value {
    let pointer: String = path.iter().map(|step| format!("/{step}")).collect();
    *value.pointer_mut(&pointer).unwrap() = other;
    value
}
