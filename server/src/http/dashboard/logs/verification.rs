//! One verification of the past: what was known of it, and the same checks now.

use web::components::Outcome;
use web::form::FormState;
use web::pages::explain::{ExplainView, Trace, explain};
use web::pages::parts::Named;
use web::pages::verification::{VerificationView, show};

use super::explanation_trace::{TracedRequest, trace};
use super::root_key_names;
use crate::http::dashboard::api_reference::api_named;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::access::{Operation, Target};
use base::error::{Code, Error, Result};
use base::events::{Stored, StoredVerification};
use domain::explain::Explanation;
use insight::search::Kind;

/// `GET /verifications/:id`.
pub async fn one(request: MemberRequest) -> Result<Reply> {
    let event = recorded(&request).await?;
    let explanation = explained_if_there(&request, &event).await?;
    let view = view(&request, event, explanation).await?;
    Ok(Reply::page(show(&request.shell, &view)))
}

async fn view(
    request: &MemberRequest,
    event: StoredVerification,
    explanation: Option<Explanation>,
) -> Result<VerificationView> {
    let names = root_key_names(request, &[Stored::Verification(event.clone())]).await?;
    let (workspace, now_ms) = (&request.cx.workspace, request.now_ms());
    let logged = request.app.analytics.of_request(Kind::Requests, workspace, &event.request_id, now_ms);
    let logged = logged.await?.is_some();
    let trace = match &explanation {
        Some(explanation) => Some(of_past(request, &event, explanation).await?),
        None => None,
    };
    let key_name = explanation.and_then(|explanation| explanation.key?.name);
    let api = match &trace {
        Some(trace) => trace.api.clone(),
        None => Some(api_named(request, &event.api).await?),
    };
    Ok(VerificationView {
        at: request.stamp(event.time_ms),
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
    })
}

/// `GET /verifications/:id/explain`: the trace beside the form, filled in with
/// what the verification asked for as far as it was recorded.
pub async fn explained(request: MemberRequest) -> Result<Reply> {
    let event = recorded(&request).await?;
    let explanation = request.app.explainer.explain_recorded(&request.cx, event.clone()).await?;
    let trace = of_past(&request, &event, &explanation).await?;
    let view = ExplainView { form: FormState::new(question(&event)), trace: Some(trace) };
    Ok(Reply::page(explain(&request.shell, &view)))
}

async fn of_past(
    request: &MemberRequest,
    event: &StoredVerification,
    explanation: &Explanation,
) -> Result<Trace> {
    let asked = TracedRequest { cost: event.spent_credits.max(1), ip: event.ip, fields: question(event) };
    trace(request, explanation, &asked).await
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

async fn recorded(request: &MemberRequest) -> Result<StoredVerification> {
    request.cx.require(Operation::LogsRead, Target::NONE)?;
    let (workspace, now_ms) = (&request.cx.workspace, request.now_ms());
    let found =
        request.app.analytics.of_request(Kind::Verifications, workspace, request.id(), now_ms).await?;
    match found {
        Some(Stored::Verification(event)) => Ok(event),
        _ => Err(Error::absent(Code::RouteNotFound)),
    }
}

/// `None` when the key is gone.
async fn explained_if_there(
    request: &MemberRequest,
    event: &StoredVerification,
) -> Result<Option<Explanation>> {
    match request.app.explainer.explain_recorded(&request.cx, event.clone()).await {
        Ok(explanation) => Ok(Some(explanation)),
        Err(error) if error.code() == Code::KeyNotFound => Ok(None),
        Err(error) => Err(error),
    }
}
