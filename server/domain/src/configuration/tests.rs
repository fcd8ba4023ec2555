//! Reading documents: what is taken, and what is refused with a reason.

use serde_json::json;

use super::*;

#[track_caller]
fn refusal(text: &str) -> String {
    let error = Document::from_yaml(text).unwrap_err();
    assert_eq!(error.code(), base::error::Code::InvalidInput, "{error:?}");
    error.detail().to_owned()
}

#[test]
fn a_document_is_yaml_or_json_and_says_the_same_in_both() {
    let yaml = "\
version: 1
apis:
  - name: Payments
    defaultPrefix: pay
    ipAllowlist: [10.0.0.0/8, '::1']
    deleteProtection: true
  - name: 'yes'
    defaultPrefix: null
namespaces:
  - name: email
    overrides:
      - {identifier: 'premium_*', limit: 100, duration: 1m}
      - {identifier: \"a: #b\", limit: 0, duration: 60000}
";
    let read = Document::from_yaml(yaml).unwrap();
    let json = read.to_json().unwrap();
    assert_eq!(
        json,
        json!({
            "version": 1,
            "apis": [
                { "name": "Payments", "defaultPrefix": "pay", "ipAllowlist": ["10.0.0.0/8", "::1"], "deleteProtection": true },
                { "name": "yes", "defaultPrefix": null },
            ],
            "namespaces": [{ "name": "email", "overrides": [
                { "identifier": "premium_*", "limit": 100, "duration": "1m" },
                { "identifier": "a: #b", "limit": 0, "duration": "1m" },
            ]}],
        })
    );
    assert_eq!(Document::from_json(json.clone()).unwrap(), read);
    assert_eq!(Document::from_yaml(&json.to_string()).unwrap(), read);
    assert_eq!(Document::from_yaml(&read.to_yaml().unwrap()).unwrap(), read);
}

proptest::proptest! {
    /// Any text, and those that YAML takes for something else, come back as they were.
    #[test]
    fn texts_survive_yaml(name in "\\PC{0,120}", description in "(?s).{0,200}", word in proptest::sample::select(WORDS)) {
        let document = json!({
            "version": 1,
            "permissions": [
                { "slug": format!("a{name}"), "name": name, "description": description },
                { "slug": word, "name": word, "description": format!(" {word}\n") },
            ],
        });
        let read = Document::from_json(document).unwrap();
        proptest::prop_assert_eq!(Document::from_yaml(&read.to_yaml().unwrap()).unwrap(), read);
    }
}

/// What some version of YAML does not take for a text.
const WORDS: &[&str] = &[
    "yes",
    "No",
    "on",
    "null",
    "~",
    "",
    "1",
    "-1.5e3",
    "0x1f",
    "0o17",
    "1_000",
    "12:30:45",
    "2026-12-01",
    ".inf",
    "=",
    "<<",
    "- a",
    "a: b",
    "a #b",
    "#",
    "&a",
    "*a",
    "!a",
    "|",
    ">",
    "%",
    "@",
    "`",
    "---",
    "...",
    "[",
    "{",
    "? a",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "true",
    "y",
    "n",
    "\t",
    "'",
    "\"",
    "\\",
    "a\r\nb",
];

#[test]
fn what_is_half_said_is_refused() {
    for (text, told) in [
        ("", "unexpected end"),
        ("apis: []", "version"),
        ("version: 2", "has version 2"),
        ("version: 1\napi: []", "api"),
        ("version: 1\napis: [{name: a, ipWhitelist: []}]", "ipWhitelist"),
        ("version: 1\napis:\nroles: []", "cannot be null"),
        ("version: 1\napis: null", "cannot be null"),
        ("version: 1\nroles: [{name: a, permissions: null}]", "cannot be null"),
        ("version: 1\nroles: [{name: a, permissions: b}]", "expected sequence"),
        ("version: 1\nversion: 1", "duplicate"),
        ("version: 1\napis: [{name: a, name: b}]", "duplicate"),
        ("version: 1\napis: [{name: a}, {name: a}]", "'a' twice in apis"),
        ("version: 1\nroles: [{name: a}, {name: a}]", "'a' twice in roles"),
        ("version: 1\npermissions: [{slug: a}, {slug: a}]", "'a' twice in permissions"),
        ("version: 1\nnamespaces: [{name: a}, {name: a}]", "'a' twice in namespaces"),
        (
            "version: 1\nnamespaces: [{name: n, overrides: [{identifier: a, limit: 1, duration: 1s}, {identifier: a, limit: 2, duration: 1s}]}]",
            "'a' twice in the overrides of n",
        ),
        ("version: 1\nnamespaces: [{name: n, overrides: [{identifier: a, limit: 1}]}]", "duration"),
        (
            "version: 1\nnamespaces: [{name: n, overrides: [{identifier: a, limit: 1, duration: 1 year}]}]",
            "1 year",
        ),
        (
            "version: 1\nnamespaces: [{name: n, overrides: [{identifier: a, limit: 1.5, duration: 1s}]}]",
            "line 2, column 59",
        ),
        ("version: 1\n---\nversion: 1", "document"),
        ("version: 1\napis:\n  - name: a\n    ipAllowlist:", "cannot be null"),
        ("version: 1\napis:\n  - name: a\n    ipAllowlist: # - 10.0.0.0/8", "cannot be null"),
        ("version: 1\napis: [{name: a, ipAllowlist: null}]", "cannot be null"),
        ("version: 1\napis: [{name: a, ipAllowlist: Any}]", "a list of addresses, or `any`"),
        ("version: 1\napis: [{name: a, <<: {deleteProtection: false}}]", "merge"),
        ("version: 1\n<<: {permissions: []}", "merge"),
        ("version: 1\nroles: [{name: a, permissions: [b, c, B]}]", "'b' twice in the permissions of a"),
        ("version: [1", ""),
        ("version: 1\napis: [{name: a, recoverable: yes}]", ""),
        ("version: !!binary aGk=", ""),
    ] {
        let said = refusal(text);
        assert!(said.to_lowercase().contains(&told.to_lowercase()), "{text}: {said}");
    }
}

/// Texts that are short and would be long, and texts that are long.
#[test]
fn no_document_costs_much() {
    let mut laughs = "version: 1\nroles:\n - &a {name: a}\n".to_owned();
    for level in 0..40 {
        laughs.push_str(&format!(" - &b{level} [*a, *a, *a, *a]\n"));
    }
    let many = |count: usize| {
        let entries: String = (0..count).map(|at| format!(" - {{slug: p{at}}}\n")).collect();
        format!("version: 1\npermissions:\n{entries}")
    };
    let deep = "version: 1\napis: ".to_owned() + &"[".repeat(100_000);
    for (text, told) in [
        (laughs, "anchor"),
        (deep, ""),
        (many(5001), "lists 5001 things"),
        (format!("version: 1 #{}", " ".repeat(MAX_BYTES)), "at most 1 MiB"),
    ] {
        let clock = base::clock::Stopwatch::start();
        let said = refusal(&text);
        assert!(said.contains(told), "{said}");
        assert!(said.len() < 5000 && clock.elapsed().as_secs() < 20, "{}", said.len());
    }
    assert!(Document::from_yaml(&many(5000)).is_ok());
}

/// The published schema takes what is exported, and refuses what is no document.
#[test]
fn the_schema_says_what_is_read() {
    let schema = Document::schema();
    let described = schema["$defs"].as_object().unwrap();
    for (name, entry) in described {
        if entry["type"] == "object" {
            assert_eq!(entry["additionalProperties"], json!(false), "{name}");
        }
    }
    assert_eq!(schema["additionalProperties"], json!(false));
    assert_eq!(schema["properties"]["version"]["const"], json!(1));
    assert_eq!(described["Allowlist"]["anyOf"][0]["const"], json!("any"));
    assert_eq!(described["Override"]["required"], json!(["identifier", "limit", "duration"]));
}
