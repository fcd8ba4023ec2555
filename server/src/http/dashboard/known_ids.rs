//! Names for the ids that changes of the audit log list, where what they are of still
//! exists.
//!
//! Which kind an id is of is told by where it stands, because older and imported ids
//! have prefixes of their own: by its field, in a right of a root key by the word before
//! it. What people typed is never looked up, though it may look like an id. All ids of a
//! page are asked for together, one query for each kind; the domain says what its
//! caller may know of, so what is deleted or of others stays an id. What a page lists
//! beyond [`MOST`] of a kind stays ids too.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;
use web::components::{ChangedValue, KnownId, ValuePart};
use web::paths::{self, Href};

use super::member_request::MemberRequest;
use super::presenters::direction_marks::marks_shown;
use base::audit::AuditEntry;
use base::error::Result;
use base::ids::KeyId;

/// Ids of a kind that a page looks up.
const MOST: usize = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// By its id, or by that of its keyspace.
    Api,
    Identity,
    Key,
    Namespace,
    Permission,
    Role,
    RootKey,
}

/// Ids of a page by what they are of.
type Wanted<'a> = BTreeMap<Kind, BTreeSet<&'a str>>;

/// What the ids of a page are called.
#[derive(Default)]
pub struct KnownIds(HashMap<String, KnownId>);

impl KnownIds {
    pub async fn of(request: &MemberRequest, entries: &[AuditEntry]) -> Result<Self> {
        let mut wanted = Wanted::new();
        for entry in entries {
            for (field, sides) in entry.changes.iter().filter_map(Value::as_object).flatten() {
                let texts =
                    ["before", "after"].into_iter().filter_map(|side| sides.get(side)).flat_map(texts);
                for (kind, id) in texts.flat_map(|text| ids_in(&entry.event, field, text)) {
                    let of_kind = wanted.entry(kind).or_default();
                    if of_kind.len() < MOST {
                        of_kind.insert(id);
                    }
                }
            }
        }
        let mut known = HashMap::new();
        for (kind, ids) in wanted {
            let ids: Vec<&str> = ids.into_iter().collect();
            known
                .extend(names(request, kind, &ids).await?.into_iter().map(|found| (found.id.clone(), found)));
        }
        Ok(Self(known))
    }

    /// A changed value of an event, with names for the ids it has.
    pub fn named(&self, event: &str, field: &str, text: String) -> ChangedValue {
        let (mut parts, mut told) = (Vec::new(), 0);
        for (_, id) in ids_in(event, field, &text) {
            let Some(known) = self.0.get(id) else { continue };
            let Some(at) = text.get(told..).and_then(|rest| rest.find(id)).map(|at| told + at) else {
                continue;
            };
            parts.extend(text.get(told..at).filter(|between| !between.is_empty()).map(part_of_text));
            parts.push(ValuePart::Known(known.clone()));
            told = at + id.len();
        }
        if parts.is_empty() {
            return text.into();
        }
        parts.extend(text.get(told..).filter(|rest| !rest.is_empty()).map(part_of_text));
        ChangedValue(parts)
    }
}

fn part_of_text(text: &str) -> ValuePart {
    ValuePart::Text(text.to_owned())
}

/// A text, or those of a list.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    }
}

/// The ids that a value lists, in its order.
fn ids_in<'a>(event: &str, field: &str, text: &'a str) -> Vec<(Kind, &'a str)> {
    match field {
        "identityId" => vec![(Kind::Identity, text)],
        "keyspaceId" => vec![(Kind::Api, text)],
        "permissions" if event.starts_with("rootkey.") => ids_in_rights(text),
        _ => Vec::new(),
    }
}

/// Of `api.api_1.create_key` and of `unkey:v1:ws_1:keyspaces/ks_1#create_key`.
fn ids_in_rights(text: &str) -> Vec<(Kind, &str)> {
    let words: Vec<&str> = text.split(['.', '/', ':', '#', ',', ' ']).collect();
    let pairs = words.iter().zip(words.iter().skip(1));
    pairs.filter_map(|(of, id)| Some((kind_after(of)?, *id)).filter(|_| is_id(id))).collect()
}

