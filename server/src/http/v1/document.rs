//! The OpenAPI document of v1, made from its table of operations: bare bodies,
//! inputs of reads as parameters.

use poem::http::Method;
use poem_openapi::registry::Registry;
use serde_json::{Map, Value, json};

use super::errors;
use super::operation::{Access, Operation, OperationSpec};
use crate::http::openapi;
use base::error::Code;

pub fn document(operations: &[Operation]) -> Value {
    let mut registry = Registry::new();
    for Operation { spec, .. } in operations {
        (spec.request.register)(&mut registry);
        (spec.response.register)(&mut registry);
    }
    let mut schemas = openapi::schemas(&registry);
    schemas["ErrorResponse"] = error();
    let mut paths = Map::new();
    for Operation { spec, .. } in operations {
        let item = paths.entry(spec.path).or_insert_with(|| json!({}));
        item[spec.method.as_str().to_ascii_lowercase()] = operation(spec, &schemas);
    }
    json!({
        "openapi": "3.0.0",
        "info": {
            "title": "unkey API, v1",
            "version": "1.0.0",
            "description": "The first version of the API, frozen. New programs use v2.",
        },
        "servers": [{ "url": "/" }],
        "security": [{ "rootKey": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "rootKey": { "type": "http", "scheme": "bearer", "description": "A root key." },
            },
            "schemas": schemas,
        },
    })
}

fn error() -> Value {
    let mut codes: Vec<&str> = Code::ALL.iter().map(|code| errors::status(*code).1).collect();
    codes.sort_unstable();
    codes.dedup();
    json!({
        "type": "object", "required": ["error"],
        "properties": { "error": {
            "type": "object", "required": ["code", "docs", "message", "requestId"],
            "properties": {
                "code": { "type": "string", "enum": codes }, "docs": { "type": "string" },
                "message": { "type": "string" }, "requestId": { "type": "string" },
            },
        } },
    })
}

fn operation(spec: &OperationSpec, schemas: &Value) -> Value {
    let name = spec.path.trim_start_matches("/v1/");
    let failure = json!({ "$ref": "#/components/schemas/ErrorResponse" });
    let mut body = json!({
        "operationId": if spec.deprecated { legacy_id(spec) } else { name.to_owned() },
        "tags": [if spec.deprecated { "legacy" } else { name.split('.').next().unwrap_or_default() }],
        "summary": spec.summary,
        "responses": {
            spec.status.as_str(): { "description": "Success.", "content": { "application/json": {
                "schema": openapi::reference(spec.response),
            } } },
            "default": { "description": "The body of every failure; `docs` opens its page.",
                "content": { "application/json": { "schema": failure } } },
        },
    });
    if let Some(also) = spec.also {
        body["responses"][also.as_str()] = body["responses"][spec.status.as_str()].clone();
        body["responses"][also.as_str()]["description"] = json!("No success, and no error either.");
    }
    describe_input(&mut body, spec, schemas);
    if spec.deprecated {
        body["deprecated"] = json!(true);
    }
    if spec.access != Access::RootKey {
        body["security"] = json!([]);
    }
    body
}

fn legacy_id(spec: &OperationSpec) -> String {
    let path = spec.path.replace("/v1/", "").replace('/', ".").replace(['{', '}'], "");
    format!("legacy.{}.{path}", spec.method.as_str().to_ascii_lowercase())
}

/// Members of the input: those in the path and, of reads, in the query are
/// parameters; the rest is the body.
fn describe_input(body: &mut Value, spec: &OperationSpec, schemas: &Value) {
    let reference = openapi::reference(spec.request);
    let named = reference["$ref"].as_str().and_then(|path| path.rsplit('/').next());
    let mut schema = named.map_or(reference.clone(), |name| schemas[name].clone());
    let in_query = matches!(spec.method, Method::GET | Method::DELETE);
    let is_required = |name: &str, schema: &Value| {
        schema["required"].as_array().is_some_and(|names| names.iter().any(|known| known == name))
    };
    let mut parameters = Vec::new();
    let members = schema["properties"].as_object().cloned().unwrap_or_default();
    for (name, member) in &members {
        let place = if spec.path.contains(&format!("{{{name}}}")) { "path" } else { "query" };
        if place == "query" && !in_query {
            continue;
        }
        let mut parameter = json!({
            "name": name, "in": place, "required": is_required(name, &schema), "schema": member,
        });
        if member["type"] == "array" {
            parameter["style"] = json!("form");
            parameter["explode"] = json!(true);
        }
        parameters.push(parameter);
    }
    if !parameters.is_empty() {
        body["parameters"] = json!(parameters);
    }
    if in_query {
        return;
    }
    let has_parameters = !parameters.is_empty();
    for parameter in &parameters {
        let name = parameter["name"].as_str().unwrap_or_default();
        if let Some(properties) = schema["properties"].as_object_mut() {
            properties.remove(name);
        }
        if let Some(required) = schema["required"].as_array_mut() {
            required.retain(|known| known != name);
        }
    }
    // A list of nothing is no valid one.
    if schema["required"].as_array().is_some_and(Vec::is_empty)
        && let Some(members) = schema.as_object_mut()
    {
        members.remove("required");
    }
    let schema = if has_parameters { schema } else { reference };
    body["requestBody"] =
        json!({ "required": true, "content": { "application/json": { "schema": schema } } });
}
