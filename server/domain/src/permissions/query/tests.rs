//! Examples of both languages, their faults, and hostile input. `properties.rs` holds the rest.

use serde_json::{Value, json};

use super::{Denial, Query};

fn query(input: &str) -> Query {
    Query::parse(input).unwrap()
}

fn allows(query: &Query, held: &[&str]) -> bool {
    query.eval(|slug| held.contains(&slug)).is_ok()
}

/// Position and message of the fault in a v2 string.
fn fault(input: &str) -> (usize, String) {
    let error = Query::parse(input).unwrap_err();
    assert_eq!(error.to_string(), error.message);
    (error.position.unwrap(), error.message)
}

#[test]
fn slugs_match_exactly() {
    let one = query("documents.*");
    assert!(allows(&one, &["documents.*"]));
    assert!(!allows(&one, &["documents.read", "*", "Documents.*"]));
    let all = "aZ09._-:*/";
    assert!(allows(&query(all), &[all]));
}

#[test]
fn and_binds_tighter_than_or() {
    assert_eq!(query("a OR b AND c"), query("a OR (b AND c)"));
    assert_ne!(query("a OR b AND c"), query("(a OR b) AND c"));
    assert_eq!(query("a AND b OR c AND d"), query("(a AND b) OR (c AND d)"));
}

#[test]
fn keywords_are_whole_words_in_any_case() {
    assert_eq!(query("a and b oR c"), query("a AND b OR c"));
    assert_eq!(query("\ta\r\nAND\tb ").to_string(), "a AND b");
    for slug in ["ANDROID", "or.read", "oreo", "and-or", "AND:"] {
        assert!(allows(&query(slug), &[slug]), "{slug}");
    }
    assert_eq!(query("a AND(b OR(c))").to_string(), "a AND (b OR c)");
}

#[test]
fn normal_form_drops_brackets_that_say_nothing() {
    assert_eq!(query("((a))").to_string(), "a");
    assert_eq!(query("(a AND (b)) AND (((c AND d)))").to_string(), "a AND b AND c AND d");
    assert_eq!(query("((a OR b) OR ((c)))").to_string(), "a OR b OR c");
    assert_eq!(query("(a AND b) OR (c)").to_string(), "a AND b OR c");
    assert_eq!(query("(a OR b) AND (c OR d)").to_string(), "(a OR b) AND (c OR d)");
    let deep = "a AND (b OR c AND (d OR e)) OR f";
    assert_eq!(query(deep).to_string(), deep);
    assert_eq!(format!("{:?}", query("(a)")), "Query(\"a\")");
}

#[test]
fn a_denial_names_the_leaf_that_settled_it() {
    let missing = |input: &str, held: &[&str]| -> Option<String> {
        let query = query(input);
        query.eval(|slug| held.contains(&slug)).err().map(|denial| denial.missing.to_owned())
    };
    assert_eq!(missing("a AND b AND c", &["a"]).as_deref(), Some("b"));
    assert_eq!(missing("a OR b OR c", &[]).as_deref(), Some("c"));
    assert_eq!(missing("a AND b OR c AND d", &["a", "c"]).as_deref(), Some("d"));
    assert_eq!(missing("(a OR b) AND c", &["c"]).as_deref(), Some("b"));
    assert_eq!(missing("(a OR b) AND c", &["b", "c"]), None);
}

