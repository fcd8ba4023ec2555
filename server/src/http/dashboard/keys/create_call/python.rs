//! The call in Python, with `unkey.py`.

use serde_json::Value;

use super::{CreateCall, bracketed, product_ms, quoted, stacked};
use crate::http::client_names::snake_case;

const STEP: &str = "    ";

pub fn program(call: &CreateCall<'_>) -> String {
    let members = call.members(
        |name, value| if name == "meta" { literal(value, str::to_owned) } else { literal(value, snake_case) },
        |ms| format!("int(time.time() * 1000) + {}", product_ms(ms)),
    );
    let time = if call.expires_in_ms.is_some() { "import time\n" } else { "" };
    let members: Vec<_> =
        members.into_iter().map(|(name, code)| format!("{}={code}", snake_case(name))).collect();
    format!(
        "import os\n{time}\nfrom unkey.py import Unkey\n\n\
         unkey = Unkey(root_key=os.environ[\"UNKEY_ROOT_KEY\"], server_url={})\n\
         created = unkey.keys.create_key{}\n\
         print(created.data.key_id)",
        quoted(call.origin),
        stacked("(", ")", &members, STEP),
    )
}

/// `name` spells the members of objects.
fn literal(value: &Value, name: fn(&str) -> String) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| literal(item, name)).collect();
            bracketed("[", "]", &items, STEP)
        }
        Value::Object(members) => {
            let member =
                |(own, value): (&String, &Value)| format!("{}: {}", quoted(&name(own)), literal(value, name));
            bracketed("{", "}", &members.iter().map(member).collect::<Vec<_>>(), STEP)
        }
    }
}
