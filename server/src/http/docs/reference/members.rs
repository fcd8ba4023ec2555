//! Schemas in words: the members of a body by their whole names, what each may be,
//! and a call that has what is required.

use std::fmt::Write;

use serde_json::{Map, Value, json};

/// Levels of a body that are told; deeper ones only repeat what was said.
const MAX_DEPTH: usize = 6;

/// A member of a request or an answer.
pub struct Member {
    /// From the outermost object, as in `data.ratelimits[].name`.
    pub name: String,
    /// What it may be, in words.
    pub kind: String,
    pub required: bool,
    pub about: String,
}

/// The schemas that a document names.
pub struct Schemas<'a>(pub &'a Value);

impl Schemas<'_> {
    /// Parameters and members of the body of a request.
    pub fn asked(&self, operation: &Value) -> Vec<Member> {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let mut found: Vec<Member> = parameters.map(|parameter| self.parameter(parameter)).collect();
        self.add("", body(&operation["requestBody"]), &mut Vec::new(), &mut found);
        found
    }

    /// Members of the body of an answer.
    pub fn answered(&self, operation: &Value) -> Vec<Member> {
        let mut found = Vec::new();
        let answers = operation["responses"].as_object().into_iter().flatten();
        let success = answers.filter(|(status, _)| status.starts_with('2')).map(|(_, answer)| answer);
        for answer in success {
            self.add("", body(answer), &mut Vec::new(), &mut found);
        }
        found
    }

    /// A call with what is required and nothing else.
    pub fn example(&self, method: &str, path: &str, operation: &Value) -> String {
        let required = |parameter: &&Value| parameter["required"] == true;
        let parameters: Vec<&Value> =
            operation["parameters"].as_array().into_iter().flatten().filter(required).collect();
        let named = |place: &str| {
            let of_place = parameters.iter().filter(move |parameter| parameter["in"] == place);
            of_place.filter_map(|parameter| parameter["name"].as_str()).collect::<Vec<_>>()
        };
        let mut path = path.to_owned();
        for name in named("path") {
            path = path.replace(&format!("{{{name}}}"), &placeholder(name));
        }
        for (place, name) in named("query").into_iter().enumerate() {
            let _ = write!(path, "{}{name}={}", if place == 0 { '?' } else { '&' }, placeholder(name));
        }
        let mut call = String::from("$ curl");
        if !matches!(method, "GET" | "POST") {
            let _ = write!(call, " -X {method}");
        }
        let _ = write!(call, " \"$URL{path}\"");
        match operation.get("security").and_then(Value::as_array) {
            None => call.push_str(" -H \"Authorization: Bearer $ROOT_KEY\""),
            Some(asked) if asked.is_empty() => {}
            Some(_) => call.push_str(" -H \"Cookie: portal_session=$SESSION\""),
        }
        let schema = body(&operation["requestBody"]);
        if schema.is_object() {
            let sample = self.sample("", schema, MAX_DEPTH);
            let _ = write!(call, " \\\n    -H \"Content-Type: application/json\" -d '{sample}'");
        }
        call
    }

    fn parameter(&self, parameter: &Value) -> Member {
        let schema = self.resolve(&parameter["schema"]);
        let place = match parameter["in"].as_str() {
            Some("header") => "A header.",
            Some("path") => "Part of the path.",
            _ => "",
        };
        let about = [&parameter["description"], &schema["description"]];
        let about = about.iter().find_map(|about| about.as_str()).unwrap_or_default();
        Member {
            name: parameter["name"].as_str().unwrap_or_default().to_owned(),
            kind: self.kind(&schema),
            required: parameter["required"] == true,
            about: format!("{place} {about}").trim().to_owned(),
        }
    }

    /// The members of a schema, those that must be there first. `within` are the
    /// names of the schemas around it: one that holds itself is told once.
    fn add(&self, prefix: &str, schema: &Value, within: &mut Vec<String>, found: &mut Vec<Member>) {
        let name = named(schema).map(ToOwned::to_owned);
        if name.as_ref().is_some_and(|name| within.contains(name)) || within.len() > MAX_DEPTH {
            return;
        }
        within.push(name.unwrap_or_default());
        let schema = self.resolve(schema);
        if schema["items"].is_object() {
            self.add(&format!("{prefix}[]"), &schema["items"], within, found);
        }
        if schema["additionalProperties"].is_object() {
            self.add(&format!("{prefix}.*"), &schema["additionalProperties"], within, found);
        }
        let must =
            |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
        let mut members: Vec<_> = schema["properties"].as_object().into_iter().flatten().collect();
        members.sort_by_key(|(name, _)| !must(name));
        for (own, member) in members {
            let name = if prefix.is_empty() { own.clone() } else { format!("{prefix}.{own}") };
            let resolved = self.resolve(member);
            let about = resolved["description"].as_str().unwrap_or_default().to_owned();
            let kind = self.kind(&resolved);
            found.push(Member { name: name.clone(), kind, required: must(own), about });
            self.add(&name, member, within, found);
        }
        within.pop();
    }

    /// A schema without references; what stands beside a reference counts more.
    fn resolve(&self, schema: &Value) -> Value {
        let mut schema = schema.clone();
        for _ in 0..MAX_DEPTH {
            let inner = match (named(&schema), &schema["allOf"][0]) {
                (Some(name), _) => self.0[name].clone(),
                (None, Value::Object(first)) => Value::Object(first.clone()),
                _ => break,
            };
            let Value::Object(mut merged) = inner else { break };
            let beside = schema.as_object().into_iter().flatten();
            let beside = beside.filter(|(key, _)| *key != "$ref" && *key != "allOf");
            merged.extend(beside.map(|(key, value)| (key.clone(), value.clone())));
            schema = Value::Object(merged);
        }
        schema
    }

    /// What a resolved schema allows, in words.
    fn kind(&self, schema: &Value) -> String {
        let mut kind = self.basic_kind(schema);
        for (least, most, unit) in [
            ("minimum", "maximum", ""),
            ("minLength", "maxLength", " characters"),
            ("minItems", "maxItems", " items"),
            ("minProperties", "maxProperties", " members"),
        ] {
            match (schema[least].as_i64(), schema[most].as_i64()) {
                (Some(least), Some(most)) => _ = write!(kind, ", {least} to {most}{unit}"),
                (Some(least), None) => _ = write!(kind, ", at least {least}{unit}"),
                (None, Some(most)) => _ = write!(kind, ", at most {most}{unit}"),
                (None, None) => {}
            }
        }
        if let Some(pattern) = schema["pattern"].as_str() {
            let _ = write!(kind, ", `{pattern}`");
        }
        if let Some(default) = schema.get("default") {
            let _ = write!(kind, ", `{default}` if left out");
        }
        if schema["nullable"] == true {
            kind.push_str(", or `null`");
        }
        if schema["deprecated"] == true {
            kind.push_str(", deprecated");
        }
        kind
    }

    fn basic_kind(&self, schema: &Value) -> String {
        if let Some(values) = schema["enum"].as_array() {
            let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
            return values.join(" or ");
        }
        if let Some(choices) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
            let choices: Vec<String> =
                choices.iter().map(|choice| self.basic_kind(&self.resolve(choice))).collect();
            return choices.join(" or ");
        }
        match schema["type"].as_str() {
            Some("array") => format!("list of {}", self.basic_kind(&self.resolve(&schema["items"]))),
            Some(kind) => kind.to_owned(),
            None => "any JSON".to_owned(),
        }
    }

    /// A value of a schema for the member of this name.
    fn sample(&self, name: &str, schema: &Value, depth: usize) -> Value {
        let schema = self.resolve(schema);
        if let Some(default) = schema.get("default").or(schema["enum"].get(0)) {
            return default.clone();
        }
        if let Some(choice) = schema["anyOf"].get(0).or(schema["oneOf"].get(0)) {
            return self.sample(name, choice, depth);
        }
        match schema["type"].as_str() {
            Some("string") => json!(placeholder(name)),
            Some("integer" | "number") => match name {
                "duration" => json!(60_000),
                "limit" => json!(10),
                _ => schema.get("minimum").cloned().unwrap_or(json!(1)),
            },
            Some("boolean") => json!(true),
            Some("array") if depth > 0 => json!([self.sample(name, &schema["items"], depth - 1)]),
            Some("object") if depth > 0 => {
                let names = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
                let member = |name: &str| self.sample(name, &schema["properties"][name], depth - 1);
                Value::Object(names.map(|name| (name.to_owned(), member(name))).collect::<Map<_, _>>())
            }
            _ => json!({}),
        }
    }
}

/// The schema of a JSON body, of a request or an answer.
fn body(of: &Value) -> &Value {
    &of["content"]["application/json"]["schema"]
}

/// The name of the schema that this one refers to.
fn named(schema: &Value) -> Option<&str> {
    let of = if schema["$ref"].is_string() { &schema["$ref"] } else { &schema["allOf"][0]["$ref"] };
    of.as_str()?.rsplit('/').next()
}

/// What stands for a value that only the reader knows: `API_ID` for `apiId`.
fn placeholder(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_uppercase());
    }
    text
}
