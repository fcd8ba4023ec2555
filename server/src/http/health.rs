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
            Ok(Readiness::Ready) => plain(StatusCode::OK, "ready\n"),
            Ok(Readiness::CachesAlone) => {
                plain(StatusCode::OK, "degraded: the database is away, cached keys are verified\n")
            }
            Err(error) => plain(StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {error}\n")),
        })
    }
}

/// A panic is a bug; the client gets a plain 500 and the log its message.
pub fn panicked(panic: Box<dyn Any + Send>) -> Response {
    tracing::error!(panic = super::panic_text(&*panic), "a request panicked");
    plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error\n")
}
