//! Our document against the published contract: which members each request and
//! answer has, of which type, within which bounds.
//!
//! `tests/contract/v2.tsv` holds the contract as a table; where we differ is
//! listed in `additions.txt`, `+` for ours and `-` for the contract's, and
//! nothing else may differ. `UNKEY_CONTRACT_FROM=openapi.json` makes the table
//! anew from a newer published document.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use unkey::http::v2::DOCUMENT;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/contract").join(name)
}

/// One line per member: route, side, path, type and bounds.
fn facts(document: &Value) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let json = |content: &Value| content["content"]["application/json"]["schema"].clone();
            let route = format!("{} {path}", method.to_uppercase());
            facts.insert(route.clone());
            for (side, schema) in [
                ("request", json(&operation["requestBody"])),
                ("answer", json(&operation["responses"]["200"])),
            ] {
                if !schema.is_null() {
                    describe(document, &schema, &format!("{route}\t{side}"), "", true, &mut facts);
                }
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

#[test]
fn the_document_keeps_the_contract() {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test is told by its environment to write its table anew"
    )]
    let published = std::env::var("UNKEY_CONTRACT_FROM");
    if let Ok(published) = published {
        let document: Value = serde_json::from_str(&fs::read_to_string(published).unwrap()).unwrap();
        let table: Vec<String> = facts(&document).into_iter().collect();
        fs::write(file("v2.tsv"), table.join("\n") + "\n").unwrap();
    }
    let (contract, ours) = (lines("v2.tsv"), facts(&DOCUMENT));
    let differences: BTreeSet<String> = ours
        .difference(&contract)
        .map(|line| format!("+ {line}"))
        .chain(contract.difference(&ours).map(|line| format!("- {line}")))
        .collect();
    let listed = lines("additions.txt");
    let unlisted: Vec<_> = differences.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&differences).collect();
    assert!(unlisted.is_empty() && gone.is_empty(), "not listed: {unlisted:#?}\nlisted but gone: {gone:#?}");
}

#[test]
fn no_route_of_the_contract_is_missing() {
    let routes = |facts: BTreeSet<String>| -> BTreeSet<String> {
        facts.into_iter().filter(|line| !line.contains('\t')).collect()
    };
    let missing: Vec<_> = routes(lines("v2.tsv")).difference(&routes(facts(&DOCUMENT))).cloned().collect();
    assert!(missing.is_empty(), "{missing:?}");
}
