//! One verification of the past: what was known of it, and the same checks now.

use web::components::Outcome;
use web::form::FormState;
use web::pages::explain::{ExplainView, Trace, explain};
use web::pages::parts::Named;
use web::pages::verification::{VerificationView, show};

use super::super::answer::Answer;
use super::super::visit::Visit;
use super::trace::{Asked, trace};
use base::error::{Code, Error, Result};
use base::events::{Stored, StoredVerification};
use base::grants::{Operation, Target};
use domain::explain::Explanation;
use insight::search::Kind;

/// `GET /verifications/:id`.
pub async fn one(visit: Visit) -> Result<Answer> {
    let event = recorded(&visit).await?;
    let explanation = explained_if_there(&visit, &event).await?;
    let names = visit.root_key_names(&[Stored::Verification(event.clone())]).await?;
    let logged = visit.app.analytics.of_request(
        Kind::Requests,
        &visit.cx.workspace,
        &event.request_id,
        visit.now_ms(),
    );
    let logged = logged.await?.is_some();
    let trace = match &explanation {
        Some(explanation) => Some(of_past(&visit, &event, explanation).await?),
        None => None,
    };
    let key_name = explanation.and_then(|explanation| explanation.key?.name);
    let api = match &trace {
        Some(trace) => trace.api.clone(),
        None => Some(visit.api_named(&event.api).await?),
    };
    let view = VerificationView {
        at: visit.stamp(event.time_ms),
        outcome: Outcome::of_verification(&event.outcome).unwrap_or(Outcome::NotFound),
        key: Some(Named::new(&event.key, key_name.as_deref().unwrap_or(&event.key))),
        api,
        identity: event.external_id.zip(event.identity),
        denial: event.denial,
        ip: event.ip.map(|ip| ip.to_string()),
        door: event.door,
        root_key: event.root_key.map(|id| Named::new(&id, names.get(&id).unwrap_or(&id))),
        spent: event.spent_credits,
        balance: event.balance,
        latency_us: event.latency_us.into(),
        tags: event.tags,
        trace,
        logged,
        id: event.request_id,
    };
    Ok(Answer::page(show(&visit.shell, &view)))
}

/// `GET /verifications/:id/explain`: the trace beside the form, filled in with
/// what the verification asked for as far as it was recorded.
pub async fn explained(visit: Visit) -> Result<Answer> {
    let event = recorded(&visit).await?;
    let explanation = visit.app.explainer.explain_recorded(&visit.cx, event.clone()).await?;
    let trace = of_past(&visit, &event, &explanation).await?;
    let view = ExplainView { form: FormState::new(question(&event)), trace: Some(trace) };
    Ok(Answer::page(explain(&visit.shell, &view)))
}

async fn of_past(visit: &Visit, event: &StoredVerification, explanation: &Explanation) -> Result<Trace> {
    let asked = Asked { cost: event.spent_credits.max(1), ip: event.ip, fields: question(event) };
    trace(visit, explanation, &asked).await
}

/// What the form of an explanation asks to have this verification again.
fn question(event: &StoredVerification) -> Vec<(String, String)> {
    let mut question = vec![("key".to_owned(), event.key.clone())];
    if event.outcome == "INSUFFICIENT_PERMISSIONS" {
        question.extend(event.denial.clone().map(|slug| ("permissions".to_owned(), slug)));
    }
    question.extend(event.ip.map(|ip| ("ip".to_owned(), ip.to_string())));
    question
}

async fn recorded(visit: &Visit) -> Result<StoredVerification> {
    visit.cx.require(Operation::LogsRead, Target::NONE)?;
    let (workspace, now_ms) = (&visit.cx.workspace, visit.now_ms());
    let found = visit.app.analytics.of_request(Kind::Verifications, workspace, visit.id(), now_ms).await?;
    match found {
        Some(Stored::Verification(event)) => Ok(event),
        _ => Err(Error::absent(Code::RouteNotFound)),
    }
}

/// `None` when the key is gone.
async fn explained_if_there(visit: &Visit, event: &StoredVerification) -> Result<Option<Explanation>> {
    match visit.app.explainer.explain_recorded(&visit.cx, event.clone()).await {
        Ok(explanation) => Ok(Some(explanation)),
        Err(error) if error.code() == Code::KeyNotFound => Ok(None),
        Err(error) => Err(error),
    }
}
