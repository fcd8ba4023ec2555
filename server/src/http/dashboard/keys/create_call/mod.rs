//! The call of the API that makes the key a form describes, as a command and for the
//! official clients.
//!
//! It is made of the same command as the key of the form, so that both come to the same.
//! What the contract of v2 has no member for, the environment, is not in it. No secret is:
//! the root key is a placeholder in the command and a variable in programs.

mod go;
mod python;
mod typescript;

use serde_json::{Map, Value, json};
use web::components::curl;

use base::error::{Error, Result};
use domain::keys::{CreateKey, Interval, NewCredits};
use domain::ratelimit::limits::NewLimit;

/// How long one line may get before its parts stand below each other.
const LINE: usize = 84;

/// A call of `keys.createKey`.
pub struct CreateCall<'a> {
    /// Of this server.
    pub origin: &'a str,
    body: Map<String, Value>,
    /// How far off the expiry is, where it counts from the call.
    expires_in_ms: Option<i64>,
}

impl<'a> CreateCall<'a> {
    pub fn new(origin: &'a str, command: &CreateKey, expires_in_ms: Option<i64>) -> Self {
        Self { origin, body: body(command), expires_in_ms }
    }

    /// Language and code.
    ///
    /// # Errors
    /// `internal` if the body is no JSON, which it is.
    pub fn in_languages(&self) -> Result<Vec<(String, String)>> {
        let pretty = serde_json::to_string_pretty(&self.body).map_err(Error::internal)?;
        let command = curl(self.origin, "keys.createKey", "YOUR_ROOT_KEY", &plain(&pretty));
        Ok(vec![
            ("curl".to_owned(), command),
            ("TypeScript".to_owned(), typescript::program(self)),
            ("Python".to_owned(), python::program(self)),
            ("Go".to_owned(), go::program(self)),
        ])
    }

    /// Name and code of each member; `expiry` says a time so many milliseconds from the call.
    fn members(
        &self,
        value: impl Fn(&str, &Value) -> String,
        expiry: impl Fn(i64) -> String,
    ) -> Vec<(&str, String)> {
        let code = |name: &str, member: &Value| match self.expires_in_ms {
            Some(in_ms) if name == "expires" => expiry(in_ms),
            _ => value(name, member),
        };
        self.body.iter().map(|(name, member)| (name.as_str(), code(name, member))).collect()
    }
}

fn body(command: &CreateKey) -> Map<String, Value> {
    let mut body = Map::from_iter([("apiId".to_owned(), json!(command.api_id.as_str()))]);
    let mut put = |name: &str, value: Option<Value>| body.extend(value.map(|value| (name.to_owned(), value)));
    put("prefix", command.prefix.as_ref().map(|prefix| json!(prefix)));
    put("name", command.name.as_ref().map(|name| json!(name)));
    put("byteLength", command.byte_length.map(|length| json!(length)));
    put("externalId", command.external_id.as_ref().map(|id| json!(id)));
    put("enabled", (!command.enabled).then_some(Value::Bool(false)));
    put("recoverable", command.recoverable.then_some(Value::Bool(true)));
    put("expires", command.expires_at.map(|expires_at| json!(expires_at)));
    put("credits", command.credits.as_ref().map(credits));
    put("meta", (!command.meta.is_empty()).then(|| Value::Object(command.meta.clone())));
    put("roles", (!command.roles.is_empty()).then(|| json!(command.roles)));
    put("permissions", (!command.permissions.is_empty()).then(|| json!(command.permissions)));
    put("ratelimits", (!command.limits.is_empty()).then(|| command.limits.iter().map(limit).collect()));
    body
}

fn credits(credits: &NewCredits) -> Value {
    let mut members = Map::from_iter([("remaining".to_owned(), json!(credits.remaining))]);
    if let Some(refill) = &credits.refill {
        let interval = match refill.interval {
            Interval::Daily => "daily",
            Interval::Monthly => "monthly",
        };
        let mut own = Map::from_iter([
            ("interval".to_owned(), json!(interval)),
            ("amount".to_owned(), json!(refill.amount)),
        ]);
        own.extend(refill.day.map(|day| ("refillDay".to_owned(), json!(day))));
        members.insert("refill".to_owned(), Value::Object(own));
    }
    Value::Object(members)
}

fn limit(limit: &NewLimit) -> Value {
    json!({
        "name": limit.name, "limit": limit.limit, "duration": limit.duration_ms, "autoApply": limit.auto_apply,
    })
}

/// A text in quotes, as JSON, JavaScript, Python and Go all read it.
fn quoted(text: &str) -> String {
    plain(&Value::from(text).to_string())
}

/// JSON with every character written out that turns the text around it, ends a line or is
/// not to be seen: they stand in texts only, where all four languages know `\u`.
fn plain(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' => plain.push_str(&format!("\\u{:04x}", u32::from(character))),
            character => plain.push(character),
        }
    }
    plain
}

/// Parts between brackets: on one line where they fit, else one below the other.
fn bracketed(open: &str, close: &str, parts: &[String], step: &str) -> String {
    let length: usize = parts.iter().map(|part| part.len() + 2).sum();
    let is_short = length <= LINE && parts.iter().all(|part| !part.contains('\n'));
    match parts {
        [] => format!("{}{}", open.trim_end(), close.trim_start()),
        _ if is_short => format!("{open}{}{close}", parts.join(", ")),
        _ => stacked(open.trim_end(), close.trim_start(), parts, step),
    }
}

/// Parts between brackets, one below the other.
fn stacked(open: &str, close: &str, parts: &[String], step: &str) -> String {
    let lines: String =
        parts.iter().map(|part| format!("{step}{},\n", part.replace('\n', &format!("\n{step}")))).collect();
    format!("{open}\n{lines}{close}")
}

/// A length of time as the programs multiply it.
fn product_ms(ms: i64) -> String {
    const DAY_MS: i64 = base::clock::DAY_MS;
    match ms % DAY_MS {
        0 => format!("{} * 24 * 60 * 60 * 1000", ms / DAY_MS),
        _ => ms.to_string(),
    }
}
