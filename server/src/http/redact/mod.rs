//! Takes the secrets out of requests before they are logged: the one place.
//!
//! Three nets, each for what the others let through. A member is known by its
//! name. A secret of this server is known by its shape, wherever it stands. And
//! what an operation does not understand (members it does not have, values of
//! another type, text that is no member at all) is not logged, since a secret in
//! the wrong place can look like anything; nor is what an answer says of it.
//! What is not JSON is never logged.
//!
//! Deliberately absent: finding a foreign key in a place for any text, such as a
//! name or an external id. It is data there.

mod shape;

use serde_json::Value;

pub use shape::looks_secret;

use super::validation::{RequestSchema, type_of};
use base::events::MAX_LOGGED_BODY;

/// Bodies larger than this are not even looked at.
const MAX_BODY: usize = 64 * 1024;

/// Characters of a path or a user agent.
const MAX_TEXT: usize = 256;

/// Segments of a path that is of no operation, and characters of one.
const MAX_SEGMENTS: usize = 4;
const MAX_SEGMENT: usize = 40;

const REDACTED: &str = "[redacted]";

/// Members that hold secrets, in lower case and without `_` and `-`.
const SECRET_MEMBERS: &[&str] = &[
    "key",
    "plaintext",
    "hash",
    "token",
    "password",
    "secret",
    "rootkey",
    "apikey",
    "authorization",
    "cookie",
    "code",
    "sessionid",
    "ciphertext",
];

/// Texts that were taken out and are looked for in the answer. If there are more,
/// the answer is not logged.
const MAX_TAKEN_OUT: usize = 64;

/// Shorter ones are no secrets; answers may repeat the beginning of longer ones.
const MIN_TAKEN_OUT: usize = 4;
const COMPARED_CHARACTERS: usize = 24;

/// What was sent and what was answered.
#[derive(Clone, Copy, Default)]
pub struct Exchange<'a> {
    pub request: &'a [u8],
    pub response: &'a [u8],
    /// What the operation understands of the request.
    pub schema: Option<&'a RequestSchema>,
    /// Path and query, if an answer may repeat parts of them.
    pub target: Option<&'a str>,
}

impl Exchange<'_> {
    /// The bodies as they may be logged; `None` where they may not.
    pub fn redacted(&self) -> (Option<String>, Option<String>) {
        let mut redactor = Redactor::default();
        redactor.note_target(self.target.unwrap_or_default());
        let place = self.schema.map_or(Place::Free, |schema| Place::Declared(schema.schema()));
        let request = redactor.body(self.request, place);
        // What was not read, or not kept in mind, cannot be recognised again.
        if redactor.is_over() || request.is_none() && !self.request.is_empty() {
            return (None, None);
        }
        (request, redactor.body(self.response, Place::Free))
    }
}

/// A path, or another text that clients choose, as it may be logged.
pub fn text(text: &str) -> &str {
    if looks_secret(text) {
        return REDACTED;
    }
    let end = text.char_indices().nth(MAX_TEXT).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

/// The path of a request that is of no operation: what of it can be the name of
/// one, for the rest may be anything.
pub fn unknown_path(path: &str) -> String {
    let mut segments = path.split('/').skip(1);
    let mut shown = format!("/{}", segments.next().map_or("", shown_segment));
    for segment in segments.by_ref().take(MAX_SEGMENTS - 1) {
        shown.push('/');
        shown.push_str(shown_segment(segment));
    }
    if segments.next().is_some() {
        shown.push_str("/...");
    }
    shown
}

fn shown_segment(segment: &str) -> &str {
    let is_name = matches!(segment, "v1" | "v2")
        || segment.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '.' | '-'));
    if is_name && segment.len() <= MAX_SEGMENT && !looks_secret(segment) { segment } else { REDACTED }
}

/// Where a value stands.
#[derive(Clone, Copy)]
enum Place<'a> {
    /// Where the operation expects what this schema says.
    Declared(&'a Value),
    /// Where anything may stand.
    Free,
}

#[derive(Default)]
struct Redactor {
    /// The beginnings of what was taken out.
    taken_out: Vec<String>,
}

impl Redactor {
    fn is_over(&self) -> bool {
        self.taken_out.len() > MAX_TAKEN_OUT
    }

    fn body(&mut self, body: &[u8], place: Place<'_>) -> Option<String> {
        if body.is_empty() || body.len() > MAX_BODY {
            return None;
        }
        let mut value: Value = serde_json::from_slice(body).ok()?;
        self.walk(&mut value, place, false);
        // Once more: what was taken out may be repeated in what came before it.
        self.walk(&mut value, place, false);
        let mut text = value.to_string();
        if text.len() > MAX_LOGGED_BODY {
            let end = (0..=MAX_LOGGED_BODY).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(end);
        }
        Some(text)
    }

