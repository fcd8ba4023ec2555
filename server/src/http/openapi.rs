//! The OpenAPI document of one version, made from its table of operations.
//!
//! poem-openapi derives the schemas; the paths are uniform enough to be written
//! here once: every operation is a POST with a JSON body and one envelope.

use std::collections::BTreeSet;

use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::headers::PORTAL_SESSION;

/// What the document needs to know of an operation.
#[derive(Clone)]
pub struct OperationSpec {
    pub path: &'static str,
    pub method: &'static str,
    pub summary: &'static str,
    pub access: Access,
    pub request: Option<Schema>,
    pub response: Option<Schema>,
    pub paged: bool,
    pub optional_body: bool,
    pub idempotent: bool,
    /// Schemas of members of the envelope beside `data`.
    pub beside_data: Option<fn() -> Value>,
}

/// Which credentials an operation asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    RootKey,
    /// The cookie of an end user's session.
    PortalSession,
    Public,
}

/// A type's place in the registry.
#[derive(Clone, Copy)]
pub struct Schema {
    pub reference: fn() -> MetaSchemaRef,
    pub register: fn(&mut Registry),
}

impl Schema {
    pub const fn of<T: Type>() -> Self {
        Self { reference: T::schema_ref, register: T::register }
    }
}

/// What an operation answers with: serde writes it, a schema describes it.
///
/// Most types are described by their own; one that is written straight from the
/// domain names the type that describes it.
pub trait Output: Serialize + Send + 'static {
    const SCHEMA: Schema;
}

impl<T: Type + Serialize + 'static> Output for T {
    const SCHEMA: Schema = Schema::of::<T>();
}

/// Facts about a version that its types cannot tell.
pub struct Version {
    pub title: &'static str,
    pub version: &'static str,
    pub description: &'static str,
    /// Request types that ignore unknown members; all others refuse them.
    pub open: &'static [&'static str],
}

/// The document, with the schemas of its components under `components.schemas`.
pub fn document(version: &Version, operations: &[OperationSpec]) -> Value {
    let mut registry = Registry::new();
    for schema in operations.iter().flat_map(|operation| [operation.request, operation.response]).flatten() {
        (schema.register)(&mut registry);
    }
    let mut schemas = self::schemas(&registry);
    close_requests(version, operations, &mut schemas);
    add_envelope(&mut schemas);
    let paths: Map<String, Value> =
        operations.iter().map(|operation| (operation.path.to_owned(), path(operation))).collect();
    json!({
        "openapi": "3.0.0",
        "info": { "title": version.title, "version": version.version, "description": version.description },
        "servers": [{ "url": "/" }],
        "security": [{ "rootKey": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "rootKey": { "type": "http", "scheme": "bearer", "description": "A root key." },
                "portalSession": {
                    "type": "apiKey", "in": "cookie", "name": PORTAL_SESSION,
                    "description": "The token of an end user's portal session.",
                },
            },
            "schemas": schemas,
        },
    })
}

fn to_json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("schemas are plain data")
}

/// The inline or referenced schema of a type.
pub fn reference(schema: Schema) -> Value {
    let mut value = to_json(&(schema.reference)());
    tidy_numbers(&mut value);
    value
}

/// The schemas of all registered types, by name.
pub fn schemas(registry: &Registry) -> Value {
    let mut schemas = to_json(&registry.schemas);
    tidy_numbers(&mut schemas);
    schemas
}

