//! Liveness and readiness, and the answer to a panic.

use std::any::Any;
use std::sync::Arc;

use poem::http::StatusCode;
use poem::{Endpoint, Request, Response};

use super::plain;
use crate::app::{App, Readiness};

/// The process answers.
pub fn live() -> Response {
    plain(StatusCode::OK, "ok\n")
}

/// The server can do its work: databases readable, events being stored. A database
/// server that is away leaves the work that caches can do, which no balancer should
/// take from this server.
pub struct Ready(pub Arc<App>);

impl Endpoint for Ready {
    type Output = Response;

    async fn call(&self, _: Request) -> poem::Result<Response> {
        Ok(match self.0.ready().await {
            Ok(Readiness::Ready) => plain(StatusCode::OK, format!("ready\n{}", certificate(&self.0))),
            Ok(Readiness::CachesAlone) => plain(
                StatusCode::OK,
                format!("degraded: the database is away, cached keys are verified\n{}", certificate(&self.0)),
            ),
            Err(error) => plain(StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {error}\n")),
        })
    }
}

/// How long the certificate is good, in a line of its own; nothing where plain HTTP is
/// spoken. Why there is no newer one is told in the log, not to everybody.
fn certificate(app: &App) -> String {
    let Some(status) = app.tls.get().map(|tls| tls.status()) else { return String::new() };
    let Some(validity) = status.validity else { return "certificate: none yet\n".to_owned() };
    let state = match (validity.contains(app.clock.now_ms()), status.failure.is_some()) {
        (false, _) => "NOT GOOD NOW, ",
        (true, true) => "could not be renewed, ",
        (true, false) => "",
    };
    format!("certificate: {state}good {validity}\n")
}

/// A panic is a bug; the client gets a plain 500 and the log its message.
pub fn panicked(panic: Box<dyn Any + Send>) -> Response {
    tracing::error!(panic = super::panic_text(&*panic), "a request panicked");
    plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error\n")
}
