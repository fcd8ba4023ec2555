//! The call in Go, with the official client.
//!
//! Its fields that may be left out are pointers, and its objects are types; what a key
//! carries as metadata is a map of anything.

use serde_json::{Map, Value};

use super::{CreateCall, bracketed, product_ms, quoted, stacked};
use crate::http::client_names::exported;

const STEP: &str = "\t";

pub fn program(call: &CreateCall<'_>) -> String {
    let expiry = |ms| pointer(&format!("time.Now().UnixMilli() + {}", product_ms(ms)));
    let members: Vec<_> = call
        .members(member, expiry)
        .iter()
        .map(|(name, code)| format!("{}: {code}", exported(name)))
        .collect();
    let body = stacked("components.V2KeysCreateKeyRequestBody{", "}", &members, STEP);
    let time = if call.expires_in_ms.is_some() { "\t\"time\"\n" } else { "" };
    format!(
        "package main\n\n\
         import (\n\t\"context\"\n\t\"fmt\"\n\t\"log\"\n\t\"os\"\n{time}\n\
         \tunkey \"github.com/unkeyed/sdks/api/go/v2\"\n\
         \t\"github.com/unkeyed/sdks/api/go/v2/models/components\"\n)\n\n\
         func main() {{\n\
         \tclient := unkey.New(unkey.WithServerURL({}), unkey.WithSecurity(os.Getenv(\"UNKEY_ROOT_KEY\")))\n\
         \tcreated, err := client.Keys.CreateKey(context.Background(), {})\n\
         \tif err != nil {{\n\t\tlog.Fatal(err)\n\t}}\n\
         \tfmt.Println(created.V2KeysCreateKeyResponseBody.Data.KeyID)\n}}",
        quoted(call.origin),
        body.replace('\n', "\n\t"),
    )
}

/// A member of the body.
fn member(name: &str, value: &Value) -> String {
    match (name, value) {
        ("apiId", id) => any(id),
        ("credits", Value::Object(credits)) => self::credits(credits),
        ("ratelimits", Value::Array(limits)) => {
            let limits: Vec<_> = limits.iter().filter_map(Value::as_object).map(limit).collect();
            stacked("[]components.RatelimitRequest{", "}", &limits, STEP)
        }
        ("roles" | "permissions", Value::Array(names)) => {
            bracketed("[]string{", "}", &names.iter().map(any).collect::<Vec<_>>(), STEP)
        }
        ("meta", meta) => any(meta),
        (_, Value::Number(_)) => integer(value),
        (_, value) => pointer(&any(value)),
    }
}

fn credits(credits: &Map<String, Value>) -> String {
    let mut parts: Vec<String> = credits
        .get("remaining")
        .filter(|remaining| !remaining.is_null())
        .map(|remaining| format!("Remaining: {}", integer(remaining)))
        .into_iter()
        .collect();
    if let Some(refill) = credits.get("refill").and_then(Value::as_object) {
        let interval = match refill.get("interval").and_then(Value::as_str) {
            Some("daily") => "Daily",
            _ => "Monthly",
        };
        let mut own = vec![format!("Interval: components.KeyCreditsRefillInterval{interval}")];
        own.extend(refill.get("amount").map(|amount| format!("Amount: {amount}")));
        own.extend(refill.get("refillDay").map(|day| format!("RefillDay: {}", integer(day))));
        parts.push(format!("Refill: {}", stacked("&components.KeyCreditsRefill{", "}", &own, STEP)));
    }
    stacked("&components.KeyCreditsData{", "}", &parts, STEP)
}

fn limit(limit: &Map<String, Value>) -> String {
    let part = |name: &str, value: &Value| match value {
        Value::Bool(_) => format!("{}: {}", exported(name), pointer(&any(value))),
        value => format!("{}: {}", exported(name), any(value)),
    };
    let named = ["name", "limit", "duration", "autoApply"].into_iter();
    let parts: Vec<_> = named.filter_map(|name| limit.get(name).map(|value| part(name, value))).collect();
    bracketed("{", "}", &parts, STEP)
}

fn pointer(code: &str) -> String {
    format!("unkey.Pointer({code})")
}

/// Whole numbers of the client have 64 bits.
fn integer(value: &Value) -> String {
    pointer(&format!("int64({value})"))
}

/// A value of no type.
fn any(value: &Value) -> String {
    match value {
        Value::Null => "nil".to_owned(),
        Value::String(text) => quoted(text),
        // A constant of that size would be too large for the type it gets by itself.
        Value::Number(number) if number.is_u64() && number.as_i64().is_none() => format!("uint64({number})"),
        Value::Array(items) => bracketed("[]any{", "}", &items.iter().map(any).collect::<Vec<_>>(), STEP),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| format!("{}: {}", quoted(name), any(value));
            bracketed("map[string]any{", "}", &members.iter().map(member).collect::<Vec<_>>(), STEP)
        }
        plain => plain.to_string(),
    }
}