    /// `is_member` says whether the value is of a member, directly or in its lists.
    fn walk(&mut self, value: &mut Value, place: Place<'_>, is_member: bool) {
        let place = match place {
            Place::Free => Place::Free,
            Place::Declared(schema) => match fitting(schema, value) {
                Some(schema) => Place::Declared(schema),
                None => return self.take_out(value),
            },
        };
        match value {
            Value::Object(members) => {
                for (name, mut member) in std::mem::take(members) {
                    let name = self.member(name, &mut member, place);
                    members.insert(name, member);
                }
            }
            Value::Array(items) => {
                let of_item = match place {
                    Place::Declared(schema) => schema.get("items").map_or(Place::Free, Place::Declared),
                    Place::Free => Place::Free,
                };
                items.iter_mut().for_each(|item| self.walk(item, of_item, is_member));
            }
            Value::String(text) if !is_member || looks_secret(text) || self.repeats(text) => {
                self.take_out(value)
            }
            Value::Number(_) if !is_member => self.take_out(value),
            _ => {}
        }
    }

    /// The name a member is logged under; takes out of its value what may not be.
    fn member(&mut self, name: String, value: &mut Value, place: Place<'_>) -> String {
        let is_secret = is_secret(&name, value);
        let place = match place {
            Place::Free => Some(Place::Free),
            Place::Declared(schema) => {
                match (schema["properties"].get(&name), &schema["additionalProperties"]) {
                    (Some(declared), _) => Some(Place::Declared(declared)),
                    (None, Value::Object(_) | Value::Bool(true)) => Some(Place::Free),
                    (None, _) if schema.get("properties").is_none() => Some(Place::Free),
                    (None, _) => None,
                }
            }
        };
        match place {
            _ if is_secret => self.take_out(value),
            None => self.take_out(value),
            Some(place) => self.walk(value, place, true),
        }
        let is_unknown_text = place.is_none() && !name.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
        if is_unknown_text || looks_secret(&name) || self.repeats(&name) {
            self.note(&name);
            return REDACTED.to_owned();
        }
        name
    }

    fn take_out(&mut self, value: &mut Value) {
        if !matches!(value, Value::Null | Value::Bool(_)) {
            self.note_all(value);
            *value = Value::String(REDACTED.to_owned());
        }
    }

    fn note_all(&mut self, value: &Value) {
        match value {
            Value::Object(members) => members.iter().for_each(|(name, member)| {
                self.note(name);
                self.note_all(member);
            }),
            Value::Array(items) => items.iter().for_each(|item| self.note_all(item)),
            Value::String(text) => self.note(text),
            Value::Number(number) => self.note(&number.to_string()),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn note(&mut self, text: &str) {
        let beginning: String = text.chars().take(COMPARED_CHARACTERS).collect();
        let is_kept = text != REDACTED && !self.is_over();
        if is_kept && beginning.len() >= MIN_TAKEN_OUT && !self.taken_out.contains(&beginning) {
            self.taken_out.push(beginning);
        }
    }

    /// What stands in the address of a request and is neither a name of the
    /// operation nor an id of ours.
    fn note_target(&mut self, target: &str) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        for segment in
            path.split('/').filter(|segment| shown_segment(segment) == REDACTED && !shape::is_id(segment))
        {
            self.note(segment);
        }
        for (_, value) in form_urlencoded::parse(query.as_bytes()).filter(|(_, value)| !shape::is_id(value)) {
            self.note(&value);
        }
    }

    fn repeats(&self, text: &str) -> bool {
        self.taken_out.iter().any(|taken_out| text.contains(taken_out.as_str()))
    }
}

/// The schema, or the alternative in it, that a value keeps as far as types and
/// enumerations go.
fn fitting<'a>(schema: &'a Value, value: &Value) -> Option<&'a Value> {
    // A member that is refused is none of the operation.
    if *schema == Value::Bool(false) {
        return None;
    }
    if let Some(alternatives) = schema["anyOf"].as_array() {
        return alternatives.iter().find_map(|alternative| fitting(alternative, value));
    }
    let is_kind = |kind: &Value| match kind.as_str() {
        Some("integer") => value.is_number(),
        Some(kind) => kind == type_of(value),
        None => false,
    };
    let is_of_type = match &schema["type"] {
        Value::Null => true,
        Value::Array(kinds) => kinds.iter().any(is_kind),
        kind => is_kind(kind),
    };
    let is_listed = schema["enum"].as_array().is_none_or(|options| options.contains(value));
    (is_of_type && is_listed).then_some(schema)
}

fn is_secret(name: &str, value: &Value) -> bool {
    if matches!(value, Value::Null | Value::Bool(_)) {
        return false;
    }
    let name: String = name.chars().filter(|c| !matches!(c, '_' | '-')).collect::<String>().to_lowercase();
    if name == "code" {
        // The outcome of a verification has the name of a secret.
        return value.as_str().is_none_or(|code| !code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'));
    }
    // People paste the key itself where its id belongs.
    let pasted = name == "keyid" && value.as_str().is_none_or(|id| !id.starts_with("key_"));
    pasted || SECRET_MEMBERS.contains(&name.as_str())
}

#[cfg(test)]
mod tests;
