//! Explaining a decision before it is made, and the actions that change it.
//!
//! A key is asked for by its id in the address, or by its secret in a POST. A
//! secret that is found leads to the address with the key's id, so that it is in
//! no page, and the answer can be looked at again and passed on.

use std::net::IpAddr;

use base::ids::KeyId;
use web::form::FormState;
use web::pages::explain::{ExplainView, Trace, explain};
use web::paths;
use web::texts::explain as text;

use super::explanation_trace::{TracedRequest, trace};
use crate::http::dashboard::fields::Fields;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::error::{Code, Error, Result};
use base::patch::Patch;
use base::secret::PlainKey;
use domain::explain::{ExplainKey, Subject};
use domain::keys::{AccessChange, ChangeAccess, CreditOperation, Decrypt, GetKey, UpdateCredits, UpdateKey};
use domain::permissions::{OnMissing, Reference};
use domain::verification::RequestedLimit;

/// How much longer a key works that is given more time here.
const MORE_MS: i64 = 30 * 24 * 60 * 60_000;

/// What the form asks beside the key.
const QUESTION: [&str; 4] = ["permissions", "cost", "limits", "ip"];

type Problem = (String, String);

/// `GET /explain`.
pub async fn page(request: MemberRequest) -> Result<Reply> {
    let Some(id) = request.query().given("key") else {
        return Ok(drawn(&request, request.query().state(), None));
    };
    let command = match command(Subject::Id(KeyId::from(id)), request.query()) {
        Ok(command) => command,
        Err(problems) => return Ok(again(&request, problems)),
    };
    let explanation = match request.app.explainer.explain(&request.cx, &command).await {
        Ok(explanation) => explanation,
        Err(error) if error.code() == Code::KeyNotFound => return Ok(unknown(&request, error.detail())),
        Err(error) => return Ok(again(&request, vec![problem_of(error)?])),
    };
    let asked = TracedRequest {
        cost: command.cost.unwrap_or(1),
        ip: command.ip.or(request.cx.address.known()),
        fields: question(request.query()),
    };
    let trace = trace(&request, &explanation, &asked).await?;
    Ok(drawn(&request, request.query().state(), Some(trace)))
}

fn drawn(request: &MemberRequest, form: FormState, trace: Option<Trace>) -> Reply {
    Reply::page(explain(&request.shell, &ExplainView { form, trace }))
}

fn again(request: &MemberRequest, errors: Vec<Problem>) -> Reply {
    let form = FormState { errors, ..request.query().state() };
    Reply::form_again(explain(&request.shell, &ExplainView { form, trace: None }))
}

/// What is no id may be a secret: the page does not have it a second time.
fn unknown(request: &MemberRequest, detail: &str) -> Reply {
    let advice = text::KEY_BELONGS_IN_FIELD;
    let mut asked = question(request.query());
    asked.push(("key".to_owned(), String::new()));
    let form =
        FormState { errors: vec![("key".to_owned(), format!("{detail} {advice}"))], ..FormState::new(asked) };
    Reply::form_again(explain(&request.shell, &ExplainView { form, trace: None }))
}

/// What the reader can mend, at its field.
fn problem_of(error: Error) -> Result<Problem> {
    let field = match error.code() {
        Code::QuerySyntax => "permissions",
        Code::InvalidInput | Code::PreconditionFailed => "limits",
        _ => return Err(error),
    };
    Ok((field.to_owned(), error.detail().to_owned()))
}

/// The question in the fields, without the key.
fn question(fields: &Fields) -> Vec<(String, String)> {
    let given = |name: &&str| fields.given(name).map(|value| ((*name).to_owned(), value.to_owned()));
    QUESTION.iter().filter_map(given).collect()
}

fn command(subject: Subject, fields: &Fields) -> Result<ExplainKey, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut problem = |field: &str, message: &str| problems.push((field.to_owned(), message.to_owned()));
    let cost = fields.number("cost").unwrap_or_else(|message| {
        problem("cost", &message);
        None
    });
    if cost.is_some_and(|cost| cost < 0) {
        problem("cost", text::COST_IS_ZERO_OR_MORE);
    }
    let ip = fields.given("ip").and_then(|text| {
        let read = text.parse::<IpAddr>().ok();
        if read.is_none() {
            problem("ip", text::THIS_IS_NOT_AN_ADDRESS);
        }
        read
    });
    let lines = fields.raw("limits").lines().map(str::trim).filter(|line| !line.is_empty());
    let limits: Option<Vec<RequestedLimit>> = lines.map(limit).collect();
    if limits.is_none() {
        problem("limits", text::LINE_HAS_NAME_AND_COST);
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let permissions = fields.given("permissions").map(str::to_owned);
    let limits = limits.unwrap_or_default();
    Ok(ExplainKey { permissions, cost, limits, ip, ..ExplainKey::new(subject) })
}

