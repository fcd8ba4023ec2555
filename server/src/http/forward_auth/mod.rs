//! The door that proxies ask: may this request pass? (docs/forward-auth.md)
//!
//! What the operator demands stands in the address that the proxy asks, what the
//! client shows in the headers that the proxy passes on, and nothing of the one is
//! ever read from the other. The decision is that of every verification; the answer
//! is a status and headers. Deliberately absent: a credential of the proxy. Whoever
//! asks must hold a key, and learns of that key alone.

mod answer;
mod credential;
mod demands;

use std::sync::Arc;

use base::access::{Door, OpCtx, Principal};
use base::error::{Code, Error, Result};
use domain::verification::{PermissionQuery, Rules, Verification, VerifyKey};
use poem::http::header::USER_AGENT;
use poem::middleware::CatchPanic;
use poem::{Endpoint, EndpointExt, Request, Response};

use self::credential::{NoKey, Shown};
use self::demands::Demands;
use super::health;
use super::request_lifecycle::{RequestStart, ResponseSummary, header};
use super::request_log::Caller;
use crate::app::App;

/// The address that proxies ask, and what the log of requests calls it.
pub const PATH: &str = "/auth/verify";

/// Serves [`PATH`] and what is below it.
pub fn endpoint(app: &Arc<App>) -> impl Endpoint<Output = Response> + 'static {
    let panicked = CatchPanic::new().with_handler(health::panicked);
    ForwardAuth(app.clone()).with(panicked).map_to_response()
}

/// What became of a request.
enum Decision {
    Verified(Verification),
    NoKey(NoKey),
}

struct ForwardAuth(Arc<App>);

impl Endpoint for ForwardAuth {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let app = &*self.0;
        let call = RequestStart::of(app, &request);
        let decided = decide(app, &call, &request).await;
        let response = match &decided {
            Ok(Decision::Verified(verification)) => answer::verified(verification, call.now_ms),
            Ok(Decision::NoKey(fault)) => answer::without_key(*fault),
            Err(error) => answer::undecided(error),
        };
        let finished = ResponseSummary {
            status: response.status().as_u16(),
            error: decided.as_ref().err(),
            outcome: decided.as_ref().ok().map(Decision::code),
            user_agent: header(request.headers(), &USER_AGENT),
            sampled: true,
            ..ResponseSummary::of(Door::ForwardAuth, request.method().as_str(), PATH)
        };
        call.finish(app, &finished, || Caller {
            workspace: decided.as_ref().ok().and_then(Decision::workspace).unwrap_or_default().to_owned(),
            root_key: None,
        });
        Ok(answer::with_request_id(response, &call.request_id))
    }
}

impl Decision {
    fn code(&self) -> &'static str {
        match self {
            Decision::Verified(verification) => verification.outcome.as_str(),
            Decision::NoKey(fault) => fault.code(),
        }
    }

    fn workspace(&self) -> Option<&str> {
        match self {
            Decision::Verified(verification) => {
                verification.key.as_ref().map(|key| key.facts.workspace.as_str())
            }
            Decision::NoKey(_) => None,
        }
    }
}

/// Fails as [`domain::verification::Verifier::verify`] does, and with `invalid_input` for
/// demands that are none.
async fn decide(app: &App, call: &RequestStart, request: &Request) -> Result<Decision> {
    if !app.config.forward_auth {
        return Err(Error::new(Code::RouteNotFound, "Forward auth is switched off on this server."));
    }
    let shown = Shown::of(request);
    let demands = Demands::parse(shown.demands())?;
    let key = match shown.key(&demands.places) {
        Ok(key) => key,
        Err(fault) => return Ok(Decision::NoKey(fault)),
    };
    let verify = VerifyKey {
        permissions: demands.permissions.map(PermissionQuery::Text),
        cost: demands.cost,
        limits: demands.limits,
        tags: demands.tags,
        api: Some(demands.api),
        unknown_keys_per_minute: app.config.v1_unknown_keys_per_minute,
        ..VerifyKey::new(key, Rules::FORWARD_AUTH)
    };
    let cx =
        OpCtx::new(Principal::Anonymous, "".into(), call.now_ms, call.request_id.clone(), Door::ForwardAuth)
            .from_client(call.address, header(request.headers(), &USER_AGENT));
    app.verifier.verify(&cx, verify).await.map(Decision::Verified)
}
