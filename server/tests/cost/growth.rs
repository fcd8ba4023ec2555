//! Twice the input, at most twice the work; and no error answer is long.

use serde_json::{Map, Value, json};

use crate::meter::{Meter, Sent, Spent};
use crate::samples::{Operation, kind, operations, places, sample, with};

/// Longest answer to a request that failed.
const MAX_ERROR_BYTES: usize = 64 << 10;

/// What a request may allocate besides: a chunk of events that happens to be
/// written, a list that happens to grow.
const SLACK_BYTES: u64 = 128 << 10;

/// Few enough that a body of twice as many is still looked at, and so many that one
/// of metadata is too large to be decoded at once, as twice as many is.
const VALUES: usize = 9000;
/// So many that neither is.
const TOO_MANY: usize = 60_000;
/// Within the contracts' own bounds, so that rows are made of them.
const ROWS: usize = 25;
const BYTES: usize = 200_000;
const HEADER_BYTES: usize = 4000;

/// A body made to be dear, and one of twice its size.
struct Hostile {
    name: String,
    bodies: [String; 2],
}

impl Hostile {
    fn new(name: impl Into<String>, size: usize, body: impl Fn(usize) -> String) -> Self {
        Self { name: name.into(), bodies: [body(size), body(2 * size)] }
    }
}

fn members(count: usize) -> Value {
    (0..count).map(|number| (format!("k{number}"), json!(number))).collect::<Map<_, _>>().into()
}

fn nested(levels: usize) -> String {
    format!("{}0{}", "{\"a\":[".repeat(levels), "]}".repeat(levels))
}

/// Bodies of no operation in particular.
fn anywhere() -> Vec<Hostile> {
    vec![
        Hostile::new("unknown members", VALUES, |n| members(n).to_string()),
        Hostile::new("unknown members, too many", TOO_MANY, |n| members(n).to_string()),
        Hostile::new("a list", VALUES, |n| json!(vec![0; n]).to_string()),
        Hostile::new("a list, too long", TOO_MANY, |n| json!(vec![0; n]).to_string()),
        Hostile::new("a list of objects", VALUES, |n| json!(vec![json!({}); n]).to_string()),
        Hostile::new("a list of lists", VALUES, |n| json!(vec![json!([0]); n / 2]).to_string()),
        Hostile::new("levels", 15, nested),
        Hostile::new("levels, too many", VALUES, nested),
        Hostile::new("a text", BYTES, |n| json!("x".repeat(n)).to_string()),
        Hostile::new("a long name", BYTES, |n| format!("{{\"{}\":0}}", "x".repeat(n))),
        Hostile::new("a name to be escaped", BYTES, |n| format!("{{\"{}\":0}}", "\\u0000".repeat(n / 6))),
        Hostile::new("one member again and again", VALUES, |n| {
            format!("{{{}\"a\":0}}", "\"a\":0,".repeat(n))
        }),
        Hostile::new("no JSON", BYTES, |n| "x".repeat(n)),
    ]
}

/// Bodies that are wrong, or large, in one place.
fn for_schema(schema: &Value) -> Vec<Hostile> {
    let valid = sample(schema, 0);
    let mut hostile = Vec::new();
    for (path, place) in places(schema) {
        let name = path.join(".");
        let put = |what: &str, size: usize, value: Box<dyn Fn(usize) -> Value>| {
            let body = |n| with(valid.clone(), &path, value(n)).to_string();
            Hostile::new(format!("{what} at '{name}'"), size, body)
        };
        match kind(place) {
            "array" => {
                let item = place["items"].clone();
                hostile.push(put("empty texts", VALUES, Box::new(|n| json!(vec![""; n]))));
                hostile.push(put("numbers", VALUES, Box::new(|n| json!(vec![-1; n]))));
                hostile.push(put(
                    "rows",
                    ROWS,
                    Box::new(move |n| (0..n).map(|at| sample(&item, at)).collect()),
                ));
            }
            "string" => {
                hostile.push(put("a long text", BYTES, Box::new(|n| json!("x".repeat(n)))));
                hostile.push(put("a text to be escaped", BYTES, Box::new(|n| json!("\u{1}".repeat(n / 6)))));
            }
            "object" if place["properties"].is_null() => {
                hostile.push(put("members", VALUES, Box::new(members)));
                hostile.push(put("levels", 15, Box::new(|n| serde_json::from_str(&nested(n)).unwrap())));
            }
            "any" => hostile.push(put(
                "a query",
                VALUES,
                Box::new(|n| json!({ "or": (0..n).map(|at| format!("p{at}")).collect::<Vec<_>>() })),
            )),
            _ => {}
        }
    }
    hostile
}

fn headers(operation: &Operation, root_key: Option<&str>) -> Vec<(&'static str, String)> {
    let mut headers = vec![("content-type", "application/json".to_owned())];
    match root_key {
        Some(_) if operation.is_of_portal => headers.push(("cookie", "portal_session=none".to_owned())),
        Some(key) => headers.push(("authorization", format!("Bearer {key}"))),
        None => headers.push(("authorization", "Bearer none".to_owned())),
    }
    headers
}

