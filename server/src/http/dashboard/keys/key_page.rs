//! A key as its pages find it: one that lives, or one that can be restored.

use web::components::LimitRule;
use web::pages::key::{CreditsFact, KeyFacts, KeyHead};
use web::texts::keys as text;

use super::key_usage::KeyUsage;
use crate::http::dashboard::api_reference::api_ref;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::metadata;
use crate::http::dashboard::outcome_counts::sum;
use crate::http::dashboard::presenters::key::{deleted_state, key_label, key_states, last_used};
use crate::http::dashboard::presenters::limit::limit_rule;
use base::audit::{AuditFilter, Event};
use base::error::{Code, Result};
use base::store::Page;
use domain::explain::{Check, ExplainKey, LimitState, Subject};
use domain::keys::{Decrypt, GetKey, Interval, KeyDetails, Refill};
use domain::ratelimit::limits::Limit;
use domain::verification::RequestedLimit;

/// The key of a page.
pub struct KeyPage {
    pub details: KeyDetails,
    pub deleted: bool,
}

/// The key the path names, which lives.
pub async fn key_of_path(request: &MemberRequest) -> Result<KeyDetails> {
    let command = GetKey { key_id: request.id().into(), decrypt: Decrypt::No };
    request.app.keys.get(&request.cx, command).await
}

impl KeyPage {
    /// As [`key_of_path`], or one that can be restored.
    pub async fn of(request: &MemberRequest) -> Result<Self> {
        match key_of_path(request).await {
            Err(error) if error.code() == Code::KeyNotFound => {
                let details = request.app.keys.get_deleted(&request.cx, &request.id().into()).await?;
                Ok(Self { details, deleted: true })
            }
            found => Ok(Self { details: found?, deleted: false }),
        }
    }

    pub async fn head(&self, request: &MemberRequest) -> Result<KeyHead> {
        let key = &self.details.key;
        let usage = KeyUsage::of(request, vec![key.id.to_string()]).await?;
        let counts = sum(usage.of_key(key.id.as_str()));
        Ok(KeyHead {
            id: key.id.to_string(),
            label: key_label(key),
            api: api_ref(request, &key.api).await?,
            enabled: key.enabled,
            deleted: self.deleted,
            recoverable: request.app.keys.is_recoverable(&request.cx, key).await?,
            states: match self.deleted {
                true => vec![deleted_state()],
                false => key_states(key, Some(&counts), request.now_ms()),
            },
        })
    }

    pub async fn facts(&self, request: &MemberRequest) -> Result<KeyFacts> {
        let details = &self.details;
        let key = &details.key;
        Ok(KeyFacts {
            start: key.start.clone(),
            last4: key.last4.clone(),
            created: request.stamp(key.created_at),
            created_by: maker(request, key.id.as_str()).await?,
            updated: request.maybe_stamp(key.updated_at),
            last_used: last_used(request, key),
            expires: request.maybe_stamp(key.expires_at),
            credits: key.credits.remaining.map(|remaining| CreditsFact {
                remaining,
                refill: key.credits.refill.as_ref().map(|refill| (refill.amount, rhythm(refill))),
            }),
            limits: self.limit_rules(request).await?,
            // Roles are found by their names as well.
            roles: details.roles.iter().map(|name| (name.clone(), name.clone())).collect(),
            permissions: details.permissions.clone(),
            identity: details.identity.as_ref().map(|one| (one.external_id.clone(), one.id.to_string())),
            environment: key.environment.clone(),
            meta: metadata::shown(&key.meta)?,
        })
    }

    /// The limits of a key and those of its identity, with what is used of them.
    async fn limit_rules(&self, request: &MemberRequest) -> Result<Vec<LimitRule>> {
        let own = &self.details.limits;
        let shared: &[Limit] = self.details.identity.as_ref().map_or(&[], |identity| &identity.limits);
        let states = if self.deleted { vec![] } else { self.limit_states(request, own, shared).await? };
        let used = |limit: &Limit, of_identity: bool| {
            let state = states.iter().find(|one| one.name == limit.name && one.of_identity == of_identity);
            state.and_then(|state| i64::try_from(state.used).ok())
        };
        let own = own.iter().map(|limit| limit_rule(limit, used(limit, false), false));
        let shared = shared.iter().map(|limit| limit_rule(limit, used(limit, true), true));
        Ok(own.chain(shared).collect())
    }

    async fn limit_states(
        &self,
        request: &MemberRequest,
        own: &[Limit],
        shared: &[Limit],
    ) -> Result<Vec<LimitState>> {
        let mut names: Vec<&str> = own.iter().chain(shared).map(|limit| limit.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let asked =
            |name: &str| RequestedLimit { name: name.to_owned(), cost: 1, limit: None, duration_ms: None };
        let mut command = ExplainKey::new(Subject::Id(self.details.key.id.clone()));
        command.limits = names.into_iter().map(asked).collect();
        let explained = request.app.explainer.explain(&request.cx, &command).await?;
        let states = explained.steps.into_iter().find_map(|step| match step.check {
            Check::Limits(states) => Some(states),
            _ => None,
        });
        Ok(states.unwrap_or_default())
    }
}

/// Who made a key, as far as the audit log knows.
async fn maker(request: &MemberRequest, id: &str) -> Result<Option<String>> {
    for event in [Event::KeyCreate, Event::KeyReroll] {
        let filter = AuditFilter {
            event: Some(event.as_str().to_owned()),
            target: Some(id.to_owned()),
            ..AuditFilter::default()
        };
        let page = Page { limit: 5, cursor: None };
        let found = request.app.audit_log.list(&request.cx, &filter, &page).await?;
        // A reroll names the new key first, and the old one after it.
        let made = |targets: &[base::audit::AuditTarget]| match event {
            Event::KeyCreate => true,
            _ => targets.first().is_some_and(|target| target.id == id),
        };
        if let Some(entry) = found.items.into_iter().find(|entry| made(&entry.targets)) {
            return Ok(Some(entry.actor_name));
        }
    }
    Ok(None)
}

/// How credits come back.
fn rhythm(refill: &Refill) -> String {
    match (refill.interval, refill.day) {
        (Interval::Monthly, Some(day)) => text::refilled_every_month(refill.amount, day),
        _ => text::refilled_every_day(refill.amount),
    }
}
