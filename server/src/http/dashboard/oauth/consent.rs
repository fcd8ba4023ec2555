//! The page on which a person picks what a program may do, and for how long.
//!
//! Until program and address are known to belong together, what is wrong is said to
//! the reader alone; nobody is sent anywhere. What a program asks for stands in the
//! address of the page, and is looked at anew when the form is sent.

use web::form::{FormState, NONCE};
use web::pages::consent::{ConsentView, consent as page};
use web::paths::{self, Href};
use web::texts::consent as text;

use super::answer::location;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use crate::http::dashboard::root_keys::{
    RootKeyFields, place_names, scopes, template, templates, with_others,
};
use base::access::{Operation, Target};
use base::error::{Code, Error, Result};
use domain::oauth::{Authorization, AuthorizationRequest, Begun, Reason};
use domain::root_keys::CreateRootKey;

/// What stands in the address of the page and is the program's.
const PARAMETERS: [&str; 8] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "code_challenge",
    "code_challenge_method",
    "resource",
    "state",
    "scope",
];

/// What the form offers first.
const EXPIRY: &str = "30d";

/// `GET /oauth/authorize`: nothing is ticked, whatever else stands in the address.
pub async fn ask(request: MemberRequest) -> Result<Reply> {
    let asked = match begin(&request).await? {
        Ok(asked) => asked,
        Err(reply) => return Ok(reply),
    };
    first(&request, &asked, &[]).await
}

/// The form as it is before anything was typed.
async fn first(request: &MemberRequest, asked: &Authorization, ticked: &[String]) -> Result<Reply> {
    let mut values: Vec<_> = ticked.iter().map(|one| ("permissions".to_owned(), one.clone())).collect();
    values.push(("name".to_owned(), asked.client.label().to_owned()));
    values.push(("expires".to_owned(), EXPIRY.to_owned()));
    Ok(Reply::page(drawn(request, asked, FormState::new(values)).await?).forms_end_at(asked.policy_source()))
}

/// `POST /oauth/authorize`: sends the program its answer.
pub async fn decide(request: MemberRequest) -> Result<Reply> {
    let asked = match begin(&request).await? {
        Ok(asked) => asked,
        Err(reply) => return Ok(reply),
    };
    match request.form().text("decision") {
        "allow" => allow(&request, &asked).await,
        // By a form and not by the address, which a stranger may have written.
        "template" => first(&request, &asked, &template(request.form().text("template"))).await,
        _ => {
            let denied = [("error", Reason::AccessDenied.as_str())];
            Ok(told(&request, &asked.redirect_uri, &denied))
        }
    }
}

async fn allow(request: &MemberRequest, asked: &Authorization) -> Result<Reply> {
    if request.form().text("workspace") != request.cx.workspace.as_str() {
        let moved = text::YOU_ARE_IN_ANOTHER_WORKSPACE;
        return again(request, asked, request.form_with(vec![(String::new(), moved.to_owned())])).await;
    }
    if request.form().given(NONCE).is_none() {
        let unnamed = text::SEND_THE_FORM_AS_SHOWN;
        return again(request, asked, request.form_with(vec![(String::new(), unnamed.to_owned())])).await;
    }
    let rights = match rights(request, asked).await? {
        Ok(rights) => rights,
        Err(form) => return again(request, asked, form).await,
    };
    match request.app.oauth.allow(&request.cx, asked, rights).await {
        Ok(code) => Ok(told(request, &asked.redirect_uri, &[("code", code.reveal())])),
        Err(error) if error.code() == Code::IdempotencyConflict => {
            let sent = text::FORM_WAS_SENT_BEFORE;
            again(request, asked, request.form_with(vec![(String::new(), sent.to_owned())])).await
        }
        Err(error) => again(request, asked, request.refused(error)?).await,
    }
}

/// What is asked, of somebody who may decide it, or the answer to it.
async fn begin(request: &MemberRequest) -> Result<std::result::Result<Authorization, Reply>> {
    if !request.app.config.mcp {
        return Err(Error::absent(Code::RouteNotFound));
    }
    let query = request.query();
    let times = |name: &str| query.pairs().iter().filter(|(own, _)| own == name).count();
    if let Some(name) = PARAMETERS.iter().find(|name| times(name) > 1) {
        return Err(Error::invalid(text::address_has_more_than_once(name)));
    }
    let of = |name: &str| query.raw(name).to_owned();
    let sent = AuthorizationRequest {
        client_id: of("client_id"),
        redirect_uri: of("redirect_uri"),
        response_type: of("response_type"),
        code_challenge: of("code_challenge"),
        code_challenge_method: of("code_challenge_method"),
        resource: of("resource"),
    };
    match request.app.oauth.begin(&sent, &request.app.origin()).await? {
        Begun::Asks(asked) => {
            request.cx.require(Operation::RootKeyCreate, Target::NONE)?;
            Ok(Ok(asked))
        }
        Begun::Refused(refused) => {
            let told_of =
                [("error", refused.reason.as_str()), ("error_description", refused.detail.as_str())];
            Ok(Err(told(request, &sent.redirect_uri, &told_of)))
        }
    }
}

fn told(request: &MemberRequest, redirect_uri: &str, pairs: &[(&str, &str)]) -> Reply {
    let state = request.query().raw("state");
    Reply::to_program(location(redirect_uri, &request.app.origin(), state, pairs))
}

async fn rights(
    request: &MemberRequest,
    asked: &Authorization,
) -> Result<std::result::Result<CreateRootKey, FormState>> {
    let fields = RootKeyFields::read(request).await?;
    Ok(fields.map(|fields| {
        let mut command = fields.into_command();
        command.name = command.name.or_else(|| Some(asked.client.label().to_owned()));
        command
    }))
}

/// The form once more.
async fn again(request: &MemberRequest, asked: &Authorization, form: FormState) -> Result<Reply> {
    let is_refused = !form.errors.is_empty();
    let html = drawn(request, asked, form).await?;
    Ok(Reply::form_shown(is_refused, html).forms_end_at(asked.policy_source()))
}

async fn drawn(request: &MemberRequest, asked: &Authorization, form: FormState) -> Result<String> {
    let scopes = scopes(request, &form).await?;
    let sent = request.query().pairs().iter().filter(|(name, _)| PARAMETERS.contains(&name.as_str()));
    let here: Href = sent.fold(paths::authorize(), |href, (name, value)| href.with(name, value));
    let view = ConsentView {
        here,
        client: asked.client.label().to_owned(),
        nonce: request.nonce(),
        client_id: asked.client.id.to_string(),
        registered: request.stamp(asked.client.created_at),
        destination: asked.destination(),
        resource: asked.resource.clone(),
        form: with_others(form, &scopes),
        scopes,
        templates: templates(),
        places: place_names(request).await?,
        zone: request.zone_at(request.now_ms()).label,
    };
    Ok(page(&request.shell, &view))
}
