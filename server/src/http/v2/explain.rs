//! v2 `keys.explainKey`: why a key is refused. An addition of this server.

use std::sync::Arc;

use base::ids::{ApiId, KeyId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_schema::serde_schema;

use super::operation::{Operation, Reply, checked};
use super::verify::{VerifyCreditsBody, VerifyLimitBody};
use crate::app::App;
use crate::http::contract::bounded::{IdText, UpTo};
use crate::http::offered::Effect;
use crate::http::schema::Meta;
use base::access::{OpCtx, Operation as Right};
use base::error::{Error, Result};
use base::secret::PlainKey;
use domain::explain::{Check, ExplainKey, Explanation, Fix, LimitState, Step, Subject};
use domain::verification::{MAX_REQUESTED, Outcome, RequestedLimit};

pub fn operations() -> Vec<Operation> {
    vec![
        checked(
            "/v2/keys.explainKey",
            "Explain what a verification would answer, without carrying it out",
            Effect::Reads,
            explain,
        )
        .needs(Right::KeyRead),
    ]
}

/// A key by its secret or its id, and the demands of a verification.
#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainKeyBody {
    #[oai(validator(min_length = 1, max_length = 512))]
    key: Option<String>,
    key_id: Option<IdText>,
    /// The API the key is expected to belong to.
    api_id: Option<IdText>,
    /// Slugs joined by AND, OR and parentheses.
    #[oai(validator(min_length = 1, max_length = 1000))]
    permissions: Option<String>,
    credits: Option<VerifyCreditsBody>,
    #[serde(default)]
    ratelimits: UpTo<VerifyLimitBody, MAX_REQUESTED>,
    /// The address the verification would come from; that of this request if left out.
    #[oai(validator(min_length = 2, max_length = 45))]
    ip: Option<String>,
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplanationOut {
    valid: bool,
    /// What keys.verifyKey would answer.
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_id: Option<String>,
    /// In the order of a verification.
    steps: Vec<StepOut>,
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "ExplanationStep")]
pub struct StepOut {
    /// found, workspace, enabled, api, expiry, address, permissions, ratelimits or credits.
    check: String,
    /// passed, failed, would_pass, would_fail or not_asked.
    verdict: String,
    detail: String,
    /// What was looked at.
    values: Meta,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Meta>,
}

async fn explain(app: Arc<App>, cx: OpCtx, body: ExplainKeyBody) -> Result<Reply<ExplanationOut>> {
    let command = body.into_command()?;
    Ok(ExplanationOut::from(app.explainer.explain(&cx, &command).await?).into())
}

impl ExplainKeyBody {
    fn into_command(self) -> Result<ExplainKey> {
        let subject = match (self.key, self.key_id) {
            (Some(key), None) => Subject::Secret(PlainKey::new(key)),
            (None, Some(id)) => Subject::Id(KeyId::from(id.into_string())),
            _ => return Err(Error::invalid("Give either `key` or `keyId`.")),
        };
        let ip =
            self.ip.as_deref().map(|text| text.parse().map_err(|_| Error::invalid("`ip` is no address.")));
        Ok(ExplainKey {
            subject,
            api: self.api_id.map(|id| ApiId::from(id.into_string())),
            permissions: self.permissions,
            cost: self.credits.map(|credits| credits.cost.get()),
            limits: self.ratelimits.into_iter().map(RequestedLimit::from).collect(),
            ip: ip.transpose()?,
        })
    }
}

impl From<Explanation> for ExplanationOut {
    fn from(explanation: Explanation) -> Self {
        let key = explanation.key;
        Self {
            valid: explanation.outcome == Outcome::Valid,
            code: explanation.outcome.as_str().to_owned(),
            key_id: key.as_ref().map(|key| key.id.to_string()),
            api_id: key.map(|key| key.api.into_string()),
            steps: explanation.steps.iter().map(StepOut::from).collect(),
        }
    }
}

impl From<&Step> for StepOut {
    fn from(step: &Step) -> Self {
        Self {
            check: step.check.as_str().to_owned(),
            verdict: step.verdict.as_str().to_owned(),
            detail: step.sentence(),
            values: object(values(&step.check)),
            fix: step.fix.as_ref().map(|fix| object(fix_out(fix))),
        }
    }
}

fn object(value: Value) -> Meta {
    match value {
        Value::Object(mut members) => {
            members.retain(|_, member| !member.is_null());
            Meta(members)
        }
        _ => Meta(Map::new()),
    }
}

fn values(check: &Check) -> Value {
    match check {
        Check::Found { deleted } => json!({
            "keyId": deleted.as_ref().map(|deleted| deleted.key.as_str()),
            "apiId": deleted.as_ref().map(|deleted| deleted.api.as_str()),
            "deletedAt": deleted.as_ref().and_then(|deleted| deleted.deleted_at),
        }),
        Check::Workspace { enabled } | Check::Enabled { enabled } => json!({ "enabled": enabled }),
        Check::Api { asked, of_key } => {
            json!({ "asked": asked.as_ref().map(ApiId::as_str), "ofKey": of_key.as_str() })
        }
        Check::Expiry { expires_at, now_ms } => json!({ "expires": expires_at, "now": now_ms }),
        Check::Address { ip, allowlist } => {
            let allowlist: Vec<String> = allowlist.iter().map(ToString::to_string).collect();
            json!({ "ip": ip, "allowlist": allowlist })
        }
        Check::Permissions { query, missing } => {
            let part =
                |part: &domain::permissions::query::Part| json!({ "text": part.text, "held": part.held });
            json!({ "query": query.iter().map(part).collect::<Vec<_>>(), "missing": missing })
        }
        Check::Limits(limits) => {
            let limit = |state: &LimitState| {
                json!({
                    "name": state.name, "limit": state.limit, "duration": state.duration_ms, "cost": state.cost,
                    "used": state.used, "exceeded": state.exceeded, "reset": state.reset_ms,
                    "ofIdentity": state.of_identity,
                })
            };
            json!({ "ratelimits": limits.iter().map(limit).collect::<Vec<_>>() })
        }
        Check::Credits { balance, cost } => json!({ "remaining": balance, "cost": cost }),
        Check::SpendCap { month, resets_at, cost } => json!({
            "monthlyCredits": month.map(|month| month.monthly_credits),
            "spentCredits": month.map(|month| month.spent_credits),
            "reset": resets_at,
            "cost": cost,
        }),
    }
}

fn fix_out(fix: &Fix) -> Value {
    match fix {
        Fix::EnableWorkspace => json!({ "action": "enable_workspace" }),
        Fix::EnableKey => json!({ "action": "enable_key" }),
        Fix::UseKeyOf(api) => json!({ "action": "use_key_of_api", "apiId": api.as_str() }),
        Fix::ExtendExpiry => json!({ "action": "extend_expiry" }),
        Fix::AllowAddress(ip) => json!({ "action": "allow_address", "ip": ip }),
        Fix::Grant { slug } => json!({ "action": "grant_permission", "permission": slug }),
        Fix::RaiseLimit { name, of_identity } => {
            json!({ "action": "raise_ratelimit", "name": name, "ofIdentity": of_identity })
        }
        Fix::TopUp { missing } => json!({ "action": "add_credits", "missing": missing }),
        Fix::RaiseCap { missing } => json!({ "action": "raise_spend_cap", "missing": missing }),
    }
}
