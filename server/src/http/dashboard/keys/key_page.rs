//! A key as its pages find it: one that lives, or one that can be restored.

use web::components::LimitRule;
use web::pages::key::{CreditsFact, KeyFacts, KeyHead};

use super::list::KeyUsage;
use crate::http::dashboard::charts::sum;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::{deleted_state, key_label, key_states, limit_rule};
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

impl MemberRequest {
    /// The key the path names, which lives.
    pub(super) async fn key(&self) -> Result<KeyDetails> {
        let command = GetKey { key_id: self.id().into(), decrypt: Decrypt::No };
        self.app.keys.get(&self.cx, command).await
    }

    /// As [`MemberRequest::key`], or one that can be restored.
    pub(super) async fn seen_key(&self) -> Result<KeyPage> {
        match self.key().await {
            Err(error) if error.code() == Code::KeyNotFound => {
                let details = self.app.keys.get_deleted(&self.cx, &self.id().into()).await?;
                Ok(KeyPage { details, deleted: true })
            }
            found => Ok(KeyPage { details: found?, deleted: false }),
        }
    }

    pub(super) async fn key_head(&self, seen: &KeyPage) -> Result<KeyHead> {
        let key = &seen.details.key;
        let usage = KeyUsage::of(self, vec![key.id.to_string()]).await?;
        let counts = sum(usage.of_key(key.id.as_str()));
        Ok(KeyHead {
            id: key.id.to_string(),
            label: key_label(key),
            api: self.api_ref(&key.api).await?,
            enabled: key.enabled,
            deleted: seen.deleted,
            recoverable: self.app.keys.is_recoverable(&self.cx, key).await?,
            states: match seen.deleted {
                true => vec![deleted_state()],
                false => key_states(key, Some(&counts), self.now_ms()),
            },
        })
    }

    pub(super) async fn key_facts(&self, seen: &KeyPage) -> Result<KeyFacts> {
        let details = &seen.details;
        let key = &details.key;
        Ok(KeyFacts {
            start: key.start.clone(),
            last4: key.last4.clone(),
            created: self.stamp(key.created_at),
            created_by: self.maker(key.id.as_str()).await?,
            updated: self.maybe_stamp(key.updated_at),
            last_used: self.last_used(key),
            expires: self.maybe_stamp(key.expires_at),
            credits: key.credits.remaining.map(|remaining| CreditsFact {
                remaining,
                refill: key.credits.refill.as_ref().map(|refill| (refill.amount, rhythm(refill))),
            }),
            limits: self.limit_rules(seen).await?,
            // Roles are found by their names as well.
            roles: details.roles.iter().map(|name| (name.clone(), name.clone())).collect(),
            permissions: details.permissions.clone(),
            identity: details.identity.as_ref().map(|one| (one.external_id.clone(), one.id.to_string())),
            environment: key.environment.clone(),
            meta: pretty(&key.meta)?,
        })
    }

    /// Who made a key, as far as the audit log knows.
    async fn maker(&self, id: &str) -> Result<Option<String>> {
        for event in [Event::KeyCreate, Event::KeyReroll] {
            let filter = AuditFilter {
                event: Some(event.as_str().to_owned()),
                target: Some(id.to_owned()),
                ..AuditFilter::default()
            };
            let page = Page { limit: 5, cursor: None };
            let found = self.app.audit_log.list(&self.cx, &filter, &page).await?;
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

    /// The limits of a key and those of its identity, with what is used of them.
    async fn limit_rules(&self, seen: &KeyPage) -> Result<Vec<LimitRule>> {
        let own = &seen.details.limits;
        let shared: &[Limit] = seen.details.identity.as_ref().map_or(&[], |identity| &identity.limits);
        let states =
            if seen.deleted { vec![] } else { self.limit_states(&seen.details, own, shared).await? };
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
        details: &KeyDetails,
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
        let mut command = ExplainKey::new(Subject::Id(details.key.id.clone()));
        command.limits = names.into_iter().map(asked).collect();
        let explained = self.app.explainer.explain(&self.cx, &command).await?;
        let states = explained.steps.into_iter().find_map(|step| match step.check {
            Check::Limits(states) => Some(states),
            _ => None,
        });
        Ok(states.unwrap_or_default())
    }
}

/// How credits come back.
fn rhythm(refill: &Refill) -> String {
    let amount = web::number::exact(refill.amount);
    match (refill.interval, refill.day) {
        (Interval::Monthly, Some(day)) => format!("back to {amount} every month on day {day}"),
        _ => format!("back to {amount} every day"),
    }
}

/// Metadata as people read it; empty for none.
pub(super) fn pretty(meta: &serde_json::Map<String, serde_json::Value>) -> Result<String> {
    Ok(if meta.is_empty() { String::new() } else { serde_json::to_string_pretty(meta)? })
}
