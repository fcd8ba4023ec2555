//! The search over everything. A secret may be pasted here: it comes by POST
//! alone, is hashed on arrival, and is in no page and no address after that.

mod exact_match;

use std::collections::HashMap;
use std::sync::Arc;

use base::ids::KeyId;
use poem::Route;
use web::components::Chip;
use web::pages::search::{Hit, HitGroup, SearchView, search as search_page};
use web::paths::{self, QUERY};
use web::texts::{common, search as text};

use super::endpoint::member;
use super::member_request::MemberRequest;
use super::presenters::key::{key_label, key_states};
use super::reply::Reply;
use crate::app::App;
use crate::http::methods::get;
use base::access::{Operation, Target};
use base::audit::AuditFilter;
use base::error::Result;
use base::secret::PlainKey;
use base::store::Page;
use insight::search::{EntityHit, EntityKind, EntityQuery};

/// Hits that are looked for, and those of a kind that are shown at first.
const HITS: usize = 100;
const PER_KIND: usize = 10;
/// Entries of the audit log.
const ENTRIES: u64 = 5;

pub fn mount(route: Route, app: &Arc<App>) -> Route {
    route.at("/search", get(member(app, linked)).post(member(app, pasted)))
}

/// `GET /search?q=`.
async fn linked(request: MemberRequest) -> Result<Reply> {
    let text = request.query().text(QUERY).to_owned();
    find(&request, text, false).await
}

/// `POST /search`.
async fn pasted(request: MemberRequest) -> Result<Reply> {
    let text = request.form().text(QUERY).to_owned();
    if !text.is_empty() {
        let secret = PlainKey::new(text.clone());
        if let Some(page) = exact_match::by_secret(&request, &secret).await? {
            return Ok(Reply::redirect(page));
        }
    }
    find(&request, text, true).await
}

async fn find(request: &MemberRequest, text: String, pasted: bool) -> Result<Reply> {
    for operation in [Operation::ApiListKeys, Operation::IdentityRead, Operation::RootKeyRead] {
        request.cx.require(operation, Target::NONE)?;
    }
    if text.is_empty() {
        return Ok(Reply::page(search_page(&request.shell, &SearchView::default())));
    }
    if let Some(page) = exact_match::by_name(request, &text).await? {
        return Ok(Reply::redirect(page));
    }
    let kind = EntityKind::parse(request.query().text("kind"));
    let query = EntityQuery {
        workspace: request.cx.workspace.clone(),
        text: text.clone(),
        kinds: kind.into_iter().collect(),
        limit: HITS,
    };
    let hits = request.app.search.entities(query).await?;
    if let Some(hit) = exact_match::named(&hits, &text).filter(|_| kind.is_none()) {
        return Ok(Reply::redirect(exact_match::page_of(hit)));
    }
    let is_secret = exact_match::may_be_secret(&text);
    let mut groups = groups(request, hits, &text, kind, is_secret).await?;
    if kind.is_none() {
        groups.extend(entries(request, &text, is_secret).await?);
    }
    let words = if is_secret { String::new() } else { text };
    let view = SearchView { words, groups, secret_not_found: is_secret && pasted };
    Ok(Reply::page(search_page(&request.shell, &view)))
}

/// Hits by their kind; the kind of the likeliest comes first.
async fn groups(
    request: &MemberRequest,
    hits: Vec<EntityHit>,
    text: &str,
    only: Option<EntityKind>,
    is_secret: bool,
) -> Result<Vec<HitGroup>> {
    let most = if only.is_some() { HITS } else { PER_KIND };
    let mut kinds: Vec<(EntityKind, Vec<EntityHit>)> = Vec::new();
    for hit in hits {
        match kinds.iter_mut().find(|(kind, _)| *kind == hit.kind) {
            Some((_, own)) => own.push(hit),
            None => kinds.push((hit.kind, vec![hit])),
        }
    }
    let details = HitDetails::load(request, &kinds, most).await?;
    let group = |(kind, hits): (EntityKind, Vec<EntityHit>)| {
        let more = (hits.len() > most && !is_secret)
            .then(|| paths::search().with(QUERY, text).with("kind", kind.as_str()));
        let hits = hits.into_iter().take(most).map(|hit| details.hit(hit)).collect();
        HitGroup { kind: name(kind).to_owned(), hits, more }
    };
    Ok(kinds.into_iter().map(group).collect())
}

/// What the index does not say of its hits.
struct HitDetails {
    /// Names of APIs by id.
    apis: HashMap<String, String>,
    /// Labels and states of keys by id.
    keys: HashMap<String, (String, Vec<Chip>)>,
}

impl HitDetails {
    async fn load(
        request: &MemberRequest,
        kinds: &[(EntityKind, Vec<EntityHit>)],
        most: usize,
    ) -> Result<Self> {
        let apis = request.app.apis.list(&request.cx).await?;
        let keys = kinds.iter().filter(|(kind, _)| *kind == EntityKind::Key);
        let ids: Vec<KeyId> =
            keys.flat_map(|(_, hits)| hits.iter().take(most)).map(|hit| hit.id.as_str().into()).collect();
        let found = request.app.keys.among(&request.cx, &ids).await?;
        let keys = found.iter().map(|details| {
            let key = &details.key;
            (key.id.to_string(), (key_label(key), key_states(key, None, request.now_ms())))
        });
        Ok(Self {
            keys: keys.collect(),
            apis: apis.into_iter().map(|api| (api.id.into_string(), api.name)).collect(),
        })
    }

    fn hit(&self, hit: EntityHit) -> Hit {
        let href = exact_match::page_of(&hit);
        let api = hit.parent.as_ref().and_then(|parent| self.apis.get(parent)).cloned();
        let (label, states) = self.keys.get(&hit.id).cloned().unwrap_or_default();
        let title = [hit.name, label, hit.detail.clone()].into_iter().find(|title| !title.trim().is_empty());
        let detail: Vec<String> =
            api.into_iter().chain([hit.detail]).filter(|text| !text.is_empty()).collect();
        Hit {
            title: title.unwrap_or_else(|| hit.id.clone()),
            href,
            id: hit.id,
            detail: detail.join(" · "),
            states,
        }
    }
}

fn name(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Key => common::KEYS,
        EntityKind::RootKey => common::ROOT_KEYS,
        EntityKind::Identity => common::IDENTITIES,
        EntityKind::Api => common::APIS,
        EntityKind::Role => common::ROLES,
        EntityKind::Permission => common::PERMISSIONS,
        EntityKind::Namespace => text::NAMESPACES,
        EntityKind::Override => common::OVERRIDES,
    }
}

/// The latest entries of the audit log that hold the words.
async fn entries(request: &MemberRequest, text: &str, is_secret: bool) -> Result<Option<HitGroup>> {
    let filter = AuditFilter { text: Some(text.to_owned()), ..AuditFilter::default() };
    let page = Page { limit: ENTRIES, cursor: None };
    let found = request.app.audit_log.list(&request.cx, &filter, &page).await?;
    if found.items.is_empty() {
        return Ok(None);
    }
    let hits = found.items.into_iter().map(|entry| Hit {
        title: entry.description,
        href: paths::audit_entry(entry.id.as_str()),
        id: entry.id.into_string(),
        detail: format!("{} · {}", entry.event, request.stamp(entry.time_ms).relative),
        states: Vec::new(),
    });
    let more = (found.next.is_some() && !is_secret).then(|| paths::audit().with(QUERY, text));
    Ok(Some(HitGroup { kind: common::AUDIT_LOG.to_owned(), hits: hits.collect(), more }))
}