/// Makes integers of integral floats: poem-openapi writes bounds that way.
pub fn tidy_numbers(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(float) = number
                .as_f64()
                .filter(|float| number.is_f64() && float.fract() == 0.0 && float.abs() < 9.1e18)
            {
                *value = json!(float as i64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(tidy_numbers),
        Value::Object(members) => members.values_mut().for_each(tidy_numbers),
        _ => {}
    }
}

/// Refuses unknown members in every request type that is not listed as open.
fn close_requests(version: &Version, operations: &[OperationSpec], schemas: &mut Value) {
    let mut names = BTreeSet::new();
    for request in operations.iter().filter_map(|operation| operation.request) {
        collect_references(&reference(request), schemas, &mut names);
    }
    for name in names.iter().filter(|name| !version.open.contains(&name.as_str())) {
        if schemas[name]["type"] == "object" {
            schemas[name]["additionalProperties"] = Value::Bool(false);
        }
    }
}

fn collect_references(schema: &Value, schemas: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(name) =
                members.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next())
                && names.insert(name.to_owned())
            {
                collect_references(&schemas[name], schemas, names);
            }
            members.values().for_each(|member| collect_references(member, schemas, names));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, schemas, names)),
        _ => {}
    }
}

fn add_envelope(schemas: &mut Value) {
    schemas["ResponseMeta"] = json!({
        "type": "object", "required": ["requestId"], "properties": { "requestId": { "type": "string" } },
    });
    schemas["Pagination"] = json!({
        "type": "object", "required": ["hasMore"],
        "properties": { "cursor": { "type": "string" }, "hasMore": { "type": "boolean" } },
    });
    schemas["ErrorFault"] = json!({
        "type": "object", "required": ["location", "message"],
        "properties": { "location": { "type": "string" }, "message": { "type": "string" }, "fix": { "type": "string" } },
    });
    schemas["ErrorResponse"] = json!({
        "type": "object", "required": ["meta", "error"],
        "properties": {
            "meta": { "$ref": "#/components/schemas/ResponseMeta" },
            "error": {
                "type": "object", "required": ["title", "detail", "status", "type"],
                "properties": {
                    "title": { "type": "string" }, "detail": { "type": "string" },
                    "status": { "type": "integer" }, "type": { "type": "string" },
                    "errors": { "type": "array", "items": { "$ref": "#/components/schemas/ErrorFault" } },
                },
            },
        },
    });
}

fn path(operation: &OperationSpec) -> Value {
    let error = json!({ "$ref": "#/components/schemas/ErrorResponse" });
    let failed = |description: &str| {
        json!({ "description": description, "content": {
            "application/json": { "schema": error }, "application/problem+json": { "schema": error },
        } })
    };
    let mut body = json!({
        "operationId": operation.path.rsplit('/').next(),
        "tags": [operation.path.rsplit('/').next().and_then(|name| name.split('.').next())],
        "summary": operation.summary,
        "responses": {
            "200": { "description": "Success.", "content": { "application/json": { "schema": success(operation) } } },
            "default": failed("The envelope of every failure; `type` names the error and opens its page."),
        },
    });
    if let Some(request) = operation.request {
        body["requestBody"] = json!({ "required": !operation.optional_body, "content": { "application/json": { "schema": reference(request) } } });
    }
    if operation.idempotent {
        body["parameters"] = json!([{
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "The same key with the same body within a day gets the first answer again.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
        }]);
    }
    match operation.access {
        Access::RootKey => {}
        Access::PortalSession => body["security"] = json!([{ "portalSession": [] }]),
        Access::Public => body["security"] = json!([]),
    }
    json!({ operation.method: body })
}

fn success(operation: &OperationSpec) -> Value {
    let mut properties = json!({ "meta": { "$ref": "#/components/schemas/ResponseMeta" } });
    let mut required = vec!["meta"];
    if let Some(response) = operation.response {
        properties["data"] = reference(response);
        required.push("data");
    }
    if let Some(beside) = operation.beside_data {
        let Value::Object(members) = beside() else { return json!({}) };
        for (name, schema) in members {
            properties[&name] = schema;
        }
    }
    if operation.paged {
        properties["pagination"] = json!({ "$ref": "#/components/schemas/Pagination" });
        required.push("pagination");
    }
    json!({ "type": "object", "required": required, "properties": properties })
}