/// `requests`, or `requests 5`.
fn limit(line: &str) -> Option<RequestedLimit> {
    let (name, cost) = match line.rsplit_once(char::is_whitespace) {
        Some((name, cost)) => (name.trim_end(), cost.parse().ok()?),
        None => (line, 1),
    };
    Some(RequestedLimit { name: name.to_owned(), cost, limit: None, duration_ms: None })
}

/// `POST /explain`: finds the key, and leads to what is asked of it.
pub async fn ask(request: MemberRequest) -> Result<Reply> {
    let text = request.form().text("key").to_owned();
    if text.is_empty() {
        let form = request.form_with(vec![("key".to_owned(), text::WHICH_KEY.to_owned())]);
        return Ok(Reply::form_again(explain(&request.shell, &ExplainView { form, trace: None })));
    }
    let read = GetKey { key_id: KeyId::from(text.as_str()), decrypt: Decrypt::No };
    match request.app.keys.get(&request.cx, read).await {
        Ok(found) => return Ok(to_answer(&request, found.key.id.as_str())),
        Err(error) if error.code() == Code::KeyNotFound => {}
        Err(error) => return Err(error),
    }
    let by_secret = ExplainKey::new(Subject::Secret(PlainKey::new(text)));
    let explanation = request.app.explainer.explain(&request.cx, &by_secret).await?;
    if let Some(key) = &explanation.key {
        return Ok(to_answer(&request, key.id.as_str()));
    }
    let asked = TracedRequest { cost: 1, ip: request.cx.address.known(), fields: Vec::new() };
    let trace = trace(&request, &explanation, &asked).await?;
    Ok(drawn(&request, FormState::new(question(request.form())), Some(trace)))
}

fn to_answer(request: &MemberRequest, key: &str) -> Reply {
    let to = paths::explain().with("key", key);
    let question = question(request.form());
    Reply::redirect(question.iter().fold(to, |href, (name, value)| href.with(name, value)))
}

/// `POST /explain/fix`: one action that lets the key pass, then the same question.
pub async fn fix(request: MemberRequest) -> Result<Reply> {
    let key_id = KeyId::from(request.form().text("key"));
    let done = match request.form().text("fix") {
        "enable" => enable(&request, &key_id).await?,
        "extend" => extend(&request, &key_id).await?,
        "grant" => grant(&request, &key_id).await?,
        "top_up" => top_up(&request, &key_id).await?,
        _ => return Err(Error::invalid(text::THERE_IS_NO_SUCH_REMEDY)),
    };
    Ok(to_answer(&request, key_id.as_str()).notice(done))
}

async fn enable(request: &MemberRequest, key_id: &KeyId) -> Result<String> {
    let change = UpdateKey { enabled: Some(true), ..UpdateKey::new(key_id.clone()) };
    request.app.keys.update(&request.cx, change).await?;
    Ok(text::ENABLED_THE_KEY.to_owned())
}

async fn extend(request: &MemberRequest, key_id: &KeyId) -> Result<String> {
    let expires_at = Patch::Set(request.now_ms() + MORE_MS);
    let change = UpdateKey { expires_at, ..UpdateKey::new(key_id.clone()) };
    request.app.keys.update(&request.cx, change).await?;
    Ok(text::KEY_WORKS_FOR_30_MORE_DAYS.to_owned())
}

async fn grant(request: &MemberRequest, key_id: &KeyId) -> Result<String> {
    let slug = request.form().text("permission").to_owned();
    let items = Reference::named([slug.clone()], OnMissing::MakeIfPermitted);
    let change = ChangeAccess { key_id: key_id.clone(), change: AccessChange::Add, items };
    request.app.keys.change_permissions(&request.cx, change).await?;
    Ok(text::granted_to_the_key(&slug))
}

async fn top_up(request: &MemberRequest, key_id: &KeyId) -> Result<String> {
    let amount = request.form().number("amount").map_err(Error::invalid)?;
    let operation = CreditOperation::Increment;
    let change = UpdateCredits { key_id: key_id.clone(), operation, value: Some(amount) };
    request.app.keys.update_credits(&request.cx, change).await?;
    Ok(text::ADDED_THE_MISSING_CREDITS.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Result<ExplainKey, Vec<Problem>> {
        command(Subject::Id("key_1".into()), &Fields::parse(text.as_bytes()))
    }

    #[test]
    fn a_question_is_read_from_its_fields() {
        let command = asked("permissions=a+AND+b&cost=3&limits=requests%0D%0Atokens+20&ip=::1").ok().unwrap();
        assert_eq!((command.permissions.as_deref(), command.cost), (Some("a AND b"), Some(3)));
        let limits: Vec<_> = command.limits.iter().map(|limit| (limit.name.as_str(), limit.cost)).collect();
        assert_eq!(limits, [("requests", 1), ("tokens", 20)]);
        assert!(command.ip.is_some());
    }

    #[test]
    fn every_problem_is_at_its_field() {
        let problems = asked("cost=many&ip=here&limits=requests+x").err().unwrap();
        let fields: Vec<_> = problems.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["cost", "ip", "limits"]);
        assert_eq!(asked("cost=-1").err().unwrap()[0].0, "cost");
    }
}
