//! The first steps: something to call, a root key that may call it, and the
//! first request arriving.
//!
//! Where a way stands is in its address, so reloading goes on with it; only the
//! secrets are on the page that made them and nowhere else.

use base::ids::{ApiId, NamespaceId};
use web::components::ShownOnce;
use web::form::FormState;
use web::pages::start::{StartView, Step, choose as choose_page, limit_commands, protect_commands, start};
use web::paths::{self, Href};
use web::texts::{common, home as text};
use web::time::latency;

use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::access::{OpCtx, Operation, Target};
use base::clock::DAY_MS;
use base::error::{Code, Error, Result};
use base::events::Stored;
use domain::apis::CreateApi;
use domain::keys::CreateKey;
use domain::root_keys::CreateRootKey;
use insight::analytics::{Filter, PageOf};
use insight::search::Kind;

const API: &str = "api";
const NAMESPACE: &str = "namespace";

/// What a request is waited for in.
enum Awaited {
    Api(ApiId),
    Namespace(NamespaceId),
}

/// `GET /start`.
pub async fn choose(request: MemberRequest) -> Result<Reply> {
    Ok(Reply::page(choose_page(&request.shell)))
}

/// `GET /start/protect`.
pub async fn protect(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::RootKeyCreate, Target::NONE)?;
    let Some(id) = request.query().given(API) else {
        return Ok(name_page(&request, true, FormState::default()));
    };
    let api = request.app.apis.get(&request.cx, &ApiId::from(id)).await?;
    wait(&request, Awaited::Api(api.id)).await
}

/// `GET /start/limit`.
pub async fn limit(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::RootKeyCreate, Target::NONE)?;
    let Some(id) = request.query().given(NAMESPACE) else {
        return Ok(name_page(&request, false, FormState::default()));
    };
    let id = live_namespace(&request, id).await?.ok_or_else(|| Error::absent(Code::NamespaceNotFound))?;
    wait(&request, Awaited::Namespace(id)).await
}

/// `POST /start/protect`: an API, a first key, and a root key that may verify it.
pub async fn make_api(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::RootKeyCreate, Target::NONE)?;
    let command = CreateApi { name: request.form().text("name").to_owned() };
    let api = match request.app.apis.create(&request.cx, command).await {
        Ok(api) => api,
        Err(error) => return Ok(name_page(&request, true, request.refused_at("name", error)?)),
    };
    // The nonce named the API: with it, none of this happens twice.
    let cx = OpCtx { idempotency: None, ..request.cx.clone() };
    let first =
        CreateKey { name: Some(text::NAME_OF_THE_FIRST_KEY.to_owned()), ..CreateKey::new(api.clone()) };
    let key = request.app.keys.create(&cx, first).await?;
    let rights = ["verify_key", "create_key"].map(|action| format!("api.{api}.{action}"));
    let (_, secret) = request.app.root_keys.create(&cx, first_root_key(rights.to_vec())).await?;
    let origin = &request.shell.frame.origin;
    let commands = protect_commands(origin, secret.reveal(), key.plaintext.reveal(), api.as_str());
    Ok(made(&request, Awaited::Api(api), secret.reveal(), commands))
}

/// `POST /start/limit`: a namespace, and a root key that may limit in it.
pub async fn make_namespace(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::RootKeyCreate, Target::NONE)?;
    request.cx.require(Operation::NamespaceCreate, Target::NONE)?;
    let name = request.form().text("name");
    // The nonce is for the root key: a namespace is there once, however often it is made.
    let cx = OpCtx { idempotency: None, ..request.cx.clone() };
    if let Err(error) = request.app.namespaces.create(&cx, &[name]).await {
        return Ok(name_page(&request, false, request.refused_at("name", error)?));
    }
    let Some(id) = live_namespace(&request, name).await? else {
        let problem = text::NAME_IS_RESERVED.to_owned();
        return Ok(name_page(&request, false, request.form_with(vec![("name".to_owned(), problem)])));
    };
    let rights = vec![format!("ratelimit.{id}.limit")];
    let (_, secret) = request.app.root_keys.create(&request.cx, first_root_key(rights)).await?;
    let commands = limit_commands(&request.shell.frame.origin, secret.reveal(), id.as_str());
    Ok(made(&request, Awaited::Namespace(id), secret.reveal(), commands))
}

