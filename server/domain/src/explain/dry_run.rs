//! Going through a verification without carrying it out.

use std::sync::Arc;

use ipnet::IpNet;

use super::{Check, ExplainKey, Explained, Explainer, Explanation, Fix, LimitState, Step, Subject, Verdict};
use crate::keys::{Decrypt, GetKey};
use crate::permissions::query::Query;
use crate::ratelimit::limiter::{self, Decision};
use crate::verification::{KeySnapshot, Outcome, Rules, Selected, select};
use base::access::{OpCtx, Operation, Target};
use base::error::{Code, Error, Result};
use base::month::Month;
use base::secret::KeyHash;

/// A check, whether it passes (`None` when nothing is asked for), and its fix.
type Judged = (Check, Option<bool>, Option<Fix>);

impl Explainer {
    /// Explains what a verification would answer now.
    ///
    /// A caller who may not read the key learns what it would of an unknown
    /// one: `key_not_found` of an id, a trace that ends at once of a secret.
    pub async fn explain(&self, cx: &OpCtx, command: &ExplainKey) -> Result<Explanation> {
        let hash = match &command.subject {
            Subject::Secret(secret) => Some(secret.hash()),
            Subject::Id(id) => {
                let read = GetKey { key_id: id.clone(), decrypt: Decrypt::No };
                self.keys.get(cx, read).await?.key.hash()
            }
        };
        let found = match hash {
            Some(hash) => self.verifier.find(hash).await?.filter(|key| may_read(cx, key)),
            None => None,
        };
        let Some(key) = found else { return self.not_found(cx, hash).await };
        let judged = self.judge(cx, command, &key).await?;
        let explained = Explained {
            id: key.facts.key.clone(),
            api: key.facts.api.clone(),
            name: key.name.clone(),
            identity: key.facts.identity.clone(),
        };
        let (outcome, steps) = settle(judged);
        Ok(Explanation { outcome, key: Some(explained), steps, recorded: None })
    }

    async fn not_found(&self, cx: &OpCtx, hash: Option<KeyHash>) -> Result<Explanation> {
        let deleted = match hash {
            Some(hash) => self.keys.deleted_key(cx, hash).await?,
            None => None,
        };
        let step = Step { check: Check::Found { deleted }, verdict: Verdict::Failed, then: None, fix: None };
        Ok(Explanation { outcome: Outcome::NotFound, key: None, steps: vec![step], recorded: None })
    }

    /// Every check of a verification, in its order.
    async fn judge(&self, cx: &OpCtx, command: &ExplainKey, key: &Arc<KeySnapshot>) -> Result<Vec<Judged>> {
        let facts = &key.facts;
        let mut judged: Vec<Judged> = vec![
            (Check::Found { deleted: None }, Some(true), None),
            (
                Check::Workspace { enabled: key.workspace_enabled },
                Some(key.workspace_enabled),
                Some(Fix::EnableWorkspace),
            ),
            (Check::Enabled { enabled: key.enabled }, Some(key.enabled), Some(Fix::EnableKey)),
        ];
        let belongs = command.api.as_ref().map(|asked| *asked == facts.api);
        let check = Check::Api { asked: command.api.clone(), of_key: facts.api.clone() };
        judged.push((check, belongs, Some(Fix::UseKeyOf(facts.api.clone()))));
        let is_live = key.expires_at.map(|expires_at| cx.now_ms <= expires_at);
        let check = Check::Expiry { expires_at: key.expires_at, now_ms: cx.now_ms };
        judged.push((check, is_live, Some(Fix::ExtendExpiry)));
        judged.push(address(cx, command, key));
        judged.push(permissions(command, key)?);
        judged.push(self.limits(cx, command, key).await?);
        judged.push(self.credits(cx, command, key).await?);
        judged.push(self.spend_cap(cx, command, key).await?);
        Ok(judged)
    }