fn is_id(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn kind_after(word: &str) -> Option<Kind> {
    Some(match word {
        "api" | "apis" | "keyspaces" => Kind::Api,
        "identity" | "identities" => Kind::Identity,
        "keys" => Kind::Key,
        "ratelimit" | "namespaces" => Kind::Namespace,
        "permissions" => Kind::Permission,
        "roles" => Kind::Role,
        "rootKeys" => Kind::RootKey,
        _ => return None,
    })
}

/// Those among the ids that exist, in one query.
async fn names(request: &MemberRequest, kind: Kind, ids: &[&str]) -> Result<Vec<KnownId>> {
    let (app, cx) = (&request.app, &request.cx);
    Ok(match kind {
        Kind::Api => {
            let found = app.apis.known(cx, ids).await?;
            let both = |api: domain::apis::Api| {
                let href = paths::api(api.id.as_str());
                [api.id.as_str(), api.keyspace_id.as_str()].map(|id| known(id, &api.name, Some(href.clone())))
            };
            found.into_iter().flat_map(both).collect()
        }
        Kind::Identity => linked(app.identities.external_ids(cx, ids).await?, paths::identity),
        Kind::Namespace => linked(app.namespaces.names(cx, ids).await?, paths::namespace),
        Kind::RootKey => linked(app.root_keys.live_names(cx, ids).await?, paths::root_key),
        Kind::Key => {
            let ids: Vec<KeyId> = ids.iter().copied().map(KeyId::from).collect();
            let found = app.keys.summaries(cx, &ids).await?.into_iter().filter(|(_, key)| !key.is_deleted);
            found
                .map(|(id, key)| known(id.as_str(), &key.label(&id), Some(paths::key(id.as_str()))))
                .collect()
        }
        Kind::Permission => {
            let found = app.permissions.known_permissions(cx, ids).await?;
            found.iter().map(|permission| known(permission.id.as_str(), &permission.slug, None)).collect()
        }
        Kind::Role => {
            let found = app.permissions.known_roles(cx, ids).await?;
            let role = |role: &domain::permissions::Role| {
                known(role.id.as_str(), &role.name, Some(paths::role(role.id.as_str())))
            };
            found.iter().map(role).collect()
        }
    })
}

fn linked(names: HashMap<String, String>, page: impl Fn(&str) -> Href) -> Vec<KnownId> {
    names.iter().map(|(id, name)| known(id, name, Some(page(id)))).collect()
}

fn known(id: &str, name: &str, href: Option<Href>) -> KnownId {
    KnownId { id: id.to_owned(), name: marks_shown(name), href }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_by_where_they_stand() {
        let rights = "api.api_1.create_key, api.*.read_key, ratelimit.rl_2.limit, identity.*.create_identity";
        assert_eq!(
            ids_in("rootkey.update", "permissions", rights),
            [(Kind::Api, "api_1"), (Kind::Namespace, "rl_2")]
        );
        let urn = "unkey:v1:ws_1:keyspaces/ks_1/keys/key_9#read_key";
        assert_eq!(ids_in("rootkey.create", "permissions", urn), [(Kind::Api, "ks_1"), (Kind::Key, "key_9")]);
        assert_eq!(ids_in("key.update", "identityId", "id_1"), [(Kind::Identity, "id_1")]);
        for typed in [("key.update", "permissions"), ("key.update", "name"), ("key.update", "ownerId")] {
            assert!(ids_in(typed.0, typed.1, "api.api_1.read").is_empty(), "{typed:?}");
        }
    }

    #[test]
    fn names_stand_in_place_of_known_ids_only() {
        let api = known("api_1", "pay\u{202e}", None);
        let known = KnownIds(HashMap::from([("api_1".to_owned(), api.clone())]));
        let text = "api.api_1.read_api, api.api_2.read_api";
        let named = known.named("rootkey.update", "permissions", text.to_owned());
        let rest = ValuePart::Text(".read_api, api.api_2.read_api".to_owned());
        assert_eq!(named.0, [ValuePart::Text("api.".to_owned()), ValuePart::Known(api.clone()), rest]);
        assert_eq!(api.name, "pay\\u{202e}");
        assert_eq!(known.named("key.update", "name", "api_1".to_owned()), "api_1".to_owned().into());
    }
}