fn first_root_key(permissions: Vec<String>) -> CreateRootKey {
    CreateRootKey {
        name: Some(text::FIRST_STEPS.to_owned()),
        permissions,
        full: false,
        expires_at: None,
        ip_allowlist: None,
        limit_per_minute: None,
    }
}

async fn live_namespace(request: &MemberRequest, name_or_id: &str) -> Result<Option<NamespaceId>> {
    let found = request.app.namespaces.find(&request.cx.workspace, name_or_id).await?;
    Ok(found.filter(|found| !found.deleted).map(|found| found.id.clone()))
}

fn name_page(request: &MemberRequest, protect: bool, form: FormState) -> Reply {
    let again = !form.errors.is_empty();
    let view = StartView { form, ..StartView::new(protect, Step::Name, request.nonce()) };
    let html = start(&request.shell, &view);
    if again { Reply::form_again(html) } else { Reply::page(html) }
}

/// The page with the secrets, this once.
fn made(request: &MemberRequest, awaited: Awaited, secret: &str, snippets: Vec<(String, String)>) -> Reply {
    let shown = ShownOnce {
        secret: secret.to_owned(),
        what: common::ROOT_KEY.to_owned(),
        snippets,
        link: None,
        nonce: String::new(),
        made_link: None,
    };
    let view = StartView { shown: Some(shown), ..awaited.view(Step::Call) };
    Reply::page(start(&request.shell, &view))
}

/// The page that waits, or the one that says what arrived.
async fn wait(request: &MemberRequest, awaited: Awaited) -> Result<Reply> {
    let view = match first_request(request, &awaited).await? {
        Some(seen) => StartView { seen: Some(seen), ..awaited.view(Step::Seen) },
        None => {
            let origin = &request.shell.frame.origin;
            let commands = match &awaited {
                Awaited::Api(api) => protect_commands(origin, "YOUR_ROOT_KEY", "YOUR_KEY", api.as_str()),
                Awaited::Namespace(id) => limit_commands(origin, "YOUR_ROOT_KEY", id.as_str()),
            };
            StartView { commands, ..awaited.view(Step::Call) }
        }
    };
    Ok(Reply::page(start(&request.shell, &view)))
}

/// The newest request, with the page about it.
async fn first_request(request: &MemberRequest, awaited: &Awaited) -> Result<Option<(String, Href)>> {
    let (kind, operation, filter) = match awaited {
        Awaited::Api(api) => {
            let filter = Filter { apis: vec![api.to_string()], ..Filter::default() };
            (Kind::Verifications, Operation::AnalyticsVerifications, filter)
        }
        Awaited::Namespace(id) => {
            let filter = Filter { namespaces: vec![id.to_string()], ..Filter::default() };
            (Kind::Ratelimits, Operation::AnalyticsRatelimits, filter)
        }
    };
    request.cx.require(operation, Target::NONE)?;
    let of = PageOf {
        kind,
        workspace: request.cx.workspace.clone(),
        start_ms: request.now_ms() - DAY_MS,
        end_ms: request.now_ms() + DAY_MS,
        filter,
        limit: 1,
        after: None,
    };
    let found = request.app.analytics.page(of).await?.events.into_iter().next();
    Ok(found.and_then(|event| match event {
        Stored::Verification(event) => {
            let took = latency(event.latency_us.into());
            let text = text::key_was_verified(&event.outcome.to_string(), &took);
            Some((text, paths::verification(&event.request_id)))
        }
        Stored::Ratelimit(event) => {
            let text = text::was_limited(&event.identifier, event.passed, event.remaining, event.limit);
            Some((text, paths::namespace_logs(&event.namespace)))
        }
        Stored::Request(_) => None,
    }))
}

impl Awaited {
    fn view(&self, step: Step) -> StartView {
        let (protect, again, end) = match self {
            Awaited::Api(api) => {
                (true, paths::start_protect().with(API, api.as_str()), paths::api(api.as_str()))
            }
            Awaited::Namespace(id) => {
                (false, paths::start_limit().with(NAMESPACE, id.as_str()), paths::namespace(id.as_str()))
            }
        };
        StartView { again: Some(again), end: Some(end), ..StartView::new(protect, step, String::new()) }
    }
}
