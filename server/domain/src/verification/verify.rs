//! The verification itself. Its order is contract
//! (docs/contract/v2.md#verify-order), and it is the whole of this file.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use smallvec::SmallVec;

use super::limits::{CheckedLimit, Selected, select};
use super::{
    KeySnapshot, Outcome, PermissionQuery, Rules, SPEND_CAP, Verification, Verifier, VerifyKey, store,
};
use crate::credits::Spend;
use crate::ratelimit::limiter::Check;
use base::access::{OpCtx, Operation, Target};
use base::clock::Stopwatch;
use base::error::{Code, Error, Result};
use base::events::Verification as Recorded;
use base::month::Month;
use base::secret::KeyHash;

/// A decision on its way to the exit.
struct Decided {
    watch: Stopwatch,
    key: Arc<KeySnapshot>,
    outcome: Outcome,
    /// The limit that was exceeded, the permission that was missing, or [`SPEND_CAP`].
    denial: Option<String>,
    limits: Vec<CheckedLimit>,
    spent: i64,
    tags: Vec<String>,
}

impl Verifier {
    /// Decides on one key, consuming limits and credits only when it may pass.
    ///
    /// Fails with `permissions_query_syntax_error` for a malformed query, with
    /// `precondition_failed` for a limit that is stored nowhere (where the rules
    /// say so with `invalid_input`), with `unknown_keys_rate_limited` once the
    /// budget of unknown keys is used up, and when the database is needed but
    /// cannot answer.
    pub async fn verify(&self, cx: &OpCtx, request: VerifyKey) -> Result<Verification> {
        let watch = Stopwatch::start();
        let hash = request.key.hash();
        let mut found = match self.snapshots.get(&hash) {
            Some(hit) => hit,
            None => {
                Box::pin(self.check_unknown(cx, &request)).await?;
                self.load(hash).await?
            }
        };
        if let (None, Some(migration)) = (&found, &request.migration_id)
            && Box::pin(self.keys.adopt(cx, &request.key, migration)).await?
        {
            found = self.load(hash).await?;
        }
        let is_seen = |key: &KeySnapshot| may_see(cx, key, request.rules) && request.is_among(key);
        let Some(key) = found.filter(|key| is_seen(key)) else {
            Box::pin(self.charge_unknown(cx, &request)).await?;
            return Ok(self.not_found());
        };
        let early = request.permissions.as_ref().map_or(Ok(None), PermissionQuery::early)?;

        let mut denial = None;
        let mut limits = Vec::new();
        let outcome = 'decided: {
            if !key.workspace_enabled {
                if request.rules.refuses_disabled_workspace {
                    return Err(Error::new(Code::WorkspaceDisabled, "The workspace of the key is disabled."));
                }
                break 'decided Outcome::Forbidden;
            }
            if !key.enabled {
                break 'decided Outcome::Disabled;
            }
            if request.api.as_ref().is_some_and(|api| *api != key.facts.api) {
                break 'decided Outcome::Forbidden;
            }
            if key.expires_at.is_some_and(|expires_at| cx.now_ms > expires_at) {
                break 'decided Outcome::Expired;
            }
            if !key.ip_allowlist.is_empty()
                && !cx.address.known().is_some_and(|ip| key.ip_allowlist.iter().any(|net| net.contains(&ip)))
            {
                break 'decided Outcome::Forbidden;
            }
            if let Some(query) = &request.permissions
                && let Err(refused) = query.late(&early)?.eval(|slug| key.holds(slug))
            {
                denial = Some(refused.missing.to_owned());
                break 'decided Outcome::InsufficientPermissions;
            }
            let selected = select(&key, &request.limits, request.default_cost, request.rules)?;
            if !selected.is_empty() {
                let checks: SmallVec<[Check<'_>; 4]> =
                    selected.iter().map(|limit| limit.check(&key, request.rules)).collect();
                let taken = match selected.iter().any(Selected::is_own) {
                    true => self.limiter.take_own(&checks, cx.now_ms).await?,
                    false => self.limiter.take_many(&checks, cx.now_ms).await?,
                };
                limits = selected
                    .iter()
                    .zip(taken.decisions.iter())
                    .map(|(limit, decision)| Selected::outcome(limit, decision))
                    .collect();
                if !taken.passed {
                    denial = limits.iter().find(|limit| limit.exceeded).map(|limit| limit.name.clone());
                    break 'decided Outcome::RateLimited;
                }
            }
            Outcome::Valid
        };

        // The key may stand where it does not belong; the event must not hold it.
        let denial = denial.map(|text| request.key.withheld_from(text));
        let tags = request.tags.into_iter().map(|tag| request.key.withheld_from(tag)).collect();
        let decided = Decided { watch, key, outcome, denial, limits, spent: 0, tags };
        if outcome == Outcome::Valid && decided.key.is_charged() {
            return self.spend(cx, decided, request.cost.unwrap_or(1)).await;
        }
        Ok(self.finish(cx, decided))
    }

