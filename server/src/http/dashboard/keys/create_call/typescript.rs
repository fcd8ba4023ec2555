//! The call in TypeScript, with `@unkey/api`.

use serde_json::Value;

use super::{CreateCall, bracketed, product_ms, quoted, stacked};

const STEP: &str = "  ";

pub fn program(call: &CreateCall<'_>) -> String {
    let members = call.members(|_, value| literal(value), |ms| format!("Date.now() + {}", product_ms(ms)));
    let members: Vec<_> = members.into_iter().map(|(name, code)| format!("{name}: {code}")).collect();
    format!(
        "import {{ Unkey }} from \"@unkey/api\";\n\n\
         const unkey = new Unkey({{ rootKey: process.env.UNKEY_ROOT_KEY, serverURL: {} }});\n\
         const {{ data }} = await unkey.keys.createKey({});\n\
         console.log(data.keyId);",
        quoted(call.origin),
        stacked("{", "}", &members, STEP),
    )
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => bracketed("[", "]", &items.iter().map(literal).collect::<Vec<_>>(), STEP),
        Value::Object(members) => {
            let members: Vec<_> =
                members.iter().map(|(name, value)| format!("{}: {}", member(name), literal(value))).collect();
            bracketed("{ ", " }", &members, STEP)
        }
        plain => plain.to_string(),
    }
}

/// Quoted where it is no plain name. `__proto__` would set the prototype even then.
fn member(name: &str) -> String {
    let is_plain = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match name {
        "__proto__" => format!("[{}]", quoted(name)),
        _ if is_plain => name.to_owned(),
        _ => quoted(name),
    }
}