fn is_linear(small: Spent, large: Spent) -> bool {
    large.allocated_bytes <= small.allocated_bytes * 24 / 10 + SLACK_BYTES
}

struct Growth<'a> {
    anywhere: Vec<Hostile>,
    meter: &'a Meter,
    wrong: Vec<String>,
    pairs: usize,
}

impl Growth<'_> {
    /// Both sizes of a request, the larger with twice the input.
    fn pair(&mut self, name: &str, small: &Sent, large: &Sent) {
        self.pairs += 1;
        let mut spent = (self.meter.spend(small), self.meter.spend(large));
        if !is_linear(spent.0, spent.1) {
            spent = (self.meter.least(small), self.meter.least(large));
        }
        let (small, large) = spent;
        for Spent { status, answer_bytes, .. } in [small, large] {
            if status >= 400 && answer_bytes > MAX_ERROR_BYTES {
                self.wrong.push(format!("{name}: an error answer of {answer_bytes} bytes"));
            }
            if status >= 500 {
                self.wrong.push(format!("{name}: status {status}"));
            }
        }
        if !is_linear(small, large) {
            self.wrong.push(format!("{name}: {small:?}, then {large:?}"));
        }
    }

    fn bodies(&mut self, operation: &Operation, root_key: Option<&str>) {
        let Some(schema) = &operation.body else { return };
        // What no schema takes is refused before it is known who calls.
        let anywhere = if root_key.is_none() { std::mem::take(&mut self.anywhere) } else { Vec::new() };
        for hostile in anywhere.iter().chain(&for_schema(schema)) {
            let sent = |body: &String| Sent {
                method: operation.method.clone(),
                target: operation.path.clone(),
                headers: headers(operation, root_key),
                body: body.clone().into_bytes(),
            };
            let who = if root_key.is_some() { "known" } else { "unknown" };
            let name = format!("{} {}, {who} caller, {}", operation.method, operation.path, hostile.name);
            self.pair(&name, &sent(&hostile.bodies[0]), &sent(&hostile.bodies[1]));
        }
        if root_key.is_none() {
            self.anywhere = anywhere;
        }
    }

    fn queries(&mut self, operation: &Operation, root_key: Option<&str>) {
        for (name, _) in &operation.query {
            for (what, one) in [("one long value", false), ("many values", true)] {
                let sent = |size: usize| {
                    let values = if one {
                        format!("{name}=1&").repeat(size / (name.len() + 3))
                    } else {
                        format!("{name}={}", "x".repeat(size))
                    };
                    Sent {
                        method: operation.method.clone(),
                        target: format!("{}?{values}", operation.path),
                        headers: headers(operation, root_key),
                        body: Vec::new(),
                    }
                };
                let name = format!("{} {name}, {what}", operation.path);
                self.pair(&name, &sent(16_000), &sent(32_000));
            }
        }
    }

    fn header_lines(&mut self, operation: &Operation) {
        let body = operation.body.as_ref().map_or(Value::Null, |schema| sample(schema, 0)).to_string();
        for header in [
            "authorization",
            "cookie",
            "idempotency-key",
            "user-agent",
            "accept",
            "content-type",
            "x-forwarded-for",
            "host",
        ] {
            let sent = |size: usize| {
                let mut headers = headers(operation, None);
                headers.retain(|(name, _)| *name != header);
                headers.push((header, "a,=;".repeat(size / 4)));
                Sent {
                    method: operation.method.clone(),
                    target: operation.path.clone(),
                    headers,
                    body: body.clone().into_bytes(),
                }
            };
            self.pair(
                &format!("{}, header {header}", operation.path),
                &sent(HEADER_BYTES),
                &sent(2 * HEADER_BYTES),
            );
        }
    }
}

#[test]
fn twice_the_input_is_at_most_twice_the_work() {
    let meter = Meter::new();
    let root_key = meter.test.root_key.clone();
    let mut growth = Growth { anywhere: anywhere(), meter: &meter, wrong: Vec::new(), pairs: 0 };
    for operation in operations() {
        for caller in [None, Some(root_key.as_str())] {
            growth.bodies(&operation, caller);
            growth.queries(&operation, caller);
        }
        growth.header_lines(&operation);
    }
    assert!(growth.pairs > 3000, "only {} pairs were compared", growth.pairs);
    assert!(
        growth.wrong.is_empty(),
        "{} of {} pairs:\n{}",
        growth.wrong.len(),
        growth.pairs,
        growth.wrong.join("\n")
    );
}

#[test]
fn paths_of_no_operation_cost_what_their_length_does() {
    let meter = Meter::new();
    let mut growth = Growth { anywhere: Vec::new(), meter: &meter, wrong: Vec::new(), pairs: 0 };
    for start in ["/v1/", "/v2/", "/", "/docs/", "/keys/", "/login/"] {
        for part in ["x", "x/", "%00", "unkey_"] {
            let sent = |size: usize| Sent {
                method: "GET".into(),
                target: format!("{start}{}", part.repeat(size / part.len())),
                headers: Vec::new(),
                body: Vec::new(),
            };
            growth.pair(&format!("{start}{part}..."), &sent(16_000), &sent(32_000));
        }
    }
    assert!(growth.wrong.is_empty(), "{}", growth.wrong.join("\n"));
}
