//! Explaining a verification of the past: what it said then, beside what the
//! same key would get now.
//!
//! An event keeps its outcome and what was denied, not every value that was
//! looked at: the steps before the denial passed, those after it were not
//! reached.

use std::net::IpAddr;

use base::ids::{KeyId, RequestId};

use super::{Check, ExplainKey, Explainer, Explanation, Subject};
use crate::verification::{Outcome, SPEND_CAP};
use base::access::OpCtx;
use base::error::{Code, Error, Result};
use base::events::{Stored, StoredVerification};
use insight::search::Kind;

/// A verification as its event keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub request_id: RequestId,
    /// Unix milliseconds.
    pub time_ms: i64,
    pub outcome: String,
    /// The limit that was exceeded, the permission that was missing, or
    /// [`SPEND_CAP`].
    pub denial: Option<String>,
    pub ip: Option<IpAddr>,
    /// Credits left after it, of a key with finite credits.
    pub balance: Option<i64>,
    pub spent_credits: i64,
    pub root_key: Option<String>,
    pub tags: Vec<String>,
    pub latency_us: u32,
}

/// How a check went then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    Passed,
    Failed,
    NotReached,
}

impl Explainer {
    /// Explains the verification that this request made.
    ///
    /// Fails with `key_not_found` when no such verification was recorded here,
    /// or its key is not the caller's to read.
    pub async fn explain_request(&self, cx: &OpCtx, request_id: &RequestId) -> Result<Explanation> {
        let event = self.verification_of(cx, request_id).await?;
        self.explain_recorded(cx, event).await
    }

    /// Explains a verification of the caller's workspace that was read already.
    ///
    /// Fails with `key_not_found` when its key is not the caller's to read.
    pub async fn explain_recorded(&self, cx: &OpCtx, event: StoredVerification) -> Result<Explanation> {
        let mut command = ExplainKey::new(Subject::Id(KeyId::from(event.key.as_str())));
        command.ip = event.ip;
        command.permissions = event
            .denial
            .clone()
            .filter(|_| event.outcome == Outcome::InsufficientPermissions.as_str())
            .filter(|slug| {
                // Slugs of v1 may hold characters that the string language lacks.
                crate::permissions::query::Query::parse(slug).is_ok()
            });
        let mut explanation = self.explain(cx, &command).await?;
        let recorded = Recorded::from(event);
        let checks: Vec<&Check> = explanation.steps.iter().map(|step| &step.check).collect();
        let failed = failed_then(&recorded, &checks);
        for (position, step) in explanation.steps.iter_mut().enumerate() {
            step.then = Some(match failed {
                Some(failed) if position == failed => Then::Failed,
                Some(failed) if position > failed => Then::NotReached,
                _ => Then::Passed,
            });
        }
        explanation.recorded = Some(recorded);
        Ok(explanation)
    }

    async fn verification_of(&self, cx: &OpCtx, request_id: &RequestId) -> Result<StoredVerification> {
        let (workspace, id) = (&cx.workspace, request_id.as_str());
        match self.analytics.of_request(Kind::Verifications, workspace, id, cx.now_ms).await? {
            Some(Stored::Verification(event)) => Ok(event),
            _ => {
                let detail = "No verification of this request is recorded.";
                Err(Error::new(Code::KeyNotFound, detail))
            }
        }
    }
}

impl From<StoredVerification> for Recorded {
    fn from(event: StoredVerification) -> Self {
        Self {
            request_id: RequestId::from(event.request_id),
            time_ms: event.time_ms,
            outcome: event.outcome,
            denial: event.denial,
            ip: event.ip,
            balance: event.balance,
            spent_credits: event.spent_credits,
            root_key: event.root_key,
            tags: event.tags,
            latency_us: event.latency_us,
        }
    }
}

/// The position of the check that decided; `None` of a valid one. Of the checks
/// that may forbid, the one that would today, else the address: an API match
/// and a disabled workspace leave no trace of their own.
fn failed_then(recorded: &Recorded, checks: &[&Check]) -> Option<usize> {
    let of = |wanted: fn(&Check) -> bool| checks.iter().position(|check| wanted(check));
    match Outcome::parse(&recorded.outcome)? {
        Outcome::Disabled => of(|check| matches!(check, Check::Enabled { .. })),
        Outcome::Expired => of(|check| matches!(check, Check::Expiry { .. })),
        Outcome::Forbidden => of(|check| matches!(check, Check::Workspace { enabled: false }))
            .or_else(|| of(|check| matches!(check, Check::Address { .. }))),
        Outcome::InsufficientPermissions => of(|check| matches!(check, Check::Permissions { .. })),
        Outcome::RateLimited => of(|check| matches!(check, Check::Limits(_))),
        Outcome::UsageExceeded if recorded.denial.as_deref() == Some(SPEND_CAP) => {
            of(|check| matches!(check, Check::SpendCap { .. }))
        }
        Outcome::UsageExceeded => of(|check| matches!(check, Check::Credits { .. })),
        Outcome::Valid | Outcome::NotFound => None,
    }
}