    async fn limits(&self, cx: &OpCtx, command: &ExplainKey, key: &KeySnapshot) -> Result<Judged> {
        let selected = select(key, &command.limits, None, Rules::V2)?;
        if selected.is_empty() {
            return Ok((Check::Limits(Vec::new()), None, None));
        }
        let checks: Vec<limiter::Check<'_>> =
            selected.iter().map(|limit| limit.check(key, Rules::V2)).collect();
        let looks: Vec<limiter::Check<'_>> =
            checks.iter().map(|check| limiter::Check { cost: 0, limit: u64::MAX, ..*check }).collect();
        let used = self.limiter.look_many(&looks, cx.now_ms).await?;
        let taken = self.limiter.look_many(&checks, cx.now_ms).await?;
        let state = |((limit, decision), used): ((&Selected<'_>, &Decision), &Decision)| {
            let checked = limit.outcome(decision);
            LimitState {
                name: checked.name,
                limit: checked.limit,
                duration_ms: checked.duration_ms,
                cost: limit.cost(),
                used: u64::MAX - used.remaining,
                exceeded: checked.exceeded,
                reset_ms: checked.reset_ms,
                of_identity: limit.is_of_identity(),
            }
        };
        let states: Vec<LimitState> =
            selected.iter().zip(&taken.decisions).zip(&used.decisions).map(state).collect();
        let fix = states
            .iter()
            .find(|state| state.exceeded)
            .map(|state| Fix::RaiseLimit { name: state.name.clone(), of_identity: state.of_identity });
        Ok((Check::Limits(states), Some(taken.passed), fix))
    }

    /// The balance is read where it is kept: the snapshot shows the last one seen.
    async fn credits(&self, cx: &OpCtx, command: &ExplainKey, key: &KeySnapshot) -> Result<Judged> {
        let read = GetKey { key_id: key.facts.key.clone(), decrypt: Decrypt::No };
        let balance = self.keys.get(cx, read).await?.key.credits.remaining;
        let cost = command.cost.unwrap_or(1);
        let passes = balance.map(|balance| cost == 0 || cost <= balance);
        let fix = balance.map(|balance| Fix::TopUp { missing: (cost - balance).max(0) });
        Ok((Check::Credits { balance, cost }, passes, fix))
    }

    async fn spend_cap(&self, cx: &OpCtx, command: &ExplainKey, key: &KeySnapshot) -> Result<Judged> {
        let (cost, resets_at) = (command.cost.unwrap_or(1), Month::of(cx.now_ms).next().start_ms());
        let month = match key.capped_identity() {
            Some(identity) => {
                self.identities.spending(cx, std::slice::from_ref(identity)).await?.remove(identity)
            }
            None => None,
        };
        let passes = month.map(|month| cost == 0 || cost <= month.left());
        let fix = month.map(|month| Fix::RaiseCap { missing: (cost - month.left()).max(0) });
        Ok((Check::SpendCap { month, resets_at, cost }, passes, fix))
    }
}

fn address(cx: &OpCtx, command: &ExplainKey, key: &KeySnapshot) -> Judged {
    let ip = command.ip.map(|ip| ip.to_canonical()).or(cx.address.known());
    let passes = (!key.ip_allowlist.is_empty())
        .then(|| ip.is_some_and(|ip| key.ip_allowlist.iter().any(|net: &IpNet| net.contains(&ip))));
    (Check::Address { ip, allowlist: key.ip_allowlist.clone() }, passes, ip.map(Fix::AllowAddress))
}

/// Fails as the verification would for a query that cannot be read.
fn permissions(command: &ExplainKey, key: &KeySnapshot) -> Result<Judged> {
    let Some(text) = command.permissions.as_deref() else {
        return Ok((Check::Permissions { query: Vec::new(), missing: None }, None, None));
    };
    let query = Query::parse(text).map_err(|error| Error::new(Code::QuerySyntax, error.to_string()))?;
    let missing = query.eval(|slug| key.holds(slug)).err().map(|denial| denial.missing.to_owned());
    let fix = missing.clone().map(|slug| Fix::Grant { slug });
    let passes = missing.is_none();
    Ok((Check::Permissions { query: query.parts(|slug| key.holds(slug)), missing }, Some(passes), fix))
}

/// The first check that fails decides; fixes are for those that fail.
fn settle(judged: Vec<Judged>) -> (Outcome, Vec<Step>) {
    let mut outcome = Outcome::Valid;
    let mut steps = Vec::with_capacity(judged.len());
    for (check, passes, fix) in judged {
        let verdict = match passes {
            None => Verdict::NotAsked,
            Some(would_pass) if outcome != Outcome::Valid => Verdict::Later { would_pass },
            Some(true) => Verdict::Passed,
            Some(false) => {
                outcome = check.denial();
                Verdict::Failed
            }
        };
        let fix = fix.filter(|_| passes == Some(false));
        steps.push(Step { check, verdict, then: None, fix });
    }
    (outcome, steps)
}

fn may_read(cx: &OpCtx, key: &KeySnapshot) -> bool {
    let facts = &key.facts;
    facts.workspace == cx.workspace
        && cx.may(Operation::KeyRead, Target::key(&facts.api, &facts.keyspace, &facts.key))
}
