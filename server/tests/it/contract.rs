//! Our documents against the published contracts: which members each request and
//! answer has, of which type, within which bounds.
//!
//! `tests/contract/` holds the contracts as tables (`v1.tsv`, `v2.tsv`); where we
//! differ is listed in `v1_differences.txt` and `additions.txt`, `+` for ours and
//! `-` for the contract's, and nothing else may differ. With
//! `UNKEY_CONTRACT_V2=openapi.json` the table is made anew from a newer published
//! document.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use unkey::http::{v1, v2};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/contract").join(name)
}

/// One line per member: route, side, path, type and bounds. Parameters in a header
/// are not part of a contract's routes.
fn facts(document: &Value) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let json = |content: &Value| content["content"]["application/json"]["schema"].clone();
            let success = operation["responses"]
                .as_object()
                .unwrap()
                .iter()
                .find(|(status, _)| status.starts_with('2'));
            let route = format!("{} {path}", method.to_uppercase());
            facts.insert(route.clone());
            for (side, schema) in [
                ("request", json(&operation["requestBody"])),
                ("answer", success.map(|(_, content)| json(content)).unwrap_or_default()),
            ] {
                if !schema.is_null() {
                    describe(document, &schema, &format!("{route}\t{side}"), "", true, &mut facts);
                }
            }
            let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
            for parameter in parameters.iter().filter(|parameter| parameter["in"] != "header") {
                let (name, required) = (parameter["name"].as_str().unwrap(), parameter["required"] == true);
                let place = format!("{route}\t{}", parameter["in"].as_str().unwrap());
                describe(document, &parameter["schema"], &place, name, required, &mut facts);
            }
        }
    }
    facts
}

/// Follows references, and merges what `allOf` says.
fn resolve(document: &Value, schema: &Value) -> Value {
    let mut resolved = schema.clone();
    while let Some(path) = resolved.get("$ref").and_then(Value::as_str) {
        resolved = document.pointer(path.trim_start_matches('#')).unwrap().clone();
    }
    let Some(parts) = resolved.get("allOf").and_then(Value::as_array).cloned() else { return resolved };
    let mut merged = resolved.clone();
    for part in parts {
        for (name, value) in resolve(document, &part).as_object().unwrap() {
            merged[name] = value.clone();
        }
    }
    merged
}

fn describe(
    document: &Value,
    schema: &Value,
    place: &str,
    path: &str,
    required: bool,
    facts: &mut BTreeSet<String>,
) {
    let schema = resolve(document, schema);
    let kind = match &schema["type"] {
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect()
        }
        kind => kind.as_str().unwrap_or("any").to_owned(),
    };
    // Of answers only the shape is promised: bounds would bind the server, not its clients.
    if place.ends_with("answer") {
        facts.insert(format!("{place}\t{path}\t{kind}"));
    } else {
        let nullable = schema["nullable"] == true
            || schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"));
        let presence = if required { "required" } else { "optional" };
        let null = if nullable { " null" } else { "" };
        facts.insert(format!("{place}\t{path}\t{kind}{null} {presence}{}", bounds(&schema)));
    }
    if let Some(members) = schema["properties"].as_object() {
        let needed =
            |name: &str| schema["required"].as_array().is_some_and(|list| list.iter().any(|one| one == name));
        for (name, member) in members {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            describe(document, member, place, &path, needed(name), facts);
        }
    }
    if !schema["items"].is_null() {
        describe(document, &schema["items"], place, &format!("{path}[]"), true, facts);
    }
}

fn bounds(schema: &Value) -> String {
    let mut text = String::new();
    for name in
        ["minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "maxProperties", "pattern"]
    {
        if !schema[name].is_null() {
            text.push_str(&format!(" {name}={}", schema[name].to_string().trim_matches('"')));
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        let mut values: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        values.sort_unstable();
        text.push_str(&format!(" enum={}", values.join("|")));
    }
    text
}

fn lines(name: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(file(name)).unwrap();
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

/// A version, its table and the list of its differences.
struct Contract {
    table: &'static str,
    differences: &'static str,
    document: &'static Value,
    /// Names a newer published document.
    variable: &'static str,
}

fn contracts() -> [Contract; 2] {
    [
        Contract {
            table: "v1.tsv",
            differences: "v1_differences.txt",
            document: &v1::DOCUMENT,
            variable: "UNKEY_CONTRACT_V1",
        },
        Contract {
            table: "v2.tsv",
            differences: "additions.txt",
            document: &v2::DOCUMENT,
            variable: "UNKEY_CONTRACT_V2",
        },
    ]
}

#[test]
fn the_documents_keep_their_contracts() {
    for Contract { table, differences, document, variable } in contracts() {
        #[expect(
            clippy::disallowed_methods,
            reason = "a test is told by its environment to write its table anew"
        )]
        let published = std::env::var(variable);
        if let Ok(published) = published {
            let document: Value = serde_json::from_str(&fs::read_to_string(published).unwrap()).unwrap();
            let lines: Vec<String> = facts(&document).into_iter().collect();
            fs::write(file(table), lines.join("\n") + "\n").unwrap();
        }
        let (contract, ours) = (lines(table), facts(document));
        let found: BTreeSet<String> = ours
            .difference(&contract)
            .map(|line| format!("+ {line}"))
            .chain(contract.difference(&ours).map(|line| format!("- {line}")))
            .collect();
        let listed = lines(differences);
        let unlisted: Vec<_> = found.difference(&listed).collect();
        let gone: Vec<_> = listed.difference(&found).collect();
        assert!(
            unlisted.is_empty() && gone.is_empty(),
            "{table}: not listed: {unlisted:#?}\nlisted but gone: {gone:#?}"
        );
    }
}

#[test]
fn no_route_of_a_contract_is_missing() {
    let routes = |facts: BTreeSet<String>| -> BTreeSet<String> {
        facts.into_iter().filter(|line| !line.contains('\t')).collect()
    };
    for Contract { table, document, .. } in contracts() {
        let missing: Vec<_> = routes(lines(table)).difference(&routes(facts(document))).cloned().collect();
        assert!(missing.is_empty(), "{table}: {missing:?}");
    }
}
