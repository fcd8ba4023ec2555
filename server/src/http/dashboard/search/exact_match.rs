//! The one thing that a text names: by an id, a hash, a request, or, of a key,
//! the secret itself.

use base::ids::{AuditId, BulkJobId, RequestId};
use web::paths::{self, Href, QUERY};

use crate::http::dashboard::member_request::MemberRequest;
use base::access::{Operation, Target};
use base::audit::AuditFilter;
use base::error::{Code, Error, Result};
use base::events::Stored;
use base::secret::{KeyHash, PlainKey};
use base::store::Page;
use insight::analytics::{Filter, PageOf};
use insight::search::{EntityHit, EntityKind, Kind};

/// A text as short as this can be no secret of this server: those have sixteen
/// random bytes at the least.
const MIN_SECRET: usize = 16;

/// Whether the text may be a secret and so is not shown again.
pub fn may_be_secret(text: &str) -> bool {
    let is_one_word = !text.contains(char::is_whitespace);
    is_one_word && text.chars().count() >= MIN_SECRET && !text.contains('@') && hash(text).is_none()
}

/// The page of the key, or root key, that has this secret.
pub async fn by_secret(request: &MemberRequest, secret: &PlainKey) -> Result<Option<Href>> {
    by_hash(request, secret.hash()).await
}

/// The page of what the text is the whole name of, whatever the index of
/// entities says.
pub async fn by_name(request: &MemberRequest, text: &str) -> Result<Option<Href>> {
    if let Some(hash) = hash(text) {
        return by_hash(request, hash).await;
    }
    let has_prefix = |prefix: &str| text.split_once('_').is_some_and(|(own, _)| own == prefix);
    if has_prefix(RequestId::PREFIX) {
        return by_request(request, text).await;
    }
    if has_prefix(AuditId::PREFIX) {
        return by_audit_id(request, text).await;
    }
    if has_prefix(BulkJobId::PREFIX) {
        return found(request.app.bulk.job(&request.cx, &text.into()).await, |job| {
            paths::job(job.id.as_str())
        });
    }
    let keys = request.app.keys.among(&request.cx, &[text.into()]).await?;
    Ok(keys.first().map(|found| paths::key(found.key.id.as_str())))
}

/// The page of a hit.
pub fn page_of(hit: &EntityHit) -> Href {
    let parent = hit.parent.as_deref().unwrap_or_default();
    match hit.kind {
        EntityKind::Key => paths::key(&hit.id),
        EntityKind::RootKey => paths::root_key(&hit.id),
        EntityKind::Identity => paths::identity(&hit.id),
        EntityKind::Api => paths::api(&hit.id),
        EntityKind::Role => paths::role(&hit.id),
        EntityKind::Permission => paths::permissions().with(paths::QUERY, &hit.detail),
        EntityKind::Namespace => paths::namespace(&hit.id),
        EntityKind::Override => paths::override_(parent, &hit.id),
    }
}

/// The hit that the text names whole: by its id, or by its name if it is the
/// only hit.
pub fn named<'a>(hits: &'a [EntityHit], text: &str) -> Option<&'a EntityHit> {
    let mut by_id = hits.iter().filter(|hit| hit.id.eq_ignore_ascii_case(text));
    match (by_id.next(), by_id.next(), hits) {
        (Some(hit), None, _) => Some(hit),
        (None, _, [only]) => (only.name == text || only.detail == text).then_some(only),
        _ => None,
    }
}

fn hash(text: &str) -> Option<KeyHash> {
    KeyHash::from_hex(text).or_else(|| KeyHash::from_base64(text))
}

async fn by_hash(request: &MemberRequest, hash: KeyHash) -> Result<Option<Href>> {
    if let Some(id) = request.app.keys.by_hash(&request.cx, hash).await? {
        return Ok(Some(paths::key(id.as_str())));
    }
    let root_key = request.app.root_keys.by_hash(&request.cx, hash).await?;
    Ok(root_key.map(|id| paths::root_key(id.as_str())))
}

/// A verification says most about a request, then the request itself; a decision
/// of a rate limit is found in the log of its namespace.
async fn by_request(request: &MemberRequest, id: &str) -> Result<Option<Href>> {
    request.cx.require(Operation::LogsRead, Target::NONE)?;
    for kind in [Kind::Verifications, Kind::Requests, Kind::Ratelimits] {
        let of = PageOf {
            kind,
            workspace: request.cx.workspace.clone(),
            start_ms: 0,
            end_ms: request.now_ms() + 1,
            filter: Filter { request_ids: vec![id.to_owned()], ..Filter::default() },
            limit: 1,
            after: None,
        };
        match request.app.analytics.page(of).await?.events.first() {
            Some(Stored::Verification(event)) => return Ok(Some(paths::verification(&event.request_id))),
            Some(Stored::Request(event)) => return Ok(Some(paths::request(&event.request_id))),
            Some(Stored::Ratelimit(event)) => {
                return Ok(Some(paths::namespace_logs(&event.namespace).with(QUERY, id)));
            }
            None => {}
        }
    }
    Ok(None)
}

/// A page of the log begins at its cursor, which is an id.
async fn by_audit_id(request: &MemberRequest, id: &str) -> Result<Option<Href>> {
    let page = Page { limit: 1, cursor: Some(id.to_owned()) };
    let entries = request.app.audit_log.list(&request.cx, &AuditFilter::default(), &page).await?;
    let entry = entries.items.first().filter(|entry| entry.id.as_str() == id);
    Ok(entry.map(|entry| paths::audit_entry(entry.id.as_str())))
}

/// What is not there is not found, which is no failure.
fn found<T>(looked_up: Result<T>, page: impl FnOnce(T) -> Href) -> Result<Option<Href>> {
    let is_absence = |error: &Error| matches!(error.code(), Code::JobNotFound);
    match looked_up {
        Ok(found) => Ok(Some(page(found))),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(id: &str, name: &str) -> EntityHit {
        EntityHit {
            kind: EntityKind::Key,
            id: id.to_owned(),
            parent: None,
            name: name.to_owned(),
            detail: String::new(),
        }
    }

    #[test]
    fn what_may_be_a_secret_is_not_shown_again() {
        for text in ["sk_live_3ZHJsBkrNU5uRdLEuXYy", "3ZHJsBkrNU5uRdLEuXYyC9x9Qa"] {
            assert!(may_be_secret(text), "{text}");
        }
        let hash = KeyHash::of("a").to_base64();
        for text in ["web", "two words that are long", "somebody@example.com", hash.as_str()] {
            assert!(!may_be_secret(text), "{text}");
        }
    }

    #[test]
    fn an_id_is_one_hit_and_a_name_only_alone() {
        let hits = [hit("key_1", "web"), hit("key_10", "web hooks")];
        assert_eq!(named(&hits, "KEY_1").map(|hit| hit.id.as_str()), Some("key_1"));
        assert_eq!(named(&hits, "web"), None);
        assert!(named(&hits[..1], "web").is_some());
        assert_eq!(named(&hits[..1], "we"), None);
    }
}