#[test]
fn evaluation_stops_once_settled() {
    let mut asked = Vec::new();
    let query = query("a AND (b OR c) OR d");
    let answer = query.eval(|slug| {
        asked.push(slug.to_owned());
        slug == "a" || slug == "b"
    });
    assert_eq!((answer, asked), (Ok(()), vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(query.eval(|_| false), Err(Denial { missing: "d" }));
}

/// Input, position of its fault, message.
const STRING_FAULTS: &[(&str, usize, &str)] = &[
    ("", 0, "the query is empty at position 0: expected a permission or '('"),
    (" \n\t", 0, "the query is empty at position 0: expected a permission or '('"),
    ("a AND", 5, "the query ends at position 5: expected a permission or '(' after 'AND'"),
    ("(a or ", 6, "the query ends at position 6: expected a permission or '(' after 'or'"),
    ("AND a", 0, "unexpected operator 'AND' at position 0: expected a permission or '('"),
    ("and", 0, "unexpected operator 'and' at position 0: expected a permission or '('"),
    ("a AND OR b", 6, "unexpected operator 'OR' at position 6: expected a permission or '(' after 'AND'"),
    ("a AND )", 6, "unexpected token ')' at position 6: expected a permission or '(' after 'AND'"),
    ("()", 1, "empty brackets, ')' at position 1: expected a permission or '('"),
    ("a AND ( )", 8, "empty brackets, ')' at position 8: expected a permission or '('"),
    ("(a", 0, "unclosed '(' at position 0"),
    ("a OR ((b)", 5, "unclosed '(' at position 5"),
    ("((", 1, "unclosed '(' at position 1"),
    ("a b", 2, "unexpected token 'b' at position 2: expected AND, OR or the end of the query"),
    ("a(b)", 1, "unexpected token '(' at position 1: expected AND, OR or the end of the query"),
    ("(a b)", 3, "unexpected token 'b' at position 3: expected AND, OR or ')'"),
    ("a) ", 1, "unexpected token ')' at position 1: expected AND, OR or the end of the query"),
    (")", 0, "unexpected token ')' at position 0: expected a permission or '('"),
    ("a & b", 2, "illegal character '&' at position 2"),
    ("a AND \"b\"", 6, "illegal character '\\\"' at position 6"),
    ("lir\u{e9}", 3, "illegal character '\u{e9}' at position 3"),
    ("\u{1f511}", 0, "illegal character '\u{1f511}' at position 0"),
    ("a\u{0}", 1, "illegal character '\\0' at position 1"),
    ("a\u{a0}AND b", 1, "illegal character '\\u{a0}' at position 1"),
];

#[test]
fn faults_of_the_string_language() {
    for &(input, position, message) in STRING_FAULTS {
        assert_eq!(fault(input), (position, message.to_owned()), "{input:?}");
    }
}

#[test]
fn a_fault_repeats_little_of_the_input() {
    let (position, message) = fault(&format!("a {}", "x".repeat(998)));
    assert_eq!(position, 2);
    assert!(message.len() < 120, "{message}");
}

#[test]
fn json_means_the_same_as_the_string_language() {
    let cases = [
        (json!("a"), "a"),
        (json!({"and": ["a"]}), "a"),
        (json!({"and": ["a", {"or": ["b", {"and": ["c", "d"]}]}]}), "a AND (b OR c AND d)"),
        (json!({"or": ["a", {"or": ["b"]}, {"and": [{"and": ["c", "d"]}, "e"]}]}), "a OR b OR c AND d AND e"),
        (json!({"and": ["a", {"or": [{"and": ["b", "c"]}]}, "d"]}), "a AND b AND c AND d"),
        (json!({"and": ["a", "b"], "or": ["c"]}), "a AND b"),
        (json!({"and": ["a", "b"], "or": []}), "a AND b"),
        (json!({"and": null, "or": ["a", "b"], "note": 1}), "a OR b"),
    ];
    for (value, text) in cases {
        assert_eq!(Query::from_json(&value).unwrap(), query(text), "{value}");
    }
}

#[test]
fn a_json_string_is_one_slug() {
    let odd = Query::from_json(&json!("a AND b")).unwrap();
    assert!(allows(&odd, &["a AND b"]));
    assert!(!allows(&odd, &["a", "b"]));
    assert_ne!(odd, query("a AND b"));
    let empty = Query::from_json(&json!({"or": ["", "a"]})).unwrap();
    assert!(allows(&empty, &["a"]) && !allows(&empty, &["b"]));
}

#[test]
fn faults_of_the_json_form() {
    let cases = [
        (json!({"and": []}), "permission query is invalid: 'and' must hold at least one query"),
        (json!({"and": [], "or": ["a"]}), "permission query is invalid: 'and' must hold at least one query"),
        (json!({"or": "a"}), "permission query is invalid: 'or' must be an array"),
        (json!("s".repeat(513)), "permission query is invalid: a permission has at most 512 characters"),
        (json!({}), "permission query is invalid: the object needs a member 'and' or 'or'"),
        (json!({"AND": ["a"]}), "permission query is invalid: the object needs a member 'and' or 'or'"),
        (
            json!(["a"]),
            "permission query is invalid: expected a permission, {\"and\": [..]} or {\"or\": [..]}",
        ),
        (
            json!({"and": ["a", {"or": ["b", null]}]}),
            "permission query is invalid at and[1].or[1]: \
             expected a permission, {\"and\": [..]} or {\"or\": [..]}",
        ),
        (
            json!({"and": ["a", {"or": []}]}),
            "permission query is invalid at and[1]: 'or' must hold at least one query",
        ),
    ];
    for (value, message) in cases {
        let error = Query::from_json(&value).unwrap_err();
        assert_eq!((error.position, error.message.as_str()), (None, message), "{value}");
    }
}

#[test]
fn falsy_json_asks_for_no_check() {
    for value in [json!(null), json!(""), json!(0), json!(-0.0), json!(false)] {
        assert!(Query::is_absent(&value), "{value}");
    }
    for value in [json!("a"), json!(1), json!(true), json!([]), json!({})] {
        assert!(!Query::is_absent(&value), "{value}");
    }
}

/// Runs on a stack that any recursion over the input would exhaust.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(128 * 1024).spawn(work).unwrap().join().unwrap();
}

#[test]
fn nesting_costs_no_stack_in_the_string_language() {
    on_a_small_stack(|| {
        assert_eq!(fault(&"(".repeat(1000)).0, 999);
        let deep = 100_000;
        let dissolved = format!("{}a{}", "(".repeat(deep), ")".repeat(deep));
        assert_eq!(query(&dissolved).to_string(), "a");
        let kept = format!("{}z{}", "a AND (b OR ".repeat(deep), ")".repeat(deep));
        let kept = query(&kept);
        assert!(allows(&kept.clone(), &["a", "z"]));
        assert_eq!(kept.eval(|slug| slug == "a"), Err(Denial { missing: "z" }));
        assert_eq!(query(&kept.to_string()), kept);
    });
}

#[test]
fn nesting_costs_no_stack_in_the_json_form() {
    on_a_small_stack(|| {
        for (core, valid) in [(json!("z"), true), (json!(1), false)] {
            let mut value = core;
            for level in 0..50_000 {
                let member = if level % 2 == 0 { "and" } else { "or" };
                let mut object = serde_json::Map::new();
                object.insert(member.to_owned(), Value::Array(vec![value, json!("y")]));
                value = Value::Object(object);
            }
            match Query::from_json(&value) {
                Ok(query) => assert!(valid && allows(&query, &["y"])),
                Err(error) => assert!(!valid && error.message.len() < 250, "{error}"),
            }
            // Dropping a nested `Value` recurses, so it is taken apart level by level.
            while let Value::Object(object) = &mut value {
                let members = object.values_mut().next().unwrap();
                let inner = members[0].take();
                value = inner;
            }
        }
    });
}

#[test]
fn parts_judge_every_permission_and_spell_the_query() {
    let query = query("(a OR b) AND c");
    let parts = query.parts(|slug| slug == "b");
    let judged: Vec<_> = parts.iter().map(|part| (part.text.as_str(), part.held)).collect();
    let expected = [
        ("(", None),
        ("a", Some(false)),
        (" OR ", None),
        ("b", Some(true)),
        (") AND ", None),
        ("c", Some(false)),
    ];
    assert_eq!(judged, expected);
    assert_eq!(parts.iter().map(|part| part.text.as_str()).collect::<String>(), query.to_string());
}
