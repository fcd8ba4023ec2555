//! Liveness and readiness, the setup link, and the answer to a panic.

use std::any::Any;
use std::sync::Arc;

use poem::http::StatusCode;
use poem::{Endpoint, Request, Response};

use super::plain;
use crate::app::App;

/// The process answers.
pub fn live() -> Response {
    plain(StatusCode::OK, "ok\n")
}

/// The server can do its work: databases readable, events being stored.
pub struct Ready(pub Arc<App>);

impl Endpoint for Ready {
    type Output = Response;

    async fn call(&self, _: Request) -> poem::Result<Response> {
        Ok(match self.0.ready().await {
            Ok(()) => plain(StatusCode::OK, "ready\n"),
            Err(error) => plain(StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {error}\n")),
        })
    }
}

/// The one-time setup link. Until the dashboard exists it explains what to do.
pub struct Setup(pub Arc<App>);

impl Endpoint for Setup {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let token: String = request.path_params().unwrap_or_default();
        let known = self.0.users.setup_link_is_open(&token, self.0.clock.now_ms()).await.unwrap_or(false);
        Ok(if known {
            plain(StatusCode::OK, SETUP)
        } else {
            plain(
                StatusCode::NOT_FOUND,
                "This setup link is unknown, used or expired. Make another with `unkey setup link`.\n",
            )
        })
    }
}

const SETUP: &str = "This server is running and waits for its first user.

The dashboard is not part of this version yet. Set the server up on its command line:

  unkey user create --email you@example.com --name You --role owner
  unkey root-key create --name first --full

The second command prints a root key for the HTTP API. The API reference is at /docs/api/v2.
";

/// A panic is a bug; the client gets a plain 500 and the log its message.
pub fn panicked(panic: Box<dyn Any + Send>) -> Response {
    tracing::error!(panic = super::panic_text(&*panic), "a request panicked");
    plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error\n")
}
