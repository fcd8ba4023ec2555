//! What both APIs show of objects, which must be the same whether they have it in
//! memory or have just been started.

use e2e::ROOT_KEY;
use serde_json::{Value, json};

use super::objects::Objects;
use crate::doors::wire::Request;
use crate::doors::{Connection, v1, v2};

/// Members of answers that change by themselves, or say nothing of what is stored.
const FLEETING: &[&str] = &["meta", "requestId", "reset", "updatedAt", "lastUsedAt", "docs"];

/// An answer, and what was asked.
pub type Seen = (String, String);

/// Asks everything there is to ask about these objects.
pub fn at(connection: &mut Connection<'_>, objects: &Objects) -> Vec<Seen> {
    let questions = questions(objects);
    let seen = questions.into_iter().map(|request| {
        let what = format!("{} {}", request.path, String::from_utf8_lossy(&request.body));
        (what, answer(connection, &request))
    });
    seen.collect()
}

fn questions(objects: &Objects) -> Vec<Request> {
    let ask = |operation: &str, body: Value| {
        let body: Value = serde_json::from_str(&objects.fill(&body.to_string())).expect("JSON stays JSON");
        v2::call(operation, &body, ROOT_KEY)
    };
    let verify =
        |permission: &str| json!({ "key": "<secret>", "credits": { "cost": 0 }, "permissions": permission });
    let mut questions = vec![
        ask("keys.verifyKey", json!({ "key": "<secret>", "credits": { "cost": 0 } })),
        ask("keys.verifyKey", verify("<slug>")),
        ask("keys.verifyKey", verify("<spare_slug>")),
        ask("keys.getKey", json!({ "keyId": "<key>" })),
        ask("apis.getApi", json!({ "apiId": "<api>" })),
        ask("identities.getIdentity", json!({ "identity": "<person>" })),
        ask("permissions.getRole", json!({ "role": "<role>" })),
        ask("permissions.getPermission", json!({ "permission": "<permission>" })),
        ask("ratelimit.getOverride", json!({ "namespace": "<namespace>", "identifier": "<place>" })),
        ask("portal.getPortal", json!({ "portal": "<portal>" })),
        ask(
            "ratelimit.limit",
            json!({
                "namespace": "<namespace>", "identifier": "<place>", "limit": 1000, "duration": 60_000, "cost": 0,
            }),
        ),
    ];
    let body = json!({ "key": objects.name("secret"), "remaining": { "cost": 0 } });
    questions.push(v1::call("keys.verifyKey", &body, ROOT_KEY));
    questions.push(v1::read(&objects.fill("keys.getKey?keyId=<key>"), ROOT_KEY));
    let body = json!({ "apiId": objects.name("spare_api") });
    questions.push(v2::call("apis.getApi", &body, objects.name("root_secret")));
    questions.push(v2::portal_call("portal.listKeys", &json!({}), objects.name("token")));
    questions
}

fn answer(connection: &mut Connection<'_>, request: &Request) -> String {
    match connection.answer(request) {
        Ok(reply) => {
            // Where the server listens is another place each time.
            let text = reply.body.replace(&connection.site.base(), "");
            let mut body = serde_json::from_str(&text).unwrap_or_default();
            settle(&mut body);
            format!("{} {body}", reply.status)
        }
        Err(error) => format!("no answer: {error}"),
    }
}

/// Takes away what changes by itself.
fn settle(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !FLEETING.contains(&name.as_str()));
            members.values_mut().for_each(settle);
        }
        Value::Array(items) => items.iter_mut().for_each(settle),
        _ => {}
    }
}