    pub(super) async fn load(&self, hash: KeyHash) -> Result<Option<Arc<KeySnapshot>>> {
        self.counts.loads.fetch_add(1, Ordering::Relaxed);
        let load = || store::load(self.store.read(), self.store.epochs(), hash);
        // In a box, as all that needs the database: each verification would move its state.
        Box::pin(self.snapshots.get_or_load(&hash, load)).await
    }

    fn not_found(&self) -> Verification {
        self.count(Outcome::NotFound);
        Verification { outcome: Outcome::NotFound, key: None, credits: None, limits: Vec::new() }
    }

    /// Spends and records in a task of its own: a client that leaves cannot
    /// separate the two.
    async fn spend(&self, cx: &OpCtx, mut decided: Decided, cost: i64) -> Result<Verification> {
        let (verifier, cx) = (self.clone(), cx.clone());
        let spending = tokio::spawn(async move {
            let month =
                decided.key.capped_identity().map(|identity| (identity.clone(), Month::of(cx.now_ms)));
            let spend = match verifier.ledger.spend(decided.key.balance_key(), month, cost).await {
                // It, or the key that has its credits, was deleted between the look at it and the spend.
                Err(error) if error.code() == Code::KeyNotFound => return Ok(verifier.not_found()),
                spend => spend?,
            };
            match spend {
                Spend::Spent { balance } => {
                    decided.key.saw_balance(balance);
                    decided.spent = cost;
                }
                Spend::Insufficient { balance } => {
                    decided.key.saw_balance(Some(balance));
                    decided.outcome = Outcome::UsageExceeded;
                }
                Spend::CapReached { balance } => {
                    decided.key.saw_balance(balance);
                    decided.outcome = Outcome::UsageExceeded;
                    decided.denial = Some(SPEND_CAP.to_owned());
                }
                Spend::Unlimited => {}
            }
            Ok(verifier.finish(&cx, decided))
        });
        spending.await.map_err(Error::internal)?
    }

    /// The only way out past `NOT_FOUND`: every outcome is recorded.
    fn finish(&self, cx: &OpCtx, decided: Decided) -> Verification {
        let Decided { watch, key, outcome, denial, limits, spent, tags } = decided;
        self.count(outcome);
        let credits = key.balance();
        self.recorder.verification(&Recorded {
            time_ms: cx.now_ms,
            request_id: cx.request_id.as_str(),
            facts: &key.facts,
            door: cx.door.as_str(),
            root_key: cx.principal.root_key().map(|root| root.id.as_str()),
            ip: cx.address.known(),
            outcome: outcome.as_str(),
            denial: denial.as_deref(),
            spent_credits: spent,
            balance: credits,
            latency_us: watch.elapsed_us(),
            tags: &tags,
        });
        Verification { outcome, key: Some(key), credits, limits }
    }
}

/// Keys of other workspaces, and keys the principal may not verify, do not exist,
/// unless the key alone is the credential.
fn may_see(cx: &OpCtx, key: &KeySnapshot, rules: Rules) -> bool {
    let facts = &key.facts;
    rules.key_is_credential
        || facts.workspace == cx.workspace
            && cx.may(Operation::KeyVerify, Target::key(&facts.api, &facts.keyspace, &facts.key))
}
