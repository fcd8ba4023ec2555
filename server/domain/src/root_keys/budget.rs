//! How many requests a workspace and a root key may still make this minute.
//!
//! Both limits are off unless an operator sets them. A limiter that cannot
//! answer lets the request pass: this protects the server, it does not decide
//! who may do what (docs/contract/v2.md#request-budget).

use super::{Authenticated, RootKeys};
use crate::ratelimit::limiter::{Check, Scope};
use base::error::{Code, Error, Result};

const MINUTE_MS: u64 = 60_000;
/// Names the counters of workspaces and root keys among those of the limiter.
const NAME: &str = "api requests";

/// What is left of a budget, for the headers of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    pub limit: u64,
    pub remaining: u64,
    /// Whole seconds until the window ends.
    pub reset_s: u64,
}

impl RootKeys {
    /// Charges one request to the budgets of the workspace and the root key; answers
    /// the tighter one, if there is any. Fails with `workspace_rate_limited` when one
    /// is used up.
    pub async fn charge(&self, who: &Authenticated, now_ms: i64) -> Result<Option<Budget>> {
        if who.workspace_limit == Some(0) {
            return Err(refusal("This workspace may not make API requests."));
        }
        let limits = [
            (Scope::Workspace, who.workspace.as_str(), who.workspace_limit, "The workspace"),
            (Scope::RootKey, who.principal.counts_on().as_str(), who.key_limit, "The root key"),
        ];
        let mut tightest: Option<Budget> = None;
        for (scope, subject, limit, name) in limits {
            let Some(limit) = limit else { continue };
            let workspace = who.workspace.as_str();
            let check =
                Check { workspace, scope, subject, name: NAME, limit, duration_ms: MINUTE_MS, cost: 1 };
            let decision = match self.limiter.take_many(&[check], now_ms).await {
                Ok(taken) => taken.decisions[0],
                Err(error) => {
                    tracing::warn!(?error, "the budget of API requests cannot be checked");
                    continue;
                }
            };
            let budget = Budget {
                limit,
                remaining: decision.remaining,
                reset_s: (decision.reset_ms - now_ms).max(0).unsigned_abs() / 1000,
            };
            if decision.exceeded {
                let detail = format!("{name} has used up its {limit} API requests of this minute.");
                return Err(refusal(&detail).used_up(limit, budget.reset_s));
            }
            if tightest.is_none_or(|known| budget.remaining < known.remaining) {
                tightest = Some(budget);
            }
        }
        Ok(tightest)
    }
}

fn refusal(detail: &str) -> Error {
    Error::new(Code::WorkspaceRateLimited, detail)
}
