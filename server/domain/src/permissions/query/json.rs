//! The nested form of v1 (docs/contract/v1.md#permission-queries): `"slug"`, `{"and": [..]}`,
//! `{"or": [..]}`.
//!
//! Walks the value with a list of its own, so that a value nested deeper than the stack allows
//! is only a long list.
//!
//! Deliberately absent: the string language. A string is one slug, whatever characters it holds.

use serde_json::Value;

use super::{Builder, Join, Query, QueryError};

/// Longest permission in characters; no key has a longer one. Denials are recorded
/// with the permission that was missing.
const MAX_SLUG: usize = 512;

/// Deepest path a message spells out; the rest is cut at the front.
const MAX_PATH: usize = 8;

/// A list whose members are being read.
struct Frame<'a> {
    join: Join,
    members: &'a [Value],
    /// Members taken so far.
    taken: usize,
}

enum Node<'a> {
    Slug(&'a str),
    Group(Join, &'a [Value]),
}

/// Reads a whole query.
pub(super) fn read(root: &Value) -> Result<Query, QueryError> {
    let mut builder = Builder::default();
    let mut frames: Vec<Frame<'_>> = Vec::new();
    let mut value = root;
    loop {
        match node(value).map_err(|what| fault(&frames, &what))? {
            Node::Slug(slug) => builder.slug(slug),
            Node::Group(join, members) => {
                builder.open(join);
                frames.push(Frame { join, members, taken: 0 });
            }
        }
        value = loop {
            let Some(frame) = frames.last_mut() else {
                return Ok(builder.finish());
            };
            if let Some(member) = frame.members.get(frame.taken) {
                frame.taken += 1;
                break member;
            }
            builder.close();
            frames.pop();
        };
    }
}

/// One level of a query. A member that is `null` counts as left out: that is how many clients
/// write an unset field.
fn node(value: &Value) -> Result<Node<'_>, String> {
    match value {
        Value::String(slug) if slug.chars().nth(MAX_SLUG).is_some() => {
            Err(format!("a permission has at most {MAX_SLUG} characters"))
        }
        Value::String(slug) => Ok(Node::Slug(slug)),
        Value::Object(object) => {
            let given = [Join::And, Join::Or].into_iter().find_map(|join| {
                let member = object.get(member_name(join))?;
                (!member.is_null()).then_some((join, member))
            });
            match given {
                Some((join, Value::Array(members))) if !members.is_empty() => Ok(Node::Group(join, members)),
                Some((join, Value::Array(_))) => {
                    Err(format!("'{}' must hold at least one query", member_name(join)))
                }
                Some((join, _)) => Err(format!("'{}' must be an array", member_name(join))),
                None => Err("the object needs a member 'and' or 'or'".to_owned()),
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            Err("expected a permission, {\"and\": [..]} or {\"or\": [..]}".to_owned())
        }
    }
}

fn member_name(join: Join) -> &'static str {
    match join {
        Join::And => "and",
        Join::Or => "or",
    }
}

fn fault(frames: &[Frame<'_>], what: &str) -> QueryError {
    let mut message = "permission query is invalid".to_owned();
    if !frames.is_empty() {
        let cut = frames.len().saturating_sub(MAX_PATH);
        let path: Vec<String> = frames[cut..]
            .iter()
            .map(|frame| format!("{}[{}]", member_name(frame.join), frame.taken - 1))
            .collect();
        message.push_str(if cut > 0 { " at ..." } else { " at " });
        message.push_str(&path.join("."));
    }
    message.push_str(": ");
    message.push_str(what);
    QueryError { position: None, message }
}
